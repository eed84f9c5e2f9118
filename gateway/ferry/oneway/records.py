"""What control blocks say: heartbeat, index and resolved, and their bytes. No I/O.

    heartbeat   sequence 8 | announced 8 | units 8 | bytes 8 | sessions 4 | (session 8, sequences 8) ...
    index       (number 8, sequence 8, total 8, first block 8, last block 8) ...
    resolved    (session 8, sequence 8, number 8, total 8) ...

They stand inside sealed blocks, so a wrong one is a bug of a sender that has the key: Refused 5302.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from gateway.errors import Refused
from gateway.ferry.block import MAX_UNIT_BYTES
from gateway.unit.number import MAX_NUMBER

_HEARTBEAT: Final = struct.Struct("!QQQQI")
_SESSION: Final = struct.Struct("!QQ")
_INDEXED: Final = struct.Struct("!QQQQQ")
_RESOLVED: Final = struct.Struct("!QQQQ")

# A receiver that was away for longer than eight restarts of the sender is told by people anyway.
MAX_PAST_SESSIONS: Final = 8
INDEXED_BYTES: Final = _INDEXED.size
RESOLVED_BYTES: Final = _RESOLVED.size


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The sender's counters.

    next_sequence: how many sendings this session has begun. announced: all sequences below it are
    complete and were in three index blocks. past: earlier sessions and how many sendings each had.
    """

    next_sequence: int
    announced: int
    units: int
    bytes: int
    past: tuple[tuple[int, int], ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Indexed:
    """One complete sending: which unit, and the blocks that it is in."""

    number: int
    sequence: int
    total_bytes: int
    first_block: int
    last_block: int


@dataclass(frozen=True, slots=True)
class Resolved:
    """Which unit a sequence of some session was, told when a person has asked for it."""

    session: int
    sequence: int
    number: int
    total_bytes: int


def encode_heartbeat(beat: Heartbeat) -> bytes:
    """The bytes of a heartbeat; only the newest past sessions go along."""
    past = beat.past[-MAX_PAST_SESSIONS:]
    head = _HEARTBEAT.pack(beat.next_sequence, beat.announced, beat.units, beat.bytes, len(past))
    return head + b"".join(_SESSION.pack(*pair) for pair in past)


def decode_heartbeat(body: memoryview) -> Heartbeat:
    """Raises Refused 5302 and nothing else."""
    if len(body) < _HEARTBEAT.size:
        raise Refused(5302, what="heartbeat")
    following, announced, units, size, count = _HEARTBEAT.unpack_from(body)
    rest = body[_HEARTBEAT.size :]
    if count > MAX_PAST_SESSIONS or len(rest) != count * _SESSION.size or announced > following:
        raise Refused(5302, what="heartbeat")
    past = tuple((pair[0], pair[1]) for pair in _SESSION.iter_unpack(rest))
    return Heartbeat(following, announced, units, size, past)


def encode_index(entries: Sequence[Indexed]) -> bytes:
    """The bytes of an index block's body."""
    return b"".join(
        _INDEXED.pack(e.number, e.sequence, e.total_bytes, e.first_block, e.last_block)
        for e in entries
    )


def decode_index(body: memoryview) -> list[Indexed]:
    """Raises Refused 5302 and nothing else."""
    if len(body) % _INDEXED.size:
        raise Refused(5302, what="index")
    entries = [Indexed(*values) for values in _INDEXED.iter_unpack(body)]
    if any(
        e.number > MAX_NUMBER or e.total_bytes > MAX_UNIT_BYTES or e.first_block > e.last_block
        for e in entries
    ):
        raise Refused(5302, what="index")
    return entries


def encode_resolved(entries: Sequence[Resolved]) -> bytes:
    """The bytes of a resolved block's body."""
    return b"".join(_RESOLVED.pack(e.session, e.sequence, e.number, e.total_bytes) for e in entries)


def decode_resolved(body: memoryview) -> list[Resolved]:
    """Raises Refused 5302 and nothing else."""
    if len(body) % _RESOLVED.size:
        raise Refused(5302, what="resolved")
    entries = [Resolved(*values) for values in _RESOLVED.iter_unpack(body)]
    if any(e.number > MAX_NUMBER or e.total_bytes > MAX_UNIT_BYTES for e in entries):
        raise Refused(5302, what="resolved")
    return entries
