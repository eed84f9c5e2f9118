"""The few calls of Linux that Python's os module does not offer. Each is a thin shell.

renameat2(2) with RENAME_NOREPLACE, sync_file_range(2), syncfs(2), and the question of fcntl_leases
whether anybody has a file open for writing. No policy and no state stands here.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import signal
import sys
from typing import Final

_libc = ctypes.CDLL(None, use_errno=True)
_renameat2 = _libc.renameat2
_renameat2.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint]
_sync_file_range = _libc.sync_file_range
_sync_file_range.argtypes = [ctypes.c_int, ctypes.c_int64, ctypes.c_int64, ctypes.c_uint]

_syncfs = _libc.syncfs
_syncfs.argtypes = [ctypes.c_int]
_fstatfs = _libc.fstatfs
_fstatfs.argtypes = [ctypes.c_int, ctypes.c_char_p]

# statfs(2): the first word of struct statfs is the type; the structure has 120 bytes on x86-64.
_STATFS_BYTES: Final = 256
# linux/magic.h: ext2 to ext4, XFS, Btrfs. On these syncfs ends with a flush of the disk; FUSE, for one,
# answers it without telling its server.
_SYNCFS_IS_DURABLE: Final = frozenset({0xEF53, 0x58465342, 0x9123683E})
_RENAME_NOREPLACE: Final = 1  # linux/fs.h
_SYNC_FILE_RANGE_WRITE: Final = 2  # linux/fs.h: start writing, wait for nothing
# NFS and some FUSE file systems have renameat2 without its flags.
_NO_FLAGS: Final = (errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP)


def rename_new(from_dir: int, name: str, to_dir: int, new_name: str) -> None:
    """Rename, atomically, unless new_name exists. Raises OSError (FileExistsError) and nothing else.

    Where the file system cannot, a link and an unlink do the same for regular files; a crash between
    the two is repaired by calling again, for a new_name that is the same file counts as done.
    """
    source, target = os.fsencode(name), os.fsencode(new_name)
    if _renameat2(from_dir, source, to_dir, target, _RENAME_NOREPLACE) == 0:
        return
    code = ctypes.get_errno()
    if code not in _NO_FLAGS:
        raise OSError(code, os.strerror(code), new_name)
    link_then_unlink(from_dir, name, to_dir, new_name)


def link_then_unlink(from_dir: int, name: str, to_dir: int, new_name: str) -> None:
    """The way of rename_new on file systems without RENAME_NOREPLACE. Raises OSError."""
    try:
        os.link(name, new_name, src_dir_fd=from_dir, dst_dir_fd=to_dir, follow_symlinks=False)
    except FileExistsError:
        ours = os.stat(name, dir_fd=from_dir, follow_symlinks=False)
        theirs = os.stat(new_name, dir_fd=to_dir, follow_symlinks=False)
        if (ours.st_dev, ours.st_ino) != (theirs.st_dev, theirs.st_ino):
            raise
    os.unlink(name, dir_fd=from_dir)


def start_writeback(file: int) -> None:
    """Ask the kernel to begin writing a file's dirty pages. A hint: errors show at fsync."""
    _sync_file_range(file, 0, 0, _SYNC_FILE_RANGE_WRITE)


def can_sync_all(file: int) -> bool:
    """Whether sync_all makes files durable on the file system of an open file."""
    found = ctypes.create_string_buffer(_STATFS_BYTES)
    if _fstatfs(file, found) != 0:
        return False
    return (
        int.from_bytes(found.raw[: ctypes.sizeof(ctypes.c_long)], sys.byteorder)
        in _SYNCFS_IS_DURABLE
    )


def sync_all(file: int) -> None:
    """Make everything durable that was written to the file system of an open file (syncfs(2)).

    Raises OSError; also for a write of another program that went wrong since the file was opened.
    """
    if _syncfs(file) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def is_open_for_writing(file: int) -> bool:
    """Whether somebody is known to have the file open for writing. file: opened read-only by us.

    Asked by a read lease taken and given back at once (fcntl(2), F_SETLEASE). The kernel answers for
    files of our own user, or with CAP_LEASE; where it does not answer, nobody is known.
    """
    try:
        # Whoever opens the file in between would send us SIGIO, which ends a process; SIGURG does not.
        fcntl.fcntl(file, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except OSError as error:
        return error.errno == errno.EAGAIN
    fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    return False
