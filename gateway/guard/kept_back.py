"""Large units that wait in a guard while the next queue has enough of them for its reader.

    put --> waiting, by priority and channel --next: there is room--> under way --ended--> put there, or gone
             +-- more of them than fit here: the first go on all the same

A sealed unit is a copy: who drops 500 GB into a slow lane would have 500 GB more on the disk, and processor
and disk taken from requests for work that nobody waits for. It is a saving and no limit: what cannot be
known, or kept in mind, goes on. Which of them is next is decided as late as can be, so that a large unit of
another channel does not go behind all that one has dropped. Pure but for what it asks.

    enough   so many units, and so many bytes beside the largest of them: that one may be on its way for an
             hour, and what is behind it is to last until the next is there
    counted  what is as urgent or more: what is less so is overtaken on the lane; what is on its way there,
             but not for the first of another channel: others may be looked at for an hour
    not here units up to KEPT_BACK_BYTES: on the lane they go between the large ones
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from gateway.guard.fair import FairRoom, Turn
from gateway.spool.model import Taken
from gateway.spool.unanswered import Figures, Tally

# What the ferry sends whole, between two pieces of large ones (gateway.sending.filling).
KEPT_BACK_BYTES: Final = 1 << 20
# Two on the lane in turns, and the two that follow them.
ENOUGH_UNITS: Final = 4
# What a channel has used of the lane is reckoned by this, 1 Gbit/s: whoever has used less is next.
_BYTES_PER_S: Final = 125e6
# About 2 KiB each, with the head that is counted: a channel may have half of it, 32 MiB of memory.
_MOST: Final = 32_768
_MOST_BYTES: Final = 64 << 20
# On their way while nobody knows what the next queue has: what finds no room there is put off, and with many
# of those a hop takes nothing for a while (gateway.guard.workers).
_MOST_UNKNOWN: Final = 1_024
# FairRoom hands out as many as are asked for.
_NO_LIMIT: Final = 1 << 62


def is_enough(there: Figures, enough_bytes: int) -> bool:
    """Whether the next queue has enough, with what is on the way into it."""
    return there.units >= ENOUGH_UNITS and there.size_bytes - there.largest_bytes >= enough_bytes


@dataclass(frozen=True, slots=True)
class NextQueue:
    """unanswered: large units there, of a rank and those before it; None where that is not known.

    enough_bytes: see is_enough. ranks: how many priorities there are, the most urgent first; rank_of: of a
    channel.
    """

    unanswered: Callable[[int], Figures | None]
    enough_bytes: int
    ranks: int
    rank_of: Callable[[str], int]


class KeptBack:
    """Of one hop. Called from one thread."""

    def __init__(self, queue: NextQueue) -> None:
        self._queue = queue
        self._rooms = [FairRoom[Taken](_NO_LIMIT, _MOST, _MOST_BYTES) for _ in range(queue.ranks)]
        self._tallies = [Tally() for _ in range(queue.ranks)]
        self._turns: dict[int, tuple[int, Turn[Taken]]] = {}

    def __len__(self) -> int:
        """How many wait."""
        return sum(map(len, self._rooms))

    def put(self, one: Taken, channel: str) -> list[tuple[Taken, str]]:
        """It waits for next(). Gives what goes on at once, with their channels, because there is no room."""
        rank = self._queue.rank_of(channel)
        room = self._rooms[rank]
        instead: list[tuple[Taken, str]] = []
        while room.put(channel, "", len(one.header), one) is None:
            first = self._begin(rank)
            if first is None:
                return [*instead, (one, channel)]
            instead.append(first)
        return instead

    def next(self) -> list[tuple[Taken, str]]:
        """What is to go on now, with their channels."""
        going: list[tuple[Taken, str]] = []
        for rank, room in enumerate(self._rooms):
            if not len(room):
                continue
            there, beside = self._queue.unanswered(rank), self._under_way(rank).units > 0
            while not self._is_enough(rank, there, beside=beside):
                first = self._begin(rank)
                if first is None:
                    break
                going.append(first)
        return going

    def _is_enough(self, rank: int, there: Figures | None, *, beside: bool) -> bool:
        """Whether nothing more goes on of this rank. there: in the next queue, None where nobody knows.
        beside: what is on its way has been so since before: it may be looked at for an hour."""
        if there is None:
            return self._under_way(rank).units >= _MOST_UNKNOWN
        enough_bytes = self._queue.enough_bytes
        if beside and self._rooms[rank].has_newcomer() and not is_enough(there, enough_bytes):
            # One of each other channel does not wait for it while the lane runs dry.
            return False
        return is_enough(there + self._under_way(rank), enough_bytes)

    def ended(self, number: int) -> None:
        """It was passed on, or left, or waits in its queue. Nothing happens for one that was not here."""
        rank, turn = self._turns.pop(number, (0, None))
        if turn is not None:
            size_bytes = self._tallies[rank].remove(number)
            self._rooms[rank].end(turn, size_bytes / _BYTES_PER_S)

    def _begin(self, rank: int) -> tuple[Taken, str] | None:
        turn = self._rooms[rank].begin()
        if turn is None:
            return None
        one = turn.work
        self._turns[one.number] = rank, turn
        self._tallies[rank].add(one.number, one.body.size_bytes)
        return one, turn.channel

    def _under_way(self, rank: int) -> Figures:
        return sum((tally.figures for tally in self._tallies[: rank + 1]), Figures())
