"""A token bucket over bits: how long to wait before the next frames may go. Time in, seconds out.

Pacing is not optional on a lane: nothing tells the sender that the receiver's buffer is full.
"""

from __future__ import annotations

from typing import Final

from gateway.errors import Misconfigured

# A sender that woke up late may catch up this much at once; a receive buffer holds it easily.
_BURST_S: Final = 0.002
# Two calls with segmentation: below it a slow lane could never send one whole call.
_LEAST_BURST_BYTES: Final = 131_072
# Ethernet header (14), FCS (4), preamble (8) and gap (12), IP and UDP (28): what the line also carries.
FRAME_OVERHEAD_BYTES: Final = 66


class Pacer:
    """rate_bits_per_s: of the line, overhead of frames included. Raises Misconfigured 5103 for 0 or less."""

    def __init__(self, rate_bits_per_s: int) -> None:
        if rate_bits_per_s <= 0:
            raise Misconfigured(5103, rate=rate_bits_per_s)
        self.pace(rate_bits_per_s)
        self._tokens = self._burst
        self._at_s: float | None = None

    def pace(self, rate_bits_per_s: float) -> None:
        """Another rate from here on, above 0."""
        self._bytes_per_s = rate_bits_per_s / 8
        self._burst = max(_LEAST_BURST_BYTES, self._bytes_per_s * _BURST_S)

    def wait_s(self, now_s: float) -> float:
        """Seconds until frames may go; 0 when they may go now."""
        if self._at_s is None:
            self._at_s = now_s
        # Of two threads one may have waited for the other since it read its clock: no time counts twice.
        if now_s > self._at_s:
            self._tokens = min(self._burst, self._tokens + (now_s - self._at_s) * self._bytes_per_s)
            self._at_s = now_s
        # Less than a byte is rounding: a wait for it would never end.
        return 0.0 if self._tokens > -1.0 else -self._tokens / self._bytes_per_s

    def spend(self, frames: int, frame_bytes: int) -> None:
        """Frames have gone. The bucket may go below zero by one call; the next waits for it."""
        self._tokens -= frames * (frame_bytes + FRAME_OVERHEAD_BYTES)
