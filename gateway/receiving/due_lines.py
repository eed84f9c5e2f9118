"""Whose turn it is among requests that are due: a line for each channel, in the order of numbers. Pure.

    add --> in hand --next--> under way --done--> gone
     |                            +------again (not before)--> in hand, its turn first
     +--> too many, or behind one that was put off: put off, comes again later

One at a time where the order counts: the next is begun when the one before is done with, however long its
peer is away. Where it does not, as many at once as a line may have.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Final

# In hand for a channel: what is above is read again from its queue each second.
MAX_IN_HAND: Final = 1_024
# Where no order counts.
AT_ONCE: Final = 16


@dataclass(slots=True)
class _Line:
    in_hand: dict[int, float] = field(default_factory=dict)
    under_way: set[int] = field(default_factory=set)
    put_off: set[int] = field(default_factory=set)
    # The same as a heap; what is in it and not in put_off has come back.
    _lowest: list[int] = field(default_factory=list)

    def put(self, number: int) -> None:
        self.put_off.add(number)
        heappush(self._lowest, number)

    def is_behind(self, number: int) -> bool:
        """Whether one with a lower number is to come back."""
        while self._lowest and self._lowest[0] not in self.put_off:
            heappop(self._lowest)
        return bool(self._lowest) and number > self._lowest[0]


class Lines:
    """Numbers by channel. now_s, at_s: of one clock."""

    def __init__(self) -> None:
        self._lines: dict[str, _Line] = {}

    def add(self, channel: str, number: int, has_room: bool = True) -> bool:
        """One has come. False: it is to be put off, and comes again. has_room: for its content in memory."""
        line = self._lines.setdefault(channel, _Line())
        line.put_off.discard(number)
        is_full = len(line.in_hand) + len(line.under_way) >= MAX_IN_HAND
        if is_full or not has_room or line.is_behind(number):
            line.put(number)
            return False
        line.in_hand[number] = 0.0
        return True

    def leave(self, channel: str, number: int) -> None:
        """One that cannot be performed for now stands in nobody's way."""
        line = self._lines.get(channel)
        if line is not None:
            line.put_off.discard(number)

    def next(self, now_s: float, is_ordered: bool, channel: str) -> Iterator[int]:
        """Those of a channel whose turn it is; they are under way from here on."""
        line = self._lines[channel]
        room = (1 if is_ordered else AT_ONCE) - len(line.under_way)
        for number in sorted(line.in_hand):
            if room <= 0:
                return
            if line.in_hand[number] <= now_s:
                del line.in_hand[number]
                line.under_way.add(number)
                room -= 1
                yield number
            elif is_ordered:
                return

    def again(self, channel: str, number: int, at_s: float) -> None:
        """It was not performed, or may be tried once more: its turn comes first, not before at_s."""
        line = self._lines[channel]
        line.under_way.discard(number)
        line.in_hand[number] = at_s

    def done(self, channel: str, number: int) -> None:
        """It is answered for."""
        line = self._lines[channel]
        line.under_way.discard(number)
        line.in_hand.pop(number, None)
        if not (line.in_hand or line.under_way or line.put_off):
            del self._lines[channel]

    def channels(self) -> list[str]:
        """Those with anything in hand."""
        return [name for name, line in self._lines.items() if line.in_hand]
