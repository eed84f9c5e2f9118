"""What verification found, as values; the texts of the numbers are in gateway.messages.audit."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from gateway.errors import Field

# Enough to see what happened; a spoilt file is not a million lines of report.
MAX_FINDINGS: Final = 100

# These say how things are; all others mean that the record is not what was written.
_NOTES: Final = frozenset({6030, 6031, 6033, 6034, 6043, 6044})


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found. number: its text. journal: the process, or "" for the checkpoints.

    seq to last_seq: the records concerned (numbers of checkpoints where journal is "").
    file, offset_bytes: where it stands, "" and 0 where it is about no single place.
    """

    number: int
    journal: str
    seq: int
    last_seq: int
    file: str = ""
    offset_bytes: int = 0
    fields: dict[str, Field] = field(default_factory=dict)

    @property
    def is_note(self) -> bool:
        """Whether it only says how things are, and the record may still be whole."""
        return self.number in _NOTES

    @property
    def values(self) -> dict[str, Field]:
        """All values that a text can name."""
        values: dict[str, Field] = {"journal": self.journal or "checkpoints"}
        values |= {"seq": self.seq, "last_seq": self.last_seq}
        values |= {"file": self.file, "offset_bytes": self.offset_bytes}
        return values | self.fields


@dataclass(slots=True)
class JournalReport:
    """One journal. covered_seq: up to here a signed checkpoint vouches for it, the rest is held
    together by its own chain only. Times in ns since 1970, 0 where there is no record."""

    process: str
    records: int = 0
    first_seq: int = 0
    last_seq: int = 0
    first_at_ns: int = 0
    last_at_ns: int = 0
    covered_seq: int = 0
    covered_at_ns: int = 0

    @property
    def not_covered(self) -> int:
        """Records behind the last checkpoint: of these a tail could be missing unseen."""
        return max(0, self.last_seq - max(self.covered_seq, self.first_seq - 1))


@dataclass(slots=True)
class Report:
    """The whole answer. left_out: findings beyond MAX_FINDINGS, by number."""

    journals: dict[str, JournalReport] = field(default_factory=dict)
    checkpoints: int = 0
    first_checkpoint_at_ns: int = 0
    last_checkpoint_at_ns: int = 0
    last_words: str = ""
    keys: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    left_out: dict[int, int] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        """Whether the record is what was written, as far as checkpoints cover it."""
        return all(finding.is_note for finding in self.findings) and not self.left_out

    def add(self, finding: Finding) -> None:
        """Take a finding; those in excess are only counted."""
        if len(self.findings) < MAX_FINDINGS:
            self.findings.append(finding)
        else:
            self.left_out[finding.number] = self.left_out.get(finding.number, 0) + 1
