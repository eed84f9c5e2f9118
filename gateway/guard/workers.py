"""Which thread works on which unit, so that no unit of one kind, or channel, waits behind another.

    failed at a scanner before ----> suspects: one thread, one after the other
    above 256 KiB -----------------> bulk:     two threads, and one
    the rest ----------------------> small:    `threads`, and one, awaited for a second at most

What is larger still waits before it is bulk while the next queue has enough (gateway.guard.kept_back).
In each the last free thread is for a channel that holds none there (gateway.guard.fair). Whose a small unit
is, is asked only while some take long: the answer costs a part of what the unit does. What is not done when
the others are stays under way and is given with a later call; what finds no room for its channel waits in its
queue. Knows nothing else of queues and outcomes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Final

from gateway.guard.fair import Turn
from gateway.guard.fair_threads import Call, FairThreads
from gateway.guard.kept_back import KEPT_BACK_BYTES, KeptBack, NextQueue
from gateway.guard.outcome import AnyOutcome, Wait
from gateway.spool.model import Taken

# Above this a unit is bulk: an archive of this size can take longer than a batch of small units.
BULK_BYTES: Final = 256 << 10
# Two at once, so that one archive that takes its time does not hold every other file.
BULK_THREADS: Final = 2
# One at a time: beside a killer of scanners a harmless unit would look guilty too.
SUSPECT_THREADS: Final = 1
# Of small units and of bulk, beside those that one channel may hold: for another.
SPARE_THREADS: Final = 1
# A small unit is a matter of milliseconds; one that takes longer is not waited for by the others.
SMALL_WAIT_S: Final = 1.0
# What waits for its thread holds its header and, if it is inline, its body; a file holds nothing.
UNDER_WAY_BYTES: Final = 32 << 20
UNDER_WAY_UNITS: Final = 16_384
# What is above the share of its channel is taken from its queue again after so long; so many at most in that
# time: to take and put off costs as much as to be done with many a unit. A queue gives such before what is
# new: where there is much of it it comes less often, and half of the time is for others.
PUT_OFF_S: Final = 10.0
MOST_PUT_OFF: Final = 4_096
_IDLE_WAIT_S: Final = 0.005

Settled = list[tuple[Taken, AnyOutcome]]


class Workers:
    """Threads for the units of one hop. Called from one thread; `work` is called from several.

    threads: for small units; 1 works on them in the caller's thread. is_suspect: of a unit's number.
    channel_of: a unit, "" where that cannot be known; raises nothing. next_queue: None keeps nothing back.
    """

    def __init__(
        self,
        work: Callable[[Taken], AnyOutcome],
        threads: int,
        is_suspect: Callable[[int], bool],
        channel_of: Callable[[Taken], str] = lambda _: "",
        next_queue: NextQueue | None = None,
    ) -> None:
        self._work, self._is_suspect = work, is_suspect
        self._kept_back = KeptBack(next_queue) if next_queue is not None else None
        self._channel_of = channel_of
        self._small = _threads("hop", threads + SPARE_THREADS) if threads > 1 else None
        self._bulk = _threads("bulk", BULK_THREADS + SPARE_THREADS)
        self._suspects = _threads("suspect", SUSPECT_THREADS)
        self._turns: dict[Future[AnyOutcome], Turn[Call]] = {}
        # Small ones that were not done in time, and still are not.
        self._late: set[Future[AnyOutcome]] = set()
        self._put_off: Settled = []
        self._put_off_count, self._put_off_until_s = 0, 0.0
        # Their numbers, until they find room.
        self._without_room: set[int] = set()
        # Started with the last batch: small units in their threads, or in the caller's own.
        self._begun: dict[Future[AnyOutcome], Taken] = {}
        self._own: list[Taken] = []
        self._under_way: dict[Future[AnyOutcome], Taken] = {}
        self._done: SimpleQueue[Future[AnyOutcome]] = SimpleQueue()
        self._next: list[Future[AnyOutcome]] = []
        self._held_bytes = 0

    @property
    def has_room(self) -> bool:
        """Whether more may be given: what is under way is bounded in number and memory."""
        if time.monotonic() >= self._put_off_until_s:
            self._put_off_count = 0
        return (
            self._held_bytes < UNDER_WAY_BYTES
            and len(self._under_way) < UNDER_WAY_UNITS
            and self._put_off_count < MOST_PUT_OFF
        )

    def start(self, taken: Sequence[Taken]) -> None:
        """Start these. With one thread the small ones begin with done()."""
        for one in taken:
            if self._is_suspect(one.number):
                self._begin(self._suspects, one, self._channel_of(one))
            elif one.body.size_bytes > BULK_BYTES:
                self._start_bulk(one, self._channel_of(one))
            elif self._small is None:
                self._own.append(one)
            elif self._late:
                self._begin(self._small, one, self._channel_of(one))
            elif (future := self._submit(self._small, one, "")) is not None:
                self._begun[future] = one
        if self._kept_back is not None:
            for one, channel in self._kept_back.next():
                self._begin(self._bulk, one, channel)

    def done(self) -> Settled:
        """Wait for the small ones that were started last; gives all that is done by now.

        Raises what the work raised: a bug, which ends the process.
        """
        own, self._own = self._own, []
        begun, self._begun = self._begun, {}
        finished, late = wait(begun, timeout=SMALL_WAIT_S)
        for future in late:
            one = begun[future]
            if self._small is not None:
                self._small.belongs(self._turns[future], self._channel_of(one))
            self._late.add(future)
            self._watch(future, one)
        for future in finished:
            del self._turns[future]
        put_off, self._put_off = self._put_off, []
        return [
            *put_off,
            *self._ended(),
            *((one, future.result()) for future, one in begun.items() if future in finished),
            *((one, self._work(one)) for one in own),
        ]

    def wait(self) -> bool:
        """Wait a moment for what is under way; False where nothing is."""
        if not self._under_way:
            return False
        with suppress(Empty):
            self._next.append(self._done.get(timeout=_IDLE_WAIT_S))
        return True

    def close(self) -> None:
        """End the threads; what they held comes again from its queue."""
        for pool in (self._small, self._bulk, self._suspects):
            if pool is not None:
                pool.close(None)

    def _start_bulk(self, one: Taken, channel: str) -> None:
        going = [(one, channel)]
        is_file = one.body.path is not None
        if self._kept_back is not None and is_file and one.body.size_bytes > KEPT_BACK_BYTES:
            going = self._kept_back.put(one, channel)
        for unit, of_channel in going:
            self._begin(self._bulk, unit, of_channel)

    def _begin(self, pool: FairThreads, one: Taken, channel: str) -> None:
        """It is not waited for."""
        future = self._submit(pool, one, channel)
        if future is not None:
            self._watch(future, one)

    def _submit(self, pool: FairThreads, one: Taken, channel: str) -> Future[AnyOutcome] | None:
        """None: there is no room for it, and it waits in its queue."""
        future: Future[AnyOutcome] = Future()

        def work() -> None:
            try:
                outcome = self._work(one)
            except BaseException as error:  # noqa: BLE001 handed to done(), which raises it
                future.set_exception(error)
            else:
                future.set_result(outcome)

        turn = pool.put(channel, "", _held_bytes(one), work)
        if turn is None:
            if not self._put_off_count:
                self._put_off_until_s = time.monotonic() + PUT_OFF_S
            self._put_off_count += 1
            self._without_room.add(one.number)
            often = max(2 * len(self._without_room) / MOST_PUT_OFF, 1.0)
            self._put_off.append((one, Wait(PUT_OFF_S * often, 0, channel)))
            self._not_kept_back(one)
            return None
        self._without_room.discard(one.number)
        self._turns[future] = turn
        return future

    def _not_kept_back(self, taken: Taken) -> None:
        if self._kept_back is not None:
            self._kept_back.ended(taken.number)

    def _watch(self, future: Future[AnyOutcome], taken: Taken) -> None:
        self._under_way[future] = taken
        self._held_bytes += _held_bytes(taken)
        future.add_done_callback(self._done.put)

    def _ended(self) -> Settled:
        while not self._done.empty():
            self._next.append(self._done.get_nowait())
        ended: Settled = []
        for future in self._next:
            taken = self._under_way.pop(future)
            self._late.discard(future)
            del self._turns[future]
            self._held_bytes -= _held_bytes(taken)
            self._not_kept_back(taken)
            ended.append((taken, future.result()))
        self._next.clear()
        return ended


def _held_bytes(taken: Taken) -> int:
    inline_bytes = taken.body.size_bytes if taken.body.path is None else 0
    return len(taken.header) + inline_bytes


def _threads(name: str, threads: int) -> FairThreads:
    # One batch always has room beside those that take long.
    return FairThreads(name, threads, UNDER_WAY_UNITS, 2 * UNDER_WAY_BYTES)
