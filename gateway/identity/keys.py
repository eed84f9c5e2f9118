"""Keys on disk: written once, 0600, all or nothing; read only while nobody else could.

No algorithm stands here: bytes in, bytes out; `suite` makes keys of them.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from pathlib import Path
from typing import Final

from gateway.errors import Misconfigured
from gateway.identity.suite import Signer, Verifier
from gateway.identity.suites import DEFAULT

SECRET_MODE: Final = 0o600
PUBLIC_MODE: Final = 0o644
# The longest file read here is a bundle of epochs; a key or a certificate has a few hundred bytes.
MAX_FILE_BYTES: Final = 4 << 20
# The end of the name of a file that is being written; one that a crash left is nobody's.
MAKING: Final = ".making"


def write_new(
    path: Path, data: bytes, mode: int = SECRET_MODE, *, name_durable: bool = True
) -> None:
    """A new file, complete and durable when this returns; a crash leaves nothing under its name.

    name_durable: False for the many of a batch, after which the caller syncs the folder once.
    The bytes are never on disk with wider rights than `mode`. Raises Misconfigured 4006 where the
    file stands already: a key is not overwritten by accident. Raises OSError besides.
    """
    making = path.with_name(f".{path.name}.{secrets.token_hex(4)}{MAKING}")
    descriptor = os.open(making, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, SECRET_MODE)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            os.fchmod(file.fileno(), mode)
            _give_to_owner(file.fileno(), path.parent)
            file.flush()
            os.fsync(file.fileno())
        # A link and not a rename: it fails where somebody else was first.
        os.link(making, path)
    except FileExistsError as error:
        raise Misconfigured(4006, path=str(path)) from error
    finally:
        making.unlink(missing_ok=True)
    if name_durable:
        sync_folder(path.parent)


def replace(path: Path, data: bytes, mode: int = PUBLIC_MODE) -> None:
    """Write a file anew so that at every moment the old or the new one stands there. Raises OSError."""
    new = path.with_name(f".{path.name}.new")
    for left in (new, *path.parent.glob(f".{new.name}.*{MAKING}")):
        left.unlink(missing_ok=True)
    write_new(new, data, mode, name_durable=False)
    new.replace(path)
    sync_folder(path.parent)


def _give_to_owner(descriptor: int, folder: Path) -> None:
    """What root writes into a process's folder is that process's."""
    if os.geteuid() == 0:
        owner = folder.stat()
        if owner.st_uid != 0:
            os.fchown(descriptor, owner.st_uid, owner.st_gid)


def read_secret(path: Path) -> bytes:
    """A private key's file. Raises Misconfigured 4001 (not there, not a file, not readable), 4002
    (group or others may read or write it: the key counts as known) and nothing else."""
    return _read(path, private=True)


def read_public(path: Path) -> bytes:
    """A certificate, list or bundle. Raises Misconfigured 4001 and nothing else."""
    return _read(path, private=False)


def load_signer(path: Path) -> Signer:
    """A private signing key. Raises Misconfigured 4001, 4002, 4003 (not such a key)."""
    try:
        return DEFAULT.load_signer(read_secret(path))
    except ValueError as error:
        raise Misconfigured(4003, path=str(path), expected="private signing key") from error


def load_verifier(path: Path) -> Verifier:
    """A public signing key. Raises Misconfigured 4001, 4003."""
    try:
        return DEFAULT.load_verifier(read_public(path))
    except ValueError as error:
        raise Misconfigured(4003, path=str(path), expected="public signing key") from error


def sign(signer: Signer, context: bytes, message: bytes) -> bytes:
    """A signature over context | message. context: a fixed word ending in a zero byte, so that no
    signature made for one purpose holds for another."""
    return signer.sign(context + message)


def verify(verifier: Verifier, context: bytes, untrusted_signature: bytes, message: bytes) -> bool:
    """Whether a signature by sign() holds. Raises nothing."""
    return verifier.verify(untrusted_signature, context + message)


def erase(path: Path) -> None:
    """Overwrite a key and remove it. On flash or a copying file system the old blocks may live on."""
    with contextlib.suppress(FileNotFoundError):
        descriptor = os.open(path, os.O_WRONLY | os.O_NOFOLLOW)
        try:
            os.pwrite(descriptor, bytes(os.fstat(descriptor).st_size), 0)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        path.unlink()


def erase_left(path: Path) -> None:
    """Remove what a crash left of write_new: a key half written, or the second name of a whole one."""
    if path.lstat().st_nlink > 1:
        path.unlink()
    else:
        erase(path)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read(path: Path, *, private: bool) -> bytes:
    try:
        # O_NONBLOCK: a pipe put there must not hold the start; no effect on a file.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise _missing(path, error.errno) from error
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_FILE_BYTES:
            raise _missing(path, errno.EINVAL)
        if private and status.st_mode & 0o077:
            raise Misconfigured(4002, path=str(path), mode=f"{status.st_mode & 0o777:04o}")
        # One call gives all of a regular file of this size.
        return os.read(descriptor, MAX_FILE_BYTES)
    finally:
        os.close(descriptor)


def _missing(path: Path, code: int | None) -> Misconfigured:
    return Misconfigured(4001, path=str(path), reason=os.strerror(code or errno.EIO))
