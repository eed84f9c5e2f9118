"""Any order of calls and restarts: the folder queue says what the queue in memory says."""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from gateway.spool import look, units_aside
from gateway.spool.disk import RealDisk
from gateway.spool.keeping import Keep
from gateway.spool.model import Entry, Taken
from gateway.spool.reader import FileQueueReader
from gateway.spool.writer import FileQueueWriter, WriterLimits
from tests.support.fakes import MemoryQueue

LIMITS = WriterLimits(inline_limit_bytes=200, segment_bytes=900, reserve_bytes=0)
NUMBERS = st.integers(0, 40)
PICKS = st.lists(st.integers(0, 99), max_size=4)


def seen(one: Taken) -> tuple[int, bytes, bytes, int]:
    with one.body.open() as stream:
        return one.number, one.header, stream.read(), one.attempt


class Queues(RuleBasedStateMachine):
    keep = Keep(age_s=3600)

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        (self.folder / "model").mkdir()
        self.model = MemoryQueue(self.folder / "model", keeps=not self.keep.nothing)
        self.writer = FileQueueWriter(self.folder / "queue", LIMITS, RealDisk())
        self.reader = FileQueueReader(self.folder / "queue", self.keep, RealDisk())

    def teardown(self) -> None:
        self.writer.close()
        self.reader.close()
        shutil.rmtree(self.folder)

    @rule(units=st.lists(st.tuples(NUMBERS, st.integers(0, 400)), max_size=6))
    def put(self, units: list[tuple[int, int]]) -> None:
        entries = [Entry(n, b"header %d" % n, bytes([n]) * size) for n, size in units]
        assert self.writer.put(entries) == self.model.put(entries)

    @rule(number=NUMBERS, size=st.integers(0, 400))
    def put_staged(self, number: int, size: int) -> None:
        for queue in (self.writer, self.model):
            path = queue.staging() / "staged"
            path.write_bytes(bytes([number]) * size)
        (confirmed,) = self.writer.put([Entry(number, b"h", self.writer.staging() / "staged")])
        assert [confirmed] == self.model.put([Entry(number, b"h", self.model.staging() / "staged")])

    @rule(limit=st.integers(0, 9), limit_bytes=st.integers(0, 1500))
    def take(self, limit: int, limit_bytes: int) -> None:
        taken = self.reader.take(limit, limit_bytes)
        assert [seen(one) for one in taken] == [
            seen(one) for one in self.model.take(limit, limit_bytes)
        ]

    def _out(self, picks: list[int]) -> list[int]:
        out = sorted(self.model.out)
        return sorted({out[pick % len(out)] for pick in picks})

    @precondition(lambda self: self.model.out)
    @rule(picks=PICKS, strangers=st.lists(NUMBERS, max_size=2))
    def ack(self, picks: list[int], strangers: list[int]) -> None:
        numbers = self._out(picks) + strangers
        self.reader.ack(numbers)
        self.model.ack(numbers)

    @precondition(lambda self: self.model.out)
    @rule(picks=PICKS, delay_s=st.sampled_from([0.0, 3600.0]))
    def release(self, picks: list[int], delay_s: float) -> None:
        for number in self._out(picks):
            self.reader.release(number, delay_s)
            self.model.release(number, delay_s)

    @precondition(lambda self: self.model.out)
    @rule(pick=st.integers(0, 99), stage=st.sampled_from(["refused", "held", "corrupt"]))
    def reject(self, pick: int, stage: str) -> None:
        (number,) = self._out([pick])
        self.reader.reject(number, 3102, stage)
        self.model.reject(number, 3102, stage)

    @rule(numbers=st.lists(NUMBERS, max_size=5))
    def again(self, numbers: list[int]) -> None:
        assert set(self.reader.again(numbers)) == set(self.model.again(numbers))

    @rule(number=NUMBERS)
    def get(self, number: int) -> None:
        found, known = self.reader.get(number), self.model.get(number)
        assert (found and seen(found)[:3]) == (known and seen(known)[:3])

    @rule()
    def reopen_reader(self) -> None:
        self.reader.close()
        self.reader = FileQueueReader(self.folder / "queue", self.keep, RealDisk())
        self.model.restart()

    @rule(is_mark_lost=st.booleans())
    def reopen_writer(self, is_mark_lost: bool) -> None:
        self.writer.close()
        if is_mark_lost:
            self.reader.close()
            (self.folder / "queue" / "mark").unlink()
        self.writer = FileQueueWriter(self.folder / "queue", LIMITS, RealDisk())
        if is_mark_lost:
            self.reader = FileQueueReader(self.folder / "queue", self.keep, RealDisk())
            self.model.restart()

    @rule()
    def tidy(self) -> None:
        self.reader._shelf.look_for_news()
        self.reader._tidier.run(self.reader._acked, time.monotonic() + 3600, idle=True)

    @invariant()
    def figures_agree(self) -> None:
        health, known = self.reader.health(), self.model.health()
        assert (health.depth, health.deferred) == (known.depth, known.deferred)
        assert look(self.folder / "queue").depth == known.depth
        aside = {one.number: (one.reason, one.stage) for one in units_aside(self.folder / "queue")}
        assert aside == self.model.aside


class ForgetfulQueues(Queues):
    keep = Keep()


Queues.TestCase.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
ForgetfulQueues.TestCase.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
TestQueues = Queues.TestCase
TestForgetfulQueues = ForgetfulQueues.TestCase
