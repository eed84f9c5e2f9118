"""One thread of a guard that works on frames in the order in which they came.

    take() -> waiting -> [thread: one by one] -> done -> let go, several at once
                |
                +-- too many: crowded, answered by that thread

Beside gateway.guard.passing, where order is nobody's business: what a work keeps is touched by this thread
alone.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from gateway.exchange.frames import Frame
from gateway.guard.letting_go import Done, LettingGo
from gateway.guard.passing import MAX_WAITING, MAX_WAITING_BYTES

# What is done after so long goes, whatever waits behind it; so many at most.
_LOT_S: Final = 0.1
_AT_ONCE: Final = 32

Work = Callable[[Frame], Sequence[Done]]


class InOrder:
    """work: never raises but for bugs. crowded: what a frame is answered with that there is no room for;
    called in the thread of whoever brought the frame, it touches nothing of a work."""

    def __init__(self, name: str, letting_go: LettingGo, crowded: Callable[[Frame], Done]) -> None:
        self._letting_go, self._crowded = letting_go, crowded
        self._waiting: deque[tuple[Work, Frame]] = deque()
        self._waiting_bytes = 0
        self._is_closed = False
        self._failure: BaseException | None = None
        self._some = threading.Condition()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def take(self, work: Work, frames: Sequence[Frame]) -> None:
        """Frames to be worked on in their turn. From any thread, which never works on them itself."""
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
            self._some.notify()
        done = [self._crowded(frame) for frame in refused]
        # The thread has enough to do, and comes by: in another, what follows from them may touch its work.
        if len(self._letting_go) < MAX_WAITING:
            self._letting_go.add(done)

    def step(self) -> None:
        """For the loop of the process: raises what ended the thread."""
        if self._failure is not None:
            raise self._failure

    def close(self) -> None:
        """End the thread; what waits is nobody's any more, and told to nobody."""
        with self._some:
            self._is_closed = True
            self._waiting.clear()
            self._some.notify()
        self._thread.join(timeout=5.0)

    def _run(self) -> None:
        try:
            while taken := self._next():
                self._work(taken)
        except BaseException as error:  # noqa: BLE001 handed to step(), which raises it
            self._failure = error

    def _next(self) -> list[tuple[Work, Frame]]:
        """Nothing: it is closed."""
        with self._some:
            while not self._waiting and not self._is_closed:
                self._some.wait()
            taken = [self._waiting.popleft() for _ in range(min(_AT_ONCE, len(self._waiting)))]
            self._waiting_bytes -= sum(frame.size_bytes for _, frame in taken)
            return taken

    def _work(self, taken: Sequence[tuple[Work, Frame]]) -> None:
        done: list[Done] = []
        begun_s = time.monotonic()
        for work, frame in taken:
            done += work(frame)
            if time.monotonic() - begun_s > _LOT_S:
                self._letting_go.finish(done)
                done, begun_s = [], time.monotonic()
        self._letting_go.finish(done)
