"""What is missing, by name: sequences and units against what the sender's index and heartbeat say. No I/O.

    chunks of a unit ---> partial: which bytes are here ---> complete() ---> arrived(): durable in the queue
    index: unit, blocks --> when those blocks are settled and the queue has not the unit: LostUnit
    heartbeat: announced --> a sequence below it of which nothing is known: LostSequences

A loss stays listed, over restarts, until the unit arrives. Naming starts from what is durable (the
queue's ledger, and the state that is dumped here), so a receiver that was killed names what it lost too.

All that is kept is bounded, whatever a sender with the lane's key says: units under way (underway.py),
entries of the index (announced.py), sessions (sessions.py), the list itself (missing.py). What finds no
room on the list is not accounted for, so that the next heartbeat finds it again; `unlisted` counts it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from gateway.ferry.block import Chunk
from gateway.ferry.oneway.account_state import AccountState
from gateway.ferry.oneway.announced import Announced
from gateway.ferry.oneway.missing import Lost, Missing, MissingSequences, MissingUnit
from gateway.ferry.oneway.records import Heartbeat, Indexed, Resolved
from gateway.ferry.oneway.sessions import Sessions
from gateway.ferry.oneway.underway import Partial, UnderWay
from gateway.ferry.ranges import Range, Ranges

__all__ = [
    "Account",
    "AccountState",
    "Lost",
    "MissingSequences",
    "MissingUnit",
    "Partial",
]

# What a file of ours holds of a number that the sender chooses.
_MOST: Final = (1 << 63) - 1


class Account:
    """Keeps the account of one lane.

    has: whether the queue has ever taken a unit. state: of the last run; None for a receiver that never
    ran, which then asks for nothing that was sent in sessions before the first one it hears.
    unlisted: sendings that the last heartbeat found missing, and that found no room on the list.
    """

    def __init__(self, has: Callable[[int], bool], state: AccountState | None = None) -> None:
        self._has = has
        state = state or AccountState()
        self._sessions = Sessions(state.sessions)
        units = (unit for unit in state.units if not has(unit.number))
        self._missing = Missing(units, state.sequences)
        self._under_way = UnderWay()
        self._pending = Announced()
        self._complete: dict[int, tuple[int, int]] = {}
        self._untold: list[Lost] = []
        self._at_ns = 0
        self.unlisted = state.unlisted

    @property
    def units(self) -> dict[int, MissingUnit]:
        """The units that are missing, by number."""
        return self._missing.units

    @property
    def sequences(self) -> list[MissingSequences]:
        """The sendings that are missing and of which the number is not known."""
        return self._missing.sequences

    @property
    def partials(self) -> OrderedDict[int, Partial]:
        """The units of which some bytes are here, the one touched longest ago first."""
        return self._under_way.partials

    @property
    def ignored(self) -> int:
        """Entries of the index that were not believed, or for which there was no room."""
        return self._pending.ignored

    def chunk(self, chunk: Chunk, session: int, now_s: float) -> Partial | None:
        """Bytes of a unit are here; gives its partial, None where they contradict earlier ones."""
        return self._under_way.put(chunk, session, now_s)

    def restore(self, partial: Partial) -> None:
        """A partial of an earlier run, as its file says; oldest first."""
        self._under_way.restore(partial)

    def in_the_way(self, chunk: Chunk | None) -> int | None:
        """The partial that must leave (`drop`) before a chunk comes in, if one must."""
        return self._under_way.in_the_way(chunk)

    def has_place(self, chunk: Chunk) -> bool:
        """Whether its unit is not in too many pieces for one more."""
        return self._under_way.has_place(chunk)

    def oldest(self, besides: int, untouched_since_s: float) -> int | None:
        """The partial touched longest ago but this one, if that is so long ago."""
        return self._under_way.oldest(besides, untouched_since_s)

    def drop(self, number: int) -> None:
        """The bytes of a partial go: where it is listed as missing, then as a whole."""
        self._under_way.pop(number)
        unit = self.units.get(number)
        if unit is not None:
            whole = [(0, unit.total_bytes)]
            self._untold += self._name(number, unit.total_bytes, whole, unit.since_ns)

    def complete(self, number: int, session: int, sequence: int) -> None:
        """All bytes of the unit are here, and it is on its way into the queue."""
        self._complete[number] = (session, sequence)
        self._under_way.pop(number)

    def spoilt(self, number: int, total_bytes: int, at_ns: int) -> None:
        """A complete unit is not on disk for sure: missing as a whole."""
        session, sequence = self._complete.pop(number)
        if self._missing.has_room(number):
            self._account(session, sequence, sequence + 1)
            self._untold += self._name(number, total_bytes, [(0, total_bytes)], at_ns)

    def is_here(self, number: int) -> bool:
        """Whether further bytes of the unit are of no use."""
        return number in self._complete or self._has(number)

    def seen_again(self, number: int, session: int, sequence: int) -> None:
        """A sending of a unit that is here already."""
        if number not in self._complete:
            self._account(session, sequence, sequence + 1)
            self._missing.found(number)

    def arrived(self, number: int) -> bool:
        """The unit is durable in the queue. True where it had been listed as missing."""
        session, sequence = self._complete.pop(number)
        self._account(session, sequence, sequence + 1)
        return self._missing.found(number)

    def index(self, session: int, entries: Iterable[Indexed]) -> None:
        """The sender says which units its sequences were; judged when their blocks are settled."""
        self._sessions.begin(session)
        for entry in entries:
            if not self._sessions.has(session, entry.sequence):
                self._pending.add(session, entry)

    def settle(self, session: int, floor: int, now_s: float, at_ns: int) -> list[Lost]:
        """What is newly known to be missing, with all blocks of `session` below floor settled."""
        self._at_ns = at_ns
        lost, self._untold = self._untold, []
        crowd: dict[int, Ranges] = {}
        for of, entry in self._pending.due(session, floor):
            if not self._sessions.has(of, entry.sequence):
                lost += self._judge(of, entry, crowd, at_ns)
        for of, ranges in crowd.items():
            for first, end in ranges:
                lost += self._list(of, first, end, at_ns)
        for partial in self._under_way.holed(now_s):
            # Named before the unit ends, and again if it grows.
            missing = partial.missing(partial.got.end)
            lost += self._name(partial.number, partial.total_bytes, missing, at_ns)
        return lost

    def _judge(
        self, of: int, entry: Indexed, crowd: dict[int, Ranges], at_ns: int
    ) -> list[MissingUnit]:
        """crowd: gets the sequences for whose units there is no room."""
        number, total = entry.number, entry.total_bytes
        if number in self._complete:
            return []
        if self._has(number):
            self._account(of, entry.sequence, entry.sequence + 1)
            self._missing.found(number)
            return []
        if not self._missing.has_room(number):
            crowd.setdefault(of, Ranges()).add(entry.sequence, entry.sequence + 1)
            return []
        self._account(of, entry.sequence, entry.sequence + 1)
        partial = self.partials.get(number)
        return self._name(number, total, partial.missing() if partial else [(0, total)], at_ns)

    def _name(
        self, number: int, total_bytes: int, ranges: list[Range], at_ns: int
    ) -> list[MissingUnit]:
        if not self._missing.has_room(number):
            return []
        named = self._missing.name(number, total_bytes, ranges, at_ns)
        return [named] if named is not None else []

    def _list(self, session: int, first: int, end: int, at_ns: int) -> list[Lost]:
        """List sendings as missing, if there is room."""
        if not self._missing.add(session, first, end - 1, at_ns):
            return []
        self._account(session, first, end)
        return [MissingSequences(session, first, end - 1, at_ns)]

    def heartbeat(self, session: int, beat: Heartbeat, at_ns: int) -> list[Lost]:
        """Sequences that the sender has announced, and of which nothing is known here."""
        first_ever = not self._sessions
        self._at_ns, self.unlisted = at_ns, 0
        lost = self._unknown(session, beat.announced, at_ns)
        for past, count in beat.past:
            if first_ever:
                self._account(past, 0, count)
            elif past < session:
                lost += self._unknown(past, count, at_ns)
        return lost

    def _unknown(self, session: int, end: int, at_ns: int) -> list[Lost]:
        lost: list[Lost] = []
        holes = self._sessions.holes(session, end)
        here = self._on_the_way(session) if holes else Ranges()
        for first, stop in (part for hole in holes for part in here.holes(*hole)):
            listed = self._list(session, first, stop, at_ns)
            lost += listed
            if not listed:
                self.unlisted = min(self.unlisted + stop - first, _MOST)
        return lost

    def _on_the_way(self, session: int) -> Ranges:
        """Sequences of which something is known: announced, here in part, or complete."""
        here = self._pending.sequences(session)
        under_way = ((p.session, p.sequence) for p in self.partials.values())
        for of, sequence in (*under_way, *self._complete.values()):
            if of == session:
                here.add(sequence, sequence + 1)
        return here

    def resolved(self, entries: Sequence[Resolved], at_ns: int) -> list[Lost]:
        """The sender says which units the sequences in the list were."""
        lost: list[Lost] = []
        for entry in entries:
            number, is_here = entry.number, self.is_here(entry.number)
            if not is_here and not self._missing.has_room(number):
                continue  # It stays listed by its sequence.
            if self._missing.resolve(entry.session, entry.sequence) and not is_here:
                partial = self.partials.get(number)
                ranges = partial.missing() if partial else [(0, entry.total_bytes)]
                lost += self._name(number, entry.total_bytes, ranges, at_ns)
        return lost

    def _account(self, session: int, first: int, end: int) -> None:
        # Joined are holes by the thousand, made up by a sender: no room for them is no loss.
        for start, stop in self._sessions.add(session, first, end):
            if self._missing.add(session, start, stop - 1, self._at_ns):
                self._untold.append(MissingSequences(session, start, stop - 1, self._at_ns))

    def dump(self) -> AccountState:
        """What to write to disk."""
        units = list(self.units.values())
        return AccountState(self._sessions.dump(), units, self.sequences, self.unlisted)
