"""Pieces of transient units into whole ones: bounded in number, bytes and age. No I/O; time comes in.

piece --> whole in one --------------------------> given at once (nearly all are)
   +----> a unit under way, pieces in any order --> whole --> given
              | too old, or its place is wanted: dropped; nobody is told, its caller's clock tells him
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

from gateway.errors import Refused
from gateway.ferry.oneway.transient import Piece

# Units that span blocks, under way at once.
MAX_UNITS: Final = 256
MAX_BYTES: Final = 32 << 20
# The smallest blocks that a lane can have, and a few.
MAX_PIECES_A_UNIT: Final = 1_024
# Blocks of one unit go one behind the other: what has not come after this long is lost.
MAX_AGE_S: Final = 5.0


# Of a block at most its first and its last piece are parts of units that lie in others too.
MAX_BEGUN_A_BLOCK: Final = 2


@dataclass(slots=True)
class _Partial:
    """got: bytes by their offset, as they came: what is only claimed takes no memory."""

    total_bytes: int
    missing_bytes: int
    since_s: float
    got: dict[int, bytes] = field(default_factory=dict)


class Rejoining:
    """The units of one lane that are here in part. lost: how many never came whole."""

    def __init__(self) -> None:
        self._partials: OrderedDict[int, _Partial] = OrderedDict()
        # As they will be when they are whole.
        self._bytes = 0
        self._begun = 0
        self.lost = 0

    def next_block(self) -> None:
        """The pieces from here on are of another block."""
        self._begun = 0

    def take(self, piece: Piece, now_s: float) -> bytes | None:
        """The whole unit, where this piece completes it. Raises Refused 5302: its block holds parts of more
        units than a sender of ours begins in one."""
        length = len(piece.data)
        if length == piece.total_bytes:
            return bytes(piece.data)
        partial = self._partials.get(piece.number)
        if partial is not None and partial.total_bytes != piece.total_bytes:
            # Another unit under this number: one of the two is not the sender's; neither goes on.
            self._drop(piece.number)
            return None
        if partial is None:
            partial = self._begin(piece, now_s)
        if piece.offset in partial.got or len(partial.got) >= MAX_PIECES_A_UNIT:
            return None
        partial.got[piece.offset] = bytes(piece.data)
        partial.missing_bytes -= length
        if partial.missing_bytes > 0:
            return None
        del self._partials[piece.number]
        self._bytes -= partial.total_bytes
        whole = _joined(partial)
        self.lost += whole is None
        return whole

    def forget(self, now_s: float) -> None:
        """Drop what is too old to become whole."""
        while self._partials:
            number, partial = next(iter(self._partials.items()))
            if now_s - partial.since_s < MAX_AGE_S:
                return
            self._drop(number)

    def _begin(self, piece: Piece, now_s: float) -> _Partial:
        self._begun += 1
        if self._begun > MAX_BEGUN_A_BLOCK:
            raise Refused(5302, what="pieces of many units")
        while self._partials and (
            len(self._partials) >= MAX_UNITS or self._bytes + piece.total_bytes > MAX_BYTES
        ):
            self._drop(next(iter(self._partials)))
        partial = _Partial(piece.total_bytes, piece.total_bytes, now_s)
        self._partials[piece.number] = partial
        self._bytes += piece.total_bytes
        return partial

    def _drop(self, number: int) -> None:
        self._bytes -= self._partials.pop(number).total_bytes
        self.lost += 1


def _joined(partial: _Partial) -> bytes | None:
    """The unit; None where the pieces do not lie one behind the other: such come from no sender of ours."""
    at = 0
    for offset in sorted(partial.got):
        if offset != at:
            return None
        at += len(partial.got[offset])
    return b"".join(partial.got[offset] for offset in sorted(partial.got))
