"""Copies a large body a slice at a time, so that a process does other work in between.

    source fd --copy_file_range--> target fd        in the kernel, no bytes through Python
              --sendfile-->                         where the two file systems do not know each other
              --read, SHA-256, write-->             where a digest is wanted

Memory: nothing, or one buffer of a megabyte. What the copy means is the caller's concern.
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from hashlib import sha256
from typing import Final

from gateway.connectors.kernel import start_writeback

# A slice takes some tens of milliseconds on an ordinary disk.
SLICE_BYTES: Final = 32 << 20
_BUFFER_BYTES: Final = 1 << 20
_OTHER_WAY: Final = (errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP)


class BodyCopy:
    """One copy on its way. source, target: open descriptors at their start; the copy closes them."""

    def __init__(self, source: int, target: int, size_bytes: int, *, digest: bool = False) -> None:
        self.source = source
        self.target = target
        self._size_bytes = size_bytes
        self._done_bytes = 0
        self._hash = sha256() if digest else None
        self._buffer = bytearray(_BUFFER_BYTES) if digest else bytearray()
        self._use_sendfile = False

    @property
    def sha256(self) -> bytes | None:
        """Over what was written, where it was asked for."""
        return self._hash.digest() if self._hash is not None else None

    @property
    def is_whole(self) -> bool:
        """Whether all of size_bytes was there to copy."""
        return self._done_bytes == self._size_bytes

    def go_on(self) -> bool:
        """Copy one slice; True at the end (of the size, or of a source that was shorter).

        Raises OSError and nothing else.
        """
        end = min(self._done_bytes + SLICE_BYTES, self._size_bytes)
        while self._done_bytes < end:
            moved = self._move(end - self._done_bytes)
            if moved == 0:
                return True
            self._done_bytes += moved
        # Written out slice by slice: the final sync does not stand before gigabytes.
        start_writeback(self.target)
        return self._done_bytes == self._size_bytes

    def close(self) -> None:
        """Close both files; can be called again."""
        for fd in (self.source, self.target):
            if fd >= 0:
                with suppress(OSError):
                    os.close(fd)
        self.source = self.target = -1

    def _move(self, count: int) -> int:
        if self._hash is not None:
            return self._move_through(count)
        if not self._use_sendfile:
            try:
                return os.copy_file_range(
                    self.source, self.target, count, self._done_bytes, self._done_bytes
                )
            except OSError as error:
                if error.errno not in _OTHER_WAY:
                    raise
                self._use_sendfile = True
                os.lseek(self.target, self._done_bytes, os.SEEK_SET)
        return os.sendfile(self.target, self.source, self._done_bytes, count)

    def _move_through(self, count: int) -> int:
        if self._hash is None:
            raise RuntimeError("this copy has no digest")
        view = memoryview(self._buffer)[: min(count, _BUFFER_BYTES)]
        read = os.preadv(self.source, [view], self._done_bytes)
        self._hash.update(view[:read])
        written = 0
        while written < read:
            written += os.pwrite(self.target, view[written:read], self._done_bytes + written)
        return read
