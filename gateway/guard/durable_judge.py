"""The judgement of a request or answer that came through a queue, the same in both halves of a guard.

    request   policy, content; without submit: remembered, its answer passes once    --> goes on
    answer    of a request that this guard has let pass, once, in time; policy       --> goes on
    failure   of such a request; a number of a list                                  --> goes on

    refused request --> set aside, as a file is      refused answer --> goes on as a failure, for its caller

What each half asks besides stands with it, in durable_requests of gateway.sending and gateway.receiving.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import assert_never

from gateway.errors import Field, Refused
from gateway.guard.durable_requests import (
    Judged,
    Table,
    answer_fields,
    judged_fields,
    refused_answer,
    remember,
    request_fields,
    with_fields,
)
from gateway.guard.requests import RequestJudge
from gateway.guard.together import alone
from gateway.inspection.chain import bytes_body
from gateway.unit.counted import is_of
from gateway.unit.model import CapturedUnit, Lane, Manifest, NoRequestBody
from gateway.unit.number import speak
from gateway.unit.request import FailureBody, RequestBody, ResponseBody
from gateway.unit.stages import Body


@dataclass(frozen=True, slots=True)
class Answering:
    """What a guard of two lanes keeps. requests: that pass this way. waiting: whose answers do."""

    requests: Table
    waiting: Table


class DurableJudge:
    """Judges for one lane. Safe to call from several threads for different units.

    answering: None in a gate of one lane, where only requests of submit pass. told: a failure in words that
    this half lets pass.
    """

    def __init__(
        self,
        lane: Lane,
        judge: RequestJudge,
        answering: Answering | None,
        told: Callable[[FailureBody], FailureBody],
    ) -> None:
        self._lane, self._judge, self._answering, self._told = lane, judge, answering, told

    def __call__(self, unit: CapturedUnit | Manifest, body: Body) -> Judged:
        """A unit of Kind.REQUESTS. Raises Refused (with what the journal keeps of it) and Unavailable."""
        if self._answering is not None and not is_of(unit.number, self._lane.sender):
            raise Refused(5776, unit=speak(unit.number))
        match unit.body:
            case RequestBody() as request:
                return self._request(unit, request, body)
            case ResponseBody() as answer:
                return self._answer(unit, answer, body)
            case FailureBody() as failure:
                return self._failure(unit, failure, body)
            case other if isinstance(other, NoRequestBody):
                raise Refused(1052, unit=speak(unit.number))
            case _:
                assert_never(unit.body)

    def _request(self, unit: CapturedUnit | Manifest, head: RequestBody, body: Body) -> Judged:
        fields = request_fields(head)
        if isinstance(unit, CapturedUnit) and unit.brought_by:
            fields["caller"] = unit.brought_by
        try:
            let = alone(self._judge.request(unit, self._lane, head, body, by_queue=True))
            if not let.is_submitted:
                remember(self._answered_here(unit.channel).requests, unit, head)
        except Refused as refused:
            raise with_fields(refused, fields) from refused
        return Judged(head, let.body, let.policy_digest, fields | judged_fields(let))

    def _answer(self, unit: CapturedUnit | Manifest, head: ResponseBody, body: Body) -> Judged:
        fields = answer_fields(head)
        self._bring(unit, head, fields)
        try:
            let = alone(self._judge.answer(unit, self._lane, head, body, by_queue=True))
        except Refused as refused:
            told: dict[str, Field] = {"refused": refused.number, **refused.fields, **fields}
            return self._as_failure(refused_answer(head, refused), told)
        # The body may have been written anew.
        told_head = replace(head, size_bytes=let.body.size_bytes)
        return Judged(told_head, let.body, let.policy_digest, fields | judged_fields(let))

    def _failure(self, unit: CapturedUnit | Manifest, head: FailureBody, body: Body) -> Judged:
        fields: dict[str, Field] = {
            "name": head.operation,
            "size_bytes": 0,
            "operation": head.operation,
            "request": speak(head.request),
        }
        if body.size_bytes:
            raise Refused(5770, told_bytes=0, size_bytes=body.size_bytes, **fields)
        self._bring(unit, head, fields)
        told = self._told(head)
        return self._as_failure(told, {**fields, "failed": told.number})

    def _as_failure(self, head: FailureBody, fields: dict[str, Field]) -> Judged:
        let = self._judge.failure()
        return Judged(head, bytes_body(b""), let.policy_digest, fields | judged_fields(let))

    def _bring(
        self,
        unit: CapturedUnit | Manifest,
        head: ResponseBody | FailureBody,
        fields: dict[str, Field],
    ) -> None:
        """Raises Refused 5762 to 5765: nobody waits for it; it is set aside, and nobody is told."""
        try:
            waiting = self._answered_here(unit.channel).waiting
            waiting.bring(unit.number, head, unit.channel, time.monotonic())
        except Refused as refused:
            raise with_fields(refused, fields) from refused

    def _answered_here(self, channel: str) -> Answering:
        """Raises Refused 1051: in a gate of one lane nothing is answered."""
        if self._answering is None:
            raise Refused(1051, channel=channel)
        return self._answering
