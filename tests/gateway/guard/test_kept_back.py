"""Large units stay in a guard's queue while the next one has enough; nothing else waits for them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.guard import kept_back, workers
from gateway.guard.hop import Hop
from gateway.guard.kept_back import ENOUGH_UNITS, KEPT_BACK_BYTES, KeptBack, NextQueue, is_enough
from gateway.guard.outcome import AnyOutcome, Outcome, Passed, Wait
from gateway.spool import open_reader, open_writer, unanswered
from gateway.spool.bodies import FileBody
from gateway.spool.model import Entry, QueueReader, QueueWriter, Taken
from gateway.spool.unanswered import Figures, Unanswered
from gateway.unit.model import Stage
from tests.support.fakes import BoardOfOne, ListRecorder

MB, GB = 1_000_000, 1_000_000_000
MUCH = 1 << 40


@pytest.mark.parametrize(
    ("units", "size_bytes", "largest_bytes", "enough"),
    [
        (0, 0, 0, False),
        (ENOUGH_UNITS, 2 * GB, 500 * MB, True),
        (ENOUGH_UNITS - 1, 300 * GB, 100 * GB, False),
        (ENOUGH_UNITS + 1, 101 * GB, 100 * GB, True),
        (ENOUGH_UNITS + 1, 100 * GB + 999 * MB, 100 * GB, False),
    ],
)
def test_enough_is_some_units_and_some_bytes_behind_the_largest(
    units: int, size_bytes: int, largest_bytes: int, enough: bool
) -> None:
    assert is_enough(Figures(units, size_bytes, largest_bytes), GB) is enough


class Lane:
    """A next queue that is a list of sizes by rank; sends the first of the most urgent."""

    def __init__(self, enough_bytes: int = GB) -> None:
        self.there: dict[int, tuple[int, int]] = {}
        self.is_known = True
        self.most_bytes = 0
        self.kept = KeptBack(
            NextQueue(
                self.figures, enough_bytes, 3, lambda name: {"urgent": 0, "low": 2}.get(name, 1)
            )
        )

    def figures(self, rank: int) -> Figures | None:
        sizes = [size for of, size in self.there.values() if of <= rank]
        return Figures(len(sizes), sum(sizes), max(sizes, default=0)) if self.is_known else None

    def drop(self, number: int, channel: str, size_bytes: int) -> list[int]:
        one = Taken(number, b"head", FileBody(Path("/nowhere"), size_bytes), 1)
        return [taken.number for taken, _ in self.kept.put(one, channel)]

    def go_on(self) -> list[tuple[int, str]]:
        """All that goes on is in the next queue at once."""
        going = self.kept.next()
        for one, channel in going:
            rank = {"urgent": 0, "low": 2}.get(channel, 1)
            self.there[one.number] = rank, one.body.size_bytes
        for one, _ in going:
            self.kept.ended(one.number)
        self.most_bytes = max(self.most_bytes, sum(size for _, size in self.there.values()))
        return [(one.number, channel) for one, channel in going]


def test_of_much_that_is_dropped_only_so_much_is_sealed_as_the_lane_has_use_for() -> None:
    lane = Lane()
    for number in range(2_000):
        assert lane.drop(number, "images", 250 * MB) == []
    sent = []
    while lane.go_on() or lane.there:
        assert len(lane.there) >= ENOUGH_UNITS or not len(lane.kept), "the lane runs dry"
        sent.append(first := next(iter(lane.there)))
        del lane.there[first]
    assert sent == list(range(2_000)), "in their order"
    assert lane.most_bytes <= GB + 2 * 250 * MB, "of 500 GB"


def test_what_is_on_its_way_into_the_next_queue_counts_too() -> None:
    lane = Lane()
    for number in range(100):
        lane.drop(number, "images", 250 * MB)
    first = lane.kept.next()
    assert len(first) == 5
    assert lane.kept.next() == []
    lane.kept.ended(first[0][0].number)  # refused: it leaves, and another one goes on
    assert len(lane.kept.next()) == 1


def test_the_first_large_unit_of_another_channel_goes_before_the_rest_of_a_heap() -> None:
    lane = Lane()
    for number in range(500):
        lane.drop(number, "images", 250 * MB)
    lane.go_on()
    lane.drop(900, "reports", 250 * MB)
    del lane.there[0]
    assert lane.go_on() == [(900, "reports")]


def test_a_channel_that_takes_long_holds_up_no_other_while_the_lane_runs_dry() -> None:
    lane = Lane()
    for number in range(20):
        lane.drop(number, "archives", 10 * GB)
    assert len(lane.kept.next()) == ENOUGH_UNITS, "and none of them comes out for an hour"
    for number in range(100, 110):
        lane.drop(number, "images", 2 * MB)
    assert [one.number for one, _ in lane.kept.next()] == [100]
    assert lane.kept.next() == [], "of each channel one beside them"
    lane.there[100] = 1, 2 * MB
    lane.kept.ended(100)
    assert [one.number for one, _ in lane.kept.next()] == [101]
    lane.kept.ended(101)
    lane.there |= dict.fromkeys(range(200, 200 + ENOUGH_UNITS), (1, GB))
    assert lane.kept.next() == [], "the lane has enough without it"


def test_what_is_less_urgent_does_not_count_for_what_is_more() -> None:
    lane = Lane()
    for number in range(500):
        lane.drop(number, "low", 250 * MB)
    lane.go_on()
    lane.drop(900, "images", 250 * MB)
    lane.drop(901, "urgent", 250 * MB)
    assert lane.go_on() == [(901, "urgent"), (900, "images")]
    assert lane.go_on() == []


def test_where_nobody_knows_what_the_next_queue_has_all_goes_on() -> None:
    lane = Lane()
    for number in range(500):
        lane.drop(number, "images", 250 * MB)
    lane.is_known = False
    assert len(lane.go_on()) == 500


def test_where_it_is_not_known_for_a_moment_not_all_goes_on_in_that_moment() -> None:
    """More than bulk has room for would be put off, and nothing small taken for ten seconds."""
    lane = Lane()
    for number in range(3_000):
        lane.drop(number, "images", 250 * MB)
    lane.is_known = False
    going = lane.kept.next()
    assert len(going) == 1_024
    assert lane.kept.next() == []
    for one, _ in going[:100]:
        lane.kept.ended(one.number)
    assert len(lane.kept.next()) == 100


def test_what_finds_no_room_to_wait_lets_the_first_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_back, "_MOST", 8)
    lane = Lane()
    went = [number for new in range(20) for number in lane.drop(new, "images", GB)]
    assert went == list(range(20 - len(lane.kept)))
    assert len(lane.kept) == 4, "as much as it leaves free"


def test_what_finds_no_thread_s_room_does_not_count_as_on_its_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or the lane would run dry while all of it lies in its queue."""
    monkeypatch.setattr(workers, "UNDER_WAY_UNITS", 4)
    go_on, lane = threading.Event(), Lane()
    lane.is_known = False

    def work(_: Taken) -> AnyOutcome:
        assert go_on.wait(20)
        return Wait(0.0)

    many = workers.Workers(
        work, 2, lambda _: False, lambda _: "images", NextQueue(lane.figures, GB, 3, lambda _: 1)
    )
    try:
        many.start([Taken(n, b"", FileBody(tmp_path, 250 * MB), 1) for n in range(20)])
        put_off = {one.number for one, out in many.done() if out != Wait(0.0)}
        assert many._kept_back is not None and put_off
        assert set(many._kept_back._turns) == set(range(20)) - put_off
    finally:
        go_on.set()
        many.close()


# With real queues: what is dropped, what a guard does, what a ferry takes.

LARGE = KEPT_BACK_BYTES + 1


class Gate:
    """Two queues on disk and a hop between them; its ferry is `ferry`."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(unanswered, "_LOOK_S", 0.0)
        self.folder = folder
        self.captured: QueueWriter = open_writer(folder / "captured", reserve_bytes=0)
        self.ferry: QueueReader = open_reader(folder / "cleared", keep_bytes=MUCH)
        self.work: Callable[[Taken], None] = lambda taken: None
        self.start()

    def start(self) -> None:
        self.reader = open_reader(self.folder / "captured")
        known = Unanswered(
            self.folder / "cleared", KEPT_BACK_BYTES, 3, lambda entry: entry.header[0]
        )
        self.writer = open_writer(self.folder / "cleared", reserve_bytes=0, unanswered=known)
        self.hop = Hop(
            self.reader,
            self.writer,
            self._seal,
            ListRecorder(),
            BoardOfOne(),
            stage=Stage.CLEARED,
            threads=2,
            channel_of=lambda taken: taken.header.decode(),
            next_queue=NextQueue(known.figures, 3 * LARGE, 3, lambda _: 1),
        )

    def stop(self) -> None:
        self.hop.close()
        self.reader.close()
        self.writer.close()

    def close(self) -> None:
        self.stop()
        self.captured.close()
        self.ferry.close()

    def _seal(self, taken: Taken) -> Outcome:
        self.work(taken)
        if taken.body.path is None:
            return Passed(Entry(taken.number, b"\1", taken.body.read()), "small")
        target = self.writer.staging() / str(taken.number)
        target.write_bytes(taken.body.path.read_bytes())
        return Passed(Entry(taken.number, b"\1", target), "large")

    def drop(self, first: int, count: int, size_bytes: int, channel: bytes = b"images") -> None:
        body = bytes(size_bytes)
        self.captured.put([Entry(n, channel, body) for n in range(first, first + count)])

    def settle(self) -> None:
        """Until the guard has had nothing to do for a while."""
        idle = 0
        while idle < 5:
            idle = idle + 1 if self.hop.step(0.0) else 0

    def cleared(self) -> int:
        return self.ferry.health().depth

    def ferry_takes(self, most: int) -> list[int]:
        numbers = [one.number for one in self.ferry.take(most, MUCH)]
        self.ferry.ack(numbers)
        return numbers


def test_a_guard_seals_no_more_than_a_lane_has_use_for_and_all_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(tmp_path, monkeypatch)
    gate.drop(0, 20, LARGE)
    gate.settle()
    assert gate.cleared() == ENOUGH_UNITS, "the ferry is away"
    assert gate.reader.health().depth == 16
    assert gate.reader.health().deferred == 0
    there: list[int] = []
    while gate.cleared():
        there += gate.ferry_takes(1)
        gate.settle()
        assert gate.cleared() <= ENOUGH_UNITS
    assert sorted(there) == list(range(20))
    gate.close()


def test_small_units_and_other_channels_pass_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(tmp_path, monkeypatch)
    gate.drop(0, 20, LARGE)
    gate.settle()
    gate.drop(100, 10, 4_000)
    gate.drop(110, 10, 4_000, b"reports")
    gate.drop(120, 4, KEPT_BACK_BYTES, b"reports")
    gate.drop(200, 1, LARGE, b"reports")
    gate.settle()
    assert gate.cleared() == ENOUGH_UNITS + 24
    gate.ferry_takes(1)
    gate.settle()
    assert 200 in gate.ferry_takes(100), "the first of its channel, before fifteen that wait longer"
    gate.close()


def test_an_archive_that_takes_its_time_holds_up_no_large_unit_of_another_channel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(tmp_path, monkeypatch)
    is_over = threading.Event()

    def look(taken: Taken) -> None:
        if taken.header == b"archives":
            assert is_over.wait(30)

    gate.work = look
    gate.drop(0, 2 * ENOUGH_UNITS, LARGE, b"archives")
    gate.hop.step(0.0)
    gate.drop(100, 2, LARGE, b"images")
    until_s = time.monotonic() + 20
    while gate.cleared() < 2 and time.monotonic() < until_s:
        gate.hop.step(0.0)
    is_over.set()
    assert gate.ferry_takes(2) == [100, 101]
    gate.close()


@pytest.mark.parametrize("ferry_meanwhile", [0, 2])
def test_a_guard_that_starts_anew_knows_what_is_there_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ferry_meanwhile: int
) -> None:
    gate = Gate(tmp_path, monkeypatch)
    gate.drop(0, 20, LARGE)
    gate.settle()
    there = gate.ferry_takes(1)  # kept for people who ask again, and answered
    gate.settle()
    gate.stop()
    there += gate.ferry_takes(ferry_meanwhile) if ferry_meanwhile else []
    gate.start()
    gate.settle()
    # What was there before is taken for what goes last: as much again at most.
    assert gate.cleared() <= 2 * ENOUGH_UNITS
    while gate.cleared():
        there += gate.ferry_takes(3)
        gate.settle()
    assert sorted(there) == list(range(20))
    gate.close()
