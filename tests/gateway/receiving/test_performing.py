"""What a performer says of a request becomes what is told of it: whether it was performed or not."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

import pytest

from gateway.errors import GatewayError, Refused, StateUncertain, Unavailable
from gateway.exchange.frames import Frame, FrameKind, FrameReader
from gateway.receiving.performing import Performing
from gateway.unit.asking import Performed
from gateway.unit.decode import decode_captured
from gateway.unit.encode import encode_manifest
from gateway.unit.model import Kind, Lane, Manifest
from gateway.unit.request import Consequence, FailureBody, RequestBody
from gateway.unit.stages import Admitted
from tests.support.requests import CHANNEL, request


@dataclass
class Line:
    """The line to the guard, as far as Performing uses it."""

    sent: list[bytes] = field(default_factory=list)

    def send(self, frame: bytes) -> None:
        self.sent.append(frame)


@dataclass
class Failing:
    """A performer that fails."""

    error: GatewayError

    async def perform(self, admitted: Admitted, head: RequestBody) -> Performed:
        raise self.error


@pytest.mark.parametrize(
    ("error", "consequence"),
    [
        (Refused(6384, operation="order"), Consequence.REFUSED),
        (Refused(6388, performed=1, operation="order"), Consequence.ANSWER_REFUSED),
        (Unavailable(6380, channel="orders"), Consequence.UNAVAILABLE),
        (StateUncertain(6381, channel="orders"), Consequence.UNCERTAIN),
    ],
)
def test_a_failure_says_whether_the_request_was_performed(
    error: GatewayError, consequence: Consequence
) -> None:
    async def play() -> FailureBody:
        line = Line()
        performing = Performing(line, {CHANNEL: Failing(error)}, lambda: 3)  # type: ignore[arg-type]
        performing.take(admitted_frame())
        while not line.sent:
            await asyncio.sleep(0.001)
        (frame,) = FrameReader(frozenset(FrameKind)).take(line.sent[0])
        body = decode_captured(frame.head).body
        assert isinstance(body, FailureBody)
        return body

    failure = asyncio.run(asyncio.wait_for(play(), 5.0))
    assert (failure.request, failure.number) == (2, error.number)
    assert failure.consequence is consequence


def admitted_frame() -> Frame:
    head, now_ns = request("order", "one", b"", 5000), time.time_ns()
    manifest = Manifest(
        2, CHANNEL, Kind.REQUESTS, Lane.IMPORT, now_ns, now_ns, "ab" * 32, head, b"\1" * 32
    )
    return Frame(FrameKind.ADMITTED, 2, encode_manifest(manifest), b"")
