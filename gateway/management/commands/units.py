"""`units` and `alarms`: what the journals and status files of the hosts at hand say."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Final

from gateway.errors import Refused
from gateway.management.commands.boards import read_boards
from gateway.management.commands.command import Answer, Call, Command, Data, Exit, add_side
from gateway.management.commands.host_state import alarm_data
from gateway.management.commands.instants import read_instant
from gateway.management.commands.records import MAX_ENTRIES, Entry, Wanted, entries
from gateway.management.commands.state import alarm_lines
from gateway.management.commands.told import OUTCOME, is_of_people, told_data, with_told
from gateway.management.layout import DECIDING_SIDE
from gateway.management.terminal.figures import stamp
from gateway.management.terminal.help import Parser
from gateway.management.terminal.screen import Terminal
from gateway.management.terminal.states import colour_of, state
from gateway.management.terminal.table import Cell, Column, table
from gateway.management.terminal.words import say
from gateway.messages import remedy, shown
from gateway.unit.model import Lane, Stage
from gateway.unit.number import speak

# The order of a story is by stage, never by the clocks of two hosts.
ORDER: Final = {stage.value: at for at, stage in enumerate(Stage)}
EXITS: Final = frozenset({"refused", "held", "corrupt"})
_SENT_STAGES: Final = frozenset({"captured", "cleared", "sent"})
_RECEIVED_STAGES: Final = frozenset({"received", "admitted", "delivered"})
DEFAULT_SINCE: Final = "1 h"
DEFAULT_LIMIT: Final = 50


def units(call: Call) -> Answer:
    """Units of the last hour or of the period asked for, newest first."""
    options, now_ns = call.options, time.time_ns()
    since_ns = read_instant(options.since, now_ns)
    until_ns = read_instant(options.until, now_ns) if options.until else None
    wanted = Wanted(channel=options.channel, since_ns=since_ns, until_ns=until_ns)
    found = entries(call.hosts().items(), wanted)
    if options.channel:
        # What the other host tells names no channel.
        told = Wanted(what=OUTCOME, since_ns=since_ns, until_ns=until_ns)
        found += entries(call.hosts().items(), told)
    data = units_data(found, options.stage, options.result, options.limit)
    data["since"] = stamp(since_ns)
    data["complete"] = len(found) < MAX_ENTRIES
    return Answer(data, render_units)


def units_data(found: Iterable[Entry], stage: str | None, result: str | None, limit: int) -> Data:
    """One row a unit, newest first. of: how many there are, of which `limit` are given."""
    by_unit: dict[int, list[Entry]] = {}
    told: dict[int, list[Entry]] = {}
    for entry in filter(is_of_people, found):
        if entry.record.unit is not None and entry.record.what in (*ORDER, OUTCOME):
            stories = told if entry.record.what == OUTCOME else by_unit
            stories.setdefault(entry.record.unit, []).append(entry)
    rows = [
        with_told(row_of(number, story), told_data(told.get(number, ())))
        for number, story in by_unit.items()
    ]
    rows = [
        row
        for row in rows
        if (stage is None or row["stage"] == stage) and (result is None or row["result"] == result)
    ]
    rows.sort(key=lambda row: str(row["at"]), reverse=True)
    return {"units": rows[:limit], "of": len(rows)}


def row_of(number: int, story: Sequence[Entry]) -> Data:
    lane = lane_of(story)
    last = max(story, key=lambda entry: (_rank(entry.record.what, lane), entry.record.at_ns))
    fields = {key: value for entry in story for key, value in entry.record.fields.items()}
    what = last.record.what
    passed = [
        e.record.what for e in story if e.record.what not in EXITS and e.record.what != "deferred"
    ]
    return {
        "unit": speak(number),
        "at": stamp(last.record.at_ns),
        "channel": next((e.record.channel for e in story if e.record.channel), ""),
        "name": fields.get("name", ""),
        "size_bytes": fields.get("size_bytes"),
        "stage": max(passed, key=lambda word: ORDER[word], default=""),
        "result": result_of(what),
        "side": last.side.value,
        "number": last.record.number or None,
        "rule": last.record.fields.get("rule") if what in EXITS else None,
        "word": last.record.fields.get("word") if what in EXITS else None,
    }


def lane_of(story: Sequence[Entry]) -> Lane:
    """The lane that a unit crosses, by what its hosts did with it; the import lane where nothing says."""
    for entry in story:
        if entry.record.what in _SENT_STAGES:
            return Lane.IMPORT if entry.side is Lane.IMPORT.sender else Lane.EXPORT
        if entry.record.what in _RECEIVED_STAGES:
            return Lane.IMPORT if entry.side is Lane.IMPORT.receiver else Lane.EXPORT
    return Lane.IMPORT


def held_rank(lane: Lane) -> float:
    """Where a hold stands in a story: the inner host holds, before it admits or before it clears."""
    return ORDER["received" if lane.receiver is DECIDING_SIDE else "captured"] + 0.5


def _rank(what: str, lane: Lane) -> float:
    # A deferral is overtaken by whatever came of it later, a hold by what people decided; any other
    # exit ends the story.
    if what == "held":
        return held_rank(lane)
    return -1 if what == "deferred" else ORDER.get(what, -2)


def result_of(what: str) -> str:
    """The result that a last stage means: an exit, `delivered`, `deferred`, else `under way`."""
    return what if what in EXITS or what in ("delivered", "deferred", "sent") else "under way"


def render_units(data: Data, terminal: Terminal) -> Sequence[str]:
    """Time, unit, channel, name, result, rule; the number of a unit is never cut."""
    if not data["units"]:
        return [say(terminal, "No unit since {since}.", since=data["since"])]
    heads = [
        Column(say(terminal, "TIME (UTC)")),
        Column(say(terminal, "UNIT")),
        Column(say(terminal, "CHANNEL"), least=8),
        Column(say(terminal, "NAME"), least=8),
        Column(say(terminal, "RESULT")),
        Column(say(terminal, "RULE"), least=6),
    ]
    rows = [
        [
            row["at"][11:19],
            row["unit"],
            row["channel"],
            shown(row["name"]),
            Cell(
                state(terminal, row["result"])
                if row["result"] != "under way"
                else f"- {say(terminal, row['stage'])}",
                colour_of(row["result"]),
            ),
            " ".join(str(part) for part in (row["word"], row["rule"]) if part)
            or (f"FG-{row['number']}" if row["number"] else ""),
        ]
        for row in data["units"]
    ]
    lines = table(terminal, heads, rows)
    phrase = "{shown} of {of}, since {since}"
    if not data["complete"]:
        phrase = "{shown} of more than {of}, since {since}"
    return [*lines, say(terminal, phrase, shown=len(rows), of=data["of"], since=data["since"])]


def alarms(call: Call) -> Answer:
    """What stands on the hosts at hand. 1 where anything does."""
    now_ns = time.time_ns()
    hosts = [
        {"side": side.value, "alarms": alarm_data(read_boards(host), now_ns, call.language)}
        for side, host in call.hosts().items()
    ]
    standing = any(host["alarms"] for host in hosts)
    return Answer(
        {"at": stamp(now_ns), "hosts": hosts}, render_alarms, Exit.NO if standing else Exit.YES
    )


def render_alarms(data: Data, terminal: Terminal) -> Sequence[str]:
    """Each alarm with what to do about it."""
    lines: list[str] = []
    for host in data["hosts"]:
        for alarm in host["alarms"]:
            lines.append(f"{say(terminal, host['side'])}:")
            lines += alarm_lines([alarm], terminal)
            what_to_do = remedy(Refused(alarm["number"], **alarm["fields"]), terminal.language)
            lines += terminal.wrap(what_to_do, "    ") if what_to_do else []
    return lines or [say(terminal, "No alarm stands.")]


def _units_arguments(parser: Parser) -> None:
    add = parser.add_argument
    add("--channel", metavar="C", help="only this channel")
    add(
        "--stage",
        choices=["captured", "cleared", "sent", "received", "admitted", "delivered"],
        metavar="STAGE",
        help="only units whose last stage is this one",
    )
    add(
        "--result",
        choices=["delivered", "sent", "refused", "held", "corrupt", "deferred", "under way"],
        metavar="R",
        help="delivered, sent, refused, held, corrupt, deferred or 'under way'",
    )
    add(
        "--since",
        metavar="T",
        default=DEFAULT_SINCE,
        help="10 min, 2 h, 3 d or 2026-11-21T09:30Z; 1 h if not said",
    )
    add("--until", metavar="T", help="the same; now if not said")
    add(
        "--limit",
        metavar="N",
        type=_limit,
        default=DEFAULT_LIMIT,
        help="at most so many rows; 50 if not said",
    )
    add_side(parser)


def _limit(text: str) -> int:
    from gateway.management.commands.command import Mistyped

    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= 1_000_000:
        raise Mistyped(7016, text=text)
    return int(text)


COMMANDS: Final = (
    Command(
        "units",
        "Units by channel, stage, result and time, newest first.",
        (
            "ferrygate units --result refused --since '2 h'",
            "ferrygate units --channel lab-reports --limit 200 --json",
        ),
        units,
        _units_arguments,
    ),
    Command(
        "alarms",
        "What stands, since when, and what to do about it. 1 where anything stands.",
        ("ferrygate alarms", "ferrygate alarms --json"),
        alarms,
        add_side,
    ),
)
