"""One segment file open for appending: one write and one fdatasync for a batch of lines.

write short or disk full   whole lines that got in stay and are made durable, half a line is cut:
                           a reader never sees a whole line vanish.  Full
fdatasync fails            nobody can say what is on the disk.         Unsure
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path
from typing import Final

# The guard's user reads the journals of edge and ferry through the group; nobody else reads any.
FILE_MODE: Final = 0o640
FOLDER_MODE: Final = 0o2750

_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class Full(Exception):
    """No room, or the file cannot be made. written_bytes: how much of the batch is durable."""

    def __init__(self, written_bytes: int, reason: str) -> None:
        super().__init__(written_bytes, reason)
        self.written_bytes = written_bytes
        self.reason = reason


class Unsure(Exception):
    """A write may or may not have happened."""


class AppendFile:
    """A segment being written. size_bytes is durable content."""

    def __init__(self, path: Path, size_bytes: int) -> None:
        """Open for appending, creating it if size_bytes is 0. Raises Full if that cannot be done."""
        self.path = path
        self.size_bytes = size_bytes
        flags = os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC
        try:
            if size_bytes == 0:
                self._fd = os.open(path, flags | os.O_CREAT | os.O_EXCL, FILE_MODE)
                os.fchmod(self._fd, FILE_MODE)
            else:
                self._fd = os.open(path, flags)
        except OSError as error:
            raise Full(0, word(error)) from error

    def append(self, data: bytes) -> None:
        """Write whole lines and make them durable. Raises Full or Unsure and nothing else."""
        written, failure = self._write(data)
        if failure and failure.errno not in _FULL:
            raise Unsure(word(failure)) from failure
        kept = written if written == len(data) else data.rfind(b"\n", 0, written) + 1
        try:
            if kept != written:
                os.ftruncate(self._fd, self.size_bytes + kept)
            os.fdatasync(self._fd)
        except OSError as error:
            raise Unsure(word(error)) from error
        self.size_bytes += kept
        if failure:
            raise Full(kept, word(failure)) from failure

    def close(self) -> None:
        os.close(self._fd)

    def remove(self) -> None:
        """Take back a file that was only just made."""
        self.close()
        with suppress(OSError):
            self.path.unlink()

    def _write(self, data: bytes) -> tuple[int, OSError | None]:
        written = 0
        try:
            while written < len(data):
                written += os.write(self._fd, data[written:] if written else data)
        except OSError as error:
            return written, error
        return written, None


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable. May raise OSError."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def word(error: OSError) -> str:
    """The name of an error number (`ENOSPC`): the same in every language."""
    return errno.errorcode.get(error.errno or 0, "EIO")
