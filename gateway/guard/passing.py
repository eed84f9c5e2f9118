"""The threads that work on transient units in a guard: judge, write into the journal, then let go.

    take() -> small -> [one thread: all that waits, judged together] -> done -> record all, commit once
                |  |                  | left over                                       -> release all
                |  +-- large -> [threads: one by one] ----------------> done
                +-- too many: crowded, answered at once

Nothing is let go that is not in the journal, on disk: a killed guard has performed or answered nothing that
nobody knows of. What waits while one lot is judged is the next lot, so under load the price of a wake-up, a
commit and a seal is shared by many. These threads are not those of the files: a large file delays no request.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final, Protocol

from gateway.audit.event import Event, Recorder, Status
from gateway.errors import Refused, StateUncertain, Unavailable
from gateway.exchange.frames import Frame
from gateway.guard.requests import Unsealed
from gateway.guard.together import Judging, LeftOver, alone, together
from gateway.unit.request import MAX_BATCH_BYTES

# As many as callers' edges hold; what is above would be answered too late.
MAX_WAITING: Final = 4_096
MAX_WAITING_BYTES: Final = 64 << 20
# A batch under one seal is small; what is larger has a thread of its own.
_QUICK_BYTES: Final = MAX_BATCH_BYTES + (16 << 10)
# Frames that are judged together: those behind wait for them meanwhile.
_AT_ONCE: Final = 32
# So many lots a neighbour's own thread judges before it reads on, and none after this long: who writes to
# it gives it up after two seconds (gateway.exchange.outgoing).
_OWN_ROUNDS: Final = 2
_OWN_S: Final = 0.2
# In order: what is done after so long goes, whatever waits behind it.
_LOT_S: Final = 0.1
_ALL_ROUNDS: Final = 1 << 30


NotLetGo = Refused | Unavailable | StateUncertain


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one frame.

    events: for the journal. frame: for the edge, b"" for none. unsealed: for the other side. otherwise:
    called where it could not be let go: what then. Unavailable (the journal or the neighbour takes nothing),
    Refused: nobody has it. StateUncertain: it broke off while it was handed over, and somebody may have it.
    """

    events: tuple[Event, ...] = ()
    frame: bytes = b""
    unsealed: Unsealed | None = None
    otherwise: Callable[[NotLetGo], Done] | None = None


Send = Callable[[Sequence[bytes]], None]
Work = Callable[[Frame], Sequence[Judging[Done]]]


class Seal(Protocol):
    """Seals units for the other side, several under one clearance where they fit."""

    def __call__(self, units: Sequence[Unsealed]) -> list[bytes]:
        """Frames for the ferry. Raises Refused and Unavailable: none of these is sealed then."""
        ...


class Passing:
    """threads: how many large units are judged at once. to_edge, to_ferry: raise as a line does.

    in_order: everything in the order in which it came, one by one, in one thread. work: never raises but for
    bugs. crowded: what a frame is answered with that there is no room for.
    """

    def __init__(
        self,
        threads: int,
        to_edge: Send,
        to_ferry: Send,
        seal: Seal,
        crowded: Callable[[Frame], Done],
        recorder: Recorder,
        status: Status,
        *,
        in_order: bool = False,
    ) -> None:
        self._in_order = in_order
        self._to_edge, self._to_ferry, self._seal = to_edge, to_ferry, seal
        self._crowded = crowded
        self._recorder, self._status = recorder, status
        self._small: deque[tuple[Work, Frame]] = deque()
        self._large: deque[tuple[Work, Frame]] = deque()
        self._left_over: deque[LeftOver[Done]] = deque()
        self._waiting_bytes = 0
        self._done: deque[Done] = deque()
        self._is_finishing = False
        self._is_working = False
        self._is_closed = False
        self._failure: BaseException | None = None
        self._finish_lock = threading.Lock()
        self._lock = threading.Lock()
        self._some_small = threading.Condition(self._lock)
        self._some_large = threading.Condition(self._lock)
        loops = [self._quick, *([] if in_order else [self._one_by_one] * threads)]
        self._threads = [
            threading.Thread(target=self._guarded, args=(loop,), name=f"passing {n}", daemon=True)
            for n, loop in enumerate(loops)
        ]
        for thread in self._threads:
            thread.start()

    def take(self, work: Work, frames: Sequence[Frame]) -> None:
        """Frames to be worked on, as soon as a thread is free. From any thread."""
        refused: list[Frame] = []
        large = 0
        with self._lock:
            for frame in frames:
                if (
                    len(self._small) + len(self._large) + len(self._left_over) >= MAX_WAITING
                    or self._waiting_bytes + frame.size_bytes > MAX_WAITING_BYTES
                ):
                    refused.append(frame)
                    continue
                is_small = self._in_order or frame.size_bytes <= _QUICK_BYTES
                (self._small if is_small else self._large).append((work, frame))
                large += not is_small
                self._waiting_bytes += frame.size_bytes
            self._some_large.notify(large)
        if refused:
            self._refuse(refused)
        if self._in_order:
            # It may take its time, and the neighbour's own thread has other things to read.
            with self._lock:
                self._some_small.notify()
            return
        # Whoever brings them works on them where nobody does: to wake a thread costs as much as a request.
        try:
            self._rounds(_OWN_ROUNDS, time.monotonic() + _OWN_S)
        except Exception as error:  # noqa: BLE001 handed to step(), which raises it
            self._failure = error

    def step(self) -> None:
        """For the loop of the process: raises what ended one of the threads."""
        if self._failure is not None:
            raise self._failure

    def close(self) -> None:
        """End the threads; what waits is nobody's any more, and told to nobody."""
        with self._lock:
            self._is_closed = True
            for waiting in (self._small, self._large, self._left_over):
                waiting.clear()
            self._some_small.notify_all()
            self._some_large.notify_all()
        for thread in self._threads:
            thread.join(timeout=5.0)

    def _guarded(self, loop: Callable[[], None]) -> None:
        try:
            loop()
        except BaseException as error:  # noqa: BLE001 handed to step(), which raises it
            self._failure = error

    def _quick(self) -> None:
        while True:
            with self._lock:
                while (not self._small or self._is_working) and not self._is_closed:
                    self._some_small.wait()
                if self._is_closed:
                    return
            self._rounds(_ALL_ROUNDS)

    def _refuse(self, frames: Sequence[Frame]) -> None:
        """There is no room for these."""
        done = [self._crowded(frame) for frame in frames]
        if not self._in_order:
            self.finish(done)
        elif len(self._done) < MAX_WAITING:
            # The one thread has enough to do, and comes by: in another nothing of its tables may be touched.
            self._done += done

    def _rounds(self, most: int, until_s: float = math.inf) -> None:
        """Judge what is small and waits, in so many lots at most and none begun later, unless another
        thread does."""
        with self._lock:
            if self._is_working:
                return
            self._is_working = True
        try:
            for _ in range(most):
                with self._lock:
                    late = not self._small or time.monotonic() >= until_s
                    if late or self._is_closed:
                        return
                    count = min(_AT_ONCE, len(self._small))
                    taken = [self._small.popleft() for _ in range(count)]
                    self._waiting_bytes -= sum(frame.size_bytes for _, frame in taken)
                self._judge(taken)
        finally:
            with self._lock:
                self._is_working = False
                if self._small:
                    self._some_small.notify()

    def _judge(self, taken: Sequence[tuple[Work, Frame]]) -> None:
        if self._in_order:
            self._judge_in_order(taken)
            return
        done, left_over = together([one for work, frame in taken for one in work(frame)])
        if left_over:
            with self._lock:
                self._left_over += left_over
                self._waiting_bytes += sum(one.body.size_bytes for _, one in left_over)
                self._some_large.notify(len(left_over))
        self.finish(done)

    def _judge_in_order(self, taken: Sequence[tuple[Work, Frame]]) -> None:
        done: list[Done] = []
        begun_s = time.monotonic()
        for work, frame in taken:
            done += [alone(one) for one in work(frame)]
            if time.monotonic() - begun_s > _LOT_S:
                self.finish(done)
                done, begun_s = [], time.monotonic()
        self.finish(done)

    def _one_by_one(self) -> None:
        while True:
            with self._lock:
                while not (self._left_over or self._large or self._is_closed):
                    self._some_large.wait()
                if self._is_closed:
                    return
                left_over = self._left_over.popleft() if self._left_over else None
                if left_over is not None:
                    self._waiting_bytes -= left_over[1].body.size_bytes
                else:
                    work, frame = self._large.popleft()
                    self._waiting_bytes -= frame.size_bytes
            if left_over is not None:
                self.finish([alone(*left_over)])
                continue
            for one in work(frame):
                self.finish([alone(one)])

    def finish(self, done: Sequence[Done]) -> None:
        """Journal, then let go. What others have done meanwhile goes with the same commit."""
        self._done += done
        while self._done:
            if not self._finish_lock.acquire(blocking=False):
                # Whoever holds it looks again before it lets go of it.
                return
            try:
                self._finish_all()
            finally:
                self._finish_lock.release()

    def _finish_all(self) -> None:
        batch: list[Done] = []
        while self._done:
            batch.append(self._done.popleft())
        if not batch:
            return
        try:
            for one in batch:
                for event in one.events:
                    self._recorder.record(event)
                    self._status.count(_COUNTERS.get(event.what, "transient_events_total"))
            self._recorder.commit()
        except Unavailable as error:
            self._tell(self._not_let_go(batch, error))
            return
        # From here it is in the journal, and may be performed or answered.
        told = [*self._let_go(batch)]
        if told:
            self._tell(told)

    def _let_go(self, batch: Sequence[Done]) -> list[Done]:
        """To the edge and to the ferry; gives what is to be done about those that could not go."""
        instead: list[Done] = []
        for_edge = [one for one in batch if one.frame]
        if for_edge:
            try:
                self._to_edge([one.frame for one in for_edge])
            except (Unavailable, StateUncertain) as error:
                instead += self._not_let_go(for_edge, error)
        for_ferry = [one for one in batch if one.unsealed is not None]
        if for_ferry:
            try:
                sealed = self._seal([one.unsealed for one in for_ferry if one.unsealed is not None])
                self._to_ferry(sealed)
            except (Refused, Unavailable, StateUncertain) as error:
                # Several go in one seal: what is uncertain of one is uncertain of all.
                instead += self._not_let_go(for_ferry, error)
        return instead

    def _not_let_go(self, batch: Sequence[Done], error: NotLetGo) -> list[Done]:
        self._status.count("transient_not_let_go_total", len(batch))
        return [one.otherwise(error) for one in batch if one.otherwise is not None]

    def _tell(self, told: Sequence[Done]) -> None:
        """Whoever waits for what was not let go, if he is there; else his edge's own clock tells him."""
        with suppress(Unavailable):
            for one in told:
                for event in one.events:
                    self._recorder.record(event)
        untold = self._let_go([replace(one, otherwise=None) for one in told])
        if untold:
            raise RuntimeError("told twice")


_COUNTERS: Final = {
    "request.passed": "requests_passed_total",
    "request.refused": "requests_refused_total",
    "request.unanswered": "requests_unanswered_total",
    "answer.passed": "answers_passed_total",
    "answer.refused": "answers_refused_total",
    "answer.failed": "answers_failed_total",
    "session.opened": "sessions_opened_total",
    "session.ended": "sessions_ended_total",
    "message.refused": "messages_refused_total",
}
