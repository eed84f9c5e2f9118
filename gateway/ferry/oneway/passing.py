"""Transient blocks of a lane at its receiver: which are new, and the units in them. No I/O; time comes in.

Their numbers have a window of their own: they overtake cargo, and one that is lost is no gap that anybody
would bring. After a restart of the receiver it begins empty: that nothing is performed twice is the guard's
to see to, which knows every request that it ever let in.
"""

from __future__ import annotations

from gateway.ferry.frame import FIRST_TRANSIENT_BLOCK
from gateway.ferry.oneway.rejoining import Rejoining
from gateway.ferry.oneway.transient import pieces_of
from gateway.ferry.oneway.window import Age, Known, Window


class Passing:
    """session: that is heard, None before the first. out: whole units, sealed; the shell empties it."""

    def __init__(self, session: int | None) -> None:
        self.out: list[bytes] = []
        self._window = _window(session)
        self._rejoining = Rejoining()
        self._first: int | None = None

    def begin(self, session: int) -> None:
        """The sender began anew: of the session before nothing more comes."""
        self._window = _window(session)
        self._first = None

    def age_of(self, session: int, block: int) -> Age:
        """Whether frames of a transient block are still of use; of a session not yet heard they are not."""
        known = self._window.session
        if known is None or session > known:
            return Age.LATE
        return self._window.age_of(session, block - FIRST_TRANSIENT_BLOCK)

    def take(self, session: int, block: int, body: memoryview, now_s: float) -> None:
        """A verified block. Raises Refused 5302 (a body that breaks the format)."""
        if self.age_of(session, block) is not Age.WANTED:
            return
        place = block - FIRST_TRANSIENT_BLOCK
        # What lies before it went before this receiver heard its sender.
        self._first = place if self._first is None else self._first
        self._window.done(place)
        self._rejoining.next_block()
        for piece in pieces_of(body):
            whole = self._rejoining.take(piece, now_s)
            if whole is not None:
                self.out.append(whole)

    def tick(self, now_s: float) -> int:
        """Give up what is passed or too old; gives how many blocks and units that were."""
        before = self._rejoining.lost
        self._rejoining.forget(now_s)
        first = self._first or 0
        gaps = self._window.give_up(now_s)
        blocks = sum(max(0, gap.last + 1 - max(gap.first, first)) for gap in gaps)
        return blocks + self._rejoining.lost - before


def _window(session: int | None) -> Window:
    return Window(None if session is None else Known(session, -1))
