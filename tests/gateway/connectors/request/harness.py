"""A source that listens on loopback, an asker in memory, and bytes over a real socket."""

from __future__ import annotations

import itertools
import json
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from hashlib import sha256

from gateway.connectors.request.gate import Gate
from gateway.connectors.request.loop import Beside
from gateway.connectors.request.settings import Listening
from gateway.connectors.request.signature import PublicKeys
from gateway.connectors.request.sink import HttpSink
from gateway.connectors.request.source import HttpSource
from gateway.connectors.request.subject import Callers
from gateway.connectors.request.telling import Told
from gateway.unit.asking import Answered
from gateway.unit.model import CapturedUnit, Kind, Lane, Manifest
from gateway.unit.request import RequestBody, ResponseBody
from gateway.unit.stages import Admitted
from tests.gateway.connectors.request.operations import matching
from tests.support.fakes import MemoryBody

REPORT = json.dumps({"resourceType": "DiagnosticReport", "id": "r-1"}).encode()
QUIET_S = 0.3
PLAIN = Listening("reports", "127.0.0.1", 0, None, Callers(()), answer_within_s=2.0)


@dataclass
class MemoryAsker:
    """The gate in memory. behave: what one ask does, by its count from 0."""

    behave: Callable[[int, CapturedUnit, bytes], Answered] | None = None
    asked: list[tuple[CapturedUnit, bytes]] = field(default_factory=list)

    async def ask(self, unit: CapturedUnit, content: bytes) -> Answered:
        self.asked.append((unit, content))
        if self.behave is not None:
            return self.behave(len(self.asked) - 1, unit, content)
        return answer_to(unit)


def answer_to(
    unit: CapturedUnit,
    status: int = 200,
    content: bytes = REPORT,
    headers: tuple[tuple[str, str], ...] = (),
) -> Answered:
    assert isinstance(unit.body, RequestBody)
    media_type = "application/fhir+json" if content else ""
    head = ResponseBody(unit.number, unit.body.operation, status, headers, media_type, len(content))
    return Answered(9_000 + unit.number, head, content)


@dataclass
class BackToBack:
    """Source and sink without a gate between: what the source asks, the sink performs."""

    sink: HttpSink
    asked: list[CapturedUnit] = field(default_factory=list)

    async def ask(self, unit: CapturedUnit, content: bytes) -> Answered:
        self.asked.append(unit)
        assert isinstance(unit.body, RequestBody)
        performed = await self.sink.perform(admitted(unit, content), unit.body)
        return Answered(unit.number + 1, performed.head, performed.content)


def admitted(unit: CapturedUnit, content: bytes) -> Admitted:
    digest = sha256(content).digest()
    manifest = Manifest(
        unit.number, unit.channel, Kind.REQUESTS, Lane.IMPORT, 1, 2, "0" * 64, unit.body, digest
    )
    return Admitted(manifest, MemoryBody(content))


@dataclass
class Journal:
    told: list[Told] = field(default_factory=list)

    def tell(self, told: Told) -> None:
        self.told.append(told)

    def numbers(self, what: str) -> list[int]:
        return [one.number for one in self.told if one.what == what]


@dataclass
class Running:
    source: HttpSource
    journal: Journal
    beside: Beside

    @property
    def port(self) -> int:
        return self.source.port


@contextmanager
def running(
    listening: Listening = PLAIN,
    asker: MemoryAsker | BackToBack | None = None,
    *,
    parts: tuple[HttpSink, ...] = (),
    public: PublicKeys | None = None,
    gate: Gate | None = None,
) -> Iterator[Running]:
    journal = Journal()
    made = gate or Gate(matching(), itertools.count(1).__next__, journal, asker or MemoryAsker())
    source = HttpSource(listening, replace(made, teller=journal), public)
    beside = Beside([*parts, source])
    try:
        yield Running(source, journal, beside)
    finally:
        beside.close()


def exchange(
    port: int,
    sent: bytes | list[bytes],
    *,
    tls: ssl.SSLContext | None = None,
    within_s: float = 5.0,
) -> bytes:
    """Everything that comes back until the connection ends; parts of `sent` go one by one."""
    with socket.create_connection(("127.0.0.1", port), timeout=within_s) as plain:
        stream = tls.wrap_socket(plain, server_hostname="localhost") if tls is not None else plain
        stream.settimeout(within_s)
        received = b""
        try:
            for part in [sent] if isinstance(sent, bytes) else sent:
                stream.sendall(part)
            while got := stream.recv(65536):
                received += got
                # A connection that stays open has said all that it has to say soon.
                stream.settimeout(QUIET_S)
        except (ConnectionError, ssl.SSLError):
            pass
        except TimeoutError:
            assert received, "neither an answer nor an end"
        return received


def status_of(answer: bytes) -> int:
    """The status of the first answer, 0 where there is none."""
    return int(answer[9:12]) if answer.startswith(b"HTTP/1.1 ") else 0


def problem_in(answer: bytes) -> dict[str, object]:
    """The problem that an answer carries."""
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"application/problem+json" in head, answer
    read: dict[str, object] = json.loads(body)
    return read
