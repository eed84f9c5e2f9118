"""What the halves of a guard share: where the counters of the lanes' edges can be, and the judges of requests
that come through the queues, loaded with the first of them.

Both halves of a two-way guard know of large requests under way; a guard of one lane has none.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeVar

from gateway.guard.counters import Counter
from gateway.inspection.chain import Inspector
from gateway.management.host import Desk
from gateway.management.layout import Role
from gateway.management.wiring.half import Half
from gateway.spool.model import QueueWriter
from gateway.unit.counted import residue_of
from gateway.unit.model import CapturedUnit, Lane, Manifest
from gateway.unit.outcomes import FIRST_OWN_NUMBER
from gateway.unit.stages import Body

if TYPE_CHECKING:
    from gateway.guard.durable_requests import Judged, Tables
    from gateway.guard.requests import Remove, RequestJudge

_EXPIRE_S: Final = 0.5
T = TypeVar("T")


class DurableWay:
    """One a guard. Safe to use from several threads."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        # Of the edge that each lane begins at.
        self.counters = {lane: Counter() for lane in Lane}
        self._lock = threading.Lock()
        self._tables: Tables | None = None
        self._closing: list[Callable[[], None]] = []
        # Takes places out of answers, in a gate where there are some.
        self.remove: Remove = _no_answers
        if desk.host.settings.is_two_way:
            from gateway.guard.asked_file import AskedFile
            from gateway.guard.durable_requests import Table, Tables
            from gateway.management.wiring.removing import removing

            state = desk.host.folder.state_of(Role.GUARD)
            asked, let_in = AskedFile(state / "large-asked"), AskedFile(state / "large-let-in")
            self._tables = Tables(Table(asked), Table(let_in))
            self._closing += [asked.close, let_in.close]
            self.remove, sandbox = removing(desk)
            self._closing.append(sandbox.close)

    def counter(self, lane: Lane, queue: QueueWriter) -> Counter:
        """That of a lane's edge. queue: what is let in of the lane goes into it."""
        two_way = self._desk.host.settings.is_two_way
        residue = residue_of(lane.sender) if two_way else None
        self.counters[lane].reached(queue.highest(FIRST_OWN_NUMBER, residue))
        return self.counters[lane]

    def clearer(self, lane: Lane, inspector: Inspector) -> Callable[[CapturedUnit, Body], Judged]:
        """Judges what this guard sends."""

        def make() -> Callable[[CapturedUnit, Body], Judged]:
            from gateway.sending.durable_requests import durable_clearer

            return durable_clearer(lane, self._judge(inspector), self._tables)

        return self._with_the_first(make)

    def admitter(
        self, lane: Lane, inspector: Inspector, forgot: Callable[[int], bool]
    ) -> Callable[[Manifest, Body], Judged]:
        """Judges what this guard receives. forgot: of the queue that it goes into."""

        def make() -> Callable[[Manifest, Body], Judged]:
            from gateway.receiving.durable_requests import DurableAdmitter

            return DurableAdmitter(lane, self._judge(inspector), self._tables, forgot)

        return self._with_the_first(make)

    def _judge(self, inspector: Inspector) -> RequestJudge:
        from gateway.guard.requests import RequestJudge

        desk = self._desk
        return RequestJudge(desk.host.settings.side, desk.policy.current, inspector, self.remove)

    def _with_the_first(
        self, make: Callable[[], Callable[[T, Body], Judged]]
    ) -> Callable[[T, Body], Judged]:
        made: list[Callable[[T, Body], Judged]] = []

        def judge(unit: T, body: Body) -> Judged:
            with self._lock:
                if not made:
                    made.append(make())
            return made[0](unit, body)

        return judge

    def half(self) -> Half:
        """Tells the journal of large requests whose time is over; of a two-way guard."""
        return Half(steps=[self], closing=self._closing)

    def step(self, _now_s: float) -> float:
        if self._tables is not None:
            from gateway.sending.transient import unanswered

            for table in (self._tables.asked, self._tables.let_in):
                for late in table.expire(time.monotonic()):
                    self._desk.journal.record(unanswered(late, 5763))
        return _EXPIRE_S


def _no_answers(*_: object) -> bytes:
    raise RuntimeError("an answer in a gate of one lane")
