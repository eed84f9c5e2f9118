"""A waiting room in which nobody holds up the others: whose work is begun next, and who may wait. Pure.

put --> waiting of a caller of a channel --begin--> held by a thread --end--> gone
 +----> None: its channel has as much here as it may, or its caller

next    a channel that holds fewest threads; of those the one that has used the least time; of its
        callers the one that holds fewest, in turn; of his the oldest
kept    the last free thread is for a channel that holds none: whoever takes ten seconds a piece takes
        them beside the others
room    a channel may hold as much of it as it leaves free (gateway.unit.shares), and a caller of it as much
        of that as he leaves free; those whom nobody knows are one caller, or all of a channel without others
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from gateway.unit.shares import has_share, left_of_share

# So far a channel may be behind for what it has used: one long piece does not bar it for as long again.
MOST_BEHIND_S: Final = 5.0

T = TypeVar("T")


@dataclass(slots=True, eq=False)
class Turn(Generic[T]):
    """One piece of work. Its fields are the room's."""

    channel: str
    caller: str
    size_bytes: int
    work: T
    is_held: bool = False
    is_done: bool = False


@dataclass(slots=True)
class _Line(Generic[T]):
    """What waits of one caller of a channel, the oldest first."""

    turns: deque[Turn[T]] = field(default_factory=deque)
    size_bytes: int = 0


@dataclass(slots=True)
class _Channel(Generic[T]):
    """callers: in turn; each has some. used_s: time of threads, on the room's own clock."""

    used_s: float
    callers: dict[str, _Line[T]] = field(default_factory=dict)
    held: dict[str, int] = field(default_factory=dict)
    held_count: int = 0
    waiting: int = 0
    waiting_bytes: int = 0


class FairRoom(Generic[T]):
    """For so many threads. most, most_bytes: of what waits, of all channels. One call at a time."""

    def __init__(self, threads: int, most: int, most_bytes: int) -> None:
        self._free = threads
        self._most, self._most_bytes = most, most_bytes
        self._channels: dict[str, _Channel[T]] = {}
        self._waiting = self._waiting_bytes = 0
        # What the channel begun last had used then: newcomers have used no less, and are owed nothing.
        self._used_s = 0.0

    def __len__(self) -> int:
        """How much waits."""
        return self._waiting

    def put(self, channel: str, caller: str, size_bytes: int, work: T) -> Turn[T] | None:
        """Let it wait. None: there is no room for it, and nothing of it is kept."""
        known = self._channels.get(channel)
        own = (known.waiting, known.waiting_bytes) if known is not None else (0, 0)
        free = self._most - self._waiting, self._most_bytes - self._waiting_bytes
        if free[0] < 1 or free[1] < size_bytes:
            return None
        if not (has_share(own[0], 1, free[0]) and has_share(own[1], size_bytes, free[1])):
            return None
        line = known.callers.get(caller) if known is not None else None
        if line is not None and (caller or len(line.turns) != own[0]):
            left = left_of_share(own[0], free[0]), left_of_share(own[1], free[1])
            if not (
                has_share(len(line.turns), 1, left[0])
                and has_share(line.size_bytes, size_bytes, left[1])
            ):
                return None
        turn = Turn(channel, caller, size_bytes, work)
        self._line_up(turn)
        return turn

    def belongs(self, turn: Turn[T], channel: str) -> None:
        """It is known only now whose it is: it waits, or is held, as one of this channel's."""
        if turn.is_done or turn.channel == channel:
            return
        before = self._channels[turn.channel]
        if turn.is_held:
            _let_go(before, turn)
            turn.channel = channel
            _hold(self._channel(channel), turn)
            return
        line = before.callers[turn.caller]
        line.turns.remove(turn)
        self._count(before, line, -1, -turn.size_bytes)
        if not line.turns:
            del before.callers[turn.caller]
        turn.channel = channel
        self._line_up(turn)

    def begin(self) -> Turn[T] | None:
        """What a free thread works on next; None: nothing for now. Each is ended with end()."""
        if not self._free:
            return None
        may = [
            one
            for one in self._channels.values()
            if one.waiting and (self._free > 1 or not one.held_count)
        ]
        if not may:
            return None
        channel = min(may, key=lambda one: (one.held_count, one.used_s))
        caller = min(channel.callers, key=lambda name: channel.held.get(name, 0))
        line = channel.callers.pop(caller)
        turn = line.turns.popleft()
        if line.turns:
            # Behind the others.
            channel.callers[caller] = line
        self._count(channel, line, -1, -turn.size_bytes)
        turn.is_held = True
        _hold(channel, turn)
        self._free -= 1
        self._used_s = max(self._used_s, channel.used_s)
        self._forget()
        return turn

    def has_newcomer(self) -> bool:
        """Whether somebody waits of a channel that holds no thread: begin() gives him before all others."""
        return any(one.waiting and not one.held_count for one in self._channels.values())

    def end(self, turn: Turn[T], took_s: float) -> None:
        """It is done, after so long."""
        channel = self._channels[turn.channel]
        turn.is_held, turn.is_done = False, True
        _let_go(channel, turn)
        channel.used_s = min(
            max(channel.used_s, self._used_s) + took_s, self._used_s + MOST_BEHIND_S
        )
        self._free += 1

    def clear(self) -> None:
        """Nothing waits any more."""
        for one in self._channels.values():
            one.callers.clear()
            one.waiting = one.waiting_bytes = 0
        self._waiting = self._waiting_bytes = 0

    def _channel(self, name: str) -> _Channel[T]:
        known = self._channels.get(name)
        if known is None:
            known = self._channels[name] = _Channel(self._used_s)
        return known

    def _line_up(self, turn: Turn[T]) -> None:
        channel = self._channel(turn.channel)
        line = channel.callers.get(turn.caller)
        if line is None:
            line = channel.callers[turn.caller] = _Line()
        line.turns.append(turn)
        self._count(channel, line, 1, turn.size_bytes)

    def _count(self, channel: _Channel[T], line: _Line[T], count: int, size_bytes: int) -> None:
        line.size_bytes += size_bytes
        channel.waiting += count
        channel.waiting_bytes += size_bytes
        self._waiting += count
        self._waiting_bytes += size_bytes

    def _forget(self) -> None:
        """Channels that have nothing here and owe nothing."""
        gone = [
            name
            for name, one in self._channels.items()
            if not (one.waiting or one.held_count) and one.used_s <= self._used_s
        ]
        for name in gone:
            del self._channels[name]


def _hold(channel: _Channel[T], turn: Turn[T]) -> None:
    channel.held[turn.caller] = channel.held.get(turn.caller, 0) + 1
    channel.held_count += 1


def _let_go(channel: _Channel[T], turn: Turn[T]) -> None:
    channel.held[turn.caller] -= 1
    if not channel.held[turn.caller]:
        del channel.held[turn.caller]
    channel.held_count -= 1
