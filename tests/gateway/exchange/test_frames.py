"""Whatever a neighbour sends: frames, the same whole as byte by byte, or Refused; never more memory."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Refused
from gateway.exchange.frames import (
    HEADER_BYTES,
    MAX_FRAME_BYTES,
    Frame,
    FrameKind,
    FrameReader,
    encode_failed,
    encode_frame,
)
from gateway.unit.decode import MAX_CAPTURED_BYTES
from gateway.unit.number import MAX_NUMBER
from gateway.unit.request import Consequence

ALL = frozenset(FrameKind)
with_head = st.sampled_from((FrameKind.CAPTURED, FrameKind.ADMITTED))
numbers = st.integers(0, MAX_NUMBER)
data = st.binary(max_size=40)
frames = st.one_of(
    st.builds(Frame, with_head, numbers, data, data),
    st.builds(Frame, st.just(FrameKind.SEALED), numbers, st.just(b""), data),
    st.builds(
        Frame, st.just(FrameKind.FAILED), numbers, st.just(b""), st.just(b""),
        st.integers(1000, 9999), st.sampled_from(Consequence),
    ),
)  # fmt: skip


def encoded(frame: Frame) -> bytes:
    if frame.consequence is not None:
        return encode_failed(frame.number, frame.reason, frame.consequence)
    return encode_frame(frame.kind, frame.number, frame.content, frame.head)


def read(pieces: list[bytes]) -> list[Frame]:
    reader = FrameReader(ALL)
    return [frame for piece in pieces for frame in reader.take(piece)]


@given(st.lists(frames, max_size=5))
def test_frames_come_as_they_went_whole_and_byte_by_byte(sent: list[Frame]) -> None:
    stream = b"".join(map(encoded, sent))
    assert read([stream]) == sent
    assert read([bytes([byte]) for byte in stream]) == sent


@given(st.binary(max_size=200))
def test_any_bytes_are_frames_or_refused(untrusted: bytes) -> None:
    try:
        found = read([untrusted])
    except Refused as refused:
        assert refused.number == 5767
    else:
        assert untrusted.startswith(b"".join(map(encoded, found)))


@given(frames, st.data())
def test_a_header_has_one_spelling(frame: Frame, drawn: st.DataObject) -> None:
    stream = bytearray(encoded(frame))
    place = drawn.draw(st.integers(0, HEADER_BYTES - 1))
    stream[place] ^= drawn.draw(st.integers(1, 255))
    try:
        found = read([bytes(stream)])
    except Refused:
        return
    assert bytes(stream).startswith(b"".join(map(encoded, found)))


def test_a_long_frame_is_refused_by_its_length_before_anything_is_kept_of_it() -> None:
    header = encode_frame(FrameKind.SEALED, 1, b"")
    for length in (MAX_FRAME_BYTES + 1, 0xFFFFFFFF, 0, HEADER_BYTES - 5):
        with pytest.raises(Refused):
            FrameReader(ALL).take(length.to_bytes(4, "big") + header[4:])


def test_a_kind_that_may_not_come_here_is_refused() -> None:
    with pytest.raises(Refused):
        FrameReader(frozenset({FrameKind.CAPTURED})).take(encode_frame(FrameKind.SEALED, 1, b""))


@pytest.mark.parametrize(
    ("kind", "head_bytes"),
    [
        (FrameKind.CAPTURED, MAX_CAPTURED_BYTES + 1),
        (FrameKind.ADMITTED, 4 << 20),
        (FrameKind.SEALED, 1),
    ],
)
def test_a_head_longer_than_its_kind_has_is_refused_before_it_is_kept(
    kind: FrameKind, head_bytes: int
) -> None:
    begin = struct.pack("!IBBHQIHBB", 21 + head_bytes, kind, 0, 0, 2, head_bytes, 0, 0, 0)
    with pytest.raises(Refused) as refused:
        read([begin])
    assert refused.value.fields == {"what": "head"}
    with pytest.raises(RuntimeError):
        encode_frame(kind, 2, b"", bytes(head_bytes))


def test_what_a_frame_takes_counts_its_head() -> None:
    (frame,) = read([encode_frame(FrameKind.CAPTURED, 2, b"12345", b"123")])
    assert frame.size_bytes == HEADER_BYTES + 8
