"""WebSocket and server-sent events through a two-way gate of real processes, over TLS on both sides."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator

import aiohttp
import pytest

from gateway.unit.model import Side
from tests.support.live_gate import LiveGate, live_gate

pytestmark = [pytest.mark.system, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def g(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveGate]:
    with live_gate(tmp_path_factory.mktemp("sessions")) as made:
        yield made


def test_a_session_carries_messages_both_ways_in_order(g: LiveGate) -> None:
    async def talk() -> None:
        async with g.caller() as client, client.ws_connect(g.ward) as socket:
            assert await socket.receive_json(timeout=10) == {"n": 0}
            for n in range(1, 40):
                await socket.send_json({"n": n, "text": "x" * (n * 100)})
            got = [(await socket.receive_json(timeout=10))["n"] for _ in range(1, 40)]
            assert got == list(range(1, 40))

    asyncio.run(talk())
