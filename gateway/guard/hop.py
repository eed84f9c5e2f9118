"""One step of a unit from queue to queue: everything passes once, in groups, or leaves by an exit.

          take                work                put      record     ack
    [reader] --> Taken --> Passed / Exit / Wait --> [writer] --> journal --> [reader]
                              |        |
                              |        +-- Wait: stays in its queue as `deferred`, tried again
                              +----------- Exit: set aside as `refused`, `held` or `corrupt`

A crash anywhere repeats the unit from its queue; the writer's ledger then answers Duplicate, and the
unit is acknowledged without a second copy. Nothing here knows what a guard does with a unit.
Bulk bodies are worked on in a thread of their own, so that small units do not wait behind them.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from gateway.audit.event import Event, Recorder, Status
from gateway.errors import Field, Misconfigured, Refused, StateUncertain, Unavailable
from gateway.spool.model import Entry, Put, QueueReader, QueueWriter, Taken
from gateway.unit.model import Stage

# Enough for one group commit to cost little a unit, few enough that the first does not wait long.
BATCH_UNITS: Final = 64
BATCH_BYTES: Final = 16 << 20
# Above this a unit is bulk: hashing and sealing it takes longer than a batch of small ones.
BULK_BYTES: Final = 4 << 20
# Bulk units that wait for their thread hold no memory; what is small behind them goes on.
BULK_WAITING: Final = 256
# Units that left while their folder takes nothing; with more of them nothing further is taken.
LEAVING_WAITING: Final = 256
# A unit that ends the process three times is set aside: a bug costs one unit, not the gate.
FAULTS_ALLOWED: Final = 3
# The world is asked again soon, then less often: one second to one minute.
FIRST_WAIT_S: Final = 1.0
LONGEST_WAIT_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Passed:
    """The unit goes on: what the next queue gets, and the fields of its event."""

    entry: Entry
    channel: str
    fields: Mapping[str, Field] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Exit:
    """The unit leaves: REFUSED, HELD or CORRUPT, with the number of its reason."""

    stage: Stage
    number: int
    channel: str = ""
    fields: Mapping[str, Field] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wait:
    """The unit stays. delay_s: when to ask again. number: 0 where waiting is as it should be."""

    delay_s: float
    number: int = 0
    channel: str = ""
    fields: Mapping[str, Field] = field(default_factory=dict)


Outcome = Passed | Exit | Wait
Work = Callable[[Taken], Outcome]


class Hop:
    """Moves units from one queue to the next through `work`.

    work: called once a taken unit, from several threads at a time when `threads` is above 1; it
    returns an Outcome or raises Refused (an Exit) or Unavailable (a Wait). Anything else is a bug
    and ends the process with the unit still in its queue; at the third attempt the unit is set aside.
    """

    def __init__(
        self,
        reader: QueueReader,
        writer: QueueWriter,
        work: Work,
        recorder: Recorder,
        status: Status,
        *,
        stage: Stage,
        threads: int = 1,
    ) -> None:
        self._reader, self._writer = reader, writer
        self._work = work
        self._recorder, self._status = recorder, status
        self._stage = stage
        self._pool = ThreadPoolExecutor(threads, "hop") if threads > 1 else None
        self._bulk_pool = ThreadPoolExecutor(1, "bulk")
        self._bulk: dict[Future[Outcome], Taken] = {}
        self._alarms: set[int] = set()
        self._journal_behind = False
        # Recorded, and still to be set aside: their folder did not take them yet.
        self._leaving: deque[tuple[Taken, Exit]] = deque()
        self._leave_s = 0.0
        self._leave_alarm = 0

    def step(self, now_s: float) -> float:
        """Move what is ready; gives the seconds until the next call is wanted (0: more is ready)."""
        if self._journal_behind and not self._commit():
            return FIRST_WAIT_S
        if self._leaving and now_s >= self._leave_s:
            self._leave(now_s)
        if len(self._leaving) >= LEAVING_WAITING:
            return FIRST_WAIT_S
        finished = [(taken, future.result()) for future, taken in self._finished_bulk()]
        small: list[Taken] = []
        if len(self._bulk) < BULK_WAITING:
            for taken in self._reader.take(BATCH_UNITS, BATCH_BYTES):
                if taken.body.size_bytes > BULK_BYTES:
                    self._bulk[self._bulk_pool.submit(self._outcome, taken)] = taken
                else:
                    small.append(taken)
        results = finished + list(zip(small, self._outcomes(small), strict=True))
        if results:
            self._settle(results)
            self._leave(now_s)
            return 0.0
        if self._bulk:
            wait(self._bulk, timeout=0.005)
            return 0.0
        return 0.01

    def close(self) -> None:
        """End the threads; what they held comes again from its queue."""
        for pool in (self._pool, self._bulk_pool):
            if pool is not None:
                pool.shutdown(wait=True, cancel_futures=True)

    def _finished_bulk(self) -> list[tuple[Future[Outcome], Taken]]:
        done = [future for future in self._bulk if future.done()]
        return [(future, self._bulk.pop(future)) for future in done]

    def _outcomes(self, taken: Sequence[Taken]) -> list[Outcome]:
        if self._pool is None or len(taken) < 2:
            return [self._outcome(one) for one in taken]
        return list(self._pool.map(self._outcome, taken))

    def _outcome(self, taken: Taken) -> Outcome:
        try:
            outcome = self._work(taken)
            if isinstance(outcome, Passed) and isinstance(outcome.entry.body, Path):
                # Here, in the thread of the bulk, so that the group commit finds it done.
                _sync(outcome.entry.body)
            return outcome
        except Refused as error:
            return Exit(Stage.REFUSED, error.number, fields=error.fields)
        except Unavailable as error:
            delay_s = min(FIRST_WAIT_S * 2.0 ** min(taken.attempt - 1, 10), LONGEST_WAIT_S)
            return Wait(delay_s, error.number, fields=error.fields)
        except (Misconfigured, StateUncertain, OSError, MemoryError):
            raise
        except Exception as error:  # a bug of ours: the process ends, but not for ever
            if taken.attempt < FAULTS_ALLOWED:
                raise
            return Exit(Stage.CORRUPT, 1090, fields={"error": type(error).__name__})

    def _settle(self, results: Sequence[tuple[Taken, Outcome]]) -> None:
        """Put, record, acknowledge: in this order, one group commit each."""
        at_ns = time.time_ns()
        passed = [(taken, out) for taken, out in results if isinstance(out, Passed)]
        try:
            put = self._writer.put([out.entry for _, out in passed]) if passed else []
        except Unavailable as error:
            self._put_back(passed, error, at_ns)
            passed, put = [], []
        for (taken, out), answer in zip(passed, put, strict=True):
            again: dict[str, Field] = {}
            if answer is Put.DUPLICATE:
                again["again"] = 1
                self._discard(taken)
            self._record(self._stage.value, taken, out.channel, 0, {**out.fields, **again}, at_ns)
        exits = [(taken, out) for taken, out in results if isinstance(out, Exit)]
        for taken, left in exits:
            self._record(left.stage.value, taken, left.channel, left.number, left.fields, at_ns)
        self._wait([(taken, out) for taken, out in results if isinstance(out, Wait)], at_ns)
        if not self._commit():
            # What was put is answered Duplicate when it comes again: the ordinary path.
            for taken, _ in [*passed, *exits]:
                self._reader.release(taken.number, FIRST_WAIT_S)
            return
        # From here the reading queue may forget these units: they lie durable in the next one.
        if passed:
            self._reader.ack([taken.number for taken, _ in passed])
        for taken, left in exits:
            self._discard(taken)
            self._leaving.append((taken, left))
        if passed:
            self._clear_alarms()

    def _leave(self, now_s: float) -> None:
        """Set aside what left. A folder that takes nothing is tried again; the others go on."""
        while self._leaving:
            taken, left = self._leaving[0]
            try:
                self._reader.reject(taken.number, left.number, left.stage.value)
            except Unavailable as error:
                self._status.raise_alarm(error.number, **error.fields)
                self._leave_alarm = error.number
                self._leave_s = now_s + FIRST_WAIT_S
                return
            self._leaving.popleft()
        if self._leave_alarm:
            self._status.clear_alarm(self._leave_alarm)
            self._leave_alarm = 0

    def _wait(self, waits: Sequence[tuple[Taken, Wait]], at_ns: int) -> None:
        for taken, out in waits:
            self._reader.release(taken.number, out.delay_s)
            if out.number:
                self._alarm(out.number, out.fields)
                if taken.attempt == 1:
                    self._record("deferred", taken, out.channel, out.number, out.fields, at_ns)

    def _put_back(
        self, passed: Sequence[tuple[Taken, Passed]], error: Unavailable, at_ns: int
    ) -> None:
        """The next queue cannot take them: all wait here, nothing of them is kept there."""
        for _, out in passed:
            if isinstance(out.entry.body, Path):
                out.entry.body.unlink(missing_ok=True)
        self._wait(
            [
                (taken, Wait(FIRST_WAIT_S, error.number, out.channel, error.fields))
                for taken, out in passed
            ],
            at_ns,
        )

    def _commit(self) -> bool:
        """Make the journal durable; while it cannot be written no unit passes."""
        try:
            self._recorder.commit()
        except Unavailable as error:
            self._journal_behind = True
            self._alarm(error.number, error.fields)
            return False
        self._journal_behind = False
        return True

    def _discard(self, taken: Taken) -> None:
        """What a worker began for a unit that does not pass leaves nothing behind."""
        (self._writer.staging() / str(taken.number)).unlink(missing_ok=True)

    def _record(
        self,
        what: str,
        taken: Taken,
        channel: str,
        number: int,
        fields: Mapping[str, Field],
        at_ns: int,
    ) -> None:
        self._status.count(f"units_{what}_total")
        self._recorder.record(Event(what, at_ns, taken.number, channel, number, fields))

    def _alarm(self, number: int, fields: Mapping[str, Field]) -> None:
        self._alarms.add(number)
        self._status.raise_alarm(number, **fields)

    def _clear_alarms(self) -> None:
        for number in self._alarms:
            self._status.clear_alarm(number)
        self._alarms.clear()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
