"""Threads that work on what waits in a FairRoom: the thin shell around it.

put --> FairRoom --> [thread: work(), its time taken] --> FairRoom.end
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from gateway.guard.fair import FairRoom, Turn

Call = Callable[[], None]


class FairThreads:
    """most, most_bytes: of what waits, as FairRoom has it. Safe to call from several threads."""

    def __init__(self, name: str, threads: int, most: int, most_bytes: int) -> None:
        self._room: FairRoom[Call] = FairRoom(threads, most, most_bytes)
        self._some = threading.Condition()
        self._is_closed = False
        self._failure: BaseException | None = None
        self._threads = [
            threading.Thread(target=self._run, name=f"{name} {n}", daemon=True)
            for n in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def __len__(self) -> int:
        """How much waits."""
        with self._some:
            return len(self._room)

    def put(self, channel: str, caller: str, size_bytes: int, work: Call) -> Turn[Call] | None:
        """To be called in its turn; it raises nothing but for bugs. None: there is no room for it."""
        with self._some:
            turn = self._room.put(channel, caller, size_bytes, work)
            if turn is not None:
                self._some.notify()
            return turn

    def belongs(self, turn: Turn[Call], channel: str) -> None:
        """See FairRoom."""
        with self._some:
            self._room.belongs(turn, channel)
            self._some.notify()

    def step(self) -> None:
        """For the loop of the process: raises what ended one of the threads."""
        if self._failure is not None:
            raise self._failure

    def close(self, timeout_s: float | None = 5.0) -> None:
        """End the threads; what waits is called by nobody. timeout_s: for all that is under way."""
        until_s = None if timeout_s is None else time.monotonic() + timeout_s
        with self._some:
            self._is_closed = True
            self._room.clear()
            self._some.notify_all()
        for thread in self._threads:
            thread.join(None if until_s is None else max(until_s - time.monotonic(), 0.0))

    def _run(self) -> None:
        try:
            while (turn := self._next()) is not None:
                begun_s = time.monotonic()
                try:
                    turn.work()
                finally:
                    with self._some:
                        self._room.end(turn, time.monotonic() - begun_s)
        except BaseException as error:  # noqa: BLE001 handed to step(), which raises it
            self._failure = error

    def _next(self) -> Turn[Call] | None:
        """None: it is closed."""
        with self._some:
            while not self._is_closed:
                if (turn := self._room.begin()) is not None:
                    # What is done may have made way for more than one.
                    if len(self._room):
                        self._some.notify()
                    return turn
                self._some.wait()
            return None
