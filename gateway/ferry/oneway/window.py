"""The receiver's window over the blocks of a session: which are old, done, passed, given up. No I/O.

          floor                          highest        + ahead
    ------- | ---- holes and done ---------- | ------------ | ------
    settled |        awaited, late           |   believed   | believed by a single symbol only

Moved by verified headers alone. A block is given up when the sender is clearly past it, or a second has
gone by since something later came; nothing ever waits for a block.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from gateway.ferry.oneway.happenings import LostBlocks, NewSession, Settled

# Two seconds of the fastest lane; a longer jump is announced by the next heartbeat.
_AHEAD_BLOCKS: Final = 4_096
# Frames of a block that is done come for a moment (its repair symbols); much later they are a replay.
_LATE_BLOCKS: Final = 512
# Later blocks that must be done before an earlier one counts as passed; above any interleaving.
_PASSED_BLOCKS: Final = 64
_GIVE_UP_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Known:
    """What a receiver remembers over a restart: the session and its highest verified block."""

    session: int
    highest_block: int


class Age(Enum):
    """What a header's session and block say about its frames."""

    WANTED = auto()
    # Of a block that is done; its repair symbols come for a moment.
    LATE = auto()
    # Of an older session, or of a block that was settled long ago.
    REPLAYED = auto()


class Window:
    """Where one session stands. known: of the last run, None for a receiver that never heard anything."""

    def __init__(self, known: Known | None) -> None:
        self.session = known.session if known else None
        self.highest = known.highest_block if known else -1
        self.floor = self.highest + 1
        self._restart_floor = self.floor
        self._contact_block: int | None = None
        self._done: set[int] = set()
        self._hole_s: float | None = None
        self._settled: tuple[int, int] | None = None

    def age_of(self, session: int, block: int) -> Age:
        """Whether frames of this block are still of use."""
        if self.session is None or session > self.session:
            return Age.WANTED
        if session < self.session:
            return Age.REPLAYED
        if block >= self.floor:
            return Age.LATE if block in self._done else Age.WANTED
        recent = max(self._restart_floor, self.floor - _LATE_BLOCKS)
        return Age.LATE if block >= recent else Age.REPLAYED

    def is_near(self, session: int, block: int) -> bool:
        """Whether memory may be taken for a block of which nothing is proven yet."""
        return session == self.session and block <= self.highest + _AHEAD_BLOCKS

    def begin(self, session: int, block: int) -> list[NewSession | LostBlocks]:
        """A verified header of another session: what of the one before is lost, then the new one."""
        before, lost = self.session, list[LostBlocks]()
        if before is None:
            self._contact_block = block
        else:
            self._contact_block = None
            if self.highest >= self.floor:
                lost = self._lose_until(self.highest + 1)
        self.session, self.highest, self.floor, self._restart_floor = session, -1, 0, 0
        self._done.clear()
        self._hole_s = None
        return [*lost, NewSession(session, before)]

    def done(self, block: int) -> None:
        """A block of the session is verified."""
        self._done.add(block)
        self.highest = max(self.highest, block)
        self._advance()

    def undo(self, block: int) -> None:
        """There was no memory for what a verified block held: it may come again."""
        self._done.discard(block)

    def give_up(self, now_s: float) -> list[LostBlocks]:
        """What is passed and no longer awaited."""
        lost: list[LostBlocks] = []
        while self.floor <= self.highest and self._is_passed(now_s):
            # Nothing done above the hole: what was verified there found no memory.
            lost += self._lose_until(min(self._done, default=self.highest + 1))
            self._advance()
        return lost

    def settled(self) -> Settled | None:
        """How far all is done or given up, where that has changed since it was asked."""
        if self.session is None or self._settled == (self.session, self.floor):
            return None
        self._settled = (self.session, self.floor)
        return Settled(self.session, self.floor)

    def _advance(self) -> None:
        while self.floor in self._done:
            self._done.remove(self.floor)
            self.floor += 1
            self._hole_s = None

    def _is_passed(self, now_s: float) -> bool:
        if self.highest - self.floor >= _PASSED_BLOCKS:
            return True
        if self._hole_s is None:
            self._hole_s = now_s
        return now_s - self._hole_s >= _GIVE_UP_S

    def _lose_until(self, end: int) -> list[LostBlocks]:
        """Blocks from floor to end-1 are not coming; those of them that are done stay done."""
        lost, at = list[LostBlocks](), self.floor
        for done in [*sorted(block for block in self._done if block < end), end]:
            if done > at:
                early = self._contact_block is not None and done <= self._contact_block
                lost.append(LostBlocks(self.session or 0, at, done - 1, early))
            at = done + 1
        self._done = {block for block in self._done if block >= end}
        self.floor = end
        self._hole_s = None
        return lost
