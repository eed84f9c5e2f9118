"""Which thread works on which unit, so that no unit of one kind waits behind another kind.

    failed at a scanner before ----> suspects: one thread, one after the other
    above 256 KiB -----------------> bulk:     two threads, which come last where processors are full
    the rest ----------------------> small:    `threads`, awaited for a second at most

What is not done when the others are stays under way and is given with a later call. Knows nothing of
queues and outcomes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Final

from gateway.guard.outcome import AnyOutcome
from gateway.spool.background import come_last
from gateway.spool.model import Taken

# Above this a unit is bulk: an archive of this size can take longer than a batch of small units.
BULK_BYTES: Final = 256 << 10
# Two at once, so that one archive that takes its time does not hold every other file.
BULK_THREADS: Final = 2
# One at a time: beside a killer of scanners a harmless unit would look guilty too.
SUSPECT_THREADS: Final = 1
# A small unit is a matter of milliseconds; one that takes longer is not waited for by the others.
SMALL_WAIT_S: Final = 1.0
# What waits for its thread holds its header and, if it is inline, its body; a file holds nothing.
UNDER_WAY_BYTES: Final = 32 << 20
UNDER_WAY_UNITS: Final = 16_384
_IDLE_WAIT_S: Final = 0.005

Settled = list[tuple[Taken, AnyOutcome]]


class Workers:
    """Threads for the units of one hop. Called from one thread; `work` is called from several.

    threads: for small units; 1 works on them in the caller's thread. is_suspect: of a unit's number.
    """

    def __init__(
        self, work: Callable[[Taken], AnyOutcome], threads: int, is_suspect: Callable[[int], bool]
    ) -> None:
        self._work, self._is_suspect = work, is_suspect
        self._small = ThreadPoolExecutor(threads, "hop") if threads > 1 else None
        self._bulk = ThreadPoolExecutor(BULK_THREADS, "bulk", initializer=come_last)
        self._suspects = ThreadPoolExecutor(SUSPECT_THREADS, "suspect")
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
        return self._held_bytes < UNDER_WAY_BYTES and len(self._under_way) < UNDER_WAY_UNITS

    def start(self, taken: Sequence[Taken]) -> None:
        """Start these. With one thread the small ones begin with done()."""
        for one in taken:
            if self._is_suspect(one.number):
                self._watch(self._suspects.submit(self._work, one), one)
            elif one.body.size_bytes > BULK_BYTES:
                self._watch(self._bulk.submit(self._work, one), one)
            elif self._small is not None:
                self._begun[self._small.submit(self._work, one)] = one
            else:
                self._own.append(one)

    def done(self) -> Settled:
        """Wait for the small ones that were started last; gives all that is done by now.

        Raises what the work raised: a bug, which ends the process.
        """
        own, self._own = self._own, []
        begun, self._begun = self._begun, {}
        finished, late = wait(begun, timeout=SMALL_WAIT_S)
        for future in late:
            self._watch(future, begun[future])
        return [
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
                pool.shutdown(wait=True, cancel_futures=True)

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
            self._held_bytes -= _held_bytes(taken)
            ended.append((taken, future.result()))
        self._next.clear()
        return ended


def _held_bytes(taken: Taken) -> int:
    inline_bytes = taken.body.size_bytes if taken.body.path is None else 0
    return len(taken.header) + inline_bytes
