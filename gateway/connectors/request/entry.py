"""One connection of a caller: bytes to the parser of aiohttp, one whole request at a time.

    bytes -> Framing -> aiohttp's RequestHandler -> service -> answer -> bytes
               | not understood |                      | nothing of the next request before the last
               v                |                      v byte of this answer is written
             4xx, closed        + small, and here whole: its parser alone (whole.py) -> service

    WAITING --first byte--> HEAD --head--> BODY --whole--> ANSWERING --answered--> WAITING
             ANSWERING --a session opens--> LIVE --> closed          (frames are checked before aiohttp)
Each state but ANSWERING and LIVE, which the service ends, has its time; the listener's sweep looks at it.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Callable
from enum import Enum, auto
from typing import Final, Protocol

from aiohttp import web

from gateway.connectors.request.frames import FrameCheck
from gateway.connectors.request.framing import Framing
from gateway.connectors.request.head import Head
from gateway.connectors.request.problem import problem_of, written
from gateway.connectors.request.settings import Patience
from gateway.connectors.request.subject import Address, Caller
from gateway.connectors.request.whole import MOST_BYTES, SecondReader
from gateway.errors import GatewayError, Refused, Unavailable

# What may wait behind a request that is being answered; a client that sends more is not waiting for answers.
MOST_HELD_BYTES: Final = 64 * 1024
# An answer is lost when a connection closes on unread bytes: so many more are read and dropped first.
MOST_DRAINED_BYTES: Final = 1 << 20
DRAIN_S: Final = 1.0


class State(Enum):
    WAITING = auto()
    HEAD = auto()
    BODY = auto()
    ANSWERING = auto()
    LIVE = auto()
    DRAINING = auto()
    CLOSED = auto()


class House(Protocol):
    """The listener as its connections see it."""

    patience: Patience
    most_body_bytes: int
    websockets: bool

    def refused(self, error: Refused, entry: Entry) -> None: ...

    def is_plain(self, head: Head) -> bool: ...

    def answer_whole(self, content: bytes, entry: Entry) -> None: ...

    def gone(self, entry: Entry) -> None: ...


class Entry(asyncio.Protocol):
    """A connection whose handshake is done. caller: of its certificate, None where none is asked for.

    refusal: why it may not ask; then its first bytes are answered with that, unread.
    """

    def __init__(
        self,
        house: House,
        inner: web.RequestHandler,
        identify: Callable[[asyncio.BaseTransport], tuple[Address, Caller | Refused | None]],
    ) -> None:
        self._house, self.inner, self._identify = house, inner, identify
        self._loop = asyncio.get_running_loop()
        self._framing = Framing(house.most_body_bytes, house.websockets)
        self._transport: asyncio.Transport | None = None
        self._held = b""
        self._drained = 0
        self._begun = False
        # Of the body that comes in, or of the answer that goes out: large ones have time by their size.
        self._moved_bytes = 0
        self._check: FrameCheck | None = None
        self._stop: Callable[[GatewayError | None], None] | None = None
        self._second: SecondReader | None = None
        self._is_paused = False
        # Whether the connection ends with the answer that is being written; None where none of ours is.
        self._ends: bool | None = None
        self.caller: Caller | None = None
        self.refusal: Refused | None = None
        self.address: Address = _NOWHERE
        self.state = State.WAITING
        self.since_s = self.made_s = self._loop.time()
        # Set when it is to end after the answer under way.
        self.retiring = False

    @property
    def head(self) -> Head:
        """Of the request that is being answered. RuntimeError where there is none."""
        if self._framing.head is None:
            raise RuntimeError("no request is under way")
        return self._framing.head

    @property
    def is_open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.Transport):
            raise RuntimeError("not a stream")
        self._transport = transport
        self.address, known = self._identify(transport)
        if isinstance(known, Refused):
            self.refusal = known
        else:
            self.caller = known
        self.inner.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        match self.state:
            case State.WAITING | State.HEAD | State.BODY:
                self._receive(data)
            case State.ANSWERING:
                self._hold(data)
            case State.LIVE:
                self._live(data)
            case State.DRAINING:
                self._drained += len(data)
                if self._drained > MOST_DRAINED_BYTES:
                    self.close()
            case State.CLOSED:
                pass

    def eof_received(self) -> None:
        """Nobody waits for an answer any more: the transport closes itself."""
        self.inner.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self.state, self._transport = State.CLOSED, None
        if self._stop is not None and self._check is None:
            # Where frames are read, their reader knows it, behind what has come before.
            self._stop(None)
        self.inner.connection_lost(exc)
        self._house.gone(self)

    def pause_writing(self) -> None:
        self._is_paused = True
        self.inner.pause_writing()

    def resume_writing(self) -> None:
        self._is_paused = False
        self.inner.resume_writing()
        self._said()

    def say(self, answer: bytes, *, ends: bool) -> None:
        """Write the answer to a request that was here whole. ends: the connection closes after it."""
        if self._transport is None:
            return
        self.begin_answer()
        self._ends = ends
        self._transport.write(answer)
        self._said()

    def _said(self) -> None:
        """The next request may come once its caller takes this answer."""
        if self._ends is None or self._is_paused:
            return
        ends, self._ends = self._ends, None
        if ends or self.retiring:
            self.close()
        else:
            self.answered()

    def go_on(self) -> None:
        """A caller that waits for it is told to send the content (RFC 9110, 10.1.1); any other hears nothing.

        Called when nothing but the content is missing, so that who is refused sends none.
        """
        head, transport = self._framing.head, self._transport
        if head is None or transport is None or self.state is not State.BODY:
            return
        if "expect" in head.by_name and not self._begun:
            transport.write(_GO_ON)

    def begin_answer(self) -> None:
        """The service answers now; from here nothing else is written."""
        self._begun = True
        self._moved_bytes = 0

    def took(self, size_bytes: int) -> None:
        """So much more of a large answer has been taken by its caller."""
        self._moved_bytes += size_bytes

    @property
    def is_live(self) -> bool:
        """Whether a session has had this connection."""
        return self._stop is not None

    def begin_live(
        self, check: FrameCheck | None, stop: Callable[[GatewayError | None], None]
    ) -> None:
        """From here on the connection is a session's, until it is closed. check: of the caller's frames, None
        where he may send nothing. stop: ends the session."""
        self._check, self._stop = check, stop
        if self._transport is None:
            stop(None)
            return
        self._enter(State.LIVE)
        held, self._held = self._held, b""
        if held:
            self._live(held)
        self._transport.resume_reading()

    def end_live(self) -> None:
        """The session has said its last: what is written still goes, as long as the caller takes it."""
        self._enter(State.CLOSED)
        if self._transport is not None:
            self._transport.close()

    def answered(self, *, ends: bool = False) -> None:
        """The last byte of an answer has been given to the transport: the next request may come.

        ends: the answer said that the connection ends with it. What is behind it is not performed: its
        caller may take it for unread, and send it again (RFC 9112, 9.6).
        """
        self._begun = False
        if self.state is State.CLOSED or self._transport is None:
            return
        if ends or not self._framing.whole or self.retiring:
            # aiohttp closes it, as its answer said; what still comes of the body is dropped until then.
            self._enter(State.DRAINING)
            return
        self._framing = Framing(self._house.most_body_bytes, self._house.websockets)
        self._moved_bytes = 0
        self._enter(State.WAITING)
        if self._held:
            held, self._held = self._held, b""
            # In this order: what is held comes before what is read next.
            self._loop.call_soon(self.data_received, held)
            self._transport.resume_reading()

    def retire(self) -> None:
        """End it as soon as nothing is under way."""
        self.retiring = True
        if self._stop is not None:
            self._stop(Unavailable(6366))
        if self.state is State.WAITING:
            self.close()

    def tick(self, now_s: float) -> None:
        """End what takes too long."""
        patience, took_s = self._house.patience, now_s - self.since_s
        match self.state:
            case State.WAITING:
                if took_s > patience.idle_s or now_s - self.made_s > patience.connection_s:
                    self.close()
            case State.HEAD if took_s > patience.head_s:
                self._refuse(Refused(6323, limit=patience.head_s))
            case State.BODY if took_s > patience.of_body_s(self._moved_bytes):
                limit = round(patience.of_body_s(self._moved_bytes))
                self._refuse(Refused(6323, limit=limit))
            case State.DRAINING if took_s > DRAIN_S:
                self.close()
            case State.ANSWERING | State.CLOSED:
                self._check_stall(now_s)
            case _:
                pass

    def close(self) -> None:
        self.state = State.CLOSED
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        self.state = State.CLOSED
        if self._transport is not None:
            self._transport.abort()

    def _check_stall(self, now_s: float) -> None:
        """An answer that its caller does not take keeps its memory no longer than this."""
        transport = self._transport
        if transport is None:
            return
        if not self._begun and self.state is State.ANSWERING:
            self.since_s = now_s
        elif now_s - self.since_s > self._house.patience.of_answer_s(self._moved_bytes):
            transport.abort()

    def _enter(self, state: State) -> None:
        self.state, self.since_s = state, self._loop.time()

    def _receive(self, data: bytes) -> None:
        if self.refusal is not None:
            self._answer(self.refusal)
            return
        try:
            passed, rest = self._framing.feed(data)
        except Refused as error:
            self._refuse(error)
            return
        if self._framing.whole:
            is_at_once = self.state is State.WAITING
            self._enter(State.ANSWERING)
            if is_at_once and self._answer_whole(passed):
                if rest:
                    self._hold(rest)
                return
        elif self._framing.head is not None:
            if self.state is not State.BODY:
                self._enter(State.BODY)
        elif self.state is State.WAITING:
            self._enter(State.HEAD)
        if passed:
            self._moved_bytes += len(passed)
            self.inner.data_received(passed)
        if rest:
            self._hold(rest)

    def _answer_whole(self, request: bytes) -> bool:
        """Whether a request that has come in one piece goes this way; it is answered then, or refused."""
        head = self._framing.head
        if head is None or head.length is None or head.upgrades or len(request) > MOST_BYTES:
            return False
        if not self._house.is_plain(head):
            return False
        second = self._second = self._second or SecondReader(self._loop)
        try:
            content = second.content(request, head)
        except Refused as error:
            self._house.refused(error, self)
            if self._transport is not None:
                self._transport.write(written(problem_of(error)))
            self.close()
            return True
        self._moved_bytes += len(request)
        self._house.answer_whole(content, self)
        return True

    def _live(self, data: bytes) -> None:
        if self._check is None or self._stop is None:
            # Nothing is read any more, or ever was: the connection ends with its session.
            return
        try:
            self._check.feed(data, self._loop.time())
        except Refused as error:
            # Nothing of it goes on, and nothing after it; the session says why, and closes.
            self._check = None
            self._stop(error)
            return
        self.inner.data_received(data)

    def _hold(self, data: bytes) -> None:
        self._held += data
        if len(self._held) > MOST_HELD_BYTES:
            self.abort()
        elif self._transport is not None:
            self._transport.pause_reading()

    def _refuse(self, error: Refused) -> None:
        self._house.refused(error, self)
        self._answer(error)

    def _answer(self, error: Refused) -> None:
        """The end of this connection: what is wrong, where nothing of an answer has been written."""
        transport, under_way = self._transport, self._framing.head is not None
        if transport is None:
            return
        if self._begun:
            self.close()
            return
        transport.write(written(problem_of(error)))
        if under_way:
            # The service is reading this body: it learns that there is no more, and the transport closes.
            self.state = State.CLOSED
            self.inner.connection_lost(None)
            return
        self._enter(State.DRAINING)


_GO_ON: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
_NOWHERE: Final = ipaddress.ip_address("0.0.0.0")  # noqa: S104 - a placeholder, nothing binds to it
