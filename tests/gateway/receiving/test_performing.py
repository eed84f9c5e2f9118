"""What a performer says of a request becomes what is told of it: whether it was performed or not."""

from __future__ import annotations

import asyncio
import threading
import time
from dataclasses import dataclass, field
from typing import cast

import pytest

from gateway.errors import GatewayError, Refused, StateUncertain, Unavailable
from gateway.exchange.caller import GuardLine
from gateway.exchange.frames import Frame, FrameKind, FrameReader
from gateway.guard.told import of_edge
from gateway.receiving.admitted import admitted_of
from gateway.receiving.faults import ALARM_S, Faults
from gateway.receiving.performing import Performing
from gateway.unit.asking import Performed
from gateway.unit.decode import decode_captured
from gateway.unit.encode import encode_manifest
from gateway.unit.model import Kind, Lane, Manifest
from gateway.unit.request import Consequence, FailureBody, RequestBody
from gateway.unit.stages import Admitted
from tests.support.fakes import BoardOfOne, ListRecorder
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

    error: Exception

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
        faults = Faults(ListRecorder(), BoardOfOne())
        performing = Performing(
            cast("GuardLine", line),
            {CHANNEL: Failing(error)},
            lambda: 3,
            faults.unknown,
        )
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


def test_a_bug_of_a_sink_is_an_unknown_outcome_told_to_its_caller_and_to_people() -> None:
    journal, board, now_s = ListRecorder(), BoardOfOne(), 0.0

    async def play() -> list[FailureBody]:
        line, faults = Line(), Faults(journal, board, lambda: now_s)
        performers = {CHANNEL: Failing(KeyError("Set-Cookie: secret"))}
        performing = Performing(cast("GuardLine", line), performers, lambda: 3, faults.unknown)
        for _ in range(2):
            performing.take(admitted_frame())
        while len(line.sent) < 2:
            await asyncio.sleep(0.001)
        faults.step(0.0)
        frames = [FrameReader(frozenset(FrameKind)).take(sent)[0] for sent in line.sent]
        bodies = [decode_captured(frame.head).body for frame in frames]
        return [body for body in bodies if isinstance(body, FailureBody)]

    failures = asyncio.run(asyncio.wait_for(play(), 5.0))
    assert [one.number for one in failures] == [6496, 6496]
    assert {one.consequence for one in failures} == {Consequence.UNCERTAIN}
    assert of_edge(failures[0]).number == 6496
    (event, _) = journal.events
    assert (event.what, event.unit, event.number) == ("request.fault", 2, 6496)
    assert event.fields["error"] == "KeyError"
    assert "secret" not in str(journal.events) + str(board.alarms)
    assert board.alarms[6496]["channel"] == CHANNEL


def test_the_alarm_of_a_bug_stands_for_an_hour_and_the_journal_is_not_flooded() -> None:
    journal, board, now_s = ListRecorder(), BoardOfOne(), [0.0]
    faults, manifest = Faults(journal, board, lambda: now_s[0]), admitted_of_frame()
    for _ in range(1_000):
        faults.unknown(manifest, "order", ValueError())
    faults.step(0.0)
    assert len(journal.events) == 100
    assert board.counters["sink_faults_total"] == 1_000
    now_s[0] = ALARM_S - 1
    faults.step(0.0)
    assert 6496 in board.alarms
    now_s[0] = ALARM_S
    faults.step(0.0)
    assert board.alarms == {}
    with pytest.raises(MemoryError):
        faults.unknown(manifest, "order", MemoryError())
    # In a loop that ends one task, and nobody sees it.
    with pytest.raises(MemoryError):
        faults.step(0.0)
    faults.close()


def test_an_alarm_that_is_raised_while_the_one_before_ends_stands() -> None:
    manifest, now_s = admitted_of_frame(), [0.0]

    class AtThatMoment(BoardOfOne):
        def clear_alarm(self, number: int) -> None:
            other.start()
            # Who comes in now has to wait, or was told before this ends.
            other.join(0.2)
            super().clear_alarm(number)

    board = AtThatMoment()
    faults = Faults(ListRecorder(), board, lambda: now_s[0])
    other = threading.Thread(target=faults.unknown, args=(manifest, "order", ValueError()))
    faults.unknown(manifest, "order", KeyError())
    now_s[0] = ALARM_S
    faults.step(0.0)
    other.join(5.0)
    assert board.alarms[6496]["error"] == "ValueError"


def test_a_sink_whose_own_work_was_cancelled_is_a_bug_told_as_such() -> None:
    journal = ListRecorder()

    class Cancelled:
        async def perform(self, admitted: Admitted, head: RequestBody) -> Performed:
            shared = asyncio.get_running_loop().create_future()
            shared.cancel()
            return cast("Performed", await shared)

    async def play() -> FailureBody:
        line, faults = Line(), Faults(journal, BoardOfOne())
        performing = Performing(
            cast("GuardLine", line), {CHANNEL: Cancelled()}, lambda: 3, faults.unknown
        )
        performing.take(admitted_frame())
        while not line.sent:
            await asyncio.sleep(0.001)
        faults.step(0.0)
        (frame,) = FrameReader(frozenset(FrameKind)).take(line.sent[0])
        body = decode_captured(frame.head).body
        assert isinstance(body, FailureBody)
        return body

    failure = asyncio.run(asyncio.wait_for(play(), 2.0))
    assert (failure.number, failure.consequence) == (6496, Consequence.UNCERTAIN)
    assert journal.names() == ["request.fault"]


def test_a_peer_that_answers_nothing_leaves_room_for_other_channels() -> None:
    class Silent:
        async def perform(self, admitted: Admitted, head: RequestBody) -> Performed:
            await asyncio.Event().wait()
            raise AssertionError

    async def play() -> list[int]:
        line, faults = Line(), Faults(ListRecorder(), BoardOfOne())
        performers = {CHANNEL: Silent(), "other": Failing(Unavailable(6380))}
        performing = Performing(line, performers, lambda: 3, faults.unknown, most=10)  # type: ignore[arg-type]
        for _ in range(8):
            performing.take(admitted_frame())
        for _ in range(3):
            performing.take(admitted_frame("other"))
            sent = len(line.sent)
            while len(line.sent) == sent:
                await asyncio.sleep(0.001)
        performing.close()
        frames = [FrameReader(frozenset(FrameKind)).take(sent)[0] for sent in line.sent]
        bodies = [decode_captured(frame.head).body for frame in frames]
        return [body.number for body in bodies if isinstance(body, FailureBody)]

    assert asyncio.run(asyncio.wait_for(play(), 5.0)) == [5760] * 3 + [6380] * 3


def admitted_of_frame() -> Manifest:
    frame = admitted_frame()
    return admitted_of(frame.head, frame.content).manifest


def admitted_frame(channel: str = CHANNEL) -> Frame:
    head, now_ns = request("order", "one", b"", 5000), time.time_ns()
    manifest = Manifest(
        2, channel, Kind.REQUESTS, Lane.IMPORT, now_ns, now_ns, "ab" * 32, head, b"\1" * 32
    )
    return Frame(FrameKind.ADMITTED, 2, encode_manifest(manifest), b"")
