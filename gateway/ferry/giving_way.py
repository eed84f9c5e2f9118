"""What comes from queues leaves processors to requests where there are too few for both. Pure, but
for how long a thread has waited, which it asks.

    nothing urgent for a second             all of the lane
    urgent, and processors are scarce       less by a fifth twenty times a second, down to a half
    urgent, and a processor when wanted     more by a twentieth, up to all

Processors are scarce where the sending thread itself has waited for one: whatever moves a large file, on this
host or behind it, then takes turns with whatever answers somebody who waits. Blocks that are sent in turns go
within half a second all the same: their receiver awaits one for a second behind a later one, and no longer.
A lane that is too slow for that gives nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gateway.ferry.pacing import Pacer

# Of the time between two looks; less is what a host has that has enough of them.
SCARCE: Final = 0.1
LEAST: Final = 0.5
LOOK_S: Final = 0.05
URGENT_S: Final = 1.0
# Half of what a receiver awaits a block for (gateway.ferry.oneway.window); the rest is for what is urgent.
TOGETHER_S: Final = 0.5
_LESS: Final = 0.8
_MORE: Final = 1.05


class GivingWay:
    """rate_bits_per_s: of the lane. waited_s: how long the calling thread has waited for a processor since it
    began; None where that is not known: then nothing gives way. together_bytes: of the blocks that are sent
    in turns, as the line carries them. One thread at a time; times as Pacer."""

    def __init__(
        self,
        rate_bits_per_s: int,
        waited_s: Callable[[], float | None],
        together_bytes: int = 0,
    ) -> None:
        self._rate_bits_per_s, self._waited_s = rate_bits_per_s, waited_s
        self._pacer = Pacer(rate_bits_per_s)
        in_time = together_bytes * 8 / TOGETHER_S / rate_bits_per_s
        self._least = min(max(LEAST, in_time), 1.0)
        self.share = 1.0
        self._urgent_until_s = 0.0
        # When it was looked at last, and how long had been waited then.
        self._looked: tuple[float, float | None] | None = None

    def urgent(self, now_s: float) -> None:
        """Something urgent was sent."""
        self._urgent_until_s = now_s + URGENT_S

    def wait_s(self, now_s: float) -> float:
        """Seconds until what is not urgent may go; 0 when it may go now. From the thread that waits."""
        self._look(now_s)
        return 0.0 if self.share == 1.0 else self._pacer.wait_s(now_s)

    def spend(self, frames: int, frame_bytes: int) -> None:
        """Frames have gone that are not urgent."""
        if self.share < 1.0:
            self._pacer.spend(frames, frame_bytes)

    def _look(self, now_s: float) -> None:
        if now_s >= self._urgent_until_s:
            self._looked, self.share = None, 1.0
            return
        if self._looked is not None and now_s < self._looked[0] + LOOK_S:
            return
        waited_s, before = self._waited_s(), self._looked
        self._looked = now_s, waited_s
        if waited_s is None:
            self.share = 1.0
        if waited_s is None or before is None or before[1] is None:
            return
        is_scarce = waited_s - before[1] > SCARCE * (now_s - before[0])
        share = max(self.share * _LESS, self._least) if is_scarce else min(self.share * _MORE, 1.0)
        if share != self.share:
            self.share = share
            self._pacer.pace(share * self._rate_bits_per_s)
