"""The receiving guard's work on sessions: opened, verified -> in order -> judged anew -> to the edge.

    opened    for a request that this guard let out, once, in time    --> a session; to the edge that asked
    message   of a session; own policy, own readers                   --> to the edge
    alive     the far guard knows the session, and how far it is      --> what is missing is missed
    end       of a session                                            --> told to the edge; it is over

    out of turn   --> waits for what it has overtaken; twice, late, of nobody: dropped, recorded
    refused       --> recorded; the session ends on both sides

One thread calls it, which also works on what comes the other way.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from gateway.audit.event import Event
from gateway.errors import Field, Refused, Unavailable
from gateway.exchange.frames import FrameKind, encode_frame
from gateway.guard.ending import Endings, message_refused, opened
from gateway.guard.letting_go import Done
from gateway.guard.outstanding import Outstanding
from gateway.guard.requests import RequestJudge
from gateway.guard.sessions import Held, Sessions, pace
from gateway.guard.together import alone
from gateway.unit.encode import encode_manifest
from gateway.unit.model import Lane, Manifest
from gateway.unit.session import AliveBody, EndBody, Ending, MessageBody, OpenedBody, SessionBody


class LiveAdmitter:
    """lane: that this side receives. asked: requests of this side's callers."""

    def __init__(
        self,
        lane: Lane,
        judge: RequestJudge,
        sessions: Sessions,
        endings: Endings,
        asked: Outstanding,
    ) -> None:
        self._lane, self._judge = lane, judge
        self._sessions, self._endings, self._asked = sessions, endings, asked

    def __call__(self, manifest: Manifest, body: SessionBody, content: bytes) -> Sequence[Done]:
        """One unit that the far guard has sealed, opened. Raises nothing but for bugs."""
        now_s = time.monotonic()
        try:
            held = self._found(manifest, body, now_s)
        except (Refused, Unavailable) as error:
            return self._unknown(manifest, body, error)
        match body:
            case AliveBody():
                self._sessions.alive(held, body.sequence, now_s)
                return ()
            case OpenedBody() | MessageBody() | EndBody():
                return self._in_turn(manifest, body, content, held, now_s)

    def _found(self, manifest: Manifest, body: SessionBody, now_s: float) -> Held:
        channel, operation = manifest.channel, body.operation
        try:
            return self._sessions.find(body.session, channel, operation)
        except Refused as refused:
            # Its "opened" may be behind it on the lane.
            waits = self._asked.waits(body.session, channel, operation)
            if refused.number != 5791 or not waits:
                raise
        live = self._judge.session(channel, self._lane.opposite, operation)
        return self._sessions.begin(body.session, channel, operation, live, now_s, is_asker=True)

    def _unknown(
        self, manifest: Manifest, body: SessionBody, error: Refused | Unavailable
    ) -> Sequence[Done]:
        if isinstance(body, EndBody):
            # Both ends at once, or of a session that this guard does not know any more.
            return ()
        events: tuple[Event, ...] = ()
        if not isinstance(body, AliveBody):
            events = (message_refused(body.session, manifest.channel, body.operation, error),)
        if error.number == 5792 and isinstance(body, MessageBody):
            return (Done(events),)
        # The far side need not wait until it has heard nothing for long.
        end = EndBody(body.session, body.operation, 1, Ending.LOST)
        return (Done(events, unsealed=self._endings.own(manifest.channel, end)),)

    def _in_turn(
        self,
        manifest: Manifest,
        body: OpenedBody | MessageBody | EndBody,
        content: bytes,
        held: Held,
        now_s: float,
    ) -> Sequence[Done]:
        if isinstance(body, EndBody) and self._is_at_once(body, held):
            return (self._endings.end(held, body.ending, far=False),)
        try:
            turn = self._sessions.arrived(held, body.sequence, (manifest, content), now_s)
        except Refused as refused:
            return (Done((message_refused(held.number, held.channel, held.operation, refused),)),)
        done: list[Done] = []
        for one, inner in turn:
            match one.body:
                case OpenedBody():
                    done += self._opened(one, held, now_s)
                case MessageBody() as message:
                    done += self._message(one, message, held, inner, now_s)
                case EndBody() as end:
                    done.append(self._endings.end(held, end.ending, far=False))
        return done

    def _is_at_once(self, body: EndBody, held: Held) -> bool:
        """A guard that knows nothing of the session any more cannot know its place either."""
        return body.ending is Ending.LOST and body.sequence <= held.back.next

    def _opened(self, manifest: Manifest, held: Held, now_s: float) -> Sequence[Done]:
        try:
            asked = self._asked.answer(held.number, held.channel, held.operation, now_s)
        except Refused as refused:
            fields: dict[str, Field] = {**refused.fields, "operation": held.operation}
            event = Event(
                "answer.refused", time.time_ns(), held.number, held.channel, refused.number, fields
            )
            return Done((event,)), self._endings.end(held, Ending.LOST, refused.number, edge=False)
        held.began_s, held.is_open = asked.began_s, True
        frame = encode_frame(FrameKind.LIVE, held.number, b"", encode_manifest(manifest))
        return (self._to_edge(held, frame, opened(held, now_s)),)

    def _message(
        self, manifest: Manifest, body: MessageBody, held: Held, content: bytes, now_s: float
    ) -> Sequence[Done]:
        ending = Ending.TOO_MANY
        try:
            if not held.is_open:
                raise Refused(5792)
            pace(held.back, now_s)
            ending = Ending.REFUSED
            lane = self._endings.lane_of(held)
            alone(self._judge.message(manifest, lane, body, content, from_caller=not held.is_asker))
        except (Refused, Unavailable) as error:
            return self._endings.refused(held, ending, error)
        held.passed(held.back, len(content), now_s)
        frame = encode_frame(FrameKind.LIVE, held.number, content, encode_manifest(manifest))
        return (self._to_edge(held, frame),)

    def _to_edge(self, held: Held, frame: bytes, *events: Event) -> Done:
        return Done(
            events,
            frame,
            otherwise=lambda error: self._endings.end(held, Ending.LOST, error.number, edge=False),
        )
