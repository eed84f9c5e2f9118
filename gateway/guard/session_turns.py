"""The turns of a guard's sessions: one thread keeps their order, both ways, and nobody holds up the others.

    edge  --LIVE-->  in their order: judge, seal  -->  ferry
    edge  <--LIVE--  in their order: judge        <--  opened and verified by the threads of requests

Beside the threads of requests, so that a session delays no request. Where messages wait too long, the session
that has taken most of the time ends.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from gateway.audit.event import Event, Status
from gateway.exchange.frames import Frame, FrameKind
from gateway.guard.ending import Endings
from gateway.guard.in_order import InOrder
from gateway.guard.letting_go import Done, LettingGo
from gateway.guard.sessions import Sessions
from gateway.unit.model import Manifest
from gateway.unit.session import SessionBody

# More sessions than a guard has.
_MOST_DROPPED: Final = 4_096
# What waits for longer is late for everybody: whoever took most of the time meanwhile ends.
BEHIND_S: Final = 2.0
# So long what a session took of the time is remembered, and so often all are looked at between messages.
_REMEMBERED_S: Final = 10.0
_BETWEEN_S: Final = 1.0
# A frame in name: what is to be done beside frames is done in the same thread.
_NO_FRAME: Final = Frame(FrameKind.LIVE, 0, b"", b"")


class SessionTurns:
    """clear: works on what the edge says. admit: on what the far side does. sessions, endings: touched by
    this thread alone."""

    def __init__(
        self,
        clear: Callable[[Frame], Sequence[Done]],
        admit: Callable[[Manifest, SessionBody, bytes], Sequence[Done]],
        sessions: Sessions,
        endings: Endings,
        letting_go: LettingGo,
        status: Status,
    ) -> None:
        self._clear, self._admit = clear, admit
        self._sessions, self._endings, self._status = sessions, endings, status
        # Of sessions whose messages found no room; and whether the edge has ended since it was looked at.
        self._dropped: deque[int] = deque(maxlen=_MOST_DROPPED)
        self._edge_ended = False
        # Seconds that the messages of a session took since then, when the far side was last told, and when
        # one was last ended for that.
        self._took: dict[int, float] = {}
        self._since_s = self._told_s = self._ended_s = time.monotonic()
        self._in_order = InOrder("sessions", letting_go, self._crowded)

    def of_edge(self, frames: Sequence[Frame]) -> None:
        """Frames of kind LIVE. From the socket's thread."""
        came_s = time.monotonic()
        self._in_order.take(
            lambda frame: self._timed(frame.number, came_s, lambda: self._clear(frame)), frames
        )

    def of_far_side(self, manifest: Manifest, body: SessionBody, content: bytes) -> None:
        """What has been opened and verified. From any thread."""
        # Counted against what may wait.
        held = Frame(FrameKind.LIVE, body.session, b"", content)
        came_s = time.monotonic()
        self._in_order.take(
            lambda _: self._timed(
                body.session, came_s, lambda: self._admit(manifest, body, content)
            ),
            [held],
        )

    def edge_ended(self) -> None:
        """Whoever had the connections is gone."""
        self._edge_ended = True
        self._look()

    def step(self) -> None:
        """Now and then. Raises what ended the thread."""
        self._in_order.step()
        self._look()
        self._status.gauge("sessions_open", len(self._sessions))

    def close(self) -> None:
        self._in_order.close()

    def _look(self) -> None:
        """In its turn: what has come before it has been heard by then, however long that took."""
        came_s = time.monotonic()
        self._in_order.take(lambda _: self._beside(came_s), [_NO_FRAME])

    def _timed(
        self, session: int, came_s: float, work: Callable[[], Sequence[Done]]
    ) -> Sequence[Done]:
        """The work of one message: who takes the time of all others is known, and ends."""
        begun_s = time.monotonic()
        done = [*work()]
        now_s = time.monotonic()
        if self._sessions.get(session) is not None:
            self._took[session] = self._took.get(session, 0.0) + now_s - begun_s
        # What had come before somebody was ended is late because of him.
        if came_s > self._ended_s and begun_s - came_s > BEHIND_S:
            going = [number for number in self._took if self._sessions.get(number) is not None]
            most = max(going, key=self._took.__getitem__, default=0)
            # A disk that stands still is nobody's.
            if self._took.get(most, 0.0) > BEHIND_S / 4:
                done.append(self._endings.behind(most, begun_s - came_s))
                self._ended_s = now_s
        if self._ended_s == now_s or now_s - self._since_s > _REMEMBERED_S:
            self._took.clear()
            self._since_s = now_s
        if now_s - self._told_s > _BETWEEN_S:
            done += self._alive(now_s)
        return done

    def _alive(self, now_s: float) -> Sequence[Done]:
        self._told_s = now_s
        return self._endings.alive(now_s)

    def _beside(self, came_s: float) -> Sequence[Done]:
        """What is to be done beside frames, in their thread."""
        done: list[Done] = []
        if self._edge_ended:
            self._edge_ended = False
            done += self._endings.edge_ended()
        while self._dropped:
            done.append(self._endings.crowded(self._dropped.popleft()))
        self._told_s = time.monotonic()
        return [*done, *self._endings.tick(self._told_s, came_s)]

    def _crowded(self, frame: Frame) -> Done:
        """There is no room for it: its session ends."""
        if frame is _NO_FRAME:
            return Done()
        self._dropped.append(frame.number)
        return Done((Event("message.refused", time.time_ns(), frame.number, number=5760),))
