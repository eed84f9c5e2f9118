"""Server-sent events: what a peer's stream holds, and what goes on to a caller."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.connectors.request.event_stream import EventReader, written_event
from gateway.errors import Refused
from gateway.unit.live import Message

STREAMS = {
    "data": (b"data: a\n\n", [Message(b"a")]),
    "lines": (b"data: a\ndata:b\ndata\n\n", [Message(b"a\nb\n")]),
    "name and id": (b"event: alarm\nid: 7\ndata: a\n\n", [Message(b"a", True, "alarm", "7")]),
    "CR LF and CR": (b"data: a\r\n\r\ndata: b\r\rdata: c\n\n", [Message(x) for x in (b"a", b"b", b"c")]),
    "byte order mark": (b"\xef\xbb\xbfdata: a\n\n", [Message(b"a")]),
    "comments and retry stay": (b": inside\nretry: 5\n\ndata: a\n: x\n\n", [Message(b"a")]),
    "an event without data is none": (b"event: x\nid: 1\n\ndata: a\n\n", [Message(b"a")]),
    "only one blank goes": (b"data:  a\n\n", [Message(b" a")]),
    "an event that is not whole": (b"data: a\n", []),
}  # fmt: skip
WRONG = {
    "a field of nobody": (b"dat: a\n", 6490),
    "a name of binary": (b"event: \xff\n", 6488),
    "a control in an id": (b"id: a\x00b\n", 6490),
    "a name of two words": (b"event: a b\n", 6490),
    "a long name": (b"event: " + b"a" * 65 + b"\n", 6490),
    "data that is no UTF-8": (b"data: \xc3\x28\n\n", 6488),
    "data without end": (b"data: " + b"a" * 101 + b"\n", 6487),
    "many lines": (b"data: aaaaaaaaa\n" * 12, 6487),
    "a line without end": (b":" * 20_000, 6487),
}


@pytest.mark.parametrize("case", STREAMS)
@pytest.mark.parametrize("step", [1, 3, 1_000])
def test_a_stream_is_its_events_in_whatever_pieces_it_comes(case: str, step: int) -> None:
    sent, wanted = STREAMS[case]
    reader = EventReader(100)
    found = [m for at in range(0, len(sent), step) for m in reader.feed(sent[at : at + step])]
    assert found == wanted


@pytest.mark.parametrize("case", WRONG)
def test_what_is_no_stream_of_events_is_refused(case: str) -> None:
    sent, number = WRONG[case]
    with pytest.raises(Refused) as refused:
        EventReader(100).feed(sent)
    assert refused.value.number == number


def test_comments_keep_a_stream_open_for_ever() -> None:
    reader = EventReader(100)
    for _ in range(10_000):
        assert reader.feed(b": keep\n\n") == []
    assert reader.feed(b"data: a\n\n") == [Message(b"a")]


@given(st.text(min_size=1, max_size=40))
def test_no_data_becomes_a_field_of_its_own(text: str) -> None:
    content = text.encode("utf-8", "replace")
    read = EventReader(1_000).feed(written_event(Message(content, True, "alarm", "7")))
    ends = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    assert [(m.content, m.event, m.event_id) for m in read] == [(ends, "alarm", "7")]
