"""Reed-Solomon repair symbols over GF(2^8) by Intel ISA-L; the only place with the binding.

Systematic, Cauchy: the repair symbol t is the sum over data symbols j of c(t, j) * data_j with
c(t, j) = 1 / ((255 - t) xor j), field polynomial 0x11d. Each square part of a Cauchy matrix can be
inverted, so any k of the k + r symbols give the data (Bloemer et al. 1995, ICSI TR-95-048).

Repair is a reduced solve: with e symbols missing only an e by e system is inverted, not k by k.
The work is done by the library outside the interpreter lock.
"""

from __future__ import annotations

import ctypes
import ctypes.util
from functools import lru_cache
from typing import Any, Final

from gateway.errors import Misconfigured
from gateway.ferry.buffer import BlockBuffer, address_of
from gateway.ferry.shape import LaneShape

# Bytes of the expanded table of one coefficient, by ISA-L's erasure_code.h.
_TABLE_BYTES: Final = 32
# Debian's libisal2; the other name is that of a build by hand.
_LIBRARY_NAMES: Final = ("libisal.so.2", "libisal.so")


class Coder:
    """Makes and uses the repair symbols of a lane. One for each thread: it has scratch memory.

    Raises Misconfigured 5102 where ISA-L is not installed.
    """

    def __init__(self, shape: LaneShape) -> None:
        self._shape = shape
        self._isal = _library()
        self._inverse = bytes([0, *(self._isal.gf_inv(value) for value in range(1, 256))])
        self._scratch = bytearray(max(1, shape.repair_symbols) * shape.symbol_bytes)
        self._scratch_address = address_of(self._scratch)
        # 64 shapes of partly filled blocks at up to 75 KB each stay bounded and cover an idle lane.
        self._tables = lru_cache(maxsize=64)(self._make_tables)

    def encode(self, buffer: BlockBuffer, data_symbols: int, repair_symbols: int) -> None:
        """Fill the repair symbols behind the data symbols of a buffer."""
        if repair_symbols == 0:
            return
        repair = ctypes.byref(buffer.pointers, data_symbols * ctypes.sizeof(ctypes.c_void_p))
        tables = self._tables(data_symbols, repair_symbols)
        self._isal.ec_encode_data(
            self._shape.symbol_bytes, data_symbols, repair_symbols, tables, buffer.pointers, repair
        )

    def decode(
        self, buffer: BlockBuffer, data_symbols: int, repair_symbols: int, seen: bytes
    ) -> None:
        """Restore the data symbols that `seen` (one byte a symbol, 1 or 0) does not have.

        At least data_symbols of seen must be 1.
        """
        missing = [i for i in range(data_symbols) if not seen[i]]
        spare = [t for t in range(repair_symbols) if seen[data_symbols + t]][: len(missing)]
        if not missing:
            return
        if len(spare) < len(missing):
            raise RuntimeError("decode of a block with too few symbols")
        syndromes = self._syndromes(buffer, data_symbols, repair_symbols, missing, spare)
        self._solve(buffer, data_symbols, missing, spare, syndromes)

    def _syndromes(
        self, buffer: BlockBuffer, k: int, r: int, missing: list[int], spare: list[int]
    ) -> list[int]:
        """What the present data contributes to each spare symbol; gives the addresses of the sums."""
        step = self._shape.symbol_bytes
        for index in missing:
            ctypes.memset(buffer.address + index * step, 0, step)
        row = k * _TABLE_BYTES
        whole = self._tables(k, r)
        tables = b"".join(whole[t * row : t * row + row] for t in spare)
        sums = [self._scratch_address + i * step for i in range(len(spare))]
        self._isal.ec_encode_data(step, k, len(spare), tables, buffer.pointers, _pointers(sums))
        return sums

    def _solve(
        self, buffer: BlockBuffer, k: int, missing: list[int], spare: list[int], sums: list[int]
    ) -> None:
        """missing = M^-1 (sums + spare): one multiplication by [M^-1 | M^-1]."""
        step, size = self._shape.symbol_bytes, len(missing)
        # A copy that may be written: the library destroys the matrix that it inverts.
        square = bytearray(self._inverse[255 - t ^ j] for t in spare for j in missing)
        inverse = ctypes.create_string_buffer(size * size)
        if self._isal.gf_invert_matrix(address_of(square), inverse, size) != 0:
            raise RuntimeError("a part of a Cauchy matrix has no inverse")
        rows = [inverse.raw[i * size : (i + 1) * size] * 2 for i in range(size)]
        sources = sums + [buffer.address + (k + t) * step for t in spare]
        targets = [buffer.address + j * step for j in missing]
        tables = self._expand(2 * size, size, b"".join(rows))
        self._isal.ec_encode_data(
            step, 2 * size, size, tables, _pointers(sources), _pointers(targets)
        )

    def _make_tables(self, data_symbols: int, repair_symbols: int) -> bytes:
        rows = bytes(
            self._inverse[255 - t ^ j] for t in range(repair_symbols) for j in range(data_symbols)
        )
        return self._expand(data_symbols, repair_symbols, rows)

    def _expand(self, columns: int, rows: int, matrix: bytes) -> bytes:
        tables = ctypes.create_string_buffer(columns * rows * _TABLE_BYTES)
        self._isal.ec_init_tables(columns, rows, matrix, tables)
        return tables.raw


def _pointers(addresses: list[int]) -> Any:
    return (ctypes.c_void_p * len(addresses))(*addresses)


@lru_cache(maxsize=1)
def _library() -> ctypes.CDLL:
    for name in _LIBRARY_NAMES:
        try:
            library = ctypes.CDLL(name)
        except OSError:
            continue
        library.gf_inv.restype = ctypes.c_ubyte
        library.gf_inv.argtypes = [ctypes.c_ubyte]
        number, pointer = ctypes.c_int, ctypes.c_void_p
        library.ec_init_tables.argtypes = [number, number, ctypes.c_char_p, pointer]
        library.ec_encode_data.argtypes = [
            number, number, number, ctypes.c_char_p, pointer, pointer,
        ]  # fmt: skip
        library.ec_encode_data.restype = None
        library.gf_invert_matrix.argtypes = [pointer, pointer, number]
        return library
    raise Misconfigured(5102, library=_LIBRARY_NAMES[0])
