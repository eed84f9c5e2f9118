"""The sending guard's judgement of requests and answers that come through the queue `captured`.

    request   policy, content; without submit: remembered, its answer passes once --> may be sealed
    answer    of a request that was let in, once, in time; policy, content        --> may be sealed
    failure   of such a request; a number of a short list                         --> may be sealed

    refused request --> set aside, as a file is      refused answer --> goes as a failure

What is sealed, and that nothing changes in between, is gateway.sending.judge's.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import assert_never

from gateway.errors import Field, Refused
from gateway.guard.durable_requests import (
    Judged,
    Tables,
    answer_fields,
    judged_fields,
    refused_answer,
    remember,
    request_fields,
    with_fields,
)
from gateway.guard.requests import RequestJudge
from gateway.guard.together import alone
from gateway.guard.told import of_edge
from gateway.inspection.chain import bytes_body
from gateway.unit.counted import is_of
from gateway.unit.model import CapturedUnit, FileBody, Lane
from gateway.unit.number import speak
from gateway.unit.outcomes import OutcomesBody
from gateway.unit.request import BatchBody, FailureBody, RequestBody, ResponseBody
from gateway.unit.session import AliveBody, EndBody, MessageBody, OpenedBody
from gateway.unit.stages import Body


class DurableClearer:
    """Judges for one lane. Safe to call from several threads for different units.

    tables: of this guard, None in a gate of one lane: there only requests of submit pass.
    """

    def __init__(self, lane: Lane, judge: RequestJudge, tables: Tables | None) -> None:
        self._lane, self._judge, self._tables = lane, judge, tables

    def __call__(self, unit: CapturedUnit, body: Body) -> Judged:
        """A unit of Kind.REQUESTS. Raises Refused (with what the journal keeps of it) and Unavailable."""
        if self._tables is not None and not is_of(unit.number, self._lane.sender):
            raise Refused(5776, unit=speak(unit.number))
        match unit.body:
            case RequestBody() as request:
                return self._request(unit, request, body)
            case ResponseBody() as answer:
                return self._answer(unit, answer, body)
            case FailureBody() as failure:
                return self._failure(unit, failure, body)
            case (
                FileBody()
                | OutcomesBody()
                | BatchBody()
                | OpenedBody()
                | MessageBody()
                | AliveBody()
                | EndBody()
            ):
                raise Refused(1052, unit=speak(unit.number))
            case _:
                assert_never(unit.body)

    def _request(self, unit: CapturedUnit, head: RequestBody, body: Body) -> Judged:
        fields = request_fields(head)
        if unit.brought_by:
            fields["caller"] = unit.brought_by
        try:
            let = alone(self._judge.request(unit, self._lane, head, body, by_queue=True))
            if not let.is_submitted:
                remember(self._must_have_tables(unit.channel).asked, unit, head)
        except Refused as refused:
            raise with_fields(refused, fields) from refused
        return Judged(head, let.body, let.policy_digest, fields | judged_fields(let))

    def _answer(self, unit: CapturedUnit, head: ResponseBody, body: Body) -> Judged:
        fields = answer_fields(head)
        try:
            self._waiting(unit, head)
        except Refused as refused:
            # Nobody waits for it: set aside, and nobody is told.
            raise with_fields(refused, fields) from refused
        try:
            let = alone(self._judge.answer(unit, self._lane, head, body, by_queue=True))
        except Refused as refused:
            failure = refused_answer(head, refused)
            told: dict[str, Field] = {"refused": refused.number, **refused.fields, **fields}
            return self._told(failure, told)
        # The body may have been written anew.
        told_head = replace(head, size_bytes=let.body.size_bytes)
        return Judged(told_head, let.body, let.policy_digest, fields | judged_fields(let))

    def _failure(self, unit: CapturedUnit, head: FailureBody, body: Body) -> Judged:
        fields: dict[str, Field] = {
            "name": head.operation,
            "size_bytes": 0,
            "operation": head.operation,
            "request": speak(head.request),
        }
        if body.size_bytes:
            raise Refused(5770, told_bytes=0, size_bytes=body.size_bytes, **fields)
        try:
            self._waiting(unit, head)
        except Refused as refused:
            raise with_fields(refused, fields) from refused
        told = of_edge(head)
        return self._told(told, {**fields, "failed": told.number})

    def _told(self, head: FailureBody, fields: dict[str, Field]) -> Judged:
        let = self._judge.failure()
        return Judged(head, bytes_body(b""), let.policy_digest, fields | judged_fields(let))

    def _waiting(self, unit: CapturedUnit, head: ResponseBody | FailureBody) -> None:
        """Raises Refused 5762 to 5765."""
        let_in = self._must_have_tables(unit.channel).let_in
        let_in.bring(unit.number, head, unit.channel, time.monotonic())

    def _must_have_tables(self, channel: str) -> Tables:
        """Raises Refused 1051: in a gate of one lane nothing is answered."""
        if self._tables is None:
            raise Refused(1051, channel=channel)
        return self._tables
