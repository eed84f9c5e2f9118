"""Sessions as an edge has them: what the guard says of each, in order, and what it is told. No sockets.

    take(frame) --> opened | message --> waiting (bounded) --> receive()
                           | end     --> the last that receive() gives
    send, end   --> the next place of the way out --> the guard's line

One that is unknown here and opens over there is ended at once: whoever asked for it has given up. Everything
here belongs to one loop.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from gateway.errors import GatewayError, Refused, Unavailable
from gateway.exchange.caller import GuardLine
from gateway.exchange.frames import Frame, FrameKind, encode_frame
from gateway.unit.decode import decode_manifest
from gateway.unit.encode import encode_captured
from gateway.unit.live import Message
from gateway.unit.model import CapturedUnit, Kind
from gateway.unit.session import EndBody, Ending, MessageBody, OpenedBody, SessionBody

# What waits for a connection that is slow; a session that is slower than this ends.
MOST_WAITING: Final = 256
MOST_WAITING_BYTES: Final = 4 << 20


class EdgeSession:
    """A Session (gateway.unit.live). opened: done once the far side has it, or with why it has not."""

    def __init__(self, number: int, channel: str, operation: str, sessions: EdgeSessions) -> None:
        self._number, self.channel, self.operation = number, channel, operation
        self._sessions = sessions
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting: deque[Message] = deque()
        self._waiting_bytes = 0
        self._some = asyncio.Event()
        self._ending: Ending | None = None
        self._next = 1

    @property
    def number(self) -> int:
        return self._number

    async def receive(self) -> Message | Ending:
        """The next message, or the end. Once it is cancelled nothing is lost."""
        while not self._waiting:
            if self._ending is not None:
                return self._ending
            self._some.clear()
            await self._some.wait()
        message = self._waiting.popleft()
        self._waiting_bytes -= len(message.content)
        return message

    def send(self, message: Message) -> None:
        """Raises Unavailable 5768, 5769; then the message is nobody's, and its place is free."""
        if self._ending is not None:
            return
        body = MessageBody(
            self._number, self.operation, self._next, message.is_text, message.event,
            message.event_id, len(message.content),
        )  # fmt: skip
        self._sessions.send(self.channel, body, message.content)
        self._next += 1

    def end(self, ending: Ending) -> None:
        """The first word counts. A guard that is not there has ended the session itself."""
        if self._ending is None:
            with suppress(Unavailable):
                self._sessions.send(
                    self.channel, EndBody(self._number, self.operation, self._next, ending)
                )
            self.finish(ending)

    def put(self, message: Message) -> None:
        """A message of the guard."""
        self._waiting_bytes += len(message.content)
        self._waiting.append(message)
        self._some.set()
        if len(self._waiting) > MOST_WAITING or self._waiting_bytes > MOST_WAITING_BYTES:
            self._waiting.clear()
            self.end(Ending.TOO_SLOW)

    def finish(self, ending: Ending) -> None:
        """There is no session any more; what waits is still given."""
        if self._ending is None:
            self._ending = ending
        self._sessions.forget(self)
        self._some.set()

    def fail(self, error: GatewayError) -> None:
        """It does not open."""
        if not self.opened.done():
            self.opened.set_exception(error)
            # Whoever waited may have gone.
            self.opened.exception()


class EdgeSessions:
    """line: to the guard. next_number: of units of this edge."""

    def __init__(self, line: GuardLine, next_number: Callable[[], int]) -> None:
        self._line, self._next_number = line, next_number
        self._sessions: dict[int, EdgeSession] = {}

    def __len__(self) -> int:
        return len(self._sessions)

    def begin(self, number: int, channel: str, operation: str) -> EdgeSession:
        """A session of the request of this number: from here on what the guard says of it is kept."""
        if number in self._sessions:
            raise RuntimeError("a session that is there")
        session = self._sessions[number] = EdgeSession(number, channel, operation, self)
        return session

    def forget(self, session: EdgeSession) -> None:
        if self._sessions.get(session.number) is session:
            del self._sessions[session.number]

    def send(self, channel: str, body: SessionBody, content: bytes = b"") -> None:
        """Hand it to the guard. Raises Unavailable 5768, 5769."""
        number, now_ns = self._next_number(), time.time_ns()
        unit = CapturedUnit(number, channel, Kind.REQUESTS, now_ns, body)
        head = encode_captured(unit)
        self._line.send(encode_frame(FrameKind.LIVE, body.session, content, head))

    def take(self, frame: Frame) -> None:
        """A frame of kind LIVE. What is none of ours is dropped."""
        try:
            manifest = decode_manifest(frame.head)
        except Refused:
            return
        session, body = self._sessions.get(frame.number), manifest.body
        match body:
            case OpenedBody():
                if session is None:
                    end = EndBody(frame.number, body.operation, 1, Ending.AWAY)
                    with suppress(Unavailable):
                        self.send(manifest.channel, end)
                elif not session.opened.done():
                    session.opened.set_result(None)
            case MessageBody() if session is not None:
                session.put(Message(frame.content, body.is_text, body.event, body.event_id))
            case EndBody() if session is not None:
                session.finish(body.ending)
            case _:
                pass

    def failed(self, frame: Frame, error: GatewayError) -> bool:
        """A request of this number has no answer. False: it was to open no session."""
        session = self._sessions.get(frame.number)
        if session is None:
            return False
        session.fail(error)
        return True

    def lost(self, error: GatewayError) -> None:
        """The guard has gone, and with it what it knew: every session here has ended."""
        for session in list(self._sessions.values()):
            session.fail(error)
            session.finish(Ending.LOST)
