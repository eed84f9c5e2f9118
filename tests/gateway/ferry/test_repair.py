"""Any k of the k + r symbols give the data back."""

from __future__ import annotations

import os
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.ferry.buffer import BlockBuffer
from gateway.ferry.repair import Coder
from gateway.ferry.shape import LaneShape, shape_for

SHAPE = shape_for(1500, 28)
CODER = Coder(SHAPE)
BUFFER = BlockBuffer(SHAPE)


@settings(max_examples=120, deadline=None)
@given(st.integers(1, SHAPE.data_symbols), st.randoms(use_true_random=False))
def test_lost_symbols_come_back(data_symbols: int, random: Random) -> None:
    r, step = SHAPE.repair_for(data_symbols), SHAPE.symbol_bytes
    data = os.urandom(data_symbols * step)
    BUFFER.view[: len(data)] = data
    CODER.encode(BUFFER, data_symbols, r)
    lost = random.sample(range(data_symbols + r), random.randint(0, r))
    seen = bytearray(b"\1" * (data_symbols + r))
    for index in lost:
        seen[index] = 0
        BUFFER.view[index * step : (index + 1) * step] = b"\xee" * step
    CODER.decode(BUFFER, data_symbols, r, bytes(seen))
    assert bytes(BUFFER.view[: len(data)]) == data


def test_repair_symbols_are_what_the_formula_says() -> None:
    """A vector computed by hand: GF(2^8) with 0x11d, c(t, j) = 1 / ((255 - t) xor j)."""
    shape = LaneShape(512, 2, 1)
    buffer, coder = BlockBuffer(shape), Coder(shape)
    step = shape.symbol_bytes
    buffer.view[:step], buffer.view[step : 2 * step] = b"\1" * step, b"\2" * step
    coder.encode(buffer, 2, 1)
    expected = _inverse(255) ^ _times(2, _inverse(254))
    assert bytes(buffer.view[2 * step : 3 * step]) == bytes([expected]) * step


def _times(a: int, b: int) -> int:
    product = 0
    while b:
        if b & 1:
            product ^= a
        a = a << 1 ^ (0x11D if a & 0x80 else 0)
        b >>= 1
    return product


def _inverse(a: int) -> int:
    return next(b for b in range(1, 256) if _times(a, b) == 1)
