"""However an edge ends, before or after any call that changes something: nothing submitted is lost or twice.

near   a caller who got his receipt has one request in the queue, any other none or one
far    a request is performed once, or at most once and told as unknown; a repeatable one three times at most
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.receiving.due_requests import Terms
from gateway.receiving.durable_performing import MOST_TRIES
from gateway.sending.receipts import Receipts, State
from gateway.sending.submitting import QueueSubmitter
from gateway.spool import open_reader, open_writer
from gateway.unit.decode import decode_captured
from gateway.unit.model import CapturedUnit, Kind
from gateway.unit.outcomes import UnitOutcome, What
from gateway.unit.request import RequestBody
from tests.crash.test_edge import Executioner, Killed, place
from tests.support.fakes import BoardOfOne, ListRecorder
from tests.support.performing import SUBMIT, Far, PlayedPeer, entry

__all__ = ["place"]

NUMBERS = (2, 4, 6)
ROUNDS = 8


def folders(place: Path) -> Iterator[Path]:
    for n in range(10_000):
        (place / str(n)).mkdir()
        yield place / str(n)


def run(
    folder: Path,
    peer: PlayedPeer,
    terms: Terms,
    told: Counter[tuple[int | None, str]],
    armed: Callable[[], None] = lambda: None,
) -> bool:
    """One run of the far edge; whether it came to its end. told: what its journal has durably."""
    queue = open_reader(folder / "admitted")
    far = None
    try:
        armed()
        far = Far(folder, queue, peer, lambda _c, _o: terms)
        far.steps(ROUNDS)
        return True
    except Killed:
        return False
    finally:
        if far is not None:
            for event in far.journal.events[: far.journal.committed]:
                told[event.unit, event.what] += 1
            far.marks.close()
        queue.close()


@pytest.mark.parametrize("terms", [SUBMIT, replace(SUBMIT, is_repeatable=True)])
def test_an_end_of_the_far_edge_performs_nothing_twice(
    place: Path, monkeypatch: pytest.MonkeyPatch, terms: Terms
) -> None:
    executioner, ended, unknown, at = Executioner(monkeypatch), 0, 0, 0
    fresh = folders(place)
    while True:
        survived = False
        for after in (False, True):
            folder, peer = next(fresh), PlayedPeer()
            writer = open_writer(folder / "admitted", reserve_bytes=0)
            writer.put([entry(number) for number in NUMBERS])
            told: Counter[tuple[int | None, str]] = Counter()
            survived = run(folder, peer, terms, told, lambda: executioner.end_at(at, after=after))  # noqa: B023
            executioner.end_at(-1, after=False)
            run(folder, peer, terms, told)
            writer.close()
            counts = peer.counts()
            for number in NUMBERS:
                where = f"{number} ended at {at}, after={after}"
                most = MOST_TRIES if terms.is_repeatable else 1
                assert counts[number] <= most, where
                done = told[number, "request.performed"] > 0
                lost = told[number, "request.unknown"] > 0
                assert done or lost, where
                assert counts[number] >= 1 or lost, where
                unknown += lost
            assert counts[6] >= 1 or told[6, "request.unknown"], "the last one goes on"
            ended += not survived
        if survived:
            break
        at += 1
    assert ended > 20
    # Some of the ends lie between the mark and the result; what may be repeated is, then.
    assert (unknown > 0) is not terms.is_repeatable


def unit_of(number: int) -> CapturedUnit:
    body = RequestBody("order", (("id", str(number)),), (), (), "application/json", 7, 2_000)
    return CapturedUnit(number, "orders", Kind.REQUESTS, time.time_ns(), body, "CN=portal-01")


def submit_all(submitter: QueueSubmitter, numbers: tuple[int, ...]) -> set[int]:
    """Callers in a loop of their own, the steps here; gives whose receipts were given."""
    received: set[int] = set()
    ready, over = threading.Event(), threading.Event()

    async def callers() -> None:
        async def one(number: int) -> None:
            await submitter.submit(unit_of(number), b'{"a":1}')
            received.add(number)

        tasks = [asyncio.ensure_future(one(number)) for number in numbers]
        await asyncio.sleep(0)
        ready.set()
        while not over.is_set() and not all(task.done() for task in tasks):
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.01)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    thread = threading.Thread(target=asyncio.run, args=(callers(),))
    thread.start()
    try:
        assert ready.wait(10)
        for _ in range(3):
            submitter.step(0.0)
    finally:
        over.set()
        thread.join(10)
    return received


def test_an_end_of_the_near_edge_loses_no_request_of_a_receipt(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    executioner, ended, at = Executioner(monkeypatch), 0, 0
    fresh = folders(place)
    while True:
        survived = False
        for after in (False, True):
            folder = next(fresh)
            queue = open_writer(folder / "captured", reserve_bytes=0)
            receipts = Receipts(folder / "receipts", BoardOfOne())
            submitter = QueueSubmitter(queue, ListRecorder(), BoardOfOne(), receipts)
            received: set[int] = set()
            executioner.end_at(at, after=after)
            with suppress(Killed):
                received = submit_all(submitter, NUMBERS)
                receipts.heard([UnitOutcome(2, What.PERFORMED, 201, 0)])
                survived = True
            executioner.end_at(-1, after=False)
            queue.close()
            receipts.close()
            open_writer(folder / "captured", reserve_bytes=0).close()
            reader = open_reader(folder / "captured")
            found = [decode_captured(one.header).number for one in reader.take(64, 1 << 20)]
            reader.close()
            where = f"ended at {at}, after={after}"
            assert len(found) == len(set(found)) and received <= set(found), where
            again = Receipts(folder / "receipts", BoardOfOne())
            known = {n: again.known(n, "orders", "CN=portal-01") for n in found}
            assert all(one is not None for one in known.values()), where
            if survived and 2 in known and known[2] is not None:
                assert (known[2].state, known[2].status) == (State.PERFORMED, 201)
            again.close()
            ended += not survived
        if survived:
            break
        at += 1
    assert ended > 5
