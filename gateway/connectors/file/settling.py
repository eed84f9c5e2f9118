"""When a file in a watched folder counts as whole: its size, time and inode have not changed for long enough.

    seen  --changed--> seen anew      --unchanged for settle_s--> settled      --given back--> held back

Pure: sightings and time in, settled files out. No I/O.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import Final, NamedTuple

# A file that changes while it is read is looked at again soon, then less often.
FIRST_HOLD_S: Final = 0.25
LONGEST_HOLD_S: Final = 4.0


class Sighting(NamedTuple):
    """A file as a scan saw it. Orders by rank, then age: a plain tuple, for a scan may hold thousands.

    rank: 1 for what will hardly be taken (given back lately, not readable by its mode), else 0: a crowd
    of those never stands before a file that can be taken.
    """

    rank: int
    modified_ns: int
    name: str
    size_bytes: int
    inode: int


class Settling:
    """What is known about the files of one folder from scan to scan; forgets what has gone."""

    def __init__(self, settle_s: float) -> None:
        self._settle_s = settle_s
        self._since: dict[str, tuple[Sighting, float]] = {}
        self._held: dict[str, tuple[float, float]] = {}

    def settled(self, found: Sequence[Sighting], now_s: float) -> list[Sighting]:
        """Those of a scan that count as whole, oldest first."""
        if self._settle_s <= 0 and not self._held:
            return sorted(found)
        since: dict[str, tuple[Sighting, float]] = {}
        ready = []
        for sighting in found:
            before = self._since.get(sighting.name)
            same = before is not None and before[0][1:] == sighting[1:]
            start_s = before[1] if before is not None and same else now_s
            since[sighting.name] = (sighting, start_s)
            if now_s - start_s >= self._settle_s and not self._is_held(sighting.name, now_s):
                ready.append(sighting)
        self._since = since
        # A name keeps its last delay for a while, so that a file that always changes is asked seldom.
        self._held = {
            name: (until_s, delay_s)
            for name, (until_s, delay_s) in self._held.items()
            if now_s < until_s + LONGEST_HOLD_S
        }
        ready.sort()
        return ready

    @property
    def held(self) -> Container[str]:
        """Names that were given back in the last seconds."""
        return self._held.keys()

    def hold_back(self, name: str, now_s: float) -> None:
        """The file was not whole after all: leave it for a while, longer each time."""
        _, delay_s = self._held.get(name, (0.0, FIRST_HOLD_S / 2))
        delay_s = min(delay_s * 2, LONGEST_HOLD_S)
        self._held[name] = (now_s + delay_s, delay_s)
        self._since.pop(name, None)

    def _is_held(self, name: str, now_s: float) -> bool:
        held = self._held.get(name)
        return held is not None and now_s < held[0]
