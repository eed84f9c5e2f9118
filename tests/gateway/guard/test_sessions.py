"""The table of sessions: places in order, what is missed, what is over. Time is the test's."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gateway.errors import Refused, Unavailable
from gateway.guard.sessions import (
    ALIVE_S,
    GAP_S,
    MAX_EARLY,
    SILENT_S,
    Held,
    Item,
    Sessions,
    pace,
)
from gateway.policy.live import Form, LiveRule, MessageRule
from gateway.policy.operations import ContentRule
from gateway.policy.values import Rate
from gateway.unit.model import Kind, Lane, Manifest
from gateway.unit.session import MessageBody

RULE = MessageRule(ContentRule("text", 1, ("text/plain",), 1024, ()), True, Rate(5, 1.0))
LIVE = LiveRule(Form.WEBSOCKET, RULE, RULE, in_all=3, idle_s=30.0, longest_s=100.0)


def item(sequence: int, content: bytes = b"x") -> Item:
    body = MessageBody(2, "ward", sequence, True, "", "", len(content))
    manifest = Manifest(4, "c", Kind.REQUESTS, Lane.IMPORT, 1, 2, "0" * 64, body, b"\0" * 32)
    return manifest, content


def begun(sessions: Sessions, number: int = 2, *, is_asker: bool = False) -> Held:
    return sessions.begin(number, "c", "ward", LIVE, 0.0, is_asker=is_asker)


def places(sessions: Sessions, held: Held, *sequences: int, now_s: float = 0.0) -> list[int]:
    """Those that come out, in their order."""
    out: list[int] = []
    for sequence in sequences:
        turn = sessions.arrived(held, sequence, item(sequence), now_s)
        out += [one.body.sequence for one, _ in turn if isinstance(one.body, MessageBody)]
    return out


def number(act: Callable[[], object]) -> int:
    with pytest.raises((Refused, Unavailable)) as refused:
        act()
    return refused.value.number


def test_messages_come_out_in_the_order_of_their_places_however_they_come() -> None:
    sessions = Sessions()
    held = begun(sessions)
    assert places(sessions, held, 1) == [1]
    assert places(sessions, held, 4, 3) == []
    assert places(sessions, held, 2) == [2, 3, 4]
    assert sessions.due(GAP_S * 2) == []


@pytest.mark.parametrize("sequence", [0, 1, 2, 4, 5 + MAX_EARLY])
def test_twice_late_or_far_ahead_is_refused(sequence: int) -> None:
    sessions = Sessions()
    held = begun(sessions)
    places(sessions, held, 1, 2, 4)
    assert number(lambda: places(sessions, held, sequence)) == 5793
    assert places(sessions, held, 3) == [3, 4]


@pytest.mark.parametrize("how", ["a later message", "one far ahead", "alive"])
def test_a_message_that_does_not_come_ends_the_session(how: str) -> None:
    sessions = Sessions()
    held = begun(sessions)
    places(sessions, held, 1)
    match how:
        case "a later message":
            places(sessions, held, 3, now_s=1.0)
        case "one far ahead":
            assert number(lambda: places(sessions, held, 500, now_s=1.0)) == 5793
        case _:
            sessions.alive(held, 3, 1.0)
    assert sessions.due(1.0 + GAP_S) == []
    (due,) = sessions.due(1.1 + GAP_S)
    assert (due.held, due.number, due.fields) == (held, 5795, {"sequence": 2})


def test_a_gap_that_is_filled_is_none_and_a_second_one_has_its_own_time() -> None:
    sessions = Sessions()
    held = begun(sessions)
    places(sessions, held, 2, now_s=0.0)
    sessions.alive(held, 5, 1.0)
    assert places(sessions, held, 1, now_s=1.5) == [1, 2]
    assert sessions.due(1.0 + GAP_S) == []
    assert [due.number for due in sessions.due(1.6 + GAP_S)] == [5795]
    assert places(sessions, held, 3, 4, now_s=2.0) == [3, 4]
    assert sessions.due(10.0) == []


def test_silence_idleness_and_age_each_end_a_session() -> None:
    sessions = Sessions()
    held = begun(sessions)
    assert [due.number for due in sessions.due(SILENT_S + 0.1)] == [5796]
    for now_s in map(float, range(0, 120, 5)):
        sessions.alive(held, 1, now_s)
        numbers = [due.number for due in sessions.due(now_s)]
        assert numbers == ([] if now_s <= 30 else [5797])
        if now_s == 90:
            break
    for now_s in (95.0, 101.0):
        sessions.alive(held, 1, now_s)
        held.passed(held.out, 10, now_s)
    assert [due.number for due in sessions.due(101.0)] == [5798]


def test_the_far_side_is_told_now_and_then_of_open_sessions_only() -> None:
    sessions = Sessions()
    held, other = begun(sessions, 2), begun(sessions, 4, is_asker=True)
    held.is_open = True
    assert sessions.unsaid(ALIVE_S) == [held]
    assert sessions.unsaid(ALIVE_S) == []
    other.is_open = True
    assert sessions.unsaid(2 * ALIVE_S) == [held, other]


def test_there_are_so_many_and_each_number_is_one_for_ever() -> None:
    sessions = Sessions()
    for one in (2, 4, 6):
        held = begun(sessions, one)
    assert number(lambda: begun(sessions, 8)) == 5790
    assert number(lambda: begun(sessions, 6)) == 5793
    assert sessions.end(held) and not sessions.end(held)
    assert number(lambda: begun(sessions, 6)) == 5793
    assert number(lambda: sessions.find(6, "c", "ward")) == 5792
    assert number(lambda: sessions.find(8, "c", "ward")) == 5791
    assert number(lambda: sessions.find(2, "c", "other")) == 5794
    assert number(lambda: sessions.find(2, "d", "ward")) == 5794
    assert sessions.find(2, "c", "ward").number == 2


def test_an_edge_gives_each_place_once_and_in_turn() -> None:
    sessions = Sessions()
    held = begun(sessions)
    sessions.out(held, 1)
    assert number(lambda: sessions.out(held, 1)) == 5793
    assert number(lambda: sessions.out(held, 3)) == 5793
    sessions.out(held, 2)


def test_more_than_twice_the_rate_is_not_what_an_edge_of_ours_lets_through() -> None:
    held = begun(Sessions())
    # What came in ten seconds may come at once, behind a process that stood still.
    for _ in range(100):
        pace(held.out, 0.0)
    assert number(lambda: pace(held.out, 0.0)) == 5799
    pace(held.out, 0.1)


def test_what_waits_is_bounded_for_all_sessions_together() -> None:
    sessions = Sessions()
    held = begun(sessions)
    large = bytes(1 << 20)
    for sequence in range(2, 18):
        sessions.arrived(held, sequence, item(sequence, large), 0.0)
    assert number(lambda: sessions.arrived(held, 18, item(18, large), 0.0)) == 5793
    # The one that is missing goes on at once, and makes room.
    assert len(sessions.arrived(held, 1, item(1, large), 0.0)) == 17
    assert sessions.arrived(held, 19, item(19, large), 0.0) == []
