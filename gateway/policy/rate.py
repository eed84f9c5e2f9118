"""A token bucket: how many units of a channel may pass. Time goes in, a wait comes out; no clock.

amount in per_s seconds
      |
      v   at most `amount` wait for use
  [ tokens ] --> one a unit
"""

from __future__ import annotations

from gateway.policy.values import Rate


class TokenBucket:
    """The state of one rate. Full at first. Not safe for threads by itself.

    now_s of every call: seconds of one clock that does not go back; a step back counts as no time.
    """

    def __init__(self, rate: Rate) -> None:
        self._amount = float(rate.amount)
        self._per_token_s = rate.per_s / rate.amount
        self._tokens = self._amount
        self._last_s: float | None = None

    def wait_s(self, now_s: float) -> float:
        """Seconds until the next unit may pass; 0.0 when it may pass now. Spends nothing."""
        self._fill(now_s)
        # A whole token may be a rounding error short.
        missing = 1.0 - self._tokens
        return missing * self._per_token_s if missing > 1e-9 else 0.0

    def spend(self, now_s: float) -> None:
        """One unit has passed."""
        self._fill(now_s)
        self._tokens -= 1.0

    def _fill(self, now_s: float) -> None:
        if self._last_s is not None and now_s > self._last_s:
            gained = (now_s - self._last_s) / self._per_token_s
            self._tokens = min(self._amount, self._tokens + gained)
        self._last_s = now_s if self._last_s is None else max(now_s, self._last_s)
