"""A look at a queue from outside: another process, no locks, nothing changed.

What writer and reader do at the same moment may show half: figures are for people and monitoring.
"""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

from gateway.spool.answers import Answers, decode_answers
from gateway.spool.disk import free_bytes_of
from gateway.spool.layout import Layout, bytes_on_disk, no_access, read_mark
from gateway.spool.mark import Mark
from gateway.spool.model import QueueHealth
from gateway.spool.window import heads


def look(folder: Path) -> QueueHealth:
    """The health of a queue as its files show it.

    kept counts answered units whose record still stands, past keeping or not. Reads the log, the
    folders and at most one segment's heads. Raises Misconfigured 6504 (no such queue, no access)
    and nothing else.
    """
    layout = Layout.of(folder)
    try:
        return _look(layout)
    except OSError as error:
        raise no_access(folder, error) from error


def _look(layout: Layout) -> QueueHealth:
    firsts = layout.first_ordinals()
    answers = Answers()
    with suppress(FileNotFoundError):
        for answer in decode_answers(layout.answers.read_bytes())[0]:
            answers.apply(answer)
    # The mark after the answers: never more answered than there is.
    mark = read_mark(layout) or Mark(0, 0, 0)
    now_ns = time.time_ns()
    oldest_ns = _oldest_ns(layout, answers, mark)
    standing = answers.acked.within(firsts[0], mark.next_ordinal) if firsts else ()
    return QueueHealth(
        depth=answers.depth(mark.next_ordinal),
        deferred=sum(until_ns > now_ns for until_ns in answers.put_off.values()),
        oldest_age_s=max(now_ns - oldest_ns, 0) / 1e9 if oldest_ns is not None else 0.0,
        kept=sum(end - start for start, end in standing),
        bytes_on_disk=bytes_on_disk(layout),
        free_bytes=free_bytes_of(layout.folder),
    )


def _oldest_ns(layout: Layout, answers: Answers, mark: Mark) -> int | None:
    """When the lowest unanswered unit was put."""
    lowest = answers.acked.first_missing()
    if lowest >= mark.next_ordinal:
        return None
    firsts = [first for first in layout.first_ordinals() if first <= lowest]
    if not firsts:
        return None
    path = layout.segment(firsts[-1])
    with suppress(FileNotFoundError), open(path, "rb") as stream:
        end = mark.end if mark.segment == firsts[-1] else path.stat().st_size
        for _, head in heads(stream.fileno(), end):
            if head.ordinal >= lowest and head.ordinal not in answers.acked:
                return head.put_at_ns
    return None
