"""`status`: processes, lane, queues, channels and alarms of the hosts at hand."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from gateway.errors import Misconfigured
from gateway.management.commands.boards import Seen, queue_data, read_boards
from gateway.management.commands.command import Answer, Call, Command, Data, Exit, add_side
from gateway.management.layout import HostFolder, Role
from gateway.management.terminal.figures import count, digest, size, span, stamp
from gateway.management.terminal.screen import Colour, Terminal
from gateway.management.terminal.states import colour_of, letter, state
from gateway.management.terminal.table import Cell, Column, table
from gateway.management.terminal.words import say
from gateway.messages import describe
from gateway.unit.model import Side


def status(call: Call) -> Answer:
    """How the hosts at hand are. 1 where a process is not running or an alarm stands."""
    data = status_data(call.hosts(), time.time_ns(), call.language)
    return Answer(data, render_status, Exit.YES if data["well"] else Exit.NO)


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
        "lane": _lane_data(side, boards.get(Role.FERRY)),
        "alarms": alarm_data(boards, now_ns, language),
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


def _lane_data(side: Side, ferry: Seen | None) -> Data:
    """What the ferry says of the lane: its own gauges and counters, under their own names."""
    if ferry is None or not ferry.alive:
        return {
            "lane": "import",
            "end": "sends" if side is Side.OUTER else "receives",
            "figures": {},
        }
    figures: dict[str, Any] = {
        name: value
        for name, value in sorted({**ferry.gauges, **ferry.counters}.items())
        if not name.startswith("queue_") and name not in ("journal_seq", "policy", "channels")
    }
    return {
        "lane": "import",
        "end": "sends" if side is Side.OUTER else "receives",
        "figures": figures,
    }


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


def render_status(data: Data, terminal: Terminal) -> Sequence[str]:
    """One block a host."""
    lines: list[str] = []
    for host in data["hosts"]:
        lines += [*_host_lines(host, terminal), ""]
    if not data["well"]:
        lines.append(say(terminal, "Not all is well: ferrygate doctor says what mends it."))
    else:
        lines.append(say(terminal, "All is well."))
    return lines


def _host_lines(host: Data, terminal: Terminal) -> list[str]:
    title = terminal.paint(say(terminal, host["side"]).upper(), Colour.HEAD)
    policy = (
        say(terminal, "policy {digest}", digest=digest(host["policy"]))
        if host["policy"]
        else say(terminal, "no policy in force")
    )
    lines = [f"{title}  {policy}  {host['folder']}"]
    lines += process_table(host["processes"], terminal)
    lines += queue_table(host["queues"], terminal)
    lines += [f"  {line_}" for line_ in [lane_line(host["lane"], terminal)] if line_]
    lines += alarm_lines(host["alarms"], terminal)
    return lines


def process_table(processes: Sequence[Data], terminal: Terminal) -> list[str]:
    heads = [
        Column(say(terminal, "PROCESS")),
        Column(say(terminal, "STATE")),
        Column(say(terminal, "PID"), right=True),
        Column(say(terminal, "UP"), right=True),
        Column(say(terminal, "UNITS SINCE ITS START"), least=20),
    ]
    rows: list[list[Cell | str]] = [
        [
            say(terminal, process["process"]),
            Cell(state(terminal, process["state"]), colour_of(process["state"])),
            str(process["pid"] or "-"),
            span(process["up_s"]) if process["up_s"] is not None else "-",
            ", ".join(f"{say(terminal, what)} {count(n)}" for what, n in process["units"].items())
            or "-",
        ]
        for process in processes
    ]
    return table(terminal, heads, rows, "  ")


def queue_table(queues: Sequence[Data], terminal: Terminal) -> list[str]:
    """A queue whose reader says nothing shows `?`, never a nought."""
    words = ("UNITS", "DEFERRED", "OLDEST", "REFUSED", "HELD", "CORRUPT")
    heads = [
        Column(say(terminal, "QUEUE")),
        *(Column(say(terminal, word), right=True) for word in words),
    ]
    rows: list[list[Cell | str]] = [
        [
            say(terminal, queue["queue"]),
            *(_figure(queue[name]) for name in ("units", "deferred")),
            "?" if queue["oldest_s"] is None else span(float(queue["oldest_s"])),
            *(_aside(queue[name], name) for name in ("refused", "held", "corrupt")),
        ]
        for queue in queues
    ]
    return table(terminal, heads, rows, "  ")


def _figure(value: float | None) -> str:
    return "?" if value is None else count(value)


def _aside(value: float | None, word: str) -> Cell:
    return Cell(_figure(value), colour_of(word) if value else None)


# Figures of the ferry that people read first, with their phrase; the rest stands in --json.
_LANE_FIGURES: Final = (
    ("bytes_per_s", "{value}/s"),
    ("lane_bytes", "{value} sent"),
    ("units_sent_total", "units sent {value}"),
    ("units_received_total", "units received {value}"),
    ("lane_repaired_total", "symbols repaired {value}"),
    ("blocks_lost_total", "blocks lost {value}"),
    ("units_missing", "units missing {value}"),
    ("lane_replayed_total", "replayed blocks refused {value}"),
)


def lane_line(lane: Data, terminal: Terminal) -> str:
    """`lane import (sends): 3.1 MiB sent, units sent 412`."""
    figures = lane["figures"]
    parts = [
        say(
            terminal, phrase, value=size(figures[name]) if "bytes" in name else count(figures[name])
        )
        for name, phrase in _LANE_FIGURES
        if name in figures
    ]
    head = say(
        terminal,
        "lane {lane} ({end})",
        lane=say(terminal, lane["lane"]),
        end=say(terminal, lane["end"]),
    )
    return (
        f"{head}: {', '.join(parts)}"
        if parts
        else f"{head}: {say(terminal, 'the ferry says nothing')}"
    )


def alarm_lines(alarms: Sequence[Data], terminal: Terminal) -> list[str]:

    lines: list[str] = []
    for alarm in alarms:
        text = f"{letter('stop')} {alarm['text']} ({say(terminal, alarm['process'])}, {span(alarm['age_s'])})"
        wrapped = terminal.wrap(text, "  ")
        lines += [terminal.paint(wrapped[0], Colour.BAD), *wrapped[1:]]
    return lines


COMMANDS: Final = (
    Command(
        "status",
        "How the processes, the lane, the queues and the alarms are. 1 where not all is well.",
        ("ferrygate status", "ferrygate --gate .trial status --json"),
        status,
        add_side,
    ),
)
