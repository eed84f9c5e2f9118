"""A submitted request is durable before its caller hears of it, or its caller hears why not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest

from gateway.errors import GatewayError, StateUncertain, Unavailable
from gateway.sending import submitting
from gateway.sending.submitting import QueueSubmitter
from gateway.unit.decode import decode_captured
from gateway.unit.model import CapturedUnit, Kind
from gateway.unit.request import RequestBody
from tests.support.fakes import BoardOfOne, ListRecorder, MemoryQueue


def unit(number: int, operation: str = "order") -> CapturedUnit:
    body = RequestBody(operation, (), (), (), "application/json", 2, 2_000)
    return CapturedUnit(number, "orders", Kind.REQUESTS, time.time_ns(), body, "CN=portal-01")


class Noted:
    def __init__(self) -> None:
        self.numbers: list[int] = []

    def submitted(self, units: Sequence[CapturedUnit]) -> None:
        self.numbers += [one.number for one in units]

    def not_kept(self, units: Sequence[CapturedUnit]) -> None:
        self.numbers = [n for n in self.numbers if n not in {one.number for one in units}]


class World:
    def __init__(self, folder: Path) -> None:
        self.queue = MemoryQueue(folder / "staging")
        self.queue.staging().mkdir()
        self.journal, self.noted = ListRecorder(), Noted()
        self.submitter = QueueSubmitter(self.queue, self.journal, BoardOfOne(), self.noted)

    def run(
        self, *asked: Callable[[QueueSubmitter], Awaitable[None]], steps: int = 20
    ) -> list[GatewayError | None]:
        """Callers side by side, with the steps between; what each was told."""

        async def all_of_them() -> list[GatewayError | None]:
            tasks = [asyncio.ensure_future(one(self.submitter)) for one in asked]
            for _ in range(steps):
                await asyncio.sleep(0)
                try:
                    self.submitter.step(0.0)
                except Unavailable:
                    continue
            found = await asyncio.gather(*tasks, return_exceptions=True)
            assert all(one is None or isinstance(one, GatewayError) for one in found), found
            return found  # type: ignore[return-value]

        return asyncio.run(all_of_them())


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_all_that_wait_share_a_commit_and_are_told_when_it_is_durable(world: World) -> None:
    found = world.run(*(lambda s, n=n: s.submit(unit(n), b"{}") for n in (2, 4, 6)))
    assert found == [None] * 3
    assert list(world.queue.entries) == [2, 4, 6] == world.noted.numbers
    event = world.journal.events[0]
    assert (event.what, event.unit, event.fields["name"], event.fields["caller"]) == (
        "captured", 2, "order", "CN=portal-01",
    )  # fmt: skip
    assert world.journal.committed == 3
    assert decode_captured(world.queue.entries[2].header).number == 2


def test_a_full_disk_keeps_nothing_and_says_so(world: World, tmp_path: Path) -> None:
    world.queue.full = True
    file = world.submitter.staging() / "2"
    file.write_bytes(b"{}")
    (error,) = world.run(lambda s: s.submit(unit(2), file))
    assert isinstance(error, Unavailable) and error.number == 6502
    assert not file.exists()
    assert world.journal.events == []


def test_what_no_guard_could_read_is_refused_at_once(world: World) -> None:
    file = world.submitter.staging() / "2"
    file.write_bytes(b"{}")
    (error,) = world.run(lambda s: s.submit(unit(2, "No Word"), file))
    assert error is not None and error.number == 1080
    assert (world.queue.entries, file.exists()) == ({}, False)


def test_a_number_that_the_queue_has_had_is_no_request(world: World) -> None:
    world.run(lambda s: s.submit(unit(2), b"{}"))
    (error,) = world.run(lambda s: s.submit(unit(2), b"{}"))
    assert error is not None and error.number == 6420


def test_a_journal_that_cannot_be_written_leaves_its_caller_waiting(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(submitting, "DURABLE_WITHIN_S", 0.05)
    world.journal.broken = True
    (error,) = world.run(lambda s: s.submit(unit(2), b"{}"))
    assert isinstance(error, StateUncertain) and error.number == 6422
    world.journal.broken = False
    world.submitter.step(0.0)
    assert [event.unit for event in world.journal.events] == [2], "it is there, and told once"


def test_more_than_its_bound_and_after_its_end_is_come_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(submitting, "MAX_WAITING", 2)
    found = world.run(*(lambda s, n=n: s.submit(unit(n), b"{}") for n in (2, 4, 6)))
    assert [error.number for error in found if error is not None] == [6420]
    world.submitter.close()
    (error,) = world.run(lambda s: s.submit(unit(8), b"{}"))
    assert error is not None and error.number == 6420
