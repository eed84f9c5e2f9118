"""The sending end of a link, opened as the settings say. Nothing here can receive."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from gateway.errors import Misconfigured
from gateway.ferry.link.model import SendOnlyLink
from gateway.ferry.link.udp_sender import UdpSender
from gateway.ferry.shape import LaneShape
from gateway.management.settings import LinkKind, LinkSettings

_NETWORK: Final = Path("/sys/class/net")


def open_sending(link: LinkSettings, shape: LaneShape) -> SendOnlyLink:
    """Raises Misconfigured 52xx."""
    if link.kind is LinkKind.UDP:
        return UdpSender(shape, link.host, link.port)
    from gateway.ferry.link.ethernet import EthernetSender

    return EthernetSender(shape, link.interface, _own_mac(link.interface), link.peer_mac)


def _own_mac(interface: str) -> str:
    try:
        return (_NETWORK / interface / "address").read_text(encoding="ascii").strip()
    except OSError as error:
        raise Misconfigured(5206, interface=interface, why=error.strerror or "") from error
