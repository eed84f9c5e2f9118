"""An event: numbers and fields, never sentences, so that each reader has it in his own language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from gateway.errors import Field


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened.

    what: a stage word (`captured` ... `corrupt`) or a dotted name (`alarm.raised`, `policy.loaded`,
    `lane.gap`, `replay.refused`, `process.started`).
    unit: the unit's number, None where no unit is concerned. channel: its name or "".
    number: the FG number of the reason, 0 where everything is as it should be.
    fields: small values; never content of a unit.
    """

    what: str
    at_ns: int
    unit: int | None = None
    channel: str = ""
    number: int = 0
    fields: Mapping[str, Field] = field(default_factory=dict)


class Recorder(Protocol):
    """Where a process writes its events. record() buffers; commit() makes durable."""

    def record(self, event: Event) -> None: ...

    def commit(self) -> None:
        """All recorded events are on disk when this returns.

        Raises Unavailable 6003 (journal cannot be written: no unit passes meanwhile, the events
        stay buffered) or StateUncertain 6004.
        """
        ...


class Status(Protocol):
    """Where a process shows how it is, for people and monitoring; nothing depends on it being read.

    Names of gauges and counters are metric names (`queue_cleared_units`, `blocks_lost_total`).
    """

    def gauge(self, name: str, value: Field) -> None: ...

    def count(self, name: str, by: int = 1) -> None: ...

    def raise_alarm(self, number: int, **fields: Field) -> None:
        """Show an alarm and, if it is new, record `alarm.raised`. Raising it again is free."""
        ...

    def clear_alarm(self, number: int) -> None:
        """End an alarm and, if it stood, record `alarm.cleared`."""
        ...
