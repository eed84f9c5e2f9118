"""Tells the other side what became of the units that came from there: the sending guard's own units.

    journals of guard and edge --Tail--> outcomes, gathered --> sealed --> queue `cleared` --> place saved
                                         (a second, or 1,000)                |
                                                        From here a crash tells them again, and loses none.

Nobody captures these units and no policy judges them: they are numbers of this guard's own making, and the
other guard has a rule for them (gateway.receiving.outcomes). Only in a gate of two lanes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Final

import msgspec

from gateway.audit.event import Event, Recorder, Status
from gateway.audit.record import Record
from gateway.audit.tail import Place, Tail
from gateway.errors import Unavailable
from gateway.sending.own import clear_outcomes
from gateway.sending.seal import Sealer
from gateway.spool.disk import RealDisk, replace
from gateway.spool.model import Entry, Put, QueueWriter
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

_WORDS: Final = {what.word: what for what in What if what is not What.RELEASED}
_ADMITTED: Final = "admitted"


class OutcomeState(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What survives a restart. places: in each journal. last: of the own numbers given."""

    places: dict[str, Place]
    last: Annotated[int, msgspec.Meta(ge=0, le=(1 << 31) - 1)] = 0


class OutcomeTeller:
    """Reads the journals of this host and puts units of outcomes into `cleared` of the lane that leads back.

    journals: of guard and edge. is_theirs: whether a unit came from the other side. residue: of this side's
    own numbers, 0 or 1. now_ns: wall clock. May raise OSError at start.
    """

    def __init__(
        self,
        journals: Mapping[str, Path],
        state: Path,
        queue: QueueWriter,
        sealer: Sealer,
        is_theirs: Callable[[int], bool],
        recorder: Recorder,
        status: Status,
        *,
        residue: int,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._now_ns = now_ns
        self._state, self._queue, self._sealer = state, queue, sealer
        self._is_theirs, self._residue = is_theirs, residue
        self._recorder, self._status = recorder, status
        self._waiting: list[UnitOutcome] = []
        self._next_s = 0.0
        known = self._read_state()
        self._last = known.last if known else 0
        self._tails = {
            process: Tail(
                folder, [*_WORDS, _ADMITTED], known.places.get(process) if known else None
            )
            for process, folder in journals.items()
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
            for record in records:
                outcome = self._outcome(record)
                if outcome is not None:
                    self._waiting.append(outcome)

    def _outcome(self, record: Record) -> UnitOutcome | None:
        unit = record.unit
        what: What | None = _WORDS.get(record.what)
        if record.what == _ADMITTED and "released_by" in record.fields:
            what = What.RELEASED
        if what is None or unit is None or is_own_number(unit) or not self._is_theirs(unit):
            return None
        reason = record.number if 1000 <= record.number <= 9999 else 0
        return UnitOutcome(unit, what, reason, record.at_ns)

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
        data = msgspec.json.encode(OutcomeState(places, self._last))
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
