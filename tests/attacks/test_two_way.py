"""What one process or person taken over tries in a two-way gate."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest

from gateway.audit.event import Event
from gateway.audit.journal import Journal, open_journal
from gateway.audit.of_lane import OfLane
from gateway.connectors.request.problem import problem_of
from gateway.errors import Refused, StateUncertain, Unavailable
from gateway.exchange.frames import Frame, FrameKind
from gateway.ferry.oneway.receiver import OneWayReceiver
from gateway.ferry.oneway.window import Known
from gateway.guard.let_in import LetIn
from gateway.guard.letting_go import Done, LettingGo
from gateway.guard.passing import Passing
from gateway.guard.together import Judging
from gateway.guard.told import OF_EDGES, OF_GUARDS, OTHERWISE, of_far_side
from gateway.policy.model import PolicySet
from gateway.receiving.outcomes import OutcomesHeard
from gateway.sending.outcomes import OTHER_REASON, OutcomeTeller
from gateway.unit.counted import AHEAD, first_of_minute, is_of
from gateway.unit.decode import MAX_CAPTURED_BYTES
from gateway.unit.model import Lane, Side
from gateway.unit.number import MAX_NUMBER
from gateway.unit.outcomes import FIRST_OWN_NUMBER, UnitOutcome
from gateway.unit.request import MAX_CONTENT_BYTES, Consequence, FailureBody
from tests.gateway.ferry.harness import KEY
from tests.gateway.ferry.test_transient import Lane as Link
from tests.gateway.guard.exchange_world import World, captured, frame_of
from tests.support.fakes import BoardOfOne, ListRecorder, MemoryQueue
from tests.support.keys import NOW_NS, GateKeys, make_gate
from tests.support.requests import request


class Telling:
    """The inner guard that tells outcomes, and the journal that its edge writes as it likes."""

    def __init__(self, folder: Path) -> None:
        self.gate: GateKeys = make_gate(folder / "keys", epochs=1)
        self.edge: Journal = open_journal(folder / "edge", "edge")
        self.guard: Journal = open_journal(folder / "guard", "guard")
        self.of_lane = OfLane(self.guard, Lane.IMPORT)
        self.cleared, self.now_s = MemoryQueue(), 0.0
        self.teller = OutcomeTeller(
            {"edge": folder / "edge", "guard": folder / "guard"}, folder / "outcomes.json",
            self.cleared, self.gate.sealer(), Lane.IMPORT, ListRecorder(), BoardOfOne(),
            residue=1, now_ns=lambda: NOW_NS,
        )  # fmt: skip

    def admitted(self, *units: int) -> None:
        for unit in units:
            self.of_lane.record(Event("admitted", NOW_NS, unit, "lab"))
        self.guard.commit()

    def forged(self, what: str, unit: int, at_ns: int = NOW_NS, number: int = 0) -> None:
        self.edge.record(Event(what, at_ns, unit, "lab", number))

    def told(self) -> list[UnitOutcome]:
        """What crosses, after some turns."""
        self.edge.commit()
        self.guard.commit()
        for _ in range(3):
            self.now_s += 2.0
            self.teller.step(self.now_s)
        opener = self.gate.opener()
        heard = OutcomesHeard(_none, opener, lambda unit: unit % 2 == 0)
        found: list[UnitOutcome] = []
        for taken in self.cleared.take(1000, 1 << 30):
            found += heard.outcomes(*opener.open_bytes(taken.body.read(), taken.number))
        return found


def _none(_: object) -> NoReturn:
    raise AssertionError


def test_an_inner_edge_cannot_send_bytes_out_as_outcomes(tmp_path: Path) -> None:
    world = Telling(tmp_path)
    secret = b"PATIENT 4711 ..." * 100
    for at in range(0, len(secret), 11):
        part = secret[at : at + 11].ljust(11, b"\0")
        unit = int.from_bytes(part[:4], "big") << 1
        world.forged("delivered", unit, int.from_bytes(part[4:], "big"), 1000 + at % 9000)
    assert world.told() == []


def test_an_edge_says_one_end_of_a_unit_and_neither_its_time_nor_a_number_of_its_own(
    tmp_path: Path,
) -> None:
    world = Telling(tmp_path)
    world.admitted(10, 12, 14, 16)
    for unit, at_ns in ((14, 77), (10, 4711)):
        for what, number in (("refused", 4711), ("delivered", 4711), ("corrupt", 2532)):
            world.forged(what, unit, at_ns, number)
    world.forged("refused", 12, 5, 2531)
    world.forged("delivered", 16, 5, 9999)
    second = NOW_NS // 10**9 * 10**9
    # In the order of numbers, not in one that the edge chose.
    assert [(one.unit, one.what.word, one.reason, one.at_ns) for one in world.told()] == [
        (10, "refused", OTHER_REASON, second),
        (12, "refused", 2531, second),
        (14, "refused", OTHER_REASON, second),
        (16, "delivered", 0, second),
    ]
    world.forged("delivered", 10)
    assert world.told() == []


def test_a_number_of_the_other_side_that_an_edge_captures_under_is_not_told(tmp_path: Path) -> None:
    world = Telling(tmp_path)
    # What this guard records when it refuses what its own edge has captured.
    OfLane(world.guard, Lane.EXPORT).record(Event("refused", NOW_NS, 0x5345 << 1, "lab", 1051))
    world.guard.record(Event("corrupt", NOW_NS, 0x4352 << 1, "lab", 1052))
    assert world.told() == []


def is_of_outer(number: int) -> bool:
    return is_of(number, Side.OUTER)


def test_frames_of_the_cable_are_not_performed_again_however_much_came_since(
    tmp_path: Path,
) -> None:
    world, link = World(tmp_path), Link(session=9)
    journal, state = open_journal(tmp_path / "guard", "guard"), tmp_path / "let-in.json"
    sealed = frame_of(world.asked(1_000_000))
    link.gap.recorded = []
    link.pass_on()
    link.urgent.put(sealed.number, sealed.content)
    link.pass_on()
    on_the_cable = list(link.gap.recorded)
    (event,) = world.inner.admit(replace(sealed, content=link.came[0])).events
    assert event.what == "request.passed"
    journal.record(event)
    # The inner host's own callers ask for a day; then ferry and guard are started anew.
    for number in range(20_000):
        asked = Event("request.passed", event.at_ns, 1_000_001 + 2 * number, "lookups")
        journal.record(asked)
    journal.commit()
    link.came.clear()
    known = Known(link.receiver.session or 0, link.receiver.highest)
    link.receiver = OneWayReceiver(link.shape, 1, KEY, known=known)
    world.start(Side.INNER, LetIn(tmp_path / "guard", state, is_of_outer).floor)

    link.gap.waiting.extend(on_the_cable)
    link.hear()
    assert link.came == [sealed.content], "the ferry's window of transient blocks begins empty"
    done = world.inner.admit(replace(sealed, content=link.came[0]))
    assert (done.events[0].what, done.events[0].number) == ("request.refused", 5766)
    assert done.frame == b""


@pytest.mark.parametrize(
    "number",
    [1_000_003, MAX_NUMBER - 1, FIRST_OWN_NUMBER, first_of_minute(time.time_ns()) + 2 * AHEAD],
    ids=["odd", "the last", "the gate's own", "two weeks ahead"],
)
def test_a_number_that_the_outer_edge_does_not_give_bars_no_other(
    tmp_path: Path, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(tmp_path)
    # The outer guard itself is taken over: its own check is none.
    monkeypatch.setattr("gateway.sending.transient.is_given", lambda *_: True)
    sealed = frame_of(world.asked(number))
    done = world.inner.admit(sealed)
    assert (done.events[0].what, done.events[0].number) == ("request.refused", 5776)
    assert world.inner.admitter.highest_seen() == -1
    assert world.let_in(1_000_010).number == 1_000_010


def test_a_host_that_ran_ahead_of_the_clock_is_believed_from_where_it_was(tmp_path: Path) -> None:
    world, there = World(tmp_path), first_of_minute(time.time_ns()) + 2 * AHEAD
    world.outer.clearer._counter.reached(there)
    done = world.inner.admit(frame_of(world.asked(there + 2)))
    assert (done.events[0].what, done.events[0].number) == ("request.refused", 5776)
    world.start(Side.INNER, floor=there)
    assert world.inner.admit(frame_of(world.asked(there + 4))).events[0].what == "request.passed"


@pytest.mark.parametrize("number", [1_000_001, first_of_minute(time.time_ns()) + 2 * AHEAD])
def test_an_edge_cannot_ask_under_a_number_of_the_other_side_or_of_next_month(
    tmp_path: Path, number: int
) -> None:
    world = World(tmp_path)
    head = request("order", "one", b'{"a":1}', 5000)
    done = world.outer.clear(captured(number, head, b'{"a":1}'))
    assert (done.events[0].what, done.events[0].number) == ("request.refused", 5776)


def test_heads_that_wait_in_a_guard_are_bounded_like_contents() -> None:
    begun, go_on = threading.Event(), threading.Event()
    crowded: list[int] = []

    def work(_: Frame) -> list[Judging[Done]]:
        begun.set()
        go_on.wait(20.0)
        return []

    def refuse(frame: Frame) -> Done:
        crowded.append(frame.number)
        return Done()

    letting_go = LettingGo(_drop, _drop, lambda _: [], ListRecorder(), BoardOfOne())
    passing = Passing(1, letting_go, refuse)
    head = bytes(MAX_CAPTURED_BYTES)
    first = [Frame(FrameKind.CAPTURED, 0, b"", b"")]
    neighbour = threading.Thread(target=passing.take, args=(work, first))
    neighbour.start()
    begun.wait(5.0)
    # Four of 64 MiB are left for 1,000 heads of 8 KiB: that is less than they take.
    passing.take(work, [Frame(FrameKind.CAPTURED, 0, b"", bytes(MAX_CONTENT_BYTES))] * 15)
    passing.take(work, [Frame(FrameKind.CAPTURED, n, head, b"") for n in range(2_000)])
    assert crowded
    go_on.set()
    passing.close()
    neighbour.join(5.0)


def test_a_request_that_was_offered_to_the_ferry_is_not_told_as_never_performed(
    tmp_path: Path,
) -> None:
    world = World(tmp_path)
    done = world.asked(2)
    assert done.otherwise is not None
    told = frame_of(done.otherwise(StateUncertain(5777)))
    assert (told.reason, told.consequence) == (5777, Consequence.UNCERTAIN)
    done = world.asked(4)
    assert done.otherwise is not None
    told = frame_of(done.otherwise(Unavailable(5768)))
    assert (told.reason, told.consequence) == (5768, Consequence.UNAVAILABLE)


def test_a_request_that_was_offered_to_the_edge_is_not_told_back_as_never_performed(
    tmp_path: Path,
) -> None:
    world = World(tmp_path)
    done = world.inner.admit(frame_of(world.asked(2)))
    assert done.otherwise is not None
    back = world.inner.gone(done.otherwise(StateUncertain(5777)))
    told = frame_of(world.outer.admit(frame_of(back)))
    assert (told.reason, told.consequence) == (5777, Consequence.UNCERTAIN)


def far_failure(world: World, number: int, consequence: Consequence) -> Frame:
    """What the caller's edge is told where the performing edge says this."""
    world.let_in(2)
    failure = FailureBody(2, "order", number, consequence)
    done = world.inner.clear(captured(3, failure, b"x" * 1000))
    assert done.events[0].number in {*OF_EDGES[consequence], OTHERWISE[consequence]}
    return frame_of(world.outer.admit(frame_of(done)))


@pytest.mark.parametrize(
    ("number", "consequence"),
    [
        (9876, Consequence.REFUSED),
        (1003, Consequence.UNCERTAIN),
        (8765, Consequence.ANSWER_REFUSED),
        (6350, Consequence.REFUSED),
        (6360, Consequence.REFUSED),
        (6385, Consequence.REFUSED),
        (2201, Consequence.UNAVAILABLE),
    ],
)
def test_an_edge_has_a_few_words_for_why_there_is_no_answer(
    tmp_path: Path, number: int, consequence: Consequence
) -> None:
    told = far_failure(World(tmp_path), number, consequence)
    assert (told.reason, told.consequence) == (OTHERWISE[consequence], consequence)


def test_a_guard_of_the_far_side_has_its_own_words_and_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.sending.transient.of_edge", lambda failure: failure)
    world = World(tmp_path)
    for request_number, number, told in ((2, 6350, 6376), (4, 9876, 6376), (6, 2201, 2201)):
        world.let_in(request_number)
        failure = FailureBody(request_number, "order", number, Consequence.REFUSED)
        done = world.inner.clear(captured(request_number + 1, failure, b""))
        assert frame_of(world.outer.admit(frame_of(done))).reason == told


def test_what_an_edge_may_say_is_told_as_it_is(tmp_path: Path) -> None:
    told = far_failure(World(tmp_path), 6387, Consequence.ANSWER_REFUSED)
    assert (told.reason, told.consequence) == (6387, Consequence.ANSWER_REFUSED)


def test_no_number_of_the_far_side_makes_a_caller_unknown_or_too_quick() -> None:
    for number in range(1000, 10_000):
        for consequence in Consequence:
            told = of_far_side(FailureBody(2, "order", number, consequence))
            assert told.number in OF_GUARDS | OF_EDGES[consequence] | {OTHERWISE[consequence]}
            assert problem_of(Refused(told.number)).status not in (401, 429)


def test_a_request_of_a_channel_that_is_unknown_over_there_is_told_back(tmp_path: Path) -> None:
    world = World(tmp_path)
    for policy in (PolicySet({}, "cd" * 32, ()), None):
        number = 2 if policy else 4
        sealed = frame_of(world.asked(number))
        world.policy[Side.INNER] = policy
        done = world.inner.admit(sealed)
        assert done.events[0].what == "request.refused"
        told = frame_of(world.outer.admit(frame_of(done)))
        expected = (1051, Consequence.REFUSED) if policy else (1050, Consequence.UNAVAILABLE)
        assert (told.number, (told.reason, told.consequence)) == (number, expected)


def _drop(_: object) -> None:
    """Goes nowhere."""
