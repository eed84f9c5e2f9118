"""Tells the edge of its own requests that did not get past this guard: read from the guard's own journal.

    journal of the guard --Tail--> refused, corrupt, of own requests --> queue `admitted` --> place saved

What the other host's guard tells goes the same way (outcomes.py). A place that lasts: a crash repeats some,
which the queue then has already, and loses none. Only in a gate of two lanes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec

from gateway.audit.event import Status
from gateway.audit.of_lane import FIELD
from gateway.audit.record import Record
from gateway.audit.tail import Place, Tail
from gateway.errors import Unavailable
from gateway.spool.disk import RealDisk, replace
from gateway.spool.model import Entry, QueueWriter
from gateway.unit.counted import is_of
from gateway.unit.encode import encode_manifest
from gateway.unit.model import Kind, Lane, Manifest
from gateway.unit.outcomes import CHANNEL, OutcomesBody, UnitOutcome, What, encode_outcomes

_WORDS: Final = {"refused": What.REFUSED, "corrupt": What.CORRUPT}
_STEP_S: Final = 0.5
_RETRY_S: Final = 2.0
_NS: Final = 10**9
_NO_POLICY: Final = "0" * 64


def edge_entry(number: int, lane: Lane, outcomes: Sequence[UnitOutcome], at_ns: int) -> Entry:
    """Outcomes as the edge finds them in its queue. number: one that this queue has had for nothing else."""
    content = encode_outcomes(outcomes)
    body = OutcomesBody(len(outcomes), len(content))
    manifest = Manifest(
        number, CHANNEL, Kind.OUTCOMES, lane, at_ns, at_ns, _NO_POLICY, body,
        sha256(content).digest(),
    )  # fmt: skip
    return Entry(number, encode_manifest(manifest), content)


class OwnRefusals:
    """A step of the guard. sends: the lane of the edge's requests; queue: of the other one.

    is_told: whether a channel's units are; "" asks whether any channel's are. May raise OSError at start.
    """

    def __init__(
        self,
        journal: Path,
        state: Path,
        queue: QueueWriter,
        sends: Lane,
        is_told: Callable[[str], bool],
        status: Status,
    ) -> None:
        self._state, self._queue, self._status = state, queue, status
        self._sends, self._is_told = sends, is_told
        self._next_s = 0.0
        self._journal, self._is_reading = journal, is_told("")
        known = self._read_state()
        self._tail = Tail(journal, _WORDS, known)
        if known is None:
            with suppress(Unavailable):
                self._save()

    def step(self, now_s: float) -> float:
        """Read on and tell, twice a second. Raises StateUncertain as the queue."""
        if now_s < self._next_s:
            return self._next_s - now_s
        self._next_s = now_s + _STEP_S
        if not self._is_told(""):
            self._is_reading = False
            return _STEP_S
        if not self._is_reading:
            # Nothing of before is anybody's: no channel was told.
            self._tail, self._is_reading = Tail(self._journal, _WORDS, None), True
        before = self._tail.place
        try:
            records = self._tail.read()
        except OSError as error:
            self._status.raise_alarm(6002, folder="guard", reason=error.strerror or "")
            self._next_s = now_s + _RETRY_S
            return _RETRY_S
        entries = [entry for record in records if (entry := self._entry(record)) is not None]
        try:
            if entries:
                self._queue.put(entries)
            if self._tail.place != before and (entries or self._is_far(before)):
                self._save()
        except Unavailable as error:
            self._status.raise_alarm(error.number, **error.fields)
            self._tail.place = before
            self._next_s = now_s + _RETRY_S
        return _STEP_S

    def _entry(self, record: Record) -> Entry | None:
        ours = record.fields.get(FIELD) == self._sends.value and self._is_told(record.channel)
        # Under a number of the other side's it would make a unit of theirs a duplicate in this queue.
        if record.unit is None or not ours or not is_of(record.unit, self._sends.sender):
            return None
        reason = record.number if 1000 <= record.number <= 9999 else 0
        second_ns = record.at_ns // _NS * _NS
        outcome = UnitOutcome(record.unit, _WORDS[record.what], reason, second_ns)
        return edge_entry(record.unit, self._sends.opposite, [outcome], time.time_ns())

    def _is_far(self, before: Place) -> bool:
        """What need not be told need not be remembered at once, either."""
        return self._tail.place.first_seq != before.first_seq

    def _save(self) -> None:
        try:
            replace(RealDisk(), self._state, msgspec.json.encode(self._tail.place))
        except OSError as error:
            raise Unavailable(5741, path=str(self._state), why=error.strerror or "") from error

    def _read_state(self) -> Place | None:
        try:
            return msgspec.json.decode(self._state.read_bytes(), type=Place)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.MsgspecError) as error:
            self._status.raise_alarm(5742, path=str(self._state), why=str(error)[:80])
            return None
