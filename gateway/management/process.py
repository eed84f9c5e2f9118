"""The loop of one process: its steps, its signals, its status, and how it ends.

Each part of a process is a Step: bounded work, then the seconds until it wants to be called again.
A watch thread shows the status and asks the scanners how they are, so that an alarm comes within
seconds although a step may be waiting for one of them.
"""

from __future__ import annotations

import _thread
import contextlib
import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from gateway.audit.event import Event, Recorder, Status
from gateway.errors import GatewayError, Unavailable
from gateway.management.watchdog import Pulse, notify

# Idle processes look again this often: three of them a side make the latency of a lone unit.
LONGEST_SLEEP_S: Final = 0.05
WATCH_EVERY_S: Final = 0.5
UNAVAILABLE_SLEEP_S: Final = 0.5


class Step(Protocol):
    def step(self, now_s: float) -> float:
        """Do bounded work; 0 wants to be called again at once."""
        ...


class Loop(Protocol):
    """A step with a loop of its own, where the loop of a process would be too slow."""

    def run(self, stop: threading.Event) -> None: ...


class Board(Status, Protocol):
    def flush(self, now_s: float) -> None: ...


@dataclass(slots=True)
class Process:
    """One running process of a host, assembled by wiring.

    loops: each runs in a thread of its own beside the steps; without steps the first has the main
    thread. watches: called every half second from the watch thread; they must not block for long.
    closing: called once at the end, in order, when no loop runs any more.
    """

    name: str
    steps: Sequence[Step]
    board: Board
    recorder: Recorder
    loops: Sequence[Loop] = ()
    watches: Sequence[Callable[[], None]] = ()
    closing: Sequence[Callable[[], None]] = ()
    reload: Callable[[], None] | None = None
    # No Event: a signal's handler runs between any two steps of the main thread, which may hold its lock.
    _reload_wanted: bool = False

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set. Raises StateUncertain and Misconfigured: the process must end."""
        self.recorder.record(Event("process.started", time.time_ns()))
        watch = threading.Thread(target=self._watch, args=(stop,), name="watch", daemon=True)
        watch.start()
        pulse = Pulse(stop)
        notify(b"READY=1")
        own, beside = (None, self.loops) if self.steps else (self.loops[:1], self.loops[1:])
        threads = Beside(beside, pulse)
        try:
            if own:
                own[0].run(pulse)
            while not pulse.is_set():
                wait_s = self._round()
                if wait_s > 0:
                    stop.wait(min(wait_s, LONGEST_SLEEP_S))
            threads.end()
            self.recorder.record(Event("process.stopped", time.time_ns()))
            self.recorder.commit()
        finally:
            stop.set()
            notify(b"STOPPING=1")
            threads.join()
            watch.join(timeout=2 * WATCH_EVERY_S)
            for close in self.closing:
                close()

    def _round(self) -> float:
        if self._reload_wanted and self.reload is not None:
            self._reload_wanted = False
            self.reload()
        waits_s = []
        for step in self.steps:
            try:
                waits_s.append(step.step(time.monotonic()))
            except Unavailable as error:
                self.board.raise_alarm(error.number, **error.fields)
                waits_s.append(UNAVAILABLE_SLEEP_S)
        return min(waits_s, default=LONGEST_SLEEP_S)

    def _watch(self, stop: threading.Event) -> None:
        while True:
            for look in self.watches:
                try:
                    look()
                except GatewayError as error:
                    self.board.raise_alarm(error.number, **error.fields)
            # Alarms raised while nothing moves are recorded too.
            with contextlib.suppress(Unavailable):
                self.recorder.commit()
            self.board.flush(time.monotonic())
            if stop.wait(WATCH_EVERY_S):
                self.board.flush(time.monotonic())
                return

    def want_reload(self) -> None:
        """Read policies and keys anew at the next round (SIGHUP)."""
        self._reload_wanted = True


class Beside:
    """Loops in threads of their own. One that fails stops the others, and its error is the process's."""

    def __init__(self, loops: Sequence[Loop], stop: threading.Event) -> None:
        self._stop = stop
        self._failed: list[BaseException] = []
        self._threads = [
            threading.Thread(target=self._run, args=(loop,), name=f"loop {place}")
            for place, loop in enumerate(loops, 1)
        ]
        for thread in self._threads:
            thread.start()

    def _run(self, loop: Loop) -> None:
        try:
            loop.run(self._stop)
        except BaseException as error:  # noqa: BLE001 handed to end(), which raises it
            self._failed.append(error)
        finally:
            self._stop.set()

    def join(self) -> None:
        for thread in self._threads:
            thread.join()

    def end(self) -> None:
        """Wait for all. Raises what the first of them raised."""
        self.join()
        if self._failed:
            raise self._failed[0]


def in_turn(*parts: Callable[[], None]) -> Callable[[], None]:
    """One reload of several parts."""

    def reload() -> None:
        for part in parts:
            part()

    return reload


def stop_on_signals(process: Process, stop: threading.Event) -> None:
    """SIGTERM and SIGINT end the process in order; SIGHUP reloads policies and keys."""
    for number in (signal.SIGTERM, signal.SIGINT):
        # In a thread of its own: the main thread may be inside stop.wait(), and then has the lock that
        # set() wants, for ever. _thread, because Thread.start() has locks too.
        signal.signal(number, lambda *_: _thread.start_new_thread(stop.set, ()))
    signal.signal(signal.SIGHUP, lambda *_: process.want_reload())
