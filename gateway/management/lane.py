"""A lane of a host as its settings say: its shape, its key, its number in frames.

The end of the link that it may open is in sending_end.py or receiving_end.py: a process of a one-way gate
loads one of them.
"""

from __future__ import annotations

from typing import Final

from gateway.ferry.shape import (
    ETHERNET_OVERHEAD_BYTES,
    UDP4_OVERHEAD_BYTES,
    UDP6_OVERHEAD_BYTES,
    LaneShape,
    shape_for,
)
from gateway.identity.keys import read_secret
from gateway.identity.lane_files import lane_key_file
from gateway.identity.lane_key import LaneKey
from gateway.management.host import Host
from gateway.management.settings import LinkKind, LinkSettings
from gateway.unit.model import Lane

# The number of a lane in its frames.
LANE_NUMBERS: Final = {Lane.IMPORT: 1, Lane.EXPORT: 2}


def lane_shape(link: LinkSettings) -> LaneShape:
    """The same on both hosts as long as their settings agree. Raises Misconfigured 5101."""
    if link.kind is LinkKind.ETHERNET:
        overhead = ETHERNET_OVERHEAD_BYTES
    else:
        overhead = UDP6_OVERHEAD_BYTES if ":" in link.host else UDP4_OVERHEAD_BYTES
    return shape_for(link.mtu_bytes, overhead, link.repair_percent)


def lane_key(host: Host, lane: Lane) -> LaneKey:
    """Raises Misconfigured 40xx, 4101."""
    return LaneKey(read_secret(lane_key_file(host.folder.keys, lane)))
