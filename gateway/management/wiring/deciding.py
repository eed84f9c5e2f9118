"""What only the inner guard has: people who decide on what is held; and who writes units anew, from here too.

import lane   held in `received`, goes on into `admitted`     held/          approvals/
export lane   held in `captured`, goes on into `cleared`      held-export/   approvals-export/
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from gateway.audit.event import Status
from gateway.guard.outcome import Outcome, Work
from gateway.management.host import Desk
from gateway.management.rewriting import open_rewriter
from gateway.receiving.held_desk import HeldDesk
from gateway.receiving.held_inbox import Inbox
from gateway.receiving.held_judging import Reopening
from gateway.receiving.held_noting import Noting, approval_of
from gateway.receiving.held_page import Pages
from gateway.receiving.held_watch import HeldWatch
from gateway.spool.held import HeldFolder
from gateway.spool.model import QueueWriter, Taken
from gateway.unit.model import Lane, Stage

__all__ = ["Deciding", "deciding", "open_rewriter"]


class Releasing(Protocol):
    """A guard's work that can be done with the hold lifted."""

    def __call__(self, taken: Taken) -> Outcome: ...

    def release(self, taken: Taken) -> Outcome: ...


@dataclass(frozen=True, slots=True)
class Deciding:
    """One lane's pages of held units."""

    desk: Desk
    lane: Lane
    pages: Pages

    def noting(self, work: Work) -> Noting:
        """The guard's work, with a page for every unit that it holds."""
        return Noting(work, self.pages, self.desk.policy.current)

    def held_desk(
        self, work: Releasing, held_in: Stage, writer: QueueWriter, stage: Stage, status: Status
    ) -> HeldDesk:
        """What people decide about held units, done. Raises StateUncertain 6501."""
        desk, policy, folder = self.desk, self.desk.policy.current, self.desk.host.folder
        units = HeldFolder(folder.queue(self.lane, held_in))
        inbox = Inbox(
            folder.approvals_of(self.lane),
            units,
            self.pages,
            lambda channel: approval_of(policy(), channel),
            desk.recorder(self.lane),
            status,
        )
        return HeldDesk(
            units,
            self.pages,
            inbox,
            HeldWatch(units, self.pages, status),
            Reopening(work, work.release, writer.staging()),
            writer,
            policy,
            desk.recorder(self.lane),
            status,
            stage,
        )


def deciding(desk: Desk, lane: Lane) -> Deciding:
    return Deciding(desk, lane, Pages(desk.host.folder.held_of(lane)))
