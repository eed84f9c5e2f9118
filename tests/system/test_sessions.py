"""WebSocket and server-sent events through a two-way gate of real processes, over TLS on both sides."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import time
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import Any

import aiohttp
import pytest

from gateway.management.layout import Role
from gateway.unit.model import Side
from tests.support.live_gate import ORIGIN, LiveGate, live_gate

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]
# Silence of the other side is noticed after 16 s; on a loaded machine the rest is generous.
ENDED_WITHIN_S = 30.0


@pytest.fixture(scope="module")
def g(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveGate]:
    with live_gate(tmp_path_factory.mktemp("sessions")) as made:
        yield made


def asked(g: LiveGate, talk: Callable[[aiohttp.ClientSession], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        async with g.caller() as client:
            return await talk(client)

    return asyncio.run(run())


async def close_code(socket: aiohttp.ClientWebSocketResponse) -> int | None:
    """The code by which the gate ends a session; what comes before is dropped."""
    while True:
        got = await socket.receive(timeout=ENDED_WITHIN_S)
        if got.type is aiohttp.WSMsgType.CLOSE:
            return int(got.data)
        if got.type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR):
            return socket.close_code


def test_a_session_carries_messages_both_ways_in_order(g: LiveGate) -> None:
    g.ward_service.handshakes.clear()

    async def talk(client: aiohttp.ClientSession) -> None:
        headers = {"Cookie": "session=outer-cookie", "X-Trace": "outer-host"}
        # As a browser opens it: with an Origin, and with an extension that is not taken.
        async with client.ws_connect(g.ward, origin=ORIGIN, headers=headers, compress=15) as socket:
            assert not socket.compress
            assert await socket.receive_json(timeout=10) == {"n": 0}
            for n in range(1, 40):
                await socket.send_json({"n": n, "text": "x" * (n * 100)})
            got = [(await socket.receive_json(timeout=10))["n"] for _ in range(1, 40)]
            assert got == list(range(1, 40))

    asked(g, talk)
    (handshake,) = g.ward_service.handshakes
    assert {name.lower() for name in handshake} == {
        "host", "upgrade", "connection", "sec-websocket-version", "sec-websocket-key",
        "accept-encoding",
    }  # fmt: skip
    for side, here, there in ((Side.OUTER, 39, 40), (Side.INNER, 40, 39)):
        g.gate.until(partial(g.events, side, "session.ended"), "it is in the journal", 10)
        ended = g.events(side, "session.ended")[-1]
        assert (ended.fields["from_here"], ended.fields["from_there"]) == (here, there)
        assert ended.fields["ending"] == "done"
        assert g.events(side, "session.opened")[-1].unit == ended.unit


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/ward/7", {"Origin": "https://evil.example"}, 403),
        ("/ward/7", {"Origin": "null"}, 403),
        ("/elsewhere/7", {}, 404),
        ("/ward/a%2Fb", {}, 400),
        ("/ward/nobody", {}, 502),
        ("/ward/elsewhere", {}, 502),
        ("/spoken/7", {}, 400),
        ("/spoken/7", {"Sec-WebSocket-Protocol": "other"}, 400),
        # The first of the list that is offered; this peer has the other one.
        ("/spoken/7", {"Sec-WebSocket-Protocol": "ward.v2"}, 502),
    ],
)
def test_a_session_that_may_not_be_is_answered_as_a_request_is(
    g: LiveGate, path: str, headers: dict[str, str], status: int
) -> None:
    async def talk(client: aiohttp.ClientSession) -> int:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await client.ws_connect(g.base + path, headers=headers)
        return refused.value.status

    assert asked(g, talk) == status


def test_an_ordinary_request_of_the_same_path_is_one(g: LiveGate) -> None:
    async def talk(client: aiohttp.ClientSession) -> None:
        async with client.get(g.ward) as answer:
            assert (answer.status, await answer.json()) == (200, {"id": "7"})
        async with client.get(f"{g.base}/feed/7") as answer:
            assert answer.status == 404

    asked(g, talk)


@pytest.mark.parametrize(
    ("said", "code", "events"),
    [
        ({"n": 1, "text": "wrong"}, 1008, {Side.INNER: "message.refused"}),
        ({"person": "Somebody"}, 1008, {Side.OUTER: "message.refused"}),
        ({"n": 1, "text": "close"}, 1001, {}),
        ({"n": 900, "text": "many"}, 1000, {}),
    ],
)
def test_what_may_not_cross_ends_the_session_on_both_sides(
    g: LiveGate, said: dict[str, Any], code: int, events: dict[Side, str]
) -> None:
    before = {side: len(g.events(side, what)) for side, what in events.items()}

    def more(side: Side, what: str) -> bool:
        return len(g.events(side, what)) > before[side]

    async def talk(client: aiohttp.ClientSession) -> None:
        async with client.ws_connect(g.ward) as socket:
            assert await socket.receive_json(timeout=10) == {"n": 0}
            await socket.send_json(said)
            if said.get("text") == "many":
                # Faster than its rate: it waits, and nothing is lost.
                got = [(await socket.receive_json(timeout=20))["n"] for _ in range(said["n"])]
                assert got == list(range(said["n"]))
                await socket.close()
            else:
                assert await close_code(socket) == code

    asked(g, talk)
    g.gate.until(lambda: not g.ward_service.open, "the peer's connection has ended", 10)
    for side, what in events.items():
        g.gate.until(partial(more, side, what), "it is recorded", 10)


def test_events_cross_by_name_and_with_ids_of_the_listed_form(g: LiveGate) -> None:
    g.ward_service.got.clear()

    async def read(client: aiohttp.ClientSession, path: str, until: bytes) -> bytes:
        headers = {"Accept": "text/event-stream", "Last-Event-ID": "e-0"}
        async with client.get(g.base + path, headers=headers) as stream:
            assert stream.status == 200, await stream.read()
            assert stream.content_type == "text/event-stream"
            got = b""
            async with asyncio.timeout(ENDED_WITHIN_S):
                async for part in stream.content.iter_any():
                    got += part
                    if until and until in got:
                        return got
            return got

    got = asked(g, lambda client: read(client, "/feed/7", b"e-2"))
    assert got.startswith(b"retry: 3000\n\n")
    assert b'id: e-1\ndata: {"n":1}\n\n' in got
    assert b'event: alarm\nid: e-2\ndata: {"n":2,\n' in got
    assert b"inner side" not in got
    assert g.ward_service.got == ["e-0"]
    assert asked(g, lambda client: read(client, "/feed/ends", b"")).count(b"data: {") == 2
    refused = len(g.events(Side.INNER, "message.refused"))
    assert b"internal" not in asked(g, lambda client: read(client, "/feed/wrong", b""))
    g.gate.until(lambda: len(g.events(Side.INNER, "message.refused")) > refused, "recorded", 10)
    g.gate.until(lambda: not g.ward_service.open, "the peer's streams have ended", 10)


def test_a_session_that_says_nothing_ends_when_it_is_idle(g: LiveGate) -> None:
    async def talk(client: aiohttp.ClientSession) -> None:
        address = f"{g.base}/spoken/1"
        async with client.ws_connect(address, protocols=("other", "ward.v1", "ward.v2")) as socket:
            assert socket.protocol == "ward.v1"
            await socket.send_str("spoken")
            assert await close_code(socket) == 1001

    asked(g, talk)
    g.gate.until(lambda: "spoken" in g.ward_service.got, "it was said", 5)


def test_a_caller_has_as_many_sessions_as_the_policy_says(g: LiveGate) -> None:
    async def talk(client: aiohttp.ClientSession) -> None:
        sockets = [await client.ws_connect(g.ward) for _ in range(3)]
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await client.ws_connect(g.ward)
        assert refused.value.status == 429
        for socket in sockets:
            await socket.close()

    asked(g, talk)


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("side", list(Side))
def test_a_killed_process_ends_sessions_on_both_sides_and_the_next_ones_work(
    g: LiveGate, side: Side, role: Role
) -> None:
    g.gate.until(lambda: not g.ward_service.open, "nothing is open", ENDED_WITHIN_S)

    async def talk(client: aiohttp.ClientSession) -> None:
        async with client.ws_connect(f"{g.base}/ward/beats") as socket:
            assert await socket.receive_json(timeout=10) == {"n": 0}
            assert g.gate.signal(side, role, signal.SIGKILL)

            async def beat() -> None:
                # What goes on while a process is away is lost, and missed.
                with contextlib.suppress(ConnectionError):
                    while True:
                        await socket.send_json({"n": 2})
                        await asyncio.sleep(0.2)

            beating = asyncio.ensure_future(beat())
            code = await close_code(socket)
            beating.cancel()
            # 1006: the edge itself was killed, and nobody could say anything.
            assert code == (1006 if (side, role) == (Side.OUTER, Role.EDGE) else 1013)

    asked(g, talk)
    g.gate.until(lambda: not g.ward_service.open, "the peer is told", ENDED_WITHIN_S)
    until_s = time.monotonic() + ENDED_WITHIN_S

    async def again(client: aiohttp.ClientSession) -> bool:
        try:
            async with client.ws_connect(g.ward) as socket:
                await socket.send_str(json.dumps({"n": 5}))
                got = [await socket.receive_json(timeout=5) for _ in range(2)]
                return got == [{"n": 0}, {"n": 5}]
        except (aiohttp.ClientError, TypeError, TimeoutError):
            return False

    while not asked(g, again):
        assert time.monotonic() < until_s, "no session works again"
        time.sleep(0.2)
