"""The reading end of a queue folder: takes in order, answers durably, lets go of what is answered.

    shelf (segments, mark)  -->  cursor (in order)  -->  take  -->  hand (out, put off)
    answer log  <--  ack, reject, again                     tidy  -->  overwrite, remove

Every record from the lowest unanswered one on is walked in order; nothing is indexed beforehand, so
a backlog of any length costs no memory. Not thread-safe: one call at a time.
"""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from gateway.errors import StateUncertain, Unavailable
from gateway.spool import set_aside
from gateway.spool.answer_log import AnswerLog
from gateway.spool.answers import Kind, Pair, ranges_of
from gateway.spool.aside_keeping import USUAL, AsideKeep, AsideKeeper
from gateway.spool.cursor import Cursor, Damage
from gateway.spool.disk import Disk, RealDisk, disk_errors, free_bytes_of
from gateway.spool.exits import BODY_MISSING, DAMAGED_RECORD, Exits
from gateway.spool.hand import Hand, Slot
from gateway.spool.keeping import Keep
from gateway.spool.layout import Layout, lock_end, make
from gateway.spool.lookup import Lookup, unit_of
from gateway.spool.model import QueueHealth, QueueReader, Taken
from gateway.spool.segment import Head, Place, content_is_whole
from gateway.spool.shelf import Shelf
from gateway.spool.tidy import Tidier

# Each costs about half a kilobyte of memory; beyond it nothing new is taken until some are settled.
MAX_PUT_OFF: Final = 200_000


def open_reader(
    folder: Path,
    *,
    keep_age_s: float = 0.0,
    keep_bytes: int = 0,
    keep_aside: AsideKeep = USUAL,
) -> QueueReader:
    """Open the reading end; made if it is not there, recovered if it was left in the middle.

    keep_age_s, keep_bytes: how long and how much of what is acknowledged stays for get and again,
    counted in whole segments; 0 sets no limit of this kind, and with neither nothing is kept.
    keep_aside: how long refused and corrupt units stay; held ones stay until somebody acts.
    Raises Misconfigured 6503 (this end is open elsewhere), 6504 (no access), 6507 (a newer version
    wrote it), Unavailable 6502, StateUncertain 6501, and nothing else.
    """
    return FileQueueReader(folder, Keep(keep_age_s, keep_bytes), RealDisk(), keep_aside)


class FileQueueReader:
    """A QueueReader over a folder (gateway.spool.layout)."""

    def __init__(self, folder: Path, keep: Keep, disk: Disk, keep_aside: AsideKeep = USUAL) -> None:
        self._layout = Layout.of(folder)
        self._keep = keep
        self._disk = disk
        self._failed: str | None = None
        self._hand = Hand()
        self._shelf = Shelf(self._layout, disk)
        self._lookup = Lookup(self._shelf)
        self._tidier = Tidier(self._layout, self._shelf, disk, keep)
        self._aside_keeper = AsideKeeper(self._layout, disk, keep_aside)
        self._log = AnswerLog(
            self._layout, disk, self._tidier.note_answer, self._tidier.answered_at_ns
        )
        make(self._layout)
        self._lock = lock_end(self._layout, "reader")
        try:
            with disk_errors(folder):
                self._recover()
        except BaseException:
            self._log.close()
            self._shelf.close()
            os.close(self._lock)
            raise

    def _recover(self) -> None:
        self._shelf.look_for_news()
        self._log.replay()
        self._log.compact()
        self._acked = self._log.answers.acked
        self._tidier.find_bodies(self._acked)
        self._exits = Exits(
            self._layout, self._disk, self._shelf, self._log, self._tidier, self._aside_keeper
        )
        self._cursor = Cursor(self._shelf, self._acked)

    def take(self, limit: int, limit_bytes: int) -> list[Taken]:
        """See QueueReader. Idle, it costs one small read."""
        self._require_usable()
        now_s = time.monotonic()
        news = self._shelf.look_for_news()
        if self._tidier.is_due(now_s):
            with self._guarded():
                self._tidier.run(self._acked, now_s, idle=not news)
                self._log.shorten()
        if self._aside_keeper.is_due(now_s):
            self._aside_keeper.run(self._acked, now_s)
        taken: list[Taken] = []
        try:
            with self._guarded():
                self._take(taken, limit, limit_bytes, now_s)
        except Unavailable:
            if not taken:  # what is handed out is handed out; the next call says it again
                raise
        if taken:
            with self._guarded():
                self._note_taken(taken)
        return taken

    def ack(self, numbers: Iterable[int]) -> None:
        """See QueueReader. A number that is neither out nor put off is passed over."""
        self._require_usable()
        slots = {n: slot for n in numbers if (slot := self._hand.find(n)) is not None}
        if not slots:
            return
        with self._guarded():
            self._log.commit(Kind.ACK, ranges_of(slot.head.ordinal for slot in slots.values()))
            # From here what the writer wrote may go.
            for number, slot in slots.items():
                self._hand.settle(number)
                self._exits.acknowledged(slot)
                if slot.head.place == Place.FILE:
                    self._tidier.note_body(slot.head)

    def release(self, number: int, delay_s: float) -> None:
        """See QueueReader. RuntimeError for a number that is not out."""
        self._require_usable()
        slot = self._hand.require_out(number)
        self._hand.put_off(slot, time.monotonic() + delay_s)
        until_ns = time.time_ns() + int(delay_s * 1e9)
        with self._guarded():
            self._log.note((Kind.RELEASED, [(slot.head.ordinal, until_ns)]))

    def reject(self, number: int, reason: int, stage: str) -> None:
        """See QueueReader. RuntimeError for a number that is not out, or for another stage."""
        self.reject_all([(number, reason, stage)])

    def reject_all(self, exits: Sequence[tuple[int, int, str]]) -> int:
        """See QueueReader. RuntimeError for a number that is not out, or for another stage."""
        self._require_usable()
        leaving = [
            (self._hand.require_out(number), reason, stage) for number, reason, stage in exits
        ]
        for _, _, stage in exits:
            self._layout.aside(stage)
        with self._guarded():
            done = self._exits.leave_all(leaving) if leaving else 0
        for number, _, _ in exits[:done]:
            self._hand.settle(number)
        return done

    def get(self, number: int) -> Taken | None:
        """See QueueReader."""
        return self.get_all([number]).get(number)

    def get_all(self, numbers: Collection[int]) -> dict[int, Taken]:
        """See QueueReader. Searches the segments, then what is set aside."""
        self._require_usable()
        self._shelf.look_for_news()
        found: dict[int, Taken] = {}
        with self._guarded():
            slots = self._search({number for number in numbers if number not in self._hand})
            for number in numbers:
                slot = self._hand.find(number) or slots.get(number)
                unit = self._load(slot) if slot is not None else None
                if unit is not None:
                    found[number] = unit
        for number in numbers:
            if number not in found and (aside := set_aside.find(self._layout, number)) is not None:
                found[number] = Taken(number, aside.header, aside.body, aside.attempt)
        return found

    def again(self, numbers: Iterable[int]) -> list[int]:
        """See QueueReader. Durable: after a crash they are still to be taken.

        Found are kept units, those put off (due now), and those that wait for their first time
        anyway. Units that are out at this moment, or set aside, are not.
        """
        self._require_usable()
        self._shelf.look_for_news()
        now_s = time.monotonic()
        wanted = set(numbers)
        put_off = [number for number in wanted if self._hand.is_waiting(number)]
        with self._guarded():
            slots = self._search({number for number in wanted if number not in self._hand})
            new = [n for n, slot in slots.items() if slot.head.ordinal not in self._acked]
            kept = {n: s for n, s in slots.items() if n not in new and self._load(s) is not None}
            if kept:
                self._log.commit(Kind.AGAIN, ranges_of(s.head.ordinal for s in kept.values()))
        for number in put_off:
            self._hand.hurry(number, now_s)
        for slot in kept.values():
            self._tidier.forget_body(slot.head)
            self._hand.put_off(slot, now_s)
        return [*put_off, *kept, *new]

    def health(self) -> QueueHealth:
        """See QueueReader. Bytes on disk are up to five seconds old."""
        self._require_usable()
        self._shelf.look_for_news()
        with self._guarded():
            coming = self._cursor.peek()
        times = [coming.put_at_ns] if isinstance(coming, Head) else []
        if (oldest_ns := self._hand.oldest_ns()) is not None:
            times.append(oldest_ns)
        return QueueHealth(
            depth=self._log.answers.depth(self._shelf.mark.next_ordinal),
            deferred=self._hand.deferred(time.monotonic()),
            oldest_age_s=max(time.time_ns() - min(times), 0) / 1e9 if times else 0.0,
            kept=0 if self._keep.nothing else self._tidier.kept(self._acked),
            bytes_on_disk=self._tidier.bytes_on_disk(),
            free_bytes=free_bytes_of(self._layout.folder),
        )

    def close(self) -> None:
        """Let go of the queue. What was taken and not answered comes again at the next open."""
        if self._lock < 0:
            return
        self._cursor.close()
        self._log.close()
        self._shelf.close()
        os.close(self._lock)
        self._lock = -1

    def _take(self, taken: list[Taken], limit: int, limit_bytes: int, now_s: float) -> None:
        while len(taken) < limit and (slot := self._next_slot(now_s)) is not None:
            if taken and slot.head.body_bytes > limit_bytes:
                return
            unit = self._hand_out(slot)
            if unit is not None:
                taken.append(unit)
                limit_bytes -= slot.head.body_bytes

    def _next_slot(self, now_s: float) -> Slot | None:
        """What is due, then what is new; nothing is consumed yet."""
        ready = self._hand.next_ready(now_s)
        if ready is not None or self._hand.waiting >= MAX_PUT_OFF:
            return ready
        while (found := self._cursor.peek()) is not None:
            if isinstance(found, Damage):
                self._exits.leave_damage(found)
            elif found.number not in self._hand:
                return Slot(found, self._cursor.segment, self._cursor.offset)
            else:  # a second put beyond the ledger's memory: the unit is in hand already
                self._log.commit(Kind.ACK, [(found.ordinal, found.ordinal + 1)])
            self._cursor.skip(found)
        return None

    def _hand_out(self, slot: Slot) -> Taken | None:
        """Consume it; None if it is no longer whole and was set aside as corrupt."""
        head = slot.head
        if is_new := head.number not in self._hand:
            read = self._cursor.content(head)
            content = read if content_is_whole(head, read) else None
        else:
            content = self._shelf.content(slot.segment, slot.offset, head)
        attempt = self._log.answers.times(head.ordinal) + 1
        unit = unit_of(self._layout, head, content, attempt)
        if unit is not None:
            self._hand.give(slot)
        else:
            self._exits.leave_corrupt(slot, DAMAGED_RECORD if content is None else BODY_MISSING)
            self._hand.settle(head.number)
        if is_new:
            self._cursor.skip(head)
        return unit

    def _note_taken(self, taken: list[Taken]) -> None:
        handed = self._log.answers.handed
        retaken: list[Pair] = []
        for unit in taken:
            ordinal = self._hand.require_out(unit.number).head.ordinal
            if ordinal >= handed:
                handed = ordinal + 1
            else:
                retaken.append((ordinal, unit.attempt))
        self._log.note((Kind.HANDED, [(0, handed)]), (Kind.RETAKEN, retaken))

    def _search(self, wanted: set[int]) -> dict[int, Slot]:
        """Their records, without those that are answered and past keeping."""
        return self._lookup.search(
            wanted,
            lambda head: not (self._keep.nothing and head.ordinal in self._acked),
        )

    def _load(self, slot: Slot) -> Taken | None:
        content = self._shelf.content(slot.segment, slot.offset, slot.head)
        attempt = max(self._log.answers.times(slot.head.ordinal), 1)
        return unit_of(self._layout, slot.head, content, attempt)

    def _require_usable(self) -> None:
        if self._lock < 0:
            raise RuntimeError("the queue is closed")
        if self._failed is not None:
            raise StateUncertain(6501, path=str(self._layout.folder), reason=self._failed)

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """OSError becomes one of ours; after a StateUncertain this end is of no more use."""
        try:
            with disk_errors(self._layout.folder):
                yield
        except StateUncertain as error:
            self._failed = str(error.fields.get("reason", ""))
            raise
