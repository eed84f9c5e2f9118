"""What the guards of a two-way gate tell each other: what became of units that came from the other side."""

from __future__ import annotations

from gateway.audit.event import Status
from gateway.guard.outcome import Work
from gateway.management.host import Desk
from gateway.management.layout import Role
from gateway.policy.model import Channel
from gateway.receiving.outcomes import OutcomesHeard
from gateway.receiving.own_refusals import OwnRefusals
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
        statuses=lambda: _statuses(desk),
    )


def _statuses(desk: Desk) -> set[int]:
    """Those that the answers of channels of requests may have."""
    return {
        status
        for one in _requests(desk)
        if one.requests is not None
        for operation in one.requests.operations.values()
        for status in operation.answers
    }


def hearing(desk: Desk, work: Work, opener: Opener) -> OutcomesHeard:
    """The work of a receiving guard, and the other side's outcomes of our units."""
    own = residue_of(desk.host.settings.side)
    return OutcomesHeard(work, opener, lambda number: number % 2 == own, lambda: any_requests(desk))


def refusals(desk: Desk, sends: Lane, admitted: QueueWriter, status: Status) -> OwnRefusals:
    """What this guard refuses of its own edge's requests, into the queue of that edge."""
    folder = desk.host.folder
    return OwnRefusals(
        folder.journal(Role.GUARD),
        folder.state_of(Role.GUARD) / "own-refusals.json",
        admitted,
        sends,
        lambda name: (
            any(one.name == name for one in _requests(desk)) or (not name and any_requests(desk))
        ),
        status,
    )


def any_requests(desk: Desk) -> bool:
    """Whether an edge of this gate asks by queue at all."""
    return any(
        one.requests is not None
        and any(map(one.requests.goes_by_queue, one.requests.operations.values()))
        for one in _requests(desk)
    )


def _requests(desk: Desk) -> tuple[Channel, ...]:
    policy = desk.policy.current()
    return policy.of_requests if policy is not None else ()
