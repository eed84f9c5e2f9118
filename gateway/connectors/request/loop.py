"""A thread with an event loop beside the steps of a process: where sources and sinks of requests run.

    Process --step--> Beside.step: still well? --close--> parts closed, loop ended, thread joined
                         thread:  loop -> HttpSource, HttpSink, ...

The process stays what it is (docs/adr/0001); this is one step of it that ends it when the thread has ended.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future
from typing import Any, Final, Protocol, TypeVar

from gateway.errors import StateUncertain

# Longer than any stop_s of a source: the thread has its time, and then the process ends anyhow.
CLOSE_S: Final = 15.0
_LOOK_S: Final = 0.5
_T = TypeVar("_T")


class Part(Protocol):
    async def start(self) -> None: ...

    async def close(self) -> None: ...


class Kept:
    """Something that runs until it is cancelled, as a part: a connection to the guard."""

    def __init__(self, run: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._run = run
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run())
        self._task.add_done_callback(self._ended)

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled():
            # Without it every request would wait for its time-out: the process ends instead.
            asyncio.get_running_loop().stop()


class Beside:
    """Parts that run in a loop of their own. A Step of gateway.management.process."""

    def __init__(self, parts: Sequence[Part], name: str = "requests") -> None:
        """Starts the thread and each part, in order. Raises what start() of a part raises; then none runs."""
        self._parts = list(parts)
        self._started: list[Part] = []
        self._loop = asyncio.new_event_loop()
        self._fault: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()
        try:
            self.call(self._start())
        except BaseException:
            self.close()
            raise

    def step(self, now_s: float) -> float:
        """Raises StateUncertain 6374 where the thread has ended: the process must, too."""
        if not self._thread.is_alive():
            fault = type(self._fault).__name__ if self._fault is not None else "ended"
            raise StateUncertain(6374, fault=fault)
        return _LOOK_S

    def call(self, work: Coroutine[Any, Any, _T], within_s: float = CLOSE_S) -> _T:
        """Run something in the loop and wait for it. Raises what it raises, TimeoutError after within_s."""
        future: Future[_T] = asyncio.run_coroutine_threadsafe(work, self._loop)
        return future.result(within_s)

    def begin(self, work: Coroutine[Any, Any, _T]) -> Future[_T]:
        """Run something in the loop and do not wait for it. It ends with the loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def close(self) -> None:
        """Close the parts, the last one first, then the loop. Takes CLOSE_S at most; raises nothing."""
        if self._thread.is_alive():
            with contextlib.suppress(Exception):
                self.call(self._close())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(CLOSE_S)

    def _run(self) -> None:
        try:
            asyncio.set_event_loop(self._loop)
            self._loop.run_forever()
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()
        except BaseException as error:  # noqa: BLE001 - step() tells the process, which ends
            self._fault = error

    async def _start(self) -> None:
        for part in self._parts:
            await part.start()
            self._started.append(part)

    async def _close(self) -> None:
        while self._started:
            await self._started.pop().close()
