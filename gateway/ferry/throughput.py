"""How fast a growing total grows, over the last second or so. Time in, a figure out; no I/O."""

from __future__ import annotations

from typing import Final

_WINDOW_S: Final = 1.0


class Throughput:
    """Call per_s at least a few times a second; a total that stands still falls to 0 within two."""

    def __init__(self) -> None:
        self._at_s: float | None = None
        self._total = 0
        self._per_s = 0

    def per_s(self, total: int, now_s: float) -> int:
        """The total's growth per second over the last whole window."""
        if self._at_s is None:
            self._at_s, self._total = now_s, total
        elif now_s - self._at_s >= _WINDOW_S:
            self._per_s = round((total - self._total) / (now_s - self._at_s))
            self._at_s, self._total = now_s, total
        return self._per_s
