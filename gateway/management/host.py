"""What the wiring of both sides needs of a host: its parts, made from folder and settings."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from gateway.audit.event import Recorder, Status
from gateway.audit.journal import Journal, open_journal
from gateway.audit.of_lane import OfLane
from gateway.audit.status import StatusBoard
from gateway.errors import Misconfigured, Unavailable
from gateway.identity.names import host_name
from gateway.identity.trust import Trust, load_trust
from gateway.management.lane_status import LaneStatuses
from gateway.management.layout import HostFolder, Role
from gateway.management.policy_in_force import PolicyInForce
from gateway.management.settings import Settings, load_settings
from gateway.spool.model import QueueReader
from gateway.unit.model import Lane, Side, Stage

# Retired epoch keys are looked for this often; they live a grace past their day.
PURGE_EVERY_S: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Host:
    """One host: where it lies and what its settings say."""

    folder: HostFolder
    settings: Settings

    def path(self, text: str) -> Path:
        """A path of the settings: below the host's folder unless it is absolute."""
        return self.folder.root / text

    def trust(self) -> Trust:
        """Whom this host trusts: the other side of its own gate. Raises Misconfigured 40xx."""
        other = Side.INNER if self.settings.side is Side.OUTER else Side.OUTER
        return load_trust(self.folder.keys / "trust", host_name(self.settings.gate, other))


@dataclass(frozen=True, slots=True)
class Desk:
    """What every process has: its journal, its status board, and the policy set."""

    host: Host
    role: Role
    journal: Journal
    board: StatusBoard
    policy: PolicyInForce
    lanes: LaneStatuses

    def status(self, lane: Lane) -> Status:
        """Where one lane's part of this process shows how it is."""
        return self.lanes.of(lane) if self.host.settings.is_two_way else self.board

    def recorder(self, lane: Lane) -> Recorder:
        """The journal, for what this process says of units of one lane."""
        return OfLane(self.journal, lane) if self.host.settings.is_two_way else self.journal

    def close(self) -> None:
        self.board.close()
        with contextlib.suppress(Unavailable):
            self.journal.commit()
        self.journal.close()


def open_host(folder: HostFolder, side: Side) -> Host:
    """The host of a folder. Raises Misconfigured 10xx; 1015 where it is another side's."""
    settings = load_settings(folder.settings)
    if settings.side is not side:
        raise Misconfigured(
            1015, file=str(folder.settings), side=settings.side.value, asked=side.value
        )
    folder.make(side, settings.links)
    return Host(folder, settings)


def open_desk(host: Host, role: Role) -> Desk:
    """Journal, board and policy of one process. Raises Misconfigured 6001, 6002."""
    journal = open_journal(host.folder.journal(role), role.value)
    board = StatusBoard(host.folder.run, role.value, journal)
    journal.show_on(board)
    journal.count_in(board.tally)
    ceilings = {lane: link.grade for lane, link in host.settings.links.items()}
    policy = PolicyInForce(
        host.folder.policies, journal, board, board.tally.know, ceilings=ceilings
    )
    if role is not Role.FERRY:
        # A ferry judges nothing: it reads no policy, and no alarm about one stands at it.
        policy.load()
    return Desk(host, role, journal, board, policy, LaneStatuses(board))


class QueueStep:
    """Shows how full a queue is, once a second."""

    def __init__(self, stage: Stage, reader: QueueReader, status: Status) -> None:
        self._name, self._reader, self._status = stage.value, reader, status
        self._next_s = 0.0

    def step(self, now_s: float) -> float:
        if now_s >= self._next_s:
            self._next_s = now_s + 1.0
            health = self._reader.health()
            self._status.gauge(f"queue_{self._name}_units", health.depth)
            self._status.gauge(f"queue_{self._name}_deferred", health.deferred)
            self._status.gauge(f"queue_{self._name}_oldest_seconds", round(health.oldest_age_s, 1))
        return self._next_s - now_s


class Stoppable(Protocol):
    def step(self, now_s: float) -> float: ...

    def close(self) -> None: ...


class Reloaded:
    """A step that is made anew from the policy set whenever another one is in force."""

    def __init__(self, make: Callable[[], Stoppable], policy: PolicyInForce) -> None:
        self._make, self._policy = make, policy
        self._made_from = policy.current()
        self._step = make()

    def step(self, now_s: float) -> float:
        return self._step.step(now_s)

    def reload(self) -> None:
        """The policies were read; what was claimed and not finished is found again by its successor."""
        if self._policy.current() != self._made_from:
            self._step.close()
            self._made_from = self._policy.current()
            self._step = self._make()

    def close(self) -> None:
        self._step.close()


class Hourly:
    """Calls something once an hour, and at start."""

    def __init__(self, work: Callable[[int], object]) -> None:
        self._work = work
        self._next_s = 0.0

    def step(self, now_s: float) -> float:
        if now_s >= self._next_s:
            self._next_s = now_s + PURGE_EVERY_S
            self._work(time.time_ns())
        return PURGE_EVERY_S
