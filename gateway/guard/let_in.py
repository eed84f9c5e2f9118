"""The highest numbers of requests that a guard ever let in and out, over restarts and lost journals. I/O.

    start:  let-in.json (highest, segment), let-out.json (sent) --> journal from there on --> floor, sent
    step:   a new segment has begun --> highest so far, and that segment --> the two files

The journal is the record: a request is in it, on disk, before it goes on (gateway.guard.letting_go). The file
only says how far back it need not be read, so that what the journal no longer keeps, or what lies behind a
day of other events, is known all the same. Two files: a guard of before reads let-in.json and no more in it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Final, TypeVar

import msgspec

from gateway.audit.segment import segments
from gateway.audit.tail import Place, Tail
from gateway.errors import StateUncertain
from gateway.spool.disk import RealDisk, replace
from gateway.unit.number import MAX_NUMBER

# Segments last a day or 32 MiB, and are kept for much longer than this.
_LOOK_S: Final = 10.0


class LetInState(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """highest: of all in the segments before first_seq; -1 for none."""

    highest: Annotated[int, msgspec.Meta(ge=-1, le=MAX_NUMBER)] = -1
    first_seq: Annotated[int, msgspec.Meta(ge=0, le=(1 << 63) - 1)] = 0


class LetOutState(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """sent: the highest of all in the segments before that of the other file; -1 for none."""

    sent: Annotated[int, msgspec.Meta(ge=-1, le=MAX_NUMBER)] = -1


T = TypeVar("T")


class LetIn:
    """journal: of the guard. is_theirs: whether a number is one of the other side's; is_ours: of this one's.

    state: let-in.json; let-out.json lies beside it.
    Raises StateUncertain 5778 (a file is damaged) and OSError at start. floor: every number up to it may
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
        self._out_path = state.with_name("let-out.json")
        self._saved = _read(state, LetInState) or LetInState()
        out = _read(self._out_path, LetOutState)
        self._next_s = 0.0
        self.floor, self.sent = self._saved.highest, out.sent if out is not None else -1
        first_seq = self._saved.first_seq if out is not None else self._one_before()
        tail = Tail(journal, ["request.passed"], Place(first_seq))
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
            state = LetInState(min(highest(), MAX_NUMBER), there[-1].first_seq)
            self._save(state, LetOutState(max(self.sent, sent())))

    def _save(self, state: LetInState, out: LetOutState) -> None:
        # Where it cannot be written the old one stands, and more of the journal is read.
        with suppress(OSError):
            replace(RealDisk(), self._out_path, msgspec.json.encode(out))
            replace(RealDisk(), self._path, msgspec.json.encode(state))
            # From here the segments before it may go.
            self._saved = state

    def _one_before(self) -> int:
        """The segment before the one that is known: a guard of before may have begun it just now."""
        there = segments(self._journal) if self._journal.is_dir() else []
        before = (one.first_seq for one in there if one.first_seq < self._saved.first_seq)
        return max(before, default=self._saved.first_seq)


def _read(path: Path, form: type[T]) -> T | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=form)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError) as error:
        raise StateUncertain(5778, path=str(path), why=str(error)[:80]) from error
