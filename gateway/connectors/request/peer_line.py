"""One connection to a peer: a request in one write, its answer read by aiohttp, then free or ended.

    free --ask--> asked --answer--> head, content --done--> free
      | bytes that nobody has asked for                | unsent, unread
      v                                                v
    ended                                            ended

An answer that is not the one of this request would be another caller's.
"""

from __future__ import annotations

import asyncio
import select
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from aiohttp.client_proto import ResponseHandler
from aiohttp.http_exceptions import BadHttpMessage
from aiohttp.streams import StreamReader
from multidict import CIMultiDictProxy

from gateway.connectors.request.to_peer import READING

# Heads that come before an answer (RFC 9110, 15.2); a peer that says more of them says nothing else.
_MOST_EARLY: Final = 16


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


class PeerLine(ResponseHandler):
    """One connection. What comes while nothing is asked is nobody's answer, and ends it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self._unread = select.poll()
        self._is_asked = False
        self._is_cut = False
        self._content: StreamReader | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._unread.register(transport.get_extra_info("socket").fileno(), select.POLLIN)

    def data_received(self, data: bytes) -> None:
        if self._is_asked:
            super().data_received(data)
        else:
            self.abort()

    def is_free(self) -> bool:
        """Whether it may be asked: all before is written and read, and nothing waits in the socket."""
        transport = self.transport
        return (
            transport is not None
            and not transport.is_closing()
            and not self.should_close
            and not transport.get_write_buffer_size()
            and not self._unread.poll(0)
        )

    def ask(self, method: str, request: bytes) -> None:
        """Write a request. Raises ConnectionResetError where there is no connection."""
        self.set_response_params(skip_payload=method == "HEAD", read_until_eof=True, **READING)
        if self.transport is None:
            raise ConnectionResetError
        self._is_asked = True
        self.transport.write(request)

    async def answer(self, method: str) -> PeerAnswer:
        """The head of the answer. Raises as PeerLines.ask."""
        for _ in range(_MOST_EARLY + 1):
            message, content = await self.read()
            if self._is_cut:
                raise ConnectionResetError
            if message.code >= 200 or message.code == 101:
                self._content = content
                return PeerAnswer(method, message.code, message.headers, content, self.abort)
        raise BadHttpMessage("too much before the answer")

    def done(self) -> None:
        """The answer has been read."""
        self._is_asked, self._content = False, None

    def cut(self) -> None:
        """End it. What has come of an answer is not taken for all of it."""
        self.abort()
        self._is_cut = True
        self.set_exception(ConnectionResetError())
        if self._content is not None:
            self._content.set_exception(ConnectionResetError())
