"""Tells the other side what became of the units that came from there: the sending guard's own units.

    journals of guard and edge --Tail--> outcomes, gathered --> sealed --> queue `cleared` --> place saved
                                         (a second, or 1,000)                |
                                                        From here a crash tells them again, and loses none.

Nobody captures these units and no policy judges them: they are numbers of this guard's own making, and the
other guard has a rule for them (gateway.receiving.outcomes). Only in a gate of two lanes.

The edge writes its own journal, so that a word of it counts for no more than: one end, of a unit that this
guard has let in (untold.py), for a reason of a short list, at the second in which the guard reads it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Final, TypeGuard

import msgspec

from gateway.audit.event import Event, Recorder, Status
from gateway.audit.of_lane import FIELD
from gateway.audit.record import Record
from gateway.audit.tail import Place, Tail
from gateway.errors import Unavailable
from gateway.ferry.ranges import Range
from gateway.sending.own import clear_outcomes
from gateway.sending.seal import Sealer
from gateway.sending.untold import Untold
from gateway.spool.disk import RealDisk, replace
from gateway.spool.model import Entry, Put, QueueWriter
from gateway.unit.model import Lane
from gateway.unit.outcomes import (
    FIRST_OWN_NUMBER,
    MAX_OUTCOMES,
    UnitOutcome,
    What,
    is_own_number,
)

# So long outcomes are gathered: a unit each is dearer than a second's wait.
GATHER_S: Final = 1.0
_RETRY_S: Final = 2.0
# They are small, and people wait for them; a file can wait a millisecond.
_PRIORITY: Final = b"\0"
# 2026-01-01T00:00:00Z, as for the numbers of edges.
_EPOCH_S: Final = 1_767_225_600

GUARD: Final = "guard"
EDGE: Final = "edge"
_ADMITTED: Final = "admitted"
_WORDS: Final = {
    GUARD: {what.word: what for what in (What.REFUSED, What.CORRUPT, What.HELD)},
    EDGE: {what.word: what for what in (What.DELIVERED, What.REFUSED, What.CORRUPT)},
}
# What a sink may say of a unit that it does not take (gateway.unit.edge.Sink); anything else is OTHER_REASON.
_OF_EDGES: Final = {
    What.DELIVERED: frozenset({0}),
    What.REFUSED: frozenset({2530, 2531, 2533, 6327, 6328, 6382, 6383, 6384, 6423, 6424, 6427}),
    What.PERFORMED: frozenset({5770, 6385, 6386, 6387, 6388, 6389}),
    What.CORRUPT: frozenset({1080, 2532}),
}
OTHER_REASON: Final = 5744
_NS: Final = 10**9


class OutcomeState(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What survives a restart. places: in each journal. last: of the own numbers given. open, early: of
    units whose end was not told (untold.py)."""

    places: dict[str, Place]
    last: Annotated[int, msgspec.Meta(ge=0, le=(1 << 31) - 1)] = 0
    open: list[Range] = []
    early: list[tuple[int, What, int]] = []


class OutcomeTeller:
    """Reads the journals of this host and puts units of outcomes into `cleared` of the lane that leads back.

    journals: of GUARD and EDGE. lane: on which their units come. residue: of this side's own numbers, 0 or
    1. statuses: that answers of submitted requests may have by the policy in force: no other is told.
    now_ns: wall clock. May raise OSError at start.
    """

    def __init__(
        self,
        journals: Mapping[str, Path],
        state: Path,
        queue: QueueWriter,
        sealer: Sealer,
        lane: Lane,
        recorder: Recorder,
        status: Status,
        *,
        residue: int,
        statuses: Callable[[], Collection[int]] = frozenset,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._statuses = statuses
        self._now_ns = now_ns
        self._state, self._queue, self._sealer = state, queue, sealer
        self._lane, self._residue = lane, residue
        self._recorder, self._status = recorder, status
        self._waiting: list[UnitOutcome] = []
        self._next_s = 0.0
        known = self._read_state()
        self._last = known.last if known else 0
        self._untold = Untold(known.open, known.early) if known else Untold()
        # The guard's first, so that an edge's word finds the unit that it is about.
        self._tails = {
            process: Tail(
                journals[process],
                [*_WORDS[process], *([_ADMITTED] if process == GUARD else [])],
                known.places.get(process) if known else None,
            )
            for process in (GUARD, EDGE)
        }
        if known is None:
            # A gate's history from before there was a way back is not told.
            with suppress(Unavailable):
                self._save()

    def use(self, sealer: Sealer) -> None:
        """Seal with this one from the next unit on."""
        self._sealer = sealer

    def step(self, now_s: float) -> float:
        """Read on and tell, once a second; gives the seconds until the next call is wanted."""
        if now_s < self._next_s:
            return self._next_s - now_s
        self._next_s = now_s + GATHER_S
        try:
            if not self._waiting:
                self._gather()
            while self._waiting:
                self._tell(self._waiting[:MAX_OUTCOMES])
                del self._waiting[:MAX_OUTCOMES]
                if not self._waiting:
                    self._save()
        except Unavailable as error:
            # What is not told yet is read again after a crash, or told at the next step.
            self._status.raise_alarm(5740, reason=error.number)
            self._next_s = now_s + _RETRY_S
            return _RETRY_S
        self._status.clear_alarm(5740)
        return GATHER_S

    def _gather(self) -> None:
        for process, tail in self._tails.items():
            try:
                records = tail.read()
            except OSError as error:
                raise Unavailable(6002, folder=process, reason=error.strerror or "") from error
            of = self._of_guard if process == GUARD else self._of_edge
            self._waiting += [one for record in records if (one := of(record)) is not None]
        self._untold.turn()
        if self._untold.forgotten:
            self._status.count("outcomes_untold_total", self._untold.forgotten)
            self._untold.forgotten = 0
        # In the order of numbers: that in which an edge is done with them says nothing.
        self._waiting.sort(key=lambda one: one.unit)

    def _of_guard(self, record: Record) -> UnitOutcome | None:
        """A word of this guard itself, about a unit that came on the lane."""
        unit, at_ns = record.unit, record.at_ns // _NS * _NS
        if not self._is_theirs(unit) or record.fields.get(FIELD) != self._lane.value:
            return None
        if record.what == _ADMITTED:
            end = self._untold.admit(unit)
            if end is not None:
                return UnitOutcome(unit, *end, self._this_second())
            return UnitOutcome(unit, What.RELEASED, 0, at_ns) if _is_released(record) else None
        reason = record.number if 1000 <= record.number <= 9999 else 0
        return UnitOutcome(unit, _WORDS[GUARD][record.what], reason, at_ns)

    def _of_edge(self, record: Record) -> UnitOutcome | None:
        """A word of the edge, which may be anybody's: one of a unit that was let in ends it."""
        unit, what = record.unit, _WORDS[EDGE].get(record.what)
        if what is None or not self._is_theirs(unit):
            return None
        what, reason = self._end_of(record, what)
        if not self._untold.end(unit, what, reason):
            return None
        return UnitOutcome(unit, what, reason, self._this_second())

    def _end_of(self, record: Record, what: What) -> tuple[What, int]:
        """What the edge says, by the lists of what an edge may say."""
        status = record.fields.get("status")
        if what is What.DELIVERED and isinstance(status, int):
            what = What.PERFORMED
            if status in self._statuses():
                return what, status
        if record.number in _OF_EDGES[what]:
            return what, record.number
        return what, 0 if what is What.DELIVERED else OTHER_REASON

    def _is_theirs(self, unit: int | None) -> TypeGuard[int]:
        return unit is not None and not is_own_number(unit) and unit % 2 != self._residue

    def _this_second(self) -> int:
        return self._now_ns() // _NS * _NS

    def _tell(self, outcomes: list[UnitOutcome]) -> None:
        """One unit, durable in the queue. Raises Unavailable as sealing and queue do."""
        at_ns = self._now_ns()
        while True:
            number = self._next_number(at_ns)
            sealed = self._sealer.seal_bytes(clear_outcomes(number, outcomes, at_ns))[0]
            if self._queue.put([Entry(number, _PRIORITY, sealed)]) == [Put.CONFIRMED]:
                break
            # Given before a crash that came before it was noted: the next one.
        self._recorder.record(
            Event("outcomes.told", at_ns, number, fields={"outcomes": len(outcomes)})
        )
        self._recorder.commit()
        self._status.count("outcomes_told_total", len(outcomes))

    def _next_number(self, at_ns: int) -> int:
        self._last = max(self._last + 1, at_ns // 10**9 - _EPOCH_S)
        return FIRST_OWN_NUMBER + 2 * self._last + self._residue

    def _save(self) -> None:
        places = {process: tail.place for process, tail in self._tails.items()}
        untold = self._untold
        data = msgspec.json.encode(OutcomeState(places, self._last, untold.runs(), untold.early()))
        try:
            replace(RealDisk(), self._state, data)
        except OSError as error:
            raise Unavailable(5741, path=str(self._state), why=error.strerror or "") from error

    def _read_state(self) -> OutcomeState | None:
        try:
            return msgspec.json.decode(self._state.read_bytes(), type=OutcomeState)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.MsgspecError) as error:
            self._status.raise_alarm(5742, path=str(self._state), why=str(error)[:80])
            return None


def _is_released(record: Record) -> bool:
    return "released_by" in record.fields
