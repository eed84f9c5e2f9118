"""Where an edge's counter can be by now: asked of every unit, whichever way it came and whatever it carries.

    number near this host's clock, or what was let in    goes on
    near the clock that captured it, not near ours       waits, with an alarm: one of two clocks is wrong
    near neither                                         refused, set aside

A number that is let in once is a duplicate ever after, here and in all that follows (gateway.spool.numbers).
So one that its edge cannot have come to yet is let in by nobody. The time that a unit says is its edge's
word: it decides between waiting and refusal, and lets nothing pass.
"""

from __future__ import annotations

import time
from typing import Final

from gateway.errors import Refused, Unavailable
from gateway.unit.counted import Near, first_of_minute, is_of
from gateway.unit.model import Side
from gateway.unit.number import speak

# A month at one a minute (gateway.guard.hop): as long as what is set aside is kept for people.
MOST_ATTEMPTS: Final = 30 * 24 * 60


class Counter:
    """Of one edge, in one guard. highest: that was let in before; -1 for none. From several threads."""

    def __init__(self, highest: int = -1) -> None:
        self._near = Near(highest, time.monotonic())

    def reached(self, highest: int) -> None:
        """It was there before this guard started. For its start only."""
        now_s = time.monotonic()
        if highest > self._near.counted(now_s):
            self._near = Near(highest, now_s)

    def is_near(self, number: int) -> bool:
        """Whether it can be at this number by now. It then was there, up to our clock: a clock that is set
        back makes nothing far, and a number ahead of it gains its edge nothing."""
        now_ns, now_s = time.time_ns(), time.monotonic()
        if not self._near(number, now_ns, now_s):
            return False
        there = min(number, first_of_minute(now_ns))
        if there > self._near.counted(now_s):
            self._near = Near(there, now_s)
        return True

    def check(self, number: int, captured_at_ns: int, attempt: int) -> None:
        """Of a unit of a queue. Raises Unavailable 5785 (one of two clocks is wrong) and Refused 5776."""
        if self.is_near(number):
            return
        # Set aside now, it would be past its keeping as soon as our clock is right again.
        if attempt <= MOST_ATTEMPTS and self._near(number, captured_at_ns, time.monotonic()):
            raise Unavailable(5785, unit=speak(number))
        raise Refused(5776, unit=speak(number))


def is_given(number: int, side: Side, counter: Counter) -> bool:
    """Whether the edge of this side of a two-way gate gives a request such a number by now."""
    return is_of(number, side) and counter.is_near(number)
