"""Numbers that edges count up: whose they are, and how far ahead of the clock one may be. Pure.

    number    | minutes since 2026-01-01, 24 bits | 16 bits |   where a counter begins; it counts by two
    outer host: even numbers    inner host: odd ones    the last 2^32: the gate's own (outcomes.py)

A counter never goes back, so a number says nothing of how old it is. It runs ahead of the clock while its
host takes more than 32,768 units a minute, 546 a second: at 1,500 it is a week ahead after four days.

    believed    week ahead of the clock, or
                week ahead of the highest that was let in, and as fast from there as a host can count
"""

from __future__ import annotations

from typing import Final

from gateway.unit.model import Side
from gateway.unit.outcomes import is_own_number

# 2026-01-01T00:00:00Z. 24 bits of minutes last until 2057.
_EPOCH_NS: Final = 1_767_225_600 * 10**9
_NS_A_MINUTE: Final = 60 * 10**9
# A host installed anew starts above its earlier numbers as long as it took fewer than 65,536 a minute.
MINUTE_SHIFT: Final = 16
# A week: clocks that nobody sets, and what a host took while nobody here looked.
AHEAD: Final = 7 * 24 * 60 << MINUTE_SHIFT
# Numbers, two for each unit: four times what a pair of guards has passed on any machine of ours.
FASTEST_A_S: Final = 16_384


def first_of_minute(now_ns: int) -> int:
    """Where a counter begins that knows nothing but the time. now_ns: wall clock."""
    return max(0, (now_ns - _EPOCH_NS) // _NS_A_MINUTE) << MINUTE_SHIFT


def residue_of(side: Side) -> int:
    """What the numbers of a side leave when divided by two."""
    return 1 if side is Side.INNER else 0


def is_of(number: int, side: Side) -> bool:
    """Whether an edge of this side gives such numbers."""
    return number % 2 == residue_of(side) and not is_own_number(number)


class Near:
    """Whether the other host's counter can be there by now: one far ahead makes all that follow look old.

    highest: that was let in before; -1 for none. began_s: when that was read. A host that lies gains no more
    than one that counts as fast as it can.
    """

    def __init__(self, highest: int, began_s: float) -> None:
        self._highest, self._began_s = highest, began_s

    def __call__(self, number: int, now_ns: int, now_s: float) -> bool:
        """now_ns: of the wall clock. now_s: of the clock of began_s, which never goes back."""
        return number <= max(first_of_minute(now_ns), self.counted(now_s)) + AHEAD

    def counted(self, now_s: float) -> int:
        """Where it can be by now, whatever a clock says; -1 where nothing is known."""
        if self._highest < 0:
            return -1
        return self._highest + int((now_s - self._began_s) * FASTEST_A_S)
