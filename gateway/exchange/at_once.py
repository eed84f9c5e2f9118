"""How many requests are under way, and of which channel: one has as many as it leaves free. Pure.

A peer that answers none does not take the place of others.
"""

from __future__ import annotations

from collections import Counter

from gateway.unit.shares import has_share


class AtOnce:
    """most: of all channels. One thread."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._of: Counter[str] = Counter()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def enter(self, channel: str) -> bool:
        """One more. False: its channel has its share, and it is not counted."""
        own, free = self._of[channel], self.most - self._count
        if not (free and has_share(own, 1, free)):
            return False
        self._of[channel] += 1
        self._count += 1
        return True

    def leave(self, channel: str) -> None:
        """One that has entered."""
        self._of[channel] -= 1
        self._count -= 1
        if not self._of[channel]:
            del self._of[channel]
