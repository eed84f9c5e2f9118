"""Messages of a WebSocket of aiohttp, of either end: what of its frames is a message, and how it ended.

    TEXT, BINARY --kind, UTF-8, pace--> Message        CLOSE --> Ending        ERROR, CLOSED --> Broken

Pings and pongs are answered by aiohttp and are nobody's message.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

import aiohttp
from aiohttp import web
from aiohttp.http import WSMessageTextBytes

from gateway.connectors.request.joined import Broken
from gateway.connectors.request.live_limits import Pace
from gateway.errors import Refused
from gateway.policy.live import MessageRule
from gateway.unit.live import Message
from gateway.unit.session import Ending

Socket = web.WebSocketResponse[bool] | aiohttp.ClientWebSocketResponse[bool]
# Asked of an end that says nothing: a connection that is gone is noticed.
KEEP_S: Final = 20.0
# For the other end's answer to our close.
CLOSE_S: Final = 1.0
# Codes that a program makes up (3000 and above) do not cross: what they mean nobody here knows.
_IN_ORDER: Final = frozenset({0, 1000, 1005})
# Control frames alone, where no message is taken.
_NOTHING_BYTES: Final = 125


def most_bytes(rule: MessageRule | None) -> int:
    """Of one message of this way."""
    return rule.content.most_bytes if rule is not None else _NOTHING_BYTES


def reader(socket: Socket, rule: MessageRule | None) -> Callable[[], Awaitable[Message]]:
    """Gives the messages that come, as fast as the policy lets them; raises Broken at their end."""
    pace = Pace(rule.rate) if rule is not None else None
    is_text = rule.is_text if rule is not None else None

    async def read() -> Message:
        got = await socket.receive()
        if got.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
            message = message_of(got, is_text)
            if pace is not None:
                await pace.wait()
            return message
        if got.type is aiohttp.WSMsgType.CLOSE:
            raise Broken(Ending.DONE if got.data in _IN_ORDER else Ending.AWAY)
        if isinstance(got.data, aiohttp.WebSocketError):
            raise Broken(Ending.REFUSED, Refused(6486, what=str(int(got.data.code))))
        raise Broken(Ending.AWAY, Refused(6493))

    return read


def message_of(got: aiohttp.WSMessage | WSMessageTextBytes, is_text: bool | None) -> Message:
    """A message as it crosses. is_text: what the policy takes, None for nothing. Raises Broken 6488, 6489."""
    content = got.data if isinstance(got.data, bytes) else b""
    text = got.type is aiohttp.WSMsgType.TEXT
    if text is not is_text or not content:
        form = "empty" if not content else "text" if text else "binary"
        raise Broken(Ending.REFUSED, Refused(6489, form=form))
    if text:
        try:
            content.decode("utf-8")
        except UnicodeDecodeError as error:
            raise Broken(Ending.REFUSED, Refused(6488)) from error
    return Message(content, text)


def writer(socket: Socket) -> Callable[[Message], Awaitable[None]]:
    """Sends messages, each as one frame of its kind."""

    async def write(message: Message) -> None:
        form = aiohttp.WSMsgType.TEXT if message.is_text else aiohttp.WSMsgType.BINARY
        await socket.send_frame(message.content, form)

    return write
