"""What both ends of a UDP link share: a socket for a numeric address, and names of the kernel's."""

from __future__ import annotations

import socket
from typing import Any, Final

from gateway.errors import Misconfigured

# linux/udp.h; Python 3.11 does not name it.
SOL_UDP: Final = 17


def udp_socket(host: str, port: int) -> tuple[socket.socket, Any]:
    """A UDP socket of the family of a numeric address, and that address. Raises Misconfigured 5203."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM, flags=socket.AI_NUMERICHOST)
    except OSError as error:
        raise Misconfigured(5203, host=host, port=port, why=str(error)) from error
    family, kind, protocol, _, address = found[0]
    return socket.socket(family, kind, protocol), address
