"""How a session goes on and ends at a guard, for both sides of it: what the edge and the far side are told.

    end()   -> journal: session.ended, with the counts   edge: its word   far side: the same, in its turn
    tick()  -> those whose time is over end; of the others the far side is told that they are alive

Shared by the two ways (gateway.sending.live, gateway.receiving.live); one thread calls all three.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from typing import Final

from gateway.audit.event import Event
from gateway.errors import Field, Refused, Unavailable
from gateway.exchange.frames import FrameKind, encode_frame
from gateway.guard.letting_go import Done, NotLetGo
from gateway.guard.requests import RequestJudge, Unsealed
from gateway.guard.sessions import Held, Sessions
from gateway.unit.encode import encode_manifest
from gateway.unit.model import CapturedUnit, Kind, Lane, Manifest
from gateway.unit.session import AliveBody, EndBody, Ending, SessionBody

_NOTHING: Final = hashlib.sha256(b"").digest()


class Endings:
    """sends, receives: the lanes of this side. judge: of the policy in force."""

    def __init__(
        self, sessions: Sessions, judge: RequestJudge, sends: Lane, receives: Lane
    ) -> None:
        self._sessions, self._judge = sessions, judge
        self._sends, self._receives = sends, receives

    def end(
        self,
        held: Held,
        ending: Ending,
        number: int = 0,
        fields: Mapping[str, Field] | None = None,
        *,
        edge: bool = True,
        far: bool = True,
    ) -> Done:
        """It ends here and now. edge, far: whether they are to be told. Nothing, where it has ended."""
        if not self._sessions.end(held):
            return Done()
        frame = self.to_edge(held.number, held.channel, held.operation, ending) if edge else b""
        unsealed = None
        if far:
            body = EndBody(held.number, held.operation, held.out.next, ending)
            unsealed = self.own(held.channel, body)
        if not held.is_open:
            # The far side alone had it open: nobody here has been told of a session.
            return Done((), unsealed=unsealed)
        event = ended(held, ending, number, fields or {})
        # Who is not there to be told has his own clock.
        return Done((event,), frame, unsealed, otherwise=lambda _: Done(frame=frame))

    def refused(
        self, held: Held, ending: Ending, error: Refused | Unavailable
    ) -> tuple[Done, Done]:
        """A message did not pass: it is told, and the session ends."""
        event = message_refused(held.number, held.channel, held.operation, error)
        return Done((event,)), self.end(held, ending, error.number)

    def not_let_go(self, held: Held, error: NotLetGo) -> Done:
        """A message passed and could not be handed on: what follows must not pass it over."""
        return self.end(held, Ending.LOST, error.number, far=False)

    def behind(self, number: int, seconds: float) -> Done:
        """This session's messages take so much of the thread of all that theirs come late."""
        held = self._sessions.get(number)
        if held is None:
            return Done()
        return self.end(held, Ending.TOO_MANY, 6494, {"seconds": round(seconds, 1)})

    def crowded(self, number: int) -> Done:
        """A message of this session was dropped for want of room."""
        held = self._sessions.get(number)
        return Done() if held is None else self.end(held, Ending.LOST, 5760)

    def edge_ended(self) -> list[Done]:
        """Whoever had the connections is gone."""
        return [self.end(held, Ending.LOST, 5771, edge=False) for held in self._sessions.all()]

    def tick(self, now_s: float, heard_s: float | None = None) -> Sequence[Done]:
        """What is due now. heard_s: all that came before it has been looked at; now_s for None."""
        done = [
            self.end(due.held, due.ending, due.number, due.fields)
            for due in self._sessions.due(now_s if heard_s is None else heard_s)
        ]
        return [*done, *self.alive(now_s)]

    def alive(self, now_s: float) -> Sequence[Done]:
        """The far side is told of the sessions that go on, as often as it must be."""
        done: list[Done] = []
        for held in self._sessions.unsaid(now_s):
            try:
                # A policy that has been changed holds for what is open, too.
                self._judge.session(held.channel, self.lane_of(held), held.operation)
            except (Refused, Unavailable) as error:
                done.append(self.end(held, Ending.REFUSED, error.number))
                continue
            body = AliveBody(held.number, held.operation, held.out.next)
            done.append(Done(unsealed=self.own(held.channel, body)))
        return done

    def lane_of(self, held: Held) -> Lane:
        """The lane of the channel's requests."""
        return self._sends if held.is_asker else self._receives

    def own(self, channel: str, body: SessionBody) -> Unsealed:
        """What this guard says of itself. Its unit has the session's number."""
        unit = CapturedUnit(body.session, channel, Kind.REQUESTS, time.time_ns(), body)
        return Unsealed(unit, self._judge.failure())

    def to_edge(self, session: int, channel: str, operation: str, ending: Ending) -> bytes:
        """The frame that ends a session at the edge."""
        now_ns = time.time_ns()
        body = EndBody(session, operation, 1, ending)
        manifest = Manifest(
            session,
            channel,
            Kind.REQUESTS,
            self._receives,
            now_ns,
            now_ns,
            "0" * 64,
            body,
            _NOTHING,
        )
        return encode_frame(FrameKind.LIVE, session, b"", encode_manifest(manifest))


def opened(held: Held, now_s: float) -> Event:
    """The event of a session that is open from here on."""
    fields: dict[str, Field] = {
        "operation": held.operation,
        "ms": round((now_s - held.began_s) * 1000, 1),
    }
    return Event("session.opened", time.time_ns(), held.number, held.channel, fields=fields)


def ended(held: Held, ending: Ending, number: int, fields: Mapping[str, Field]) -> Event:
    """The event of its end, with what went each way: from_here to the far side, from_there to this one."""
    said: dict[str, Field] = {
        **fields,
        "operation": held.operation,
        "ending": ending.value,
        "from_here": held.out.count,
        "from_here_bytes": held.out.size_bytes,
        "from_there": held.back.count,
        "from_there_bytes": held.back.size_bytes,
        "lasted_s": round(time.monotonic() - held.began_s, 1),
    }
    return Event("session.ended", time.time_ns(), held.number, held.channel, number, said)


def message_refused(
    session: int, channel: str, operation: str, error: Refused | Unavailable
) -> Event:
    """The event of a message that did not pass, under the session's number."""
    fields: dict[str, Field] = {**error.fields, "operation": operation}
    return Event("message.refused", time.time_ns(), session, channel, error.number, fields)
