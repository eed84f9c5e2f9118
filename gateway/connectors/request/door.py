"""The listening socket of a source: accepts, ends TLS, says who calls.

    listen -> accept -> (handshake) -> Entry
                 |            |
                 | too many   | none, foreign, expired, revoked: told with its own number, closed
                 v            v
               closed       closed

Connections are accepted here and not by asyncio's server, so that a handshake that fails says why and whose
it was. Contexts are made anew when a file of theirs changes; connections that were made before then end.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Final

from gateway.connectors.request.settings import Listening
from gateway.connectors.request.subject import Address, Caller, read_name
from gateway.connectors.request.telling import Refusals
from gateway.connectors.request.tls import handshake_refusal, server_context
from gateway.errors import GatewayError, Misconfigured, Refused

_BACKLOG: Final = 128
# After a failed accept (too many open files): others wait in the backlog.
_PAUSE_S: Final = 0.25
_SHUTDOWN_S: Final = 1.0


class Door:
    """make: the protocol of a connection. room: whether there is room for one more than these handshakes."""

    def __init__(
        self,
        listening: Listening,
        refusals: Refusals,
        make: Callable[[], asyncio.Protocol],
        room: Callable[[int], bool],
    ) -> None:
        self._listening, self._refusals = listening, refusals
        self._make, self._room = make, room
        self._handshakes: set[asyncio.Task[None]] = set()
        self._accepting: asyncio.Task[None] | None = None
        self._socket: socket.socket | None = None
        self._context: ssl.SSLContext | None = None
        self._marks: tuple[object, ...] = ()

    @property
    def port(self) -> int:
        """The port that it listens on. RuntimeError before open."""
        if self._socket is None:
            raise RuntimeError("not open")
        return int(self._socket.getsockname()[1])

    @property
    def asks_for_certificates(self) -> bool:
        tls = self._listening.tls
        return tls is not None and tls.callers_ca is not None

    def open(self) -> None:
        """Listen. Raises Misconfigured 6395, 6396, 6399 and nothing else."""
        listening = self._listening
        if self.asks_for_certificates:
            for caller in listening.callers.callers:
                read_name(caller.name)
        if listening.tls is not None:
            self._marks = self._file_marks()
            self._context = server_context(listening.tls, listening.channel)
        listener = self._socket = _listen(listening)
        self._accepting = asyncio.get_running_loop().create_task(self._accept(listener))

    async def close(self) -> None:
        """No new connection from here on; handshakes under way end."""
        tasks = [*self._handshakes, *([self._accepting] if self._accepting is not None else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._socket is not None:
            self._socket.close()

    def identify(self, transport: asyncio.BaseTransport) -> tuple[Address, Caller | Refused | None]:
        """Where a connection comes from, and whose certificate it has; a refusal has been told."""
        address = ipaddress.ip_address(transport.get_extra_info("peername")[0])
        if not self.asks_for_certificates:
            return address, None
        untrusted_certificate = transport.get_extra_info("peercert") or {}
        try:
            subject = untrusted_certificate.get("subject", ())
            return address, self._listening.callers.of_certificate(subject, address)
        except Refused as error:
            self._refusals.tell("caller.refused", error)
            return address, error

    def renew(self) -> bool:
        """Take renewed certificates and lists; those in force stay where the new ones are not good.

        True where new ones are in force: what was let in by the old ones must end.
        """
        tls, marks = self._listening.tls, self._file_marks()
        if tls is None or marks == self._marks:
            return False
        self._marks = marks
        try:
            self._context = server_context(tls, self._listening.channel)
        except GatewayError as error:
            self._refusals.tell("keys.refused", error)
            return False
        return True

    async def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, address = await loop.sock_accept(listener)
            except OSError:
                await asyncio.sleep(_PAUSE_S)
                continue
            if not self._room(len(self._handshakes)):
                limit, channel = self._listening.most_connections, self._listening.channel
                full = Refused(6365, channel=channel, limit=limit, address=str(address[0]))
                self._refusals.tell("caller.refused", full)
                connection.close()
                continue
            task = loop.create_task(self._take(connection, str(address[0])))
            self._handshakes.add(task)
            task.add_done_callback(self._handshakes.discard)

    async def _take(self, connection: socket.socket, address: str) -> None:
        """One connection from accept to its Entry, or its end."""
        listening, timeouts = self._listening, dict[str, float]()
        if self._context is not None:
            timeouts["ssl_handshake_timeout"] = listening.patience.handshake_s
            timeouts["ssl_shutdown_timeout"] = _SHUTDOWN_S
        try:
            if not self.asks_for_certificates:
                # Who has no name to be told by is sent away before his handshake.
                listening.callers.check_address(None, ipaddress.ip_address(address))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await asyncio.get_running_loop().connect_accepted_socket(
                self._make, connection, ssl=self._context, **timeouts
            )
        except Refused as error:
            self._refusals.tell("caller.refused", error)
            connection.close()
        except OSError as error:
            # One that is gone, or never spoke, is nobody to tell of.
            if not isinstance(error, ConnectionError | TimeoutError):
                refusal = handshake_refusal(error, listening.channel, address)
                self._refusals.tell("caller.refused", refusal)
            connection.close()
        except asyncio.CancelledError:
            connection.close()
            raise

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
