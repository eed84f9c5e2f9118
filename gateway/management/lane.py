"""The lane of a host as its settings say: shape, key, and the one end of the link that it may open.

A host opens either the sending or the receiving end; the two functions share no object that could
do both.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from gateway.errors import Misconfigured
from gateway.ferry.link.ethernet import EthernetReceiver, EthernetSender
from gateway.ferry.link.model import ReceiveOnlyLink, SendOnlyLink
from gateway.ferry.link.udp_receiver import UdpReceiver
from gateway.ferry.link.udp_sender import UdpSender
from gateway.ferry.shape import (
    ETHERNET_OVERHEAD_BYTES,
    UDP4_OVERHEAD_BYTES,
    UDP6_OVERHEAD_BYTES,
    LaneShape,
    shape_for,
)
from gateway.identity.keys import read_secret
from gateway.identity.lane_key import LaneKey
from gateway.management.host import Host
from gateway.management.settings import LinkKind, LinkSettings
from gateway.unit.model import Lane

# The number of a lane in its frames.
LANE_NUMBERS: Final = {Lane.IMPORT: 1, Lane.EXPORT: 2}
_NETWORK: Final = Path("/sys/class/net")


def lane_shape(link: LinkSettings) -> LaneShape:
    """The same on both hosts as long as their settings agree. Raises Misconfigured 5101."""
    if link.kind is LinkKind.ETHERNET:
        overhead = ETHERNET_OVERHEAD_BYTES
    else:
        overhead = UDP6_OVERHEAD_BYTES if ":" in link.host else UDP4_OVERHEAD_BYTES
    return shape_for(link.mtu_bytes, overhead, link.repair_percent)


def lane_key(host: Host) -> LaneKey:
    """Raises Misconfigured 40xx, 4101."""
    return LaneKey(read_secret(host.folder.keys / "ferry" / "lane.key"))


def open_sending(link: LinkSettings, shape: LaneShape) -> SendOnlyLink:
    """Raises Misconfigured 52xx."""
    if link.kind is LinkKind.UDP:
        return UdpSender(shape, link.host, link.port)
    return EthernetSender(shape, link.interface, _own_mac(link.interface), link.peer_mac)


def open_receiving(link: LinkSettings, shape: LaneShape) -> ReceiveOnlyLink:
    """Raises Misconfigured 52xx; 5204 where the receive buffer does not fit the rate."""
    if link.kind is LinkKind.UDP:
        return UdpReceiver(
            shape, link.host, link.port, rate_bits_per_s=link.rate_bits_per_s, stall_s=link.stall_s
        )
    return EthernetReceiver(
        shape,
        link.interface,
        link.peer_mac,
        rate_bits_per_s=link.rate_bits_per_s,
        stall_s=link.stall_s,
    )


def _own_mac(interface: str) -> str:
    try:
        return (_NETWORK / interface / "address").read_text(encoding="ascii").strip()
    except OSError as error:
        raise Misconfigured(5206, interface=interface, why=error.strerror or "") from error
