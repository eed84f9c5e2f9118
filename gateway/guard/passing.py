"""The threads that work on transient units in a guard: judge, write into the journal, then let go.

    take() -> waiting -> [thread: work] -> done -> one of them: record all, commit once -> release all
                |
                +-- too many: crowded, answered at once

Nothing is let go that is not in the journal, on disk: a killed guard has performed or answered nothing that
nobody knows of. One commit serves whatever is done by then, so its price is shared. These threads are not
those of the files: a large file does not delay a request.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final, Protocol

from gateway.audit.event import Event, Recorder, Status
from gateway.errors import Refused, StateUncertain, Unavailable
from gateway.exchange.frames import Frame
from gateway.guard.requests import Unsealed

# As many as callers' edges hold; what is above would be answered too late.
MAX_WAITING: Final = 4_096
MAX_WAITING_BYTES: Final = 64 << 20
# Frames that one thread takes at once: those behind the first wait for it meanwhile.
_AT_ONCE: Final = 8


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
Work = Callable[[Frame], Sequence[Done]]


class Seal(Protocol):
    """Seals units for the other side, several under one clearance where they fit."""

    def __call__(self, units: Sequence[Unsealed]) -> list[bytes]:
        """Frames for the ferry. Raises Refused and Unavailable: none of these is sealed then."""
        ...


class Passing:
    """threads: how many units are judged at once. to_edge, to_ferry: raise as a line does.

    work: never raises but for bugs. crowded: what a frame is answered with that there is no room for.
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
    ) -> None:
        self._to_edge, self._to_ferry, self._seal = to_edge, to_ferry, seal
        self._crowded, self._share = crowded, threads
        self._recorder, self._status = recorder, status
        self._waiting: deque[tuple[Work, Frame]] = deque()
        self._waiting_bytes = 0
        self._done: deque[Done] = deque()
        self._is_finishing = False
        self._is_closed = False
        self._failure: BaseException | None = None
        self._finish_lock = threading.Lock()
        self._some = threading.Condition()
        self._threads = [
            threading.Thread(target=self._loop, name=f"passing {n}", daemon=True)
            for n in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def take(self, work: Work, frames: Sequence[Frame]) -> None:
        """Frames to be worked on, as soon as a thread is free. From any thread."""
        refused: list[Frame] = []
        with self._some:
            for frame in frames:
                if (
                    len(self._waiting) >= MAX_WAITING
                    or self._waiting_bytes + frame.size_bytes > MAX_WAITING_BYTES
                ):
                    refused.append(frame)
                    continue
                self._waiting.append((work, frame))
                self._waiting_bytes += frame.size_bytes
            self._some.notify(len(frames))
        if refused:
            self.finish([self._crowded(frame) for frame in refused])

    def step(self) -> None:
        """For the loop of the process: raises what ended one of the threads."""
        if self._failure is not None:
            raise self._failure

    def close(self) -> None:
        """End the threads; what waits is nobody's any more, and told to nobody."""
        with self._some:
            self._is_closed = True
            self._waiting.clear()
            self._some.notify_all()
        for thread in self._threads:
            thread.join(timeout=5.0)

    def _loop(self) -> None:
        try:
            while True:
                with self._some:
                    while not self._waiting and not self._is_closed:
                        self._some.wait()
                    if self._is_closed:
                        return
                    # A share of what waits, so that one commit and one seal serve several.
                    count = min(_AT_ONCE, -(-len(self._waiting) // self._share))
                    taken = [self._waiting.popleft() for _ in range(count)]
                    self._waiting_bytes -= sum(frame.size_bytes for _, frame in taken)
                self.finish([one for work, frame in taken for one in work(frame)])
        except BaseException as error:  # noqa: BLE001 handed to step(), which raises it
            self._failure = error

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
