"""The file that pydicom reads from: a content that never gives less than it was asked for.

pydicom takes a short read for the end of a good file, and a seek beyond the end for a value that it
may read later. Here both are refused before a byte is taken, and so are too many reads: a sequence of
undefined length is built by pydicom as a whole, so that its elements are counted while they are read.
"""

from __future__ import annotations

import io
from typing import Final

from gateway.inspection.content import Content
from gateway.inspection.formats.dicom import unsound
from gateway.inspection.unsound import Unsound

_WINDOW_BYTES: Final = 64 << 10
# Of one element: a look at its VR, the header, the rest of a long header, the value.
_READS_EACH: Final = 6


class StrictStream:
    """read, seek, tell as pydicom calls them. What was refused stays in `refusal`: pydicom turns
    any exception of a read into one of its own."""

    def __init__(self, content: Content, elements: int, value_bytes: int) -> None:
        self.content = content
        self.refusal: Unsound | OSError | None = None
        self._at = 0
        self._reads_left = elements * _READS_EACH
        self._value_bytes = value_bytes
        self._window = content.memory if content.memory is not None else b""
        self._window_at = 0

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if whence != io.SEEK_SET:
            offset += self._at if whence == io.SEEK_CUR else self.content.size_bytes
        if not 0 <= offset <= self.content.size_bytes:
            self._refuse(self._cut(offset - self._at))
        self._at = offset
        return offset

    def read(self, size: int = -1) -> bytes:
        """Exactly so many bytes; none at the very end."""
        left = self.content.size_bytes - self._at
        if left == 0 or size == 0:
            return b""
        if size < 0 or size > left:
            self._refuse(self._cut(size))
        if size > self._value_bytes:
            limit = self._value_bytes
            self._refuse(unsound(3925, tag=f"byte {self._at}", size_bytes=size, limit_bytes=limit))
        self._reads_left -= 1
        if self._reads_left < 0:
            self._refuse(unsound(3908, offset=self._at))
        data = self._take(size)
        self._at += size
        return data

    def peek(self, at: int, size: int) -> bytes:
        """Bytes at an offset, fewer at the end; the position stays."""
        return self.content.read_at(at, size)

    def _take(self, size: int) -> bytes:
        start = self._at - self._window_at
        if start < 0 or start + size > len(self._window):
            try:
                if size > _WINDOW_BYTES:
                    return self.content.read_at(self._at, size)
                self._window = self.content.read_at(self._at, _WINDOW_BYTES)
            except OSError as error:
                self.refusal = error
                raise
            self._window_at, start = self._at, 0
        data = self._window[start : start + size]
        if len(data) < size:
            self._refuse(self._cut(size))
        return data

    def _cut(self, size: int) -> Unsound:
        left = self.content.size_bytes - self._at
        return unsound(3905, tag=f"byte {self._at}", offset=self._at, length=size, left=left)

    def _refuse(self, refusal: Unsound) -> None:
        self.refusal = refusal
        raise refusal
