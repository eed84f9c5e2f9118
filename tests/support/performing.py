"""A far edge's queue of requests with a peer played by the test: answers at once, counts what it is asked."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from gateway.errors import GatewayError
from gateway.receiving.admitted import read_admitted
from gateway.receiving.due_requests import Terms
from gateway.receiving.durable_performing import DurablePerformer
from gateway.receiving.faults import Faults
from gateway.receiving.performed_marks import PerformedMarks
from gateway.spool.model import Entry, QueueReader
from gateway.unit.encode import encode_manifest
from gateway.unit.model import Kind, Lane, Manifest
from gateway.unit.request import RequestBody, ResponseBody
from gateway.unit.stages import Admitted
from gateway.unit.submitting import PerformedBody
from tests.support.fakes import BoardOfOne, ListRecorder

JSON = "application/json"
SUBMIT = Terms(is_submitted=True, is_repeatable=False, waits_s=3600.0)


def entry(number: int, *, channel: str = "orders", at_ns: int = 0) -> Entry:
    content = b'{"n":%d}' % number
    body = RequestBody("order", (("id", str(number)),), (), (), JSON, len(content), 2_000)
    manifest = Manifest(
        number, channel, Kind.REQUESTS, Lane.IMPORT, at_ns or time.time_ns(), 2, "0" * 64, body,
        sha256(content).digest(),
    )  # fmt: skip
    return Entry(number, encode_manifest(manifest), content)


@dataclass
class PlayedPeer:
    """answers: what a number gets, one a call; a status where nothing is said. held: answers come later."""

    asked: list[int] = field(default_factory=list)
    answers: dict[int, list[Exception]] = field(default_factory=dict)
    down: GatewayError | None = None
    held: bool = False
    waiting: list[tuple[int, Future[PerformedBody]]] = field(default_factory=list)

    def __call__(self, admitted: Admitted, head: RequestBody) -> Future[PerformedBody]:
        number = admitted.manifest.number
        future: Future[PerformedBody] = Future()
        if self.down is not None:
            future.set_exception(self.down)
            return future
        self.asked.append(number)
        if self.held:
            self.waiting.append((number, future))
        elif self.answers.get(number):
            future.set_exception(self.answers[number].pop(0))
        else:
            future.set_result(performed(number))
        return future

    def counts(self) -> Counter[int]:
        return Counter(self.asked)


def performed(number: int, status: int = 201) -> PerformedBody:
    return PerformedBody(ResponseBody(number, "order", status, (), JSON, 2), b"{}")


@dataclass
class Far:
    """One run of the far edge; as many as there are crashes over one folder and queue."""

    folder: Path
    queue: QueueReader
    peer: PlayedPeer
    terms: Callable[[str, str], Terms | None] = lambda _channel, _operation: SUBMIT
    answering: object = None
    now_s: float = 0.0

    def __post_init__(self) -> None:
        self.journal, self.board = ListRecorder(), BoardOfOne()
        self.faults = Faults(self.journal, self.board)
        self.marks = PerformedMarks(self.folder / "marks")
        self.performer = DurablePerformer(
            self.queue, self.marks, self.peer, self.terms,
            self.journal, self.board, self.faults.unknown, self.answering,  # type: ignore[arg-type]
        )  # fmt: skip

    def step(self) -> None:
        for taken in self.queue.take(64, 1 << 20):
            admitted = read_admitted(taken)
            assert isinstance(admitted.manifest.body, RequestBody)
            self.performer.take(taken, admitted, admitted.manifest.body)
        self.performer.step(self.now_s)

    def steps(self, count: int = 20, each_s: float = 1.0) -> None:
        for _ in range(count):
            self.step()
            self.now_s += each_s

    def told(self, what: str) -> list[int | None]:
        return [event.unit for event in self.journal.events if event.what == what]
