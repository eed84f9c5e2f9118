"""A two-way gate with a channel of sessions at its real edges, over TLS on both sides.

    with live_gate(tmp_path) as g:
        async with g.caller() as client, client.ws_connect(g.ward) as socket: ...

ward    WebSocket: greets, echoes, and does what a caller asks it to do wrong
feed    server-sent events: vitals, an alarm, and what the policy does not take
look    an ordinary request of the same channel
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import ssl
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import aiohttp
from aiohttp import web

from gateway.audit.record import Record
from gateway.connectors.request.loop import Beside
from gateway.management.trial import Trial, add_policy
from gateway.unit.model import Side
from tests.gateway.connectors.request.certificates import Authority
from tests.gateway.connectors.request.peer import Peer
from tests.support.channel_text import channel_text
from tests.support.gate import Gate, gate
from tests.support.http_gate import free_port, place_tls, server_context

WARD: Final = "ward"
ORIGIN: Final = "https://portal.outer.example"
SCHEMA: Final = {
    "type": "object",
    "required": ["n"],
    "properties": {"n": {"type": "integer"}, "text": {"type": "string", "maxLength": 60_000}},
    "additionalProperties": False,
}
OPERATIONS: Final = """\
operations:
  ward:
    call: WEBSOCKET /ward/{id}
    id: text at most 20
    sends: json following schemas/vitals.json, at most 64 KiB
    receives: json following schemas/vitals.json, at most 64 KiB
    sends_rate: at most 200 messages/s
    receives_rate: at most 200 messages/s
    origins: https://portal.outer.example
    sessions: at most 3 a caller, 6 in all
  spoken:
    call: WEBSOCKET /spoken/{id}
    id: text at most 20
    sends: text, at most 1 KiB
    receives: none
    subprotocols: [ward.v2, ward.v1]
    idle: 1 s
  feed:
    call: EVENTS /feed/{id}
    id: text at most 20
    headers: {last-event-id: optional text at most 20}
    receives: json following schemas/vitals.json, at most 4 KiB
    receives_rate: at most 200 messages/s
    events: [message, alarm]
  look:
    call: GET /ward/{id}
    id: text at most 20
    answers:
      200: json, at most 4 KiB

limits:
  answer_within: 3 s
"""


@dataclass
class Ward:
    """The service. open: connections that it has. closed: codes by which they were closed."""

    open: int = 0
    got: list[Any] = field(default_factory=list)
    closed: list[int | None] = field(default_factory=list)
    handshakes: list[dict[str, str]] = field(default_factory=list)

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        if request.path.startswith("/feed/"):
            return await self._feed(request)
        if "Upgrade" not in request.headers:
            return web.json_response({"id": request.path.rpartition("/")[2]})
        if request.path == "/ward/elsewhere":
            return web.Response(status=302, headers={"Location": "/ward/1"})
        if request.path == "/ward/nobody":
            return web.Response(status=404)
        self.handshakes.append(dict(request.headers))
        socket = web.WebSocketResponse(protocols=("ward.v1",), max_msg_size=1 << 20)
        await socket.prepare(request)
        self.open += 1
        beating = None
        try:
            if request.path.startswith("/ward/"):
                await socket.send_str('{"n":0}')
            if request.path.endswith("/beats"):
                beating = asyncio.ensure_future(self._beat(socket))
            async for message in socket:
                self.got.append(message.data)
                if request.path.startswith("/ward/"):
                    await self._answer(socket, json.loads(message.data))
        finally:
            self.open -= 1
            self.closed.append(socket.close_code)
            if beating is not None:
                beating.cancel()
        return socket

    async def _beat(self, socket: web.WebSocketResponse) -> None:
        with contextlib.suppress(ConnectionError):
            while True:
                await asyncio.sleep(0.2)
                await socket.send_str('{"n":1}')

    async def _answer(self, socket: web.WebSocketResponse, asked: dict[str, Any]) -> None:
        match asked.get("text", ""):
            case "many":
                for n in range(asked["n"]):
                    await socket.send_str(json.dumps({"n": n}))
            case "wrong":
                await socket.send_str('{"person":"Somebody"}')
            case "close":
                await socket.close(code=4001, message=b"words of the inner side")
            case _:
                await socket.send_str(json.dumps(asked))

    async def _feed(self, request: web.Request) -> web.StreamResponse:
        stream = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await stream.prepare(request)
        self.open += 1
        after = request.headers.get("Last-Event-ID", "none")
        self.got.append(after)
        try:
            await stream.write(b"retry: 10\n: words of the inner side\n\n")
            await stream.write(b'id: e-1\ndata: {"n":1}\n\n')
            await stream.write(b'event: alarm\nid: e-2\ndata: {"n":2,\ndata:  "text":"a"}\n\n')
            if request.path.endswith("/wrong"):
                await stream.write(b'event: internal\ndata: {"n":3}\n\n')
            if not request.path.endswith("/ends"):
                while True:
                    await asyncio.sleep(0.1)
                    await stream.write(b": still here\n\n")
        except OSError:
            pass
        finally:
            self.open -= 1
        return stream


@dataclass
class LiveGate:
    gate: Gate
    authority: Authority
    ward_service: Ward
    port: int
    device: tuple[Path, Path]

    @property
    def base(self) -> str:
        return f"https://localhost:{self.port}"

    @property
    def ward(self) -> str:
        return f"{self.base}/ward/7"

    def context(self) -> ssl.SSLContext:
        return self.authority.client_context(self.device)

    @contextlib.asynccontextmanager
    async def caller(self) -> AsyncIterator[aiohttp.ClientSession]:
        connector = aiohttp.TCPConnector(ssl=self.context())
        timeout = aiohttp.ClientTimeout(total=30)
        async with aiohttp.ClientSession(connector=connector, timeout=timeout) as client:
            yield client

    def events(self, side: Side, what: str) -> list[Record]:
        return list(self.gate.events(side, what))


@contextlib.contextmanager
def live_gate(folder: Path) -> Iterator[LiveGate]:
    authority = Authority(folder / "ca")
    server = authority.server("localhost")
    tls = server_context(server)
    ward, port = Ward(), free_port()
    peer = Peer(ward, tls)
    beside = Beside([peer], "ward")
    pair = authority.device("portal-01")
    device = folder / "portal.crt", folder / "portal.key"
    for file, copy in zip(pair, device, strict=True):
        shutil.copy(file, copy)

    def prepare(trial: Trial) -> None:
        text = channel_text(WARD, port, f"https: localhost:{peer.port}", OPERATIONS)
        for side in Side:
            schemas = trial.host(side).policies / "schemas"
            schemas.mkdir(exist_ok=True)
            (schemas / "vitals.json").write_text(json.dumps(SCHEMA))
            add_policy(trial, side, "50-ward.yaml", text)
        place_tls(trial, WARD, authority, server)

    try:
        with gate(folder, "two-way", prepare=prepare) as made:
            g = LiveGate(made, authority, ward, port, device)
            # The edge over there may still be looking for its guard.
            made.until(lambda: asyncio.run(_answers(g)), "a request is answered", 60)
            yield g
    finally:
        beside.close()


async def _answers(g: LiveGate) -> bool:
    with contextlib.suppress(aiohttp.ClientError, OSError):
        async with g.caller() as client, client.get(g.ward) as answer:
            return answer.status == 200
    return False
