from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path

import pytest

import gateway.audit.journal as journal_module
from gateway.audit.event import Event
from gateway.audit.journal import open_journal
from gateway.audit.life import Source, life, units
from gateway.audit.search import Query, journals_of, search
from gateway.errors import Field
from gateway.unit.model import Side, Stage

S = 1_000_000_000
START = 1_795_000_000 * S
POLICY = "7f3a" * 3


def write(root: Path, events: Mapping[str, Iterable[Event]]) -> Mapping[str, Path]:
    for process, told in events.items():
        journal = open_journal(root / process, process)
        for event in told:
            journal.record(event)
            journal.commit()
        journal.close()
    return journals_of(root)


def outer_events(count: int) -> dict[str, list[Event]]:
    """Units a second apart: each captured, cleared and sent, every tenth refused instead."""
    edge, guard, ferry = [], [], []
    for unit in range(count):
        at = START + unit * S
        edge.append(Event("captured", at, unit, "lab", 0, {"name": f"报告-{unit}.pdf"}))
        if unit % 10 == 9:
            guard.append(Event("refused", at + 1, unit, "lab", 3102, {"rule": "10-lab.yaml:23"}))
        else:
            guard.append(Event("cleared", at + 1, unit, "lab", 0, {"policy": POLICY}))
            ferry.append(Event("sent", at + 2, unit, "", 0, {"first_block": 1}))
    return {"edge": edge, "guard": guard, "ferry": ferry}


@pytest.fixture(params=[32 << 20, 2000], ids=["one segment", "many segments"])
def outer(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Mapping[str, Path]:
    monkeypatch.setattr(journal_module, "SEGMENT_BYTES", request.param)
    monkeypatch.setattr("gateway.audit.search.BLOCK_BYTES", 700)
    monkeypatch.setattr("gateway.audit.search.CLOCK_SLACK_NS", 0)
    return write(tmp_path / "outer", outer_events(100))


def found(journals: Mapping[str, Path], query: Query) -> list[tuple[int | None, str]]:
    return [(one.record.unit, one.record.what) for one in search(journals, query)]


def test_a_unit_is_found_through_all_journals(outer: Mapping[str, Path]) -> None:
    told = [(57, "sent"), (57, "cleared"), (57, "captured")]
    assert found(outer, Query(unit=57)) == told
    oldest = [one.record.what for one in search(outer, Query(unit=57), oldest_first=True)]
    assert oldest == ["captured", "cleared", "sent"]


def test_everything_is_found_in_the_order_of_time(outer: Mapping[str, Path]) -> None:
    times = [one.record.at_ns for one in search(outer, Query())]
    assert len(times) == 100 + 100 + 90
    assert times == sorted(times, reverse=True)
    forward = [one.record.at_ns for one in search(outer, Query(), oldest_first=True)]
    assert forward == times[::-1]


def test_the_newest_come_first_and_no_more_are_read_than_wanted(outer: Mapping[str, Path]) -> None:
    newest = [one.record.unit for one in islice(search(outer, Query()), 3)]
    assert newest == [99, 99, 98]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        (Query(number=3102), 10),
        (Query(what=frozenset({"refused"})), 10),
        (Query(what=frozenset({"refused", "sent"})), 100),
        (Query(channel="lab"), 200),
        (Query(channel="la"), 0),
        (Query(text="报告-7"), 11),
        (Query(text="10-LAB.yaml"), 10),
        (Query(text='"name"'), 0),
        (Query(since_ns=START + 90 * S), 29),
        (Query(until_ns=START + 10 * S), 29),
        (Query(since_ns=START + 10 * S, until_ns=START + 20 * S, what=frozenset({"captured"})), 10),
        (Query(unit=5, channel="lab"), 2),
        (Query(unit=1000), 0),
    ],
)
def test_filters(outer: Mapping[str, Path], query: Query, count: int) -> None:
    assert len(found(outer, query)) == count
    assert len(list(search(outer, query, oldest_first=True))) == count


def test_a_family_of_words_is_found_by_its_beginning(tmp_path: Path) -> None:
    events = [Event(what, START) for what in ("alarm.raised", "alarm.cleared", "alarmed")]
    journals = write(tmp_path, {"edge": events})
    query = Query(what=frozenset({"alarm."}))
    assert [what for _, what in found(journals, query)] == ["alarm.cleared", "alarm.raised"]


def test_a_value_that_looks_like_a_unit_is_none(tmp_path: Path) -> None:
    events = [
        Event("captured", START, 1, "lab", 0, {"name": '"unit":5,"x'}),
        Event("captured", START, 2, "lab", 0, {"unit": 5, "z": 1}),
        Event("captured", START, 55, "lab"),
    ]
    assert found(write(tmp_path, {"edge": events}), Query(unit=5)) == []


def test_the_last_state_of_each_unit(outer: Mapping[str, Path]) -> None:
    page = units(outer, limit=3)
    assert [(one.number, one.stage, one.reason) for one in page.states] == [
        (99, Stage.REFUSED, 3102),
        (98, Stage.SENT, 0),
        (97, Stage.SENT, 0),
    ]
    assert not page.whole
    refused = units(outer, stages=frozenset({Stage.REFUSED}), limit=100)
    assert [one.number for one in refused.states] == list(range(99, 0, -10))
    assert refused.whole


def test_stages_of_one_moment_stand_in_the_order_of_the_stages(tmp_path: Path) -> None:
    events = {
        "ferry": [Event("sent", START, 1)],
        "edge": [Event("captured", START, 1, "lab")],
        "guard": [Event("cleared", START, 1, "lab")],
    }
    journals = write(tmp_path, events)
    story = life(1, {Side.OUTER: journals})
    assert story
    assert [one.stage for one in story.sender.receipts] == [
        Stage.CAPTURED,
        Stage.CLEARED,
        Stage.SENT,
    ]
    assert units(journals).states[0].stage is Stage.SENT


def test_the_sending_host_says_that_the_other_half_is_not_known(outer: Mapping[str, Path]) -> None:
    story = life(57, {Side.OUTER: outer})
    assert story
    assert (story.channel, story.stage) == ("lab", Stage.SENT)
    assert (story.sender.source, story.receiver.source) == (Source.OWN, Source.NOT_KNOWN_HERE)


def inner_events() -> dict[str, list[Event]]:
    said: dict[str, Field] = {
        "captured_at_ns": START + 57 * S,
        "cleared_at_ns": START + 57 * S + 1,
        "sender_policy": POLICY,
    }
    # The clock of the inner host is an hour behind.
    at = START + 57 * S - 3600 * S
    return {
        "ferry": [Event("received", at, 57)],
        "guard": [Event("admitted", at + 1, 57, "lab", 0, {"policy": POLICY, **said})],
        "edge": [Event("delivered", at + 2, 57, "lab")],
    }


def test_the_receiving_host_tells_the_first_half_as_the_sender_said(tmp_path: Path) -> None:
    inner = write(tmp_path / "inner", inner_events())
    story = life(57, {Side.INNER: inner})
    assert story
    assert (story.sender.source, story.receiver.source) == (Source.SENDER_SAID, Source.OWN)
    assert [(one.stage, one.at_ns, one.process) for one in story.sender.receipts] == [
        (Stage.CAPTURED, START + 57 * S, ""),
        (Stage.CLEARED, START + 57 * S + 1, ""),
    ]
    assert story.sender.receipts[1].fields == {"policy": POLICY}
    assert story.stage is Stage.DELIVERED


def test_with_both_journals_at_hand_both_halves_are_known_whatever_the_clocks_say(
    outer: Mapping[str, Path], tmp_path: Path
) -> None:
    inner = write(tmp_path / "inner", inner_events())
    story = life(57, {Side.OUTER: outer, Side.INNER: inner})
    assert story
    assert (story.sender.source, story.receiver.source) == (Source.OWN, Source.OWN)
    assert [one.stage for one in story.receiver.receipts] == [
        Stage.RECEIVED,
        Stage.ADMITTED,
        Stage.DELIVERED,
    ]
    assert story.stage is Stage.DELIVERED


def test_a_unit_that_no_journal_knows_has_no_life(outer: Mapping[str, Path]) -> None:
    assert life(100_000, {Side.OUTER: outer}) is None
