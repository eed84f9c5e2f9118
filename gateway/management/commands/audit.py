"""`audit search` and `audit verify`."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

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
from gateway.management.layout import HostFolder
from gateway.management.terminal.figures import count, moment, span
from gateway.management.terminal.help import Parser
from gateway.management.terminal.progress import Progress
from gateway.management.terminal.screen import Colour, Terminal
from gateway.management.terminal.states import colour_of
from gateway.management.terminal.table import Cell, Column, table
from gateway.management.terminal.words import say
from gateway.messages import describe, remedy, shown
from gateway.unit.model import Side
from gateway.unit.number import hear, speak

if TYPE_CHECKING:
    from gateway.audit.report import Report

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


def verify(call: Call) -> Answer:
    """Verify a copied journal, or those of the hosts at hand. 1 where a record is not what was written."""
    from gateway.audit.verify import verify as verify_journal

    places = _places(call)
    answers: list[Data] = []
    for root, keys, also in places:
        with Progress(
            call.err, call.terminal, say(call.terminal, "verifying"), wanted=not call.quiet
        ) as bar:
            report = verify_journal(root, signature_check(keys), also, bar.at)
        answers.append(report_data(root, report))
    holds = all(answer["holds"] for answer in answers)
    return Answer(
        {"holds": holds, "journals": answers}, render_verify, Exit.YES if holds else Exit.NO
    )


_Place = tuple[Path, Sequence[Path], Sequence[Path]]


def _places(call: Call) -> list[_Place]:
    """Journal folder, key files, and folders of further checkpoints, for each host meant."""
    keys, also = call.options.keys or [], call.options.also or []
    folder: Path | None = call.options.folder
    if folder is not None:
        if not keys:
            keys = sorted((folder.parent / "keys" / "trust" / "journals").glob("*.pub"))
        if not keys:
            raise Mistyped(7017, folder=str(folder))
        return [(folder, keys, also)]
    return [_host_place(side, host, keys, also) for side, host in call.hosts().items()]


def _host_place(side: Side, host: HostFolder, keys: Sequence[Path], also: Sequence[Path]) -> _Place:
    own = host.keys / "trust" / "journals" / f"{side.value}.pub"
    return (host.root / "journal", keys or [own], also)


def signature_check(keys: Sequence[Path]) -> Callable[[str, bytes, bytes], bool]:
    """A signature is right when one of these public keys says so. Raises Misconfigured 4001, 4003."""
    from gateway.identity.keys import load_verifier, verify
    from gateway.management.journal_keys import CONTEXT

    verifiers = [load_verifier(path) for path in keys]
    return lambda _, text, signature: any(
        verify(one, CONTEXT, signature, text) for one in verifiers
    )


def report_data(root: Path, report: Report) -> Data:
    """What verification found in one journal folder."""
    journals = [
        {
            "journal": name,
            "records": one.records,
            "first_seq": one.first_seq,
            "last_seq": one.last_seq,
            "covered_seq": one.covered_seq,
            "not_covered": one.not_covered,
        }
        for name, one in sorted(report.journals.items())
    ]
    findings: list[dict[str, Any]] = [
        {
            "number": finding.number,
            "note": finding.is_note,
            "journal": finding.journal,
            "seq": finding.seq,
            "last_seq": finding.last_seq,
            "file": finding.file,
            "offset_bytes": finding.offset_bytes,
            "fields": finding.values,
        }
        for finding in report.findings
    ]
    covered = (report.last_checkpoint_at_ns - report.first_checkpoint_at_ns) / 1e9
    return {
        "folder": str(root),
        "holds": report.holds,
        "journals": journals,
        "checkpoints": report.checkpoints,
        "covers_s": round(covered, 1),
        "words": report.last_words,
        "findings": findings,
        "left_out": {str(number): n for number, n in report.left_out.items()},
    }


def render_verify(data: Data, terminal: Terminal) -> Sequence[str]:
    """What does not hold first, then what was read, then the words to compare with another's."""
    lines: list[str] = []
    for journal in data["journals"]:
        lines += [*_journal_lines(journal, terminal), ""]
    return lines[:-1]


def _journal_lines(journal: Data, terminal: Terminal) -> list[str]:
    lines = [terminal.paint(journal["folder"], Colour.HEAD)]
    for finding in journal["findings"]:
        error = Refused(finding["number"], **finding["fields"])
        lines += [
            terminal.paint(line, None if finding["note"] else Colour.BAD)
            for line in terminal.wrap(describe(error, terminal.language), "  ")
        ]
        if what_to_do := remedy(error, terminal.language):
            lines += terminal.wrap(what_to_do, "    ")
    for number, left_out in journal["left_out"].items():
        lines.append(
            "  " + say(terminal, "and {count} more of FG-{number}", count=left_out, number=number)
        )
    heads = [
        Column(say(terminal, "JOURNAL")),
        *(
            Column(say(terminal, word), right=True)
            for word in ("RECORDS", "FIRST", "LAST", "NOT COVERED")
        ),
    ]
    rows = [
        [
            one["journal"],
            *(count(one[key]) for key in ("records", "first_seq", "last_seq", "not_covered")),
        ]
        for one in journal["journals"]
    ]
    lines += table(terminal, heads, rows, "  ")
    phrase = "{checkpoints} signed checkpoints over {span}; last words: {words}"
    lines += terminal.wrap(
        say(
            terminal,
            phrase,
            checkpoints=journal["checkpoints"],
            span=span(journal["covers_s"]),
            words=journal["words"] or "-",
        ),
        "  ",
    )
    verdict = (
        "The record is what was written."
        if journal["holds"]
        else "The record is NOT what was written."
    )
    return [
        *lines,
        "  "
        + terminal.paint(say(terminal, verdict), Colour.GOOD if journal["holds"] else Colour.BAD),
    ]


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
