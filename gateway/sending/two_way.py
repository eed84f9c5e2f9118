"""What a two-way gate adds to a dispatcher, as that sees it. Protocols; a one-way gate has none of it.

The parts themselves (returned.py, transient_lane.py) are loaded by the wiring of two-way gates alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from gateway.ferry.block import BlockSeal
from gateway.ferry.oneway.transient import TransientSender
from gateway.ferry.sentlog import SentLog
from gateway.ferry.shape import LaneShape
from gateway.sending.again import Requests


class Returning(Requests, Protocol):
    """What the receiver of this lane asks for over the opposite one."""

    def hear(self, said_in: int, untrusted_body: bytes) -> None:
        """A body has come in a session of the opposite lane. From any thread."""
        ...


# Given the log of what was sent, and the bytes in blocks between reading and the link.
MakeReturning = Callable[[SentLog, int], Returning]


class Urgent(Protocol):
    """Transient units: they go before all others."""

    def open(
        self,
        shape: LaneShape,
        lane: int,
        session: int,
        seal: BlockSeal,
        send_now: Callable[[], bool],
    ) -> TransientSender:
        """The sender of this session, for the pump that empties it. send_now: calls fill() and sends, from
        any thread; False where something is left to the loop."""
        ...

    def fill(self) -> None:
        """Hand what has come to the sender."""
        ...

    def wait(self, seconds: float) -> None:
        """Until something is for the loop, at most so long."""
        ...
