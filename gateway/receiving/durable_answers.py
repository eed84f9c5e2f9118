"""Answers from the queue `admitted`, for those of this edge who wait for them.

loop's thread: expect --> (the request goes) --> answered: waits --> served
                                                   ^                   |
process's thread: take --> whose request it is ----+      step <-------+
                     | nobody waits any more                 |
                     v                                       v
                  dropped, told                    acknowledged: its file may go

An answer is kept until its caller has it, and no longer: what is found after a start is for nobody.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from gateway.audit.event import Event, Recorder, Status
from gateway.errors import Field, GatewayError, Refused, StateUncertain, Unavailable
from gateway.spool.model import QueueReader, Taken
from gateway.unit.consequences import error_of
from gateway.unit.model import CapturedUnit, Manifest, Stage
from gateway.unit.number import speak
from gateway.unit.request import FailureBody, RequestBody, ResponseBody
from gateway.unit.stages import Admitted
from gateway.unit.submitting import AnsweredBody

# As many as a guard remembers.
MAX_EXPECTED: Final = 4_096
_STEP_S: Final = 0.05
# Nobody asks for an answer that long after his time.
_FORGET_S: Final = 60.0
_NOBODY: Final = 6429
_OVER: Final = 5772


@dataclass(slots=True)
class _Expected:
    loop: asyncio.AbstractEventLoop
    answer: asyncio.Future[AnsweredBody]
    until_s: float


@dataclass(frozen=True, slots=True)
class _Settled:
    """A unit that is done with. number: FG number of why it was dropped, 0 where it was served."""

    unit: int
    manifest: Manifest
    head: ResponseBody | FailureBody
    reason: int


class DurableAnswers:
    """take() and step() in one thread, the rest in the loop's."""

    def __init__(
        self,
        queue: QueueReader,
        recorder: Recorder,
        status: Status,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._queue, self._recorder, self._status, self._now_ns = queue, recorder, status, now_ns
        self._lock = threading.Lock()
        self._expected: dict[int, _Expected] = {}
        # Answers that callers have, by the number of the unit that brought them.
        self._out: dict[int, _Settled] = {}
        self._settled: list[_Settled] = []
        self._told: list[_Settled] = []

    def expect(self, unit: CapturedUnit) -> None:
        """A request is about to go; its answer may come at once. Raises Unavailable 5760."""
        if not isinstance(unit.body, RequestBody):
            raise RuntimeError("not a request")
        loop = asyncio.get_running_loop()
        until_s = time.monotonic() + unit.body.answer_within_ms / 1000 + _FORGET_S
        with self._lock:
            if len(self._expected) >= MAX_EXPECTED:
                raise Unavailable(5760, most=MAX_EXPECTED)
            self._expected[unit.number] = _Expected(loop, loop.create_future(), until_s)

    def forget(self, number: int) -> None:
        """Nobody waits for it any more."""
        with self._lock:
            expected = self._expected.pop(number, None)
        if expected is not None:
            _drop(expected, self.served)

    async def answered(self, number: int, until_s: float) -> AnsweredBody:
        """See Submitter. until_s: of the loop's clock."""
        with self._lock:
            expected = self._expected.get(number)
        if expected is None:
            raise StateUncertain(_OVER, unit=speak(number))
        try:
            async with asyncio.timeout_at(until_s):
                answer = await asyncio.shield(expected.answer)
        except TimeoutError as error:
            raise StateUncertain(_OVER, unit=speak(number)) from error
        except GatewayError:
            raise
        else:
            # From here it is the caller's: served() lets it go.
            expected.answer = expected.loop.create_future()
            return answer
        finally:
            self.forget(number)

    def served(self, answer: AnsweredBody) -> None:
        """See Submitter."""
        with self._lock:
            settled = self._out.pop(answer.number, None)
            if settled is not None:
                self._settled.append(settled)

    def take(self, taken: Taken, admitted: Admitted) -> None:
        """An answer or failure that the queue has given. Raises Refused 1080 for anything else."""
        head = admitted.manifest.body
        if not isinstance(head, ResponseBody | FailureBody):
            raise Refused(1080, size_bytes=len(taken.header))
        with self._lock:
            expected = self._expected.get(head.request)
            reason = 0 if expected is not None else _NOBODY
            settled = _Settled(taken.number, admitted.manifest, head, reason)
            is_kept = expected is not None and isinstance(head, ResponseBody)
            if is_kept:
                self._out[taken.number] = settled
            else:
                self._settled.append(settled)
        if expected is None:
            return
        if isinstance(head, ResponseBody):
            self._hand_over(expected, AnsweredBody(taken.number, head, taken.body))
        else:
            _tell(expected, error_of(head.consequence, head.number, head.request))

    def fail(self, number: int, error: GatewayError) -> None:
        """What became of a request instead of an answer, as its guard knows it. From any thread."""
        with self._lock:
            expected = self._expected.get(number)
        if expected is not None:
            _tell(expected, error)

    def step(self, _now_s: float) -> float:
        """Journal first, then the queue. Raises Unavailable; call it again."""
        now_s = time.monotonic()
        with self._lock:
            late = [n for n, one in self._expected.items() if now_s > one.until_s]
            settled = self._settled[:]
        for number in late:
            self.forget(number)
        for one in settled:
            # Where the journal takes it: else it is settled at the next step.
            self._recorder.record(self._event(one))
            with self._lock:
                self._settled.remove(one)
            self._told.append(one)
        if not self._told:
            return _STEP_S
        self._recorder.commit()
        # From here the queue may forget them, and their files.
        self._queue.ack([one.unit for one in self._told])
        self._told.clear()
        return _STEP_S

    def _hand_over(self, expected: _Expected, answer: AnsweredBody) -> None:
        def settle() -> None:
            if expected.answer.done():
                self.served(answer)
            else:
                expected.answer.set_result(answer)

        if expected.loop.is_closed():
            self.served(answer)
        else:
            expected.loop.call_soon_threadsafe(settle)

    def _event(self, one: _Settled) -> Event:
        fields: dict[str, Field] = {
            "name": one.head.operation,
            "size_bytes": one.head.size_bytes,
            "request": speak(one.head.request),
        }
        channel, digest = one.manifest.channel, one.manifest.body_sha256.hex()
        if one.reason:
            return Event("answer.dropped", self._now_ns(), one.unit, channel, one.reason, fields)
        fields |= {
            "sha256": digest,
            "receipt": sha256(f"{one.unit}\n{digest}".encode()).hexdigest()[:16],
            "proof": "caller",
            "captured_at_ns": one.manifest.captured_at_ns,
        }
        return Event(Stage.DELIVERED.value, self._now_ns(), one.unit, channel, 0, fields)


def _tell(expected: _Expected, error: GatewayError) -> None:
    def settle() -> None:
        if not expected.answer.done():
            expected.answer.set_exception(error)

    if not expected.loop.is_closed():
        expected.loop.call_soon_threadsafe(settle)


def _drop(expected: _Expected, served: Callable[[AnsweredBody], None]) -> None:
    """In its loop: an answer that has come and that nobody will take is let go."""

    def settle() -> None:
        if not expected.answer.done():
            expected.answer.cancel()
        elif not expected.answer.cancelled() and expected.answer.exception() is None:
            served(expected.answer.result())

    if not expected.loop.is_closed():
        expected.loop.call_soon_threadsafe(settle)
