"""The judgement of a request, an answer or a failure by one guard: its own policy, its own readers.

    channel known, of these lanes --> typed part (gateway.policy.request_judges) --> content, as a file is
                                                                                    (gateway.guard.together)

Both guards ask all of it; neither believes an edge or the other. What does not pass is Refused with the
number of the line that decides.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Final, Literal

from gateway.errors import Refused, Unavailable
from gateway.guard.outstanding import Asked
from gateway.guard.together import ContentQuestion, Judging, Slowly
from gateway.inspection.chain import Inspector, bytes_body
from gateway.policy.content_channel import CONTENT_NAME, content_channel, of_content
from gateway.policy.evaluate import Result, Verdict
from gateway.policy.live import LiveRule
from gateway.policy.live_judges import judge_message, live_rule
from gateway.policy.model import Channel, PolicySet
from gateway.policy.operations import ContentRule, Operation
from gateway.policy.request_channel import Removal
from gateway.policy.request_judges import judge_request, judge_response
from gateway.unit.model import CapturedUnit, Kind, Lane, Manifest, Side
from gateway.unit.request import MAX_CONTENT_BYTES, RequestBody, ResponseBody
from gateway.unit.session import MessageBody
from gateway.unit.stages import Body

# In place of a set's digest: there is none.
_NO_SET: Final = "0" * 64

# A content of a channel without these places, as gateway.inspection.changing.removed_places has it: what
# reads it is closed off. Raises Refused 2364, 398x and Unavailable 398x.
Remove = Callable[[str, Body, tuple[Removal, ...]], bytes]


@dataclass(frozen=True, slots=True)
class Let:
    """What a guard lets pass: under which set, and the body as it was judged. checks: lines asked of a
    request. is_submitted: nobody waits for its answer."""

    policy_digest: str
    body: Body
    checks: int = 0
    is_submitted: bool = False


@dataclass(frozen=True, slots=True)
class Unsealed:
    """A unit that may go to the other side, and under what."""

    unit: CapturedUnit
    let: Let


class RequestJudge:
    """Judges what comes on a lane, as work that asks about its content (gateway.guard.together).

    policy: gives the set in force, None where there is none. side: of this guard; on the sending side of a
    unit the lines that only the receiver asks are not asked. remove: takes places out of answers. Safe to
    call from several threads.
    """

    def __init__(
        self,
        side: Side,
        policy: Callable[[], PolicySet | None],
        inspector: Inspector,
        remove: Remove,
    ) -> None:
        self._side, self._policy, self._inspector = side, policy, inspector
        self._remove = remove

    def request(
        self,
        unit: CapturedUnit | Manifest,
        lane: Lane,
        head: RequestBody,
        content: bytes | Body,
        *,
        by_queue: bool = False,
    ) -> Judging[Let]:
        """A request that came for this lane. by_queue: how it came. Raises Refused (the number of the line,
        1051, 5770, 5783) and Unavailable 1050, 33xx."""
        policy, channel = self._channel(unit, lane)
        # Who brought it is known where it was taken in only.
        caller = unit.brought_by if isinstance(unit, CapturedUnit) else None
        verdict = judge_request(channel, head, caller=caller)
        _must_pass(verdict)
        check_size(head.size_bytes, content)
        operation = _operation(channel, head.operation)
        _check_way(channel, operation, by_queue=by_queue)
        let = yield from self._let(unit, lane, policy, channel, content, operation.content)
        is_submitted = channel.requests is not None and channel.requests.submit
        return Let(let.policy_digest, let.body, len(verdict.checks), is_submitted)

    def answer(
        self,
        unit: CapturedUnit | Manifest,
        lane: Lane,
        head: ResponseBody,
        content: bytes | Body,
        *,
        by_queue: bool = False,
        caller: str = "",
    ) -> Judging[Let]:
        """An answer on this lane, whose request this guard has let pass. caller: who waits for it, where that
        is known. The inner host's guard writes the body anew where the channel takes places out of it. Raises
        as request(), Refused 2364, 2365, 398x, 5784."""
        policy, channel = self._channel(unit, lane.opposite)
        operation = _operation(channel, head.operation)
        _must_pass(judge_response(channel, operation, head))
        check_size(head.size_bytes, content)
        _check_way(channel, operation, by_queue=by_queue)
        rule = operation.answers[head.status].content
        let = yield from self._let(unit, lane, policy, channel, content, rule, caller=caller)
        removed = channel.requests.removed if channel.requests is not None else ()
        if not removed or rule is None or not head.size_bytes:
            return let
        looks = self._side is Side.INNER or lane.receiver is self._side
        if not looks:
            return let
        if let.body.size_bytes > MAX_CONTENT_BYTES:
            raise Refused(5784, size_bytes=let.body.size_bytes, limit=MAX_CONTENT_BYTES)
        take_out = partial(self._remove, channel.name, let.body, removed)
        anew: bytes = yield Slowly(take_out, let.body, (channel.name, caller))
        if self._side is Side.INNER:
            # What was written anew is judged again, as a file is (`changed`).
            return (yield from self._let(unit, lane, policy, channel, anew, rule, caller=caller))
        if anew != _whole(let.body):
            raise Refused(2365, line=channel.changed_line)
        return let

    def session(self, channel: str, lane: Lane, operation: str) -> LiveRule:
        """What a session of this operation may carry. lane: of the channel's requests. Raises Refused 1051,
        2402 and Unavailable 1050."""
        return live_rule(self._named(channel, Kind.REQUESTS, lane)[1], operation)

    def message(
        self,
        unit: CapturedUnit | Manifest,
        lane: Lane,
        head: MessageBody,
        content: bytes,
        *,
        from_caller: bool,
    ) -> Judging[Let]:
        """A message of a session. lane: of the channel's requests. Raises as request(), and Refused 240x."""
        policy, channel = self._channel(unit, lane)
        operation = _operation(channel, head.operation)
        _must_pass(judge_message(channel, operation, head, from_caller=from_caller))
        check_size(head.size_bytes, content)
        live = operation.live
        rule = live.rule(from_caller=from_caller) if live is not None else None
        if rule is None or (rule.is_text and not _is_text(content)):
            raise Refused(6488)
        way = lane if from_caller else lane.opposite
        word: Literal["sends", "receives"] = "sends" if from_caller else "receives"
        return (yield from self._let(unit, way, policy, channel, content, rule.content, word))

    def failure(self) -> Let:
        """Why there is no answer: numbers, and the words of a request that came (gateway.guard.told). It may
        be that this side's set has no channel of that name, or that there is no set: then it says that."""
        policy = self._policy()
        return Let(policy.digest if policy is not None else _NO_SET, bytes_body(b""))

    def _set(self) -> PolicySet:
        policy = self._policy()
        if policy is None:
            raise Unavailable(1050)
        return policy

    def _channel(self, unit: CapturedUnit | Manifest, lane: Lane) -> tuple[PolicySet, Channel]:
        """lane: of the channel's requests."""
        return self._named(unit.channel, unit.kind, lane)

    def _named(self, name: str, kind: Kind, lane: Lane) -> tuple[PolicySet, Channel]:
        policy = self._set()
        channel = policy.channels.get(name)
        fits = channel is not None and channel.lane is lane and channel.carries is kind
        if channel is None or not fits or channel.requests is None:
            raise Refused(1051, channel=name)
        return policy, channel

    def _let(
        self,
        unit: CapturedUnit | Manifest,
        lane: Lane,
        policy: PolicySet,
        channel: Channel,
        content: bytes | Body,
        rule: ContentRule | None,
        word: Literal["sends", "receives"] | None = None,
        *,
        caller: str = "",
    ) -> Judging[Let]:
        body = bytes_body(content) if isinstance(content, bytes) else content
        if not caller and isinstance(unit, CapturedUnit):
            caller = unit.brought_by
        if rule is not None:
            judgement = yield ContentQuestion(
                self._inspector,
                content_channel(channel, rule),
                body,
                CONTENT_NAME,
                datetime.fromtimestamp(unit.captured_at_ns / 1e9, UTC),
                at_receiver=lane.receiver is self._side,
                whose=(channel.name, caller),
            )
            verdict = judgement.verdict
            if verdict.result is not Result.PASSES:
                own = word or ("body" if channel.lane is lane else "answers")
                _must_pass(of_content(verdict, own))
        if channel.rehearse:
            raise Refused(1053)
        return Let(policy.digest, body)


def deadline(number: int, channel: str, head: RequestBody, caller: str = "") -> Asked:
    """What a guard remembers of a request from now on. Reads the monotonic clock."""
    now_s = time.monotonic()
    until_s = now_s + head.answer_within_ms / 1000
    return Asked(number, channel, head.operation, now_s, until_s, caller)


def check_size(told_bytes: int, content: bytes | Body) -> None:
    """Raises Refused 5770 unless the content is as long as its head says."""
    size_bytes = len(content) if isinstance(content, bytes) else content.size_bytes
    if told_bytes != size_bytes:
        raise Refused(5770, told_bytes=told_bytes, size_bytes=size_bytes)


def _check_way(channel: Channel, operation: Operation, *, by_queue: bool) -> None:
    requests = channel.requests
    if requests is not None and requests.goes_by_queue(operation) is not by_queue:
        raise Refused(5783, operation=operation.name)


def _whole(body: Body) -> bytes:
    with body.open() as stream:
        return stream.read()


def _is_text(content: bytes) -> bool:
    """Whether content is UTF-8 (strictly: RFC 3629)."""
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _operation(channel: Channel, name: str) -> Operation:
    requests = channel.requests
    operation = requests.operations.get(name) if requests is not None else None
    if operation is None:
        raise Refused(1051, channel=channel.name)
    return operation


def _must_pass(verdict: Verdict) -> None:
    if verdict.result is Result.PASSES:
        return
    deciding = verdict.deciding
    if deciding is None:
        raise RuntimeError("a verdict without what decides")
    where = {"rule": f"{deciding.file}:{deciding.line}", "word": deciding.word}
    raise Refused(verdict.number, **{**deciding.fields, **where})
