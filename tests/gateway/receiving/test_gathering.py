"""Beginnings of units are bounded in files, in pieces and in disk; what comes whole goes on."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from gateway.errors import StateUncertain, Unavailable
from gateway.ferry.block import Chunk
from gateway.ferry.oneway import underway
from gateway.ferry.oneway.account import Account
from gateway.receiving.gathering import Gathering
from gateway.spool.model import Entry, Put
from tests.support import syncs
from tests.support.fakes import BoardOfOne, ListRecorder, MemoryQueue


class Bench:
    """One gathering over a real folder; units above 100 bytes go through files."""

    def __init__(self, folder: Path, reserve_bytes: int = 0) -> None:
        self.folder, self.queue, self.board = folder, MemoryQueue(), BoardOfOne()
        self.account = Account(self.queue.has)
        self.gathering = Gathering(
            self.queue, self.account, folder, 100, 3600.0, ListRecorder(), self.board, reserve_bytes
        )

    def take(self, number: int, offset: int, data: bytes, total: int, now_s: float) -> None:
        chunk = Chunk(number, number, offset, total, 0, memoryview(data))
        self.gathering.take(chunk, 5, now_s)

    def files(self) -> list[int]:
        return sorted(int(path.stem, 16) for path in self.folder.glob("*.part"))


def test_of_too_many_beginnings_the_oldest_leaves_with_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(underway, "MAX_PARTIALS", 5)
    bench = Bench(tmp_path)
    for number in range(20):
        bench.take(number, 0, b"x" * 150, 400, float(number))
        bench.gathering.note(float(number))
    assert bench.files() == [15, 16, 17, 18, 19]
    assert len(list(tmp_path.iterdir())) <= 10
    assert bench.board.counters["partials_discarded_total"] == 15
    bench.take(3, 0, b"y" * 400, 400, 21.0)
    bench.gathering.put()
    assert bench.queue.has(3)


def test_what_lies_there_from_before_is_brought_within_the_bounds_at_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench(tmp_path)
    for number in range(8):
        bench.take(number, 0, b"x" * 150, 400, float(number))
    bench.gathering.close()
    monkeypatch.setattr(underway, "MAX_PARTIALS", 5)
    assert len(Bench(tmp_path).account.partials) == len(bench.files()) == 5


def test_a_unit_in_too_many_pieces_takes_no_more_and_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(underway, "MAX_PIECES_A_UNIT", 10)
    bench = Bench(tmp_path)
    for piece in range(30):
        bench.take(1, 2 * piece, b"x", 400, 1.0)
    assert len(bench.account.partials[1].got) == 10
    assert bench.board.counters["chunks_unplaced_total"] == 20


def test_a_partial_past_its_retention_goes_and_leaves_nothing_that_is_judged_later(
    tmp_path: Path,
) -> None:
    bench = Bench(tmp_path)
    bench.take(1, 200, b"x" * 100, 400, 1.0)
    bench.account.settle(5, 0, 3.0, 1)
    assert bench.account.units[1].ranges == [(0, 200)]
    bench.gathering.note(5000.0)
    assert bench.files() == []
    bench.account.settle(5, 0, 5001.0, 2)
    assert bench.account.units[1].ranges == [(0, 400)]


def test_on_a_short_disk_a_stale_beginning_makes_room_and_a_fresh_one_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench(tmp_path)
    bench.take(1, 0, b"x" * 150, 400, 1.0)
    bench.take(2, 0, b"x" * 150, 400, 90.0)
    short = Unavailable(5503, folder="partial", why="1 bytes are free, 2 stay in reserve")

    def short_of_room(size_bytes: int) -> Unavailable | None:
        return short if 1 in bench.files() or bench.board.counters.get("full") else None

    monkeypatch.setattr(bench.gathering._files, "short_of_room", short_of_room)
    bench.take(3, 0, b"x" * 150, 400, 100.0)
    assert bench.files() == [2, 3]
    bench.board.counters["full"] = 1
    with pytest.raises(Unavailable) as waits:
        bench.take(3, 150, b"x" * 100, 400, 101.0)
    assert waits.value.number == 5503
    assert bench.files() == [2, 3]


def test_the_reserve_stops_partial_units_and_lets_small_ones_pass(tmp_path: Path) -> None:
    bench = Bench(tmp_path, reserve_bytes=1 << 60)
    with pytest.raises(Unavailable):
        bench.take(1, 0, b"x" * 150, 400, 1.0)
    bench.take(2, 0, b"y" * 50, 50, 1.0)
    bench.gathering.put()
    assert bench.queue.has(2)
    assert bench.files() == []


PIECE = 9 << 20


def until_put(bench: Bench, number: int) -> list[int]:
    """Puts until the unit is in the queue or missing; gives the numbers of what was raised meanwhile."""
    raised: list[int] = []
    end_s = time.monotonic() + 30.0
    while time.monotonic() < end_s:
        try:
            bench.gathering.put()
        except Unavailable as error:
            raised.append(error.number)
        if bench.queue.has(number) or raised:
            return raised
        time.sleep(0.005)
    raise AssertionError("neither here nor missing")


@pytest.mark.parametrize("call", [1, 2])
def test_what_a_failing_sync_covered_is_dropped_and_asked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: int
) -> None:
    """call 1 is of an early piece, call 2 of the whole: after either a second sync would answer well."""
    bench = Bench(tmp_path)
    told = syncs.fail(monkeypatch, call)
    body = b"x" * (PIECE + 1000)
    bench.take(1, 0, body[:PIECE], len(body), 1.0)
    bench.gathering.note(3.0)
    bench.take(1, PIECE, body[PIECE:], len(body), 3.0)
    assert until_put(bench, 1) == [5503]
    assert told.calls >= call
    assert (bench.queue.has(1), bench.account.is_here(1)) == (False, False)
    assert list(tmp_path.iterdir()) == []
    assert bench.account.units[1].ranges == [(0, len(body))]
    # As a whole, and what had come before is of no use.
    bench.take(1, PIECE, body[PIECE:], len(body), 4.0)
    bench.take(1, 0, body[:PIECE], len(body), 4.0)
    assert until_put(bench, 1) == []
    assert bench.account.units == {}
    bench.gathering.close()


def test_a_beginning_that_grows_after_a_failing_sync_begins_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench(tmp_path)
    syncs.fail(monkeypatch, 1)
    bench.take(1, 0, b"x" * PIECE, 3 * PIECE, 1.0)
    assert bench.gathering._flushing is not None
    bench.gathering._flushing[1].exception()
    with pytest.raises(Unavailable):
        bench.take(1, PIECE, b"x" * PIECE, 3 * PIECE, 2.0)
    assert (dict(bench.account.partials), bench.files()) == ({}, [])
    # The desk gives the same piece once more.
    bench.take(1, PIECE, b"x" * PIECE, 3 * PIECE, 3.0)
    assert bench.account.partials[1].missing() == [(0, PIECE), (2 * PIECE, 3 * PIECE)]
    bench.gathering.close()


def test_a_beginning_whose_early_piece_is_not_on_disk_is_not_found_by_the_next_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench(tmp_path)
    syncs.fail(monkeypatch, 1)
    bench.take(1, 0, b"x" * PIECE, 2 * PIECE, 1.0)
    bench.gathering.note(3.0)
    bench.gathering.close()
    assert dict(Bench(tmp_path).account.partials) == {}


class UncertainQueue(MemoryQueue):
    def put(self, entries: Sequence[Entry]) -> list[Put]:
        raise StateUncertain(6501, path="queue", reason="Input/output error")


def test_bodies_that_the_queue_is_not_sure_of_are_not_found_by_the_next_run(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.take(1, 0, b"x" * 200, 400, 1.0)
    bench.gathering.note(3.0)
    bench.take(1, 200, b"x" * 200, 400, 3.0)
    bench.gathering._queue = UncertainQueue()
    with pytest.raises(StateUncertain):
        bench.gathering.put()
    assert list(tmp_path.iterdir()) == []
