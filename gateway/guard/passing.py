"""The threads that work on transient units in a guard: judge, write into the journal, then let go.

    take() -> small -> [one thread: all that waits, judged together] -> done -> record all, commit once
                |  |                        | left over                                 -> release all
                |  |                        v
                |  +-- large -> [opened] -> by channel -> [threads: one by one, in fair turns] -> done
                +-- too many: crowded          +-- too many of this channel or caller: refused (5760)

What is done is let go by gateway.guard.letting_go. What waits while one lot is judged is the next lot, so
under load the price of a wake-up, a commit and a seal is shared by many. These threads are not those of the
files: a large file delays no request.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from gateway.errors import Unavailable
from gateway.exchange.frames import Frame
from gateway.guard.fair_threads import FairThreads
from gateway.guard.letting_go import Done, LettingGo
from gateway.guard.together import Judging, Question, Slowly, alone, together
from gateway.unit.request import MAX_BATCH_BYTES

# As many as callers' edges hold; what is above would be answered too late.
MAX_WAITING: Final = 4_096
MAX_WAITING_BYTES: Final = 64 << 20
# Of those that are judged by themselves, besides: one channel alone may have half of it, one caller of it a
# quarter. Above, whose it is is not known yet: it is read where it leaves.
MAX_SLOW: Final = 8_192
MAX_SLOW_BYTES: Final = 128 << 20
# A batch under one seal is small; what is larger has a thread of its own.
_QUICK_BYTES: Final = MAX_BATCH_BYTES + (16 << 10)
# Frames that are judged together: those behind wait for them meanwhile.
_AT_ONCE: Final = 32
# So many lots a neighbour's own thread judges before it reads on, and none after this long: who writes to
# it gives it up after two seconds (gateway.exchange.outgoing).
_OWN_ROUNDS: Final = 2
_OWN_S: Final = 0.2
_ALL_ROUNDS: Final = 1 << 30


Work = Callable[[Frame], Sequence[Judging[Done]]]


class Passing:
    """threads: how many large units are judged at once. work: never raises but for bugs. crowded: what a
    frame is answered with that there is no room for.
    """

    def __init__(
        self, threads: int, letting_go: LettingGo, crowded: Callable[[Frame], Done]
    ) -> None:
        self._letting_go, self._crowded = letting_go, crowded
        self._small: deque[tuple[Work, Frame]] = deque()
        self._large: deque[tuple[Work, Frame]] = deque()
        self._waiting_bytes = 0
        self._is_working = False
        self._is_closed = False
        self._failure: BaseException | None = None
        self._lock = threading.Lock()
        self._some_small = threading.Condition(self._lock)
        self._some_large = threading.Condition(self._lock)
        self._slow = FairThreads("passing", threads, MAX_SLOW, MAX_SLOW_BYTES)
        self._threads = [
            threading.Thread(target=self._guarded, args=(loop,), name=name, daemon=True)
            for name, loop in (("passing", self._quick), ("opening", self._opening))
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
                    len(self._small) + len(self._large) >= MAX_WAITING
                    or self._waiting_bytes + frame.size_bytes > MAX_WAITING_BYTES
                ):
                    refused.append(frame)
                    continue
                is_small = frame.size_bytes <= _QUICK_BYTES
                (self._small if is_small else self._large).append((work, frame))
                large += not is_small
                self._waiting_bytes += frame.size_bytes
            if large:
                self._some_large.notify()
        # Whoever brings them works on them where nobody does: to wake a thread costs as much as a request.
        try:
            if refused:
                self._letting_go.finish([self._crowded(frame) for frame in refused])
            self._rounds(_OWN_ROUNDS, time.monotonic() + _OWN_S)
        except Exception as error:  # noqa: BLE001 handed to step(), which raises it
            self._failure = error

    def step(self) -> None:
        """For the loop of the process: raises what ended one of the threads."""
        if self._failure is not None:
            raise self._failure
        self._slow.step()

    def close(self) -> None:
        """End the threads; what waits is nobody's any more, and told to nobody."""
        with self._lock:
            self._is_closed = True
            self._small.clear()
            self._large.clear()
            self._some_small.notify_all()
            self._some_large.notify_all()
        for thread in self._threads:
            thread.join(timeout=5.0)
        self._slow.close()

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

    def _rounds(self, most: int, until_s: float = math.inf) -> None:
        """Judge what is small and waits, in so many lots at most and none begun later, unless another
        thread does."""
        with self._lock:
            if self._is_working:
                return
            is_mine = self._is_working = True
        try:
            for _ in range(most):
                with self._lock:
                    late = not self._small or time.monotonic() >= until_s
                    if late or self._is_closed:
                        return
                    count = min(_AT_ONCE, len(self._small))
                    taken = [self._small.popleft() for _ in range(count)]
                    self._waiting_bytes -= sum(frame.size_bytes for _, frame in taken)
                done, left_over = together([one for work, frame in taken for one in work(frame)])
                for one in left_over:
                    self._in_turn(*one)
                # While the disk takes their events, whoever brings more judges those.
                with self._lock:
                    is_mine = self._is_working = False
                self._letting_go.finish(done)
                with self._lock:
                    if self._is_working:
                        return
                    is_mine = self._is_working = True
        finally:
            with self._lock:
                if is_mine:
                    self._is_working = False
                if self._small and not self._is_working:
                    self._some_small.notify()

    def _opening(self) -> None:
        """What is large, as far as what it asks about: then it is known whose it is."""
        while True:
            with self._lock:
                while not (self._large or self._is_closed):
                    self._some_large.wait()
                if self._is_closed:
                    return
                work, frame = self._large.popleft()
                self._waiting_bytes -= frame.size_bytes
            for judging in work(frame):
                try:
                    question = next(judging)
                except StopIteration as end:
                    self._letting_go.finish([end.value])
                else:
                    self._in_turn(judging, question)

    def _in_turn(self, judging: Judging[Done], question: Question) -> None:
        def go_on() -> None:
            self._letting_go.finish([alone(judging, question)])

        channel, caller = question.whose
        if self._slow.put(channel, caller, question.body.size_bytes, go_on) is None:
            full = Slowly(_no_room, question.body, question.whose)
            self._letting_go.finish([alone(judging, full)])


def _no_room() -> bytes:
    raise Unavailable(5760, most=MAX_SLOW)
