"""Numbers that edges count up: whose they are, and how far ahead of the clock one may be. Pure.

    number    | minutes since 2026-01-01, 24 bits | 16 bits |   where a counter begins; it counts by two
    outer host: even numbers    inner host: odd ones    the last 2^32: the gate's own (outcomes.py)

A counter never goes back, so a number says nothing of how old it is. It runs ahead of the clock while its
host takes more than 32,768 units a minute, and no further than that.
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
# A week: clocks that nobody sets, and a host that takes twice its minute's numbers for as long.
AHEAD: Final = 7 * 24 * 60 << MINUTE_SHIFT


def first_of_minute(now_ns: int) -> int:
    """Where a counter begins that knows nothing but the time. now_ns: wall clock."""
    return max(0, (now_ns - _EPOCH_NS) // _NS_A_MINUTE) << MINUTE_SHIFT


def residue_of(side: Side) -> int:
    """What the numbers of a side leave when divided by two."""
    return 1 if side is Side.INNER else 0


def is_of(number: int, side: Side) -> bool:
    """Whether an edge of this side gives such numbers."""
    return number % 2 == residue_of(side) and not is_own_number(number)


def is_near(number: int, now_ns: int) -> bool:
    """Whether a counter can be there by now: one far ahead would make all that follow look old."""
    return number <= first_of_minute(now_ns) + AHEAD
