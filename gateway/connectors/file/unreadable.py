"""Files that turned out not to be ours to read or move: not tried again for a minute or until they change.

    tried in vain --note(inode)--> known, its change time not yet --has(inode, changed_ns)--> known as it is
          ^                                                                                        |
          +---------------------- changed since, or after RETRY_S: forgotten ----------------------+

By inode, because giving a file back may rename it; that renaming changes its change time, so the next look
takes it down. Pure: no I/O.
"""

from __future__ import annotations

from typing import Final

# Rights may come without a change of the file: of its folder, of our groups.
RETRY_S: Final = 60.0
# About 20 MB; of a larger crowd the first ones are forgotten, and tried again before their minute ends.
MAX_KNOWN: Final = 131_072


class Unreadable:
    """What is known of one folder. Times in s by any clock that runs evenly."""

    def __init__(self) -> None:
        # Inode to (change time as seen behind the attempt, 0 where not seen yet; known until).
        self._known: dict[int, tuple[int, float]] = {}

    def __len__(self) -> int:
        return len(self._known)

    def note(self, inode: int, now_s: float) -> None:
        """This file could not be read or moved just now."""
        self._known.pop(inode, None)
        if len(self._known) >= MAX_KNOWN:
            del self._known[next(iter(self._known))]
        self._known[inode] = (0, now_s + RETRY_S)

    def has(self, inode: int, changed_ns: int, now_s: float) -> bool:
        """Whether it need not be tried: it is still the file that it was."""
        known = self._known.get(inode)
        if known is None:
            return False
        then_ns, until_s = known
        if now_s >= until_s or then_ns not in (0, changed_ns):
            del self._known[inode]
            return False
        if then_ns == 0:
            self._known[inode] = (changed_ns, until_s)
        return True
