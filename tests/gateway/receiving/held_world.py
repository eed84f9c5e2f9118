"""A desk with held units on a real disk, people by the owners of files, a judgement that the test sets."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from gateway.guard.outcome import Exit, Outcome, Passed
from gateway.policy.values import Approval as Wanted
from gateway.receiving.decision import SCHEMA, Decision, Word, write_decision
from gateway.receiving.held_desk import HeldDesk
from gateway.receiving.held_inbox import Inbox
from gateway.receiving.held_judging import Reopening
from gateway.receiving.held_noting import approval_of, page_of
from gateway.receiving.held_page import Page, Pages
from gateway.receiving.held_watch import HeldWatch
from gateway.spool import set_aside
from gateway.spool.bodies import FileBody
from gateway.spool.disk import Disk, RealDisk
from gateway.spool.held import HeldFolder
from gateway.spool.layout import Layout, make
from gateway.spool.model import Entry, QueueWriter, Taken
from gateway.spool.reader import open_reader
from gateway.spool.set_aside import SetAside, units_aside
from gateway.spool.writer import FileQueueWriter, WriterLimits
from gateway.unit.model import Stage
from tests.support.fakes import BoardOfOne, ListRecorder

ANNA, BAO, CHEN = 41_001, 41_002, 41_003
SINCE_NS = 1_760_000_000_000_000_000
LIMITS = WriterLimits(inline_limit_bytes=300, reserve_bytes=0)
# No host has a group of this name: who it is is recorded, and nothing more can be said.
GROUP = "held-testers"


def body_of(number: int) -> bytes:
    """What unit `number` holds; odd ones are files in every queue."""
    return b"unit %06d\n" % number * (50 if number % 2 else 5)


def sha256_of(number: int) -> str:
    return hashlib.sha256(body_of(number)).hexdigest()


@dataclass
class World:
    """judged: what the judgement of today says of a released unit; it passes where nothing is said."""

    root: Path
    people: int = 2
    disk: Disk = field(default_factory=RealDisk)
    judged: Callable[[Taken], Outcome] | None = None
    recorder: Any = field(default_factory=ListRecorder)
    status: BoardOfOne = field(default_factory=BoardOfOne)

    def __post_init__(self) -> None:
        self.received, self.admitted = self.root / "received", self.root / "admitted"
        self.approvals, self.folder = self.root / "approvals", self.root / "held"
        for path in (self.approvals, self.folder):
            path.mkdir(parents=True, exist_ok=True)
        make(Layout.of(self.received))
        self.policy: Any = SimpleNamespace(digest="ab" * 32, channels={})
        self.asks(self.people)
        self.pages = Pages(self.folder)
        self.writer: QueueWriter | None = None
        self.desk: HeldDesk | None = None
        self.now_s = 100.0

    def asks(self, people: int, group: str = GROUP) -> None:
        """Another set comes into force, which asks for so many of this group."""
        channel = SimpleNamespace(approval=Wanted(people, group))
        self.policy = SimpleNamespace(
            digest=f"{people}{group}".ljust(64, "0"), channels={"lab-reports": channel}
        )

    def hold(self, number: int, *, with_page: bool = True) -> None:
        """A unit lies in held/, as the guard's hop leaves it."""
        body = body_of(number)
        nowhere = FileBody(self.received / "nowhere", len(body))
        described = SetAside(number, "held", 2204, SINCE_NS, len(body), b"", 1, nowhere)
        set_aside.store(RealDisk(), Layout.of(self.received), number, described, body)
        if with_page:
            self.pages.hold(self.page(number))

    def page(self, number: int) -> Page:
        left = Exit(
            Stage.HELD,
            2204,
            "lab-reports",
            {"name": f"{number}.csv", "size_bytes": 1, "sha256": sha256_of(number), "policy": "ab"},
        )
        wanted = approval_of(self.policy, "lab-reports")
        return page_of(number, left, wanted, SINCE_NS)

    def open(self) -> None:
        """The desk as the guard's wiring makes it."""
        self.writer = FileQueueWriter(self.admitted, LIMITS, self.disk)
        held = HeldFolder(self.received, self.disk)
        inbox = Inbox(
            self.approvals,
            held,
            self.pages,
            lambda channel: approval_of(self.policy, channel),
            self.recorder,
            self.status,
        )
        self.desk = HeldDesk(
            held,
            self.pages,
            inbox,
            HeldWatch(held, self.pages, self.status),
            Reopening(self._still_held, self._released, self.writer.staging()),
            self.writer,
            lambda: self.policy,
            self.recorder,
            self.status,
        )

    def close(self) -> None:
        if self.desk is not None:
            self.desk.close()
        if self.writer is not None:
            self.writer.close()
        self.desk = self.writer = None

    def run(self, seconds: float = 3.0) -> None:
        """The desk works for so many seconds of its clock."""
        assert self.desk is not None
        until_s = self.now_s + seconds
        while self.now_s < until_s:
            self.desk.step(self.now_s)
            job = self.desk._job
            if job is not None:
                job.outcome.exception(timeout=30)
            self.now_s += 0.25

    def decide(
        self,
        number: int,
        uid: int,
        word: Word = Word.RELEASE,
        *,
        sha256: str | None = None,
        reason: str = "seen",
    ) -> Path:
        """The file that this person's command leaves."""
        sha256 = sha256_of(number) if sha256 is None else sha256
        decision = Decision(SCHEMA, number, word, reason, sha256, "ab" * 6, 1)
        file = write_decision(self.approvals, decision)
        os.chown(file, uid, -1)
        return file

    def events(self, *what: str) -> list[Any]:
        return [event for event in self.recorder.events if event.what in what]

    def ignored(self) -> list[int]:
        return [event.number for event in self.events("held.ignored")]

    def aside(self, stage: str) -> dict[int | None, bytes]:
        """What lies under a stage of the queue `received`, with its bytes."""
        return {
            one.number: one.body.file.read_bytes()
            for one in units_aside(self.received)
            if one.stage == stage
        }

    def in_admitted(self) -> dict[int, bytes]:
        """What whoever reads the queue `admitted` takes; each of them once."""
        reader = open_reader(self.admitted)
        try:
            found: dict[int, bytes] = {}
            for taken in reader.take(100, 1 << 30):
                assert taken.number not in found
                with taken.body.open() as stream:
                    found[taken.number] = stream.read()
            return found
        finally:
            reader.close()

    def _still_held(self, taken: Taken) -> Outcome:
        return Exit(Stage.HELD, 2204, "lab-reports", self._fields(taken))

    def _released(self, taken: Taken) -> Outcome:
        if self.judged is not None:
            return self.judged(taken)
        return self.passes(taken)

    def passes(self, taken: Taken) -> Outcome:
        assert self.writer is not None
        with taken.body.open() as stream:
            content = stream.read()
        body: bytes | Path = content
        if len(content) > LIMITS.inline_limit_bytes:
            body = self.writer.staging() / str(taken.number)
            body.write_bytes(content)
        return Passed(Entry(taken.number, b"m", body), "lab-reports", self._fields(taken))

    def _fields(self, taken: Taken) -> dict[str, str | int | float]:
        with taken.body.open() as stream:
            digest = hashlib.sha256(stream.read()).hexdigest()
        return {"name": f"{taken.number}.csv", "size_bytes": 1, "sha256": digest}
