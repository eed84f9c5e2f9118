"""Requests and answers in an edge of a two-way gate: one connection to the guard, for whoever asks and for
whoever performs. Belongs to one asyncio loop.

    source --> asker ---------+
                              +--> guard
    performers <-- performing +
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gateway.audit.event import Status
from gateway.errors import Refused
from gateway.exchange.caller import GuardLine
from gateway.exchange.frames import Frame, FrameKind
from gateway.exchange.sockets import owner_of
from gateway.management.layout import HostFolder, Role
from gateway.receiving.performing import Performing
from gateway.sending.asking import SocketAsker
from gateway.unit.asking import Performer


class EdgeExchange:
    """performers: by channel, of requests that come from the other side. next_number: of this edge.

    asker: for the sources of this edge. run() keeps the connection, until it is cancelled.
    """

    def __init__(
        self,
        folder: HostFolder,
        performers: Mapping[str, Performer],
        next_number: Callable[[], int],
        status: Status,
    ) -> None:
        self._status = status
        guard = owner_of(folder.journal(Role.GUARD))
        self.line = GuardLine(folder.edge_socket, guard, self._take, self._lost, self._trouble)
        self.asker = SocketAsker(self.line)
        self._performing = Performing(self.line, performers, next_number)

    async def run(self) -> None:
        """Keep the connection until cancelled."""
        try:
            await self.line.run()
        finally:
            self._performing.close()

    def _take(self, frame: Frame) -> None:
        # Numbers of our own requests are not those of the other side's.
        if not self.asker.take(frame) and frame.kind is FrameKind.ADMITTED:
            self._performing.take(frame)

    def _lost(self) -> None:
        self.asker.lost()

    def _trouble(self, refused: Refused) -> None:
        self._status.raise_alarm(refused.number, **refused.fields)
