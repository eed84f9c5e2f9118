"""The receiving guard's judgement of requests and answers that come through the queue `received`.

    request   own policy, own readers; without submit: remembered, its answer passes once  --> admitted
    answer    of a request that this guard let out, once, in time; own policy              --> admitted
    failure   of such a request; a number of a list                                        --> admitted

    refused request --> set aside, as a file is      refused answer --> admitted as a failure, for its caller

That each comes once is the queues': a number that `received` or `admitted` has had is a duplicate. A request
that is older than their memory may have been performed, and is refused.
"""

from __future__ import annotations

import time
from collections.abc import Callable
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
from gateway.guard.told import of_far_side
from gateway.inspection.chain import bytes_body
from gateway.unit.counted import is_of
from gateway.unit.model import FileBody, Lane, Manifest
from gateway.unit.number import speak
from gateway.unit.outcomes import OutcomesBody
from gateway.unit.request import BatchBody, FailureBody, RequestBody, ResponseBody
from gateway.unit.session import AliveBody, EndBody, MessageBody, OpenedBody
from gateway.unit.stages import Body


class DurableAdmitter:
    """Judges for one lane. Safe to call from several threads for different units.

    tables: of this guard, None in a gate of one lane: there only requests of submit pass. forgot: whether the
    queue `admitted` cannot say any more if it has had a number.
    """

    def __init__(
        self,
        lane: Lane,
        judge: RequestJudge,
        tables: Tables | None,
        forgot: Callable[[int], bool] = lambda _: False,
    ) -> None:
        self._lane, self._judge, self._tables = lane, judge, tables
        self._forgot = forgot

    def __call__(self, manifest: Manifest, body: Body) -> Judged:
        """A verified unit of Kind.REQUESTS. Raises Refused (with fields for the journal), Unavailable."""
        if self._tables is not None and not is_of(manifest.number, self._lane.sender):
            raise Refused(5776, unit=speak(manifest.number))
        match manifest.body:
            case RequestBody() as request:
                return self._request(manifest, request, body)
            case ResponseBody() as answer:
                return self._answer(manifest, answer, body)
            case FailureBody() as failure:
                return self._failure(manifest, failure)
            case (
                FileBody()
                | OutcomesBody()
                | BatchBody()
                | OpenedBody()
                | MessageBody()
                | AliveBody()
                | EndBody()
            ):
                raise Refused(1052, unit=speak(manifest.number))
            case _:
                assert_never(manifest.body)

    def _request(self, manifest: Manifest, head: RequestBody, body: Body) -> Judged:
        fields = request_fields(head)
        try:
            if self._forgot(manifest.number):
                raise Refused(5766, unit=speak(manifest.number))
            let = alone(self._judge.request(manifest, self._lane, head, body, by_queue=True))
            if not let.is_submitted:
                remember(self._must_have_tables(manifest.channel).let_in, manifest, head)
        except Refused as refused:
            raise with_fields(refused, fields) from refused
        return Judged(head, let.body, let.policy_digest, fields | judged_fields(let))

    def _answer(self, manifest: Manifest, head: ResponseBody, body: Body) -> Judged:
        fields = answer_fields(head)
        try:
            self._waiting(manifest, head)
        except Refused as refused:
            raise with_fields(refused, fields) from refused
        try:
            let = alone(self._judge.answer(manifest, self._lane, head, body, by_queue=True))
        except Refused as refused:
            told: dict[str, Field] = {"refused": refused.number, **refused.fields, **fields}
            return self._told(refused_answer(head, refused), told)
        # The body may have been written anew.
        told_head = replace(head, size_bytes=let.body.size_bytes)
        return Judged(told_head, let.body, let.policy_digest, fields | judged_fields(let))

    def _failure(self, manifest: Manifest, head: FailureBody) -> Judged:
        fields: dict[str, Field] = {
            "name": head.operation,
            "size_bytes": 0,
            "operation": head.operation,
            "request": speak(head.request),
        }
        try:
            self._waiting(manifest, head)
        except Refused as refused:
            raise with_fields(refused, fields) from refused
        told = of_far_side(head)
        return self._told(told, {**fields, "failed": told.number})

    def _told(self, head: FailureBody, fields: dict[str, Field]) -> Judged:
        let = self._judge.failure()
        return Judged(head, bytes_body(b""), let.policy_digest, fields | judged_fields(let))

    def _waiting(self, manifest: Manifest, head: ResponseBody | FailureBody) -> None:
        """Raises Refused 5762 to 5765."""
        asked = self._must_have_tables(manifest.channel).asked
        asked.bring(manifest.number, head, manifest.channel, time.monotonic())

    def _must_have_tables(self, channel: str) -> Tables:
        """Raises Refused 1051: in a gate of one lane nothing is answered."""
        if self._tables is None:
            raise Refused(1051, channel=channel)
        return self._tables
