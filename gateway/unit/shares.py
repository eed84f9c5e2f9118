"""What one may have of a room that is for all: as much as it leaves free. Pure.

So one alone has half of it, two a third each; who fills its share takes nobody else's place.
"""

from __future__ import annotations


def has_share(own: int, more: int, free: int) -> bool:
    """Whether one that has `own` may have so much more, where so much is free; all of one unit.

    Its first it may have whatever is free: whether there is room at all is not looked at here.
    """
    return not own or own + more <= free


def left_of_share(own: int, free: int) -> int:
    """How much one that has `own` leaves free of its share, for those who share it in turn: less than nothing
    where others have come meanwhile. In the unit of these."""
    return (free - own + 1) // 2
