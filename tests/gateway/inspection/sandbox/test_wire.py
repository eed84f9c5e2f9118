"""What a child says is a message or garbage, however it is cut; and memory is bounded."""

from __future__ import annotations

import contextlib

import pyseccomp  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.inspection.sandbox.filter import child_filter
from gateway.inspection.sandbox.wire import (
    MAX_FROM_CHILD_BYTES,
    MAX_PIECE_BYTES,
    Answer,
    Asked,
    Done,
    Failed,
    FromChild,
    Garbled,
    Hello,
    Inbox,
    Why,
    framed,
    pieces,
    read_from_child,
)

MESSAGES: list[FromChild] = [
    Hello(7),
    Asked(b"question", 12),
    Asked(b"", None),
    Answer(b"x" * 1000, more=True),
    Done(),
    Failed(Why.RAISED, "KeyError"),
]


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_garbled(untrusted: bytes) -> None:
    with contextlib.suppress(Garbled):
        assert framed(read_from_child(untrusted))


@given(st.lists(st.sampled_from(MESSAGES)), st.data())
def test_however_a_stream_is_cut_the_messages_are_the_same(
    messages: list[FromChild], data: st.DataObject
) -> None:
    stream = b"".join(framed(one) for one in messages)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=20)))
    inbox, read = Inbox(MAX_FROM_CHILD_BYTES), []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        inbox.add(stream[start:end])
        while (body := inbox.take()) is not None:
            read.append(read_from_child(body))
    assert read == messages
    assert inbox.empty


@given(st.integers(MAX_FROM_CHILD_BYTES + 1, (1 << 32) - 1))
def test_a_length_beyond_the_bound_is_garbled_before_memory_is_taken(size_bytes: int) -> None:
    inbox = Inbox(MAX_FROM_CHILD_BYTES)
    inbox.add(size_bytes.to_bytes(4, "big"))
    with pytest.raises(Garbled):
        inbox.take()
    with pytest.raises(Garbled):
        inbox.wanted_bytes()


@pytest.mark.parametrize("size", [0, 1, MAX_PIECE_BYTES, MAX_PIECE_BYTES + 1, 3 * MAX_PIECE_BYTES])
def test_pieces_make_the_answer_again(size: int) -> None:
    parts = list(pieces(b"x" * size))
    assert b"".join(one.piece for one in parts) == b"x" * size
    assert [one.more for one in parts] == [True] * (len(parts) - 1) + [False]
    assert all(len(framed(one)) - 4 <= MAX_FROM_CHILD_BYTES for one in parts)


@pytest.mark.parametrize("architecture", [pyseccomp.Arch.X86_64, pyseccomp.Arch.AARCH64])
def test_the_filter_is_made_for_both_architectures(architecture: int) -> None:
    rules = child_filter(architecture)
    # A program of classic BPF: whole instructions, eight bytes each.
    assert rules._code and len(rules._code) % 8 == 0
