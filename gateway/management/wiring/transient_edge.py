"""Requests and answers in an edge of a two-way gate: one connection to the guard, for whoever asks and for
whoever performs. Belongs to one asyncio loop.

    source --> asker ---------+
                              +--> guard
    performers <-- performing +      sessions of both
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping

from gateway.audit.event import Status
from gateway.errors import Refused, StateUncertain
from gateway.exchange.caller import GuardLine
from gateway.exchange.edge_sessions import EdgeSessions
from gateway.exchange.frames import Frame, FrameKind
from gateway.exchange.sockets import owner_of
from gateway.management.layout import HostFolder, Role
from gateway.receiving.attending import Attending
from gateway.receiving.faults import Unknown
from gateway.receiving.performing import Performing
from gateway.sending.asking import SocketAsker, error_of
from gateway.sending.opening import SocketOpener
from gateway.unit.asking import Performer
from gateway.unit.live import Attendant


class EdgeExchange:
    """performers: by channel, of requests that come from the other side. next_number: of this edge.

    unknown: what is told of a bug in one of them. attendants: of sessions, likewise, with the names of their
    operations. asker, opener: for the sources of this edge. run() keeps the connection until it is cancelled.
    """

    def __init__(
        self,
        folder: HostFolder,
        performers: Mapping[str, Performer],
        next_number: Callable[[], int],
        status: Status,
        unknown: Unknown,
        attendants: Mapping[str, tuple[Attendant, Container[str]]] | None = None,
    ) -> None:
        self._status = status
        guard = owner_of(folder.journal(Role.GUARD))
        self.line = GuardLine(folder.edge_socket, guard, self._take, self._lost, self._trouble)
        self.asker = SocketAsker(self.line)
        self._sessions = EdgeSessions(self.line, next_number)
        self.opener = SocketOpener(self.line, self._sessions)
        attending = Attending(self._sessions, attendants if attendants is not None else {}, unknown)
        self._performing = Performing(
            self.line, performers, next_number, unknown, attending=attending
        )

    async def run(self) -> None:
        """Keep the connection until cancelled."""
        try:
            await self.line.run()
        finally:
            self._performing.close()

    def _take(self, frame: Frame) -> None:
        if frame.kind is FrameKind.LIVE:
            self._sessions.take(frame)
            return
        if frame.kind is FrameKind.FAILED and self._sessions.failed(frame, error_of(frame)):
            return
        # Numbers of our own requests are not those of the other side's.
        if not self.asker.take(frame) and frame.kind is FrameKind.ADMITTED:
            self._performing.take(frame)

    def _lost(self) -> None:
        self.asker.lost()
        self._sessions.lost(StateUncertain(5773))

    def _trouble(self, refused: Refused) -> None:
        self._status.raise_alarm(refused.number, **refused.fields)
