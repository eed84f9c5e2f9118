"""What one process or person taken over tries in a two-way gate."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

from gateway.audit.event import Event
from gateway.audit.journal import Journal, open_journal
from gateway.audit.of_lane import OfLane
from gateway.receiving.outcomes import OutcomesHeard
from gateway.sending.outcomes import OTHER_REASON, OutcomeTeller
from gateway.unit.model import Lane
from gateway.unit.outcomes import UnitOutcome
from tests.support.fakes import BoardOfOne, ListRecorder, MemoryQueue
from tests.support.keys import NOW_NS, GateKeys, make_gate


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
