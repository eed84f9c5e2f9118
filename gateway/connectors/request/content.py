"""The content of a request, read in bounded memory. What is too long is refused while it comes in."""

from __future__ import annotations

import asyncio

from aiohttp import ClientPayloadError, web

from gateway.connectors.request.head import Head
from gateway.errors import Refused


async def read_content(request: web.BaseRequest, head: Head, limit: int) -> bytes:
    """All bytes of the content, at most `limit`.

    Raises Refused 6325 and ConnectionResetError (the caller is gone, or was sent away), nothing else.
    How long it may take is the entry's to say.
    """
    if head.length == 0:
        return b""
    parts: list[bytes] = []
    size_bytes = 0
    try:
        while part := await request.content.readany():
            size_bytes += len(part)
            if size_bytes > limit:
                raise Refused(6325, limit=limit)
            parts.append(part)
    except (web.RequestPayloadError, ClientPayloadError, asyncio.IncompleteReadError) as error:
        raise ConnectionResetError from error
    return b"".join(parts)
