"""Sources of `submit` in the sending edge of a one-way gate, loaded with the first channel of them.

callers --> HttpSource --> queue `captured`        nothing of a way back is here
"""

from __future__ import annotations

from gateway.connectors.numbering import UnitNumbers
from gateway.management.host import Desk
from gateway.management.wiring.half import Half
from gateway.management.wiring.lazily import Lazily
from gateway.spool.model import QueueWriter


class OneWaySource:
    """take_queue() first, then half()."""

    def __init__(self, desk: Desk, numbers: UnitNumbers) -> None:
        self._desk, self._numbers = desk, numbers
        self._queue: QueueWriter | None = None
        self._lazily = Lazily(desk, self._make)

    def take_queue(self, queue: QueueWriter) -> None:
        self._queue = queue

    def half(self) -> Half:
        return self._lazily.half()

    def _make(self) -> Half:
        from gateway.management.wiring.request_edge import Durable, requesting_one_way
        from gateway.management.wiring.request_near import NearEnd

        if self._queue is None:
            raise RuntimeError("no queue to submit to")
        near = NearEnd(self._desk, self._queue, self._desk.board)
        return requesting_one_way(self._desk, self._numbers.next, Durable(near=near))
