"""Any bytes are a header, a chunk list or a control body, or Refused; and what is written is what is read."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Refused
from gateway.ferry.block import chunks_of
from gateway.ferry.frame import (
    BlockKind,
    Header,
    decode_header,
    encode_header,
    header_column,
    run_length,
)
from gateway.ferry.oneway.records import (
    Heartbeat,
    Indexed,
    decode_heartbeat,
    decode_index,
    decode_resolved,
    encode_heartbeat,
    encode_index,
)
from gateway.ferry.shape import LaneShape

SHAPE = LaneShape(512, 20, 4)
VECTORS = sorted((Path(__file__).parent.parent / "vectors" / "frame").glob("*.txt"))
U64 = st.integers(0, (1 << 64) - 1)


@st.composite
def headers(draw: st.DrawFn) -> Header:
    k, r = draw(st.integers(1, 20)), draw(st.integers(0, 4))
    length = draw(st.integers(max(49, (k - 1) * 480 + 1), k * 480))
    kind = draw(st.sampled_from(BlockKind))
    # Transient blocks are numbered apart.
    of_kind = draw(st.integers(0, (1 << 63) - 1)) | (kind is BlockKind.TRANSIENT) << 63
    return Header(1, kind, draw(U64), of_kind, k, r, length, draw(st.integers(0, k + r - 1)))


@given(headers())
def test_a_header_is_read_as_written(header: Header) -> None:
    assert decode_header(encode_header(header), SHAPE, 1) == header


@given(st.binary(max_size=40))
def test_any_bytes_are_a_header_or_refused(data: bytes) -> None:
    for candidate in (data, (b"FG\1\1" + data)[:32].ljust(32, b"\0")):
        with contextlib.suppress(Refused):
            assert encode_header(decode_header(candidate, SHAPE, 1)) == candidate


@given(st.binary(max_size=400))
def test_any_bytes_are_a_body_or_refused(data: bytes) -> None:
    for reader in (decode_heartbeat, decode_index, decode_resolved, lambda b: list(chunks_of(b))):
        with contextlib.suppress(Refused):
            assert reader(memoryview(data)) is not None


@given(st.binary(min_size=32, max_size=640))
def test_a_run_of_any_headers_is_as_long_as_counting_one_by_one_says(data: bytes) -> None:
    data = data[: len(data) // 32 * 32]
    frames, symbols = len(data) // 32, data[4] + data[5]
    count = 1
    while count < frames and data[6] + count < min(symbols, 256):
        expected = bytearray(data[:32])
        expected[6] += count
        if data[count * 32 : count * 32 + 32] != expected:
            break
        count += 1
    assert run_length(data, 0, frames, symbols) == count


@given(headers(), st.integers(0, 24))
def test_the_headers_of_a_block_are_one_run(header: Header, at: int) -> None:
    symbols = header.data_symbols + header.repair_symbols
    start = at % symbols
    plain = Header(1, header.kind, header.session, header.block, header.data_symbols, header.repair_symbols,
                   header.length_bytes)  # fmt: skip
    assert (
        run_length(bytes(header_column(plain, symbols)), start, symbols, symbols) == symbols - start
    )


@given(st.lists(st.tuples(U64, U64), max_size=8), st.integers(0, 1 << 40))
def test_control_bodies_are_read_as_written(past: list[tuple[int, int]], number: int) -> None:
    beat = Heartbeat(9, 8, 7, 6, tuple(past))
    assert decode_heartbeat(memoryview(encode_heartbeat(beat))) == beat
    entries = [Indexed(number & 0xFF_FFFF_FFFF, 4, 100, 5, 6)]
    assert decode_index(memoryview(encode_index(entries))) == entries


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_vectors(path: Path) -> None:
    lines = dict(
        line.split(": ", 1)
        for line in path.read_text(encoding="utf-8").splitlines()
        if ": " in line
    )
    data = bytes.fromhex(lines["hex"])
    if lines["expect"] == "refused":
        with pytest.raises(Refused):
            decode_header(data, SHAPE, 1)
    else:
        header = decode_header(data, SHAPE, 1)
        assert (
            f"session {header.session} block {header.block} index {header.index}" == lines["expect"]
        )
