"""Outcomes that the guard hands its edge: for receipts, and for callers who wait for an answer.

taken --> decoded --> receipts (durable) --> waiting callers are told --> acknowledged
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from gateway.errors import GatewayError, Refused, StateUncertain, Unavailable
from gateway.spool.model import QueueReader, Taken
from gateway.unit.number import speak
from gateway.unit.outcomes import MAX_OUTCOMES_BYTES, UnitOutcome, What, decode_outcomes
from gateway.unit.stages import Admitted

_AGAIN_S: Final = 1.0
_UNKNOWN: Final = 6423
_REFUSED: Final = 6376


class EdgeOutcomes:
    """One thread. settle: makes receipts durable, raises Unavailable. fail: tells who waits for this unit."""

    def __init__(
        self,
        queue: QueueReader,
        settle: Callable[[Sequence[UnitOutcome]], None],
        fail: Callable[[int, GatewayError], None],
    ) -> None:
        self._queue, self._settle, self._fail = queue, settle, fail

    def take(self, taken: Taken, admitted: Admitted) -> None:
        """Raises Refused 1080, Unavailable of the queue."""
        body = admitted.body
        if body.size_bytes > MAX_OUTCOMES_BYTES:
            raise Refused(1080, size_bytes=body.size_bytes)
        with body.open() as stream:
            outcomes = decode_outcomes(stream.read(MAX_OUTCOMES_BYTES))
        try:
            self._settle(outcomes)
        except Unavailable:
            self._queue.release(taken.number, _AGAIN_S)
            return
        for one in outcomes:
            if one.what in (What.REFUSED, What.CORRUPT):
                self._fail(one.unit, _error(one))
        # From here the queue may forget them: receipts are durable, and nobody else has a right to know.
        self._queue.ack([taken.number])


def _error(one: UnitOutcome) -> GatewayError:
    unit = speak(one.unit)
    if one.reason == _UNKNOWN:
        return StateUncertain(_UNKNOWN, unit=unit)
    return Refused(one.reason or _REFUSED, unit=unit)
