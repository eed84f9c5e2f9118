"""Sessions in a guard of a two-way gate: one thread keeps their order, both ways.

    edge  --LIVE-->  in their order: judge, seal  -->  ferry
    edge  <--LIVE--  in their order: judge        <--  opened and verified by the threads of requests

Beside the threads of requests, so that a session delays no request; its work is theirs otherwise.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from gateway.audit.event import Event, Recorder, Status
from gateway.exchange.frames import Frame, FrameKind
from gateway.guard.ending import Endings
from gateway.guard.outstanding import Outstanding
from gateway.guard.passing import Done, Passing, Seal, Send
from gateway.guard.requests import RequestJudge, Unsealed
from gateway.guard.sessions import Sessions
from gateway.guard.together import Judging, finished
from gateway.receiving.live import LiveAdmitter
from gateway.sending.live import LiveClearer
from gateway.unit.model import Lane, Manifest
from gateway.unit.request import FailureBody
from gateway.unit.session import SessionBody

# More sessions than a guard has.
_MOST_DROPPED: Final = 4_096
# A frame in name: what is to be done beside frames is done in the same thread.
_NO_FRAME: Final = Frame(FrameKind.LIVE, 0, b"", b"")


class LiveGuard:
    """out, back: judges of what this side sends and receives. failed: see LiveClearer."""

    def __init__(
        self,
        sends: Lane,
        receives: Lane,
        judges: tuple[RequestJudge, RequestJudge],
        tables: tuple[Outstanding, Outstanding],
        failed: Callable[[str, FailureBody], Unsealed],
        lines: tuple[Send, Send],
        seal: Seal,
        recorder: Recorder,
        status: Status,
    ) -> None:
        (out, back), (asked, let_in) = judges, tables
        self._status = status
        self._sessions = Sessions()
        self._endings = Endings(self._sessions, out, sends, receives)
        self._clear = LiveClearer(sends, out, self._sessions, self._endings, let_in, failed)
        self._admit = LiveAdmitter(receives, back, self._sessions, self._endings, asked)
        # Of sessions whose messages found no room; and whether the edge has ended since it was looked at.
        self._dropped: deque[int] = deque(maxlen=_MOST_DROPPED)
        self._edge_ended = False
        self._passing = Passing(1, *lines, seal, self._crowded, recorder, status, in_order=True)

    def of_edge(self, frames: Sequence[Frame]) -> None:
        """Frames of kind LIVE. From the socket's thread."""
        self._passing.take(lambda frame: _each(self._clear(frame)), frames)

    def of_far_side(self, manifest: Manifest, body: SessionBody, content: bytes) -> None:
        """What has been opened and verified. From any thread."""
        # Counted against what may wait.
        held = Frame(FrameKind.LIVE, body.session, b"", content)
        self._passing.take(lambda _: _each(self._admit(manifest, body, content)), [held])

    def edge_ended(self) -> None:
        """Whoever had the connections is gone."""
        self._edge_ended = True
        self._passing.take(self._beside, [_NO_FRAME])

    def step(self) -> None:
        """Now and then. Raises what ended the thread."""
        self._passing.step()
        self._passing.take(self._beside, [_NO_FRAME])
        self._status.gauge("sessions_open", len(self._sessions))

    def close(self) -> None:
        self._passing.close()

    def _beside(self, _: Frame) -> Sequence[Judging[Done]]:
        """What is to be done beside frames, in their thread."""
        done: list[Done] = []
        if self._edge_ended:
            self._edge_ended = False
            done += self._endings.edge_ended()
        while self._dropped:
            done.append(self._endings.crowded(self._dropped.popleft()))
        return _each([*done, *self._endings.tick(time.monotonic())])

    def _crowded(self, frame: Frame) -> Done:
        """There is no room for it: its session ends."""
        if frame is _NO_FRAME:
            return Done()
        self._dropped.append(frame.number)
        return Done((Event("message.refused", time.time_ns(), frame.number, number=5760),))


def _each(done: Sequence[Done]) -> Sequence[Judging[Done]]:
    """Each message is judged where its turn comes: what is behind it hangs on what became of it."""
    return [finished(one) for one in done]
