"""What is done with a call that opens a session: who may, whether the far side agrees, then messages.

    match --> Origin, subprotocol --> how many --> open --> 101, or a stream of events --> joined --> ended
     404         403, 400               429       403, 502, 503, 504

Up to the opening everything is answered as any request is. From there on a WebSocket has its close codes:

    1000 done   1001 idle, the peer went away   1002, 1003, 1007, 1009 what the caller sent   1008 refused
    1012 its longest life is over, the gate stops   1013 lost, too slow: try again
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Final

from aiohttp import web

from gateway.connectors.request.answer import SERVER
from gateway.connectors.request.entry import Entry
from gateway.connectors.request.event_stream import (
    KEEP,
    MEDIA_TYPE,
    OPENING,
    written_event,
)
from gateway.connectors.request.frames import FrameCheck
from gateway.connectors.request.handshake import check_origin, chosen_subprotocol
from gateway.connectors.request.head import Head
from gateway.connectors.request.joined import Broken, Over, join
from gateway.connectors.request.live_limits import SessionCount
from gateway.connectors.request.settings import Listening
from gateway.connectors.request.typed import Called, Match, request_body
from gateway.connectors.request.websocket import CLOSE_S, KEEP_S, most_bytes, reader, writer
from gateway.errors import GatewayError, Refused
from gateway.policy.live import SUBPROTOCOL, Form, LiveRule
from gateway.unit.live import Message, Opener, Session
from gateway.unit.model import CapturedUnit, Kind
from gateway.unit.session import Ending

_CODES: Final = {
    Ending.DONE: 1000,
    Ending.AWAY: 1001,
    Ending.IDLE: 1001,
    Ending.REFUSED: 1008,
    Ending.TOO_MANY: 1008,
    Ending.TOO_SLOW: 1013,
    Ending.OVER: 1012,
    Ending.LOST: 1013,
}
# Of what the caller himself did.
_OWN_CODES: Final = {6366: 1012, 6486: 1002, 6487: 1009, 6488: 1007, 6489: 1003}


@dataclass(frozen=True, slots=True)
class Opening:
    """A session that the far side has agreed to. subprotocol: "" for none."""

    session: Session
    live: LiveRule
    subprotocol: str


@dataclass(frozen=True, slots=True)
class _Joining:
    """A session and the connection of its caller. stopped: the connection is to end, by its keeper."""

    opening: Opening
    request: web.BaseRequest
    entry: Entry
    stopped: asyncio.Future[Broken]

    def stop(self, error: GatewayError | None) -> None:
        """See Entry.begin_live."""
        if not self.stopped.done():
            ending = Ending.REFUSED if isinstance(error, Refused) else Ending.AWAY
            self.stopped.set_result(Broken(ending, error))


class LiveService:
    """The sessions of one channel's source. One loop calls it."""

    def __init__(
        self,
        listening: Listening,
        match: Match,
        next_number: Callable[[], int],
        opener: Opener,
    ) -> None:
        self._listening, self._match = listening, match
        self._next_number, self._opener = next_number, opener
        self._count = SessionCount()

    @property
    def open(self) -> int:
        """Sessions that callers have."""
        return len(self._count)

    def wants(self, head: Head) -> bool:
        """Whether a call wants a session: an upgrade, or events before anything else."""
        first = ",".join(head.by_name.get("accept", ())).partition(",")[0].partition(";")[0]
        is_stream = head.method == "GET" and first.strip().lower() == MEDIA_TYPE
        return head.upgrades or (is_stream and self._listening.events)

    def called(self, head: Head) -> Called:
        """The session that it wants. Raises Refused 2350 to 2355 and nothing else."""
        form = Form.WEBSOCKET if head.upgrades else Form.EVENTS
        return self._match(form.value, head.target, head.by_name)

    async def open_for(
        self, called: Called, head: Head, caller: str, begun: Callable[[int], None]
    ) -> Opening:
        """Open it; close() must follow. begun: is told the unit's number.

        Raises Refused 648x, 6331, and as Opener.open.
        """
        live = called.operation.live
        if live is None:
            raise RuntimeError("no session")
        check_origin(head.by_name, live.origins)
        subprotocol = ""
        if live.form is Form.WEBSOCKET:
            subprotocol = chosen_subprotocol(head.by_name, live.subprotocols)
        # Of what was offered the one that was chosen crosses.
        by_name = {name: said for name, said in head.by_name.items() if name != SUBPROTOCOL}
        if subprotocol:
            by_name[SUBPROTOCOL] = (subprotocol,)
        within_ms = round(self._listening.answer_within_s * 1000)
        body = request_body(called, replace(head, by_name=by_name), "", 0, within_ms)
        name = called.operation.name
        self._count.enter(name, caller, live)
        try:
            number, channel = self._next_number(), self._listening.channel
            begun(number)
            unit = CapturedUnit(number, channel, Kind.REQUESTS, time.time_ns(), body, caller)
            session = await self._opener.open(unit)
        except BaseException:
            self._count.leave(name, caller)
            raise
        return Opening(session, live, subprotocol)

    async def carry(
        self, opening: Opening, request: web.BaseRequest, entry: Entry
    ) -> tuple[web.StreamResponse, Over]:
        """Messages both ways until it ends. Raises nothing but for bugs."""
        joining = _Joining(opening, request, entry, asyncio.get_running_loop().create_future())
        carry = self._websocket if opening.live.form is Form.WEBSOCKET else self._events
        try:
            return await carry(joining)
        finally:
            # Whatever happened before they were joined.
            opening.session.end(Ending.AWAY)

    def close(self, called: Called, caller: str) -> None:
        """One session less."""
        self._count.leave(called.operation.name, caller)

    async def _websocket(self, joining: _Joining) -> tuple[web.StreamResponse, Over]:
        opening, entry = joining.opening, joining.entry
        live, session = opening.live, opening.session
        most = most_bytes(live.sends)
        socket: web.WebSocketResponse[bool] = web.WebSocketResponse(
            timeout=CLOSE_S,
            protocols=(opening.subprotocol,) if opening.subprotocol else (),
            heartbeat=KEEP_S,
            compress=False,
            max_msg_size=most + 1,
            decode_text=False,
        )
        socket.headers["Server"] = SERVER
        try:
            await socket.prepare(joining.request)
        except (OSError, web.HTTPException):
            return socket, Over(Ending.AWAY, True)
        # From here on the connection is the session's.
        entry.begin_live(FrameCheck(most), joining.stop)
        over = await join(
            session,
            reader(socket, live.sends),
            writer(socket),
            joining.stopped,
            self._listening.patience.stall_s,
        )
        number = over.error.number if over.error is not None else 0
        code = _OWN_CODES.get(number, _CODES[over.ending])
        await _finish(entry, socket.close(code=code))
        return socket, over

    async def _events(self, joining: _Joining) -> tuple[web.StreamResponse, Over]:
        session, entry = joining.opening.session, joining.entry
        stream = web.StreamResponse(
            headers={
                "Content-Type": MEDIA_TYPE,
                "Cache-Control": "no-store",
                "Server": SERVER,
                "X-Accel-Buffering": "no",
            }
        )
        if origin := entry.head.one("origin"):
            # One of the list: a browser keeps the stream from its page without these (WHATWG Fetch, 3.3.5).
            stream.headers["Access-Control-Allow-Origin"] = origin
            stream.headers["Access-Control-Allow-Credentials"] = "true"
            stream.headers["Vary"] = "Origin"
        stream.force_close()
        stream.enable_chunked_encoding()

        async def write(message: Message) -> None:
            await stream.write(written_event(message))

        async def read() -> Message:
            # Nothing comes from the caller; whether he is there is seen by writing to him.
            while True:
                await asyncio.sleep(KEEP_S)
                try:
                    await stream.write(KEEP)
                except OSError as error:
                    raise Broken(Ending.AWAY) from error

        try:
            await stream.prepare(joining.request)
            entry.begin_live(None, joining.stop)
            await stream.write(OPENING)
        except OSError:
            return stream, Over(Ending.AWAY, True)
        stall_s = self._listening.patience.stall_s
        over = await join(session, read, write, joining.stopped, stall_s)
        await _finish(entry, stream.write_eof())
        return stream, over


async def _finish(entry: Entry, last: Awaitable[object]) -> None:
    """The last words to a caller. One who takes nothing gets none."""
    try:
        async with asyncio.timeout(2 * CLOSE_S):
            await last
    except (TimeoutError, OSError):
        pass
    finally:
        entry.end_live()
