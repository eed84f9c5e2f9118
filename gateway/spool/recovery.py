"""What the writer does at every open, after a power cut or not: find its place and cut a torn tail.

    ledger   -> numbers and the ordinal up to which they are known
    segments -> every record from there on; in the last one, the end of what is whole

Only the end of the last segment can be torn. Records below the mark, and those that the reader has
answered, were durable before and are not judged again: the reader may have overwritten what they
held. Whatever stands after the first record that is not whole was never confirmed, and is cut.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Final

from gateway.errors import Misconfigured
from gateway.spool.answers import Answers, decode_answers
from gateway.spool.disk import Disk
from gateway.spool.intervals import IntervalSet
from gateway.spool.layout import Layout, read_mark
from gateway.spool.ledger import decode_ledger
from gateway.spool.mark import Mark
from gateway.spool.numbers import MEMORY_BYTES, Numbers
from gateway.spool.segment import (
    SEGMENT_FRONT_BYTES,
    content_is_whole,
    decode_segment_front,
)
from gateway.spool.window import Window

_PIECE_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Recovered:
    """Where the writer stands.

    last: first ordinal of the last segment, None if there is none. end: its whole bytes.
    """

    numbers: Numbers
    next_ordinal: int
    last: int | None
    end: int

    @property
    def last_is_empty(self) -> bool:
        """Whether the last segment holds no record yet and can be written on."""
        return self.last is not None and self.end == SEGMENT_FRONT_BYTES


def recover(layout: Layout, disk: Disk, memory_bytes: int = MEMORY_BYTES) -> Recovered:
    """Read the folder, cut the torn tail, make the rest durable, empty staging. memory_bytes: for numbers.

    Raises OSError of the disk, Misconfigured 6508 (the ledger is damaged), and nothing else.
    """
    # The mark before the answers: a reader that runs now touches nothing beyond the mark.
    mark = read_mark(layout)
    acked = _answered(layout)
    next_ordinal, numbers = _read_ledger(layout, memory_bytes)
    firsts = _real_segments(layout, disk)
    end = 0
    for at, first in enumerate(firsts):
        is_last = at == len(firsts) - 1
        if not is_last and firsts[at + 1] <= next_ordinal:
            continue
        trusted_end = _trusted_end(mark, first, is_last)
        fd = disk.create(layout.segment(first))
        try:
            size = os.fstat(fd).st_size
            found = _scan(fd, size, trusted_end, acked, numbers)
            end, next_ordinal = found[0], max(next_ordinal, first, found[1])
            if is_last:
                _cut(disk, fd, size, trusted_end, end)
        finally:
            os.close(fd)
    if mark is not None:
        next_ordinal = max(next_ordinal, mark.next_ordinal)
    if firsts and end > SEGMENT_FRONT_BYTES:
        # Nothing readable in it: its name must not be given to a new segment all the same.
        next_ordinal = max(next_ordinal, firsts[-1] + 1)
    _remove_leftovers(layout, disk, next_ordinal)
    return Recovered(numbers, next_ordinal, firsts[-1] if firsts else None, end)


def _answered(layout: Layout) -> IntervalSet:
    answers = Answers()
    try:
        log = layout.answers.read_bytes()
    except FileNotFoundError:
        return answers.acked
    for answer in decode_answers(log)[0]:
        answers.apply(answer)
    return answers.acked


def _read_ledger(layout: Layout, memory_bytes: int) -> tuple[int, Numbers]:
    try:
        untrusted_bytes = layout.ledger.read_bytes()
    except FileNotFoundError:
        return 0, Numbers(memory_bytes)
    ledger = decode_ledger(untrusted_bytes, memory_bytes)
    if ledger is None:
        raise Misconfigured(6508, path=str(layout.ledger))
    return ledger


def _real_segments(layout: Layout, disk: Disk) -> list[int]:
    """The segments; a last one without a whole front was never written to and goes."""
    firsts = layout.first_ordinals()
    if not firsts:
        return firsts
    with open(layout.segment(firsts[-1]), "rb") as stream:
        front = stream.read(SEGMENT_FRONT_BYTES)
        has_records = os.fstat(stream.fileno()).st_size > SEGMENT_FRONT_BYTES
    if decode_segment_front(front) is None and not has_records:
        disk.unlink(layout.segment(firsts.pop()))
    return firsts


def _trusted_end(mark: Mark | None, first: int, is_last: bool) -> int:
    if not is_last or (mark is not None and mark.segment > first):
        return 1 << 63
    return mark.end if mark is not None and mark.segment == first else 0


def _scan(
    fd: int, size: int, trusted_end: int, acked: IntervalSet, numbers: Numbers
) -> tuple[int, int]:
    """Adds the numbers of all whole records; gives (end of the last one, ordinal after it)."""
    window = Window(fd, SEGMENT_FRONT_BYTES, size)
    after = 0
    while window.offset < size:
        head = window.peek()
        if head is None:
            if window.offset >= trusted_end:
                break
            window.resync()  # damage in what was durable: the reader sets it aside
            continue
        trusted = window.offset < trusted_end or head.ordinal in acked
        if not trusted and not content_is_whole(head, window.content(head)):
            break
        numbers.add(head.number)
        after = head.ordinal + 1
        window.skip(head)
    return window.offset, after


def _cut(disk: Disk, fd: int, size: int, synced_end: int, end: int) -> None:
    if end < size:
        disk.truncate(fd, end)
    # A killed process leaves whole records that no sync has covered yet, or one that failed: then their
    # pages count as clean, and only what is written anew is synced.
    for offset in range(synced_end, end, _PIECE_BYTES):
        disk.write(fd, os.pread(fd, min(_PIECE_BYTES, end - offset), offset), offset)
    disk.sync(fd)


def _remove_leftovers(layout: Layout, disk: Disk, next_ordinal: int) -> None:
    """Bodies whose record never came, and what was under construction."""
    for ordinal in list(layout.body_ordinals()):
        if ordinal >= next_ordinal:
            disk.unlink(layout.body(ordinal))
    with os.scandir(layout.staging) as listing:
        files = [item.path for item in listing if not item.is_dir(follow_symlinks=False)]
    for path in files:
        disk.unlink(layout.staging / path)
