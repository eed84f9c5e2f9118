"""Requests that the guard has admitted, to a Performer, and what it gives back to the guard.

    ADMITTED --> Performer.perform --> answer, captured --> guard
                      | Refused, Unavailable: never performed --> failure, captured --> guard
                      | Refused with `performed`: its answer  --> failure, captured --> guard
                      | StateUncertain: sent, no answer       --> failure, captured --> guard
                      | anything else: a bug, told as such    --> failure, captured --> guard

Each request is performed at most once. What its caller does not wait for any more is given up.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Final

from gateway.errors import GatewayError, Refused, StateUncertain, Unavailable
from gateway.exchange.at_once import AtOnce
from gateway.exchange.caller import GuardLine
from gateway.exchange.frames import Frame, FrameKind, encode_frame
from gateway.receiving.admitted import admitted_of
from gateway.receiving.attending import Attending
from gateway.receiving.faults import Unknown
from gateway.unit.asking import Performed, Performer
from gateway.unit.consequences import consequence_of
from gateway.unit.decode import decode_captured
from gateway.unit.encode import encode_captured
from gateway.unit.model import CapturedUnit, Kind, Manifest
from gateway.unit.request import (
    MAX_CONTENT_BYTES,
    FailureBody,
    RequestBody,
    ResponseBody,
)
from gateway.unit.stages import Admitted

# Requests under way at once, of one channel alone half of them; what is above is told that there is no room.
MAX_UNDER_WAY: Final = 2_048


class Performing:
    """The edge's end for requests. Belongs to one loop.

    performers: by channel. next_number: of units of this edge, for answers. unknown: what is told of a bug in
    one of them. attending: of those that open sessions.
    """

    def __init__(
        self,
        line: GuardLine,
        performers: Mapping[str, Performer],
        next_number: Callable[[], int],
        unknown: Unknown,
        most: int = MAX_UNDER_WAY,
        attending: Attending | None = None,
    ) -> None:
        self._line, self._performers, self._next_number = line, performers, next_number
        self._unknown, self._at_once = unknown, AtOnce(most)
        self._attending = attending
        self._tasks: set[asyncio.Task[None]] = set()
        # Those whose callers do not wait any more.
        self._over: set[asyncio.Task[None]] = set()

    def take(self, frame: Frame) -> None:
        """A request of the guard. What is none is dropped: its guard is not ours."""
        try:
            admitted = admitted_of(frame.head, frame.content)
        except Refused:
            return
        head = admitted.manifest.body
        if not isinstance(head, RequestBody):
            return
        if self._attending is not None and self._attending.take(admitted, head, self._fail):
            return
        channel = admitted.manifest.channel
        if not self._at_once.enter(channel):
            self._fail(admitted.manifest, head, Unavailable(5760, most=self._at_once.most))
            return
        task = asyncio.get_running_loop().create_task(self._perform(admitted, head))
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._ended(done, channel))

    def close(self) -> None:
        """Give up what is under way."""
        for task in self._tasks:
            task.cancel()
        if self._attending is not None:
            self._attending.close()

    def _ended(self, task: asyncio.Task[None], channel: str) -> None:
        self._tasks.discard(task)
        self._over.discard(task)
        self._at_once.leave(channel)

    def _give_up(self, task: asyncio.Task[None]) -> None:
        if not task.done():
            self._over.add(task)
            task.cancel()

    async def _perform(self, admitted: Admitted, head: RequestBody) -> None:
        manifest = admitted.manifest
        performer = self._performers.get(manifest.channel)
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("not in a task")
        loop = asyncio.get_running_loop()
        # By hand: asyncio.timeout() costs three times as much, for each request.
        over = loop.call_later(head.answer_within_ms / 1000, self._give_up, task)
        try:
            if performer is None:
                raise Unavailable(5774, channel=manifest.channel)
            performed = await performer.perform(admitted, head)
        except asyncio.CancelledError:
            if task in self._over:
                # Its caller has been told, or is being told now.
                self._fail(manifest, head, StateUncertain(5772))
            elif task.cancelling():
                raise
            else:
                # Something that it waited for was cancelled, and not by us: a bug as any other.
                self._fault(manifest, head, RuntimeError("cancelled"))
        except TimeoutError:
            self._fail(manifest, head, StateUncertain(5772))
        except GatewayError as error:
            self._fail(manifest, head, error)
        except Exception as error:  # noqa: BLE001 a bug: told, and its request's alone
            self._fault(manifest, head, error)
        else:
            self._answer(manifest, head, performed)
        finally:
            over.cancel()

    def _fault(self, manifest: Manifest, head: RequestBody, error: Exception) -> None:
        self._fail(manifest, head, self._unknown(manifest, head.operation, error))

    def _answer(self, manifest: Manifest, head: RequestBody, performed: Performed) -> None:
        size_bytes = len(performed.content)
        if size_bytes > MAX_CONTENT_BYTES:
            self._fail(manifest, head, Refused(5770, size_bytes=size_bytes), performed=True)
            return
        try:
            self._send(manifest, performed.head, performed.content)
        except Refused as refused:
            # No guard could read it, nor tell whose it is.
            self._fail(manifest, head, refused, performed=True)

    def _fail(
        self,
        manifest: Manifest,
        head: RequestBody,
        error: GatewayError,
        *,
        performed: bool = False,
    ) -> None:
        consequence = consequence_of(error, performed=performed)
        failure = FailureBody(manifest.number, head.operation, error.number, consequence)
        self._send(manifest, failure, b"")

    def _send(self, manifest: Manifest, body: ResponseBody | FailureBody, content: bytes) -> None:
        """Raises Refused 1080: it is not of the form that crosses."""
        try:
            unit = CapturedUnit(
                self._next_number(), manifest.channel, Kind.REQUESTS, time.time_ns(), body
            )
            encoded = encode_captured(unit)
            decode_captured(encoded)
            self._line.send(encode_frame(FrameKind.CAPTURED, unit.number, content, encoded))
        except Unavailable:
            # The guard has gone: it has told the other side that nothing is known.
            return
