"""A host's journals with checkpoints, made by the real parts; only the signature is a plain hash."""

from __future__ import annotations

import hashlib
from pathlib import Path

from gateway.audit.checkpoint import Checkpointer
from gateway.audit.event import Event
from gateway.audit.journal import Journal, open_journal
from gateway.audit.note import Note
from gateway.audit.report import Report
from gateway.audit.verify import verify
from gateway.errors import Field

PROCESSES = ("edge", "ferry", "guard")
START_NS = 1_795_000_000_000_000_000
SECOND_NS = 1_000_000_000


def sign(text: bytes) -> bytes:
    return hashlib.sha512(b"secret" + text).digest()


def check(key_id: str, text: bytes, signature: bytes) -> bool:
    return key_id.startswith("inner") and signature == sign(text)


class Host:
    """Three journals and the guard's checkpointer. Time goes on by a second with each round."""

    def __init__(self, root: Path, other: Path | None = None, key_id: str = "inner-1") -> None:
        self.root = root
        self.other = other
        self.key_id = key_id
        self.now_ns = START_NS
        self.journals: dict[str, Journal] = {}
        self.open()

    def open(self) -> None:
        self.journals = {
            process: open_journal(self.root / process, process, lambda: self.now_ns)
            for process in PROCESSES
        }
        self.pointer = self.checkpointer()

    def checkpointer(self) -> Checkpointer:
        targets = [self.root / "checkpoints", *([self.other] if self.other else [])]
        folders = {process: self.root / process for process in PROCESSES}
        return Checkpointer(folders, targets, sign, self.key_id, host="inner")

    def close(self) -> None:
        for journal in self.journals.values():
            journal.close()
        self.pointer.close()

    def events(self, count: int, process: str = "edge") -> None:
        journal = self.journals[process]
        for index in range(count):
            fields: dict[str, Field] = {"name": f"result-{index}.pdf", "size_bytes": 4096}
            self.now_ns += 1000
            journal.record(Event("captured", self.now_ns, index, "lab-reports", 0, fields))
        journal.commit()

    def checkpoint(self) -> Note | None:
        self.now_ns += 2 * SECOND_NS
        return self.pointer.step(self.now_ns)

    def round(self, count: int = 3) -> None:
        for process in PROCESSES:
            self.events(count, process)
        self.checkpoint()

    def verify(self) -> Report:
        return verify(self.root, check, [self.other] if self.other else [])


def segment(root: Path, process: str = "edge", index: int = 0) -> Path:
    return sorted((root / process).glob("*.jsonl"))[index]


def numbers(report: Report) -> list[int]:
    return [finding.number for finding in report.findings]
