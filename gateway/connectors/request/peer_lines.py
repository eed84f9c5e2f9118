"""Connections to one peer: kept, reused, so many at most. A request in one write, its answer read by aiohttp.

    ask --> room? --> a kept connection, or a new one --> write --> head, content --> read --> kept | ended
              | none in connect_s: TimeoutError               kept: bytes that nobody has asked for end it

aiohttp's client takes as much time for a small request as all other work at this edge, with its traces,
redirects, cookies, proxies and middlewares, none of which a sink has. Its reader of answers (llhttp) is
what judges bytes here too (peer_line.py). Nothing is sent twice. Requests with contents in files go
through its client.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from ssl import SSLContext
from typing import Final, TypeVar

from gateway.connectors.request.peer_line import PeerAnswer, PeerLine
from gateway.connectors.request.settings import Calling
from gateway.connectors.request.to_peer import Sent, host_of
from gateway.connectors.request.writing import message
from gateway.errors import Unavailable

# RFC 9110, 8.6: others say that they carry nothing.
_SAYS_NO_LENGTH: Final = frozenset({"GET", "HEAD", "OPTIONS"})
# RFC 8305, 5: so long for one address of a name before the next is tried beside it.
_NEXT_ADDRESS_S: Final = 0.25
_T = TypeVar("_T")


def written(
    method: str, target: str, host: str, headers: Sequence[tuple[str, str]], content: bytes
) -> bytes:
    """A request. RuntimeError for a line that is more than one."""
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}"]
    lines += [f"{name}: {value}" for name, value in headers]
    if content or method not in _SAYS_NO_LENGTH:
        lines.append(f"Content-Length: {len(content)}")
    return message(lines, content)


class PeerLines:
    """The connections of one sink. Belongs to one loop. context: of TLS, None for none."""

    def __init__(self, calling: Calling, context: SSLContext | None) -> None:
        self._calling, self._context = calling, context
        self.host = host_of(calling)
        self._loop = asyncio.get_running_loop()
        self._room = asyncio.Semaphore(calling.most_connections)
        self._kept: deque[tuple[float, PeerLine]] = deque()
        self._in_use: set[PeerLine] = set()
        self._sweeping: asyncio.TimerHandle | None = None
        self._is_closed = False

    async def ask(
        self,
        method: str,
        request: bytes,
        sent: Sent,
        read: Callable[[PeerAnswer], Awaitable[_T]],
    ) -> _T:
        """What `read` makes of the answer to a request as written().

        Raises OSError (no connection within connect_s, then sent.begun is not set; or it broke),
        aiohttp.ClientError, HttpProcessingError (no answer of HTTP) and what `read` raises.
        """
        line = await self._line()
        try:
            if line.transport is None:
                raise ConnectionResetError
            # From here it may be performed.
            sent.begun = True
            line.ask(method, request)
            return await read(await line.answer(method))
        except BaseException:
            # Nothing more of it is sent either: by then a later try may have been performed.
            line.abort()
            raise
        finally:
            line.done()
            self._give_back(line)

    def close(self) -> None:
        """End all connections; who waits for an answer gets none."""
        self._is_closed = True
        for line in [*self._in_use, *(line for _, line in self._kept)]:
            line.cut()
        self._kept.clear()
        if self._sweeping is not None:
            self._sweeping.cancel()

    async def _line(self) -> PeerLine:
        if self._kept and not self._room.locked():
            await self._room.acquire()
            if (line := self._kept_one()) is not None:
                return line
            self._room.release()
        async with asyncio.timeout(self._calling.connect_s):
            await self._room.acquire()
            try:
                line = self._kept_one()
                return line if line is not None else await self._connect()
            except BaseException:
                self._room.release()
                raise

    def _kept_one(self) -> PeerLine | None:
        """One that has been used last: those that are not needed grow old."""
        while self._kept:
            since_s, line = self._kept.pop()
            # What has come unasked would be taken for the next answer.
            if line.is_free() and self._loop.time() - since_s <= self._calling.idle_s:
                self._in_use.add(line)
                return line
            line.abort()
        return None

    async def _connect(self) -> PeerLine:
        if self._is_closed:
            raise Unavailable(6380, channel=self._calling.channel, reason="stopping")
        calling = self._calling
        name = calling.tls.server_name if calling.tls is not None else None
        _, line = await self._loop.create_connection(
            lambda: PeerLine(self._loop),
            calling.host,
            calling.port,
            ssl=self._context,
            server_hostname=(name or calling.host) if self._context is not None else None,
            happy_eyeballs_delay=_NEXT_ADDRESS_S,
        )
        self._in_use.add(line)
        return line

    def _give_back(self, line: PeerLine) -> None:
        self._in_use.discard(line)
        self._room.release()
        if self._is_closed or not line.is_free():
            line.abort()
            return
        self._kept.append((self._loop.time(), line))
        if self._sweeping is None:
            self._sweeping = self._loop.call_later(self._calling.idle_s, self._sweep)

    def _sweep(self) -> None:
        """End those that have been kept for long enough."""
        self._sweeping = None
        before_s = self._loop.time() - self._calling.idle_s
        while self._kept and self._kept[0][0] <= before_s:
            self._kept.popleft()[1].close()
        if self._kept:
            wait_s = self._kept[0][0] - before_s
            self._sweeping = self._loop.call_later(wait_s, self._sweep)
