"""The highest numbers of requests that a guard ever let in and out, over restarts and lost journals. I/O.

    start:  state file (highest, segment) --> journal from this segment on --> floor, sent
    step:   a new segment has begun --> highest so far, and that segment --> state file

The journal is the record: a request is in it, on disk, before it goes on (gateway.guard.letting_go). The file
only says how far back it need not be read, so that what the journal no longer keeps, or what lies behind a
day of other events, is known all the same.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Final

import msgspec

from gateway.audit.segment import segments
from gateway.audit.tail import Place, Tail
from gateway.errors import StateUncertain
from gateway.spool.disk import RealDisk, replace
from gateway.unit.number import MAX_NUMBER

# Segments last a day or 32 MiB, and are kept for much longer than this.
_LOOK_S: Final = 10.0


class LetInState(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """highest, sent: of all in the segments before first_seq; -1 for none."""

    highest: Annotated[int, msgspec.Meta(ge=-1, le=MAX_NUMBER)] = -1
    first_seq: Annotated[int, msgspec.Meta(ge=0, le=(1 << 63) - 1)] = 0
    sent: Annotated[int, msgspec.Meta(ge=-1, le=MAX_NUMBER)] = -1


class LetIn:
    """journal: of the guard. is_theirs: whether a number is one of the other side's; is_ours: of this one's.

    Raises StateUncertain 5778 (the file is damaged) and OSError at start. floor: every number up to it may
    have been let in. sent: the highest that was let out.
    """

    def __init__(
        self,
        journal: Path,
        state: Path,
        is_theirs: Callable[[int], bool],
        is_ours: Callable[[int], bool] = lambda _: False,
    ) -> None:
        self._journal, self._path = journal, state
        self._saved = self._read()
        self._next_s = 0.0
        self.floor, self.sent = self._saved.highest, self._saved.sent
        tail = Tail(journal, ["request.passed"], Place(self._saved.first_seq))
        place: Place | None = None
        while place != tail.place:
            place = tail.place
            for record in tail.read():
                if record.what == "request.passed" and record.unit is not None:
                    if is_theirs(record.unit):
                        self.floor = max(self.floor, record.unit)
                    elif is_ours(record.unit):
                        self.sent = max(self.sent, record.unit)

    def step(
        self, now_s: float, highest: Callable[[], int], sent: Callable[[], int] = lambda: -1
    ) -> None:
        """highest, sent: give the highest number let in by now, and of those let out since the start."""
        if now_s < self._next_s:
            return
        self._next_s = now_s + _LOOK_S
        # The segment first: what is in those before it was let in before the number is asked for.
        there = segments(self._journal)
        if there and there[-1].first_seq != self._saved.first_seq:
            out = max(self.sent, sent())
            self._save(LetInState(min(highest(), MAX_NUMBER), there[-1].first_seq, out))

    def _save(self, state: LetInState) -> None:
        # Where it cannot be written the old one stands, and more of the journal is read.
        with suppress(OSError):
            replace(RealDisk(), self._path, msgspec.json.encode(state))
            # From here the segments before it may go.
            self._saved = state

    def _read(self) -> LetInState:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=LetInState)
        except FileNotFoundError:
            return LetInState()
        except (OSError, msgspec.MsgspecError) as error:
            raise StateUncertain(5778, path=str(self._path), why=str(error)[:80]) from error
