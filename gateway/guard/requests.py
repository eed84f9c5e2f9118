"""The judgement of a request, an answer or a failure by one guard: its own policy, its own readers.

    channel known, of these lanes --> typed part (gateway.policy.request_judges) --> content, as a file is
                                                                                    (gateway.guard.judgement)

Both guards ask all of it; neither believes an edge or the other. What does not pass is Refused with the
number of the line that decides.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from gateway.errors import Refused, Unavailable
from gateway.guard.judgement import judge
from gateway.guard.outstanding import Asked
from gateway.inspection.chain import Inspector, bytes_body
from gateway.policy.content_channel import CONTENT_NAME, content_channel, of_content
from gateway.policy.evaluate import Result, Verdict
from gateway.policy.model import Channel, PolicySet
from gateway.policy.operations import ContentRule, Operation
from gateway.policy.request_channel import Removal
from gateway.policy.request_judges import judge_request, judge_response
from gateway.unit.model import CapturedUnit, Lane, Manifest, Side
from gateway.unit.request import RequestBody, ResponseBody
from gateway.unit.stages import Body

# In place of a set's digest: there is none.
_NO_SET: Final = "0" * 64

# A content of a channel without these places, as gateway.inspection.changing.removed_places has it: what
# reads it is closed off. Raises Refused 2364, 398x and Unavailable 398x.
Remove = Callable[[str, Body, tuple[Removal, ...]], bytes]


@dataclass(frozen=True, slots=True)
class Let:
    """What a guard lets pass: under which set, and the body as it was judged."""

    policy_digest: str
    body: Body


@dataclass(frozen=True, slots=True)
class Unsealed:
    """A unit that may go to the other side, and under what."""

    unit: CapturedUnit
    let: Let


class RequestJudge:
    """Judges what comes on a lane. policy: gives the set in force, None where there is none.

    side: of this guard; on the sending side of a unit the lines that only the receiver asks are not asked.
    remove: takes places out of answers. Safe to call from several threads.
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
        self, unit: CapturedUnit | Manifest, lane: Lane, head: RequestBody, content: bytes
    ) -> Let:
        """A request that came for this lane. Raises Refused (the number of the line, 1051, 5770) and
        Unavailable 1050, 33xx."""
        policy, channel = self._channel(unit, lane)
        # Who brought it is known where it was taken in only.
        caller = unit.brought_by if isinstance(unit, CapturedUnit) else None
        _must_pass(judge_request(channel, head, caller=caller))
        check_size(head.size_bytes, content)
        rule = _operation(channel, head.operation).content
        return self._let(unit, lane, policy, channel, content, rule)

    def answer(
        self, unit: CapturedUnit | Manifest, lane: Lane, head: ResponseBody, content: bytes
    ) -> Let:
        """An answer on this lane, whose request this guard has let pass. The inner host's guard writes the
        body anew where the channel takes places out of it. Raises as request(), Refused 2364, 2365, 398x."""
        policy, channel = self._channel(unit, _back(lane))
        operation = _operation(channel, head.operation)
        _must_pass(judge_response(channel, operation, head))
        check_size(head.size_bytes, content)
        rule = operation.answers[head.status].content
        let = self._let(unit, lane, policy, channel, content, rule)
        removed = channel.requests.removed if channel.requests is not None else ()
        if not removed or rule is None or not content:
            return let
        looks = self._side is Side.INNER or lane.receiver is self._side
        anew = self._remove(channel.name, let.body, removed) if looks else content
        if self._side is Side.INNER:
            # What was written anew is judged again, as a file is (`changed`).
            return self._let(unit, lane, policy, channel, anew, rule)
        if anew != content:
            raise Refused(2365, line=channel.changed_line)
        return let

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
        policy = self._set()
        channel = policy.channels.get(unit.channel)
        fits = channel is not None and channel.lane is lane and channel.carries is unit.kind
        if channel is None or not fits or channel.requests is None:
            raise Refused(1051, channel=unit.channel)
        return policy, channel

    def _let(
        self,
        unit: CapturedUnit | Manifest,
        lane: Lane,
        policy: PolicySet,
        channel: Channel,
        content: bytes,
        rule: ContentRule | None,
    ) -> Let:
        body = bytes_body(content)
        if rule is not None:
            at = datetime.fromtimestamp(unit.captured_at_ns / 1e9, UTC)
            verdict = judge(
                self._inspector,
                content_channel(channel, rule),
                body,
                CONTENT_NAME,
                at,
                at_receiver=lane.receiver is self._side,
            ).verdict
            if verdict.result is not Result.PASSES:
                _must_pass(of_content(verdict, "body" if channel.lane is lane else "answers"))
        if channel.rehearse:
            raise Refused(1053)
        return Let(policy.digest, body)


def deadline(number: int, channel: str, head: RequestBody) -> Asked:
    """What a guard remembers of a request from now on. Reads the monotonic clock."""
    now_s = time.monotonic()
    return Asked(number, channel, head.operation, now_s, now_s + head.answer_within_ms / 1000)


def check_size(told_bytes: int, content: bytes) -> None:
    """Raises Refused 5770 unless the content is as long as its head says."""
    if told_bytes != len(content):
        raise Refused(5770, told_bytes=told_bytes, size_bytes=len(content))


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


def _back(lane: Lane) -> Lane:
    return Lane.EXPORT if lane is Lane.IMPORT else Lane.IMPORT
