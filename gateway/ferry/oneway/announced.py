"""What the sender's index has announced and nobody has judged yet. Bounded, no I/O.

    index entry --> ahead of everything believable, or no room --> ignored, counted
          |
          waits by its last block --> block settled --> due

An entry that is ignored costs nothing but its name: the heartbeat announces its sequence, and then the
sequence is asked for instead of the unit.
"""

from __future__ import annotations

import heapq
from typing import Final

from gateway.ferry.oneway.records import Indexed
from gateway.ferry.ranges import Ranges

# Ten seconds of the quickest sender wait here at most; 25 MB.
MAX_ENTRIES: Final = 65_536
# No sender is so far ahead of what its receiver has settled: a gigabyte of the smallest blocks.
MAX_AHEAD_BLOCKS: Final = 1 << 20


class Announced:
    """Index entries by session and sequence, first come."""

    def __init__(self) -> None:
        self._entries: dict[tuple[int, int], Indexed] = {}
        # For each session (last block, sequence), lowest first.
        self._queues: dict[int, list[tuple[int, int]]] = {}
        self._settled: tuple[int, int] | None = None
        self.ignored = 0

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, session: int, entry: Indexed) -> None:
        """One entry of an index block; repeated ones change nothing."""
        key = (session, entry.sequence)
        if key in self._entries:
            return
        if len(self._entries) >= MAX_ENTRIES or self._is_beyond(session, entry.last_block):
            self.ignored += 1
            return
        self._entries[key] = entry
        heapq.heappush(self._queues.setdefault(session, []), (entry.last_block, entry.sequence))

    def _is_beyond(self, session: int, block: int) -> bool:
        if self._settled is None or self._settled[0] != session:
            return False
        return block > self._settled[1] + MAX_AHEAD_BLOCKS

    def due(self, session: int, floor: int) -> list[tuple[int, Indexed]]:
        """(session, entry) of all whose blocks are settled: below floor, or of another session."""
        self._settled = (session, floor)
        found: list[tuple[int, Indexed]] = []
        for of, queue in list(self._queues.items()):
            while queue and (of != session or queue[0][0] < floor):
                found.append((of, self._entries.pop((of, heapq.heappop(queue)[1]))))
            if not queue:
                del self._queues[of]
        return found

    def sequences(self, session: int) -> Ranges:
        """The sequences of a session that wait here."""
        return Ranges((s, s + 1) for s in sorted(s for _, s in self._queues.get(session, ())))
