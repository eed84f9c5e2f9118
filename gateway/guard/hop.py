"""One step of a unit from queue to queue: everything passes once, in groups, or leaves by an exit.

          take                work                put      record     ack
    [reader] --> Taken --> Passed / Exit / Wait --> [writer] --> journal --> [reader]
                              |        |
                              |        +-- Wait: stays in its queue as `deferred`, tried again
                              +----------- Exit: set aside as `refused`, `held` or `corrupt`
                                           Ended: a unit of the gate's own, recorded and acknowledged

A crash anywhere repeats the unit from its queue; the writer's ledger then answers Duplicate, and the
unit is acknowledged without a second copy. Nothing here knows what a guard does with a unit, nor which
thread works on it (workers), who is still on the way out (leaving), what is waited for (waiting).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from gateway.audit.event import Event, Recorder, Status
from gateway.errors import Field, Misconfigured, Refused, StateUncertain, Unavailable
from gateway.guard.durable import sync_body
from gateway.guard.kept_back import NextQueue
from gateway.guard.leaving import Leaving
from gateway.guard.outcome import AnyOutcome, AnyWork, Ended, Exit, Passed, Wait
from gateway.guard.patience import Patience
from gateway.guard.waiting import Waiting
from gateway.guard.workers import Settled, Workers
from gateway.spool.model import Put, QueueReader, QueueWriter, Taken
from gateway.unit.model import Stage

# Enough for one group commit to cost little a unit, few enough that the first does not wait long.
BATCH_UNITS: Final = 64
BATCH_BYTES: Final = 16 << 20
# A unit that ends the process three times is set aside: a bug costs one unit, not the gate.
FAULTS_ALLOWED: Final = 3
# The world is asked again soon, then less often: one second to one minute.
FIRST_WAIT_S: Final = 1.0
LONGEST_WAIT_S: Final = 60.0


class Hop:
    """Moves units from one queue to the next through `work`.

    work: called once a taken unit, from several threads at a time when `threads` is above 1; it
    returns an Outcome or raises Refused (an Exit) or Unavailable (a Wait). Anything else is a bug
    and ends the process with the unit still in its queue; at the third attempt the unit is set aside.
    patience: with units for which the scanners cannot answer; without one it never ends. channel_of: a unit,
    before it is worked on; "" where that cannot be known. next_queue: of how much it has, see kept_back.
    """

    def __init__(
        self,
        reader: QueueReader,
        writer: QueueWriter,
        work: AnyWork,
        recorder: Recorder,
        status: Status,
        *,
        stage: Stage,
        threads: int = 1,
        patience: Patience | None = None,
        channel_of: Callable[[Taken], str] = lambda _: "",
        next_queue: NextQueue | None = None,
    ) -> None:
        self._reader, self._writer = reader, writer
        self._work = work
        self._recorder, self._status = recorder, status
        self._stage = stage
        self._patience = patience or Patience(lambda: 0)
        suspects = self._patience.is_suspect
        self._workers = Workers(self._outcome, threads, suspects, channel_of, next_queue)
        self._waiting = Waiting(status)
        self._leaving = Leaving(reader, status)
        self._ready: Settled = []
        self._journal_alarm = 0

    def step(self, now_s: float) -> float:
        """Move what is ready; gives the seconds until the next call is wanted (0: more is ready)."""
        if self._journal_alarm and not self._commit():
            return FIRST_WAIT_S
        self._leaving.retry(now_s)
        if self._leaving.is_full:
            return FIRST_WAIT_S
        has_room = self._workers.has_room
        taken = self._reader.take(BATCH_UNITS, BATCH_BYTES) if has_room else []
        self._workers.start(taken)
        # While the disk takes a whole batch the threads work on the next one.
        settled = self._settle_ready(now_s)
        self._ready = self._workers.done()
        if len(taken) < BATCH_UNITS:
            settled |= self._settle_ready(now_s)
        return 0.0 if settled or self._ready or self._workers.wait() else 0.01

    def close(self) -> None:
        """End the threads; what they held comes again from its queue."""
        self._workers.close()

    def _outcome(self, taken: Taken) -> AnyOutcome:
        try:
            outcome = self._work(taken)
            sync_body(outcome)
            return outcome
        except Refused as error:
            return Exit(Stage.REFUSED, error.number, fields=error.fields)
        except Unavailable as error:
            if self._patience.is_over(taken.number, error.number):
                return Exit(Stage.REFUSED, 3315, fields={"reason": error.number})
            delay_s = min(FIRST_WAIT_S * 2.0 ** min(taken.attempt - 1, 10), LONGEST_WAIT_S)
            return Wait(delay_s, error.number, fields=error.fields)
        except (Misconfigured, StateUncertain, OSError, MemoryError):
            raise
        except Exception as error:  # a bug of ours: the process ends, but not for ever
            if taken.attempt < FAULTS_ALLOWED:
                raise
            return Exit(Stage.CORRUPT, 1090, fields={"error": type(error).__name__})

    def _settle_ready(self, now_s: float) -> bool:
        """Whether there was something to settle."""
        ready, self._ready = self._ready, []
        if ready:
            self._settle(ready)
            self._leaving.set_aside(now_s)
        return bool(ready)

    def _settle(self, results: Sequence[tuple[Taken, AnyOutcome]]) -> None:
        """Put, record, acknowledge: in this order, one group commit each."""
        at_ns = time.time_ns()
        passed = [(taken, out) for taken, out in results if isinstance(out, Passed)]
        ended = [(taken, out) for taken, out in results if isinstance(out, Ended)]
        told = [out.entry for _, out in ended if out.entry is not None]
        entries = [*(out.entry for _, out in passed), *told]
        try:
            put = self._writer.put(entries)[: len(passed)] if entries else []
        except Unavailable as error:
            self._put_back(passed, error, at_ns)
            for taken, _ in ended:
                self._reader.release(taken.number, FIRST_WAIT_S)
            passed, ended, put = [], [], []
        for (taken, out), answer in zip(passed, put, strict=True):
            again: dict[str, Field] = {}
            if answer is Put.DUPLICATE:
                again["again"] = 1
                self._discard(taken)
            self._record(self._stage.value, taken, out.channel, 0, {**out.fields, **again}, at_ns)
        exits = [(taken, out) for taken, out in results if isinstance(out, Exit)]
        for taken, left in exits:
            for what in (left.stage.value, left.beside):
                if what:
                    self._record(what, taken, left.channel, left.number, left.fields, at_ns)
        for _, end in ended:
            for event in end.events:
                self._recorder.record(event)
        self._wait([(taken, out) for taken, out in results if isinstance(out, Wait)], at_ns)
        if not self._commit():
            # What was put is answered Duplicate when it comes again: the ordinary path.
            for taken, _ in [*passed, *exits, *ended]:
                self._reader.release(taken.number, FIRST_WAIT_S)
            return
        # From here the reading queue may forget these units: they lie durable in the next one.
        if passed or ended:
            self._reader.ack([taken.number for taken, _ in [*passed, *ended]])
        for taken, left in exits:
            self._discard(taken)
            self._leaving.add(taken, left)
        for taken, _ in [*passed, *exits, *ended]:
            self._waiting.goes_on(taken.number)
            self._patience.forget(taken.number)

    def _wait(self, waits: Sequence[tuple[Taken, Wait]], at_ns: int) -> None:
        for taken, out in waits:
            self._reader.release(taken.number, out.delay_s)
            if out.number:
                self._waiting.waits(taken.number, out.number, out.fields)
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
            self._status.raise_alarm(error.number, **error.fields)
            self._journal_alarm = error.number
            return False
        if self._journal_alarm:
            self._status.clear_alarm(self._journal_alarm)
            self._journal_alarm = 0
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
        self._status.count(f"units_{what.replace('.', '_')}_total")
        self._recorder.record(Event(what, at_ns, taken.number, channel, number, fields))
