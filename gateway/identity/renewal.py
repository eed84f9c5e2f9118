"""A host's keys renewed: what comes and goes by hand, checked before anything is changed. Files.

    request     guard/renewal.key, and the request for it to be carried to the issuing authority
    install     its certificate came back:
                    guard/identity-ID/{signing.key,device.crt}   the new pair, whole
                    ferry/clearance.pub                          the new key, and the one before
                    guard/current -> identity-ID                 one rename: key and certificate at once

guard/signing.key and guard/device.crt are links through `current` from the first renewal on. The pair
before stays until the next renewal, to go back to by hand. No private key leaves its host. What is taken
of the other host is in gateway.identity.carried.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from cryptography import x509

from gateway.errors import Misconfigured, Unavailable
from gateway.identity.authority import make_request
from gateway.identity.carried import Taken, certificate_in, require_ours
from gateway.identity.certificates import certificate_id, ends_at_ns, pem_of, subject_of
from gateway.identity.device import CERTIFICATE, SIGNING_KEY, load_guard_identity
from gateway.identity.keys import (
    MAKING,
    PUBLIC_MODE,
    erase,
    erase_left,
    load_signer,
    read_public,
    read_secret,
    replace,
    sync_folder,
    write_new,
)
from gateway.identity.lane_files import clearance_file
from gateway.identity.names import DeviceName
from gateway.identity.suites import DEFAULT
from gateway.unit.model import Lane

RENEWAL_KEY: Final = "renewal.key"
CURRENT: Final = "current"
_PAIR: Final = (SIGNING_KEY, CERTIFICATE)
_PREFIX: Final = "identity-"


def request(keys: Path, name: DeviceName) -> tuple[bytes, str]:
    """A certificate request for a key of its own, and that key's fingerprint. Asked twice, the same key,
    until its certificate is installed.

    Raises Misconfigured 4001 to 4003, Unavailable 7309 and OSError.
    """
    with _alone(keys / "guard") as guard:
        path = guard / RENEWAL_KEY
        if path.exists() and _is_in_use(path, guard):
            erase(path)  # a crash after the switch left it
        if not path.exists():
            write_new(path, DEFAULT.new_signer().pem)
        signer = load_signer(path)
    return make_request(signer, name), fingerprint(signer.verifier.pem)


def _is_in_use(waiting: Path, guard: Path) -> bool:
    return load_signer(waiting).verifier.pem == load_signer(guard / SIGNING_KEY).verifier.pem


def install(
    keys: Path, name: DeviceName, untrusted_pem: bytes, now_ns: int, *, clears: Lane | None
) -> Taken:
    """Make the certificate of our request, and its key, the identity of this host.

    clears: the lane that this host sends on, whose ferries check clearances. Raises Misconfigured 4001 to
    4005, 7301 (no request is open), 7302 (not for that key) or 7304, and OSError; then nothing is changed.
    Cut off anywhere, the host has the old pair or the new one, and the same command again ends the work.
    Raises Unavailable 7309 where another `pki` command works on these keys.
    """
    with _alone(keys / "guard") as guard:
        return _install(keys, guard, name, untrusted_pem, now_ns, clears=clears)


def _install(
    keys: Path,
    guard: Path,
    name: DeviceName,
    untrusted_pem: bytes,
    now_ns: int,
    *,
    clears: Lane | None,
) -> Taken:
    waiting = guard / RENEWAL_KEY
    certificate = certificate_in(untrusted_pem)
    before = load_guard_identity(guard)
    identifier = certificate_id(certificate)
    if not waiting.exists():
        if before.identifier != identifier:
            raise Misconfigured(7301, folder=str(guard))
        return _taken(certificate, guard)  # it is in force already
    signer, verifier = load_signer(waiting), DEFAULT.verifier_of(certificate)
    require_ours(keys, certificate, name, now_ns)
    if verifier is None or verifier.pem != signer.verifier.pem:
        raise Misconfigured(7302, subject=subject_of(certificate))
    _store_pair(guard, before.identifier, read_secret(guard / SIGNING_KEY),
                read_public(guard / CERTIFICATE))  # fmt: skip
    _store_pair(guard, identifier, signer.pem, pem_of(certificate))
    if clears is not None and before.identifier != identifier:
        # Before the switch: the ferry must know a key before the guard signs with it.
        replace(clearance_file(keys, clears), verifier.pem + before.signer.verifier.pem)
    _link_pair(guard, before.identifier)
    # From here the host is the new one.
    _point(guard / CURRENT, _folder(identifier))
    erase(waiting)
    if (
        before.identifier != identifier
    ):  # else this ends what was cut off, and the pair before stays
        _erase_older(guard, {_folder(identifier), _folder(before.identifier)})
    return _taken(certificate, guard)


def _taken(certificate: x509.Certificate, guard: Path) -> Taken:
    subject, ends_ns = subject_of(certificate), ends_at_ns(certificate)
    return Taken("certificate", subject, ends_ns, guard / CERTIFICATE)


@contextmanager
def _alone(guard: Path) -> Iterator[Path]:
    """The guard's keys, changed by one command at a time; what a crash left half written goes.

    Raises Misconfigured 4001 (no such folder), Unavailable 7309 and OSError.
    """
    if not guard.is_dir():
        raise Misconfigured(4001, path=str(guard), reason=os.strerror(errno.ENOENT))
    descriptor = os.open(guard, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        _lock(descriptor, guard)
        for folder in (guard, *_pairs(guard)):
            for left in folder.glob(f".*{MAKING}"):
                erase_left(left)
        waiting = guard / RENEWAL_KEY
        if waiting.exists() and not any(read_secret(waiting)):
            waiting.unlink()  # overwritten, and cut off before its name went
        yield guard
    finally:
        os.close(descriptor)


def _lock(descriptor: int, guard: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise Unavailable(7309, folder=str(guard)) from error


def fingerprint(public_pem: bytes) -> str:
    """A public key for two people to compare: 24 hexadecimal digits of its SHA-256, in fours.

    96 bits: nobody finds another key with the same ones.
    """
    digits = hashlib.sha256(public_pem).hexdigest()[:24]
    return " ".join(digits[at : at + 4] for at in range(0, 24, 4))


def _folder(identifier: bytes) -> str:
    return f"{_PREFIX}{identifier.hex()[:16]}"


def _store_pair(guard: Path, identifier: bytes, key: bytes, certificate: bytes) -> None:
    folder = guard / _folder(identifier)
    folder.mkdir(mode=0o700, exist_ok=True)
    _give(folder, guard)
    for name, data, mode in ((SIGNING_KEY, key, 0o600), (CERTIFICATE, certificate, PUBLIC_MODE)):
        if not (folder / name).exists():
            write_new(folder / name, data, mode)


def _link_pair(guard: Path, identifier: bytes) -> None:
    """Key and certificate become links through `current`; what they lead to stays the same."""
    names = [name for name in _PAIR if not (guard / name).is_symlink()]
    if names:  # the first renewal, or files that were put back by hand
        _point(guard / CURRENT, _folder(identifier))
    for name in names:
        _point(guard / name, f"{CURRENT}/{name}")


def _point(link: Path, target: str) -> None:
    new = link.with_name(f".{link.name}.new")
    new.unlink(missing_ok=True)
    new.symlink_to(target)
    _give(new, link.parent)
    new.replace(link)
    sync_folder(link.parent)


def _give(path: Path, folder: Path) -> None:
    """What root makes in a process's folder is that process's."""
    owner = folder.stat()
    if os.geteuid() == 0 and owner.st_uid != 0:
        os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)


def _pairs(guard: Path) -> list[Path]:
    """The folders of the pairs. Never through a link: root erases what lies in them."""
    return [p for p in guard.glob(f"{_PREFIX}*") if p.is_dir() and not p.is_symlink()]


def _erase_older(guard: Path, keep: set[str]) -> None:
    for folder in _pairs(guard):
        if folder.name not in keep:
            erase(folder / SIGNING_KEY)
            (folder / CERTIFICATE).unlink(missing_ok=True)
            folder.rmdir()
