"""Both lanes of an edge of a two-way gate, and its requests: sources and sinks of either direction.

captured <-- files, NearEnd.submit, answers of FarEnd
admitted --> files, FarEnd (requests), DurableAnswers (answers), Receipts (outcomes)
"""

from __future__ import annotations

from gateway.connectors.numbering import UnitNumbers
from gateway.errors import Refused
from gateway.management.host import Desk
from gateway.management.layout import Role
from gateway.management.wiring.half import Half
from gateway.management.wiring.receiving_edge import delivering
from gateway.management.wiring.request_edge import Durable, requesting
from gateway.management.wiring.request_far import FarEnd
from gateway.management.wiring.request_near import NearEnd
from gateway.management.wiring.sending_edge import capturing
from gateway.receiving.answering import QueueAnswering
from gateway.receiving.deliver import Others
from gateway.receiving.durable_answers import DurableAnswers
from gateway.receiving.edge_outcomes import EdgeOutcomes
from gateway.sending.receipts import Receipts
from gateway.spool.model import QueueReader, QueueWriter, Taken
from gateway.unit.model import Lane
from gateway.unit.outcomes import OutcomesBody
from gateway.unit.request import FailureBody, RequestBody, ResponseBody
from gateway.unit.stages import Admitted


def two_way(desk: Desk, sends: Lane, receives: Lane, numbers: UnitNumbers) -> list[Half]:
    """The halves, in the order in which they are closed. Raises Misconfigured, Unavailable as their parts."""
    ends = _Ends(desk, sends, receives, numbers)
    capture = capturing(desk, sends, numbers, ends.take_captured)
    deliver = delivering(desk, receives, ends.take_admitted)
    requests = requesting(desk, sends, numbers, ends.durable())
    return [requests, ends.half(), capture, deliver]


class _Ends:
    def __init__(self, desk: Desk, sends: Lane, receives: Lane, numbers: UnitNumbers) -> None:
        self._desk, self._sends, self._receives = desk, sends, receives
        self._numbers = numbers
        self._captured: QueueWriter | None = None
        state = desk.host.folder.state_of(Role.EDGE)
        self._receipts = Receipts(state / "receipts", desk.status(sends))

    def take_captured(self, queue: QueueWriter) -> None:
        self._captured = queue

    def take_admitted(self, queue: QueueReader) -> Others:
        desk, captured = self._desk, self._captured
        if captured is None:
            raise RuntimeError("the queue of answers comes first")
        status = desk.status(self._receives)
        self._answers = DurableAnswers(queue, desk.journal, status)
        answering = QueueAnswering(captured, self._numbers.next, desk.journal, status)
        self._near = NearEnd(
            desk, captured, desk.status(self._sends), self._answers, self._receipts
        )
        self._far = FarEnd(desk, queue, status, captured.staging(), answering)
        self._outcomes = EdgeOutcomes(queue, self._receipts.heard, self._answers.fail)
        return self

    def durable(self) -> Durable:
        return Durable(self._near, self._far, self._receipts)

    def half(self) -> Half:
        return Half(steps=[self._answers], closing=[self._receipts.close])

    def take(self, taken: Taken, admitted: Admitted) -> None:
        """See Others."""
        match admitted.manifest.body:
            case RequestBody():
                self._far.take(taken, admitted)
            case ResponseBody() | FailureBody():
                self._answers.take(taken, admitted)
            case OutcomesBody():
                self._outcomes.take(taken, admitted)
            case _:
                raise Refused(1080, size_bytes=len(taken.header))
