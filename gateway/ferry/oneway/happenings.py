"""What the receiving core tells its shell, one value for each thing that happened. No decision, no I/O.

Cargo, Beat, Index, Answers, Pattern,
Returned                               a verified block, by its kind
NewSession, LostBlocks, Settled        how the window over the sender's blocks moved
Replayed                               frames that were refused for their age
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gateway.ferry.block import Chunk
from gateway.ferry.buffer import BlockBuffer
from gateway.ferry.oneway.records import Heartbeat, Indexed, Resolved

# One chunk, entry or heartbeat with the numbers in it.
_OBJECT_BYTES: Final = 256


@dataclass(frozen=True, slots=True)
class Cargo:
    """A verified block of chunks. Give its buffer back with release() when they are written."""

    session: int
    block: int
    chunks: list[Chunk]
    buffer: BlockBuffer


@dataclass(frozen=True, slots=True)
class Beat:
    """A heartbeat: the sender's counters."""

    session: int
    block: int
    heartbeat: Heartbeat


@dataclass(frozen=True, slots=True)
class Index:
    """Which units the sequences of a session were."""

    session: int
    entries: list[Indexed]


@dataclass(frozen=True, slots=True)
class Answers:
    """Units behind sequences that were asked for."""

    entries: list[Resolved]


@dataclass(frozen=True, slots=True)
class LostBlocks:
    """Blocks first to last of a session are given up.

    before_contact: they were sent before this receiver heard its sender for the first time in its life.
    Units that were in them are named like all others (gateway.ferry.oneway.account).
    """

    session: int
    first: int
    last: int
    before_contact: bool = False

    @property
    def blocks(self) -> int:
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True)
class Replayed:
    """Frames of an older session or of a block long settled. Counted; nothing else was done."""

    session: int
    block: int
    frames: int


@dataclass(frozen=True, slots=True)
class NewSession:
    """The sender began anew. before: the session that was heard last, None for none ever."""

    session: int
    before: int | None


@dataclass(frozen=True, slots=True)
class Pattern:
    """A verified block of a link test."""

    session: int
    block: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Returned:
    """A verified block about the opposite lane. Its body is not read here, nor by anything of one way."""

    session: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Settled:
    """All blocks of the session below floor are done or given up, and came out before this."""

    session: int
    floor: int


def weight_bytes(happening: Happening) -> int:
    """About what a happening takes of memory while it waits, besides the buffer of a cargo."""
    match happening:
        case Cargo():
            return _OBJECT_BYTES * len(happening.chunks)
        case Index() | Answers():
            return _OBJECT_BYTES * (1 + len(happening.entries))
        case Pattern() | Returned():
            return _OBJECT_BYTES + len(happening.body)
        case _:
            return _OBJECT_BYTES


Happening = (
    Settled
    | Cargo
    | Beat
    | Index
    | Answers
    | LostBlocks
    | Replayed
    | NewSession
    | Pattern
    | Returned
)
