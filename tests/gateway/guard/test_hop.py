"""A hop moves each unit exactly once, or lets it out by an exit, whatever fails between."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from gateway.errors import Refused, Unavailable
from gateway.guard import workers
from gateway.guard.hop import BATCH_UNITS, Hop
from gateway.guard.outcome import Exit, Outcome, Passed, Wait
from gateway.guard.workers import BULK_BYTES
from gateway.spool.model import Entry, Put, Taken
from gateway.unit.model import Stage
from tests.support.fakes import BoardOfOne, ListRecorder, MemoryQueue


class Bench:
    """A hop between two queues in memory."""

    def __init__(
        self,
        work: Callable[[Taken], Outcome],
        tmp_path: Path,
        threads: int = 1,
        before: MemoryQueue | None = None,
        channel_of: Callable[[Taken], str] = lambda _: "",
    ) -> None:
        self.staging = tmp_path / "staging"
        self.staging.mkdir()
        self.late_s = 0.0
        self.before = before or MemoryQueue(clock=lambda: self.late_s)
        self.after = MemoryQueue(self.staging)
        self.recorder = ListRecorder()
        self.board = BoardOfOne()
        self.hop = Hop(
            self.before,
            self.after,
            work,
            self.recorder,
            self.board,
            stage=Stage.CLEARED,
            threads=threads,
            channel_of=channel_of,
        )

    def fill(self, count: int, body: bytes | Path = b"body") -> None:
        self.before.put([Entry(number, b"", body) for number in range(count)])

    def run(self, rounds: int = 50) -> None:
        for _ in range(rounds):
            # Whatever was put off is due by now.
            self.late_s += 3600.0
            if self.hop.step(0.0) > 0 and not self.before.waiting:
                break

    def until_idle(self) -> None:
        while self.hop.step(0.0) == 0.0:
            pass


def pass_on(taken: Taken) -> Outcome:
    return Passed(Entry(taken.number, b"judged", taken.body.read()), "lab")


def test_every_unit_passes_once_and_is_recorded_before_it_is_acknowledged(tmp_path: Path) -> None:
    bench = Bench(pass_on, tmp_path)
    bench.fill(200)
    bench.run()
    assert sorted(bench.after.entries) == list(range(200))
    assert sorted(bench.before.acknowledged) == list(range(200))
    assert bench.recorder.names() == ["cleared"] * 200
    assert bench.recorder.committed == 200


@pytest.mark.parametrize("stage", [Stage.REFUSED, Stage.HELD, Stage.CORRUPT])
def test_a_unit_that_leaves_is_set_aside_with_its_reason(tmp_path: Path, stage: Stage) -> None:
    bench = Bench(lambda taken: Exit(stage, 3102, "lab", {"rule": "x.yaml:3"}), tmp_path)
    bench.fill(1)
    bench.run()
    assert bench.before.rejected == [(0, 3102, stage.value)]
    assert not bench.after.entries
    event = bench.recorder.events[0]
    assert (event.what, event.number, event.fields["rule"]) == (stage.value, 3102, "x.yaml:3")


def test_a_refusal_raised_by_the_work_is_an_exit(tmp_path: Path) -> None:
    def work(taken: Taken) -> Outcome:
        raise Refused(4110)

    bench = Bench(work, tmp_path)
    bench.fill(1)
    bench.run()
    assert bench.before.rejected == [(0, 4110, "refused")]


def test_while_the_scanner_is_gone_units_wait_and_all_pass_when_it_is_back(tmp_path: Path) -> None:
    gone = True

    def work(taken: Taken) -> Outcome:
        if gone:
            raise Unavailable(3301, scanner="clamd")
        return pass_on(taken)

    bench = Bench(work, tmp_path)
    bench.fill(3)
    bench.hop.step(0.0)
    assert not bench.after.entries
    assert bench.board.alarms == {3301: {"scanner": "clamd"}}
    assert bench.recorder.names() == ["deferred"] * 3
    bench.late_s += 1.0
    bench.until_idle()
    assert bench.recorder.names() == ["deferred"] * 3, "a second attempt is no news"
    assert [delay for _, delay in bench.before.released] == [1.0] * 3 + [2.0] * 3
    gone = False
    bench.run()
    assert sorted(bench.after.entries) == [0, 1, 2]
    assert not bench.board.alarms


def test_a_full_next_queue_puts_everything_off_and_loses_nothing(tmp_path: Path) -> None:
    bench = Bench(pass_on, tmp_path)
    bench.fill(5)
    bench.after.full = True
    bench.hop.step(0.0)
    assert not bench.before.acknowledged
    assert 6502 in bench.board.alarms
    bench.after.full = False
    bench.run()
    assert sorted(bench.after.entries) == list(range(5))
    assert not bench.board.alarms


def test_a_journal_that_cannot_be_written_stops_the_hop(tmp_path: Path) -> None:
    bench = Bench(pass_on, tmp_path)
    bench.fill(2)
    bench.recorder.broken = True
    bench.hop.step(0.0)
    assert not bench.before.acknowledged
    assert 6003 in bench.board.alarms
    bench.fill(4)
    assert bench.hop.step(0.0) > 0
    assert bench.before.waiting, "nothing more is taken while decisions cannot be recorded"
    bench.recorder.broken = False
    bench.run()
    assert sorted(bench.after.entries) == list(range(4))
    assert sorted(bench.before.acknowledged) == list(range(4))
    assert not bench.board.alarms


class Crash(ListRecorder):
    """The process dies where it would make its events durable."""

    def commit(self) -> None:
        raise SystemExit


def test_a_crash_between_put_and_acknowledge_makes_no_second_copy(tmp_path: Path) -> None:
    bench = Bench(pass_on, tmp_path)
    bench.fill(3)
    dying = Hop(bench.before, bench.after, pass_on, Crash(), bench.board, stage=Stage.CLEARED)
    with pytest.raises(SystemExit):
        dying.step(0.0)
    assert not bench.before.acknowledged
    bench.before.restart()
    bench.run()
    assert bench.after.waiting == [0, 1, 2], "each lies once in the next queue"
    assert sorted(bench.before.acknowledged) == [0, 1, 2]
    assert all(event.fields["again"] == 1 for event in bench.recorder.events)


def test_small_units_do_not_wait_behind_a_bulk_unit(tmp_path: Path) -> None:
    bulk = tmp_path / "bulk"
    bulk.write_bytes(bytes(BULK_BYTES + 1))
    go_on = threading.Event()

    def work(taken: Taken) -> Outcome:
        if taken.body.path is not None:
            go_on.wait(10)
            target = bench.staging / str(taken.number)
            target.write_bytes(b"sealed")
            return Passed(Entry(taken.number, b"", target), "bulk")
        return pass_on(taken)

    bench = Bench(work, tmp_path)
    bench.before.put([Entry(900, b"", bulk)])
    bench.fill(100)
    for _ in range(10):
        bench.hop.step(0.0)
    assert sorted(bench.after.entries) == list(range(100))
    go_on.set()
    while 900 not in bench.after.entries:
        bench.hop.step(0.0)
    assert 900 in bench.before.acknowledged
    bench.hop.close()


def test_what_a_worker_began_for_a_refused_unit_is_removed(tmp_path: Path) -> None:
    def work(taken: Taken) -> Outcome:
        (bench.staging / str(taken.number)).write_bytes(b"half sealed")
        return Exit(Stage.REFUSED, 1054)

    bench = Bench(work, tmp_path)
    bench.fill(2)
    bench.run()
    assert not list(bench.staging.iterdir())


def test_waiting_for_a_rate_is_no_alarm(tmp_path: Path) -> None:
    bench = Bench(lambda taken: Wait(0.5), tmp_path)
    bench.fill(1)
    bench.hop.step(0.0)
    assert bench.before.released == [(0, 0.5)]
    assert not bench.board.alarms
    assert not bench.recorder.events


def test_several_threads_work_on_one_batch(tmp_path: Path) -> None:
    together = threading.Barrier(4, timeout=10)

    def work(taken: Taken) -> Outcome:
        together.wait()
        return pass_on(taken)

    bench = Bench(work, tmp_path, threads=4)
    bench.fill(4)
    bench.hop.step(0.0)
    assert sorted(bench.after.entries) == [0, 1, 2, 3]
    bench.hop.close()


def test_the_next_batch_is_worked_on_while_the_disk_takes_the_last(tmp_path: Path) -> None:
    begun = threading.Event()

    def work(taken: Taken) -> Outcome:
        if taken.number >= BATCH_UNITS:
            begun.set()
        return pass_on(taken)

    class Slow(MemoryQueue):
        overlapped: bool | None = None

        def put(self, entries: Sequence[Entry]) -> list[Put]:
            if self.overlapped is None:
                self.overlapped = begun.wait(10)
            return super().put(entries)

    bench = Bench(work, tmp_path, threads=2)
    slow = bench.after = Slow(bench.staging)
    bench.hop = Hop(
        bench.before, slow, work, bench.recorder, bench.board, stage=Stage.CLEARED, threads=2
    )
    bench.fill(2 * BATCH_UNITS)
    bench.run()
    bench.hop.close()
    assert slow.overlapped
    assert sorted(slow.entries) == list(range(2 * BATCH_UNITS))
    assert sorted(bench.before.acknowledged) == list(range(2 * BATCH_UNITS))


def test_a_bug_in_a_batch_does_not_undo_the_one_before(tmp_path: Path) -> None:
    def work(taken: Taken) -> Outcome:
        if taken.number == BATCH_UNITS:
            raise ValueError("a bug")
        return pass_on(taken)

    bench = Bench(work, tmp_path, threads=2)
    bench.fill(BATCH_UNITS + 1)
    with pytest.raises(ValueError, match="a bug"):
        bench.run()
    bench.hop.close()
    assert sorted(bench.before.acknowledged) == list(range(BATCH_UNITS))
    assert bench.recorder.committed == BATCH_UNITS


def test_a_folder_that_takes_nothing_stops_no_other_unit(tmp_path: Path) -> None:
    def work(taken: Taken) -> Outcome:
        return Exit(Stage.REFUSED, 3102, "lab") if taken.number == 0 else pass_on(taken)

    class Shut(MemoryQueue):
        shut = True

        def reject(self, number: int, reason: int, stage: str) -> None:
            if self.shut:
                raise Unavailable(6513, folder="refused", reason="Permission denied")
            super().reject(number, reason, stage)

    shut = Shut()
    bench = Bench(work, tmp_path, before=shut)
    bench.fill(3)
    bench.run(5)
    assert sorted(bench.after.entries) == [1, 2]
    assert 6513 in bench.board.alarms
    shut.shut = False
    bench.hop.step(100.0)
    assert shut.rejected == [(0, 3102, "refused")]
    assert bench.recorder.names().count("refused") == 1
    assert 6513 not in bench.board.alarms


def test_an_alarm_stands_as_long_as_a_unit_waits_for_its_reason(tmp_path: Path) -> None:
    """A unit of an epoch whose key is missing: others pass, and the alarm stays."""
    missing = {0, 7}

    def work(taken: Taken) -> Outcome:
        if taken.number in missing:
            raise Unavailable(4001, path="epochs/x.key", reason="no such file")
        return pass_on(taken)

    bench = Bench(work, tmp_path)
    bench.fill(20)
    for _ in range(5):
        bench.late_s += 3600.0
        bench.until_idle()
        assert bench.board.alarms.keys() == {4001}
    assert sorted({*range(20)} - bench.after.entries.keys()) == [0, 7]
    missing.remove(7)
    bench.late_s += 3600.0
    bench.until_idle()
    assert 7 in bench.after.entries
    assert bench.board.alarms.keys() == {4001}
    missing.clear()
    bench.late_s += 3600.0
    bench.until_idle()
    assert 0 in bench.after.entries
    assert not bench.board.alarms


def test_a_small_unit_that_takes_its_time_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "SMALL_WAIT_S", 0.05)
    go_on = threading.Event()

    def work(taken: Taken) -> Outcome:
        if taken.number == 0:
            go_on.wait(10)
        return pass_on(taken)

    bench = Bench(work, tmp_path, threads=2)
    bench.fill(100)
    while len(bench.after.entries) < 99:
        bench.hop.step(0.0)
    assert 0 not in bench.after.entries
    go_on.set()
    bench.until_idle()
    assert 0 in bench.before.acknowledged
    bench.hop.close()


@pytest.mark.parametrize("limit", ["UNDER_WAY_UNITS", "UNDER_WAY_BYTES"])
def test_what_is_under_way_is_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(workers, "BULK_BYTES", 1)
    monkeypatch.setattr(workers, limit, 40)
    go_on = threading.Event()

    def work(taken: Taken) -> Outcome:
        go_on.wait(10)
        return pass_on(taken)

    bench = Bench(work, tmp_path)
    bench.fill(300)
    for _ in range(10):
        bench.hop.step(0.0)
    assert len(bench.before.out) <= 40 + BATCH_UNITS
    go_on.set()
    while len(bench.before.acknowledged) < 300:
        # What was above the share of its channel is due.
        bench.late_s += 0.5
        bench.hop.step(0.0)
    assert sorted(bench.after.entries) == list(range(300))
    bench.hop.close()


@pytest.mark.parametrize("bulk_bytes", [1, 1 << 20], ids=["bulk", "small"])
def test_slow_units_of_one_channel_hold_up_those_of_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bulk_bytes: int
) -> None:
    monkeypatch.setattr(workers, "BULK_BYTES", bulk_bytes)
    monkeypatch.setattr(workers, "SMALL_WAIT_S", 0.05)
    monkeypatch.setattr(workers, "UNDER_WAY_UNITS", 100)
    go_on = threading.Event()

    def channel_of(taken: Taken) -> str:
        return "slow" if taken.number < 80 else "quick"

    def work(taken: Taken) -> Outcome:
        if channel_of(taken) == "slow":
            go_on.wait(20)
        return pass_on(taken)

    bench = Bench(work, tmp_path, threads=2, channel_of=channel_of)
    bench.fill(100)
    until_s = time.monotonic() + 15.0
    while len(bench.after.entries) < 20 and time.monotonic() < until_s:
        bench.hop.step(0.0)
    assert sorted(bench.after.entries) == list(range(80, 100))
    # More than its share of the room: taken again later, and nothing is told of that.
    assert {number for number, _ in bench.before.released} <= set(range(80))
    assert bench.before.released
    assert not [event for event in bench.recorder.events if event.what == "deferred"]
    go_on.set()
    bench.hop.close()
