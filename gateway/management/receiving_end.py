"""The receiving end of a link, opened as the settings say. Nothing here can send."""

from __future__ import annotations

from gateway.ferry.link.model import ReceiveOnlyLink
from gateway.ferry.link.udp_receiver import UdpReceiver
from gateway.ferry.shape import LaneShape
from gateway.management.settings import LinkKind, LinkSettings


def open_receiving(link: LinkSettings, shape: LaneShape) -> ReceiveOnlyLink:
    """Raises Misconfigured 52xx; 5204 where the receive buffer does not fit the rate."""
    if link.kind is LinkKind.UDP:
        return UdpReceiver(
            shape, link.host, link.port, rate_bits_per_s=link.rate_bits_per_s, stall_s=link.stall_s
        )
    from gateway.ferry.link.ethernet import EthernetReceiver

    return EthernetReceiver(
        shape,
        link.interface,
        link.peer_mac,
        rate_bits_per_s=link.rate_bits_per_s,
        stall_s=link.stall_s,
    )
