"""Large operations back to back: a durable way in a folder, which the sink performs at once."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from gateway.connectors.request.disk_room import DiskLimits, DiskRoom
from gateway.connectors.request.gate import Gate
from gateway.connectors.request.large import Large
from gateway.connectors.request.loop import Beside
from gateway.connectors.request.settings import Calling, Listening
from gateway.connectors.request.sink import HttpSink
from gateway.connectors.request.source import HttpSource
from gateway.connectors.request.upload_store import Uploads
from gateway.errors import GatewayError
from gateway.policy.operations import Answer, ContentRule, Operation
from gateway.spool.bodies import FileBody, InlineBody
from gateway.unit.model import CapturedUnit, Kind, Lane, Manifest
from gateway.unit.request import RequestBody
from gateway.unit.stages import Admitted
from gateway.unit.submitting import AnsweredBody
from tests.gateway.connectors.request.harness import PLAIN, Journal
from tests.gateway.connectors.request.operations import OPERATIONS, matching, operation
from tests.gateway.connectors.request.peer import Peer

MIB = 1 << 20
LIMIT = 300 * MIB
USUAL = DiskLimits()
PARTS = ContentRule("multipart of dicom, at most 300 MiB", 1, ("multipart/related",), LIMIT, ())
DICOM = ContentRule("dicom, at most 300 MiB", 1, ("application/dicom",), LIMIT, ())
LARGE_OPERATIONS: dict[str, Operation] = {
    **OPERATIONS,
    "store": operation(
        "store", "POST", "/objects", content=DICOM,
        answers={200: Answer(200, 1, DICOM, {}), 204: Answer(204, 1, None, {})},
    ),
    "parts": operation(
        "parts", "POST", "/studies", content=PARTS, answers={200: Answer(200, 1, PARTS, {})}
    ),
    "fetch": operation("fetch", "GET", "/objects/{id}", answers={200: Answer(200, 1, DICOM, {})}),
}  # fmt: skip


@dataclass
class FolderSubmitter:
    """A Submitter whose other end is a sink. fails: what submit raises."""

    folder: Path
    sink: HttpSink
    units: list[CapturedUnit] = field(default_factory=list)
    let_go: list[int] = field(default_factory=list)
    fails: GatewayError | None = None

    def staging(self) -> Path:
        return self.folder

    async def submit(self, unit: CapturedUnit, content: bytes | Path) -> None:
        if self.fails is not None:
            if isinstance(content, Path):
                content.unlink()
            raise self.fails
        if isinstance(content, Path):
            content.rename(self.folder / f"{unit.number}.taken")
        self.units.append(unit)

    async def answered(self, number: int, until_s: float) -> AnsweredBody:
        unit = next(unit for unit in self.units if unit.number == number)
        assert isinstance(unit.body, RequestBody)
        taken = self.folder / f"{number}.taken"
        body = FileBody(taken, taken.stat().st_size) if taken.exists() else InlineBody(b"")
        assert body.size_bytes == unit.body.size_bytes
        manifest = Manifest(
            number, unit.channel, Kind.REQUESTS, Lane.IMPORT, 1, 2, "0" * 64, unit.body, bytes(32)
        )
        async with asyncio.timeout_at(until_s):
            performed = await self.sink.perform_body(
                Admitted(manifest, body), unit.body, self.folder
            )
        content = performed.content
        told = (
            InlineBody(content)
            if isinstance(content, bytes)
            else FileBody(content, content.stat().st_size)
        )
        return AnsweredBody(number + 1000, performed.head, told)

    def served(self, answer: AnsweredBody) -> None:
        self.let_go.append(answer.head.request)


@dataclass
class LargeGate:
    source: HttpSource
    submitter: FolderSubmitter
    room: DiskRoom
    journal: Journal
    beside: Beside
    uploads: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.source.port}"

    def left(self) -> list[str]:
        """Names in the staging folder that no submit has taken."""
        return [p.name for p in self.submitter.folder.iterdir() if p.suffix != ".taken"]


@contextmanager
def large_gate(
    folder: Path,
    peer: Peer,
    listening: Listening = PLAIN,
    limits: DiskLimits = USUAL,
    answers: DiskLimits = USUAL,
) -> Iterator[LargeGate]:
    """The same folder again is the same edge after a restart."""
    staging, uploads = folder / "staging", folder / "uploads"
    staging.mkdir(exist_ok=True)
    journal = Journal()
    with _running(peer) as beside:
        calling = Calling("reports", "127.0.0.1", peer.port, None, LARGE_OPERATIONS)
        sink = HttpSink(replace(calling, disk=answers))
        submitter = FolderSubmitter(staging, sink)
        room = DiskRoom(folder, limits)
        large = Large(submitter, room, Uploads(uploads, room, LIMIT))
        gate = Gate(matching(LARGE_OPERATIONS), itertools.count(1).__next__, journal, large=large)
        # A loaded machine takes its time for hundreds of megabytes.
        listening = replace(listening, most_body_bytes=LIMIT, answer_within_s=60.0)
        source = HttpSource(listening, gate)
        beside.call(sink.start())
        beside.call(source.start())
        try:
            yield LargeGate(source, submitter, room, journal, beside, uploads)
        finally:
            beside.call(source.close())
            beside.call(sink.close())


@contextmanager
def _running(peer: Peer) -> Iterator[Beside]:
    beside = Beside([peer])
    try:
        yield beside
    finally:
        beside.close()
