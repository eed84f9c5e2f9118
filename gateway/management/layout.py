"""Where the parts of one host lie. Paths only: no I/O but the making of folders.

HOST/gate.yaml                     settings
HOST/policies/                     the policy set that this host works with
HOST/keys/{guard,ferry,trust}/     keys and certificates, by process
HOST/queues/LANE/STAGE/            one queue a folder: captured, cleared, received, admitted
HOST/state/{edge,guard,ferry}/     numbers, sessions, ledgers, partial units: of one process alone
HOST/state/edge/uploads/CHANNEL/   uploads of callers that are not whole yet
HOST/journal/{edge,guard,ferry}/   the audit journal, one chain a process
HOST/journal/checkpoints/          signed by the guard
HOST/control/{edge,guard,ferry}/   what operators ask of a process
HOST/held/                         a page for each unit that people have to decide on (inner host)
HOST/approvals/                    what they decided, until the guard has taken it (inner host)
HOST/held-export/, approvals-export/   the same for the export lane of a two-way gate
HOST/requests/CHANNEL/             certificates and secrets of channels of requests (two-way gates)
HOST/sockets/{edge,ferry}/         where the guard of a two-way gate takes requests and answers
HOST/run/                          status of each process, its pid; nothing that must survive

Each process is a user of its own. Who owns what stands in systemd/ferrygate.tmpfiles; the modes here.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from gateway.errors import Misconfigured
from gateway.spool.layout import Hands, Layout
from gateway.unit.model import Lane, Side, Stage

HOME_VARIABLE: Final = "FERRYGATE_HOME"

# What the processes make is for user and group; nothing of it is for others.
UMASK: Final = 0o007
# One process alone.
PRIVATE_MODE: Final = 0o700
# Operators place requests, the process takes them away; sticky: no operator takes away another's.
CONTROL_MODE: Final = 0o3770
# The guard reads all journals through their groups.
JOURNAL_MODE: Final = 0o2750
# The guard writes, the group of operators reads.
HELD_MODE: Final = 0o2750
# The guard makes its sockets, one neighbour comes to them.
SOCKETS_MODE: Final = 0o2750
# All three write here; sticky: none can replace or remove another's status.
RUN_MODE: Final = 0o3775


class Role(StrEnum):
    """The three processes of a side, in the order in which a unit meets them when sent."""

    EDGE = "edge"
    GUARD = "guard"
    FERRY = "ferry"


@dataclass(frozen=True, slots=True)
class Ends:
    """The processes of the two ends of a queue."""

    writer: Role
    reader: Role

    def owner(self, hands: Hands) -> Role | None:
        """Whose a folder of the queue is; None where both write in it: then it is root's."""
        return {Hands.WRITER: self.writer, Hands.READER: self.reader}.get(hands)


# The queues of a lane at each of its ends, and between which processes each stands.
SENDING_QUEUES: Final = {
    Stage.CAPTURED: Ends(Role.EDGE, Role.GUARD),
    Stage.CLEARED: Ends(Role.GUARD, Role.FERRY),
}
RECEIVING_QUEUES: Final = {
    Stage.RECEIVED: Ends(Role.FERRY, Role.GUARD),
    Stage.ADMITTED: Ends(Role.GUARD, Role.EDGE),
}
# Where people decide about held units, in both lanes: the inner host has the people and the trust.
DECIDING_SIDE: Final = Side.INNER
# The lanes of a one-way gate.
ONE_LANE: Final = (Lane.IMPORT,)


def queues_of(side: Side, lane: Lane) -> dict[Stage, Ends]:
    """The queues of a lane on one side."""
    return SENDING_QUEUES if side is lane.sender else RECEIVING_QUEUES


@dataclass(frozen=True, slots=True)
class Owned:
    """How an installation makes a folder. owner: None is root."""

    mode: int
    owner: Role | None


@dataclass(frozen=True, slots=True)
class HostFolder:
    """The paths of one host."""

    root: Path

    @property
    def settings(self) -> Path:
        return self.root / "gate.yaml"

    @property
    def policies(self) -> Path:
        return self.root / "policies"

    @property
    def keys(self) -> Path:
        return self.root / "keys"

    @property
    def run(self) -> Path:
        return self.root / "run"

    @property
    def state(self) -> Path:
        return self.root / "state"

    def state_of(self, role: Role) -> Path:
        """What one process remembers; no other can enter."""
        return self.state / role.value

    @property
    def held(self) -> Path:
        """What the guard tells operators of units that it holds; they read, it writes."""
        return self.held_of(Lane.IMPORT)

    def held_of(self, lane: Lane) -> Path:
        """The same of one lane."""
        return self.root / _of_lane("held", lane)

    @property
    def approvals(self) -> Path:
        """Where operators leave decisions about held units."""
        return self.approvals_of(Lane.IMPORT)

    def approvals_of(self, lane: Lane) -> Path:
        """The same of one lane."""
        return self.root / _of_lane("approvals", lane)

    @property
    def checkpoints(self) -> Path:
        return self.root / "journal" / "checkpoints"

    def journal(self, role: Role) -> Path:
        return self.root / "journal" / role.value

    def queue(self, lane: Lane, stage: Stage) -> Path:
        return self.root / "queues" / lane.value / stage.value

    def lanes(self) -> tuple[Lane, ...]:
        """The lanes whose queues lie here. Looks at the folder; a running gate goes by its settings."""
        return tuple(
            lane
            for lane in Lane
            if lane is Lane.IMPORT or (self.root / "queues" / lane.value).is_dir()
        )

    @property
    def requests(self) -> Path:
        """Certificates and secrets of channels that carry requests, a folder each: for the edge alone."""
        return self.root / "requests"

    @property
    def uploads(self) -> Path:
        """What callers have not sent to its end yet, a folder a channel: for the edge alone."""
        return self.state_of(Role.EDGE) / "uploads"

    @property
    def edge_socket(self) -> Path:
        """Where the guard listens for the edge: requests and answers, both ways (two-way gates)."""
        return self.sockets_of(Role.EDGE) / "guard.sock"

    @property
    def to_ferry_socket(self) -> Path:
        """Where the guard listens for the ferry, to give it what is sealed."""
        return self.sockets_of(Role.FERRY) / "out.sock"

    @property
    def from_ferry_socket(self) -> Path:
        """Where the guard listens for the ferry, to take what has come."""
        return self.sockets_of(Role.FERRY) / "in.sock"

    def sockets_of(self, neighbour: Role) -> Path:
        """The guard's sockets for one of its neighbours, whose group may enter."""
        return self.root / "sockets" / neighbour.value

    def control(self, role: Role) -> Path:
        """Where the command line leaves requests for a process (`resend`, `reload`)."""
        return self.root / "control" / role.value

    def folders(self, side: Side, lanes: Iterable[Lane] = ONE_LANE) -> dict[Path, Owned]:
        """Every folder of a running host, those that others lie in first. Does no I/O."""
        made = {self.run: Owned(RUN_MODE, None), self.checkpoints: Owned(JOURNAL_MODE, Role.GUARD)}
        lanes = tuple(lanes)
        for lane in lanes:
            for stage, ends in queues_of(side, lane).items():
                queue = Layout.of(self.queue(lane, stage))
                for folder, (mode, hands) in queue.folders().items():
                    made[folder] = Owned(mode, ends.owner(hands))
        for role in Role:
            made[self.state_of(role)] = Owned(PRIVATE_MODE, role)
            made[self.journal(role)] = Owned(JOURNAL_MODE, role)
            made[self.control(role)] = Owned(CONTROL_MODE, role)
        made[self.requests] = Owned(PRIVATE_MODE, Role.EDGE)
        if len(lanes) > 1:
            for neighbour in (Role.EDGE, Role.FERRY):
                made[self.sockets_of(neighbour)] = Owned(SOCKETS_MODE, Role.GUARD)
        if side is DECIDING_SIDE:
            for lane in lanes:
                made[self.held_of(lane)] = Owned(HELD_MODE, Role.GUARD)
                made[self.approvals_of(lane)] = Owned(CONTROL_MODE, Role.GUARD)
        return made

    def make(self, side: Side, lanes: Iterable[Lane] = ONE_LANE) -> None:
        """Make the folders that are not there yet; one that stands keeps owner and mode.

        What this user may not make is left out: the part that needs it says so by its own number.
        Raises OSError for anything else.
        """
        for folder, owned in self.folders(side, lanes).items():
            with contextlib.suppress(PermissionError):
                if not folder.is_dir():
                    folder.mkdir(parents=True, exist_ok=True)
                    # mkdir leaves out setgid and sticky, and the umask has its say.
                    folder.chmod(owned.mode)


def _of_lane(name: str, lane: Lane) -> str:
    """What a one-way gate has keeps its name."""
    return name if lane is Lane.IMPORT else f"{name}-{lane.value}"


def find_host(
    gate: Path | None, side: Side | None, environment: Mapping[str, str] = os.environ
) -> HostFolder:
    """The host that a command means: `--gate DIR`, else FERRYGATE_HOME, which the unit files set.

    DIR is one host's folder (it holds gate.yaml) or a gate as `init` makes it, with outer/ and
    inner/ in it. Raises Misconfigured 1010 (no gate there) or 1011 (two hosts, none named).
    """
    root = gate or (Path(environment[HOME_VARIABLE]) if environment.get(HOME_VARIABLE) else None)
    if root is None:
        raise Misconfigured(1012)
    hosts = hosts_of(root)
    if not hosts:
        raise Misconfigured(1010, folder=str(root))
    if side is not None:
        if side not in hosts:
            raise Misconfigured(1013, folder=str(root), side=side.value)
        return hosts[side]
    if len(hosts) > 1:
        raise Misconfigured(1011, folder=str(root))
    return next(iter(hosts.values()))


def hosts_of(root: Path) -> dict[Side, HostFolder]:
    """The hosts in a folder: both of a gate under trial, or the one of an installed host."""
    found: dict[Side, HostFolder] = {}
    for side in Side:
        if (root / side.value / "gate.yaml").is_file():
            found[side] = HostFolder(root / side.value)
    if not found and (root / "gate.yaml").is_file():
        found[_side_in(root / "gate.yaml")] = HostFolder(root)
    return found


def _side_in(settings: Path) -> Side:
    """The side that a settings file names, read without judging the rest of it."""
    for line in settings.read_text(encoding="utf-8", errors="replace").splitlines():
        key, _, value = line.partition(":")
        if key.strip() == "side" and value.split("#")[0].strip() in {s.value for s in Side}:
            return Side(value.split("#")[0].strip())
    raise Misconfigured(1014, file=str(settings))
