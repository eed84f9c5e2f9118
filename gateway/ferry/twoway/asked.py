"""What the receiver asks for over the opposite lane, and what of it goes again now. No I/O.

    list --take()--> waiting --next()--> under way --ended()--> quiet for a round trip --asked--> waiting
                        |                                            | not asked for any more
                        | too often: exhausted, alarm                +--> forgotten
                        | not here: unknown, told once

Whoever has the lane's key can lie here: it costs a share of the lane's rate, so many times its real size
for each unit, and bounded memory. After that people decide (`ferrygate resend`).
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final, TypeVar

from gateway.ferry.twoway.returns import Missed, MissedSpan, MissedUnit

# Lists of honest receivers hold a few; beyond it the newest are left out and asked for again.
MAX_UNITS: Final = 65_536
MAX_SPANS: Final = 256
# Sendings looked up for one list; the rest come with the next.
MAX_LOOKED_UP: Final = 4_096
# A unit that was not here is looked for again when it is still asked for after this.
_UNKNOWN_S: Final = 60.0
# What a start costs at least: one that asks for single bytes is no cheaper.
_LEAST_BYTES: Final = 65_536

_K = TypeVar("_K")
_V = TypeVar("_V")


@dataclass(frozen=True, slots=True)
class Limits:
    """bytes_per_s: what goes again in the long run. times: a unit's size, at most. round_trip_s: from
    the last byte of a unit sent to a list that knows of it."""

    bytes_per_s: float
    times: int = 32
    round_trip_s: float = 1.0

    @property
    def burst_bytes(self) -> float:
        """What may go at once."""
        return max(self.bytes_per_s, 4.0 * _LEAST_BYTES)


@dataclass(slots=True)
class _Again:
    """One unit that was asked for. total_bytes: of the unit as it lies here. bytes: sent again so far.
    quiet_s: not started before."""

    total_bytes: int
    bytes: int = 0
    under_way: int = 0
    quiet_s: float = 0.0


class Asked:
    """The lists of one receiver, and what becomes of them."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._waiting: OrderedDict[int, MissedUnit] = OrderedDict()
        self._spans: list[MissedSpan] = []
        self._again: OrderedDict[int, _Again] = OrderedDict()
        self._unknown: OrderedDict[int, float] = OrderedDict()
        self._looked_up: OrderedDict[tuple[int, int], float] = OrderedDict()
        # Units asked for that went as often as they may.
        self.exhausted: set[int] = set()
        self._place = (-1, -1)
        # Given out and not answered for yet.
        self._paid: dict[int, int] = {}
        self._tokens = limits.burst_bytes
        self._at_s: float | None = None

    def take(self, missed: Missed, said_in: int, now_s: float) -> None:
        """A list has come. said_in: session of the opposite lane. Lists older than the newest do nothing."""
        place = (said_in, missed.serial)
        if place < self._place:
            return
        if place > self._place:
            self._place = place
            self._waiting.clear()
            self._spans.clear()
            if missed.whole:
                self.exhausted.clear()
        for unit in missed.units:
            self._want(unit, now_s)
        self._spans += missed.spans[: MAX_SPANS - len(self._spans)]

    def _want(self, unit: MissedUnit, now_s: float) -> None:
        if now_s < self._unknown.get(unit.number, 0.0) or len(self._waiting) >= MAX_UNITS:
            return
        again = self._again.get(unit.number)
        if again is None:
            self._waiting[unit.number] = unit
        elif again.under_way or now_s < again.quiet_s or unit.total_bytes != again.total_bytes:
            return
        elif again.bytes >= self._limits.times * max(again.total_bytes, 1):
            self.exhausted.add(unit.number)
        else:
            self._waiting[unit.number] = unit

    def next(self, limit: int, now_s: float) -> list[MissedUnit]:
        """Units to be started now, `limit` at most and as many as the rate allows. The caller answers for
        each with began() or unknown()."""
        self._refill(now_s)
        found: list[MissedUnit] = []
        while self._waiting and len(found) < limit and self._tokens > 0:
            unit = self._waiting.popitem(last=False)[1]
            # Paid before it is looked for: looking costs too, and a liar asks for what is not there.
            self._tokens -= _cost(unit)
            self._paid[unit.number] = _cost(unit)
            found.append(unit)
        return found

    def spans(self, now_s: float) -> list[MissedSpan]:
        """Sendings whose units are to be looked up now; each is given once in a round trip."""
        found: list[MissedSpan] = []
        left = MAX_LOOKED_UP
        while self._spans and left > 0:
            span = self._spans.pop(0)
            last = min(span.last, span.first + left - 1)
            left -= last - span.first + 1
            found += self._not_lately(MissedSpan(span.session, span.first, last), now_s)
        return found

    def _not_lately(self, span: MissedSpan, now_s: float) -> list[MissedSpan]:
        found: list[MissedSpan] = []
        for sequence in range(span.first, span.last + 1):
            key = (span.session, sequence)
            if now_s < self._looked_up.get(key, 0.0):
                continue
            _remember(self._looked_up, key, now_s + self._limits.round_trip_s)
            if found and found[-1].last == sequence - 1:
                found[-1] = MissedSpan(span.session, found[-1].first, sequence)
            else:
                found.append(MissedSpan(span.session, sequence, sequence))
        return found

    def want(self, unit: MissedUnit, now_s: float) -> None:
        """The unit behind a sending that is asked for."""
        if unit.number not in self._waiting:
            self._want(unit, now_s)

    def began(self, unit: MissedUnit) -> None:
        """It goes again. total_bytes: as it lies here; what was claimed does not count."""
        self._tokens -= max(0, _cost(unit) - self._paid.pop(unit.number, 0))
        again = self._again.pop(unit.number, None) or _Again(unit.total_bytes)
        again.total_bytes = unit.total_bytes
        again.under_way += 1
        again.bytes += min(_cost(unit), max(unit.total_bytes, 1))
        _remember(self._again, unit.number, again)

    def ended(self, number: int, now_s: float) -> None:
        """Its last byte is in a block: the next lists may not know that yet."""
        again = self._again.get(number)
        if again is not None:
            again.under_way = max(0, again.under_way - 1)
            again.quiet_s = now_s + self._limits.round_trip_s

    def unknown(self, number: int, now_s: float) -> bool:
        """It is not kept here, or not cleared. True the first time: to be told."""
        self._paid.pop(number, None)
        first = number not in self._unknown
        _remember(self._unknown, number, now_s + _UNKNOWN_S)
        return first

    def _refill(self, now_s: float) -> None:
        if self._at_s is not None and now_s > self._at_s:
            grown = self._tokens + (now_s - self._at_s) * self._limits.bytes_per_s
            self._tokens = min(grown, self._limits.burst_bytes)
        self._at_s = now_s


def _cost(unit: MissedUnit) -> int:
    return max(unit.missing_bytes, min(_LEAST_BYTES, unit.total_bytes), 1_024)


def _remember(kept: OrderedDict[_K, _V], key: _K, value: _V) -> None:
    """Bounded: the one remembered longest ago goes."""
    kept[key] = value
    kept.move_to_end(key)
    if len(kept) > MAX_UNITS:
        kept.popitem(last=False)
