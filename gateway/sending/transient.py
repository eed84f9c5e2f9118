"""The sending guard's work on transient units: captured -> judged -> may be sealed, all in memory.

    request   policy, content         --> outstanding --> may go to the other side
    answer    of a request that was let in, once, in time; policy, content --> may go
    failure   of such a request; a number of a short list                  --> may go

    refused request    --> told to the edge at once
    refused answer     --> goes as a failure, so that the caller is told

What may go is sealed when its events are on disk (gateway.guard.letting_go, transient_seal.py).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import assert_never

from gateway.audit.event import Event
from gateway.errors import Field, Refused, StateUncertain, Unavailable
from gateway.exchange.frames import Frame, encode_failed
from gateway.guard.counters import Counter, is_given
from gateway.guard.letting_go import Done, NotLetGo
from gateway.guard.outstanding import Asked, Outstanding
from gateway.guard.requests import RequestJudge, Unsealed, deadline
from gateway.guard.together import Judging
from gateway.guard.told import of_edge
from gateway.unit.counted import is_of
from gateway.unit.decode import decode_captured
from gateway.unit.model import CapturedUnit, Kind, Lane, NoRequestBody
from gateway.unit.number import speak
from gateway.unit.request import Consequence, FailureBody, RequestBody, ResponseBody


class TransientClearer:
    """Judges what the edge hands over. Safe to call from several threads.

    asked: requests of this side's callers. let_in: requests of the other side that this guard let in.
    counter: of this side's edge. highest: of the requests that passed; -1 for none.
    """

    def __init__(
        self,
        lane: Lane,
        judge: RequestJudge,
        asked: Outstanding,
        let_in: Outstanding,
        counter: Counter | None = None,
    ) -> None:
        self._lane, self._judge = lane, judge
        self._asked, self._let_in = asked, let_in
        self._counter = counter or Counter()
        self.highest = -1
        self._lock = threading.Lock()

    def __call__(self, frame: Frame) -> Sequence[Judging[Done]]:
        """The work on one frame of the edge. Raises nothing but for bugs."""
        return (self._done(frame),)

    def _done(self, frame: Frame) -> Judging[Done]:
        try:
            unit = decode_captured(frame.head)
            if unit.number != frame.number or unit.kind is not Kind.REQUESTS:
                raise Refused(1052)
            sender, is_request = self._lane.sender, isinstance(unit.body, RequestBody)
            if not is_given(unit.number, sender, self._counter) and (
                is_request or not is_of(unit.number, sender)
            ):
                # Under a number of the other side's it would stand in the journal as let in, and a request
                # far ahead as where the counter was. Numbers of answers are kept by nobody: where an edge is
                # that only answers is not known when a guard starts.
                raise Refused(5776, unit=speak(unit.number))
        except Refused as refused:
            # Whose it is cannot be known but by the frame's number: the edge knows what that was.
            return self._refused(frame.number, "", {}, refused)
        match unit.body:
            case RequestBody() as request:
                return (yield from self._request(unit, request, frame.content))
            case ResponseBody() as answer:
                return (yield from self._answer(unit, answer, frame.content))
            case FailureBody() as failure:
                return self._failure(unit, failure)
            case other if isinstance(other, NoRequestBody):
                return self._refused(unit.number, unit.channel, {}, Refused(1052))
            case _:
                assert_never(unit.body)

    def _request(self, unit: CapturedUnit, head: RequestBody, content: bytes) -> Judging[Done]:
        fields = _request_fields(head, unit.brought_by)
        begun_s = time.monotonic()
        try:
            let = yield from self._judge.request(unit, self._lane, head, content)
            self._asked.ask(deadline(unit.number, unit.channel, head, unit.brought_by))
            with self._lock:
                self.highest = max(self.highest, unit.number)
        except (Refused, Unavailable) as error:
            return self._refused(unit.number, unit.channel, fields, error)
        fields |= {"policy": let.policy_digest[:12], "ms": _ms_since(begun_s)}
        event = Event("request.passed", time.time_ns(), unit.number, unit.channel, fields=fields)

        def not_let_go(error: NotLetGo) -> Done:
            self._asked.withdraw(unit.number)
            is_uncertain = isinstance(error, StateUncertain)
            consequence = Consequence.UNCERTAIN if is_uncertain else Consequence.UNAVAILABLE
            return Done(frame=encode_failed(unit.number, error.number, consequence))

        return Done((event,), unsealed=Unsealed(unit, let), otherwise=not_let_go)

    def _answer(self, unit: CapturedUnit, head: ResponseBody, content: bytes) -> Judging[Done]:
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
            let = yield from self._judge.answer(unit, self._lane, head, content)
        except (Refused, Unavailable) as error:
            event = _answer_event("answer.refused", head.request, unit, fields, error)
            failure = FailureBody(
                head.request, asked.operation, error.number, Consequence.ANSWER_REFUSED
            )
            return Done((event,), unsealed=self.failed(asked.channel, failure))
        fields["policy"] = let.policy_digest[:12]
        event = _answer_event("answer.passed", head.request, unit, fields)
        # The body may have been written anew.
        told = replace(unit, body=replace(head, size_bytes=let.body.size_bytes))
        return Done((event,), unsealed=Unsealed(told, let))

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
        told = of_edge(head)
        event = Event(
            "answer.failed", time.time_ns(), head.request, unit.channel, told.number, fields
        )
        return Done((event,), unsealed=self.failed(asked.channel, told))

    def failed(self, channel: str, failure: FailureBody) -> Unsealed:
        """What tells the other side why its request has no answer, also where this side does not know its
        channel: the words are the request's own. Its unit has the number of the request."""
        unit = CapturedUnit(failure.request, channel, Kind.REQUESTS, time.time_ns(), failure)
        return Unsealed(unit, self._judge.failure())

    def unanswered(self, asked: Asked) -> Done:
        """The edge has ended that was performing this request: the other side need not wait."""
        failure = FailureBody(asked.number, asked.operation, 5771, Consequence.UNCERTAIN)
        return Done((unanswered(asked, 5771),), unsealed=self.failed(asked.channel, failure))

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
        return Done((event,), frame, otherwise=lambda _: Done(frame=frame))


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
