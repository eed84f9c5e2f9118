"""The loop of a receiving edge: from the queue `admitted` to the sinks of all channels.

    queue.take --> Admitted --> sink.deliver --> event `delivered` --> queue.ack --> sink.forget
                                    |                  |
                                    |                  +-- From here the queue may forget it.
                                    +-- Refused: set aside; Unavailable: `deferred`, tried again for ever

Large bodies are copied slice by slice, one file of a channel at a time, and the others wait for that in
hand: what is behind them in the queue, of whatever channel and kind, goes on. A crash anywhere gives the
unit again; the sink then answers with the same receipt. Knows no folder and no protocol: those are the sinks'
(gateway.connectors), given by wiring. Admitted is made elsewhere.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Protocol, assert_never

from gateway.audit.event import Event, Recorder, Status
from gateway.errors import Field, Refused, Unavailable
from gateway.spool.model import QueueReader, Taken
from gateway.unit.edge import Delivery, Progress, Receipt, Sink
from gateway.unit.model import FileBody, Stage
from gateway.unit.shares import has_share
from gateway.unit.stages import Admitted

# Descriptors of a batch stay below the usual limit of 1,024, and its syncs cost little a unit.
BATCH_UNITS: Final = 128
BATCH_BYTES: Final = 16 << 20
# Of different channels, a slice of one of them a step: one slow sink does not stop another.
MAX_COPYING: Final = 4
# A body above it is copied in slices by most sinks, and may take its time.
LARGE_BYTES: Final = BATCH_BYTES
# In hand until their channel may copy: a header each, and of a channel as many as it leaves free. What is
# above is taken from the queue again after so long, or less often where there are many.
MAX_LATER: Final = 4_096
PUT_OFF_S: Final = 10.0
# Other bodies that a sink takes in slices, all the same.
_MOST_IN_SLICES: Final = 64
# A sink that is down is asked again soon, then less often; its return is noticed within ten seconds.
FIRST_WAIT_S: Final = 0.5
LONGEST_DOWN_S: Final = 10.0
# A unit that fails alone waits so long after the tries that the policy grants; it is never dropped.
LONG_WAIT_S: Final = 300.0
DEFAULT_TRIES: Final = 3
_IDLE_S: Final = 0.01

# A unit whose bytes are not those that were admitted; any other refusal of a sink is `refused`.
_NOT_AS_ADMITTED: Final = 2532


@dataclass(frozen=True, slots=True)
class _Unit:
    """A unit in hand. attempt: how often the queue has given it, from 1."""

    number: int
    attempt: int
    admitted: Admitted

    @property
    def channel(self) -> str:
        return self.admitted.manifest.channel


@dataclass(frozen=True, slots=True)
class _Down:
    """A sink that took nothing of a whole batch: it is not asked before until_s."""

    until_s: float
    wait_s: float
    error: Unavailable


class Others(Protocol):
    """Who has the units of the queue that are no files: it answers the queue for them."""

    def take(self, taken: Taken, admitted: Admitted) -> None:
        """Raises Refused (it is nothing for this edge), Unavailable of the queue. Does not block."""
        ...


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
        tries: Mapping[str, int] | None = None,
        others: Others | None = None,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        """sinks: by channel. read_admitted: raises Refused. tries: by channel, else DEFAULT_TRIES. others:
        answer the queue for units that are no files; without them those wait."""
        self._queue, self._sinks = queue, sinks
        self._read_admitted = read_admitted
        self._recorder, self._status = recorder, status
        self._tries = tries or {}
        self._others = others
        self._now_ns = now_ns
        # In the order in which they have their next slice.
        self._copying: dict[int, _Unit] = {}
        self._later: dict[str, deque[_Unit]] = {}
        # How often a unit was given for which there was no room: no attempt to deliver it.
        self._without_room: dict[int, int] = {}
        self._events: deque[Event] = deque()
        self._delivered: list[_Unit] = []
        self._refused: deque[tuple[_Unit, Refused]] = deque()
        self._unreadable: deque[tuple[int, Refused]] = deque()
        self._down: dict[str, _Down] = {}
        self._stuck: dict[int, dict[str, Field]] = {}
        self._own_trouble: Unavailable | None = None
        self._alarms: set[int] = set()

    def step(self, now_s: float) -> float:
        """One batch; gives the seconds until the next call is wanted, 0 where more may be there.

        Does I/O, of bounded size. Raises StateUncertain and nothing else: what is Unavailable waits,
        with an alarm.
        """
        try:
            self._answer()
            moved = self._move(now_s)
            self._answer()
            self._own_trouble = None
        except Unavailable as error:
            # The journal or the queue itself: nothing passes until it is back, nothing is forgotten.
            self._own_trouble, moved = error, False
        self._show_alarms()
        if self._own_trouble is not None:
            return FIRST_WAIT_S
        return 0.0 if moved else _IDLE_S

    def close(self) -> None:
        """Answer what can be answered and let go of the sinks; the rest comes again, also to a successor."""
        with suppress(Unavailable):
            self._answer()
        out = [*self._copying, *(unit.number for unit in self._delivered)]
        out += [unit.number for line in self._later.values() for unit in line]
        out += [unit.number for unit, _ in self._refused] + [
            number for number, _ in self._unreadable
        ]
        for number in out:
            # The sink knows which of them it has.
            with suppress(Unavailable):
                self._queue.release(number, 0.0)
        for sink in self._sinks.values():
            sink.close()

    def _move(self, now_s: float) -> bool:
        units = self._take() if len(self._copying) < _MOST_IN_SLICES else []
        units += self._next_slice()
        by_channel: dict[str, list[_Unit]] = {}
        for unit in units:
            by_channel.setdefault(unit.channel, []).append(unit)
        for channel, members in by_channel.items():
            self._deliver(channel, members, now_s)
        return bool(units)

    def _next_slice(self) -> list[_Unit]:
        """Of a body that is being copied, in turn; of one that begins, where its channel copies no other."""
        copying = {unit.channel for unit in self._copying.values()}
        channel = next((name for name in self._later if name not in copying), None)
        if channel is not None and len(self._copying) < MAX_COPYING:
            line = self._later.pop(channel)
            unit = line.popleft()
            if line:
                self._later[channel] = line
        elif self._copying:
            unit = self._copying.pop(next(iter(self._copying)))
        else:
            return []
        self._copying[unit.number] = unit
        return [unit]

    def _take(self) -> list[_Unit]:
        units = []
        for taken in self._queue.take(BATCH_UNITS, BATCH_BYTES):
            try:
                attempt = taken.attempt - self._without_room.get(taken.number, 0)
                unit = _Unit(taken.number, attempt, self._read_admitted(taken))
                if self._others is not None and not isinstance(
                    unit.admitted.manifest.body, FileBody
                ):
                    self._others.take(taken, unit.admitted)
                    continue
                if unit.admitted.body.size_bytes > LARGE_BYTES:
                    self._keep_for_later(unit)
                    continue
                units.append(unit)
            except Refused as error:
                self._record("corrupt", taken.number, "", error.number, error.fields)
                self._unreadable.append((taken.number, error))
        return units

    def _keep_for_later(self, unit: _Unit) -> None:
        own = len(self._later.get(unit.channel, ()))
        if has_share(own, 1, MAX_LATER - sum(map(len, self._later.values()))):
            self._later.setdefault(unit.channel, deque()).append(unit)
            return
        self._without_room[unit.number] = self._without_room.get(unit.number, 0) + 1
        wait_s = PUT_OFF_S * max(len(self._without_room) / MAX_LATER, 1.0)
        self._queue.release(unit.number, wait_s)

    def _deliver(self, channel: str, units: list[_Unit], now_s: float) -> None:
        down = self._down.get(channel)
        if down is not None and now_s < down.until_s:
            for unit in units:
                self._put_off(unit, down.error, down.until_s - now_s)
            return
        answers = self._ask(channel, units)
        failures = [answer for answer in answers if isinstance(answer, Unavailable)]
        if len(failures) == len(units):
            wait_s = min(down.wait_s * 2, LONGEST_DOWN_S) if down is not None else FIRST_WAIT_S
            self._down[channel] = _Down(now_s + wait_s, wait_s, failures[-1])
            for unit, failure in zip(units, failures, strict=True):
                self._put_off(unit, failure, wait_s)
            return
        self._down.pop(channel, None)
        for unit, answer in zip(units, answers, strict=True):
            self._settle(unit, answer)

    def _ask(self, channel: str, units: list[_Unit]) -> list[Delivery]:
        sink = self._sinks.get(channel)
        if sink is None:
            return [Unavailable(2540, channel=channel)] * len(units)
        return sink.deliver([unit.admitted for unit in units])

    def _settle(self, unit: _Unit, answer: Delivery) -> None:
        if isinstance(answer, Progress):
            self._copying[unit.number] = unit
            return
        self._copying.pop(unit.number, None)
        if isinstance(answer, Unavailable):
            self._try_later(unit, answer)
            return
        self._stuck.pop(unit.number, None)
        self._without_room.pop(unit.number, None)
        if isinstance(answer, Receipt):
            self._record_delivered(unit, answer)
            self._delivered.append(unit)
        elif isinstance(answer, Refused):
            fields = {"name": unit.admitted.manifest.file.name, **answer.fields}
            what = _stage_of(answer).value
            self._record(what, unit.number, unit.channel, answer.number, fields)
            self._refused.append((unit, answer))
        else:
            assert_never(answer)

    def _try_later(self, unit: _Unit, error: Unavailable) -> None:
        """This unit alone did not fit: again soon, then seldom, with an alarm."""
        if unit.attempt < self._tries.get(unit.channel, DEFAULT_TRIES):
            wait_s = min(FIRST_WAIT_S * 2.0 ** min(unit.attempt - 1, 10), LONG_WAIT_S)
            self._put_off(unit, error, wait_s)
            return
        self._stuck[unit.number] = {
            "channel": unit.channel,
            "attempts": unit.attempt,
            "reason": error.number,
        }
        self._put_off(unit, error, LONG_WAIT_S)

    def _put_off(self, unit: _Unit, error: Unavailable, wait_s: float) -> None:
        self._copying.pop(unit.number, None)
        if unit.attempt == 1:
            self._record("deferred", unit.number, unit.channel, error.number, error.fields)
        self._queue.release(unit.number, wait_s)

    def _answer(self) -> None:
        """Journal first, then the queue, then the sinks may forget. Raises Unavailable; call it again."""
        if not (self._events or self._delivered or self._refused or self._unreadable):
            return
        while self._events:
            self._recorder.record(self._events[0])
            self._events.popleft()
        self._recorder.commit()
        self._acknowledge()
        while self._refused:
            unit, error = self._refused[0]
            self._reject(unit.number, error, _stage_of(error))
            self._refused.popleft()
            self._sinks[unit.channel].forget([unit.number])
        while self._unreadable:
            number, error = self._unreadable[0]
            self._reject(number, error, Stage.CORRUPT)
            self._unreadable.popleft()

    def _acknowledge(self) -> None:
        if not self._delivered:
            return
        # From here the queue may forget them: they are durable in their destination.
        self._queue.ack([unit.number for unit in self._delivered])
        delivered, self._delivered = self._delivered, []
        self._status.count("units_delivered_total", len(delivered))
        for unit in delivered:
            self._sinks[unit.channel].forget([unit.number])

    def _reject(self, number: int, error: Refused, stage: Stage) -> None:
        self._queue.reject(number, error.number, stage.value)
        self._status.count(f"units_{stage.value}_total")

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
            # As the sending host said; from then to now is what people wait for.
            "captured_at_ns": manifest.captured_at_ns,
        }
        if receipt.again:
            fields["again"] = 1
        self._record("delivered", unit.number, unit.channel, 0, fields)

    def _record(
        self, what: str, number: int, channel: str, reason: int, fields: Mapping[str, Field]
    ) -> None:
        self._events.append(Event(what, self._now_ns(), number, channel, reason, fields))

    def _show_alarms(self) -> None:
        alarms: dict[int, Mapping[str, Field]] = {}
        if self._own_trouble is not None:
            alarms[self._own_trouble.number] = self._own_trouble.fields
        for channel, down in self._down.items():
            alarms[down.error.number] = {"channel": channel, **down.error.fields}
        if self._stuck:
            alarms[2541] = next(iter(self._stuck.values()))
        for number, fields in alarms.items():
            self._status.raise_alarm(number, **fields)
        for number in self._alarms - alarms.keys():
            self._status.clear_alarm(number)
        self._alarms = set(alarms)


def _stage_of(refusal: Refused) -> Stage:
    return Stage.CORRUPT if refusal.number == _NOT_AS_ADMITTED else Stage.REFUSED


def _receipt_mark(number: int, receipt: Receipt, digest: str) -> str:
    """Sixteen characters that two people can compare: unit, name, size and digest in one."""
    text = f"{number}\n{receipt.name}\n{receipt.size_bytes}\n{digest}"
    return sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:16]
