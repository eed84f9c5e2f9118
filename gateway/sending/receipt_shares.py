"""Whose receipts there are, and whose goes when there are too many: his who has most, his oldest. Pure.

    add, drop --> how many each has --> most(): in constant time, however many callers there are

So one caller who submits without end pushes out his own receipts, and nobody else's.
"""

from __future__ import annotations

# A channel, and a caller of it.
Whose = tuple[str, str]


class ReceiptShares:
    """Numbers by caller, each caller's in the order in which they came."""

    def __init__(self) -> None:
        self._numbers: dict[Whose, dict[int, None]] = {}
        # Callers by how many they have; no count stands here without a caller.
        self._with: dict[int, dict[Whose, None]] = {}
        self._most = 0

    def add(self, number: int, whose: Whose) -> None:
        """One that is not there."""
        numbers = self._numbers.setdefault(whose, {})
        numbers[number] = None
        self._moved(whose, len(numbers) - 1, len(numbers))

    def drop(self, number: int, whose: Whose) -> None:
        """One that is there."""
        numbers = self._numbers[whose]
        del numbers[number]
        self._moved(whose, len(numbers) + 1, len(numbers))
        if not numbers:
            del self._numbers[whose]

    def oldest_of_most(self) -> int:
        """The oldest receipt of one of those who have most. KeyError where there is none."""
        return next(iter(self._numbers[next(iter(self._with[self._most]))]))

    def _moved(self, whose: Whose, before: int, now: int) -> None:
        if before:
            del self._with[before][whose]
            if not self._with[before]:
                del self._with[before]
        if now:
            self._with.setdefault(now, {})[whose] = None
        if now > self._most or self._most not in self._with:
            # It changed by one: so did the most.
            self._most = now
