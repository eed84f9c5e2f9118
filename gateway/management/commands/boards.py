"""The processes of a host as their status files show them, and what its queues hold. Reads only."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from gateway.errors import GatewayError
from gateway.management.lane_status import lane_name
from gateway.management.layout import HostFolder, Role, queues_of
from gateway.unit.model import Side, Stage

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
    """Each queue of a side: what its reader says of it, else what its files show; None is not known."""
    found = []
    for lane in host.lanes():
        for stage, ends in queues_of(side, lane).items():
            folder = host.queue(lane, stage)
            name = lane_name(lane, f"queue_{stage.value}")
            entry: dict[str, Any] = {
                "queue": stage.value,
                "lane": lane.value,
                **_figures(folder, name, boards.get(ends.reader)),
            }
            for aside in _ASIDE:
                entry[aside.value] = _count(folder / aside.value)
            found.append(entry)
    return found


def _figures(folder: Path, name: str, reader: Seen | None) -> dict[str, float | None]:
    if reader is not None and reader.alive and f"{name}_units" in reader.gauges:
        said = reader.gauges
        return {
            "units": said[f"{name}_units"],
            "deferred": said.get(f"{name}_deferred"),
            "oldest_s": said.get(f"{name}_oldest_seconds"),
        }
    if not folder.is_dir():
        return {"units": 0, "deferred": 0, "oldest_s": 0.0}
    from gateway.spool.outside import look

    try:
        health = look(folder)
    except GatewayError:
        return {"units": None, "deferred": None, "oldest_s": None}
    return {
        "units": health.depth,
        "deferred": health.deferred,
        "oldest_s": round(health.oldest_age_s, 1),
    }


def _count(folder: Path) -> int | None:
    """Units set aside in a folder; None where it may not be read."""
    try:
        with os.scandir(folder) as listing:
            return sum(entry.name.endswith(".json") for entry in listing)
    except FileNotFoundError:
        return 0
    except OSError:
        return None
