"""`audit verify`: what gateway.audit.verify finds, as data and as text."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from gateway.errors import Field, Refused
from gateway.management.commands.command import (
    Answer,
    Call,
    Data,
    Exit,
    Mistyped,
)
from gateway.management.layout import HostFolder, Role
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
    from gateway.audit.report import Finding
    from gateway.audit.verify import verify as verify_journal

    answers: list[Data] = []
    for place in _places(call):
        vouching = Vouching(place.keys)
        with Progress(
            call.err, call.terminal, say(call.terminal, "verifying"), wanted=not call.quiet
        ) as bar:
            report = verify_journal(place.root, vouching, place.also, bar.at, own=place.own)
        if place.beside:
            fields: dict[str, Field] = {"folder": str(place.keys[0].parent)}
            report.add(Finding(6044, "", 0, 0, fields=fields))
        answers.append(report_data(place.root, report) | {"keys": vouching.as_data()})
    holds = all(answer["holds"] for answer in answers)
    return Answer(
        {"holds": holds, "journals": answers}, render_verify, Exit.YES if holds else Exit.NO
    )


# The id of a key is not signed: a forger may write others beside right signatures.
_IDS_SHOWN: Final = 8


class _Place(NamedTuple):
    """A journal folder, the keys to verify it with, folders of further checkpoints.

    own: of a host that runs here, so no copy. beside: nobody named the keys, they were found near the copy.
    """

    root: Path
    keys: Sequence[Path]
    also: Sequence[Path]
    own: bool
    beside: bool


def _places(call: Call) -> list[_Place]:
    """What is to be verified: the folder that was named, or the journal of each host meant."""
    keys, also = call.options.keys or [], call.options.also or []
    folder: Path | None = call.options.folder
    if folder is not None:
        near = sorted((folder.parent / "keys" / "trust" / "journals").glob("*.pub"))
        if not keys and not near:
            raise Mistyped(7017, folder=str(folder))
        return [_Place(folder, keys or near, also, own=False, beside=not keys)]
    return [_host_place(side, host, keys, also) for side, host in call.hosts().items()]


def _host_place(side: Side, host: HostFolder, keys: Sequence[Path], also: Sequence[Path]) -> _Place:
    from gateway.audit.writer_lock import is_taken

    own = host.keys / "trust" / "journals" / f"{side.value}.pub"
    # What is being written here is no copy; the folder of a host may be one, with keys and all.
    runs = is_taken(host.journal(Role.GUARD))
    return _Place(host.root / "journal", keys or [own], also, runs, beside=not keys and not runs)


class Vouching:
    """Public keys, and what each of them vouches for. Raises Misconfigured 4001, 4003 at once."""

    def __init__(self, files: Sequence[Path]) -> None:
        from gateway.identity.keys import load_verifier

        self._keys = [(path, load_verifier(path)) for path in files]
        self._count = dict.fromkeys(files, 0)
        # As the signed notes call the keys; a journal has one key after the other, never many.
        self._ids: dict[Path, list[str]] = {path: [] for path in files}

    def __call__(self, key_id: str, text: bytes, signature: bytes) -> bool:
        """A signature is right when one of the keys says so."""
        from gateway.identity.keys import verify
        from gateway.management.journal_keys import CONTEXT

        for path, key in self._keys:
            if verify(key, CONTEXT, signature, text):
                self._count[path] += 1
                if key_id not in self._ids[path] and len(self._ids[path]) < _IDS_SHOWN:
                    self._ids[path].append(key_id)
                return True
        return False

    def as_data(self) -> list[Data]:
        """Each key with its fingerprint, as the other host or a safe may show it.

        ids: as the notes call it. sha256: as `sha256sum FILE` prints it. signatures: how many it vouches for,
        those of further folders among them.
        """
        return [
            {
                "ids": self._ids[path],
                "file": str(path),
                "sha256": sha256(key.pem).hexdigest(),
                "signatures": self._count[path],
            }
            for path, key in self._keys
        ]


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
    for key in journal["keys"]:
        lines += terminal.wrap(
            say(
                terminal,
                "{signatures} signatures by key {key} of {file}, SHA-256 {fingerprint}",
                signatures=key["signatures"],
                key=", ".join(key["ids"]) or "-",
                file=key["file"],
                fingerprint=key["sha256"],
            ),
            "    ",
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
