"""Units that this guard has let in and whose end was not told: an edge's word of others is nothing. Pure.

    guard: admitted --> open --edge: delivered, refused, corrupt--> told once, no longer open
                         | too many: the lowest are forgotten, and their ends are not told

An edge can be done with a unit before its guard's own word of it is on disk: an end that comes too early
waits a while for that word, then it is forgotten.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from gateway.ferry.ranges import Range, Ranges
from gateway.unit.outcomes import What

# Units in a row are one run: what an honest edge leaves open is a few, however many units wait for a sink.
MAX_RUNS: Final = 16_384
# Between a queue and its journal lie milliseconds; a guard may be killed between them and come back.
MAX_EARLY: Final = 4_096
EARLY_TURNS: Final = 60

End = tuple[What, int]


class Untold:
    """The table. open_units: as runs() gave it. early: unit, what, reason of ends that wait."""

    def __init__(
        self, open_runs: Iterable[Range] = (), early: Iterable[tuple[int, What, int]] = ()
    ) -> None:
        # Numbers of one side are all even or all odd: halved, they lie in a row.
        self._open = Ranges((first, end) for first, end in open_runs if first < end)
        self._early = {unit: ((what, reason), EARLY_TURNS) for unit, what, reason in early}
        self.forgotten = 0

    def admit(self, unit: int) -> End | None:
        """The guard has let it in; gives the end that has come already, which is told now."""
        if unit in self._early:
            return self._early.pop(unit)[0]
        self._open.add(unit >> 1, (unit >> 1) + 1)
        if len(self._open) > MAX_RUNS:
            first, end = next(iter(self._open))
            self._open.remove(first, end)
            self.forgotten += end - first
        return None

    def end(self, unit: int, what: What, reason: int) -> bool:
        """The edge says that it is done with it: whether that is told now."""
        if unit >> 1 in self._open:
            self._open.remove(unit >> 1, (unit >> 1) + 1)
            return True
        if len(self._early) < MAX_EARLY:
            self._early.setdefault(unit, ((what, reason), EARLY_TURNS))
        else:
            self.forgotten += 1
        return False

    def turn(self) -> None:
        """A second has gone by: ends of units that nobody let in are forgotten at last."""
        before = len(self._early)
        self._early = {
            unit: (end, turns - 1) for unit, (end, turns) in self._early.items() if turns > 1
        }
        self.forgotten += before - len(self._early)

    def runs(self) -> list[Range]:
        """What is open, halved, as [first, end)."""
        return self._open.as_list()

    def early(self) -> list[tuple[int, What, int]]:
        """Ends that wait for the guard's word."""
        return [(unit, what, reason) for unit, ((what, reason), _) in self._early.items()]
