"""Sessions of an edge, its guard played: what comes in order, what is too much, and who has given up."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from gateway.errors import GatewayError, Refused, StateUncertain, Unavailable
from gateway.exchange.caller import GuardLine
from gateway.exchange.edge_sessions import MOST_WAITING, EdgeSessions
from gateway.exchange.frames import Frame, FrameKind, FrameReader, encode_frame
from gateway.receiving.attending import Attending
from gateway.receiving.faults import Faults
from gateway.sending.opening import SocketOpener
from gateway.unit.decode import decode_captured
from gateway.unit.encode import encode_manifest
from gateway.unit.live import Message, Session
from gateway.unit.model import CapturedUnit, Kind, Lane, Manifest
from gateway.unit.request import RequestBody
from gateway.unit.session import EndBody, Ending, MessageBody, OpenedBody, SessionBody
from gateway.unit.stages import Admitted
from tests.support.fakes import BoardOfOne, ListRecorder, MemoryBody

ALL = frozenset(FrameKind)
OPENS = RequestBody("ward", (), (), (), "", 0, 200)


@dataclass
class Line:
    """The line to a guard: what it was handed. is_there: else it takes nothing."""

    frames: list[Frame] = field(default_factory=list)
    is_there: bool = True

    def send(self, frame: bytes) -> None:
        if not self.is_there:
            raise Unavailable(5768)
        self.frames += FrameReader(ALL).take(frame)

    @property
    def said(self) -> list[object]:
        return [decode_captured(frame.head).body for frame in self.frames]


def made() -> tuple[Line, EdgeSessions]:
    line = Line()
    return line, EdgeSessions(cast(GuardLine, line), itertools.count(10, 2).__next__)


def of_guard(body: SessionBody, content: bytes = b"") -> Frame:
    manifest = Manifest(
        9, "c", Kind.REQUESTS, Lane.EXPORT, 1, 2, "0" * 64, body, b"\0" * 32
    )  # fmt: skip
    data = encode_frame(FrameKind.LIVE, body.session, content, encode_manifest(manifest))
    return FrameReader(ALL).take(data)[0]


def message(sequence: int) -> Frame:
    return of_guard(MessageBody(2, "ward", sequence, True, "", "", 1), b"%d" % (sequence % 10))


def run(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(10):
            await work()

    asyncio.run(bounded())


def test_messages_are_numbered_out_and_given_in_order_and_then_the_end() -> None:
    async def work() -> None:
        line, sessions = made()
        session = sessions.begin(2, "c", "ward")
        for n in (1, 2):
            sessions.take(message(n))
        sessions.take(of_guard(EndBody(2, "ward", 3, Ending.IDLE)))
        got = [await session.receive() for _ in range(4)]
        assert got == [Message(b"1"), Message(b"2"), Ending.IDLE, Ending.IDLE]
        session.send(Message(b"late"))
        session.end(Ending.DONE)
        assert line.said == [] and len(sessions) == 0

        other = sessions.begin(4, "c", "ward")
        for content in (b"a", b"bc"):
            other.send(Message(content))
        other.end(Ending.DONE)
        other.end(Ending.AWAY)
        assert line.said == [
            MessageBody(4, "ward", 1, True, "", "", 1),
            MessageBody(4, "ward", 2, True, "", "", 2),
            EndBody(4, "ward", 3, Ending.DONE),
        ]
        assert {frame.number for frame in line.frames} == {4}

    run(work)


def test_a_message_that_the_guard_does_not_take_leaves_its_place_free() -> None:
    async def work() -> None:
        line, sessions = made()
        session = sessions.begin(2, "c", "ward")
        line.is_there = False
        with pytest.raises(Unavailable):
            session.send(Message(b"a"))
        line.is_there = True
        session.send(Message(b"a"))
        assert line.said == [MessageBody(2, "ward", 1, True, "", "", 1)]

    run(work)


def test_what_nobody_takes_off_ends_the_session() -> None:
    async def work() -> None:
        line, sessions = made()
        session = sessions.begin(2, "c", "ward")
        for n in range(MOST_WAITING + 1):
            sessions.take(message(n + 1))
        assert await session.receive() is Ending.TOO_SLOW
        assert line.said == [EndBody(2, "ward", 1, Ending.TOO_SLOW)]

    run(work)


def test_a_guard_that_has_gone_ends_every_session_and_every_opening() -> None:
    async def work() -> None:
        line, sessions = made()
        open_one = sessions.begin(2, "c", "ward")
        opener = SocketOpener(cast(GuardLine, line), sessions)
        opening = asyncio.ensure_future(opener.open(unit(4)))
        await asyncio.sleep(0)
        sessions.lost(StateUncertain(5773))
        assert await open_one.receive() is Ending.LOST
        with pytest.raises(StateUncertain):
            await opening
        assert len(sessions) == 0

    run(work)


def unit(number: int) -> CapturedUnit:
    return CapturedUnit(number, "c", Kind.REQUESTS, 1, OPENS, "CN=portal-01")


def test_an_opening_gives_the_session_or_why_there_is_none() -> None:
    async def work() -> None:
        line, sessions = made()
        opener = SocketOpener(cast(GuardLine, line), sessions)
        opening = asyncio.ensure_future(opener.open(unit(2)))
        await asyncio.sleep(0)
        # What comes with it is its own already.
        sessions.take(of_guard(OpenedBody(2, "ward")))
        sessions.take(message(1))
        session = await opening
        assert await session.receive() == Message(b"1")
        assert [frame.kind for frame in line.frames] == [FrameKind.CAPTURED]

        refused = asyncio.ensure_future(opener.open(unit(4)))
        await asyncio.sleep(0)
        frame = Frame(FrameKind.FAILED, 4, b"", b"", 2361)
        assert sessions.failed(frame, Refused(2361)) and not sessions.failed(
            Frame(FrameKind.FAILED, 6, b"", b"", 2361), Refused(2361)
        )
        with pytest.raises(Refused):
            await refused

        line.frames.clear()
        with pytest.raises(StateUncertain):
            await opener.open(unit(8))
        # It opens over there after all: nobody waits for it, and the far side is told.
        sessions.take(of_guard(OpenedBody(8, "ward")))
        assert line.said[1:] == [EndBody(8, "ward", 1, Ending.AWAY)]

    run(work)


@pytest.mark.parametrize(
    ("error", "number"),
    [(Unavailable(6380), 6380), (KeyError("bug"), 6496), (asyncio.CancelledError(), 6496)],
)
@pytest.mark.parametrize("when", ["before", "after"])
def test_an_attendant_that_fails_is_a_failed_request_before_it_opens_and_an_end_after(
    when: str, error: BaseException, number: int
) -> None:
    class Fails:
        async def attend(
            self, admitted: Admitted, head: RequestBody, opened: Callable[[], Session]
        ) -> None:
            if when == "after":
                opened()
            raise error

    async def work() -> None:
        line, sessions = made()
        board = BoardOfOne()
        faults = Faults(ListRecorder(), board)
        attending = Attending(sessions, {"c": (Fails(), {"ward"})}, faults.unknown)
        told: list[GatewayError] = []
        manifest = Manifest(
            2, "c", Kind.REQUESTS, Lane.IMPORT, 1, 2, "0" * 64, OPENS, b"\0" * 32
        )  # fmt: skip
        admitted = Admitted(manifest, MemoryBody(b""))

        def fail(_: Manifest, __: RequestBody, error: GatewayError) -> None:
            told.append(error)

        other = RequestBody("read", (), (), (), "", 0, 200)
        assert not attending.take(admitted, other, fail)
        assert attending.take(admitted, OPENS, fail)
        while not told and len(line.frames) < 2:
            await asyncio.sleep(0)
        if when == "before":
            assert [error.number for error in told] == [number] and line.said == []
        else:
            assert told == []
            assert line.said == [OpenedBody(2, "ward"), EndBody(2, "ward", 1, Ending.LOST)]
        is_bug = isinstance(error, KeyError) or (number == 6496 and when == "before")
        assert (6496 in board.alarms) is is_bug

    run(work)
