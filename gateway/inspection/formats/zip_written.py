"""Writes a zip (APPNOTE 6.3, deflate) of parts that come one after the other, forwards only.

    local header, data, descriptor | ... | central directory, end record     --> write

No dates, no attributes, no comments: the same parts give the same bytes. Lengths stand behind the data, as
they are not known before. Names are ASCII. Nothing is written unless somebody asks; no I/O but `write`.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from typing import Final

# Lengths and places have 32 bits; who needs more is refused long before.
MAX_ZIP_BYTES: Final = (1 << 31) - 1
MAX_ENTRIES: Final = (1 << 16) - 2
# Version 2.0 knows deflate; bit 3 of the flags says that lengths come behind.
_VERSION: Final = 20
_FLAGS: Final = 1 << 3
_DEFLATED: Final = 8
_LEVEL: Final = 6
# The first day that a zip can name: 1 January 1980.
_DAY: Final = 1 << 5 | 1
_WRITE_BYTES: Final = 64 << 10


class ZipWritten:
    """One zip. A wrong order of calls is a bug: RuntimeError. Raises what `write` raises."""

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self._write = write
        self._held: list[bytes] = []
        self._held_bytes = 0
        self._at = 0
        # Name, checksum, packed and plain size, place.
        self._entries: list[tuple[bytes, int, int, int, int]] = []
        self._open: tuple[bytes, int, int] | None = None
        self._deflate = zlib.compressobj()
        self._sum = self._plain = 0

    def begin(self, name: str) -> None:
        """A part; it ends where `end_part` is called."""
        if self._open is not None or len(self._entries) >= MAX_ENTRIES:
            raise RuntimeError("a part begins within another, or too many do")
        path, place = name.encode("ascii"), self._at
        self._put(b"PK\x03\x04" + struct.pack("<5H3I2H", *self._head(0, 0, 0), len(path), 0) + path)
        self._open = (path, place, self._at)
        self._deflate = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
        self._sum = self._plain = 0

    def write(self, data: bytes) -> None:
        """Bytes of the part that is open."""
        if self._open is None:
            raise RuntimeError("bytes of no part")
        self._sum = zlib.crc32(data, self._sum)
        self._plain += len(data)
        self._put(self._deflate.compress(data))

    def end_part(self) -> None:
        """The part is whole."""
        if self._open is None:
            raise RuntimeError("an end of no part")
        path, place, start = self._open
        self._put(self._deflate.flush())
        packed = self._at - start
        self._put(b"PK\x07\x08" + struct.pack("<3I", self._sum, packed, self._plain))
        self._entries.append((path, self._sum, packed, self._plain, place))
        self._open = None

    def end(self) -> None:
        """The table of contents."""
        if self._open is not None:
            raise RuntimeError("a part is open")
        start = self._at
        for path, checksum, packed, plain, place in self._entries:
            head = struct.pack(
                "<6H3I5H2I", _VERSION, *self._head(checksum, packed, plain), len(path), 0, 0, 0, 0, 0, place
            )  # fmt: skip
            self._put(b"PK\x01\x02" + head + path)
        count = len(self._entries)
        self._put(
            b"PK\x05\x06" + struct.pack("<4H2IH", 0, 0, count, count, self._at - start, start, 0)
        )
        self._flush()

    def _head(self, checksum: int, packed: int, plain: int) -> tuple[int, ...]:
        return _VERSION, _FLAGS, _DEFLATED, 0, _DAY, checksum, packed, plain

    def _put(self, piece: bytes) -> None:
        self._at += len(piece)
        if self._at > MAX_ZIP_BYTES:
            raise RuntimeError("a zip beyond the limits of whoever feeds it")
        self._held.append(piece)
        self._held_bytes += len(piece)
        if self._held_bytes >= _WRITE_BYTES:
            self._flush()

    def _flush(self) -> None:
        if self._held_bytes:
            self._write(b"".join(self._held))
        self._held, self._held_bytes = [], 0
