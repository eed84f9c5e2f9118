"""`audit search` and `audit verify`."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gateway.errors import Refused
from gateway.management.commands.command import (
    Answer,
    Call,
    Command,
    Data,
    Exit,
    Mistyped,
    add_side,
)
from gateway.management.commands.instants import read_instant
from gateway.management.commands.records import Entry, Wanted, entries
from gateway.management.commands.verifying import verify
from gateway.management.terminal.figures import moment
from gateway.management.terminal.help import Parser
from gateway.management.terminal.screen import Terminal
from gateway.management.terminal.states import colour_of
from gateway.management.terminal.table import Cell, Column, table
from gateway.management.terminal.words import say
from gateway.messages import describe, shown
from gateway.unit.number import hear, speak

if TYPE_CHECKING:
    pass

DEFAULT_LIMIT: Final = 200


def search(call: Call) -> Answer | int:
    """Records of the journals at hand, oldest first; with --json one line each."""
    from gateway.management.terminal.figures import stamp

    options, now_ns = call.options, time.time_ns()
    wanted = Wanted(
        unit=hear(options.unit) if options.unit else None,
        channel=options.channel,
        what=options.what,
        number=options.number,
        since_ns=read_instant(options.since, now_ns) if options.since else 0,
        until_ns=read_instant(options.until, now_ns) if options.until else None,
        text=options.text,
    )
    kept = entries(call.hosts().items(), wanted, options.limit)
    status = Exit.YES if kept else Exit.NO
    if call.json:
        for entry in kept:
            call.emit("audit search", {**record_data(entry), "at": stamp(entry.record.at_ns)})
        return status
    return Answer(search_data(kept, options.limit), render_search, status)


def record_data(entry: Entry) -> Data:
    """One record with its place; numbers and fields as they stand in the journal."""
    record = entry.record
    return {
        "side": entry.side.value,
        "journal": entry.role.value,
        "seq": record.seq,
        "at_ns": record.at_ns,
        "what": record.what,
        "unit": speak(record.unit) if record.unit is not None and record.unit < 1 << 40 else None,
        "channel": record.channel,
        "number": record.number or None,
        "fields": dict(record.fields),
    }


def search_data(kept: Sequence[Entry], limit: int) -> Data:
    """The records, oldest first. more: there may be older ones."""
    return {"records": [record_data(entry) for entry in kept], "more": len(kept) >= limit}


def render_search(data: Data, terminal: Terminal) -> Sequence[str]:
    """Time, where, what, which unit, why; the newest last."""
    if not data["records"]:
        return [say(terminal, "No record fits.")]
    heads = [
        Column(say(terminal, "TIME (UTC)")),
        Column(say(terminal, "JOURNAL")),
        Column(say(terminal, "WHAT"), least=9),
        Column(say(terminal, "UNIT")),
        Column(say(terminal, "WHY AND WITH WHAT"), least=12),
    ]
    rows = [
        [
            moment(record["at_ns"]),
            f"{record['side'][0]}/{record['journal']}",
            Cell(_what(record, terminal), colour_of(record["what"])),
            record["unit"] or "-",
            _why(record, terminal),
        ]
        for record in data["records"]
    ]
    phrase = "{shown} records, and older ones: --limit" if data["more"] else "{shown} records"
    return [*table(terminal, heads, rows), say(terminal, phrase, shown=len(rows))]


def _what(record: Data, terminal: Terminal) -> str:
    return say(terminal, record["what"])


def _why(record: Data, terminal: Terminal) -> str:
    if record["number"]:
        return describe(Refused(record["number"], **record["fields"]), terminal.language)
    return ", ".join(f"{key} {shown(value)}" for key, value in record["fields"].items())


def _search_arguments(parser: Parser) -> None:
    add = parser.add_argument
    add("--unit", metavar="UNIT", help="only records of this unit")
    add("--channel", metavar="C", help="only this channel")
    add(
        "--what",
        metavar="WHAT",
        help="an event, as refused or policy.loaded; with a dot at its end all below, as lane.",
    )
    add("--number", metavar="FG-nnnn", type=_number, help="only this number")
    add("--text", metavar="TEXT", help="a piece of any word, name or value")
    add("--since", metavar="T", help="2 h, 3 d or 2026-11-21T09:30Z")
    add("--until", metavar="T", help="the same")
    add(
        "--limit",
        metavar="N",
        type=_limit,
        default=DEFAULT_LIMIT,
        help="the last N records; 200 if not said",
    )
    add_side(parser)


def _number(text: str) -> int:
    digits = text.upper().removeprefix("FG").removeprefix("-")
    if len(digits) != 4 or not (digits.isascii() and digits.isdigit()):
        raise Mistyped(7013, text=text)
    return int(digits)


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or not 0 < int(text) <= 1_000_000:
        raise Mistyped(7016, text=text)
    return int(text)


def _verify_arguments(parser: Parser) -> None:
    add = parser.add_argument
    add(
        "folder",
        nargs="?",
        type=Path,
        metavar="FOLDER",
        help="a journal folder, copied or not; without it those of --gate",
    )
    add(
        "--keys",
        action="append",
        type=Path,
        metavar="FILE",
        help="public key of the journal (may be said again)",
    )
    add(
        "--also",
        action="append",
        type=Path,
        metavar="DIR",
        help="checkpoints kept elsewhere: they show that an older copy was put back",
    )
    add_side(parser)


COMMANDS: Final = (
    Command(
        "audit search",
        "Records of the journals: by unit, channel, event, number and time.",
        (
            "ferrygate audit search --what refused --since '1 d'",
            "ferrygate audit search --unit 7QK4-M2XD-9 --json",
        ),
        search,
        _search_arguments,
    ),
    Command(
        "audit verify",
        "Is the record what was written? Works offline on a copy with public keys only.",
        ("ferrygate audit verify", "ferrygate audit verify copy/journal --keys inner.pub"),
        verify,
        _verify_arguments,
    ),
)
