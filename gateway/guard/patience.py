"""When a scanner that cannot answer is the unit's fault and not the scanner's.

    asked: no answer --> waits --> asked: no answer --> ...           the scanner is down: waits for ever
              others answered between          others answered between   ... five times: it is this unit

A file that kills or hangs a scanner would else be asked about again and again, and take the scanner from
every other channel each time.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

# What a content can do to a scanner that took it: no answer in time, an error, a broken connection.
# One that cannot be reached, talks nonsense or has old signatures has that from nobody's content.
_NO_ANSWER: Final = frozenset({3301, 3304, 3308, 3309})
FAILURES_ALLOWED: Final = 5
# Units remembered; with more of them failing at once the scanner is down, not they at fault.
_MAX_UNITS: Final = 4_096


@dataclass(slots=True)
class _Failing:
    """failures: those since which others were answered. answered: the count at the last of them."""

    failures: int
    answered: int


class Patience:
    """Remembers failing units; after a restart it begins anew. Safe to call from several threads.

    answered: how many units the scanners have answered for so far, as a count that only grows.
    """

    def __init__(self, answered: Callable[[], int]) -> None:
        self._answered = answered
        self._failing: OrderedDict[int, _Failing] = OrderedDict()
        self._lock = threading.Lock()

    def is_suspect(self, unit: int) -> bool:
        """Whether it failed before: then it is asked about in turn with its like, not beside them.

        Who stood beside a killer the first time would else stand beside it each time, and look guilty too.
        """
        return unit in self._failing

    def forget(self, unit: int) -> None:
        """It passed or left."""
        if unit in self._failing:
            with self._lock:
                self._failing.pop(unit, None)

    def is_over(self, unit: int, number: int) -> bool:
        """A unit could not be judged for this reason; whether it is to be refused now."""
        if number not in _NO_ANSWER:
            return False
        answered = self._answered()
        with self._lock:
            known = self._failing.get(unit)
            if known is None:
                self._failing[unit] = _Failing(1, answered)
                while len(self._failing) > _MAX_UNITS:
                    self._failing.popitem(last=False)
                return False
            if answered > known.answered:
                known.failures, known.answered = known.failures + 1, answered
            return known.failures >= FAILURES_ALLOWED
