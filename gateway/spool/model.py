"""What a queue takes and gives, and what it promises, whichever engine stands behind it.

    put       durable when it returns; a number that the queue has had before is a Duplicate
    take      at least once; a unit taken and not acknowledged comes again after a restart
    ack       durable, idempotent
    release   the unit waits (stage `deferred`) and is taken again after the delay
    reject    set aside with its reason, never dropped

tests/contracts/test_queue.py holds every implementation to this.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import Protocol

from gateway.unit.stages import Body


class Put(Enum):
    """What became of one entry of a put."""

    CONFIRMED = auto()
    DUPLICATE = auto()


@dataclass(frozen=True, slots=True)
class Entry:
    """One unit on its way into a queue.

    number: the unit's number, the key of duplicate detection.
    header: bytes for the reader (canonical, small, at most 64 KiB).
    body: the bytes themselves, or the path of a closed file on the queue's own file system that the
    queue takes over by rename (its content is made durable by put).
    """

    number: int
    header: bytes
    body: bytes | Path


@dataclass(frozen=True, slots=True)
class Taken:
    """One unit handed out: attempt counts from 1 and grows with each release or restart."""

    number: int
    header: bytes
    body: Body
    attempt: int


@dataclass(frozen=True, slots=True)
class QueueHealth:
    """depth: units not yet acknowledged. deferred: those released and waiting for their time."""

    depth: int
    deferred: int
    oldest_age_s: float
    kept: int
    bytes_on_disk: int
    free_bytes: int


class QueueWriter(Protocol):
    """The writing end. Exactly one process has it."""

    def put(self, entries: Sequence[Entry]) -> list[Put]:
        """Make entries durable, all with one group commit. From its return the caller may forget.

        Raises Unavailable 6502 (disk full, nothing of this put is kept) or StateUncertain 6501.
        """
        ...

    def staging(self) -> Path:
        """A folder on the queue's file system for bodies under construction; emptied at start."""
        ...

    def has(self, number: int) -> bool:
        """Whether the queue has ever taken this number (within the ledger's memory)."""
        ...

    def forgot(self, number: int) -> bool:
        """Whether the queue may have taken this number and does not know any more; False where it knows.

        From any thread.
        """
        ...

    def highest(self, below: int, residue: int | None = None) -> int:
        """The highest number that the queue knows to have taken and that lies below `below`, a multiple of
        2^17; -1 for none. residue: only of those that leave it when divided by two.
        """
        ...

    def close(self) -> None: ...


class QueueReader(Protocol):
    """The reading end. Exactly one process has it. All answers are durable when they return."""

    def take(self, limit: int, limit_bytes: int) -> list[Taken]:
        """Up to `limit` units in order of arrival, at most limit_bytes of bodies (at least one unit).

        Does not block; an empty list means that nothing is ready. Units taken stay taken until
        they are answered or the reader is opened anew.
        """
        ...

    def ack(self, numbers: Iterable[int]) -> None: ...

    def release(self, number: int, delay_s: float) -> None:
        """Put off: taken again after delay_s. Not durable: after a restart it is taken at once."""
        ...

    def reject(self, number: int, reason: int, stage: str) -> None:
        """Set the unit aside under its stage's folder (refused, held or corrupt) with its reason."""
        ...

    def reject_all(self, exits: Sequence[tuple[int, int, str]]) -> int:
        """Set units aside, each (number, reason, stage), with one group commit; some dozen at most.

        Gives how many, in order: fewer where a folder does not take one. Raises as reject for the first.
        """
        ...

    def get(self, number: int) -> Taken | None:
        """A unit that still lies here, answered or not (acknowledged ones are kept for a time)."""
        ...

    def get_all(self, numbers: Collection[int]) -> dict[int, Taken]:
        """Those of some hundred units that still lie here, with one search for all of them."""
        ...

    def again(self, numbers: Iterable[int]) -> list[int]:
        """Take kept units anew, as if they had just come; gives the numbers that were found."""
        ...

    def health(self) -> QueueHealth: ...

    def close(self) -> None: ...
