"""The loop of a receiving edge: from the queue `admitted` to the sinks of all channels.

    queue.take --> Admitted --> sink.deliver --> event `delivered` --> queue.ack --> sink.forget
                                    |                  |
                                    |                  +-- From here the queue may forget it.
                                    +-- Refused: set aside; Unavailable: `deferred`, tried again for ever

A crash anywhere gives the unit again; the sink then answers with the same receipt. Knows no folder and
no protocol: those are the sinks' (gateway.connectors), given by wiring. Admitted is made elsewhere.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, assert_never

from gateway.audit.event import Event, Recorder, Status
from gateway.errors import Field, Refused, Unavailable
from gateway.spool.model import QueueReader, Taken
from gateway.unit.edge import Delivery, Progress, Receipt, Sink
from gateway.unit.model import Stage
from gateway.unit.stages import Admitted

# Descriptors of a batch stay below the usual limit of 1,024, and its syncs cost little a unit.
BATCH_UNITS: Final = 128
BATCH_BYTES: Final = 16 << 20
# Large bodies that are being copied, a slice a step: two, so that one slow sink does not stop another.
MAX_COPYING: Final = 2
FIRST_WAIT_S: Final = 0.5
# After the tries that the policy grants, the same unit is asked for seldom, and never dropped.
LONG_WAIT_S: Final = 300.0
DEFAULT_TRIES: Final = 3
_IDLE_S: Final = 0.01

# A unit whose bytes are not those that were admitted; any other refusal of a sink is `refused`.
_CORRUPT: Final = (2532, 5301)


@dataclass(slots=True)
class _Unit:
    """A unit in hand. attempt: how often the queue has given it, from 1."""

    number: int
    attempt: int
    admitted: Admitted

    @property
    def channel(self) -> str:
        return self.admitted.manifest.channel


class Deliverer:
    """Moves admitted units to their sinks. One thread calls step()."""

    def __init__(
        self,
        queue: QueueReader,
        sinks: Mapping[str, Sink],
        read_admitted: Callable[[Taken], Admitted],
        recorder: Recorder,
        status: Status,
        *,
        tries: int = DEFAULT_TRIES,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        """sinks: by channel. read_admitted: raises Refused. tries: before a unit waits for long."""
        self._queue, self._sinks = queue, sinks
        self._read_admitted = read_admitted
        self._recorder, self._status = recorder, status
        self._tries = tries
        self._now_ns = now_ns
        self._copying: dict[int, _Unit] = {}
        self._settled: list[tuple[_Unit, Receipt | Refused]] = []
        self._troubles: dict[str, dict[int, Mapping[str, Field]]] = {}
        self._alarms: set[int] = set()
        self._commit_at_s = 0.0

    def step(self, now_s: float) -> float:
        """One batch; gives the seconds until the next call is wanted, 0 where more may be there.

        Does I/O, of bounded size. Raises StateUncertain, and Unavailable of the queue itself.
        """
        if self._settled and not self._answer(now_s):
            return FIRST_WAIT_S
        units = list(self._copying.values())
        if len(units) < MAX_COPYING:
            units += self._take()
        if not units:
            return _IDLE_S
        for channel in dict.fromkeys(unit.channel for unit in units):
            self._deliver(channel, [unit for unit in units if unit.channel == channel])
        self._show_alarms()
        return 0.0 if self._answer(now_s) else FIRST_WAIT_S

    def close(self) -> None:
        """Let go of the sinks; what was taken and not answered comes again."""
        for sink in self._sinks.values():
            sink.close()

    def _take(self) -> list[_Unit]:
        units = []
        for taken in self._queue.take(BATCH_UNITS, BATCH_BYTES):
            try:
                units.append(_Unit(taken.number, taken.attempt, self._read_admitted(taken)))
            except Refused as error:
                self._record("corrupt", taken.number, "", error.number, error.fields)
                self._recorder.commit()
                self._queue.reject(taken.number, error.number, Stage.CORRUPT.value)
        return units

    def _deliver(self, channel: str, units: list[_Unit]) -> None:
        sink = self._sinks.get(channel)
        if sink is None:
            answers: list[Delivery] = [Unavailable(2540, channel=channel)] * len(units)
        else:
            answers = sink.deliver([unit.admitted for unit in units])
        for unit, answer in zip(units, answers, strict=True):
            self._settle(unit, answer)

    def _settle(self, unit: _Unit, answer: Delivery) -> None:
        if answer is Progress.MORE or answer is Progress.GIVEN_BACK:
            self._copying[unit.number] = unit
            return
        self._copying.pop(unit.number, None)
        if isinstance(answer, Receipt):
            self._record_delivered(unit, answer)
            self._settled.append((unit, answer))
        elif isinstance(answer, Refused):
            stage = _stage_of(answer)
            fields = {"name": unit.admitted.manifest.body.name, **answer.fields}
            self._record(stage.value, unit.number, unit.channel, answer.number, fields)
            self._settled.append((unit, answer))
        elif isinstance(answer, Unavailable):
            self._put_off(unit, answer)
        else:
            assert_never(answer)

    def _put_off(self, unit: _Unit, error: Unavailable) -> None:
        """Back into the queue for a while: soon at first, seldom after its tries, never dropped."""
        is_tried = unit.attempt >= self._tries
        wait_s = LONG_WAIT_S if is_tried else FIRST_WAIT_S * 2.0 ** (unit.attempt - 1)
        if unit.attempt in (1, self._tries):
            fields = {"attempt": unit.attempt, **error.fields}
            self._record("deferred", unit.number, unit.channel, error.number, fields)
        troubles = self._troubles.setdefault(unit.channel, {})
        troubles[error.number] = error.fields
        if is_tried:
            troubles[2541] = {"attempts": unit.attempt, "reason": error.number}
        self._queue.release(unit.number, wait_s)

    def _answer(self, now_s: float) -> bool:
        """Journal first, then the queue, then the sink may forget; False where the journal cannot."""
        if not self._settled:
            return True
        try:
            self._recorder.commit()
        except Unavailable as error:
            self._status.raise_alarm(error.number, **error.fields)
            return False
        settled, self._settled = self._settled, []
        delivered = [unit for unit, answer in settled if isinstance(answer, Receipt)]
        if delivered:
            # From here the queue may forget them: they are durable in their destination.
            self._queue.ack([unit.number for unit in delivered])
            self._status.count("units_delivered_total", len(delivered))
        for unit, answer in settled:
            if isinstance(answer, Refused):
                self._queue.reject(unit.number, answer.number, _stage_of(answer).value)
                self._status.count(f"units_{_stage_of(answer).value}_total")
        for unit, _ in settled:
            self._sinks[unit.channel].forget([unit.number])
        for unit in delivered:
            self._troubles.pop(unit.channel, None)
        self._show_alarms()
        return True

    def _record_delivered(self, unit: _Unit, receipt: Receipt) -> None:
        manifest = unit.admitted.manifest
        digest = manifest.body_sha256.hex()
        fields: dict[str, Field] = {
            "name": receipt.name,
            "size_bytes": receipt.size_bytes,
            "sha256": digest,
            "receipt": _receipt_mark(unit.number, receipt, digest),
            # What the sink itself proves: the digest of what it wrote, or size and takeover alone.
            "proof": "sha256" if receipt.sha256 is not None else "size",
        }
        if receipt.again:
            fields["again"] = 1
        self._record("delivered", unit.number, unit.channel, 0, fields)

    def _record(
        self, what: str, number: int, channel: str, reason: int, fields: Mapping[str, Field]
    ) -> None:
        self._recorder.record(Event(what, self._now_ns(), number, channel, reason, fields))

    def _show_alarms(self) -> None:
        standing: set[int] = set()
        for channel, troubles in self._troubles.items():
            for number, fields in troubles.items():
                self._status.raise_alarm(number, **{"channel": channel, **fields})
                standing.add(number)
        for number in self._alarms - standing:
            self._status.clear_alarm(number)
        self._alarms = standing


def _stage_of(refusal: Refused) -> Stage:
    return Stage.CORRUPT if refusal.number in _CORRUPT else Stage.REFUSED


def _receipt_mark(number: int, receipt: Receipt, digest: str) -> str:
    """Sixteen characters that two people can compare: unit, name, size and digest in one."""
    text = f"{number}\n{receipt.name}\n{receipt.size_bytes}\n{digest}"
    return sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:16]
