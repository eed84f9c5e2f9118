"""The lock of a journal's one writer: held as long as its process lives, seen by others without a touch.

    journal/edge/writer.lock     flock(2), exclusive; the kernel gives it back when the process ends

A copy of a journal has a lock file too, and nobody holds it: so it is told from what is written here.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Final

_NAME: Final = "writer.lock"
_LOCKS: Final = Path("/proc/locks")


def take(folder: Path) -> int:
    """The lock as an open descriptor. Raises BlockingIOError where another process has it, or OSError."""
    # Mode 0600: no process of another user can hold it. The kernel gives it back when we die.
    fd = os.open(folder / _NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(fd)
        raise
    return fd


def is_taken(folder: Path) -> bool:
    """Whether a process of this machine writes the journal now. Any user may ask; False where it is not seen.

    From /proc/locks (proc(5)): `1: FLOCK  ADVISORY  WRITE 708 08:01:3539 0 EOF`.
    """
    try:
        inode = (folder / _NAME).lstat().st_ino
        lines = _LOCKS.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return False
    # By inode alone: on some file systems the device there is not the one of stat(2).
    wanted = ["FLOCK", "ADVISORY", "WRITE"]
    return any(
        words[1:4] == wanted and words[5].rpartition(":")[2] == str(inode)
        for words in map(str.split, lines)
        if len(words) > 5
    )
