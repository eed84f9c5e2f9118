"""Memory of one block: symbols one behind the other at a fixed stride, page-aligned, used again and again.

    symbols:  | data 0 | data 1 | ... | data k-1 | repair 0 | ... | repair r-1 |
    headers:  the same number of 32-byte headers, apart, so that data is filled and sealed in one piece

The only place that knows addresses; ISA-L and the links take them from here.
"""

from __future__ import annotations

import ctypes
import mmap
from typing import Any

from gateway.ferry.shape import HEADER_BYTES, LaneShape


class BlockBuffer:
    """Room for one block of a shape. view: the symbols, writable. Its memory never moves."""

    __slots__ = ("_map", "address", "headers", "headers_address", "pointers", "view")

    def __init__(self, shape: LaneShape) -> None:
        symbols, step = shape.symbols, shape.symbol_bytes
        self._map = mmap.mmap(-1, symbols * step)
        self.view = memoryview(self._map)
        self.address = address_of(self._map)
        self.headers = bytearray(symbols * HEADER_BYTES)
        self.headers_address = address_of(self.headers)
        last = self.address + symbols * step
        self.pointers: Any = (ctypes.c_void_p * symbols)(*range(self.address, last, step))


def address_of(memory: Any) -> int:
    """Where a writable buffer lies. It must neither be freed nor resized while the address is used."""
    return ctypes.addressof(ctypes.c_char.from_buffer(memory))
