"""Where the parts of one host lie. Paths only: no I/O but the making of folders.

HOST/gate.yaml                     settings
HOST/policies/                     the policy set that this host works with
HOST/keys/{guard,ferry,trust}/     keys and certificates, by process
HOST/queues/LANE/STAGE/            one queue a folder: captured, cleared, received, admitted
HOST/state/                        numbers, sessions, ledgers, partial units
HOST/journal/{edge,guard,ferry}/   the audit journal, one chain a process
HOST/journal/checkpoints/          signed by the guard
HOST/run/                          status of each process, its pid; nothing that must survive
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from gateway.errors import Misconfigured
from gateway.unit.model import Lane, Side, Stage

HOME_VARIABLE: Final = "FERRYGATE_HOME"

# Writer and reader of a queue are different users of one group; the sticky rights come by setgid.
SHARED_FOLDER_MODE: Final = 0o2770


class Role(StrEnum):
    """The three processes of a side, in the order in which a unit meets them when sent."""

    EDGE = "edge"
    GUARD = "guard"
    FERRY = "ferry"


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

    @property
    def checkpoints(self) -> Path:
        return self.root / "journal" / "checkpoints"

    def journal(self, role: Role) -> Path:
        return self.root / "journal" / role.value

    def queue(self, lane: Lane, stage: Stage) -> Path:
        return self.root / "queues" / lane.value / stage.value

    def control(self, role: Role) -> Path:
        """Where the command line leaves requests for a process (`resend`, `reload`)."""
        return self.root / "control" / role.value

    def make(self) -> None:
        """Make every folder that the processes share. Raises OSError."""
        shared = [self.run, self.state, self.checkpoints]
        shared += [self.journal(role) for role in Role]
        shared += [self.control(role) for role in Role]
        for folder in shared:
            folder.mkdir(parents=True, exist_ok=True, mode=SHARED_FOLDER_MODE)


def find_host(
    gate: Path | None, side: Side | None, environment: Mapping[str, str] = os.environ
) -> HostFolder:
    """The host that a command means: `--gate DIR`, else FERRYGATE_HOME, else /etc/ferrygate's.

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
