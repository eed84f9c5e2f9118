"""What the guards of a two-way gate tell each other: what became of units that came from the other side."""

from __future__ import annotations

from gateway.audit.event import Status
from gateway.guard.outcome import Work
from gateway.management.host import Desk
from gateway.management.layout import Role
from gateway.receiving.outcomes import OutcomesHeard
from gateway.receiving.verify import Opener
from gateway.sending.outcomes import OutcomeTeller
from gateway.sending.seal import Sealer
from gateway.spool.model import QueueWriter
from gateway.unit.counted import residue_of
from gateway.unit.model import Lane


def telling(desk: Desk, cleared: QueueWriter, sealer: Sealer, status: Status) -> OutcomeTeller:
    """Outcomes of the units that came here, into the lane that leads back."""
    host = desk.host
    side = host.settings.side
    return OutcomeTeller(
        {role.value: host.folder.journal(role) for role in (Role.GUARD, Role.EDGE)},
        host.folder.state_of(Role.GUARD) / "outcomes.json",
        cleared,
        sealer,
        next(lane for lane in Lane if lane.receiver is side),
        desk.journal,
        status,
        residue=residue_of(side),
    )


def hearing(desk: Desk, work: Work, opener: Opener) -> OutcomesHeard:
    """The work of a receiving guard, and the other side's outcomes of our units."""
    own = residue_of(desk.host.settings.side)
    return OutcomesHeard(work, opener, lambda number: number % 2 == own)
