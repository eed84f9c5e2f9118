"""The HTTP source of one channel: listens, ends TLS, says who calls, and hands requests to the service.

    listen -> accept -> (handshake) -> Entry -> aiohttp -> Service -> Asker
                 |            |
                 | too many   | none, foreign, expired, revoked: told with its own number, closed
                 v            v
               closed       closed

Connections are accepted here and not by asyncio's server, so that a handshake that fails says why and whose
it was. Contexts are made anew when a file of theirs changes; connections that were made before then end.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import ssl
import time
from pathlib import Path
from typing import Final

from aiohttp import web

from gateway.connectors.request.entry import Entry, State
from gateway.connectors.request.parser import check_parser
from gateway.connectors.request.secret_files import Algorithm, read_keys
from gateway.connectors.request.service import Gate, Service
from gateway.connectors.request.settings import Listening
from gateway.connectors.request.signature import PublicKeys, Signatures
from gateway.connectors.request.subject import Address, Caller, read_name
from gateway.connectors.request.telling import Refusals
from gateway.connectors.request.tls import handshake_refusal, server_context
from gateway.errors import GatewayError, Misconfigured, Refused
from gateway.unit.request import MAX_CONTENT_BYTES

_BACKLOG: Final = 128
# How often time limits are looked at; a limit is exact to this.
SWEEP_S: Final = 0.25
# How often files of certificates are looked at.
_LOOK_S: Final = 2.0
# Body bytes that aiohttp holds before it stops reading.
_READ_BYTES: Final = 64 * 1024
_LINGER_S: Final = 1.0


class HttpSource:
    """A source of requests. start() and close() in one loop; everything else it does by itself."""

    def __init__(self, listening: Listening, gate: Gate, public: PublicKeys | None = None) -> None:
        """public: verification of Ed25519, where callers have such keys. No I/O."""
        self._listening, self._gate, self._public = listening, gate, public
        self.patience = listening.patience
        self.most_body_bytes = MAX_CONTENT_BYTES
        self._refusals = Refusals(listening.channel, gate.teller, time.monotonic)
        self._entries: dict[web.RequestHandler, Entry] = {}
        self._handshakes: set[asyncio.Task[None]] = set()
        self._tasks: list[asyncio.Task[None]] = []
        self._socket: socket.socket | None = None
        self._context: ssl.SSLContext | None = None
        self._files: tuple[object, ...] = ()

    @property
    def port(self) -> int:
        """The port that it listens on. RuntimeError before start."""
        if self._socket is None:
            raise RuntimeError("not started")
        return int(self._socket.getsockname()[1])

    @property
    def connections(self) -> int:
        return len(self._entries)

    async def start(self) -> None:
        """Listen. Raises Misconfigured 6392 to 6396, 6398, 6399 and nothing else."""
        check_parser()
        listening = self._listening
        for name in (caller.name for caller in listening.callers.callers):
            if listening.tls is not None and listening.tls.callers_ca is not None:
                read_name(name)
        if listening.tls is not None:
            self._files = self._file_marks()
            self._context = server_context(listening.tls, listening.channel)
        self._service = Service(listening, self._gate, self._signatures(), self._refusals)
        self._server = web.Server(
            self._handle,
            access_log=None,
            auto_decompress=False,
            keepalive_timeout=2 * listening.patience.idle_s,
            lingering_time=_LINGER_S,
            read_bufsize=_READ_BYTES,
        )
        self._socket = _listen(listening)
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(self._accept()), loop.create_task(self._sweep())]

    async def close(self) -> None:
        """Stop listening, let what is under way end within its time, then let go of everything."""
        if self._socket is None:
            return
        loop = asyncio.get_running_loop()
        self._service.stopping = True
        for task in (*self._tasks, *self._handshakes):
            task.cancel()
        await asyncio.gather(*self._tasks, *self._handshakes, return_exceptions=True)
        self._socket.close()
        until_s = loop.time() + self.patience.stop_s
        while loop.time() < until_s and (self._busy() or self._service.under_way):
            await asyncio.sleep(0.02)
        for entry in list(self._entries.values()):
            entry.abort()
        # Asked while their callers were gone: the time is over for them too.
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._server.shutdown(0.1), 1.0)
        self._refusals.tick(ending=True)
        self._socket = None

    def _busy(self) -> bool:
        """Whether a connection has something under way; those that have not end."""
        busy = False
        for entry in list(self._entries.values()):
            entry.retire()
            busy = busy or entry.state in (State.BODY, State.ANSWERING)
        return busy

    def refused(self, error: Refused, entry: Entry) -> None:
        """An entry could not take what came."""
        name = entry.caller.name if entry.caller is not None else ""
        self._refusals.tell("request.refused", error, caller=name, address=str(entry.address))

    def gone(self, entry: Entry) -> None:
        self._entries.pop(entry.inner, None)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        entry = self._entries.get(request.protocol)
        if entry is None:
            raise ConnectionResetError
        return await self._service.answer(request, entry)

    def _signatures(self) -> Signatures | None:
        listening = self._listening
        if listening.keys is None:
            return None
        keys = read_keys(listening.keys)
        if self._public is None and any(k.algorithm is Algorithm.ED25519 for k in keys.values()):
            raise Misconfigured(6398, channel=listening.channel)
        return Signatures(keys, listening.signing, time.time(), self._public)

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        if self._socket is None:
            raise RuntimeError("not started")
        while True:
            try:
                connection, address = await loop.sock_accept(self._socket)
            except OSError:
                # Too many open files, or a caller that was gone at once: others wait in the backlog.
                await asyncio.sleep(SWEEP_S)
                continue
            if len(self._entries) + len(self._handshakes) >= self._listening.most_connections:
                limit = self._listening.most_connections
                channel = self._listening.channel
                full = Refused(6365, channel=channel, limit=limit, address=str(address[0]))
                self._refusals.tell("caller.refused", full)
                connection.close()
                continue
            task = loop.create_task(self._take(connection, str(address[0])))
            self._handshakes.add(task)
            task.add_done_callback(self._handshakes.discard)

    async def _take(self, connection: socket.socket, address: str) -> None:
        """One connection from accept to its Entry, or its end."""
        loop = asyncio.get_running_loop()
        listening = self._listening
        with_certificate = listening.tls is not None and listening.tls.callers_ca is not None
        try:
            if not with_certificate:
                # Who has no name to be told by is sent away before his handshake.
                listening.callers.check_address(None, ipaddress.ip_address(address))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            timeouts: dict[str, float] = {}
            if self._context is not None:
                timeouts = {
                    "ssl_handshake_timeout": self.patience.handshake_s,
                    "ssl_shutdown_timeout": 1.0,
                }
            await loop.connect_accepted_socket(
                self._entry, connection, ssl=self._context, **timeouts
            )
        except Refused as error:
            self._refusals.tell("caller.refused", error)
            connection.close()
        except OSError as error:
            if not isinstance(error, ConnectionError | TimeoutError):
                refusal = handshake_refusal(error, listening.channel, address)
                self._refusals.tell("caller.refused", refusal)
            connection.close()
        except asyncio.CancelledError:
            connection.close()
            raise

    def _entry(self) -> Entry:
        entry = Entry(self, self._server(), self._identify)
        self._entries[entry.inner] = entry
        return entry

    def _identify(
        self, transport: asyncio.BaseTransport
    ) -> tuple[Address, Caller | Refused | None]:
        address = ipaddress.ip_address(transport.get_extra_info("peername")[0])
        tls = self._listening.tls
        if tls is None or tls.callers_ca is None:
            return address, None
        untrusted_certificate = transport.get_extra_info("peercert") or {}
        try:
            subject = untrusted_certificate.get("subject", ())
            return address, self._listening.callers.of_certificate(subject, address)
        except Refused as error:
            self._refusals.tell("caller.refused", error)
            return address, error

    async def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        look_s = loop.time() + _LOOK_S
        while True:
            await asyncio.sleep(SWEEP_S)
            now_s = loop.time()
            for entry in list(self._entries.values()):
                entry.tick(now_s)
            self._refusals.tick()
            if self._context is not None and now_s >= look_s:
                look_s = now_s + _LOOK_S
                self._look()

    def _look(self) -> None:
        """Take renewed certificates and lists; those in force stay where the new ones are not good."""
        marks = self._file_marks()
        tls = self._listening.tls
        if marks == self._files or tls is None:
            return
        self._files = marks
        try:
            self._context = server_context(tls, self._listening.channel)
        except GatewayError as error:
            self._refusals.tell("keys.refused", error)
            return
        for entry in list(self._entries.values()):
            entry.retire()

    def _file_marks(self) -> tuple[object, ...]:
        tls = self._listening.tls
        files = (tls.certificate, tls.key, tls.callers_ca, tls.revoked) if tls is not None else ()
        return tuple(_mark(file) for file in files if file is not None)


def _mark(file: Path) -> tuple[int, int, int]:
    try:
        status = file.stat()
    except OSError:
        return 0, 0, 0
    return status.st_ino, status.st_mtime_ns, status.st_size


def _listen(listening: Listening) -> socket.socket:
    family = socket.AF_INET6 if ":" in listening.address else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((listening.address, listening.port))
        listener.listen(_BACKLOG)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        address = f"{listening.address}:{listening.port}"
        raise Misconfigured(
            6396, channel=listening.channel, address=address, reason=error.strerror or ""
        ) from error
    return listener
