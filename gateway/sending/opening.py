"""The gate as a source of sessions asks it: the request that opens one in, the session or why there is none.

    open --> guard --> ... --> the peer has agreed --> opened | failed 57xx, 23xx, ... | time over

The edge's end. A session is asked for once.
"""

from __future__ import annotations

import asyncio
from typing import Final

from gateway.errors import Refused, StateUncertain
from gateway.exchange.caller import GuardLine
from gateway.exchange.edge_sessions import EdgeSessions
from gateway.exchange.frames import FrameKind, encode_frame
from gateway.unit.decode import MAX_CAPTURED_BYTES
from gateway.unit.encode import encode_captured
from gateway.unit.live import Session
from gateway.unit.model import CapturedUnit
from gateway.unit.number import speak
from gateway.unit.request import RequestBody

# As for answers (gateway.sending.asking).
_GRACE_S: Final = 0.25


class SocketOpener:
    """An Opener (gateway.unit.live) over the line to the guard. Belongs to one loop."""

    def __init__(self, line: GuardLine, sessions: EdgeSessions) -> None:
        self._line, self._sessions = line, sessions

    async def open(self, unit: CapturedUnit) -> Session:
        """As Opener.open. Also Refused 1080 for what no source of ours makes."""
        head = unit.body
        if not isinstance(head, RequestBody):
            raise RuntimeError("not a request")
        head_bytes = encode_captured(unit)
        if len(head_bytes) > MAX_CAPTURED_BYTES:
            raise Refused(1080, size_bytes=len(head_bytes))
        session = self._sessions.begin(unit.number, unit.channel, head.operation)
        is_open = False
        try:
            self._line.send(encode_frame(FrameKind.CAPTURED, unit.number, b"", head_bytes))
            async with asyncio.timeout(head.answer_within_ms / 1000 + _GRACE_S):
                await asyncio.shield(session.opened)
            is_open = True
        except TimeoutError as error:
            raise StateUncertain(5772, unit=speak(unit.number)) from error
        finally:
            if not is_open:
                # Should it open after all, it is ended where it comes.
                self._sessions.forget(session)
        return session
