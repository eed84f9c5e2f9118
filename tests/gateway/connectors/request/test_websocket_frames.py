"""Frames of a WebSocket before aiohttp sees them: RFC 6455 and nothing beside it."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.connectors.request.frames import FrameCheck
from gateway.errors import Refused

MOST = 1_000
TEXT, BINARY, CLOSE, PING, PONG = 0x1, 0x2, 0x8, 0x9, 0xA


def frame(
    opcode: int = TEXT,
    payload: bytes = b"{}",
    *,
    last: bool = True,
    reserved: int = 0,
    masked: bool = True,
    length: int | None = None,
    as_bytes: int = 0,
) -> bytes:
    """One frame of a client. length: what it says of itself; as_bytes: 2 or 8 for a longer spelling."""
    said = len(payload) if length is None else length
    first = (0x80 if last else 0) | reserved << 4 | opcode
    mask_bit = 0x80 if masked else 0
    if as_bytes == 2 or (not as_bytes and 126 <= said < 1 << 16):
        head = struct.pack("!BBH", first, mask_bit | 126, said)
    elif as_bytes == 8 or said >= 1 << 16:
        head = struct.pack("!BBQ", first, mask_bit | 127, said)
    else:
        head = struct.pack("!BB", first, mask_bit | said)
    if not masked:
        return head + payload
    mask = b"\x01\x02\x03\x04"
    return head + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))


GOOD = {
    "text": frame(),
    "binary": frame(BINARY, bytes(200)),
    "pieces": frame(TEXT, b"a", last=False) + frame(0, b"b", last=False) + frame(0, b"c"),
    "ping among pieces": frame(TEXT, b"a", last=False) + frame(PING, b"?") + frame(0, b"b"),
    "as long as may be": frame(TEXT, bytes(MOST)),
    "close": frame() + frame(CLOSE, b"\x03\xe8"),
    "pong that nobody asked for": frame(PONG, b""),
}
# What a client sends, and what is said of it.
BAD = {
    "no mask": (frame(masked=False), "no mask"),
    "an extension's bit": (frame(reserved=4), "reserved bits"),
    "reserved bits": (frame(reserved=3), "reserved bits"),
    "opcode 3": (frame(3), "opcode"),
    "opcode 11": (frame(0xB), "opcode"),
    "length in two bytes that fits one": (frame(length=2, as_bytes=2), "length"),
    "length in eight bytes that fits two": (frame(length=300, as_bytes=8), "length"),
    "length of 2^63": (frame(length=1 << 63, as_bytes=8), "length"),
    "ping of 126 bytes": (frame(PING, bytes(126)), "control frame"),
    "ping in pieces": (frame(PING, b"", last=False), "control frame"),
    "close of 200 bytes": (frame(CLOSE, bytes(200)), "control frame"),
    "continuation of nothing": (frame(0), "continuation"),
    "a message within a message": (frame(last=False) + frame(), "continuation"),
    "a message after close": (frame(CLOSE, b"") + frame(), "after close"),
    "pings without end": (frame(PING, b"") * 40, "too many control frames"),
    "pieces without end": (
        frame(TEXT, b"", last=False) + frame(0, b"", last=False) * 1_100,
        "pieces",
    ),
    "an HTTP request": (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "reserved bits"),
}
TOO_LONG = {
    "one frame": frame(TEXT, b"", length=MOST + 1),
    "of 4 EiB": frame(BINARY, b"", length=1 << 62),
    "pieces together": frame(TEXT, bytes(600), last=False) + frame(0, bytes(401)),
}


@pytest.mark.parametrize("case", GOOD)
def test_what_the_standard_has_goes_on_whole_and_byte_by_byte(case: str) -> None:
    FrameCheck(MOST).feed(GOOD[case], 0.0)
    slowly = FrameCheck(MOST)
    for at in range(len(GOOD[case])):
        slowly.feed(GOOD[case][at : at + 1], 0.0)


@pytest.mark.parametrize("case", BAD)
@pytest.mark.parametrize("step", [1, 7, 1 << 20])
def test_what_it_has_not_is_refused_however_it_comes(case: str, step: int) -> None:
    sent, what = BAD[case]
    check = FrameCheck(MOST)
    with pytest.raises(Refused) as refused:
        for at in range(0, len(sent), step):
            check.feed(sent[at : at + step], 0.0)
    assert (refused.value.number, refused.value.fields["what"]) == (6486, what)


@pytest.mark.parametrize("case", TOO_LONG)
def test_a_message_that_is_too_long_is_refused_by_its_header(case: str) -> None:
    with pytest.raises(Refused) as refused:
        FrameCheck(MOST).feed(TOO_LONG[case], 0.0)
    assert refused.value.number == 6487


@given(st.binary(max_size=60), st.integers(1, 9))
def test_any_bytes_are_frames_or_refused_and_mean_the_same_in_any_pieces(
    data: bytes, step: int
) -> None:
    def outcome(pieces: list[bytes]) -> int:
        check = FrameCheck(MOST)
        try:
            for piece in pieces:
                check.feed(piece, 0.0)
        except Refused as refused:
            return refused.number
        return 0

    assert outcome([data]) == outcome([data[at : at + step] for at in range(0, len(data), step)])
