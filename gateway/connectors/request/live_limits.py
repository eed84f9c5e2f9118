"""How many sessions callers have open, and how fast their messages go. Time in, values out."""

from __future__ import annotations

import asyncio
from collections import Counter

from gateway.errors import Refused
from gateway.policy.live import LiveRule
from gateway.policy.rate import TokenBucket
from gateway.policy.values import Rate


class SessionCount:
    """Sessions of one channel, by operation and caller. One thread."""

    def __init__(self) -> None:
        self._of_caller: Counter[tuple[str, str]] = Counter()
        self._in_all: Counter[str] = Counter()

    def __len__(self) -> int:
        return self._in_all.total()

    def enter(self, operation: str, caller: str, live: LiveRule) -> None:
        """One more; leave() must follow. Raises Refused 6484, 6485."""
        if self._of_caller[operation, caller] >= live.a_caller:
            raise Refused(6484, limit=live.a_caller, wait_s=1)
        if self._in_all[operation] >= live.in_all:
            raise Refused(6485, limit=live.in_all, wait_s=1)
        self._of_caller[operation, caller] += 1
        self._in_all[operation] += 1

    def leave(self, operation: str, caller: str) -> None:
        self._of_caller[operation, caller] -= 1
        self._in_all[operation] -= 1
        # What is at nought goes: callers of keys that are changed must not pile up.
        self._of_caller += Counter()
        self._in_all += Counter()


class Pace:
    """What comes faster than this waits, and with it the connection that it comes from."""

    def __init__(self, rate: Rate) -> None:
        self._bucket = TokenBucket(rate)

    async def wait(self) -> None:
        """Until one more may go."""
        loop = asyncio.get_running_loop()
        while (wait_s := self._bucket.wait_s(loop.time())) > 0:
            await asyncio.sleep(wait_s)
        self._bucket.spend(loop.time())
