"""Transient units from the guard's socket to the lane: the sending ferry's part. No link, no socket.

    take() (the socket's thread) --> waiting --> fill(): clearance holds? --> sender core
                                       |                    | no: dropped, alarm 5775
                                       +-- too many: dropped; the caller's clock tells him

Where the ferry's loop rests, the socket's thread itself hands over what it has read and sends it: to wake
the loop costs more than a small unit. Where the loop works, it takes them along.

The ferry carries nothing without the guard's clearance, and reads nothing else of a unit.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from gateway.audit.event import Status
from gateway.exchange.frames import Frame
from gateway.ferry.block import BlockSeal
from gateway.ferry.oneway.transient import TransientSender
from gateway.ferry.shape import LaneShape
from gateway.identity.layout import MAX_HEAD_BYTES
from gateway.unit.number import speak

# Between two turns of the ferry's loop; what does not fit goes to nobody.
MAX_WAITING_BYTES: Final = 32 << 20
# Checked between two turns, so that the lane's heartbeats and cargo do not wait for them.
_AT_ONCE: Final = 64


class TransientLane:
    """clearance_holds: whether the first bytes of a sealed unit carry a clearance of our guard."""

    def __init__(self, clearance_holds: Callable[[bytes], bool], status: Status) -> None:
        self._holds, self._status = clearance_holds, status
        self._waiting: deque[Frame] = deque()
        self._waiting_bytes = 0
        self._some = threading.Condition()
        self._sender: TransientSender | None = None
        self._send_now: Callable[[], bool] = lambda: False
        self._is_for_loop = False

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
        self._sender, self._send_now = TransientSender(shape, lane, session, seal), send_now
        return self._sender

    def take(self, frames: Sequence[Frame]) -> None:
        """Units of the guard. From the socket's thread."""
        with self._some:
            for frame in frames:
                if self._waiting_bytes + frame.size_bytes > MAX_WAITING_BYTES:
                    self._status.count("transient_crowded_total")
                    continue
                self._waiting.append(frame)
                self._waiting_bytes += frame.size_bytes
        if self._send_now() and not self._waiting:
            return
        with self._some:
            self._is_for_loop = True
            self._some.notify()

    def wait(self, seconds: float) -> None:
        """Until something is for the loop, at most so long."""
        with self._some:
            if not (self._is_for_loop or self._waiting):
                self._some.wait(seconds)
            self._is_for_loop = False

    def fill(self) -> None:
        """Hand what has come to the sender. From whoever sends."""
        if not self._waiting or self._sender is None:
            return
        with self._some:
            batch = [self._waiting.popleft() for _ in range(min(_AT_ONCE, len(self._waiting)))]
            self._waiting_bytes -= sum(frame.size_bytes for frame in batch)
        for frame in batch:
            if not self._holds(frame.content[:MAX_HEAD_BYTES]):
                self._status.raise_alarm(5775, unit=speak(frame.number))
                self._status.count("transient_not_cleared_total")
            elif self._sender.put(frame.number, frame.content):
                self._status.count("transient_sent_total")
            else:
                self._status.count("transient_crowded_total")
