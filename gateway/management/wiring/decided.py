"""What people decide in a half of a guard, and what writes units anew there: on the deciding host alone, and
nothing of it is loaded on the other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from gateway.guard.outcome import Work
from gateway.inspection.chain import Inspector
from gateway.management.host import Desk
from gateway.management.layout import DECIDING_SIDE
from gateway.management.process import Step
from gateway.spool.model import QueueWriter
from gateway.unit.model import Lane, Stage

if TYPE_CHECKING:
    from gateway.guard.rewriting import Rewriter
    from gateway.management.wiring.deciding import Releasing


class Decided:
    """Of one lane. holds: whether people decide here. rewriter: None where nothing is written anew. steps,
    closing: of what has been opened so far, the readers and scanners with it."""

    def __init__(self, desk: Desk, lane: Lane, inspector: Inspector) -> None:
        self._desk, self._lane = desk, lane
        self.holds = desk.host.settings.side is DECIDING_SIDE
        self.rewriter: Rewriter | None = None
        self.steps: list[Step] = []
        self.closing: list[Callable[[], None]] = [inspector.close]
        if self.holds:
            from gateway.management.wiring.deciding import open_rewriter

            self.rewriter, handing_out = open_rewriter(desk, inspector)
            self.closing.append(handing_out.close)

    def work(self, judge: Releasing, held_in: Stage, writer: QueueWriter, stage: Stage) -> Work:
        """The half's work: where people decide, with a page for every unit that is held. held_in: the stage
        whose queue holds it; writer, stage: where a released one goes on."""
        if not self.holds:
            return judge
        from gateway.management.wiring.deciding import deciding

        people, status = deciding(self._desk, self._lane), self._desk.status(self._lane)
        held = people.held_desk(judge, held_in, writer, stage, status)
        self.steps.append(held)
        self.closing.insert(0, held.close)
        return people.noting(judge)
