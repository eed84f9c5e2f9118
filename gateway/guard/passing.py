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
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from gateway.audit.event import Event, Recorder, Status
from gateway.errors import Unavailable
from gateway.exchange.frames import Frame

# As many as callers' edges hold; what is above would be answered too late.
MAX_WAITING: Final = 4_096
MAX_WAITING_BYTES: Final = 64 << 20


class Way(Enum):
    """Where a frame goes next."""

    EDGE = auto()
    FERRY = auto()


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one frame.

    events: for the journal. frame: b"" for nothing. otherwise: called where it could not be let go (the
    journal or the neighbour takes nothing); what it gives goes that way instead, if it can.
    """

    events: tuple[Event, ...]
    way: Way = Way.EDGE
    frame: bytes = b""
    otherwise: Callable[[Unavailable], tuple[Way, bytes]] | None = None


Send = Callable[[Sequence[bytes]], None]
Work = Callable[[Frame], Done]


class Passing:
    """threads: how many units are judged at once. send: by way; raises Unavailable as a line does.

    work: never raises but for bugs. crowded: what a frame is answered with that there is no room for.
    """

    def __init__(
        self,
        threads: int,
        send: dict[Way, Send],
        crowded: Callable[[Frame], Done],
        recorder: Recorder,
        status: Status,
    ) -> None:
        self._send, self._crowded = send, crowded
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
                    or self._waiting_bytes + len(frame.content) > MAX_WAITING_BYTES
                ):
                    refused.append(frame)
                    continue
                self._waiting.append((work, frame))
                self._waiting_bytes += len(frame.content)
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
                    work, frame = self._waiting.popleft()
                    self._waiting_bytes -= len(frame.content)
                self.finish([work(frame)])
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
            self._fail(batch, error)
            return
        # From here it is in the journal, and may be performed or answered.
        for way, send in self._send.items():
            going = [one for one in batch if one.frame and one.way is way]
            if not going:
                continue
            try:
                send([one.frame for one in going])
            except Unavailable as error:
                self._fail(going, error)

    def _fail(self, batch: Sequence[Done], error: Unavailable) -> None:
        """None of these was let go: whoever waits for one is told, if he is there."""
        self._status.count("transient_not_let_go_total", len(batch))
        told = [one.otherwise(error) for one in batch if one.otherwise is not None]
        for way, send in self._send.items():
            frames = [frame for where, frame in told if where is way and frame]
            if not frames:
                continue
            try:
                send(frames)
            except Unavailable:
                # Nobody is there to be told: the clock of the caller's edge tells him.
                self._status.count("transient_untold_total", len(frames))


_COUNTERS: Final = {
    "request.passed": "requests_passed_total",
    "request.refused": "requests_refused_total",
    "request.unanswered": "requests_unanswered_total",
    "answer.passed": "answers_passed_total",
    "answer.refused": "answers_refused_total",
    "answer.failed": "answers_failed_total",
}
