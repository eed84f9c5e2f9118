"""The sink of one channel's sessions: a connection of our own to the peer, then messages both ways.

    RequestBody --building--> aiohttp's client --> peer agrees --> opened() --> joined --> ended
        | values do not fit        | no connection      | another answer
        v                          v                    v
      Refused                  Unavailable        Refused, with `performed`

As for requests nothing of a unit says where the peer is. No redirect, no extension, no compression.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import Final, TypeVar

import aiohttp
from yarl import URL

from gateway.connectors.request import building
from gateway.connectors.request.event_stream import MEDIA_TYPE, EventReader
from gateway.connectors.request.joined import Broken, join
from gateway.connectors.request.live_limits import Pace
from gateway.connectors.request.parser import check_parser, refuse_redirect
from gateway.connectors.request.secret_files import Credential, read_credential
from gateway.connectors.request.settings import Calling
from gateway.connectors.request.telling import Teller, Told
from gateway.connectors.request.to_peer import (
    Sent,
    base_of,
    failure_of,
    new_session,
    with_credential,
)
from gateway.connectors.request.websocket import CLOSE_S, KEEP_S, most_bytes, reader, writer
from gateway.errors import Refused, StateUncertain, Unavailable
from gateway.policy.live import SUBPROTOCOL, Form, LiveRule
from gateway.policy.operations import Operation
from gateway.unit.live import Message, Session
from gateway.unit.request import RequestBody
from gateway.unit.session import Ending
from gateway.unit.stages import Admitted

T = TypeVar("T")
# For one message to be taken by the peer.
_STALL_S: Final = 30.0
_CODES: Final = {Ending.DONE: 1000, Ending.REFUSED: 1008, Ending.TOO_MANY: 1008}
# For all other endings: whoever was on the other side is not there any more.
_AWAY: Final = 1001


class LiveSink:
    """An Attendant over WebSocket and server-sent events. start(), attend() and close() in one loop."""

    def __init__(self, calling: Calling, teller: Teller | None = None) -> None:
        """teller: is told of what a peer sent that cannot cross."""
        self._teller = teller
        # As many connections as sessions: each has one of its own.
        rules = [one.live for one in calling.operations.values() if one.live is not None]
        self._calling = replace(calling, most_connections=sum(one.in_all for one in rules) or 1)
        self._base = base_of(calling)
        self._client: aiohttp.ClientSession | None = None
        self._credential: Credential | None = None
        self._stopping: set[asyncio.Future[Broken]] = set()

    async def start(self) -> None:
        """Read secrets and certificates. Raises Misconfigured 6392 to 6397; connects to nothing."""
        check_parser()
        calling = self._calling
        if calling.secrets is not None and calling.secret:
            self._credential = read_credential(calling.secrets, calling.secret)
        self._client = new_session(calling, refuse_redirect)

    async def close(self) -> None:
        """End all sessions, then let go of all connections."""
        for stopped in self._stopping:
            if not stopped.done():
                stopped.set_result(Broken(Ending.LOST))
        loop = asyncio.get_running_loop()
        until_s = loop.time() + 2 * CLOSE_S
        while self._stopping and loop.time() < until_s:
            await asyncio.sleep(0.02)
        if self._client is not None:
            client, self._client = self._client, None
            await client.close()

    async def attend(
        self, admitted: Admitted, head: RequestBody, opened: Callable[[], Session]
    ) -> None:
        """See Attendant. Raises Refused 6382 to 6389, Unavailable 6380, 6391, StateUncertain 6381."""
        operation = self._calling.operations.get(head.operation)
        live = operation.live if operation is not None else None
        if operation is None or live is None or self._client is None:
            raise Refused(6384, operation=head.operation)
        target = building.target(operation, self._calling.base_path, head)
        headers, subprotocol = self._headers(operation, head)
        url = URL(self._base + target, encoded=True)
        if live.form is Form.WEBSOCKET:
            await self._websocket(url, headers, subprotocol, live, head, opened)
        else:
            await self._events(url, headers, live, head, opened)

    def _headers(
        self, operation: Operation, head: RequestBody
    ) -> tuple[list[tuple[str, str]], str]:
        """Those that the operation lists, and the subprotocol, which the client says in its own way."""
        subprotocol = dict(head.headers).get(SUBPROTOCOL, "")
        listed = tuple((name, value) for name, value in head.headers if name != SUBPROTOCOL)
        headers = building.headers(operation, replace(head, headers=listed), b"")
        return with_credential(headers, self._credential), subprotocol

    async def _websocket(
        self,
        url: URL,
        headers: list[tuple[str, str]],
        subprotocol: str,
        live: LiveRule,
        head: RequestBody,
        opened: Callable[[], Session],
    ) -> None:
        most = most_bytes(live.receives)
        headers = [(name, value) for name, value in headers if name != "Accept"]

        async def connect(client: aiohttp.ClientSession) -> aiohttp.ClientWebSocketResponse[bool]:
            return await client.ws_connect(
                url,
                headers=headers,
                protocols=(subprotocol,) if subprotocol else (),
                heartbeat=KEEP_S,
                compress=0,
                max_msg_size=most + 1,
                timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_S),
                decode_text=False,
                server_hostname=self._server_name,
            )

        socket = await self._within(head, connect)
        if (socket.protocol or "") != subprotocol:
            await socket.close()
            raise Refused(6389, performed=1, reason="subprotocol")

        async def finish(ending: Ending) -> None:
            await socket.close(code=_CODES.get(ending, _AWAY))

        await self._carry(opened(), reader(socket, live.receives), writer(socket), finish)

    async def _events(
        self,
        url: URL,
        headers: list[tuple[str, str]],
        live: LiveRule,
        head: RequestBody,
        opened: Callable[[], Session],
    ) -> None:
        rule = live.receives
        if rule is None:
            raise Refused(6384, operation=head.operation)
        headers = [*((n, v) for n, v in headers if n != "Accept"), ("Accept", MEDIA_TYPE)]

        async def connect(client: aiohttp.ClientSession) -> aiohttp.ClientResponse:
            return await client.request(
                "GET",
                url,
                headers=headers,
                allow_redirects=False,
                server_hostname=self._server_name,
                timeout=aiohttp.ClientTimeout(total=None, connect=self._calling.connect_s),
            )

        response = await self._within(head, connect)
        if response.status != 200:
            response.close()
            raise Refused(6385, performed=1, status=response.status, operation=head.operation)
        coding = response.headers.get("Content-Encoding", "identity").lower()
        if response.content_type != MEDIA_TYPE or coding != "identity":
            response.close()
            raise Refused(6388, performed=1, operation=head.operation, type=response.content_type)
        reader, pace = EventReader(rule.content.most_bytes), Pace(rule.rate)
        ready: list[Message] = []

        async def read() -> Message:
            while not ready:
                try:
                    part = await response.content.readany()
                    ready.extend(_crossing(one, live) for one in reader.feed(part))
                except Refused as refused:
                    raise Broken(Ending.REFUSED, refused) from refused
                except (aiohttp.ClientError, OSError) as error:
                    raise Broken(Ending.AWAY) from error
                if not part and not ready:
                    raise Broken(Ending.DONE)
            await pace.wait()
            return ready.pop(0)

        async def write(_: Message) -> None:
            raise OSError("a stream of events takes nothing")

        async def finish(_: Ending) -> None:
            response.close()

        await self._carry(opened(), read, write, finish)

    async def _carry(
        self,
        session: Session,
        read: Callable[[], Awaitable[Message]],
        write: Callable[[Message], Awaitable[None]],
        finish: Callable[[Ending], Awaitable[None]],
    ) -> None:
        stopped: asyncio.Future[Broken] = asyncio.get_running_loop().create_future()
        self._stopping.add(stopped)
        ending = Ending.LOST
        try:
            over = await join(session, read, write, stopped, _STALL_S)
            ending = over.ending
            if over.error is not None and ending is Ending.REFUSED and self._teller is not None:
                fields = {**over.error.fields, "ending": ending.value}
                channel, number = self._calling.channel, over.error.number
                told = Told("peer.refused", channel, number, session.number, fields)
                self._teller.tell(told)
        finally:
            with suppress(OSError, aiohttp.ClientError):
                # A peer that takes nothing gets no last words; its connection ends with the client's.
                async with asyncio.timeout(2 * CLOSE_S):
                    await finish(ending)
            self._stopping.discard(stopped)

    @property
    def _server_name(self) -> str | None:
        return self._calling.tls.server_name if self._calling.tls is not None else None

    async def _within(
        self, head: RequestBody, connect: Callable[[aiohttp.ClientSession], Awaitable[T]]
    ) -> T:
        """What the peer agreed to, in the caller's time."""
        client, channel = self._client, self._calling.channel
        if client is None:
            raise Unavailable(6380, channel=channel, reason="stopping")
        sent = Sent()
        sent.watch()
        try:
            async with asyncio.timeout(head.answer_within_ms / 1000):
                return await connect(client)
        except TimeoutError as error:
            if sent.begun:
                raise StateUncertain(6381, channel=channel, reason="time is over") from error
            raise Unavailable(6380, channel=channel, reason="time is over") from error
        except aiohttp.WSServerHandshakeError as error:
            raise Refused(
                6385, performed=1, status=error.status, operation=head.operation
            ) from error
        except (aiohttp.ClientError, OSError) as error:
            raise failure_of(channel, error, sent) from error


def _crossing(message: Message, live: LiveRule) -> Message:
    """An event without the id, where no line says that ids cross."""
    return message if live.event_id is not None else replace(message, event_id="")
