"""The processes of a host as their status files show them, and what its queues hold. Reads only."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from gateway.management.layout import HostFolder, Role
from gateway.unit.model import Lane, Side, Stage

# Which process of which side reports on which queue of the import lane.
QUEUES: Final = {
    Side.OUTER: (Stage.CAPTURED, Stage.CLEARED),
    Side.INNER: (Stage.RECEIVED, Stage.ADMITTED),
}
READER: Final = {
    Stage.CAPTURED: Role.GUARD,
    Stage.CLEARED: Role.FERRY,
    Stage.RECEIVED: Role.GUARD,
    Stage.ADMITTED: Role.EDGE,
}
_ASIDE: Final = (Stage.REFUSED, Stage.HELD, Stage.CORRUPT)


@dataclass(frozen=True, slots=True)
class Seen:
    """One process. state: `running`, `silent` (there, but says nothing), `stopped` or `unknown`."""

    process: str
    state: str
    pid: int = 0
    started_at_ns: int = 0
    flushed_at_ns: int = 0
    gauges: dict[str, Any] = field(default_factory=dict)
    counters: dict[str, int] = field(default_factory=dict)
    alarms: tuple[dict[str, Any], ...] = ()

    @property
    def alive(self) -> bool:
        return self.state in ("running", "silent")


def read_boards(host: HostFolder) -> dict[Role, Seen]:
    """Every process of a host that has ever written its status file. Raises nothing."""
    from gateway.audit.status import Condition, read_status

    states = {
        Condition.RUNNING: "running",
        Condition.STALE: "silent",
        Condition.STOPPED: "stopped",
        Condition.GONE: "stopped",
        Condition.UNREADABLE: "unknown",
    }
    seen: dict[Role, Seen] = {}
    for one in read_status(host.run):
        if one.process in set(Role):
            alarms = tuple(
                {"number": a.number, "since_ns": a.since_ns, "fields": a.fields} for a in one.alarms
            )
            seen[Role(one.process)] = Seen(
                one.process,
                states[one.condition],
                one.pid,
                one.started_at_ns,
                one.flushed_at_ns,
                one.gauges,
                one.counters,
                alarms,
            )
    return seen


def queue_data(host: HostFolder, side: Side, boards: dict[Role, Seen]) -> list[dict[str, Any]]:
    """Each queue of a side: what its reader says of it, and what lies set aside there."""
    found = []
    for stage in QUEUES[side]:
        reader = boards.get(READER[stage])
        gauges = reader.gauges if reader is not None and reader.alive else {}
        folder = host.queue(Lane.IMPORT, stage)
        entry: dict[str, Any] = {
            "queue": stage.value,
            "units": gauges.get(f"queue_{stage.value}_units"),
            "deferred": gauges.get(f"queue_{stage.value}_deferred_units"),
            "oldest_s": gauges.get(f"queue_{stage.value}_oldest_s"),
        }
        for aside in _ASIDE:
            entry[aside.value] = _count(folder / aside.value)
        found.append(entry)
    return found


def _count(folder: Path) -> int | None:
    """Units set aside in a folder; None where it may not be read."""
    try:
        with os.scandir(folder) as listing:
            return sum(entry.name.endswith(".json") for entry in listing)
    except FileNotFoundError:
        return 0
    except OSError:
        return None
