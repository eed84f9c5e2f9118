"""Both lanes of an edge of a two-way gate, and its requests: sources and sinks of either direction.

captured <-- files, NearEnd.submit, answers of FarEnd
admitted --> files, FarEnd (requests), Answers (answers, outcomes)
"""

from __future__ import annotations

from gateway.connectors.numbering import UnitNumbers
from gateway.errors import Refused
from gateway.management.host import Desk
from gateway.management.wiring.half import Half
from gateway.management.wiring.receiving_edge import delivering
from gateway.management.wiring.request_edge import Durable, requesting
from gateway.management.wiring.request_far import FarEnd
from gateway.management.wiring.request_near import NearEnd
from gateway.management.wiring.sending_edge import capturing
from gateway.receiving.deliver import Others
from gateway.spool.model import QueueReader, QueueWriter, Taken
from gateway.unit.model import Lane
from gateway.unit.request import RequestBody
from gateway.unit.stages import Admitted


def two_way(desk: Desk, sends: Lane, receives: Lane, numbers: UnitNumbers) -> list[Half]:
    """The halves, in the order in which they are closed. Raises Misconfigured, Unavailable as their parts."""
    ends = _Ends(desk, sends, receives)
    capture = capturing(desk, sends, numbers, ends.take_captured)
    deliver = delivering(desk, receives, ends.take_admitted)
    return [requesting(desk, sends, numbers, ends.durable()), capture, deliver]


class _Ends:
    def __init__(self, desk: Desk, sends: Lane, receives: Lane) -> None:
        self._desk, self._sends, self._receives = desk, sends, receives
        self._near: NearEnd | None = None
        self._far: FarEnd | None = None
        self._captured: QueueWriter | None = None

    def take_captured(self, queue: QueueWriter) -> None:
        self._captured = queue

    def take_admitted(self, queue: QueueReader) -> Others:
        desk, captured = self._desk, self._captured
        if captured is None:
            raise RuntimeError("the queue of answers comes first")
        self._near = NearEnd(desk, captured, desk.status(self._sends))
        self._far = FarEnd(desk, queue, desk.status(self._receives), captured.staging())
        return self

    def durable(self) -> Durable:
        return Durable(self._near, self._far)

    def take(self, taken: Taken, admitted: Admitted) -> None:
        """See Others."""
        if self._far is None or not isinstance(admitted.manifest.body, RequestBody):
            raise Refused(1080, size_bytes=len(taken.header))
        self._far.take(taken, admitted)
