"""How much of a stalled receiver the kernel holds: asked for, checked, never assumed."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Final

from gateway.errors import Misconfigured

# asm-generic/socket.h: past net.core.rmem_max, for who has CAP_NET_ADMIN.
SO_RCVBUFFORCE: Final = 33
# A receive buffer holds this much of a stalled receiver by default.
DEFAULT_STALL_S: Final = 0.05
# What the kernel books for a frame besides its bytes (sk_buff and rounding; 2304 for 1500, measured).
_TRUESIZE_FACTOR: Final = 1.6


def fit_receive_buffer(receiving: socket.socket, rate_bits_per_s: int, stall_s: float) -> int:
    """Ask for a buffer that holds the rate for the stall; gives its bytes as the kernel books them.

    Raises Misconfigured 5204 with the sysctl to set and the rate that would fit.
    """
    wanted = int(rate_bits_per_s / 8 * stall_s * _TRUESIZE_FACTOR)
    wanted = max(wanted, 1 << 18)
    try:
        receiving.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, min(wanted // 2, 0x3FFF_FFFF))
    except PermissionError:
        receiving.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, min(wanted // 2, 0x3FFF_FFFF))
    got = receiving.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
    if got < wanted * 0.99:
        raise Misconfigured(
            5204,
            got_bytes=got,
            wanted_bytes=wanted,
            sysctl_bytes=wanted // 2,
            fitting_rate_mbit=int(got / _TRUESIZE_FACTOR / stall_s * 8 / 1e6),
            rate_mbit=rate_bits_per_s // 1_000_000,
            stall_ms=int(stall_s * 1000),
        )
    return got


def permitted_receive_bytes() -> int:
    """net.core.rmem_max of this host, for doctor. Reads /proc."""
    return int(Path("/proc/sys/net/core/rmem_max").read_text(encoding="ascii"))
