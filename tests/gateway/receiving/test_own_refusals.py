"""What a guard refuses of its own edge's requests reaches that edge: once, also over a restart."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.audit.event import Event
from gateway.audit.journal import open_journal
from gateway.audit.of_lane import OfLane
from gateway.receiving.own_refusals import OwnRefusals
from gateway.unit.model import Lane
from gateway.unit.outcomes import UnitOutcome, What, decode_outcomes
from tests.support.fakes import BoardOfOne, MemoryQueue

AT_NS = 1_700_000_000 * 10**9


class World:
    def __init__(self, folder: Path) -> None:
        self.folder, self.queue, self.board = folder, MemoryQueue(folder / "staging"), BoardOfOne()
        self.journal = open_journal(folder / "guard", "guard")
        self.channels = {"orders"}
        self.now_s = 0.0
        self.start()

    def start(self) -> None:
        self.step = OwnRefusals(
            self.folder / "guard", self.folder / "own.json", self.queue, Lane.IMPORT,
            lambda name: name in self.channels or (not name and bool(self.channels)), self.board,
        )  # fmt: skip

    def happens(
        self, unit: int, what: str, channel: str = "orders", lane: Lane = Lane.IMPORT
    ) -> None:
        OfLane(self.journal, lane).record(
            Event(what, AT_NS + 5, unit, channel, 2358, {"name": "n"})
        )
        self.journal.commit()

    def tell(self) -> list[UnitOutcome]:
        self.now_s += 10.0
        self.step.step(self.now_s)
        found: list[UnitOutcome] = []
        for entry in self.queue.entries.values():
            assert isinstance(entry.body, bytes)
            found += decode_outcomes(entry.body)
        return found


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.journal.close()


def test_refusals_of_own_requests_are_told_and_no_others(world: World) -> None:
    world.happens(2, "refused")
    world.happens(4, "corrupt")
    world.happens(3, "refused", lane=Lane.EXPORT)
    world.happens(6, "refused", channel="files")
    world.happens(8, "cleared")
    # Under a number of the other side's, whose unit would be a duplicate in this queue ever after.
    world.happens(5, "refused")
    assert world.tell() == [
        UnitOutcome(2, What.REFUSED, 2358, AT_NS), UnitOutcome(4, What.CORRUPT, 2358, AT_NS),
    ]  # fmt: skip
    assert not world.queue.has(5)


def test_a_restart_repeats_some_and_loses_none(world: World) -> None:
    world.happens(2, "refused")
    world.queue.full = True
    assert world.tell() == []
    assert 6502 in world.board.alarms
    world.start()
    world.queue.full = False
    world.happens(4, "refused")
    assert [one.unit for one in world.tell()] == [2, 4]
    (world.folder / "own.json").unlink()
    world.start()
    world.happens(6, "refused")
    assert [one.unit for one in world.tell()] == [2, 4, 6]


def test_without_a_channel_that_asks_nothing_is_read(world: World) -> None:
    world.channels.clear()
    world.happens(2, "refused")
    assert world.tell() == []
    world.channels.add("orders")
    world.happens(4, "refused")
    # What was refused before there was a channel is nobody's.
    world.tell()
    world.happens(6, "refused")
    assert [one.unit for one in world.tell()] == [6]
