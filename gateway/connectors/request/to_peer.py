"""Calls to a peer, as both sinks make them: where it is, what is ours to say, a client that adds nothing.

    Sent.watch() --> connection --> begun: from there on the request may have been performed
                       | none
                       v
                    Unavailable: nothing was sent

An error of the client becomes what is known of the request; of its text nothing goes on.
"""

from __future__ import annotations

import os
import ssl
from contextvars import ContextVar
from typing import Any, Final, TypedDict

import aiohttp

from gateway.connectors.request.parser import ask_once
from gateway.connectors.request.secret_files import Credential
from gateway.connectors.request.settings import Calling
from gateway.connectors.request.tls import client_context
from gateway.errors import Refused, StateUncertain, Unavailable

# Of an answer's head: as much as of a request's.
_MOST_LINE_BYTES: Final = 8_190
# All but what building says.
_NOT_BY_ITSELF: Final = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")


class Reading(TypedDict):
    """How aiohttp's reader of answers reads, in its own words."""

    auto_decompress: bool
    read_bufsize: int
    max_line_size: int
    max_field_size: int
    max_headers: int


# Of every answer of a peer, whichever sink has asked.
READING: Final[Reading] = {
    "auto_decompress": False,
    "read_bufsize": 64 * 1024,
    "max_line_size": _MOST_LINE_BYTES,
    "max_field_size": _MOST_LINE_BYTES,
    "max_headers": 64,
}


def base_of(calling: Calling) -> str:
    """The peer's address as a URL, without a path."""
    scheme = "https" if calling.tls is not None else "http"
    return f"{scheme}://{_host(calling)}:{calling.port}"


def host_of(calling: Calling) -> str:
    """The peer's name in a request (RFC 9110, 7.2)."""
    usual = 443 if calling.tls is not None else 80
    return _host(calling) if calling.port == usual else f"{_host(calling)}:{calling.port}"


def _host(calling: Calling) -> str:
    return f"[{calling.host}]" if ":" in calling.host else calling.host


def with_credential(
    headers: list[tuple[str, str]], credential: Credential | None
) -> list[tuple[str, str]]:
    """With our own, instead of what an operation may list under the same name."""
    if credential is None:
        return headers
    own = credential.header
    return [*((n, v) for n, v in headers if n.lower() != own.lower()), (own, credential.value)]


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
        trust_env=False,
        skip_auto_headers=_NOT_BY_ITSELF,
        middlewares=middlewares,
        **READING,
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


def failure_of(
    channel: str, error: Exception, sent: Sent
) -> Refused | Unavailable | StateUncertain:
    """What is known of a request that ended so."""
    reason = _reason_of(error)
    if not sent.begun:
        is_tls = isinstance(error, aiohttp.ClientSSLError | ssl.SSLError)
        return Unavailable(6391 if is_tls else 6380, channel=channel, reason=reason)
    if isinstance(error, aiohttp.ClientResponseError):
        return Refused(6389, performed=1, reason=reason)
    return StateUncertain(6381, channel=channel, reason=reason)


def _reason_of(error: Exception) -> str:
    """A word of the error's kind: its text may hold addresses, and what the peer has sent."""
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    if isinstance(cause, ConnectionError | TimeoutError) and cause.errno:
        # asyncio's own text says where to.
        return os.strerror(cause.errno)
    return getattr(cause, "strerror", None) or type(cause).__name__
