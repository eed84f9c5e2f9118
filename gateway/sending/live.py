"""The sending guard's work on sessions: what this side's edge says of them, in its order -> may be sealed.

    opened    for a request that was let in, once, in time   --> a session; may go
    message   of a session, in its place; policy, content    --> may go
    end       of a session                                   --> may go, and it is over

    refused message  --> recorded; the session ends on both sides: none is passed over

One thread calls it, which also works on what comes the other way.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final

from gateway.audit.event import Event
from gateway.errors import Field, Refused, Unavailable
from gateway.exchange.frames import Frame
from gateway.guard.ending import Endings, message_refused, opened
from gateway.guard.letting_go import Done
from gateway.guard.outstanding import Outstanding
from gateway.guard.requests import RequestJudge, Unsealed
from gateway.guard.sessions import Held, Sessions, pace
from gateway.guard.together import alone
from gateway.unit.counted import is_of
from gateway.unit.decode import decode_captured
from gateway.unit.model import CapturedUnit, Kind, Lane
from gateway.unit.number import speak
from gateway.unit.request import Consequence, FailureBody
from gateway.unit.session import EndBody, Ending, MessageBody, OpenedBody

# Those that an edge knows of itself; the others are a guard's to say.
_OF_EDGES: Final = frozenset(
    {Ending.DONE, Ending.AWAY, Ending.REFUSED, Ending.TOO_SLOW, Ending.LOST}
)


class LiveClearer:
    """lane: that this side sends on. receives: the other. let_in: requests of the other side.

    failed: gives what tells the other side why its request has no answer (channel, failure).
    """

    def __init__(
        self,
        lane: Lane,
        judge: RequestJudge,
        sessions: Sessions,
        endings: Endings,
        let_in: Outstanding,
        failed: Callable[[str, FailureBody], Unsealed],
    ) -> None:
        self._lane, self._judge = lane, judge
        self._sessions, self._endings = sessions, endings
        self._let_in, self._failed = let_in, failed

    def __call__(self, frame: Frame) -> Sequence[Done]:
        """One frame of the edge. Raises nothing but for bugs."""
        try:
            unit = decode_captured(frame.head)
            if unit.kind is not Kind.REQUESTS:
                raise Refused(1052)
            if not is_of(unit.number, self._lane.sender):
                raise Refused(5776, unit=speak(unit.number))
            match unit.body:
                case OpenedBody() as body if body.session == frame.number:
                    return self._opened(unit, body)
                case MessageBody() as body if body.session == frame.number:
                    return self._message(unit, body, frame.content)
                case EndBody() as body if body.session == frame.number:
                    return self._end(unit, body)
            raise Refused(1052)
        except Refused as refused:
            # Whatever it was, it was said of this session: nothing is passed over.
            held = self._sessions.get(frame.number)
            if held is not None:
                return self._endings.refused(held, Ending.REFUSED, refused)
            return (Done((message_refused(frame.number, "", "", refused),)),)

    def _opened(self, unit: CapturedUnit, body: OpenedBody) -> Sequence[Done]:
        now_s = time.monotonic()
        try:
            asked = self._let_in.answer(body.session, unit.channel, body.operation, now_s)
        except Refused as refused:
            # Nobody waits for it: the edge may let go of its peer.
            return (Done((_not_opened(unit, body, refused),), self._away(unit, body)),)
        try:
            lane = self._lane.opposite
            live = self._judge.session(unit.channel, lane, body.operation)
            held = self._sessions.begin(
                body.session, unit.channel, body.operation, live, now_s, is_asker=False
            )
        except (Refused, Unavailable) as error:
            failure = FailureBody(
                body.session, body.operation, error.number, Consequence.ANSWER_REFUSED
            )
            told = self._failed(unit.channel, failure)
            event = _not_opened(unit, body, error)
            return (Done((event,), self._away(unit, body), told),)
        held.began_s, held.is_open = asked.began_s, True
        unsealed = Unsealed(unit, self._judge.failure())
        return (
            Done(
                (opened(held, now_s),),
                unsealed=unsealed,
                otherwise=lambda error: self._endings.not_let_go(held, error),
            ),
        )

    def _message(self, unit: CapturedUnit, body: MessageBody, content: bytes) -> Sequence[Done]:
        now_s = time.monotonic()
        try:
            held = self._sessions.find(body.session, unit.channel, body.operation)
        except Refused as refused:
            event = message_refused(body.session, unit.channel, body.operation, refused)
            known = refused.number == 5792
            return (Done((event,), b"" if known else self._away(unit, body)),)
        try:
            self._sessions.out(held, body.sequence)
        except Refused as refused:
            if body.sequence > held.out.next:
                return self._endings.refused(held, Ending.LOST, refused)
            event = message_refused(body.session, unit.channel, body.operation, refused)
            return (Done((event,)),)
        return self._judged(unit, held, body, content, now_s)

    def _judged(
        self, unit: CapturedUnit, held: Held, body: MessageBody, content: bytes, now_s: float
    ) -> Sequence[Done]:
        ending = Ending.TOO_MANY
        try:
            pace(held.out, now_s)
            ending = Ending.REFUSED
            lane = self._endings.lane_of(held)
            let = alone(self._judge.message(unit, lane, body, content, from_caller=held.is_asker))
        except (Refused, Unavailable) as error:
            # The place was taken by what did not pass: the end comes in it.
            held.out.next -= 1
            return self._endings.refused(held, ending, error)
        held.passed(held.out, len(content), now_s)
        return (
            Done(
                unsealed=Unsealed(unit, let),
                otherwise=lambda error: self._endings.not_let_go(held, error),
            ),
        )

    def _end(self, unit: CapturedUnit, body: EndBody) -> Sequence[Done]:
        try:
            held = self._sessions.find(body.session, unit.channel, body.operation)
        except Refused:
            # Both ends at once, or one that never opened: there is nothing to end.
            return ()
        ending = body.ending if body.ending in _OF_EDGES else Ending.AWAY
        if body.sequence != held.out.next:
            ending = Ending.LOST
        return (self._endings.end(held, ending, edge=False),)

    def _away(self, unit: CapturedUnit, body: OpenedBody | MessageBody) -> bytes:
        return self._endings.to_edge(body.session, unit.channel, body.operation, Ending.LOST)


def _not_opened(unit: CapturedUnit, body: OpenedBody, error: Refused | Unavailable) -> Event:
    fields: dict[str, Field] = {**error.fields, "operation": body.operation}
    return Event("answer.refused", time.time_ns(), body.session, unit.channel, error.number, fields)
