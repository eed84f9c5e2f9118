"""Sessions at a sink: a peer that agrees, one that does not, and one that sends what cannot cross."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest
from aiohttp import web

from gateway.connectors.request.live_sink import LiveSink
from gateway.connectors.request.settings import Calling
from gateway.errors import GatewayError, Refused, StateUncertain, Unavailable
from gateway.unit.live import Message
from gateway.unit.request import RequestBody
from gateway.unit.session import Ending
from gateway.unit.stages import Admitted
from tests.gateway.connectors.request.harness import Journal
from tests.gateway.connectors.request.peer import Handler, Peer
from tests.gateway.connectors.request.test_live_source import CHANNEL, MemorySession
from tests.support.http_gate import free_port

WARD = RequestBody("ward", (("id", "a b"),), (), (), "", 0, 2_000)
FEED = RequestBody("feed", (), (), (), "", 0, 2_000)
NOBODY = cast(Admitted, None)


async def attended(
    handler: Handler | None, head: RequestBody, first: Message | Ending | None = None
) -> tuple[MemorySession | None, Journal, list[str]]:
    """What becomes of one session with a peer."""
    peer, journal = Peer(handler), Journal()
    await peer.start()
    assert CHANNEL.requests is not None
    port = peer.port if handler is not None else free_port()
    calling = Calling("c", "127.0.0.1", port, None, CHANNEL.requests.operations)
    sink, session = LiveSink(calling, journal), MemorySession(2)
    if first is not None:
        session.back.put_nowait(first)
    await sink.start()
    begun: list[MemorySession] = []

    def opened() -> MemorySession:
        begun.append(session)
        return session

    try:
        async with asyncio.timeout(10):
            await sink.attend(NOBODY, head, opened)
    finally:
        await sink.close()
        await peer.close()
    return (begun[0] if begun else None), journal, [f"{s.method} {s.raw}" for s in peer.seen]


def sends(*frames: str | bytes, code: int = 1000) -> Handler:
    async def handler(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(timeout=1.0)
        await socket.prepare(request)
        for one in frames:
            await (socket.send_str(one) if isinstance(one, str) else socket.send_bytes(one))
        await socket.close(code=code)
        return socket

    return handler


def streams(content: bytes, media_type: str = "text/event-stream", status: int = 200) -> Handler:
    async def handler(_: web.Request) -> web.StreamResponse:
        return web.Response(body=content, status=status, headers={"Content-Type": media_type})

    return handler


def test_a_peer_gets_the_call_and_its_messages_come_in_order() -> None:
    session, journal, seen = asyncio.run(attended(sends("one", "two"), WARD))
    assert session is not None
    assert [m.content for m in session.sent] == [b"one", b"two"]
    assert session.ended[0] is Ending.DONE
    assert seen == ["GET /ward/a%20b"] and journal.told == []


def test_a_session_that_ends_over_there_closes_the_peers_connection_with_its_code() -> None:
    codes: list[int | None] = []

    async def handler(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.receive()
        codes.append(socket.close_code)
        return socket

    for ending in (Ending.DONE, Ending.REFUSED, Ending.LOST):
        asyncio.run(attended(handler, WARD, ending))
    assert codes == [1000, 1008, 1001]


@pytest.mark.parametrize(
    ("handler", "head", "ending", "number"),
    [
        (sends(b"binary"), WARD, Ending.REFUSED, 6489),
        (sends(""), WARD, Ending.REFUSED, 6489),
        (sends("x" * 1025), WARD, Ending.REFUSED, 6486),
        (sends("x" * 1024, code=1011), WARD, Ending.AWAY, 0),
        (streams(b"data: a\n\n"), FEED, Ending.DONE, 0),
        (streams(b"data: \xff\n\n"), FEED, Ending.REFUSED, 6488),
        (streams(b"data: " + b"x" * 1025 + b"\n\n"), FEED, Ending.REFUSED, 6487),
        (streams(b"event: a b\ndata: a\n\n"), FEED, Ending.REFUSED, 6490),
    ],
)
def test_what_cannot_cross_ends_the_session_and_is_told(
    handler: Handler, head: RequestBody, ending: Ending, number: int
) -> None:
    session, journal, _ = asyncio.run(attended(handler, head))
    assert session is not None and session.ended[0] is ending
    assert journal.numbers("peer.refused") == ([number] if number else [])


async def elsewhere(request: web.Request) -> web.StreamResponse:
    return web.Response(status=302, headers={"Location": "/ward/other"})


@pytest.mark.parametrize(
    ("handler", "head", "error", "number"),
    [
        (None, WARD, Unavailable, 6380),
        (elsewhere, WARD, Refused, 6389),
        (streams(b"no"), WARD, Refused, 6385),
        (elsewhere, FEED, Refused, 6389),
        (streams(b"{}", "application/json"), FEED, Refused, 6388),
        (streams(b"", status=404), FEED, Refused, 6385),
    ],
)
def test_a_peer_that_does_not_agree_opens_nothing(
    handler: Handler | None, head: RequestBody, error: type[GatewayError], number: int
) -> None:
    peers: list[str] = []
    with pytest.raises(error) as refused:
        peers += asyncio.run(attended(handler, head))[2]
    assert refused.value.number == number
    assert not isinstance(refused.value, StateUncertain)
