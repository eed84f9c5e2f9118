"""`units`, `life UNIT`, `alarms`: what the journals of the hosts at hand know of units."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Final

from gateway.errors import Refused
from gateway.management.commands.boards import read_boards
from gateway.management.commands.command import Answer, Call, Command, Data, Exit, add_side
from gateway.management.commands.instants import read_instant
from gateway.management.commands.records import MAX_ENTRIES, Entry, Wanted, entries
from gateway.management.commands.state import alarm_data, alarm_lines
from gateway.management.terminal.figures import size, span, stamp
from gateway.management.terminal.help import Parser
from gateway.management.terminal.screen import Colour, Terminal
from gateway.management.terminal.states import colour_of, letter, state
from gateway.management.terminal.table import Cell, Column, table
from gateway.management.terminal.width import pad
from gateway.management.terminal.words import say
from gateway.messages import remedy, shown
from gateway.messages.catalogue import describe
from gateway.unit.model import Side, Stage
from gateway.unit.number import hear, speak

# The order of a story is by stage, never by the clocks of two hosts.
_ORDER: Final = {stage.value: at for at, stage in enumerate(Stage)}
_EXITS: Final = frozenset({"refused", "held", "corrupt"})
DEFAULT_SINCE: Final = "1 h"
DEFAULT_LIMIT: Final = 50


def units(call: Call) -> Answer:
    """Units of the last hour or of the period asked for, newest first."""
    options, now_ns = call.options, time.time_ns()
    since_ns = read_instant(options.since, now_ns)
    until_ns = read_instant(options.until, now_ns) if options.until else None
    wanted = Wanted(channel=options.channel, since_ns=since_ns, until_ns=until_ns)
    found = entries(call.hosts().items(), wanted)
    data = units_data(found, options.stage, options.result, options.limit)
    data["since"] = stamp(since_ns)
    data["complete"] = len(found) < MAX_ENTRIES
    return Answer(data, render_units)


def units_data(found: Iterable[Entry], stage: str | None, result: str | None, limit: int) -> Data:
    """One row a unit, newest first. of: how many there are, of which `limit` are given."""
    by_unit: dict[int, list[Entry]] = {}
    for entry in found:
        if entry.record.unit is not None and entry.record.what in _ORDER:
            by_unit.setdefault(entry.record.unit, []).append(entry)
    rows = [_row(number, story) for number, story in by_unit.items()]
    rows = [
        row
        for row in rows
        if (stage is None or row["stage"] == stage) and (result is None or row["result"] == result)
    ]
    rows.sort(key=lambda row: str(row["at"]), reverse=True)
    return {"units": rows[:limit], "of": len(rows)}


def _row(number: int, story: Sequence[Entry]) -> Data:
    last = max(story, key=lambda entry: (_rank(entry.record.what), entry.record.at_ns))
    fields = {key: value for entry in story for key, value in entry.record.fields.items()}
    what = last.record.what
    passed = [
        e.record.what for e in story if e.record.what not in _EXITS and e.record.what != "deferred"
    ]
    return {
        "unit": speak(number),
        "at": stamp(last.record.at_ns),
        "channel": next((e.record.channel for e in story if e.record.channel), ""),
        "name": fields.get("name", ""),
        "size_bytes": fields.get("size_bytes"),
        "stage": max(passed, key=lambda word: _ORDER[word], default=""),
        "result": result_of(what),
        "side": last.side.value,
        "number": last.record.number or None,
        "rule": last.record.fields.get("rule") if what in _EXITS else None,
        "word": last.record.fields.get("word") if what in _EXITS else None,
    }


def _rank(what: str) -> int:
    # A deferral is overtaken by whatever came of it later; an exit ends the story.
    return -1 if what == "deferred" else _ORDER.get(what, -2)


def result_of(what: str) -> str:
    """The result that a last stage means: an exit, `delivered`, `deferred`, else `under way`."""
    return what if what in _EXITS or what in ("delivered", "deferred", "sent") else "under way"


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


def life(call: Call) -> Answer:
    """The whole story of one unit. 1 where no host at hand knows it."""
    number = hear(call.options.unit)
    hosts = call.hosts()
    found = entries(hosts.items(), Wanted(unit=number))
    data = life_data(number, found, frozenset(hosts), call.language)
    return Answer(data, render_life, Exit.YES if found else Exit.NO)


def life_data(number: int, found: Sequence[Entry], here: frozenset[Side], language: str) -> Data:
    """What each host knows. known: whether the journal of that host is at hand."""
    hosts = []
    for side in Side:
        events = sorted(
            (e for e in found if e.side is side),
            key=lambda e: (
                _ORDER.get(e.record.what, 99)
                if e.record.what in _ORDER and e.record.what not in _EXITS
                else 98,
                e.record.at_ns,
            ),
        )
        hosts.append(
            {
                "side": side.value,
                "known": side in here,
                "events": [_event_data(entry, language) for entry in events],
            }
        )
    row = (
        _row(number, [e for e in found if e.record.what in _ORDER])
        if any(e.record.what in _ORDER for e in found)
        else None
    )
    receipts = next((r for entry in found if (r := _receipts(entry))), None)
    times = [entry.record.at_ns for entry in found]
    return {
        "unit": speak(number),
        "summary": row,
        "took_s": round((max(times) - min(times)) / 1e9, 3) if times else None,
        "sender_says": receipts if Side.OUTER not in here else None,
        "hosts": hosts,
    }


def _receipts(entry: Entry) -> Data | None:
    """What the manifest said of the sending host, as the receiving guard recorded it: its word only."""
    fields = entry.record.fields
    if entry.record.what != "admitted" or "cleared_at_ns" not in fields:
        return None
    return {
        "captured": stamp(int(fields.get("captured_at_ns", 0))),
        "cleared": stamp(int(fields["cleared_at_ns"])),
        "policy": str(fields.get("sender_policy", "")),
    }


def _event_data(entry: Entry, language: str) -> Data:
    record = entry.record
    return {
        "at": stamp(record.at_ns),
        "what": record.what,
        "process": entry.role.value,
        "seq": record.seq,
        "channel": record.channel,
        "number": record.number or None,
        "text": describe(Refused(record.number, **record.fields), language)
        if record.number
        else None,
        "fields": dict(record.fields),
    }


def render_life(data: Data, terminal: Terminal) -> Sequence[str]:
    """A line of the whole, then each host by itself; what is not known is said to be so."""
    unit, row = data["unit"], data["summary"]
    lines = [*_life_title(data, terminal), ""]
    for host in data["hosts"]:
        lines.append(terminal.paint(say(terminal, f"{host['side'].upper()} HOST"), Colour.HEAD))
        if host["events"]:
            for event in host["events"]:
                lines += _event_lines(event, terminal)
        else:
            if host["side"] == "outer" and data["sender_says"]:
                phrase = "As the unit itself says: captured {captured}, cleared {cleared}, policy {policy}."
                lines += terminal.wrap(say(terminal, phrase, **data["sender_says"]), "  ")
            lines += terminal.wrap(_nothing_known(host, row, unit, terminal), "  ")
        lines.append("")
    return lines[:-1]


def _life_title(data: Data, terminal: Terminal) -> list[str]:
    """Number, state, channel, size and time on one line, the name below it."""
    row = data["summary"]
    unit = terminal.paint(data["unit"], Colour.NAME)
    if row is None:
        return [f"{unit}  {say(terminal, 'not known here')}"]
    result = row["result"] if row["result"] != "under way" else row["stage"]
    parts = [unit, terminal.paint(state(terminal, result), colour_of(result)), row["channel"]]
    if row["size_bytes"] is not None:
        parts.append(size(float(row["size_bytes"])))
    if data["took_s"] is not None:
        parts.append(say(terminal, "{span} in all", span=span(data["took_s"])))
    return [
        terminal.fit("  ".join(part for part in parts if part)),
        *terminal.wrap(shown(row["name"])),
    ]


def _nothing_known(host: Data, row: Data | None, unit: str, terminal: Terminal) -> str:
    side = host["side"]
    if host["known"]:
        if side == "inner" and row is not None and row["result"] in _EXITS:
            return say(terminal, "The receiving side never saw it.")
        return say(terminal, "Nothing of it has come here.")
    if side == "inner":
        why = say(terminal, "Not known here. Nothing comes back over a one-way gate.")
        return f"{why} {say(terminal, 'On the inner host: ferrygate life {unit}', unit=unit)}"
    return say(terminal, "Not known here. On the outer host: ferrygate life {unit}", unit=unit)


# Fields that stand in the title or in the text already.
_TITLE_FIELDS: Final = frozenset({"name", "size_bytes", "rule", "word"})


def _event_lines(event: Data, terminal: Terminal) -> list[str]:
    what = event["what"]
    stage, process = say(terminal, what), say(terminal, event["process"])
    head = f"  {event['at'][11:23]}  {letter(what)} {pad(stage, 10)} {pad(process, 5)}"
    parts = []
    if event["fields"].get("rule"):
        parts.append(
            say(
                terminal,
                "by {word}, {rule}",
                word=event["fields"].get("word", "?"),
                rule=event["fields"]["rule"],
            )
        )
    if event["text"]:
        parts.append(event["text"])
    else:
        parts += [
            f"{key} {shown(value)[:16]}"
            for key, value in event["fields"].items()
            if key not in _TITLE_FIELDS
        ]
    wrapped = terminal.wrap("; ".join(parts), " " * 36) if parts else [" " * 36]
    first = terminal.paint(head, colour_of(what)) + "  " + wrapped[0][36:]
    return [first.rstrip(), *wrapped[1:]]


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


def _life_arguments(parser: Parser) -> None:
    parser.add_argument(
        "unit", metavar="UNIT", help="unit number, as 7QK4-M2XD-9; case and dashes are free"
    )
    add_side(parser)


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
        "life",
        "The whole story of one unit, on both hosts where known.",
        ("ferrygate life 7QK4-M2XD-9", "ferrygate --gate .trial life 7qk4m2xd9"),
        life,
        _life_arguments,
    ),
    Command(
        "alarms",
        "What stands, since when, and what to do about it. 1 where anything stands.",
        ("ferrygate alarms", "ferrygate alarms --json"),
        alarms,
        add_side,
    ),
)

__all__ = ["COMMANDS", "life_data", "render_alarms", "render_life", "render_units", "units_data"]
