"""What is missing, by name: sequences and units against what the sender's index and heartbeat say. No I/O.

    chunks of a unit ---> partial: which bytes are here ---> complete() ---> arrived(): durable in the queue
    index: unit, blocks --> when those blocks are settled and the queue has not the unit: LostUnit
    heartbeat: announced --> a sequence below it of which nothing is known: LostSequences

A loss stays listed, over restarts, until the unit arrives. Naming starts from what is durable (the
queue's ledger, and the state that is dumped here), so a receiver that was killed names what it lost too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec

from gateway.ferry.block import Chunk
from gateway.ferry.oneway.records import Heartbeat, Indexed, Resolved
from gateway.ferry.ranges import Range, Ranges

# Above the time to give a block up, so that bytes that are only late are not called missing.
_HOLE_S: Final = 1.5
# Sessions whose sequences are kept apart; older ones are in the lists of what is missing.
_SESSIONS_KEPT: Final = 16


class SessionState(msgspec.Struct, frozen=True):
    """Which sequences of a session are accounted for (here, or listed as missing)."""

    session: int
    known: list[Range]


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


class AccountState(msgspec.Struct, frozen=True):
    """All that must survive a restart."""

    sessions: list[SessionState] = msgspec.field(default_factory=list)
    units: list[MissingUnit] = msgspec.field(default_factory=list)
    sequences: list[MissingSequences] = msgspec.field(default_factory=list)


@dataclass(slots=True)
class Partial:
    """A unit of which some bytes are here. got: ranges of its bytes."""

    number: int
    session: int
    sequence: int
    total_bytes: int
    trailer_bytes: int
    got: Ranges = field(default_factory=Ranges)
    touched_s: float = 0.0
    hole_s: float | None = None

    @property
    def complete(self) -> bool:
        return not self.got.holes(0, self.total_bytes)

    def missing(self, end: int | None = None) -> list[Range]:
        return self.got.holes(0, self.total_bytes if end is None else end)


Lost = MissingUnit | MissingSequences


class Account:
    """Keeps the account of one lane.

    has: whether the queue has ever taken a unit. state: of the last run; None for a receiver that never
    ran, which then asks for nothing that was sent in sessions before the first one it hears.
    """

    def __init__(self, has: Callable[[int], bool], state: AccountState | None = None) -> None:
        self._has = has
        state = state or AccountState()
        self._known = {s.session: Ranges(s.known) for s in state.sessions}
        self.units = {unit.number: unit for unit in state.units if not has(unit.number)}
        self.sequences = list(state.sequences)
        self.partials: dict[int, Partial] = {}
        self._pending: dict[tuple[int, int], Indexed] = {}
        self._complete: dict[int, tuple[int, int]] = {}
        self._holed: set[int] = set()
        self.dirty = False

    def chunk(self, chunk: Chunk, session: int, now_s: float) -> Partial | None:
        """Bytes of a unit are here; gives its partial, None where they contradict earlier ones."""
        partial = self.partials.get(chunk.number)
        if partial is None:
            partial = Partial(
                chunk.number, session, chunk.sequence, chunk.total_bytes, chunk.trailer_bytes
            )
            self.partials[chunk.number] = partial
        same = (chunk.total_bytes, chunk.trailer_bytes)
        if same != (partial.total_bytes, partial.trailer_bytes):
            return None
        partial.session, partial.sequence = session, chunk.sequence
        end = chunk.offset + len(chunk.data)
        partial.got.add(chunk.offset, end)
        partial.touched_s = now_s
        self._watch(partial, now_s)
        return partial

    def _watch(self, partial: Partial, now_s: float) -> None:
        holed = len(partial.got) > 1 or not (len(partial.got) == 0 or 0 in partial.got)
        if not holed:
            partial.hole_s = None
            self._holed.discard(partial.number)
        elif partial.hole_s is None:
            partial.hole_s = now_s
            self._holed.add(partial.number)

    def restore(self, partial: Partial) -> None:
        """A partial of an earlier run, as its file says."""
        self.partials[partial.number] = partial

    def complete(self, number: int, session: int, sequence: int) -> None:
        """All bytes of the unit are here, and it is on its way into the queue."""
        self._complete[number] = (session, sequence)
        self.partials.pop(number, None)
        self._holed.discard(number)

    def is_here(self, number: int) -> bool:
        """Whether further bytes of the unit are of no use."""
        return number in self._complete or self._has(number)

    def seen_again(self, number: int, session: int, sequence: int) -> None:
        """A sending of a unit that is here already."""
        if number not in self._complete:
            self._account(session, sequence)
            self.units.pop(number, None)

    def arrived(self, number: int) -> bool:
        """The unit is durable in the queue. True where it had been listed as missing."""
        self._account(*self._complete.pop(number))
        was = self.units.pop(number, None)
        self.dirty = True
        return was is not None

    def index(self, session: int, entries: Iterable[Indexed]) -> None:
        """The sender says which units its sequences were; judged when their blocks are settled."""
        known = self._known.setdefault(session, Ranges())
        for entry in entries:
            if entry.sequence not in known:
                self._pending[session, entry.sequence] = entry

    def settle(self, session: int, floor: int, now_s: float, at_ns: int) -> list[Lost]:
        """What is newly known to be missing, with all blocks of `session` below floor settled."""
        lost: list[Lost] = []
        for (of, sequence), entry in list(self._pending.items()):
            if of == session and entry.last_block >= floor:
                continue
            del self._pending[of, sequence]
            if sequence not in self._known.setdefault(of, Ranges()):
                lost += self._judge(of, sequence, entry.number, entry.total_bytes, at_ns)
        for number in list(self._holed):
            lost += self._judge_hole(self.partials[number], now_s, at_ns)
        return lost

    def _judge(self, of: int, sequence: int, number: int, total: int, at_ns: int) -> list[Lost]:
        if number in self._complete:
            return []
        partial = self.partials.get(number)
        self._account(of, sequence)
        if self._has(number):
            self.units.pop(number, None)
            return []
        return self._name(number, total, partial.missing() if partial else [(0, total)], at_ns)

    def _judge_hole(self, partial: Partial, now_s: float, at_ns: int) -> list[Lost]:
        """A unit under way whose earlier bytes are gone is named before it ends, and again if it grows."""
        if partial.hole_s is None or now_s - partial.hole_s < _HOLE_S:
            return []
        partial.hole_s = now_s
        return self._name(
            partial.number, partial.total_bytes, partial.missing(partial.got.end), at_ns
        )

    def _name(self, number: int, total: int, ranges: list[Range], at_ns: int) -> list[Lost]:
        before = self.units.get(number)
        if not ranges or (before is not None and before.ranges == ranges):
            return []
        unit = MissingUnit(number, total, ranges, before.since_ns if before else at_ns)
        self.units[number] = unit
        self.dirty = True
        return [unit]

    def heartbeat(self, session: int, beat: Heartbeat, at_ns: int) -> list[Lost]:
        """Sequences that the sender has announced, and of which nothing is known here."""
        first_ever = not self._known
        lost = self._unknown(session, beat.announced, at_ns)
        for past, count in beat.past:
            if first_ever:
                self._known.setdefault(past, Ranges()).add(0, count)
            elif past < session:
                lost += self._unknown(past, count, at_ns)
        self._forget_old()
        return lost

    def _unknown(self, session: int, end: int, at_ns: int) -> list[Lost]:
        known = self._known.setdefault(session, Ranges())
        lost: list[Lost] = []
        for first, stop in known.holes(0, end):
            here = Ranges((s, s + 1) for of, s in self._pending if of == session)
            under_way = [(p.session, p.sequence) for p in self.partials.values()]
            for of, sequence in (*under_way, *self._complete.values()):
                if of == session:
                    here.add(sequence, sequence + 1)
            for start, last in here.holes(first, stop):
                known.add(start, last)
                lost.append(MissingSequences(session, start, last - 1, at_ns))
        self.sequences += [item for item in lost if isinstance(item, MissingSequences)]
        self.dirty = self.dirty or bool(lost)
        return lost

    def resolved(self, entries: Sequence[Resolved], at_ns: int) -> list[Lost]:
        """The sender says which units the sequences in the list were."""
        lost: list[Lost] = []
        for entry in entries:
            if self._forget(entry.session, entry.sequence) and not self._has(entry.number):
                partial = self.partials.get(entry.number)
                if entry.number not in self._complete:
                    ranges = partial.missing() if partial else [(0, entry.total_bytes)]
                    lost += self._name(entry.number, entry.total_bytes, ranges, at_ns)
        return lost

    def _forget(self, session: int, sequence: int) -> bool:
        for place, item in enumerate(self.sequences):
            if item.session == session and item.first <= sequence <= item.last:
                parts = ((item.first, sequence - 1), (sequence + 1, item.last))
                self.sequences[place : place + 1] = [
                    MissingSequences(session, first, last, item.since_ns)
                    for first, last in parts
                    if first <= last
                ]
                self.dirty = True
                return True
        return False

    def _account(self, session: int, sequence: int) -> None:
        known = self._known.get(session)
        if known is None:
            known = self._known[session] = Ranges()
        known.add(sequence, sequence + 1)
        self.dirty = True

    def _forget_old(self) -> None:
        while len(self._known) > _SESSIONS_KEPT:
            del self._known[min(self._known)]

    def dump(self) -> AccountState:
        """What to write to disk."""
        sessions = [SessionState(s, ranges.as_list()) for s, ranges in self._known.items()]
        return AccountState(sessions, list(self.units.values()), list(self.sequences))
