"""`audit verify`: what gateway.audit.verify finds, as data and as text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.errors import Refused
from gateway.management.commands.command import (
    Answer,
    Call,
    Data,
    Exit,
    Mistyped,
)
from gateway.management.layout import HostFolder
from gateway.management.terminal.figures import count, span
from gateway.management.terminal.progress import Progress
from gateway.management.terminal.screen import Colour, Terminal
from gateway.management.terminal.table import Column, table
from gateway.management.terminal.words import say
from gateway.messages import describe, remedy
from gateway.unit.model import Side

if TYPE_CHECKING:
    from gateway.audit.report import Report


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
