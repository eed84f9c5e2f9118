"""UDP under the sending end of a lane, with segmentation offload. IPv4 and IPv6.

The socket is bound to no port that anything should answer to, and nothing is read from it. In one-way
mode the sender needs a permanent neighbour entry
(`ip neigh replace ADDRESS lladdr MAC dev LINK nud permanent`): the receiving host cannot answer ARP.
"""

from __future__ import annotations

import ctypes
import errno
import socket
from typing import Any, Final

from gateway.errors import Misconfigured, Unavailable
from gateway.ferry.block import SealedBlock
from gateway.ferry.buffer import BlockBuffer
from gateway.ferry.link.mmsg import IOVEC_BYTES, MMsgHdr, iovecs, send_messages
from gateway.ferry.link.udp_socket import SOL_UDP, udp_socket
from gateway.ferry.shape import HEADER_BYTES, LaneShape

# linux/udp.h; Python 3.11 does not name it.
UDP_SEGMENT: Final = 103
# What the sending socket may hold: a few calls; more would hide that the device does not take them.
_SEND_BUFFER_BYTES: Final = 4 << 20


class UdpSender:
    """Sends frames to one address. Raises Misconfigured 5203 where the address is not one of this host.

    segmentation: use UDP_SEGMENT; where the kernel has none, frames go one message each (sendmmsg).
    """

    def __init__(
        self,
        shape: LaneShape,
        host: str,
        port: int,
        *,
        local_host: str | None = None,
        segmentation: bool = True,
    ) -> None:
        self._shape = shape
        self._socket, address = udp_socket(host, port)
        try:
            if local_host is not None:
                self._socket.bind((local_host, 0))
            self._socket.connect(address)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)
        except OSError as error:
            self._socket.close()
            raise Misconfigured(5203, host=host, port=port, why=str(error)) from error
        self._segments = shape.segments if segmentation and self._can_segment() else 1
        self._vectors: dict[BlockBuffer, Any] = {}
        self._messages = (MMsgHdr * (shape.symbols // self._segments + 2))()

    def _can_segment(self) -> bool:
        try:
            self._socket.setsockopt(SOL_UDP, UDP_SEGMENT, self._shape.frame_bytes)
        except OSError:
            return False
        return True

    def send(self, block: SealedBlock, first: int, count: int) -> None:
        """Frames first to first+count-1, `segments` of them in each message.

        Raises Unavailable 5201. An ICMP error of an earlier frame is nothing to a one-way lane.
        """
        messages = self._prepare(block.buffer, first, count)
        for attempt in (1, 2):
            try:
                send_messages(self._socket.fileno(), self._messages, messages)
                return
            except OSError as error:
                if error.errno == errno.ECONNREFUSED and attempt == 1:
                    continue
                raise Unavailable(5201, why=str(error)) from error

    def _prepare(self, buffer: BlockBuffer, first: int, count: int) -> int:
        vectors = self._vectors.get(buffer)
        if vectors is None:
            vectors = self._vectors[buffer] = gather_list(buffer, self._shape)
        at = ctypes.addressof(vectors) + first * 2 * IOVEC_BYTES
        segments, messages = self._segments, 0
        while count > 0:
            frames = segments if count > segments else count
            header = self._messages[messages].header
            header.iov, header.iov_count = at, 2 * frames
            at += frames * 2 * IOVEC_BYTES
            count -= frames
            messages += 1
        return messages

    def close(self) -> None:
        self._socket.close()


def gather_list(buffer: BlockBuffer, shape: LaneShape) -> Any:
    """Header and symbol of each frame of a buffer, by address: what a link sends from."""
    step = shape.symbol_bytes
    pieces: list[tuple[int, int]] = []
    for index in range(shape.symbols):
        pieces.append((buffer.headers_address + index * HEADER_BYTES, HEADER_BYTES))
        pieces.append((buffer.address + index * step, step))
    return iovecs(pieces)
