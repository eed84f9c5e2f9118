"""What units wait for, told as alarms: one stands as long as any unit waits for its reason.

An alarm that ended with the next unit that passes would hide the one whose key is missing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final

from gateway.audit.event import Status
from gateway.errors import Field

# Units remembered. An older one is forgotten and remembered again when it is next tried, within a minute.
_MAX_UNITS: Final = 10_000


class Waiting:
    """Raises and clears the alarms of waiting units. Called from one thread."""

    def __init__(self, status: Status) -> None:
        self._status = status
        self._reasons: dict[int, int] = {}
        self._counts: Counter[int] = Counter()

    def waits(self, unit: int, number: int, fields: Mapping[str, Field]) -> None:
        """A unit waits for this reason, and for no other any more."""
        self._status.raise_alarm(number, **fields)
        if self._reasons.get(unit) == number:
            return
        self.goes_on(unit)
        if len(self._reasons) >= _MAX_UNITS:
            self.goes_on(next(iter(self._reasons)))
        self._reasons[unit] = number
        self._counts[number] += 1

    def goes_on(self, unit: int) -> None:
        """A unit passed or left: where it was the last that waited for its reason, the alarm ends."""
        number = self._reasons.pop(unit, 0)
        if not number:
            return
        self._counts[number] -= 1
        if not self._counts[number]:
            del self._counts[number]
            self._status.clear_alarm(number)
