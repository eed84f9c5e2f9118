"""Units on their way onto the lane, and the order in which they go. Values and a line-up; no I/O.

urgent  | job job job
normal  | job job          the first of the most urgent line is next
bulk    | job
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import BinaryIO, Final

from gateway.ferry.oneway.sender import Sending
from gateway.ferry.ranges import Range
from gateway.sending.again import Request
from gateway.spool.model import Taken
from gateway.spool.page_cache import ReadBehind

# First byte of the queue header: what its channel says (`limits: priority`), most urgent first.
_PRIORITIES: Final = 3
_NORMAL: Final = 1


@dataclass(slots=True)
class Job:
    """One unit, or ranges of it, on its way.

    answers: acknowledge it in the queue when announced. request: who asked for it again,
    None for a unit of the queue.
    """

    sending: Sending
    taken: Taken
    ranges: deque[Range]
    answers: bool
    request: Request | None
    stream: BinaryIO | None = None
    read: ReadBehind | None = None

    def close(self) -> None:
        """Give the body's file back."""
        if self.stream is not None:
            self.stream.close()
            self.stream = None


class LineUp:
    """Jobs in the order in which they go: by priority, then as they came."""

    def __init__(self) -> None:
        self._lines: tuple[deque[Job], ...] = tuple(deque() for _ in range(_PRIORITIES))

    def __len__(self) -> int:
        return sum(map(len, self._lines))

    def append(self, job: Job) -> None:
        header = job.taken.header
        rank = min(header[0], _PRIORITIES - 1) if header else _NORMAL
        self._lines[rank].append(job)

    @property
    def first(self) -> Job:
        return next(line for line in self._lines if line)[0]

    def remove_first(self) -> None:
        next(line for line in self._lines if line).popleft()

    def take_turns(self, at_once: int) -> None:
        """The first goes behind the next few of its priority, so that they share the link."""
        line = next(line for line in self._lines if line)
        job = line.popleft()
        line.insert(at_once - 1, job)
