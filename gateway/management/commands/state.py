"""`status`: processes, lane, queues, channels and alarms of the hosts at hand, as text."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from gateway.management.commands.command import Answer, Call, Command, Data, Exit, add_side
from gateway.management.commands.watching import MINUTE_NS, Watch
from gateway.management.terminal.figures import count, digest, size, span
from gateway.management.terminal.screen import Colour, Terminal
from gateway.management.terminal.states import colour_of, letter, state
from gateway.management.terminal.table import Cell, Column, table
from gateway.management.terminal.words import say

# Of each journal, so that status answers at once on a gate of any age.
_LOOK_BACK_BYTES: Final = 2 << 20


def status(call: Call) -> Answer:
    """How the hosts at hand are. 1 where a process is not running or an alarm stands."""
    watch = Watch(call.hosts(), MINUTE_NS, _LOOK_BACK_BYTES)
    data = watch.look(time.time_ns(), call.language)
    return Answer(data, render_status, Exit.YES if data["well"] else Exit.NO)


def render_status(data: Data, terminal: Terminal) -> Sequence[str]:
    """One block a host."""
    lines: list[str] = []
    for host in data["hosts"]:
        lines += [*_host_lines(host, terminal), ""]
    if data["channels"]:
        lines += [*_channel_table(data["channels"], terminal)]
    lines += [f"  {crossing_line(data['crossing'], terminal)}", ""]
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
    lines += [f"  {lane_line(lane, terminal)}" for lane in lanes_of(host)]
    lines += alarm_lines(host["alarms"], terminal)
    lines += finding_lines(host.get("findings", ()), terminal)
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
            queue_name(queue, terminal),
            *(_figure(queue[name]) for name in ("units", "deferred")),
            "?" if queue["oldest_s"] is None else span(float(queue["oldest_s"])),
            *(_aside(queue[name], name) for name in ("refused", "held", "corrupt")),
        ]
        for queue in queues
    ]
    return table(terminal, heads, rows, "  ")


def queue_name(queue: Data, terminal: Terminal) -> str:
    """`captured`; of the export lane `export captured`."""
    name = say(terminal, queue["queue"])
    return f"{say(terminal, 'export')} {name}" if queue.get("lane") == "export" else name


def lanes_of(host: Mapping[str, Any]) -> Sequence[Data]:
    """The lanes of a host, the import lane first."""
    return [host["lane"], *(lane for lane in host.get("lanes", ()) if lane["lane"] == "export")]


def _figure(value: float | None) -> str:
    return "?" if value is None else count(value)


def _aside(value: float | None, word: str) -> Cell:
    return Cell(_figure(value), colour_of(word) if value else None)


# Figures of the ferry that people read first, with their phrase; the rest stands in --json.
_LANE_FIGURES: Final = (
    ("lane_bytes_per_s", "{value}/s"),
    ("lane_bytes", "{value} sent"),
    ("lane_received_bytes", "{value} received"),
    ("lane_heartbeat_age_s", "heartbeat {value}"),
    ("lane_queues_percent", "{value} % for queues"),
    ("units_sent_total", "units sent {value}"),
    ("units_received_total", "units received {value}"),
    ("lane_repaired_total", "symbols repaired {value}"),
    ("blocks_lost_total", "blocks lost {value}"),
    ("units_missing", "units missing {value}"),
    ("lane_replayed_total", "replayed blocks refused {value}"),
)
# Nothing gives way: as ever.
_ALL: Final = ("lane_queues_percent", 100)


def lane_line(lane: Data, terminal: Terminal) -> str:
    """`lane import (sends): 3.1 MiB sent, units sent 412`."""
    figures = lane["figures"]
    parts = [
        say(terminal, phrase, value=_lane_figure(name, figures[name]))
        for name, phrase in _LANE_FIGURES
        if name in figures and (name, figures[name]) != _ALL
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


def _lane_figure(name: str, value: float) -> str:
    if name.endswith("_age_s"):
        return span(value)
    return size(value) if "bytes" in name else count(value)


def crossing_line(crossing: Data, terminal: Terminal) -> str:
    """`412 units/min, p50 84 ms, p99 310 ms`; without times where they are not known here."""
    parts = [say(terminal, "{value} units/min", value=count(crossing["per_min"]))]
    if crossing["p50_s"] is not None:
        parts += [f"p50 {span(crossing['p50_s'])}", f"p99 {span(crossing['p99_s'])}"]
    return ", ".join(parts)


def _channel_table(channels: Sequence[Data], terminal: Terminal) -> list[str]:
    heads = [
        Column(say(terminal, "CHANNEL"), least=12),
        Column(say(terminal, "PASSED/MIN"), right=True),
        Column(say(terminal, "REFUSED/MIN"), right=True),
    ]
    rows: list[list[Cell | str]] = [
        [
            one["channel"],
            count(one["per_min"]),
            Cell(
                count(one["refused_per_min"]),
                colour_of("refused") if one["refused_per_min"] else None,
            ),
        ]
        for one in channels
    ]
    return table(terminal, heads, rows, "  ")


def finding_lines(findings: Sequence[Data], terminal: Terminal) -> list[str]:
    """What no process can say itself, each with what to do."""
    lines: list[str] = []
    for finding in findings:
        wrapped = terminal.wrap(f"{letter('stop')} {finding['text']}", "  ")
        lines += [terminal.paint(wrapped[0], Colour.BAD), *wrapped[1:]]
        lines += terminal.wrap(finding["do"], "    ") if finding["do"] else []
    return lines


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
