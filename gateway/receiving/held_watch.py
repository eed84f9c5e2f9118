"""How many units are held, since when, and whether each has a page. Alarms and gauges; decides nothing.

every minute: count --> gauges, alarms (oldest above 24 h, more than 1,000)
                    --> as many pages as units?  no --> pages without unit go, units without page noted
"""

from __future__ import annotations

import time
from collections import deque
from typing import Final

from gateway.audit.event import Status
from gateway.receiving.held_page import Pages
from gateway.spool.held import HeldCount, HeldFolder
from gateway.unit.number import speak

EVERY_S: Final = 60.0
# People look once a day at the least; the key that opens a unit lives a week past its own day.
OLDEST_S: Final = 24 * 3600.0
# More than people can decide one by one: then the line that holds is the matter.
MOST: Final = 1000
TOO_OLD: Final = 1078
TOO_MANY: Final = 1079
# Units without a page that are remembered at once; the rest is found by the next look.
_REMEMBERED: Final = 1024
# A page is written before its unit lies in held/; on a slow disk that may take a while.
_FRESH_NS: Final = 60 * 1_000_000_000


class HeldWatch:
    """Looks after held/ and the pages. For the guard's own thread."""

    def __init__(self, held: HeldFolder, pages: Pages, status: Status) -> None:
        self._held, self._pages, self._status = held, pages, status
        self._next_s = 0.0
        self._without_page: deque[int] = deque()

    def look(self, now_s: float) -> None:
        """Once a minute; raises OSError of the pages' folder and nothing else."""
        if now_s < self._next_s:
            return
        self._next_s = now_s + EVERY_S
        count = self._held.count()
        self._tell(count)
        if count.units != sum(1 for _ in self._pages.numbers()):
            self._compare()

    def next_without_page(self) -> int | None:
        """A held unit that has no page yet; each is given once until the next look."""
        return self._without_page.popleft() if self._without_page else None

    def _tell(self, count: HeldCount) -> None:
        now_ns = time.time_ns()
        age_s = max(0.0, (now_ns - count.oldest_at_ns) / 1e9) if count.oldest is not None else 0.0
        self._status.gauge("held_units", count.units)
        self._status.gauge("held_oldest_seconds", round(age_s))
        if count.oldest is not None and age_s > OLDEST_S:
            self._status.raise_alarm(TOO_OLD, unit=speak(count.oldest), hours=int(age_s // 3600))
        else:
            self._status.clear_alarm(TOO_OLD)
        if count.units > MOST:
            self._status.raise_alarm(TOO_MANY, count=count.units, limit=MOST)
        else:
            self._status.clear_alarm(TOO_MANY)

    def _compare(self) -> None:
        held = set(self._held.numbers())
        paged = set()
        for number in self._pages.numbers():
            paged.add(number)
            if number not in held:
                self._remove_stale(number)
        missing = sorted(held - paged)
        self._without_page = deque(missing[:_REMEMBERED])

    def _remove_stale(self, number: int) -> None:
        page = self._pages.read(number)
        if page is None or time.time_ns() - page.since_ns > _FRESH_NS:
            self._pages.remove(number)
