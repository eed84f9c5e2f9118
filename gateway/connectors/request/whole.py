"""The second reader of a small request that is here whole: aiohttp's parser in C without its server.

    bytes of one request, read by Framing --> HttpRequestParser --> the same head, the same content: content
                                                                +-> anything else: Refused 6322

A task, a stream and a response of aiohttp's own for each request cost more than all that is done with
a small one. What comes in pieces, or is more than these bytes, goes to its server. No I/O.
"""

from __future__ import annotations

import asyncio
from typing import Final

from aiohttp.base_protocol import BaseProtocol
from aiohttp.http import HttpRequestParser
from aiohttp.http_exceptions import HttpProcessingError

from gateway.connectors.request.head import (
    MAX_HEAD_BYTES,
    MAX_HEADER_LINES,
    MAX_LINE_BYTES,
    Head,
)
from gateway.errors import Refused

# One read of asyncio's own transports is 256 KiB; a stream of aiohttp's takes this much without a word.
MOST_BYTES: Final = 64 * 1024


class SecondReader:
    """Of one connection: one request after the other."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._parser = HttpRequestParser(
            BaseProtocol(loop),
            loop,
            MOST_BYTES,
            max_line_size=MAX_LINE_BYTES,
            max_field_size=MAX_HEAD_BYTES,
            max_headers=MAX_HEADER_LINES,
            auto_decompress=False,
        )

    def content(self, untrusted_request: bytes, head: Head) -> bytes:
        """The content of a request of this head, whose bytes are these, MOST_BYTES at most.

        Raises Refused 6322 (it reads another request, or none, or more than one) and nothing else; then
        nothing more may be read on this connection.
        """
        try:
            messages, upgraded, tail = self._parser.feed_data(untrusted_request)
        except HttpProcessingError as error:
            raise Refused(6322) from error
        if len(messages) != 1 or upgraded or tail:
            raise Refused(6322)
        message, stream = messages[0]
        if (
            message.raw_headers != head.raw
            or message.path != head.target
            or message.method != head.method
            or not head.length == stream.total_bytes
        ):
            raise Refused(6322)
        if not head.length:
            return b""
        content = stream.read_nowait()
        if len(content) != head.length or not stream.at_eof():
            raise Refused(6322)
        return content
