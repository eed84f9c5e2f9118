"""The frame of `top` as lines of text: fits the rows and columns given, cuts lists, says how many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from gateway.management.commands.state import crossing_line, lane_line, lanes_of, queue_name
from gateway.management.terminal.figures import count, digest
from gateway.management.terminal.screen import Colour, Terminal
from gateway.management.terminal.states import colour_of, letter
from gateway.management.terminal.table import Cell, Column, table
from gateway.management.terminal.width import cut, width
from gateway.management.terminal.words import say

Data = Mapping[str, Any]

# Most alarms shown; the rest is a number and `ferrygate alarms`.
_ALARMS: Final = 3


def frame(data: Data, terminal: Terminal, rows: int) -> list[str]:
    """One screen. data: as `top --json` prints it. Never more lines than rows or wider than columns."""
    lines = [_title(data, terminal)]
    for host in data["hosts"]:
        lines += _host_lines(host, terminal)
    lines.append(_cut(crossing_line(data["crossing"], terminal), terminal))
    lines += _alarm_lines(data["hosts"], terminal)
    lines.append("")
    footer = _footer(data, terminal)
    room = rows - len(lines) - 1
    channel_room = max(2, min(len(data["channels"]) + 1, room // 2))
    lines += _channel_table(data["channels"], terminal, channel_room)
    lines += _last_table(data["last"], terminal, rows - len(lines) - 1)
    lines = lines[: rows - 1]
    lines += [""] * (rows - 1 - len(lines))
    return [*(terminal.fit(line) for line in lines), footer]


def _title(data: Data, terminal: Terminal) -> str:
    policies = {host["policy"] for host in data["hosts"]}
    policy = next(iter(policies)) if len(policies) == 1 else None
    if len(policies) > 1:
        said = say(terminal, "policies DIFFER")
    else:
        said = (
            say(terminal, "policy {digest}", digest=digest(policy))
            if policy
            else say(terminal, "no policy in force")
        )
    well = say(terminal, "All is well.") if data["well"] else say(terminal, "look below")
    two_way = any(len(lanes_of(host)) > 1 for host in data["hosts"])
    way = "OUTER <-> INNER" if two_way else "OUTER -> INNER"
    parts = [way, said, well, f"{data['at'][11:19]}Z", say(terminal, "read-only")]
    return terminal.paint(_cut("  ".join(parts), terminal), Colour.HEAD)


def _host_lines(host: Data, terminal: Terminal) -> list[str]:
    processes = "  ".join(
        f"{say(terminal, p['process'])} {letter(p['state'])} {say(terminal, p['state'])}"
        for p in host["processes"]
    )
    bad = any(process["state"] != "running" for process in host["processes"])
    first = _cut(f"{say(terminal, host['side'])}: {processes}", terminal)
    waits = "  ".join(
        f"{queue_name(queue, terminal)} {_figure(queue['units'])}" for queue in host["queues"]
    )
    aside = "  ".join(
        f"{say(terminal, word)} {_sum(host['queues'], word)}"
        for word in ("deferred", "held", "refused", "corrupt")
    )
    lines = [
        terminal.paint(first, Colour.WARN if bad else None),
        _cut(f"  {say(terminal, 'waits')}  {waits}  {aside}", terminal),
    ]
    lines += [_cut(f"  {lane_line(lane, terminal)}", terminal) for lane in lanes_of(host)]
    return lines


def _alarm_lines(hosts: Sequence[Data], terminal: Terminal) -> list[str]:
    alarms = [
        (host["side"], alarm)
        for host in hosts
        # What a process cannot say itself comes first: what it did say is as old as its silence.
        for alarm in (*host.get("findings", ()), *host["alarms"])
    ]
    lines = [
        terminal.paint(
            _cut(f"{letter('stop')} {say(terminal, side)}: {alarm['text']}", terminal), Colour.BAD
        )
        for side, alarm in alarms[:_ALARMS]
    ]
    if len(alarms) > _ALARMS:
        lines.append(
            say(terminal, "and {count} more: ferrygate alarms", count=len(alarms) - _ALARMS)
        )
    return lines


def _channel_table(channels: Sequence[Data], terminal: Terminal, room: int) -> list[str]:
    if not channels:
        return [say(terminal, "No unit in the last hour.")]
    words = ("captured", "cleared", "delivered", "refused", "held")
    heads = [Column(say(terminal, "CHANNEL"), least=12), Column(say(terminal, "/MIN"), right=True)]
    heads += [Column(say(terminal, word.upper()), right=True) for word in words]
    rows = [
        [
            channel["channel"],
            count(channel["per_min"]),
            *(
                Cell(
                    count(channel[word]),
                    colour_of(word) if word in ("refused", "held") and channel[word] else None,
                )
                for word in words
            ),
        ]
        for channel in channels[: max(1, room - 1)]
    ]
    lines = table(terminal, heads, rows)
    if len(channels) > len(rows):
        lines[-1] = say(terminal, "and {count} more channels", count=len(channels) - len(rows) + 1)
    return lines


def _last_table(last: Sequence[Data], terminal: Terminal, room: int) -> list[str]:
    if room < 2:
        return []
    lines = [terminal.paint(say(terminal, "LAST REFUSED AND HELD"), Colour.HEAD)]
    for one in last[: room - 1]:
        rule = " ".join(str(part) for part in (one["word"], one["rule"]) if part) or one["text"]
        text = f"{one['at'][11:19]} {letter(one['result'])} {one['unit'] or '-':11} {one['channel']}  {rule}"
        lines.append(terminal.paint(_cut(text, terminal), colour_of(one["result"])))
    return lines


def _footer(data: Data, terminal: Terminal) -> str:
    unit = next((one["unit"] for one in data["last"] if one["unit"]), None)
    command = f"$ ferrygate explain {unit}" if unit else "$ ferrygate units"
    left = say(terminal, "[q] leave")
    blanks = max(2, terminal.columns - width(left) - width(command))
    return _cut(left + " " * blanks + command, terminal)


def _cut(text: str, terminal: Terminal) -> str:
    return cut(terminal.safe(text), terminal.columns, terminal.ellipsis)


def _figure(value: float | None) -> str:
    return "?" if value is None else count(value)


def _sum(queues: Sequence[Data], word: str) -> str:
    values = [queue[word] for queue in queues]
    return "?" if any(value is None for value in values) else count(sum(values))
