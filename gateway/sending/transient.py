"""The sending guard's work on transient units: captured -> judged -> cleared -> sealed, all in memory.

    request   policy, content         --> outstanding --> sealed for the ferry
    answer    of a request that was let in, once, in time; policy, content --> sealed for the ferry
    failure   of such a request; numbers only                              --> sealed for the ferry

    refused request    --> told to the edge at once
    refused answer     --> sealed as a failure, so that the caller is told

The events are those of one guard; what is sealed goes only when they are on disk (gateway.guard.passing).
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import assert_never

from gateway.audit.event import Event
from gateway.errors import Field, Refused, Unavailable
from gateway.exchange.frames import Frame, FrameKind, encode_failed, encode_frame
from gateway.guard.outstanding import Asked, Outstanding
from gateway.guard.passing import Done, Way
from gateway.guard.requests import Let, RequestJudge, deadline
from gateway.sending.seal import Sealer
from gateway.unit.decode import decode_captured
from gateway.unit.model import CapturedUnit, FileBody, Kind, Lane
from gateway.unit.number import speak
from gateway.unit.outcomes import OutcomesBody
from gateway.unit.request import Consequence, FailureBody, RequestBody, ResponseBody
from gateway.unit.stages import Cleared


class TransientClearer:
    """Judges and seals what the edge hands over. Safe to call from several threads.

    asked: requests of this side's callers. let_in: requests of the other side that this guard let in.
    """

    def __init__(
        self,
        lane: Lane,
        judge: RequestJudge,
        sealer: Sealer,
        asked: Outstanding,
        let_in: Outstanding,
    ) -> None:
        self._lane, self._judge, self._sealer = lane, judge, sealer
        self._asked, self._let_in = asked, let_in

    def use(self, sealer: Sealer) -> None:
        """Seal with this one from the next unit on."""
        self._sealer = sealer

    def __call__(self, frame: Frame) -> Done:
        """One frame of the edge. Raises nothing but for bugs."""
        try:
            unit = decode_captured(frame.head)
            if unit.number != frame.number or unit.kind is not Kind.REQUESTS:
                raise Refused(1052)
        except Refused as refused:
            # Whose it is cannot be known but by the frame's number: the edge knows what that was.
            return self._refused(frame.number, "", {}, refused)
        match unit.body:
            case RequestBody() as request:
                return self._request(unit, request, frame.content)
            case ResponseBody() as answer:
                return self._answer(unit, answer, frame.content)
            case FailureBody() as failure:
                return self._failure(unit, failure)
            case FileBody() | OutcomesBody():
                return self._refused(unit.number, unit.channel, {}, Refused(1052))
            case _:
                assert_never(unit.body)

    def _request(self, unit: CapturedUnit, head: RequestBody, content: bytes) -> Done:
        fields = _request_fields(head, unit.brought_by)
        begun_s = time.monotonic()
        try:
            let = self._judge.request(unit, self._lane, head, content)
            self._asked.ask(deadline(unit.number, unit.channel, head))
        except (Refused, Unavailable) as error:
            return self._refused(unit.number, unit.channel, fields, error)
        try:
            frame = self._sealed(unit, let)
        except (Refused, Unavailable) as error:
            self._asked.withdraw(unit.number)
            return self._refused(unit.number, unit.channel, fields, error)
        fields |= {"policy": let.policy_digest[:12], "ms": _ms_since(begun_s)}
        event = Event("request.passed", time.time_ns(), unit.number, unit.channel, fields=fields)

        def not_let_go(error: Unavailable) -> tuple[Way, bytes]:
            self._asked.withdraw(unit.number)
            return Way.EDGE, encode_failed(unit.number, error.number, Consequence.UNAVAILABLE)

        return Done((event,), Way.FERRY, frame, not_let_go)

    def _answer(self, unit: CapturedUnit, head: ResponseBody, content: bytes) -> Done:
        fields = _answer_fields(unit, head)
        try:
            asked = self._let_in.answer(
                head.request, unit.channel, head.operation, time.monotonic()
            )
        except Refused as refused:
            # Nobody waits for it: dropped, and told to the journal alone.
            return Done((_answer_event("answer.refused", head.request, unit, fields, refused),))
        fields["ms"] = _ms_since(asked.began_s)
        try:
            let = self._judge.answer(unit, self._lane, head, content)
            # The body may have been written anew.
            told = replace(head, size_bytes=let.body.size_bytes)
            frame = self._sealed(replace(unit, body=told), let)
        except (Refused, Unavailable) as error:
            event = _answer_event("answer.refused", head.request, unit, fields, error)
            failure = FailureBody(
                head.request, asked.operation, error.number, Consequence.ANSWER_REFUSED
            )
            return Done((event,), Way.FERRY, self.failed(asked.channel, failure))
        fields["policy"] = let.policy_digest[:12]
        return Done((_answer_event("answer.passed", head.request, unit, fields),), Way.FERRY, frame)

    def _failure(self, unit: CapturedUnit, head: FailureBody) -> Done:
        fields: dict[str, Field] = {
            "operation": head.operation,
            "consequence": head.consequence.value,
        }
        try:
            asked = self._let_in.answer(
                head.request, unit.channel, head.operation, time.monotonic()
            )
        except Refused as refused:
            return Done((_answer_event("answer.refused", head.request, unit, fields, refused),))
        fields["ms"] = _ms_since(asked.began_s)
        event = Event(
            "answer.failed", time.time_ns(), head.request, unit.channel, head.number, fields
        )
        return Done((event,), Way.FERRY, self.failed(asked.channel, head))

    def failed(self, channel: str, failure: FailureBody) -> bytes:
        """The sealed frame that tells the other side why its request has no answer; b"" where there is
        no key to seal with. Its unit has the number of the request. Does no I/O."""
        unit = CapturedUnit(
            failure.request, channel, Kind.REQUESTS, time.time_ns(), replace(failure)
        )
        try:
            return self._sealed(unit, self._judge.failure(channel, self._lane, failure))
        except (Refused, Unavailable):
            return b""

    def unanswered(self, asked: Asked) -> Done:
        """The edge has ended that was performing this request: the other side need not wait."""
        failure = FailureBody(asked.number, asked.operation, 5771, Consequence.UNCERTAIN)
        frame = self.failed(asked.channel, failure)
        return Done((unanswered(asked, 5771),), Way.FERRY, frame)

    def _sealed(self, unit: CapturedUnit, let: Let) -> bytes:
        cleared = Cleared(unit, let.body, let.policy_digest, time.time_ns())
        sealed, _ = self._sealer.seal_bytes(cleared)
        return encode_frame(FrameKind.SEALED, unit.number, sealed)

    def _refused(
        self, number: int, channel: str, fields: dict[str, Field], error: Refused | Unavailable
    ) -> Done:
        """The caller's edge is told at once."""
        consequence = Consequence.REFUSED if isinstance(error, Refused) else Consequence.UNAVAILABLE
        event = Event(
            "request.refused", time.time_ns(), number, channel, error.number,
            {**error.fields, **fields},
        )  # fmt: skip
        frame = encode_failed(number, error.number, consequence)
        return Done((event,), Way.EDGE, frame, lambda _: (Way.EDGE, frame))


def unanswered(asked: Asked, reason: int) -> Event:
    """The event of a request that gets no answer. reason: 5763 its time is over, 5771 its edge ended."""
    fields: dict[str, Field] = {"operation": asked.operation, "ms": _ms_since(asked.began_s)}
    return Event("request.unanswered", time.time_ns(), asked.number, asked.channel, reason, fields)


def _request_fields(head: RequestBody, brought_by: str) -> dict[str, Field]:
    fields: dict[str, Field] = {"operation": head.operation, "size_bytes": head.size_bytes}
    return fields | {"caller": brought_by} if brought_by else fields


def _answer_fields(unit: CapturedUnit, head: ResponseBody) -> dict[str, Field]:
    return {
        "operation": head.operation,
        "status": head.status,
        "size_bytes": head.size_bytes,
        "answer": speak(unit.number),
    }


def _answer_event(
    what: str,
    request: int,
    unit: CapturedUnit,
    fields: dict[str, Field],
    error: Refused | Unavailable | None = None,
) -> Event:
    """Under the number of the request, so that its story is told in one place."""
    said = fields if error is None else {**error.fields, **fields}
    number = 0 if error is None else error.number
    return Event(what, time.time_ns(), request, unit.channel, number, said)


def _ms_since(then_s: float) -> float:
    return round((time.monotonic() - then_s) * 1000, 1)
