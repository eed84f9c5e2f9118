"""When the receiving ferry says what it misses, and how much of it. Time and account in, bodies out. No I/O.

    something is missing  --> said every quarter second; less often once it has stayed the same for a while
    nothing any more      --> said a few times more, empty; then nothing
    more than fits        --> the oldest first, and the next saying goes on where this one was cut

The list is state, not a message: a lost one costs time only, and what it names is looked up anew each time.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice
from typing import Final

from gateway.ferry.oneway.account import Account, MissingUnit
from gateway.ferry.ranges import Range
from gateway.ferry.twoway.returns import (
    HEAD_BYTES,
    LEAST_BYTES,
    MAX_BODY_BYTES,
    MAX_RANGES,
    SPAN_BYTES,
    Missed,
    MissedSpan,
    MissedUnit,
    encode_missed,
)

SAY_S: Final = 0.25
# What has been said so often and has not changed cannot be brought soon: units that are kept no longer.
_OFTEN: Final = 40
_SAY_SELDOM_S: Final = 2.0
# Of the opposite lane's rate; and of blocks, whatever the rate.
_SHARE: Final = 0.05
_MAX_BODIES: Final = 8
# Spans are few and short; they come first and leave room for units.
_MAX_SPANS: Final = 64
# That nothing is missing any more is said so often: it ends an alarm at the sender.
_LAST_SAYINGS: Final = 4

_Said = tuple[tuple[MissedUnit, ...], tuple[MissedSpan, ...]]


class Telling:
    """Says what one lane misses. lane: its number. rate_bits_per_s, body_bytes: of the opposite lane, the
    most that one control block of it may hold."""

    def __init__(self, lane: int, rate_bits_per_s: int, body_bytes: int) -> None:
        self._lane = lane
        # A shape whose whole block is smaller than a full entry does not exist outside of tests.
        self._body_bytes = min(body_bytes, MAX_BODY_BYTES)
        share_bytes = int(rate_bits_per_s / 8 * SAY_S * _SHARE)
        self._bodies = max(1, min(_MAX_BODIES, share_bytes // self._body_bytes))
        self._ranges = MAX_RANGES if self._body_bytes >= LEAST_BYTES else 4
        self._serial = 0
        self._next_s = 0.0
        self._said: _Said = ((), ())
        self._alike = 0
        self._empties = _LAST_SAYINGS
        self._from = 0

    def bodies(self, account: Account, session: int, now_s: float) -> list[bytes]:
        """The bodies to be said now; none where it is not time or there is nothing to say."""
        nothing_new = self._empties >= _LAST_SAYINGS and not account.units and not account.sequences
        if now_s < self._next_s or nothing_new:
            return []
        cut, spans, whole = self._cut(account)
        said = (tuple(unit for part in cut for unit in part), spans)
        self._alike = self._alike + 1 if said == self._said else 0
        self._said = said
        self._next_s = now_s + (_SAY_SELDOM_S if self._alike >= _OFTEN else SAY_S)
        if said == ((), ()):
            # All that was named has come, or is on its way by what was heard last.
            self._empties = min(self._empties + 1, _LAST_SAYINGS + 1)
            if self._empties > _LAST_SAYINGS:
                return []
        else:
            self._empties = 0
        self._serial += 1
        return [
            encode_missed(
                Missed(self._lane, session, self._serial, whole, part, spans if place == 0 else ())
            )
            for place, part in enumerate(cut)
        ]

    def _cut(
        self, account: Account
    ) -> tuple[list[tuple[MissedUnit, ...]], tuple[MissedSpan, ...], bool]:
        """The units of each body, the spans of the first, and whether that is all."""
        spans = self._spans(account)
        cut, part = list[tuple[MissedUnit, ...]](), list[MissedUnit]()
        room = self._body_bytes - HEAD_BYTES - len(spans) * SPAN_BYTES
        whole, begun = len(spans) == len(account.sequences), self._from
        self._from = 0
        for place, unit in self._units(account, begun):
            if unit.size_bytes > room:
                cut.append(tuple(part))
                room, part = self._body_bytes - HEAD_BYTES, []
                if len(cut) == self._bodies:
                    # What does not fit comes first the next time.
                    self._from = place
                    return cut, spans, False
            part.append(unit)
            room -= unit.size_bytes
        return [*cut, tuple(part)], spans, whole

    def _spans(self, account: Account) -> tuple[MissedSpan, ...]:
        most = min(_MAX_SPANS, (self._body_bytes - HEAD_BYTES) // 2 // SPAN_BYTES)
        oldest = sorted(account.sequences, key=lambda one: one.since_ns)[:most]
        return tuple(MissedSpan(one.session, one.first, one.last) for one in oldest)

    def _units(self, account: Account, begin: int) -> Iterator[tuple[int, MissedUnit]]:
        """Units with their places on the list, from a place on, then those before it; oldest first."""
        units = account.units.values()
        begin = begin if begin < len(units) else 0
        places = chain(
            enumerate(islice(units, begin, None), begin), enumerate(islice(units, begin))
        )
        for place, unit in places:
            now = self._as_it_is(account, unit)
            if now is not None:
                yield place, now

    def _as_it_is(self, account: Account, unit: MissingUnit) -> MissedUnit | None:
        """What of it is missing now; None where what was named has come and the rest is under way."""
        partial = account.partials.get(unit.number)
        if partial is None:
            if account.is_here(unit.number):
                return None
            return MissedUnit(unit.number, unit.total_bytes)
        holes: list[Range] = []
        for first, end in unit.ranges:
            holes += partial.got.holes(first, min(end, partial.total_bytes))
            if len(holes) >= self._ranges:
                break
        if not holes:
            return None
        return MissedUnit(unit.number, partial.total_bytes, tuple(holes[: self._ranges]))
