"""The HTTP sink of one channel: builds a new request to its peer, reads a bounded answer.

    RequestBody --building--> aiohttp's client --> peer --> status, listed headers, content --> Performed
        | values do not fit        | no connection      | sent, no answer
        v                          v                    v
      Refused                  Unavailable         StateUncertain

Where the peer is, and by which secret it knows us, stand in our own settings; nothing of a unit says it. No
redirect, no cookie, no proxy, no compression, no second try.
"""

from __future__ import annotations

import asyncio
import ssl
from contextvars import ContextVar
from typing import Any, Final

import aiohttp
from yarl import URL

from gateway.connectors.request import building
from gateway.connectors.request.parser import ask_once, check_parser
from gateway.connectors.request.reply import read_reply
from gateway.connectors.request.secret_files import Credential, read_credential
from gateway.connectors.request.settings import Calling
from gateway.connectors.request.tls import client_context
from gateway.errors import Refused, StateUncertain, Unavailable
from gateway.policy.operations import Operation
from gateway.unit.asking import Performed
from gateway.unit.request import RequestBody
from gateway.unit.stages import Admitted

_READ_BYTES: Final = 64 * 1024
# Of an answer's head: as much as of a request's.
_MOST_LINE_BYTES: Final = 8_190
_MOST_HEADERS: Final = 64
# All but what building says.
_NOT_BY_ITSELF: Final = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")


class HttpSink:
    """A Performer over HTTP(S). start(), perform() and close() in one loop."""

    def __init__(self, calling: Calling) -> None:
        self._calling = calling
        scheme = "https" if calling.tls is not None else "http"
        host = f"[{calling.host}]" if ":" in calling.host else calling.host
        self._base = f"{scheme}://{host}:{calling.port}"
        self._session: aiohttp.ClientSession | None = None
        self._credential: Credential | None = None

    async def start(self) -> None:
        """Read secrets and certificates. Raises Misconfigured 6392 to 6397; connects to nothing."""
        check_parser()
        calling = self._calling
        if calling.secrets is not None and calling.secret:
            self._credential = read_credential(calling.secrets, calling.secret)
        self._session = new_session(calling)

    async def close(self) -> None:
        """Let go of all connections; calls under way end without an answer."""
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()

    async def perform(self, admitted: Admitted, head: RequestBody) -> Performed:
        """See Performer. Raises Refused 6327, 6328, 638x, Unavailable 6380, 6391, StateUncertain 6381.

        6385 to 6389 say that it was performed and its answer is not one that the operation has.
        """
        operation = self._calling.operations.get(head.operation)
        channel = self._calling.channel
        if operation is None or operation.live is not None:
            raise Refused(6384, operation=head.operation)
        content = admitted.body.read() if admitted.body.size_bytes else b""
        target = building.target(operation, self._calling.base_path, head)
        headers = building.headers(operation, head, content)
        if self._credential is not None:
            # Instead of what an operation may list under the same name.
            own = self._credential.header
            headers = [(n, v) for n, v in headers if n.lower() != own.lower()]
            headers.append((own, self._credential.value))
        within_s, sent = head.answer_within_ms / 1000, Sent()
        try:
            async with asyncio.timeout(within_s):
                number = admitted.manifest.number
                return await self._call(operation, target, headers, content, number, sent)
        except TimeoutError as error:
            if sent.begun:
                raise StateUncertain(6381, channel=channel, reason="time is over") from error
            raise Unavailable(6380, channel=channel, reason="time is over") from error

    async def _call(
        self,
        operation: Operation,
        target: str,
        headers: list[tuple[str, str]],
        content: bytes,
        number: int,
        sent: Sent,
    ) -> Performed:
        session, calling = self._session, self._calling
        if session is None:
            raise Unavailable(6380, channel=calling.channel, reason="stopping")
        sent.watch()
        name = calling.tls.server_name if calling.tls is not None else None
        try:
            async with session.request(
                operation.method,
                # Encoded by building; yarl must not read it as something to normalise.
                URL(self._base + target, encoded=True),
                headers=headers,
                data=content or None,
                allow_redirects=False,
                server_hostname=name,
                timeout=aiohttp.ClientTimeout(total=None, connect=calling.connect_s),
            ) as response:
                return await read_reply(response, operation, number, self._base + calling.base_path)
        except (aiohttp.ClientError, OSError) as error:
            raise self._failure(error, sent) from error

    def _failure(self, error: Exception, sent: Sent) -> Refused | Unavailable | StateUncertain:
        channel, reason = self._calling.channel, reason_of(error)
        if not sent.begun:
            if isinstance(error, aiohttp.ClientSSLError | ssl.SSLError):
                return Unavailable(6391, channel=channel, reason=reason)
            return Unavailable(6380, channel=channel, reason=reason)
        if isinstance(error, aiohttp.ClientResponseError):
            return Refused(6389, performed=1, reason=reason)
        return StateUncertain(6381, channel=channel, reason=reason)


def new_session(
    calling: Calling, *middlewares: aiohttp.ClientMiddlewareType
) -> aiohttp.ClientSession:
    """A client with nothing of its own. Reads certificates. Raises Misconfigured 6392, 6395, 6397."""
    context = client_context(calling.tls, calling.channel) if calling.tls is not None else False
    connector = _Connector(
        limit=calling.most_connections,
        keepalive_timeout=calling.idle_s,
        ssl=context,
        use_dns_cache=True,
        ttl_dns_cache=30,
    )
    session = aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
        skip_auto_headers=_NOT_BY_ITSELF,
        read_bufsize=_READ_BYTES,
        max_line_size=_MOST_LINE_BYTES,
        max_field_size=_MOST_LINE_BYTES,
        max_headers=_MOST_HEADERS,
        middlewares=middlewares,
    )
    ask_once(session)
    return session


class Sent:
    """Whether a request has been given a connection: from there on it may be sent."""

    begun = False

    def watch(self) -> None:
        """Notes it for the request that this task makes next."""
        _UNDER_WAY.set(self)


_UNDER_WAY: Final[ContextVar[Sent]] = ContextVar("request under way")


class _Connector(aiohttp.TCPConnector):
    """Notes for the request that asks for it that there is a connection."""

    async def connect(self, *arguments: Any, **named: Any) -> Any:
        connection = await super().connect(*arguments, **named)
        _UNDER_WAY.get().begun = True
        return connection


def reason_of(error: Exception) -> str:
    """A word of the error's kind: its text may hold addresses, and what the peer has sent."""
    if isinstance(error, aiohttp.ClientConnectorError):
        return error.os_error.strerror or type(error.os_error).__name__
    return getattr(error, "strerror", None) or type(error).__name__
