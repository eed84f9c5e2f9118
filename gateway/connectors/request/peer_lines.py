"""Connections to one peer: kept, reused, so many at most. A request in one write, its answer read by aiohttp.

    ask --> room? --> a kept connection, or a new one --> write --> head, content --> read --> kept | closed
              | none in connect_s: TimeoutError

aiohttp's client takes as much time for a small request as all other work at this edge, with its traces,
redirects, cookies, proxies and middlewares, none of which a sink has. Its reader of answers (llhttp) is
what judges bytes here too. Nothing is sent twice. Requests with contents in files go through its client.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from ssl import SSLContext
from typing import Final, TypeVar

from aiohttp.client_proto import ResponseHandler
from aiohttp.streams import StreamReader
from multidict import CIMultiDictProxy

from gateway.connectors.request.settings import Calling
from gateway.connectors.request.to_peer import (
    MOST_HEADERS,
    MOST_LINE_BYTES,
    READ_BYTES,
    Sent,
    host_of,
)
from gateway.connectors.request.writing import message
from gateway.errors import Unavailable

# RFC 9110, 8.6: others say that they carry nothing.
_SAYS_NO_LENGTH: Final = frozenset({"GET", "HEAD", "OPTIONS"})
# RFC 8305, 5: a name with an address that does not answer costs so much, not all of connect_s.
_NEXT_ADDRESS_S: Final = 0.25
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class PeerAnswer:
    """What reply.py reads of an answer. close: no more of it is wanted, nor of its connection."""

    method: str
    status: int
    headers: CIMultiDictProxy[str]
    content: StreamReader
    close: Callable[[], None]

    @property
    def content_length(self) -> int | None:
        said = self.headers.get("Content-Length")
        return int(said) if said is not None and said.isdecimal() else None


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
        self._kept: deque[tuple[float, ResponseHandler]] = deque()
        self._in_use: set[ResponseHandler] = set()
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
        # From here it may be performed.
        sent.begun = True
        try:
            line.set_response_params(
                skip_payload=method == "HEAD",
                read_until_eof=True,
                auto_decompress=False,
                read_bufsize=READ_BYTES,
                max_line_size=MOST_LINE_BYTES,
                max_field_size=MOST_LINE_BYTES,
                max_headers=MOST_HEADERS,
            )
            if line.transport is None:
                raise ConnectionResetError
            line.transport.write(request)
            head, content = await line.read()
            while head.code < 200 and head.code != 101:
                head, content = await line.read()
            return await read(PeerAnswer(method, head.code, head.headers, content, line.close))
        except BaseException:
            line.close()
            raise
        finally:
            self._give_back(line)

    def close(self) -> None:
        """End all connections; who waits for an answer gets none."""
        self._is_closed = True
        for line in [*self._in_use, *(line for _, line in self._kept)]:
            line.close()
        self._kept.clear()
        if self._sweeping is not None:
            self._sweeping.cancel()

    async def _line(self) -> ResponseHandler:
        if self._kept and not self._room.locked():
            await self._room.acquire()
            if (line := self._kept_one()) is not None:
                return line
            self._room.release()
        async with asyncio.timeout(self._calling.connect_s):
            await self._room.acquire()
            try:
                return self._kept_one() or await self._connect()
            except BaseException:
                self._room.release()
                raise

    def _kept_one(self) -> ResponseHandler | None:
        """One that has been used last: those that are not needed grow old."""
        while self._kept:
            since_s, line = self._kept.pop()
            # What has come unasked would be taken for the next answer.
            if (
                line.is_connected()
                and not line.should_close
                and self._loop.time() - since_s <= self._calling.idle_s
            ):
                self._in_use.add(line)
                return line
            line.close()
        return None

    async def _connect(self) -> ResponseHandler:
        if self._is_closed:
            raise Unavailable(6380, channel=self._calling.channel, reason="stopping")
        calling = self._calling
        name = calling.tls.server_name if calling.tls is not None else None
        _, line = await self._loop.create_connection(
            lambda: ResponseHandler(self._loop),
            calling.host,
            calling.port,
            ssl=self._context,
            happy_eyeballs_delay=_NEXT_ADDRESS_S,
            server_hostname=(name or calling.host) if self._context is not None else None,
        )
        self._in_use.add(line)
        return line

    def _give_back(self, line: ResponseHandler) -> None:
        self._in_use.discard(line)
        self._room.release()
        if self._is_closed or line.should_close or not line.is_connected():
            line.close()
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
