"""Outcomes from journal to journal: told once where nothing fails, told again after a crash, never lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.audit.event import Event
from gateway.audit.journal import open_journal
from gateway.audit.of_lane import OfLane
from gateway.errors import Field
from gateway.guard.hop import Hop
from gateway.guard.outcome import Outcome, Passed
from gateway.receiving.outcomes import OutcomesHeard
from gateway.sending import outcomes as telling
from gateway.sending.outcomes import OutcomeTeller
from gateway.sending.own import clear_outcomes
from gateway.spool.model import Entry, Taken
from gateway.unit.decode import decode_manifest
from gateway.unit.model import Kind, Lane, Stage
from gateway.unit.outcomes import (
    FIRST_OWN_NUMBER,
    MAX_OUTCOMES,
    UnitOutcome,
    What,
    decode_outcomes,
)
from gateway.unit.stages import Cleared
from tests.support.fakes import BoardOfOne, ListRecorder, MemoryQueue
from tests.support.keys import NOW_NS, GateKeys, cleared

# In these tests the teller gives even numbers, and asks about odd ones.


SECOND_NS = NOW_NS // 10**9 * 10**9


def is_odd(number: int) -> bool:
    return number % 2 == 1


class World:
    """A host that tells, and the guard of the other one that hears."""

    def __init__(self, folder: Path, gate: GateKeys) -> None:
        self.folder, self.gate = folder, gate
        self.journals = {p: open_journal(folder / p, p) for p in ("edge", "guard")}
        self.cleared, self.told = MemoryQueue(), ListRecorder()
        self.board, self.heard_board = BoardOfOne(), BoardOfOne()
        self.heard = ListRecorder()
        self.now_s = 0.0
        self.received, self.admitted = MemoryQueue(), MemoryQueue(folder / "staging")
        self.start()
        self.tells = False
        work = OutcomesHeard(_pass_on, gate.opener(), is_odd, lambda: self.tells)
        self.hop = Hop(
            self.received, self.admitted, work, self.heard, self.heard_board, stage=Stage.ADMITTED
        )

    def start(self) -> None:
        folders = {process: self.folder / process for process in self.journals}
        self.teller = OutcomeTeller(
            folders, self.folder / "outcomes.json", self.cleared, self.gate.sealer(), Lane.EXPORT,
            self.told, self.board, residue=0, statuses=lambda: {201}, now_ns=lambda: NOW_NS,
        )  # fmt: skip

    def happens(
        self, process: str, what: str, *units: int, number: int = 0, **fields: Field
    ) -> None:
        journal = self.journals[process]
        recorder = OfLane(journal, Lane.EXPORT) if process == "guard" else journal
        for unit in units:
            event = Event(
                what, NOW_NS + unit, unit, "lab", number, {"name": "secret.pdf", **fields}
            )
            recorder.record(event)
        journal.commit()

    def delivered(self, *units: int) -> None:
        """Let in by the guard, and delivered by the edge."""
        self.happens("guard", "admitted", *units)
        self.happens("edge", "delivered", *units)

    def tell(self) -> None:
        self.now_s += 10.0
        self.teller.step(self.now_s)

    def cross(self) -> None:
        """The lane: what is cleared there is received here."""
        taken = self.cleared.take(100, 1 << 30)
        self.received.put([Entry(t.number, b"", t.body.read()) for t in taken])
        self.cleared.ack([t.number for t in taken])
        while self.hop.step(self.now_s) == 0.0:
            pass

    def outcomes(self) -> list[tuple[int | None, object, int]]:
        found = [event for event in self.heard.events if event.what == "outcome"]
        return [(event.unit, event.fields["became"], event.number) for event in found]


def _pass_on(taken: Taken) -> Outcome:
    return Passed(Entry(taken.number, b"judged", taken.body.read()), "lab")


@pytest.fixture
def world(tmp_path: Path, gate: GateKeys) -> Iterator[World]:
    (tmp_path / "staging").mkdir()
    world = World(tmp_path, gate)
    yield world
    world.hop.close()
    for journal in world.journals.values():
        journal.close()


def test_what_became_of_their_units_is_told_and_nothing_of_our_own(world: World) -> None:
    world.happens("guard", "refused", 1, number=3102)
    world.happens("guard", "refused", 2, number=3102)
    world.happens("guard", "admitted", 3)
    world.happens("guard", "admitted", 5, released_by="li")
    world.happens("guard", "held", 7, number=2210)
    world.happens("edge", "delivered", 3)
    world.happens("edge", "captured", 4)
    world.happens("guard", "corrupt", 9, number=4306)
    world.tell()
    world.cross()
    assert sorted(world.outcomes()) == [
        (1, "refused", 3102),
        (3, "delivered", 0),
        (5, "released", 0),
        (7, "held", 2210),
        (9, "corrupt", 4306),
    ]
    delivered = next(e for e in world.heard.events if e.unit == 3)
    assert delivered.fields["there_at_ns"] == NOW_NS // 10**9 * 10**9
    assert delivered.channel == ""
    assert "secret" not in repr(world.heard.events)
    (heard,) = [e for e in world.heard.events if e.what == "outcomes.heard"]
    assert heard.fields["outcomes"] == 5
    assert heard.unit is not None and heard.unit >= FIRST_OWN_NUMBER
    assert not world.admitted.entries
    assert world.received.acknowledged == [heard.unit]
    assert world.told.names() == ["outcomes.told"]


def test_what_became_of_requests_is_told_by_status_and_to_the_edge_as_well(world: World) -> None:
    world.tells = True
    world.happens("guard", "admitted", 1, 3, 5, 7, 9)
    for unit, status, number in ((1, 201, 0), (3, 204, 0), (5, 0, 6388)):
        world.happens("edge", "delivered", unit, number=number, status=status)
    world.happens("edge", "refused", 7, number=6423)
    world.happens("edge", "refused", 9, number=6999)
    world.tell()
    world.cross()
    assert sorted(world.outcomes()) == [
        (1, "performed", 0),
        # A status that no answer of the policy has is not told, nor a number of no list.
        (3, "performed", 5744),
        (5, "performed", 6388),
        (7, "refused", 6423),
        (9, "refused", 5744),
    ]
    statuses = [e.fields.get("status") for e in world.heard.events if e.what == "outcome"]
    assert sorted(statuses, key=str) == [201, None, None, None, None]
    (entry,) = world.admitted.entries.values()
    assert isinstance(entry.body, bytes)
    assert decode_outcomes(entry.body)[0] == UnitOutcome(1, What.PERFORMED, 201, SECOND_NS)
    assert decode_manifest(entry.header).kind is Kind.OUTCOMES


def test_an_edge_whose_queue_is_full_is_told_later(world: World) -> None:
    world.tells = True
    world.happens("guard", "refused", 1, number=3102)
    world.admitted.full = True
    world.tell()
    world.cross()
    assert (world.outcomes(), world.received.acknowledged) == ([], [])
    world.admitted.full = False
    world.received.due_s = dict.fromkeys(world.received.due_s, 0.0)
    world.cross()
    assert world.outcomes() == [(1, "refused", 3102)]
    assert len(world.admitted.entries) == 1


def test_nothing_is_sent_when_nothing_happened_and_history_is_not_told(
    tmp_path: Path, gate: GateKeys
) -> None:
    for process in ("edge", "guard"):
        with_history = open_journal(tmp_path / process, process)
        with_history.record(Event("delivered", NOW_NS, 1))
        with_history.commit()
        with_history.close()
    world = World(tmp_path, gate)
    world.tell()
    assert world.cleared.entries == {}
    world.delivered(3)
    world.start()
    world.tell()
    assert len(world.cleared.entries) == 1


def test_thousands_go_in_several_units(world: World) -> None:
    units = range(1, 2 * (2 * MAX_OUTCOMES + 10), 2)
    world.delivered(*units)
    world.tell()
    assert len(world.cleared.entries) == 3
    world.cross()
    assert [unit for unit, _, _ in world.outcomes()] == list(units)


@pytest.mark.parametrize("where", ["before the put", "after the put", "while saving"])
def test_a_crash_anywhere_repeats_some_and_loses_none(
    world: World, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.delivered(1)
    world.tell()
    world.delivered(3)

    class Died(Exception):
        pass

    def die(*_: object, **__: object) -> None:
        raise Died

    with monkeypatch.context() as patched:
        if where == "before the put":
            patched.setattr(world.cleared, "put", die)
        elif where == "after the put":
            patched.setattr(ListRecorder, "record", die)
        else:
            patched.setattr(telling, "replace", die)
        with pytest.raises(Died):
            world.tell()
    world.start()
    world.delivered(5)
    world.tell()
    world.cross()
    assert {unit for unit, _, _ in world.outcomes()} == {1, 3, 5}
    numbers = [event.unit for event in world.told.events]
    assert len(numbers) == len(set(numbers))


def test_what_cannot_be_told_now_is_told_later(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.delivered(1)
    world.cleared.full = True
    world.tell()
    assert world.board.alarms[5740] == {"reason": 6502}
    world.cleared.full = False
    world.tell()
    assert world.board.alarms == {}
    world.cross()
    assert world.outcomes() == [(1, "delivered", 0)]


def test_a_damaged_place_is_an_alarm_and_telling_goes_on_from_now(world: World) -> None:
    world.delivered(1)
    (world.folder / "outcomes.json").write_text("{")
    world.start()
    assert 5742 in world.board.alarms
    world.delivered(3)
    world.tell()
    world.cross()
    assert world.outcomes() == [(3, "delivered", 0)]


def refused(world: World, sealed: Cleared) -> tuple[int, int, str]:
    content, manifest = world.gate.sealer().seal_bytes(sealed)
    world.received.put([Entry(manifest.number, b"", content)])
    world.cross()
    return world.received.rejected[-1]


def own(
    number: int, *units: int, what: What = What.DELIVERED, reason: int = 0, at_ns: int = 10**9
) -> Cleared:
    return clear_outcomes(number, [UnitOutcome(u, what, reason, at_ns) for u in units], NOW_NS)


def test_a_unit_that_breaks_the_rule_is_set_aside_and_not_believed(world: World) -> None:
    number = FIRST_OWN_NUMBER + 1000
    assert refused(world, own(number, 1, 2))[1:] == (5743, "refused")
    assert refused(world, own(number + 1, 1))[1:] == (5743, "refused")
    assert refused(world, cleared(b"a file", number=number + 2))[1:] == (5743, "refused")
    assert refused(world, own(number + 3, 2, at_ns=10**9 + 1))[1:] == (5743, "refused")
    assert refused(world, own(number + 4, 2, reason=3102))[1:] == (5743, "refused")
    assert world.outcomes() == []


def test_another_unit_goes_its_ordinary_way(world: World) -> None:
    content, _ = world.gate.sealer().seal_bytes(cleared(b"a file", number=4))
    world.received.put([Entry(4, b"", content)])
    world.cross()
    assert list(world.admitted.entries) == [4]


def test_a_journal_that_cannot_be_written_keeps_the_unit(world: World) -> None:
    world.delivered(1)
    world.tell()
    world.heard.broken = True
    world.cross()
    assert world.received.acknowledged == []
    world.heard.broken = False
    world.received.restart()
    world.cross()
    assert len(world.received.acknowledged) == 1


def test_an_end_that_comes_before_the_guards_word_waits_for_it_also_over_a_restart(
    world: World,
) -> None:
    world.happens("edge", "delivered", 1)
    world.delivered(3)
    world.tell()
    world.start()
    world.happens("guard", "admitted", 1)
    world.tell()
    world.cross()
    assert world.outcomes() == [(3, "delivered", 0), (1, "delivered", 0)]


def test_what_is_open_lasts_over_a_restart(world: World) -> None:
    world.happens("guard", "admitted", 1, 3, 5)
    world.delivered(7)
    world.tell()
    world.start()
    world.happens("edge", "delivered", 3)
    world.tell()
    world.cross()
    assert world.outcomes() == [(7, "delivered", 0), (3, "delivered", 0)]
