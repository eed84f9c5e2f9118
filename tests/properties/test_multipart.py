"""Both sides cut a multipart alike or refuse it, whatever its bytes; neither raises anything else."""

from __future__ import annotations

from types import ModuleType
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.inspection.content import Content
from gateway.inspection.receiving import multipart as receiving
from gateway.inspection.sending import multipart as sending
from gateway.inspection.unsound import Unsound

_PIECES = st.sampled_from(
    [b"--b", b"--b--", b"--", b"\r\n", b"\n", b"\r", b" ", b"\0", b"b", b"a body", b"--c", b"",
     b"Content-Type: application/dicom", b"Content-Length: 6", b"Content-Type:", b": x", b"\r\n\r\n",
     b"\r\n--b\r\nContent-Type: application/dicom\r\n\r\n", b"\r\n--b--\r\n"]
)  # fmt: skip
_WHOLE = st.lists(st.one_of(_PIECES, st.binary(max_size=6)), max_size=24).map(b"".join)
_GOOD = b"--b\r\nContent-Type: application/dicom\r\n\r\n"


def cut(side: ModuleType, content: bytes) -> list[bytes] | None:
    """The parts as one side has them, None where it refuses."""
    try:
        found = side.members(Content.of_bytes(content), 5)
        return [b"".join(member.chunks) for member in found]
    except Unsound:
        return None


@given(_WHOLE)
def test_any_bytes_are_cut_alike_or_refused(content: bytes) -> None:
    assert cut(sending, content) == cut(receiving, content)


@given(_WHOLE, st.integers(0, 3))
def test_what_begins_well_is_cut_alike_or_refused(content: bytes, count: int) -> None:
    whole = _GOOD + (b"x\r\n" + _GOOD) * count + content + b"\r\n--b--"
    first = cut(sending, whole)
    assert first == cut(receiving, whole)
    if b"--b" not in content:
        assert first == [b"x"] * count + [content]


@settings(deadline=None)
@given(_WHOLE, st.integers(4, 40), st.integers(1, 9))
def test_windows_cut_as_the_whole_is_cut(content: bytes, window: int, piece: int) -> None:
    whole = _GOOD + content + b"\r\n--b--"
    at_once = cut(sending, whole)
    with (
        patch.object(sending, "_WINDOW_BYTES", window),
        patch.object(receiving, "_PIECE_BYTES", piece),
    ):
        assert cut(sending, whole) == at_once
        assert cut(receiving, whole) == at_once


@settings(max_examples=60, deadline=None)
@given(st.integers(-60, 60), st.sampled_from([256 << 10, 1 << 20]))
def test_a_boundary_across_a_seam_is_found(offset: int, seam: int) -> None:
    first = bytes(seam - len(_GOOD) + offset)
    whole = _GOOD + first + b"\r\n" + _GOOD + b"second\r\n--b--\r\n"
    assert cut(sending, whole) == cut(receiving, whole) == [first, b"second"]
