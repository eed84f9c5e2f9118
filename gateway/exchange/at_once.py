"""How many requests are under way, and whose: one channel has as many as it leaves free. Pure.

So has a caller of what his channel may have. A peer that answers none does not take the place of others, nor
does a caller who waits for all at once. Where no caller is known the channels alone share.
"""

from __future__ import annotations

from collections import Counter

from gateway.unit.shares import has_share, left_of_share


class AtOnce:
    """most: of all channels. callers: "" where it is not known who it is. One thread."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._of: Counter[str] = Counter()
        self._of_caller: Counter[tuple[str, str]] = Counter()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def enter(self, channel: str, caller: str = "") -> bool:
        """One more. False: its channel or its caller has its share, and it is not counted."""
        own, free = self._of[channel], self.most - self._count
        if not (free and has_share(own, 1, free)):
            return False
        his = self._of_caller[channel, caller]
        # Of a channel whose callers nobody knows there is nobody to share with.
        if (caller or his != own) and not has_share(his, 1, left_of_share(own, free)):
            return False
        self.count(channel, caller)
        return True

    def count(self, channel: str, caller: str = "") -> None:
        """One more, whatever its share: it has had its place before."""
        self._of[channel] += 1
        self._of_caller[channel, caller] += 1
        self._count += 1

    def leave(self, channel: str, caller: str = "") -> None:
        """One that has entered."""
        self._count -= 1
        self._of[channel] -= 1
        if not self._of[channel]:
            del self._of[channel]
        self._of_caller[channel, caller] -= 1
        if not self._of_caller[channel, caller]:
            del self._of_caller[channel, caller]
