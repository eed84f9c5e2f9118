"""The list of what is missing: units by number, sendings by range, both bounded. No I/O.

    unit whose number is known      -> units        at most MAX_UNITS, their ranges at most MAX_RANGES
    sending of an unknown unit      -> sequences    at most MAX_SEQUENCES ranges, in order in each session
    no room                         -> said so; whoever asked leaves it unaccounted, and finds it again later

The bounds are against a sender that holds the lane's key and lies (a taken-over outer ferry): what it
invents costs the inner ferry a bounded memory and a bounded state file. Honest losses stay far below.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from typing import Final

import msgspec

from gateway.ferry.ranges import Range

# A list that people carry holds 100,000 lines (gateway.ferry.reconcile); 25 MB of memory.
MAX_UNITS: Final = 65_536
# Byte ranges of all units together; beyond it a unit is asked for from its first missing byte to its last.
MAX_RANGES: Final = 131_072
# Each outage leaves one range: thousands are a lie.
MAX_SEQUENCES: Final = 4_096


class MissingUnit(msgspec.Struct, frozen=True):
    """A unit that was announced and is not complete. ranges: bytes of it that are missing."""

    number: int
    total_bytes: int
    ranges: list[Range]
    since_ns: int


class MissingSequences(msgspec.Struct, frozen=True):
    """Sendings first to last of a session of which not even the number is known."""

    session: int
    first: int
    last: int
    since_ns: int


Lost = MissingUnit | MissingSequences


def _last(one: MissingSequences) -> int:
    return one.last


class Missing:
    """What one lane misses. units, sequences: of the last run."""

    def __init__(
        self, units: Iterable[MissingUnit] = (), sequences: Iterable[MissingSequences] = ()
    ) -> None:
        self.units = {unit.number: unit for unit in units}
        self._ranges = sum(len(unit.ranges) for unit in self.units.values())
        self._by_session: dict[int, list[MissingSequences]] = {}
        self._entries = 0
        for one in sequences:
            self._by_session.setdefault(one.session, []).append(one)
            self._entries += 1
        for entries in self._by_session.values():
            entries.sort(key=_last)

    @property
    def sequences(self) -> list[MissingSequences]:
        """Sendings that are missing, by session in the order in which these came up."""
        return [one for entries in self._by_session.values() for one in entries]

    def has_room(self, number: int) -> bool:
        """Whether this unit can be named."""
        return number in self.units or len(self.units) < MAX_UNITS

    def name(
        self, number: int, total_bytes: int, ranges: list[Range], at_ns: int
    ) -> MissingUnit | None:
        """A unit is missing, in these ranges. None where it is known already. There is room for it."""
        before = self.units.get(number)
        had = len(before.ranges) if before else 0
        others = self._ranges - had
        if len(ranges) > max(had, 1) and others + len(ranges) > MAX_RANGES:
            ranges = [(ranges[0][0], ranges[-1][1])]
        if not ranges or (before is not None and before.ranges == ranges):
            return None
        unit = MissingUnit(number, total_bytes, ranges, before.since_ns if before else at_ns)
        self.units[number] = unit
        self._ranges = others + len(ranges)
        return unit

    def found(self, number: int) -> bool:
        """The unit is here. True where it had been listed."""
        unit = self.units.pop(number, None)
        self._ranges -= len(unit.ranges) if unit else 0
        return unit is not None

    def add(self, session: int, first: int, last: int, at_ns: int) -> bool:
        """Sendings are missing; those listed already are passed over. False where there is no room."""
        for start, end in self._not_listed(session, first, last):
            if not self._add(session, start, end, at_ns):
                return False
        return True

    def _not_listed(self, session: int, first: int, last: int) -> list[Range]:
        entries, found = self._by_session.get(session, []), list[Range]()
        for one in entries[bisect_left(entries, first, key=_last) :]:
            if one.first > last:
                break
            if one.first > first:
                found.append((first, one.first - 1))
            first = one.last + 1
        return [*found, (first, last)] if first <= last else found

    def _add(self, session: int, first: int, last: int, at_ns: int) -> bool:
        if self._entries < MAX_SEQUENCES:
            entries = self._by_session.setdefault(session, [])
            place = bisect_left(entries, first, key=_last)
            entries.insert(place, MissingSequences(session, first, last, at_ns))
            self._entries += 1
            return True
        return self._join(session, first, last, at_ns)

    def _join(self, session: int, first: int, last: int, at_ns: int) -> bool:
        """A neighbour grows; it counts as noticed now, so that no period leaves the new part out."""
        entries = self._by_session.get(session, [])
        place = bisect_left(entries, first, key=_last)
        if place and entries[place - 1].last + 1 == first:
            grown = MissingSequences(session, entries[place - 1].first, last, at_ns)
            entries[place - 1] = grown
        elif place < len(entries) and entries[place].first == last + 1:
            entries[place] = MissingSequences(session, first, entries[place].last, at_ns)
        else:
            return False
        return True

    def resolve(self, session: int, sequence: int) -> bool:
        """The unit behind a sending is known now. True where the sending was listed.

        In the middle of a range it stays listed while there is no room for two: asked for once more.
        """
        entries = self._by_session.get(session, [])
        place = bisect_left(entries, sequence, key=_last)
        if place == len(entries) or entries[place].first > sequence:
            return False
        one = entries[place]
        rest = [
            MissingSequences(session, first, last, one.since_ns)
            for first, last in ((one.first, sequence - 1), (sequence + 1, one.last))
            if first <= last
        ]
        if len(rest) <= 1 or self._entries < MAX_SEQUENCES:
            entries[place : place + 1] = rest
            self._entries += len(rest) - 1
            if not entries:
                del self._by_session[session]
        return True
