"""A service as the sink's peer: aiohttp's own server, and one that misbehaves byte by byte."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Seen:
    """What a peer got. raw: method and path as they were written."""

    method: str
    raw: str
    headers: list[tuple[str, str]]
    content: bytes


@dataclass
class Peer:
    """A part of gateway.connectors.request.loop.Beside that serves on loopback."""

    handler: Handler | None = None
    tls: ssl.SSLContext | None = None
    seen: list[Seen] = field(default_factory=list)
    port: int = 0

    async def start(self) -> None:
        application = web.Application(client_max_size=8 << 20)
        application.router.add_route("*", "/{rest:.*}", self._answer)
        self._runner = web.AppRunner(
            application, access_log=None, auto_decompress=False, shutdown_timeout=0.2
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=self.tls)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def close(self) -> None:
        await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        content = await request.read()
        self.seen.append(
            Seen(request.method, request.raw_path, list(request.headers.items()), content)
        )
        if self.handler is not None:
            return await self.handler(request)
        return web.json_response({"resourceType": "DiagnosticReport"})


@contextmanager
def bytes_peer(answers: list[bytes | None]) -> Iterator[tuple[int, list[bytes]]]:
    """A peer that reads one request a connection and sends these bytes; None: it closes unanswered."""
    got: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(5)

    def serve() -> None:
        for answer in answers:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(5)
                got.append(connection.recv(65536))
                if answer is not None:
                    connection.sendall(answer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1], got
    finally:
        listener.close()
        thread.join(6)


async def later(seconds: float, response: web.StreamResponse) -> web.StreamResponse:
    await asyncio.sleep(seconds)
    return response
