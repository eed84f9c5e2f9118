"""The state of hosts as data: processes, queues, lane and alarms, as their status files show them.

Reads only; how it looks on a screen is state.py and top_frame.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from gateway.errors import Misconfigured
from gateway.management.commands.boards import Seen, queue_data, read_boards
from gateway.management.commands.command import Data
from gateway.management.commands.silence import silence_data
from gateway.management.lane_status import lane_and_name
from gateway.management.layout import HostFolder, Role
from gateway.management.terminal.figures import stamp
from gateway.messages import describe
from gateway.unit.model import Lane, Side

_UNITS: Final = "units_"
# What a ferry counts of units at one end of a lane.
_SENT: Final = frozenset({"units_sent_total", "units_resent_total", "units_unannounced"})
_RECEIVED: Final = frozenset(
    {"units_received_total", "units_lost_total", "units_missing", "units_partial"}
)


def status_data(hosts: Mapping[Side, HostFolder], now_ns: int, language: str) -> Data:
    """The state of each host. well: all processes run and no alarm stands."""
    shown = [
        _host_data(side, host, read_boards(host), now_ns, language) for side, host in hosts.items()
    ]
    well = all(
        not host["alarms"] and all(process["state"] == "running" for process in host["processes"])
        for host in shown
    )
    return {"at": stamp(now_ns), "well": well, "hosts": shown}


def _host_data(
    side: Side, host: HostFolder, boards: dict[Role, Seen], now_ns: int, language: str
) -> Data:
    return {
        "side": side.value,
        "folder": str(host.root),
        "policy": next(
            (str(b.gauges["policy"]) for b in boards.values() if "policy" in b.gauges), None
        ),
        "processes": [_process_data(role, boards.get(role), now_ns) for role in Role],
        "queues": queue_data(host, side, boards),
        "lane": _lane_data(Lane.IMPORT, side, boards.get(Role.FERRY)),
        "lanes": [_lane_data(lane, side, boards.get(Role.FERRY)) for lane in host.lanes()],
        "alarms": alarm_data(boards, now_ns, language),
        "findings": silence_data(host, side, boards, now_ns, language),
    }


def _process_data(role: Role, seen: Seen | None, now_ns: int) -> Data:
    if seen is None:
        return {"process": role.value, "state": "stopped", "pid": None, "up_s": None, "units": {}}
    alive = seen.alive
    units = {
        name.removeprefix("units_").removesuffix("_total"): value
        for name, value in sorted(seen.counters.items())
        if name.startswith("units_") and name.endswith("_total")
    }
    return {
        "process": role.value,
        "state": seen.state,
        "pid": seen.pid if alive else None,
        "up_s": round((now_ns - seen.started_at_ns) / 1e9, 1) if alive else None,
        "units": units,
    }


def _lane_data(lane: Lane, side: Side, ferry: Seen | None) -> Data:
    """What the ferry says of a lane: its own gauges and counters, under the names of the import lane."""
    sends = side is lane.sender
    figures: dict[str, Any] = {}
    if ferry is not None and ferry.alive:
        for said, value in sorted({**ferry.gauges, **ferry.counters}.items()):
            of, name = lane_and_name(said)
            # Units of both lanes are counted together; those that were sent went over the one.
            is_ours = of is lane or said.startswith(_UNITS)
            if is_ours and not _is_of_other_end(name, sends) and not _is_no_figure(name):
                figures[name] = value
    return {"lane": lane.value, "end": "sends" if sends else "receives", "figures": figures}


def _is_of_other_end(name: str, sends: bool) -> bool:
    if name in _SENT:
        return not sends
    return sends and name in _RECEIVED


def _is_no_figure(name: str) -> bool:
    return name.startswith("queue_") or name in ("journal_seq", "policy", "channels")


def alarm_data(boards: Mapping[Role, Seen], now_ns: int, language: str) -> list[Data]:
    """What stands, with the process that raised it; oldest first."""
    found = [
        {
            "process": role.value,
            "number": alarm["number"],
            "since": stamp(alarm["since_ns"]),
            "age_s": round((now_ns - alarm["since_ns"]) / 1e9, 1),
            "fields": alarm["fields"],
            "text": describe(Misconfigured(alarm["number"], **alarm["fields"]), language),
        }
        for role, board in boards.items()
        if board.alive
        for alarm in board.alarms
    ]
    return sorted(found, key=lambda alarm: str(alarm["since"]))
