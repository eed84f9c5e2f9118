"""The gate as a source of requests asks it: a request in, its answer or the reason why there is none.

    ask --> guard --> ... --> answer | refused 57xx, 23xx, ... | time over
              | not there for a while: Unavailable, nothing was handed over
              | gone while waiting: StateUncertain, it may have been performed

The edge's end. No request is judged here, and none is asked twice: whether one may be is the caller's.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import Final

from gateway.errors import Refused, StateUncertain, Unavailable
from gateway.exchange.at_once import AtOnce
from gateway.exchange.caller import GuardLine
from gateway.exchange.frames import Frame, FrameKind, encode_frame
from gateway.unit import consequences
from gateway.unit.asking import Answered
from gateway.unit.decode import MAX_CAPTURED_BYTES, decode_manifest
from gateway.unit.encode import encode_captured
from gateway.unit.model import CapturedUnit
from gateway.unit.number import speak
from gateway.unit.request import MAX_CONTENT_BYTES, RequestBody, ResponseBody

# Requests that wait at once, of one channel alone half of them, of one caller of it alone a quarter; the
# guards hold no more either.
MAX_WAITING: Final = 4_096
# The far side's clock begins later than ours: what comes just after is dropped by both.
_GRACE_S: Final = 0.25
# A guard that has ended is back within seconds: callers that are told at once come back at once, all of
# them, and take the processors that it needs to start. So long a request waits, or a quarter of its time.
_AWAIT_GUARD_S: Final = 1.0


class SocketAsker:
    """An Asker (gateway.unit.asking) over the line to the guard. Belongs to one loop.

    line: whose frames, of the kinds that are ours, are given to take(), and its end to lost().
    """

    def __init__(self, line: GuardLine, most: int = MAX_WAITING) -> None:
        self._line = line
        self._at_once = AtOnce(most)
        self._waiting: dict[int, asyncio.Future[Answered]] = {}

    async def ask(self, unit: CapturedUnit, content: bytes) -> Answered:
        """As Asker.ask. Also Refused 1080, 5770 and RuntimeError for what no source of ours makes."""
        head = unit.body
        if not isinstance(head, RequestBody) or unit.number in self._waiting:
            raise RuntimeError("not a request, or asked twice")
        if len(content) > MAX_CONTENT_BYTES:
            raise Refused(5770, told_bytes=head.size_bytes, size_bytes=len(content))
        if not self._at_once.enter(unit.channel, unit.brought_by):
            raise Unavailable(5760, most=self._at_once.most)
        try:
            return await self._ask(unit, head, content)
        finally:
            self._at_once.leave(unit.channel, unit.brought_by)

    async def _ask(self, unit: CapturedUnit, head: RequestBody, content: bytes) -> Answered:
        if not self._line.connected.is_set():
            head = await self._until_there(head)
            unit = replace(unit, body=head)
        head_bytes = encode_captured(unit)
        if len(head_bytes) > MAX_CAPTURED_BYTES:
            # The guard would end the connection, and with it what others have asked.
            raise Refused(1080, size_bytes=len(head_bytes))
        frame = encode_frame(FrameKind.CAPTURED, unit.number, content, head_bytes)
        self._line.send(frame)
        # From here it may be performed.
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answered] = loop.create_future()
        self._waiting[unit.number] = future
        within_s = head.answer_within_ms / 1000 + _GRACE_S
        over = loop.call_later(within_s, _give_up, future, unit.number)
        try:
            return await future
        finally:
            over.cancel()
            del self._waiting[unit.number]

    async def _until_there(self, head: RequestBody) -> RequestBody:
        """The head with the time that is left when the guard is there. Raises Unavailable 5768."""
        begun_s = time.monotonic()
        within_s = head.answer_within_ms / 1000
        try:
            async with asyncio.timeout(min(_AWAIT_GUARD_S, within_s / 4)):
                await self._line.connected.wait()
        except TimeoutError as error:
            raise Unavailable(5768) from error
        left_s = within_s - (time.monotonic() - begun_s)
        return replace(head, answer_within_ms=max(1, int(left_s * 1000)))

    def take(self, frame: Frame) -> bool:
        """An answer of the guard, or why there is none. False: nobody waits for this number."""
        future = self._waiting.get(frame.number)
        if future is None:
            return False
        if not future.done():
            self._settle(future, frame)
        return True

    def _settle(self, future: asyncio.Future[Answered], frame: Frame) -> None:
        if frame.kind is FrameKind.FAILED:
            future.set_exception(error_of(frame))
            return
        try:
            manifest = decode_manifest(frame.head)
        except Refused as refused:
            future.set_exception(StateUncertain(refused.number, **refused.fields))
            return
        head = manifest.body
        if isinstance(head, ResponseBody) and head.request == frame.number:
            future.set_result(Answered(manifest.number, head, frame.content))

    def lost(self) -> None:
        """The guard has gone, and with it what it knew of our requests: no answer can pass any more."""
        for number, future in self._waiting.items():
            if not future.done():
                future.set_exception(StateUncertain(5773, unit=speak(number)))


def _give_up(future: asyncio.Future[Answered], number: int) -> None:
    """Its time is over."""
    if not future.done():
        future.set_exception(StateUncertain(5772, unit=speak(number)))


def error_of(frame: Frame) -> Refused | Unavailable | StateUncertain:
    """Why there is no answer, as a frame of kind FAILED says it."""
    return consequences.error_of(frame.consequence, frame.reason, frame.number)
