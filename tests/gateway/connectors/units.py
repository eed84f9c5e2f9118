"""Units and stand-ins for the tests of edges: admitted units, a source and a sink in memory."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from gateway.errors import Refused, Unavailable
from gateway.unit.edge import Capture, Delivery, Progress, Receipt, Skip
from gateway.unit.model import CapturedUnit, FileBody, Kind, Lane, Manifest
from gateway.unit.stages import Admitted, Body
from tests.support.fakes import FileBody as BodyInFile
from tests.support.fakes import MemoryBody

SENT_NS = 1_700_000_000_123_456_789


def manifest_of(number: int, name: str, content: bytes, channel: str = "lab") -> Manifest:
    body = FileBody(name, len(content), SENT_NS)
    digest = sha256(content).digest()
    return Manifest(number, channel, Kind.FILES, Lane.IMPORT, 1, 2, "0" * 64, body, digest)


def admitted(
    number: int,
    name: str = "report.pdf",
    content: bytes = b"whole",
    *,
    channel: str = "lab",
    file: Path | None = None,
) -> Admitted:
    """An admitted unit; file: where its body lies as a file (written here)."""
    body: Body = MemoryBody(content)
    if file is not None:
        if not file.exists():
            file.write_bytes(content)
        body = BodyInFile(file)
    return Admitted(manifest_of(number, name, content, channel), body)


def numbers_from(first: int = 1) -> Callable[[], int]:
    return itertools.count(first).__next__


@dataclass
class MemorySource:
    """A Source without a disk. contents: what lies outside; claimed, finished: what became of it."""

    channel: str = "lab"
    contents: list[bytes] = field(default_factory=list)
    claimed: dict[int, bytes] = field(default_factory=dict)
    finished: list[int] = field(default_factory=list)
    down: Unavailable | None = None
    bad: set[bytes] = field(default_factory=set)
    untold: list[Skip] = field(default_factory=list)

    def claim(self, next_number: Callable[[], int], limit: int) -> list[int]:
        if self.down is not None:
            raise self.down
        while self.contents and len(self.claimed) < limit:
            number = next_number()
            self.claimed[number] = self.contents.pop(0)
        return list(self.claimed)[:limit]

    def read(self, number: int, staging: Path) -> Capture | Progress:
        if number not in self.claimed:
            return Progress.GIVEN_BACK
        content = self.claimed[number]
        if content in self.bad:
            raise Unavailable(2504, folder="memory", channel=self.channel, reason="bad sector")
        body = FileBody(f"f{number}", len(content), SENT_NS)
        return Capture(CapturedUnit(number, self.channel, Kind.FILES, 1, body), content)

    def finish(self, numbers: Iterable[int]) -> None:
        if self.down is not None:
            raise self.down
        for number in numbers:
            if self.claimed.pop(number, None) is not None:
                self.finished.append(number)

    def skips(self) -> list[Skip]:
        told, self.untold = self.untold, []
        return told

    def wait_s(self) -> float:
        return 0.0 if self.contents else 0.02

    def close(self) -> None:
        pass


@dataclass
class MemorySink:
    """A Sink without a disk. answers: what a name gets instead of a receipt, one a delivery."""

    shown: dict[int, bytes] = field(default_factory=dict)
    receipts: dict[int, Receipt] = field(default_factory=dict)
    answers: dict[str, list[Delivery]] = field(default_factory=dict)
    down: Unavailable | None = None
    forgotten: list[int] = field(default_factory=list)
    asked: int = 0

    def deliver(self, batch: Sequence[Admitted]) -> list[Delivery]:
        self.asked += 1
        return [self._deliver(one) for one in batch]

    def _deliver(self, one: Admitted) -> Delivery:
        if self.down is not None:
            return self.down
        number, name = one.manifest.number, one.manifest.file.name
        if number in self.receipts:
            return self.receipts[number]
        if self.answers.get(name):
            return self.answers[name].pop(0)
        if "/" in name or name.startswith("."):
            return Refused(2530, name=name, reason="not a name")
        with one.body.open() as stream:
            self.shown[number] = stream.read()
        receipt = Receipt(number, name, one.body.size_bytes, one.manifest.body_sha256)
        self.receipts[number] = receipt
        return receipt

    def forget(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            self.receipts.pop(number, None)
            self.forgotten.append(number)

    def close(self) -> None:
        pass
