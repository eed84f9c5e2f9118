"""Answers that a caller on the other side waits for, and why there is none: into the queue `captured`.

    performed --> ResponseBody, content --+
                                          +--> captured --> the guard, which knows of the request --> the lane
    not, or nobody knows --> FailureBody -+

The edge's end of the lane that leads back. Durable when it returns; a second one for a request goes no
further than the guard.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from gateway.audit.event import Event, Recorder, Status
from gateway.errors import Field, GatewayError, Refused
from gateway.spool.model import Entry, QueueWriter
from gateway.unit.consequences import consequence_of
from gateway.unit.decode import decode_captured
from gateway.unit.encode import encode_captured
from gateway.unit.model import CapturedUnit, Kind
from gateway.unit.number import speak
from gateway.unit.request import Consequence, FailureBody, RequestBody, ResponseBody
from gateway.unit.stages import Admitted
from gateway.unit.submitting import PerformedBody


class QueueAnswering:
    """One thread calls it. next_number: of units of this edge."""

    def __init__(
        self,
        queue: QueueWriter,
        next_number: Callable[[], int],
        recorder: Recorder,
        status: Status,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._queue, self._next_number = queue, next_number
        self._recorder, self._status, self._now_ns = recorder, status, now_ns

    def answer(self, admitted: Admitted, performed: PerformedBody) -> None:
        """The answer to a request, whatever it is: what no guard could read goes as a failure.

        Raises Unavailable; a file of it stays then, for the next call.
        """
        try:
            self._put(admitted, performed.head, performed.content)
        except Refused as refused:
            if isinstance(performed.content, Path):
                performed.content.unlink(missing_ok=True)
            head = performed.head
            request = admitted.manifest.number
            failure = FailureBody(
                request, head.operation, refused.number, Consequence.ANSWER_REFUSED
            )
            self._put(admitted, failure, b"")

    def fail(self, admitted: Admitted, head: RequestBody, error: GatewayError) -> None:
        """Why there is no answer. Raises Unavailable."""
        request, consequence = admitted.manifest.number, consequence_of(error)
        self._put(admitted, FailureBody(request, head.operation, error.number, consequence), b"")

    def _put(
        self, admitted: Admitted, body: ResponseBody | FailureBody, content: bytes | Path
    ) -> None:
        number, channel = self._next_number(), admitted.manifest.channel
        unit = CapturedUnit(number, channel, Kind.REQUESTS, self._now_ns(), body)
        encoded = encode_captured(unit)
        decode_captured(encoded)
        self._queue.put([Entry(number, encoded, content)])
        fields: dict[str, Field] = {
            "name": body.operation,
            "size_bytes": body.size_bytes,
            "request": speak(body.request),
        }
        # The caller of this commits, with what it has to say of the request.
        self._recorder.record(Event("captured", self._now_ns(), number, channel, 0, fields))
        self._status.count("units_captured_total")
