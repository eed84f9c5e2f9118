"""How much callers may ask at once and in a time, and how much content is held. Time in, values out.

Buckets of callers are as many as the settings name callers, so nothing here grows with what comes in.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from gateway.errors import Refused, Unavailable
from gateway.policy.rate import TokenBucket
from gateway.policy.values import Rate


@dataclass(frozen=True, slots=True)
class Limits:
    """What a channel lets its callers do. None: no limit of that kind.

    content_bytes: of the contents of all requests in hand together.
    """

    caller_rate: Rate | None = None
    caller_at_once: int | None = None
    channel_rate: Rate | None = None
    channel_at_once: int = 256
    content_bytes: int = 256 << 20


class Turnstile:
    """Counts what is let in. One thread; now_s of one clock that does not go back."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._channel = _Count(limits.channel_rate)
        self._callers: dict[str, _Count] = {}
        self._content_bytes = 0

    @property
    def inside(self) -> int:
        """Requests that have been let in and have not left."""
        return self._channel.at_once

    def enter(self, caller: str, now_s: float) -> None:
        """Let one request of a known caller in; leave() must follow.

        Raises Refused 6360 to 6363 with `wait_s`, whole seconds until it is worth trying again.
        """
        limits = self._limits
        count = self._callers.setdefault(caller, _Count(limits.caller_rate))
        if limits.caller_at_once is not None and count.at_once >= limits.caller_at_once:
            raise Refused(6361, limit=limits.caller_at_once, wait_s=1)
        if self._channel.at_once >= limits.channel_at_once:
            raise Refused(6363, limit=limits.channel_at_once, wait_s=1)
        wait_s = count.wait_s(now_s)
        if wait_s > 0:
            raise Refused(6360, wait_s=math.ceil(wait_s))
        wait_s = self._channel.wait_s(now_s)
        if wait_s > 0:
            raise Refused(6362, wait_s=math.ceil(wait_s))
        count.enter(now_s)
        self._channel.enter(now_s)

    def leave(self, caller: str) -> None:
        self._callers[caller].at_once -= 1
        self._channel.at_once -= 1

    def hold(self, size_bytes: int) -> None:
        """Room for content, before it is read. Raises Unavailable 6364; release() must follow."""
        if self._content_bytes + size_bytes > self._limits.content_bytes:
            raise Unavailable(6364, wait_s=1)
        self._content_bytes += size_bytes

    def release(self, size_bytes: int) -> None:
        self._content_bytes -= size_bytes


@dataclass(slots=True)
class _Count:
    rate: Rate | None
    at_once: int = 0
    bucket: TokenBucket | None = field(init=False)

    def __post_init__(self) -> None:
        self.bucket = TokenBucket(self.rate) if self.rate is not None else None

    def wait_s(self, now_s: float) -> float:
        return self.bucket.wait_s(now_s) if self.bucket is not None else 0.0

    def enter(self, now_s: float) -> None:
        self.at_once += 1
        if self.bucket is not None:
            self.bucket.spend(now_s)
