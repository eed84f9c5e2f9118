"""Numbers of requests that a receiving guard has let in, so that none is performed twice. Pure.

    ........ floor  | 1001-1407 |  | 1409-1410 |      numbers count up; between runs lie other units
    all seen           seen            seen

The edge of the other host counts its units up and never gives a number twice, so what was let in is a few
long runs. Where they become many, the lowest are taken together: a number below the floor counts as seen.
At start the floor is the highest number ever let in (gateway.guard.let_in).
"""

from __future__ import annotations

from bisect import bisect_right, insort
from typing import Final

from gateway.errors import Refused
from gateway.unit.number import speak

# Requests overtake each other by as many as are under way, and files lie between them.
_RUNS_KEPT: Final = 4_096


class Seen:
    """floor: every number up to it has been seen; -1 for none. every: how far the other host's numbers lie
    apart (2 where both hosts count). Not safe for several threads at once."""

    def __init__(self, floor: int = -1, every: int = 1) -> None:
        self._every = every
        self._floor = floor // every
        # Runs as [first, end), sorted; ends beside the firsts.
        self._firsts: list[int] = []
        self._ends: dict[int, int] = {}

    @property
    def highest(self) -> int:
        """No number above it has been seen; -1 for none."""
        top = self._ends[self._firsts[-1]] - 1 if self._firsts else self._floor
        return (top + 1) * self._every - 1

    def add(self, number: int) -> None:
        """Let a number in. Raises Refused 5766: it was let in before, or may have been."""
        spoken, number = number, number // self._every
        at = bisect_right(self._firsts, number) - 1
        first = self._firsts[at] if at >= 0 else None
        if number <= self._floor or (first is not None and number < self._ends[first]):
            raise Refused(5766, unit=speak(spoken))
        if first is not None and self._ends[first] == number:
            self._ends[first] = number + 1
            self._join(at)
            return
        insort(self._firsts, number)
        self._ends[number] = number + 1
        self._join(at + 1)
        if len(self._firsts) > _RUNS_KEPT:
            self._raise_floor()

    def _join(self, at: int) -> None:
        """The run at this place and the one behind it become one where they touch."""
        if at + 1 < len(self._firsts):
            first, behind = self._firsts[at], self._firsts[at + 1]
            if self._ends[first] == behind:
                self._ends[first] = self._ends.pop(behind)
                del self._firsts[at + 1]

    def _raise_floor(self) -> None:
        half = len(self._firsts) // 2
        for first in self._firsts[:half]:
            self._floor = self._ends.pop(first) - 1
        del self._firsts[:half]
