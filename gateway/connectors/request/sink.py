"""The HTTP sink of one channel: builds a new request to its peer, reads a bounded answer.

    RequestBody --building--> PeerLines --> peer --> status, listed headers, content --> Performed
        | values do not fit        | no connection      | sent, no answer
        v                          v                    v
      Refused                  Unavailable         StateUncertain

Where the peer is, and by which secret it knows us, stand in our own settings; nothing of a unit says it. No
redirect, no cookie but listed ones of the caller, no proxy, no compression, no second try.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError
from yarl import URL

from gateway.connectors.request import building
from gateway.connectors.request.body_file import front_of, read_pieces
from gateway.connectors.request.disk_room import DiskRoom
from gateway.connectors.request.parser import check_parser
from gateway.connectors.request.peer_line import PeerAnswer
from gateway.connectors.request.peer_lines import PeerLines, written
from gateway.connectors.request.reply import read_reply, read_reply_file
from gateway.connectors.request.secret_files import Credential, read_credential
from gateway.connectors.request.settings import Calling
from gateway.connectors.request.tls import client_context
from gateway.connectors.request.to_peer import (
    Sent,
    base_of,
    failure_of,
    new_session,
    with_credential,
)
from gateway.errors import Refused, StateUncertain, Unavailable
from gateway.policy.operations import Operation
from gateway.unit.asking import Performed
from gateway.unit.request import RequestBody
from gateway.unit.stages import Admitted
from gateway.unit.submitting import PerformedBody


class HttpSink:
    """A Performer over HTTP(S). start(), perform() and close() in one loop."""

    def __init__(self, calling: Calling) -> None:
        self._calling = calling
        self._base = base_of(calling)
        self._session: aiohttp.ClientSession | None = None
        self._lines: PeerLines | None = None
        self._credential: Credential | None = None
        self._room: DiskRoom | None = None

    async def start(self) -> None:
        """Read secrets and certificates. Raises Misconfigured 6392 to 6397; connects to nothing."""
        check_parser()
        calling = self._calling
        if calling.secrets is not None and calling.secret:
            self._credential = read_credential(calling.secrets, calling.secret)
        context = client_context(calling.tls, calling.channel) if calling.tls is not None else None
        self._session = new_session(calling)
        self._lines = PeerLines(calling, context)

    async def close(self) -> None:
        """Let go of all connections; calls under way end without an answer."""
        if self._lines is not None:
            lines, self._lines = self._lines, None
            lines.close()
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()

    async def perform(self, admitted: Admitted, head: RequestBody) -> Performed:
        """See Performer. Raises Refused 6327, 6328, 638x, Unavailable 6380, 6391, StateUncertain 6381.

        6385 to 6389 say that it was performed and its answer is not one that the operation has.
        """
        content = admitted.body.read() if admitted.body.size_bytes else b""
        call = self._built(head, content)
        number, base = admitted.manifest.number, self._base + self._calling.base_path
        read = partial(read_reply, operation=call.operation, number=number, base=base)
        return await self._within(head, self._ask(call, content, sent := Sent(), read), sent)

    async def perform_body(
        self, admitted: Admitted, head: RequestBody, staging: Path
    ) -> PerformedBody:
        """See BodyPerformer. Raises as perform(), and Unavailable 6450 to 6452: there would be no room for
        its answer, and nothing was sent."""
        room_bytes = self._large_answer_bytes(head)
        if not room_bytes:
            return await self._perform_body(admitted, head, staging)
        room = self._room = self._room or DiskRoom(staging, self._calling.disk)
        room.hold(room_bytes)
        try:
            return await self._perform_body(admitted, head, staging)
        finally:
            room.release(room_bytes)

    async def _perform_body(
        self, admitted: Admitted, head: RequestBody, staging: Path
    ) -> PerformedBody:
        size_bytes = admitted.body.size_bytes
        front = await asyncio.to_thread(front_of, admitted.body) if size_bytes else b""
        sending = _Sending(read_pieces(admitted.body) if size_bytes else None, front, size_bytes)
        read = partial(read_reply_file, staging=staging)
        return await self._perform(admitted, head, sending, read)

    def _large_answer_bytes(self, head: RequestBody) -> int:
        """The most that an answer to this call may take on disk; 0 where none does."""
        operation = self._calling.operations.get(head.operation)
        contents = [a.content for a in operation.answers.values()] if operation is not None else []
        return max((c.most_bytes for c in contents if c is not None and c.is_large), default=0)

    async def _perform(
        self, admitted: Admitted, head: RequestBody, sending: _Sending, read: _Read[_Told]
    ) -> _Told:
        call = self._built(head, sending.front)
        if sending.size_bytes:
            call.headers.append(("Content-Length", str(sending.size_bytes)))
        number, sent = admitted.manifest.number, Sent()
        return await self._within(head, self._call(call, sending.content, number, sent, read), sent)

    def _built(self, head: RequestBody, front: bytes) -> _Call:
        """The request to the peer. front: of its content. Raises Refused 6327, 6328, 6382 to 6384."""
        operation = self._calling.operations.get(head.operation)
        if operation is None or operation.live is not None:
            raise Refused(6384, operation=head.operation)
        target = building.target(operation, self._calling.base_path, head)
        headers = building.headers(operation, head, front)
        return _Call(operation, target, with_credential(headers, self._credential))

    async def _within(
        self, head: RequestBody, work: Coroutine[Any, Any, _Told], sent: Sent
    ) -> _Told:
        """A call within the time that its caller has; its errors as what is known of it."""
        channel = self._calling.channel
        try:
            async with asyncio.timeout(head.answer_within_ms / 1000):
                try:
                    return await work
                except HttpProcessingError as error:
                    raise Refused(6389, performed=1, reason=type(error).__name__) from error
                except (aiohttp.ClientError, OSError) as error:
                    raise failure_of(channel, error, sent) from error
        except TimeoutError as error:
            if sent.begun:
                raise StateUncertain(6381, channel=channel, reason="time is over") from error
            raise Unavailable(6380, channel=channel, reason="time is over") from error

    async def _ask(
        self,
        call: _Call,
        content: bytes,
        sent: Sent,
        read: Callable[[PeerAnswer], Coroutine[Any, Any, Performed]],
    ) -> Performed:
        """One with its content in memory."""
        if self._lines is None:
            raise Unavailable(6380, channel=self._calling.channel, reason="stopping")
        method = call.operation.method
        request = written(method, call.target, self._lines.host, call.headers, content)
        return await self._lines.ask(method, request, sent, read)

    async def _call(
        self,
        call: _Call,
        content: AsyncGenerator[bytes, None] | None,
        number: int,
        sent: Sent,
        read: _Read[_Told],
    ) -> _Told:
        """One with its content, or that of its answer, in a file."""
        session, calling = self._session, self._calling
        if session is None:
            raise Unavailable(6380, channel=calling.channel, reason="stopping")
        sent.watch()
        name = calling.tls.server_name if calling.tls is not None else None
        try:
            async with session.request(
                call.operation.method,
                # Encoded by building; yarl must not read it as something to normalise.
                URL(self._base + call.target, encoded=True),
                headers=call.headers,
                data=content,
                allow_redirects=False,
                server_hostname=name,
                timeout=aiohttp.ClientTimeout(total=None, connect=calling.connect_s),
            ) as response:
                return await read(response, call.operation, number, self._base + calling.base_path)
        except Unavailable as error:
            # Of our own disk, while the peer answered: it was performed, for all that is known.
            raise StateUncertain(6381, channel=calling.channel, reason="disk") from error


_Told = TypeVar("_Told")
_Read = Callable[[aiohttp.ClientResponse, Operation, int, str], Coroutine[Any, Any, _Told]]


@dataclass(frozen=True, slots=True)
class _Sending:
    """A content in a file. content: its pieces, None for none. front: its first bytes."""

    content: AsyncGenerator[bytes, None] | None
    front: bytes
    size_bytes: int = 0


@dataclass(frozen=True, slots=True)
class _Call:
    """A request to the peer, built."""

    operation: Operation
    target: str
    headers: list[tuple[str, str]]
