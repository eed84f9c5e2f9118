"""Records of a file that is appended to: whole ones are read, and nothing behind damage."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.spool.framed import FRONT_BYTES, framed, unframed

PAYLOADS = [b"one", bytes(65_535), b"three"]
CONTENT = b"".join(map(framed, PAYLOADS))


def read(content: bytes) -> list[bytes]:
    return [payload for payload, _ in unframed(content)]


def test_what_was_framed_is_read_and_ends_where_the_next_begins() -> None:
    # expect: length and checksum as zlib and RFC 1952, 8.1 have it, big-endian.
    assert framed(b"one") == b"\x00\x03\x7a\x6c\x86\xf1one"
    assert read(CONTENT) == PAYLOADS
    ends = [end for _, end in unframed(CONTENT)]
    assert ends == [FRONT_BYTES + 3, 2 * FRONT_BYTES + 3 + 65_535, len(CONTENT)]


def test_reading_ends_at_what_is_torn_damaged_or_empty() -> None:
    assert read(CONTENT[:-1]) == PAYLOADS[:2]
    assert read(CONTENT[: FRONT_BYTES + 2]) == []
    second = len(framed(PAYLOADS[0]))
    damaged = CONTENT[: second + 100] + b"\x01" + CONTENT[second + 101 :]
    assert read(damaged) == PAYLOADS[:1]
    assert read(framed(b"one") + bytes(100) + framed(b"three")) == [b"one"]


@given(st.binary(max_size=100))
def test_any_bytes_give_whole_records_and_nothing_else(untrusted_content: bytes) -> None:
    found = list(unframed(untrusted_content))
    whole = b"".join(framed(payload) for payload, _ in found)
    assert untrusted_content.startswith(whole)
    assert not found or found[-1][1] == len(whole)
