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
