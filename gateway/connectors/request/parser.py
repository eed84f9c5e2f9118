"""aiohttp's parts that requests rest on, looked for at start: a gate without them does not start.

Its parser in C (llhttp) is the second reader of every request; the one in Python, which it falls back to, has
been the more lenient. Its client must not send a request again by itself: whether it may is the policy's.
"""

from __future__ import annotations

import aiohttp
from aiohttp import http_parser

from gateway.errors import Misconfigured


def check_parser() -> None:
    """Raises Misconfigured 6392 and nothing else."""
    for name in ("HttpRequestParser", "HttpResponseParser"):
        parser = getattr(http_parser, name, None)
        if parser is None or parser is getattr(http_parser, f"{name}Py", None):
            raise Misconfigured(6392, part=f"{name} in C")


def ask_once(session: aiohttp.ClientSession) -> None:
    """Let a session send each request once. Raises Misconfigured 6392 and nothing else."""
    # No public way in 3.14; looked for, so that a version that has renamed it does not start.
    if getattr(session, "_retry_connection", None) is not True:
        raise Misconfigured(6392, part="a client that asks once")
    session._retry_connection = False


async def refuse_redirect(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """The client follows redirects of a WebSocket by itself: to wherever the peer says."""
    response = await handler(request)
    if 300 <= response.status < 400:
        response.close()
        raise aiohttp.ClientResponseError(
            response.request_info, (), status=response.status, message="redirect"
        )
    return response
