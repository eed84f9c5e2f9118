"""The receiving guard's work on transient units: sealed -> opened, verified -> judged anew -> admitted.

    request   a number of that side, not far ahead of the clock, never seen before; own policy, own readers
                                                         --> let in --> to the edge, which performs it
    answer    of a request that this guard let out, once, in time; own policy --> to the edge that asked
    failure   of such a request: a number of a list                           --> told to that edge

    refused request    --> told back over the other lane, by number
    refused answer     --> told to the edge that asked

Believes nothing that the other side says, and is told nothing by it but what it has sealed.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import assert_never

from gateway.audit.event import Event
from gateway.errors import Field, Refused, Unavailable
from gateway.exchange.frames import Frame, FrameKind, encode_failed, encode_frame
from gateway.guard.counters import Counter, is_given
from gateway.guard.letting_go import Done, NotLetGo
from gateway.guard.outstanding import Outstanding
from gateway.guard.requests import RequestJudge, Unsealed, deadline
from gateway.guard.seen import Seen
from gateway.guard.together import Judging, finished
from gateway.guard.told import of_far_side
from gateway.receiving.verify import Opener
from gateway.unit.decode import decode_batch
from gateway.unit.encode import encode_manifest
from gateway.unit.model import FileBody, Kind, Lane, Manifest
from gateway.unit.number import speak
from gateway.unit.outcomes import OutcomesBody
from gateway.unit.request import BatchBody, Consequence, FailureBody, RequestBody, ResponseBody
from gateway.unit.session import AliveBody, EndBody, MessageBody, OpenedBody, SessionBody

# Gives what tells the other side why its request has no answer (channel, failure).
TellBack = Callable[[str, FailureBody], Unsealed]
# Takes what is of a session, once it is verified.
OfSession = Callable[[Manifest, SessionBody, bytes], None]


class TransientAdmitter:
    """Opens and judges what the ferry hands over. Safe to call from several threads.

    asked: requests of this side's callers. let_in: requests of the other side. seen: their numbers.
    sessions: what is of them. counter: of the edge over there, where others ask it too.
    """

    def __init__(
        self,
        lane: Lane,
        judge: RequestJudge,
        opener: Opener,
        asked: Outstanding,
        let_in: Outstanding,
        seen: Seen,
        tell_back: TellBack,
        sessions: OfSession,
        counter: Counter | None = None,
    ) -> None:
        self._lane, self._judge, self._opener = lane, judge, opener
        self._asked, self._let_in, self._seen = asked, let_in, seen
        self._tell_back, self._sessions = tell_back, sessions
        self._counter = counter or Counter()
        self._counter.reached(seen.highest)
        self._lock = threading.Lock()

    def use(self, opener: Opener) -> None:
        """Open with this one from the next unit on."""
        self._opener = opener

    def highest_seen(self) -> int:
        """No request with a number above it has been let in; -1 for none."""
        with self._lock:
            return self._seen.highest

    def __call__(self, frame: Frame) -> Sequence[Judging[Done]]:
        """The work on one sealed unit of the ferry, or on each of a batch. Raises nothing but for bugs."""
        try:
            manifest, content = self._opener.open_bytes(frame.content, frame.number)
            units = self._units(manifest, content)
        except (Refused, Unavailable) as error:
            # Nobody's word: nothing in it is true, so nobody is told but the journal.
            return (finished(Done((_event("request.refused", frame.number, "", {}, error),))),)
        return [self._done(*unit) for unit in units]

    def _units(self, manifest: Manifest, content: bytes) -> list[tuple[Manifest, bytes]]:
        """What came under one seal. Raises Refused 1052, 1080."""
        units = [(manifest, content)]
        if isinstance(manifest.body, BatchBody):
            units = decode_batch(content, manifest.body.units)
        for one, inner in units:
            same = (one.channel, one.lane, one.policy_digest) == (
                manifest.channel,
                self._lane,
                manifest.policy_digest,
            )
            if not same or one.kind is not Kind.REQUESTS:
                raise Refused(1052)
            if one is not manifest and one.body_sha256 != hashlib.sha256(inner).digest():
                raise Refused(4312, unit=speak(one.number))
        return units

    def _done(self, manifest: Manifest, content: bytes) -> Judging[Done]:
        match manifest.body:
            case RequestBody() as request:
                return (yield from self._request(manifest, request, content))
            case ResponseBody() as answer:
                return (yield from self._answer(manifest, answer, content))
            case FailureBody() as failure:
                return self._failure(manifest, failure)
            case OpenedBody() | MessageBody() | AliveBody() | EndBody() as body:
                # Of a session: in their order, by the one thread that keeps it.
                self._sessions(manifest, body, content)
                return Done()
            case FileBody() | OutcomesBody() | BatchBody():
                error = Refused(1052)
                return Done((_event("request.refused", manifest.number, "", {}, error),))
            case _:
                assert_never(manifest.body)

    def _request(self, manifest: Manifest, head: RequestBody, content: bytes) -> Judging[Done]:
        fields: dict[str, Field] = {"operation": head.operation, "size_bytes": head.size_bytes}
        begun_s = time.monotonic()
        number, channel = manifest.number, manifest.channel
        if not is_given(number, self._lane.sender, self._counter):
            # Nothing is remembered of it: one near the top would bar all that follow.
            unfit = Refused(5776, unit=speak(number))
            event = _event("request.refused", number, channel, fields, unfit)
            return Done((event,), unsealed=self._told_back(channel, number, head, unfit))
        try:
            with self._lock:
                self._seen.add(number)
        except Refused as refused:
            # It is being performed, or was: nobody is told that it is not.
            return Done((_event("request.refused", number, channel, fields, refused),))
        try:
            let = yield from self._judge.request(manifest, self._lane, head, content)
            self._let_in.ask(deadline(number, channel, head))
        except (Refused, Unavailable) as error:
            event = _event("request.refused", number, channel, fields, error)
            return Done((event,), unsealed=self._told_back(channel, number, head, error))
        fields |= {
            "policy": let.policy_digest[:12],
            "sender_policy": manifest.policy_digest[:12],
            "ms": _ms_since(begun_s),
        }

        def not_let_go(error: NotLetGo) -> Done:
            self._let_in.withdraw(number)
            return Done(unsealed=self._told_back(channel, number, head, error))

        frame = encode_frame(FrameKind.ADMITTED, number, content, encode_manifest(manifest))
        event = _event("request.passed", number, channel, fields)
        return Done((event,), frame, otherwise=not_let_go)

    def _told_back(self, channel: str, number: int, head: RequestBody, error: NotLetGo) -> Unsealed:
        match error:
            case Refused():
                consequence = Consequence.REFUSED
            case Unavailable():
                consequence = Consequence.UNAVAILABLE
            case _:
                consequence = Consequence.UNCERTAIN
        failure = FailureBody(number, head.operation, error.number, consequence)
        return self._tell_back(channel, failure)

    def _answer(self, manifest: Manifest, head: ResponseBody, content: bytes) -> Judging[Done]:
        fields: dict[str, Field] = {
            "operation": head.operation,
            "status": head.status,
            "size_bytes": head.size_bytes,
            "answer": speak(manifest.number),
        }
        request, channel = head.request, manifest.channel
        try:
            asked = self._asked.answer(request, channel, head.operation, time.monotonic())
        except Refused as refused:
            # Nobody waits for it: dropped, and told to the journal alone.
            return Done((_event("answer.refused", request, channel, fields, refused),))
        fields["ms"] = _ms_since(asked.began_s)
        try:
            let = yield from self._judge.answer(
                manifest, self._lane, head, content, caller=asked.caller
            )
        except (Refused, Unavailable) as error:
            event = _event("answer.refused", request, channel, fields, error)
            told = encode_failed(request, error.number, Consequence.ANSWER_REFUSED)
            return Done((event,), told)
        fields["policy"] = let.policy_digest[:12]
        # The body may have been written anew.
        told_of = replace(manifest, body=replace(head, size_bytes=let.body.size_bytes))
        frame = encode_frame(FrameKind.ADMITTED, request, let.body.read(), encode_manifest(told_of))
        event = _event("answer.passed", request, channel, fields)

        def not_let_go(error: NotLetGo) -> Done:
            return Done(frame=encode_failed(request, error.number, Consequence.ANSWER_REFUSED))

        return Done((event,), frame, otherwise=not_let_go)

    def _failure(self, manifest: Manifest, head: FailureBody) -> Done:
        fields: dict[str, Field] = {
            "operation": head.operation,
            "consequence": head.consequence.value,
        }
        request, channel = head.request, manifest.channel
        try:
            asked = self._asked.answer(request, channel, head.operation, time.monotonic())
        except Refused as refused:
            return Done((_event("answer.refused", request, channel, fields, refused),))
        fields["ms"] = _ms_since(asked.began_s)
        reason = of_far_side(head).number
        event = Event("answer.failed", time.time_ns(), request, channel, reason, fields)
        told = encode_failed(request, reason, head.consequence)
        return Done((event,), told, otherwise=lambda _: Done(frame=told))


def _event(
    what: str,
    number: int,
    channel: str,
    fields: dict[str, Field],
    error: Refused | Unavailable | None = None,
) -> Event:
    """Under the number of the request, so that its story is told in one place."""
    said = fields if error is None else {**error.fields, **fields}
    reason = 0 if error is None else error.number
    return Event(what, time.time_ns(), number, channel, reason, said)


def _ms_since(then_s: float) -> float:
    return round((time.monotonic() - then_s) * 1000, 1)
