"""Sinks of `submit` in the receiving edge of a one-way gate, loaded with the first channel of them.

queue `admitted` --> HttpSink --> peers        its answers go to the journal, and nowhere else
"""

from __future__ import annotations

from typing import Final

from gateway.management.host import Desk
from gateway.management.layout import Role
from gateway.management.wiring.half import Half
from gateway.management.wiring.lazily import Lazily
from gateway.receiving.deliver import Others
from gateway.spool.model import QueueReader, Taken
from gateway.unit.stages import Admitted

_NOT_YET_S: Final = 2.0


class OneWaySink:
    """take_queue() first, then half()."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._queue: QueueReader | None = None
        self._far: Others | None = None
        self._lazily = Lazily(desk, self._make)

    def take_queue(self, queue: QueueReader) -> Others:
        self._queue = queue
        return self

    def half(self) -> Half:
        return self._lazily.half()

    def take(self, taken: Taken, admitted: Admitted) -> None:
        """See Others."""
        if self._far is not None:
            self._far.take(taken, admitted)
        elif self._queue is not None:
            # No policy here has such a channel yet.
            self._queue.release(taken.number, _NOT_YET_S)

    def _make(self) -> Half:
        from gateway.management.wiring.request_edge import Durable, requesting_one_way
        from gateway.management.wiring.request_far import FarEnd

        if self._queue is None:
            raise RuntimeError("no queue to perform from")
        staging = self._desk.host.folder.state_of(Role.EDGE) / "answers"
        staging.mkdir(mode=0o700, exist_ok=True)
        for left in staging.iterdir():
            left.unlink(missing_ok=True)
        far = FarEnd(self._desk, self._queue, self._desk.board, staging)
        self._far = far
        return requesting_one_way(self._desk, _no_number, Durable(far=far))


def _no_number() -> int:
    raise RuntimeError("the receiving edge of a one-way gate gives no numbers")
