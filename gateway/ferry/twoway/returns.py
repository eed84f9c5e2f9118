"""What a receiving ferry misses of one lane, as the body of a control block on the opposite lane. No I/O.

    body      head | unit ... | span ...
    head      lane 1 | whole 1 | zero 2 | units 4 | spans 4 | serial 8 | session 8
    unit      number 8 | total 8 | ranges 4 | (first 8, end 8) ...        no range: the whole unit
    span      session 8 | first 8 | last 8                                sendings whose unit is not known

Numbers big-endian. Each body stands for itself: of a list in several blocks (they bear one serial) a lost
block costs its entries until the list is said again. An empty, whole list says that nothing is missing.
It comes out of a sealed block, so a wrong one is a bug or a lie of who has the lane's key: Refused 5302.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from gateway.errors import Refused
from gateway.ferry.block import MAX_UNIT_BYTES
from gateway.ferry.ranges import Range
from gateway.unit.number import MAX_NUMBER

# More holes of a unit are asked for when these are filled.
MAX_RANGES: Final = 64
# Small blocks have the most repair symbols in proportion, and these must come through a bad link; and a
# list of this size is read in a millisecond.
MAX_BODY_BYTES: Final = 16_384
# Lanes are numbered in a byte; a gate has two.
LANES: Final = frozenset({1, 2})

_HEAD: Final = struct.Struct("!BBHIIQQ")
_UNIT: Final = struct.Struct("!QQI")
_RANGE: Final = struct.Struct("!QQ")
_SPAN: Final = struct.Struct("!QQQ")

HEAD_BYTES: Final = _HEAD.size
SPAN_BYTES: Final = _SPAN.size
# A body that cannot hold one unit with all its ranges says nothing.
LEAST_BYTES: Final = HEAD_BYTES + _UNIT.size + MAX_RANGES * _RANGE.size


@dataclass(frozen=True, slots=True)
class MissedUnit:
    """A unit, or ranges [first, end) of its bytes, in order and apart; none: all of it."""

    number: int
    total_bytes: int
    ranges: tuple[Range, ...] = ()

    @property
    def size_bytes(self) -> int:
        """Of its entry in a body."""
        return _UNIT.size + len(self.ranges) * _RANGE.size

    @property
    def missing_bytes(self) -> int:
        """How much is asked for."""
        return sum(end - first for first, end in self.ranges) or self.total_bytes


@dataclass(frozen=True, slots=True)
class MissedSpan:
    """Sendings first to last of a session of which not even the unit's number is known."""

    session: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Missed:
    """What is missing of a lane, oldest first.

    lane: the number in its frames. session: of its sender, as heard last. serial: grows with each saying.
    whole: whether this is all that is missing.
    """

    lane: int
    session: int
    serial: int
    whole: bool
    units: tuple[MissedUnit, ...] = field(default=())
    spans: tuple[MissedSpan, ...] = field(default=())

    @property
    def empty(self) -> bool:
        return not self.units and not self.spans


def encode_missed(missed: Missed) -> bytes:
    """The body of one control block."""
    units, spans = missed.units, missed.spans
    parts = [
        _HEAD.pack(
            missed.lane, missed.whole, 0, len(units), len(spans), missed.serial, missed.session
        )
    ]
    for unit in units:
        parts.append(_UNIT.pack(unit.number, unit.total_bytes, len(unit.ranges)))
        parts += [_RANGE.pack(*pair) for pair in unit.ranges]
    parts += [_SPAN.pack(span.session, span.first, span.last) for span in spans]
    return b"".join(parts)


def decode_missed(untrusted: bytes) -> Missed:
    """The list in a body. Raises Refused 5302 and nothing else; memory in proportion to the bytes."""
    if not HEAD_BYTES <= len(untrusted) <= MAX_BODY_BYTES:
        raise Refused(5302, what="missed")
    lane, whole, zero, unit_count, span_count, serial, session = _HEAD.unpack_from(untrusted)
    if lane not in LANES or whole > 1 or zero:
        raise Refused(5302, what="missed")
    at = HEAD_BYTES
    units: list[MissedUnit] = []
    # The counts are not believed: each entry must be there before it is read.
    for _ in range(unit_count):
        unit, at = _unit(untrusted, at)
        units.append(unit)
    if len(untrusted) - at != span_count * SPAN_BYTES:
        raise Refused(5302, what="missed spans")
    spans = tuple(MissedSpan(*values) for values in _SPAN.iter_unpack(untrusted[at:]))
    if any(span.first > span.last for span in spans):
        raise Refused(5302, what="missed spans")
    return Missed(lane, session, serial, bool(whole), tuple(units), spans)


def _unit(untrusted: bytes, at: int) -> tuple[MissedUnit, int]:
    if len(untrusted) - at < _UNIT.size:
        raise Refused(5302, what="missed unit")
    number, total, count = _UNIT.unpack_from(untrusted, at)
    at += _UNIT.size
    end = at + count * _RANGE.size
    if number > MAX_NUMBER or total > MAX_UNIT_BYTES or count > MAX_RANGES or end > len(untrusted):
        raise Refused(5302, what="missed unit")
    ranges = tuple((pair[0], pair[1]) for pair in _RANGE.iter_unpack(untrusted[at:end]))
    _check_ranges(ranges, total)
    return MissedUnit(number, total, ranges), end


def _check_ranges(ranges: Sequence[Range], total: int) -> None:
    apart = all(before[1] < after[0] for before, after in pairwise(ranges))
    if not apart or any(first >= end or end > total for first, end in ranges):
        raise Refused(5302, what="missed ranges")
