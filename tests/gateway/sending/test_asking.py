"""A request waits a little for a guard that is away, and no longer; nothing is handed over meanwhile."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

import pytest

from bench.played_edges import CALLER, CHANNEL, request
from gateway.errors import Unavailable
from gateway.exchange.frames import FrameKind, FrameReader
from gateway.sending.asking import SocketAsker
from gateway.unit.decode import decode_captured
from gateway.unit.model import CapturedUnit, Kind
from gateway.unit.request import RequestBody


class Line:
    """A line to a guard that is there when a test says so."""

    def __init__(self) -> None:
        self.connected = asyncio.Event()
        self.sent: list[bytes] = []

    def send(self, frame: bytes) -> None:
        self.sent.append(frame)


def unit(within_ms: int) -> CapturedUnit:
    head = request("read", "1", b"", within_ms)
    return CapturedUnit(2, CHANNEL, Kind.REQUESTS, time.time_ns(), head, CALLER)


def asker(line: Line, most: int = 8) -> SocketAsker:
    return SocketAsker(line, most)  # type: ignore[arg-type]


def test_a_guard_that_comes_back_in_time_gets_the_request_with_the_time_that_is_left() -> None:
    async def play() -> None:
        line = Line()
        asked = asyncio.create_task(asker(line).ask(unit(2_000), b""))
        await asyncio.sleep(0.05)
        assert line.sent == []
        line.connected.set()
        while not line.sent:
            await asyncio.sleep(0)
        (frame,) = FrameReader(frozenset({FrameKind.CAPTURED})).take(line.sent[0])
        body = decode_captured(frame.head).body
        assert isinstance(body, RequestBody)
        assert 0 < body.answer_within_ms <= 1_950
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked

    asyncio.run(play())


def test_a_guard_that_stays_away_has_not_performed_it() -> None:
    async def play() -> None:
        line = Line()
        with pytest.raises(Unavailable) as found:
            await asker(line).ask(unit(100), b"")
        assert (found.value.number, line.sent) == (5768, [])

    asyncio.run(play())


def test_those_who_wait_for_the_guard_are_counted_with_the_others() -> None:
    async def play() -> None:
        many = asker(Line(), most=6)
        # As many as he leaves free of his channel's half.
        asked = [asyncio.create_task(many.ask(unit(1_000), b"")) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(Unavailable) as found:
            await many.ask(unit(1_000), b"")
        assert found.value.number == 5760
        other = replace(unit(1_000), brought_by="CN=another")
        asked.append(asyncio.create_task(many.ask(other, b"")))
        await asyncio.sleep(0)
        assert not any(one.done() for one in asked)
        for one in asked:
            one.cancel()
        await asyncio.gather(*asked, return_exceptions=True)

    asyncio.run(play())
