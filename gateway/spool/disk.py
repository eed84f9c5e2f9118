"""Everything that the queue changes on disk goes through here, so that a test can stop it anywhere.

Reading needs no such seam and stays with the modules that read. What a failing call means is
decided here too: a full disk is Unavailable 6502, anything else StateUncertain 6501.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, Protocol

from gateway.errors import StateUncertain, Unavailable

# The process at the other end is another user of the same group: it reads, overwrites and deletes.
SHARED_FILE_MODE: Final = 0o660

# Of a body that goes; 128 MiB at once held up syncs for 30 ms, pieces of 4 MiB for 2 (docs/PERFORMANCE.md).
_PIECE_BYTES: Final = 4 << 20

_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


class Disk(Protocol):
    """The changing half of the system calls. Each raises OSError as the system call does."""

    def create(self, path: Path) -> int:
        """Open for reading and writing, made if it is not there, of mode SHARED_FILE_MODE."""
        ...

    def write(self, fd: int, data: bytes | bytearray, offset: int) -> None:
        """All of data at offset."""
        ...

    def truncate(self, fd: int, size_bytes: int) -> None: ...

    def sync(self, fd: int) -> None:
        """Content and size durable (fdatasync)."""
        ...

    def sync_folder(self, folder: Path) -> None:
        """The names in a folder durable."""
        ...

    def rename(self, source: Path, target: Path) -> None: ...

    def link(self, source: Path, target: Path) -> None: ...

    def unlink(self, path: Path) -> None: ...

    def discard(self, path: Path) -> None:
        """unlink() of a body that nobody reads any more, so that it holds up no other's sync for long."""
        ...


class RealDisk:
    """The disk of this machine."""

    def create(self, path: Path) -> int:
        """See Disk."""
        fd = open_or_make(path, SHARED_FILE_MODE)
        status = os.fstat(fd)
        if status.st_mode & 0o777 != SHARED_FILE_MODE and status.st_uid == os.geteuid():
            os.fchmod(fd, SHARED_FILE_MODE)  # the umask had its say
        give_to_owner(fd, path.parent)
        return fd

    def write(self, fd: int, data: bytes | bytearray, offset: int) -> None:
        """See Disk."""
        written = os.pwrite(fd, data, offset)
        while written < len(data):
            written += os.pwrite(fd, memoryview(data)[written:], offset + written)

    def truncate(self, fd: int, size_bytes: int) -> None:
        """See Disk."""
        os.ftruncate(fd, size_bytes)

    def sync(self, fd: int) -> None:
        """See Disk."""
        os.fdatasync(fd)

    def sync_folder(self, folder: Path) -> None:
        """See Disk."""
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

    def rename(self, source: Path, target: Path) -> None:
        """See Disk."""
        source.rename(target)

    def link(self, source: Path, target: Path) -> None:
        """See Disk."""
        os.link(source, target, follow_symlinks=False)

    def unlink(self, path: Path) -> None:
        """See Disk."""
        path.unlink()

    def discard(self, path: Path) -> None:
        """See Disk."""
        fd = -1
        # Not every user of a queue may write to a body: then it goes at once.
        with suppress(OSError):
            fd = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            self.unlink(path)
            if fd >= 0:
                _empty(fd)
        finally:
            if fd >= 0:
                os.close(fd)


def _empty(fd: int) -> None:
    """Let go of the content of a file without a name, a little at a time: a file system gives back the room
    of one piece while the syncs of all others wait. Raises nothing: the rest goes when it is closed."""
    status = os.fstat(fd)
    if status.st_nlink or not stat.S_ISREG(status.st_mode):
        return
    with suppress(OSError):
        for size_bytes in range(status.st_size - _PIECE_BYTES, 0, -_PIECE_BYTES):
            os.ftruncate(fd, size_bytes)


def open_or_make(path: Path, mode: int) -> int:
    """A descriptor for reading and writing; never through a link. Raises OSError.

    O_CREAT only where nothing stands: in a sticky folder it is refused for another user's file, to root
    too (fs.protected_regular, proc_sys_fs(5)).
    """
    flags = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        return os.open(path, flags)
    except FileNotFoundError:
        return os.open(path, flags | os.O_CREAT, mode)


def give_to_owner(fd: int, other: Path) -> None:
    """A tool that root runs leaves no file that a user could not use: given to whom a folder belongs, or
    the file that it replaces. Raises OSError."""
    if os.geteuid() == 0 and os.fstat(fd).st_uid == 0:
        with suppress(FileNotFoundError):
            owner = other.lstat()
            if owner.st_uid != 0:
                os.fchown(fd, owner.st_uid, owner.st_gid)


def replace(disk: Disk, path: Path, data: bytes) -> None:
    """Write a file anew so that at every moment the old or the new one stands there, durable.

    The new one has a name that nobody can guess: the other end may write in the folder of a queue, and a
    file that it put there first could not be renamed.
    """
    for left in path.parent.glob(f".{path.name}.*new"):
        with suppress(OSError):
            disk.unlink(left)
    new = path.with_name(f".{path.name}.{secrets.token_hex(8)}.new")
    write_new(disk, new, data, instead_of=path)
    disk.rename(new, path)
    disk.sync_folder(path.parent)


def write_new(disk: Disk, path: Path, data: bytes, instead_of: Path | None = None) -> None:
    """Write a file and sync its content; its name is the caller's to sync."""
    fd = disk.create(path)
    if instead_of is not None:
        give_to_owner(fd, instead_of)
    try:
        disk.truncate(fd, 0)
        disk.write(fd, data, 0)
        disk.sync(fd)
    finally:
        os.close(fd)


def sync_for_good(disk: Disk, fd: int) -> None:
    """Sync what will not be written anew before it is synced again. A failure is never one of room, which is
    waited out: the kernel may call the pages clean, and the next sync would prove nothing."""
    try:
        disk.sync(fd)
    except OSError as error:
        raise OSError(errno.EIO, error.strerror or "") from error


def is_full(error: OSError) -> bool:
    """Whether the disk, or the quota of this user, is used up."""
    return error.errno in _FULL


def uncertain(path: Path, error: OSError) -> StateUncertain:
    """What a failing write means that may or may not have reached the disk."""
    return StateUncertain(6501, path=str(path), reason=error.strerror or str(error))


def full(folder: Path, needed_bytes: int = 0) -> Unavailable:
    """What a full disk means, with what is free and what is wanted."""
    free_bytes = free_bytes_of(folder)
    return Unavailable(
        6502, folder=str(folder), free_bytes=free_bytes, needed_bytes=max(needed_bytes, 1)
    )


def free_bytes_of(folder: Path) -> int:
    """What an ordinary user may still write on the folder's file system."""
    status = os.statvfs(folder)
    return status.f_bavail * status.f_frsize


@contextmanager
def disk_errors(folder: Path) -> Iterator[None]:
    """Turn OSError of writes into Unavailable 6502 or StateUncertain 6501."""
    try:
        yield
    except OSError as error:
        raise (full(folder) if is_full(error) else uncertain(folder, error)) from error
