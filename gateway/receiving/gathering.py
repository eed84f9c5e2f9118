"""Chunks of the lane into whole units, and these in groups into the queue `received`. Disk, no link.

    chunk -> already here? -> a small unit whole in one chunk ----------------------> group --> put
                |             a larger one: partial file --> complete --> on disk? ---^      (one fsync)
             counted                          |                      |
                                 noted, kept until its    not for sure: dropped, and missing again
                                   retention is over      (after a failing sync a second proves nothing)

A unit that is here in part is kept until the rest is sent again, until its retention is over, or until its
place is wanted: units under way are bounded in number and in pieces (gateway.ferry.oneway.underway), and
the disk's reserve is not theirs. It stays on the list of what is missing in all cases.
"""

from __future__ import annotations

import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.audit.event import Event, Recorder, Status
from gateway.errors import StateUncertain, Unavailable
from gateway.ferry.block import Chunk
from gateway.ferry.oneway.account import Account
from gateway.ferry.partials import PartialFiles
from gateway.spool.model import Entry, Put, QueueWriter
from gateway.spool.page_cache import STEP_BYTES, sync_file_and_let_go

# Units of one group commit: the rest waits in the link, and one fsync serves them all.
_GROUP_UNITS: Final = 256
_GROUP_BYTES: Final = 16 << 20
# Partials younger than this are not noted: most are complete by then.
_NOTE_AFTER_S: Final = 1.0
# Bytes above which a complete unit is made durable beside the desk before its group commit.
_SYNC_BYTES: Final = 4 << 20
# A unit untouched for so long waits for people: on a short disk its place is given to what comes now.
_STALE_S: Final = 60.0
# A large unit under way goes to disk in pieces, so that neither its end nor a journal waits for all of it.
_FLUSH_BYTES: Final = STEP_BYTES


@dataclass(frozen=True, slots=True)
class _Ready:
    entry: Entry
    size_bytes: int


class Gathering:
    """Units under way into a queue. account: is told what is here, and holds the partials.

    folder: for partial units, on the queue's file system. inline_bytes: bodies up to this size stay in
    memory. reserve_bytes: free disk that partial units leave. Those of an earlier run are taken up again.
    """

    def __init__(
        self,
        queue: QueueWriter,
        account: Account,
        folder: Path,
        inline_bytes: int,
        retention_s: float,
        recorder: Recorder,
        status: Status,
        reserve_bytes: int = 256 << 20,
    ) -> None:
        self._queue, self._account = queue, account
        self._inline_bytes, self._retention_s = inline_bytes, retention_s
        self._recorder, self._status = recorder, status
        self._files = PartialFiles(folder, reserve_bytes)
        self._group: dict[int, _Ready] = {}
        self._group_bytes = 0
        self.received_bytes = 0
        self._noted: dict[int, float] = {}
        self._unflushed: dict[int, int] = {}
        self._syncer = ThreadPoolExecutor(1, "sync")
        self._syncing: deque[tuple[_Ready, Future[None]]] = deque()
        self._flushing: tuple[int, Future[None]] | None = None
        for partial in self._files.load():
            if queue.has(partial.number):
                self._files.discard(partial.number)
            else:
                account.restore(partial)
        self._discard_beyond()

    @property
    def full(self) -> bool:
        """Whether the group is to be put before more is taken."""
        return len(self._group) >= _GROUP_UNITS or self._group_bytes >= _GROUP_BYTES

    def take(self, chunk: Chunk, session: int, now_s: float) -> None:
        """One chunk, in any order and any number of times. Raises Unavailable 5503 (disk full)."""
        self.received_bytes += len(chunk.data)
        if self._account.is_here(chunk.number):
            self._account.seen_again(chunk.number, session, chunk.sequence)
            self._status.count("chunks_repeated_total")
            return
        body_bytes = chunk.total_bytes - chunk.trailer_bytes
        whole = len(chunk.data) == chunk.total_bytes
        if whole and body_bytes <= self._inline_bytes:
            data = bytes(chunk.data)
            self._complete(
                chunk.number, session, chunk.sequence, data[body_bytes:], data[:body_bytes]
            )
            return
        if self._contradicts(chunk):
            self._status.count("chunks_contradicting_total")
            return
        self._discard_beyond(chunk)
        if not self._account.has_place(chunk):
            self._status.count("chunks_unplaced_total")
            return
        self._make_room(chunk, now_s)
        self._files.write(chunk)
        self._flush_early(chunk.number, len(chunk.data))
        partial = self._account.chunk(chunk, session, now_s)
        if partial is not None and partial.complete:
            header, body = self._files.finish(partial, self._inline_bytes)
            self._complete(partial.number, partial.session, partial.sequence, header, body)

    def _discard_beyond(self, chunk: Chunk | None = None) -> None:
        """Units under way leave, the one touched longest ago first, until the chunk has its place."""
        while (number := self._account.in_the_way(chunk)) is not None:
            self._discard(number)

    def _make_room(self, chunk: Chunk, now_s: float) -> None:
        """Raises Unavailable 5503 where the reserve is reached and no stale unit is left to discard."""
        while (short := self._files.short_of_room(len(chunk.data))) is not None:
            number = self._account.oldest(chunk.number, untouched_since_s=now_s - _STALE_S)
            if number is None:
                raise short
            self._discard(number)

    def _discard(self, number: int) -> None:
        self._account.drop(number)
        self._files.discard(number)
        self._noted.pop(number, None)
        self._unflushed.pop(number, None)
        self._status.count("partials_discarded_total")

    def _contradicts(self, chunk: Chunk) -> bool:
        before = self._account.partials.get(chunk.number)
        said = (chunk.total_bytes, chunk.trailer_bytes)
        return before is not None and (before.total_bytes, before.trailer_bytes) != said

    def _complete(
        self, number: int, session: int, sequence: int, header: bytes, body: bytes | Path
    ) -> None:
        size_bytes = len(body) if isinstance(body, bytes) else body.stat().st_size
        if number in self._account.partials:
            self._noted.pop(number, None)
            if isinstance(body, bytes):
                self._files.discard(number)
        self._account.complete(number, session, sequence)
        ready = _Ready(Entry(number, header, body), size_bytes)
        self._unflushed.pop(number, None)
        is_flushing = self._flushing is not None and self._flushing[0] == number
        if isinstance(body, Path) and (size_bytes > _SYNC_BYTES or is_flushing):
            # The syncer takes one after another: then its early piece has its answer, too.
            self._syncing.append((ready, self._syncer.submit(_sync, body)))
            return
        self._group[number] = ready
        self._group_bytes += size_bytes if isinstance(body, bytes) else 0

    def _flush_early(self, number: int, size_bytes: int) -> None:
        """One piece at a time, larger ones where the disk is slower. Raises Unavailable 5503 of the last."""
        grown = self._unflushed.get(number, 0) + size_bytes
        if grown >= _FLUSH_BYTES and (self._flushing is None or self._flushing[1].done()):
            if (failed := self._flushed()) is not None:
                raise failed
            self._flushing = number, self._syncer.submit(_sync, self._files.path(number))
            grown = 0
        self._unflushed[number] = grown

    def _flushed(self) -> BaseException | None:
        """Why the last early piece is not on disk, once that is known: its unit is lost then."""
        if self._flushing is None or not self._flushing[1].done():
            return None
        (number, done), self._flushing = self._flushing, None
        failed = done.exception()
        if failed is not None:
            self._lost(number)
        return failed

    def _lost(self, number: int) -> None:
        """After a failing sync its pages may count as clean, and be on no disk: all of it is wanted again."""
        if number in self._account.partials:
            self._discard(number)
            return
        for item in [one for one in self._syncing if one[0].entry.number == number]:
            self._syncing.remove(item)
            self._lost_whole(item[0])

    def _lost_whole(self, ready: _Ready) -> None:
        number, total_bytes = ready.entry.number, ready.size_bytes + len(ready.entry.header)
        self._account.spoilt(number, total_bytes, time.time_ns())
        self._files.discard(number)
        self._status.count("partials_discarded_total")

    def put(self) -> None:
        """One group commit. Raises Unavailable with the group still here, StateUncertain as the queue."""
        if (failed := self._collect()) is not None:
            raise failed
        if not self._group:
            return
        ready = list(self._group.values())
        try:
            answers = self._queue.put([item.entry for item in ready])
        except StateUncertain:
            # The next run of this boot would find them in memory, and take them for written.
            for item in ready:
                if isinstance(item.entry.body, Path):
                    self._files.discard(item.entry.number)
            raise
        # From here the lane may forget them.
        self._group.clear()
        self._group_bytes = 0
        at_ns = time.time_ns()
        for item, answer in zip(ready, answers, strict=True):
            self._arrived(item, answer, at_ns)
        self._status.count("units_received_total", len(ready))

    def _collect(self) -> BaseException | None:
        """Large units that are on disk join the next group. Gives why one of the others is not there."""
        failed = self._flushed()
        while self._syncing and self._syncing[0][1].done():
            ready, done = self._syncing.popleft()
            error = done.exception()
            if error is None:
                self._group[ready.entry.number] = ready
                continue
            self._lost_whole(ready)
            failed = error
        return failed

    def _arrived(self, item: _Ready, answer: Put, at_ns: int) -> None:
        number = item.entry.number
        was_missing = self._account.arrived(number)
        if answer is Put.DUPLICATE:
            self._files.discard(number)
            self._status.count("units_repeated_total")
            return
        if isinstance(item.entry.body, Path):
            self._files.handed_over(number)
        fields = {"bytes": item.size_bytes, **({"was_missing": 1} if was_missing else {})}
        self._recorder.record(Event("received", at_ns, number, fields=fields))

    def note(self, now_s: float) -> None:
        """Partials that take long are noted, those past their retention are dropped."""
        for number, partial in list(self._account.partials.items()):
            if not partial.touched_s:
                partial.touched_s = now_s
            noted = self._noted.setdefault(number, partial.touched_s)
            if now_s - noted >= _NOTE_AFTER_S and partial.touched_s >= noted:
                self._files.note(partial)
                self._noted[number] = now_s
            if now_s - partial.touched_s > self._retention_s:
                self._discard(number)

    def close(self) -> None:
        """Note the partials and give the files back."""
        self._syncer.shutdown()
        # What failed meanwhile must not be found again.
        self._collect()
        for partial in self._account.partials.values():
            self._files.note(partial)
        self._files.close()


def _sync(path: Path) -> None:
    """Make a file durable. Raises Unavailable 5503; one that was discarded meanwhile needs nothing."""
    try:
        sync_file_and_let_go(path)
    except FileNotFoundError:
        return
    except OSError as error:
        raise Unavailable(5503, folder=str(path.parent), why=str(error)) from error
