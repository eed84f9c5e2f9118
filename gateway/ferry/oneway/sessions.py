"""Which sequences of the last sessions are accounted for: here, or listed as missing. Bounded, no I/O."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from gateway.ferry.ranges import Range, Ranges

# Sessions whose sequences are kept apart; older ones are in the lists of what is missing.
_SESSIONS_KEPT: Final = 16
# Holes are sendings under way or not judged yet: a few. Thousands are made up by the sender.
MAX_PIECES: Final = 4_096


class SessionState(msgspec.Struct, frozen=True):
    """Which sequences of a session are accounted for (here, or listed as missing)."""

    session: int
    known: list[Range]


class Sessions:
    """The sequences of at most 16 sessions, each in at most MAX_PIECES ranges."""

    def __init__(self, states: Iterable[SessionState] = ()) -> None:
        self._known = {state.session: Ranges(state.known) for state in states}

    def __len__(self) -> int:
        return len(self._known)

    def has(self, session: int, sequence: int) -> bool:
        """Whether a sending is accounted for."""
        known = self._known.get(session)
        return known is not None and sequence in known

    def holes(self, session: int, end: int) -> list[Range]:
        """Sequences below end that are not."""
        return self._of(session).holes(0, end)

    def add(self, session: int, first: int, end: int) -> list[Range]:
        """Sequences [first, end) are accounted for.

        Gives what was joined to them to stay within the bounds, [] as good as always: the holes below
        the middle of the session. Whoever calls lists them as missing.
        """
        known = self._of(session)
        known.add(first, end)
        if len(known) <= MAX_PIECES:
            return []
        middle = known.as_list()[MAX_PIECES // 2][0]
        joined = known.holes(0, middle)
        known.add(0, middle)
        return joined

    def begin(self, session: int) -> None:
        """A session is heard of."""
        self._of(session)

    def _of(self, session: int) -> Ranges:
        known = self._known.get(session)
        if known is None:
            known = self._known[session] = Ranges()
            while len(self._known) > _SESSIONS_KEPT:
                del self._known[min(self._known)]
        return known

    def dump(self) -> list[SessionState]:
        """What to write to disk."""
        return [SessionState(s, ranges.as_list()) for s, ranges in self._known.items()]
