"""A provisioned gate for tests: both hosts' keys in a folder, a fixed time, a sealer and an opener."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.identity.device import GuardIdentity, load_guard_identity
from gateway.identity.epoch import EpochBundle
from gateway.identity.epoch_keys import EpochKeys, load_peer_epochs
from gateway.identity.instants import unstamp
from gateway.identity.provision import provision
from gateway.identity.trust import Trust, load_trust
from gateway.receiving.verify import Opener
from gateway.sending.seal import Renewal, Sealer
from gateway.unit.model import CapturedUnit, FileBody, Kind, Lane, Side
from gateway.unit.stages import Body, Cleared
from tests.support.fakes import MemoryBody

NOW_NS: Final = unstamp("2026-11-21T12:00:00Z")
GATE: Final = "hospital-a"


@dataclass(frozen=True, slots=True)
class GateKeys:
    """The folder that provision() made, and what the two guards read from it."""

    root: Path

    def guard(self, side: Side) -> Path:
        return self.root / side.value / "keys" / "guard"

    def trust_folder(self, side: Side) -> Path:
        return self.root / side.value / "keys" / "trust"

    def identity(self, side: Side) -> GuardIdentity:
        return load_guard_identity(self.guard(side))

    def trust(self, side: Side) -> Trust:
        return load_trust(self.trust_folder(side), self.identity(side).name.peer())

    def bundle(self) -> EpochBundle:
        path = self.guard(Side.OUTER) / "peer-epochs.bundle"
        return load_peer_epochs(path, self.trust(Side.OUTER))

    def sealer(self, renewal: Renewal | None = None, lane: Lane = Lane.IMPORT) -> Sealer:
        return Sealer(self.identity(Side.OUTER), self.bundle(), lane, renewal)

    def epoch_keys(self) -> EpochKeys:
        return EpochKeys(self.guard(Side.INNER) / "epochs")

    def opener(self, now_ns: int = NOW_NS, lane: Lane = Lane.IMPORT) -> Opener:
        return Opener(lane, self.trust(Side.INNER), self.epoch_keys(), lambda: now_ns)


def make_gate(folder: Path, gate: str = GATE, epochs: int = 100) -> GateKeys:
    provision(folder, gate, now_ns=NOW_NS, epochs=epochs)
    return GateKeys(folder)


def cleared(
    content: bytes | Body, number: int = 7, at_ns: int = NOW_NS, channel: str = "lab-reports"
) -> Cleared:
    """A unit as the judge clears it. (The judge is its only maker in the product.)"""
    body: Body = MemoryBody(content) if isinstance(content, bytes) else content
    file = FileBody("report.txt", body.size_bytes, at_ns)
    unit = CapturedUnit(number, channel, Kind.FILES, at_ns, file)
    return Cleared(unit, body, "ab" * 32, at_ns)
