"""Where the keys of each lane lie. Paths only, no I/O.

    import lane    ferry/lane.key          ferry/clearance.pub          as a one-way gate has them
    export lane    ferry/export-lane.key   ferry/export-clearance.pub   of a two-way gate

A host receives on one lane at most, and sends on one: guard/epochs/ is the lane's that it receives on,
guard/peer-epochs.bundle the lane's that it sends on, and its signing key clears that one.
"""

from __future__ import annotations

from pathlib import Path

from gateway.unit.model import Lane


def lane_key_file(keys: Path, lane: Lane) -> Path:
    """The key of the blocks of a lane, the same on both hosts. keys: a host's keys/ folder."""
    return keys / "ferry" / f"{_prefix(lane)}lane.key"


def clearance_file(keys: Path, lane: Lane) -> Path:
    """The public keys of the guard that clears what a lane carries."""
    return keys / "ferry" / f"{_prefix(lane)}clearance.pub"


def epochs_folder(keys: Path) -> Path:
    """The private epoch keys of the lane that this host receives on."""
    return keys / "guard" / "epochs"


def peer_epochs_file(keys: Path) -> Path:
    """The other host's public epoch keys, of the lane that this host sends on."""
    return keys / "guard" / "peer-epochs.bundle"


def _prefix(lane: Lane) -> str:
    return "" if lane is Lane.IMPORT else f"{lane.value}-"
