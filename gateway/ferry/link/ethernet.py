"""Raw Ethernet under a lane: AF_PACKET with an EtherType of its own, no IP on the link at all.

    | destination 6 | source 6 | 0x88b5 | header 32 | symbol |

0x88b5 is IEEE 802's local experimental EtherType 1 (IEEE 802a). Needs CAP_NET_RAW. The receiving socket
ignores what this host sends itself, and is never written to.
"""

from __future__ import annotations

import ctypes
import errno
import select
import socket
import struct
from typing import Any, Final

from gateway.errors import Misconfigured, Unavailable
from gateway.ferry.block import SealedBlock
from gateway.ferry.buffer import BlockBuffer, address_of
from gateway.ferry.link.mmsg import (
    IOVEC_BYTES,
    MMsgHdr,
    iovecs,
    receive_messages,
    send_messages,
)
from gateway.ferry.link.model import FrameRun
from gateway.ferry.link.receive_buffer import DEFAULT_STALL_S, fit_receive_buffer
from gateway.ferry.shape import HEADER_BYTES, LaneShape

ETHER_TYPE: Final = 0x88B5
_ETHERNET_BYTES: Final = 14
# linux/if_packet.h
_SOL_PACKET: Final = 263
_PACKET_IGNORE_OUTGOING: Final = 23
# Frames in one call: 128 of 1500 bytes are 190 KB, two thirds of a block.
_BATCH: Final = 128
# The device queue is full for a moment; it drains at line rate, so a short pause is enough.
_FULL_PAUSE_MS: Final = 1


def mac_bytes(text: str) -> bytes:
    """Six bytes of a MAC address as people write it. Raises Misconfigured 5205 and nothing else."""
    parts = text.replace("-", ":").split(":")
    try:
        found = bytes(int(part, 16) for part in parts)
    except ValueError:
        found = b""
    if len(found) != 6 or any(len(part) > 2 for part in parts):
        raise Misconfigured(5205, text=text)
    return found


def _open(interface: str, ether_type: int) -> socket.socket:
    """A packet socket on one interface. Raises Misconfigured 5206 (no such interface, or no right)."""
    try:
        opened = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ether_type))
        try:
            opened.bind((interface, ether_type))
        except OSError:
            opened.close()
            raise
    except OSError as error:
        raise Misconfigured(5206, interface=interface, why=str(error)) from error
    return opened


class EthernetSender:
    """Sends frames from one MAC address to another on an interface. Raises Misconfigured 5205, 5206."""

    def __init__(
        self,
        shape: LaneShape,
        interface: str,
        source_mac: str,
        destination_mac: str,
        ether_type: int = ETHER_TYPE,
    ) -> None:
        self._shape = shape
        address = mac_bytes(destination_mac) + mac_bytes(source_mac)
        self._address = bytearray(address + struct.pack("!H", ether_type))
        # Protocol 0 in the socket itself: a packet socket that is asked for nothing receives nothing.
        self._socket = _open(interface, 0)
        self._vectors: dict[BlockBuffer, Any] = {}
        self._messages = (MMsgHdr * shape.symbols)()

    def send(self, block: SealedBlock, first: int, count: int) -> None:
        """One message for each frame. Raises Unavailable 5201 (interface down)."""
        vectors = self._vectors.get(block.buffer)
        if vectors is None:
            vectors = self._vectors[block.buffer] = self._gather(block.buffer)
        at = ctypes.addressof(vectors) + first * 3 * IOVEC_BYTES
        for place in range(count):
            header = self._messages[place].header
            header.iov, header.iov_count = at + place * 3 * IOVEC_BYTES, 3
        self._push(count)

    def _push(self, count: int) -> None:
        while True:
            try:
                send_messages(self._socket.fileno(), self._messages, count)
                return
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    raise Unavailable(5201, why=str(error)) from error
                select.select([], [], [], _FULL_PAUSE_MS / 1000)

    def _gather(self, buffer: BlockBuffer) -> Any:
        step, address = self._shape.symbol_bytes, address_of(self._address)
        pieces: list[tuple[int, int]] = []
        for index in range(self._shape.symbols):
            pieces.append((address, _ETHERNET_BYTES))
            pieces.append((buffer.headers_address + index * HEADER_BYTES, HEADER_BYTES))
            pieces.append((buffer.address + index * step, step))
        return iovecs(pieces)

    def close(self) -> None:
        self._socket.close()


class EthernetReceiver:
    """Receives frames of one EtherType on an interface, and never sends.

    source_mac: only frames from this address, "" for any. Raises Misconfigured 5204, 5205, 5206.
    """

    def __init__(
        self,
        shape: LaneShape,
        interface: str,
        source_mac: str = "",
        *,
        rate_bits_per_s: int,
        stall_s: float = DEFAULT_STALL_S,
        ether_type: int = ETHER_TYPE,
    ) -> None:
        self._shape = shape
        self._malformed = 0
        self._tail = (mac_bytes(source_mac) if source_mac else b"") + struct.pack("!H", ether_type)
        self._socket = _open(interface, ether_type)
        try:
            self._socket.setsockopt(_SOL_PACKET, _PACKET_IGNORE_OUTGOING, 1)
            self.buffer_bytes = fit_receive_buffer(self._socket, rate_bits_per_s, stall_s)
        except (OSError, Misconfigured):
            self._socket.close()
            raise
        self._socket.setblocking(False)
        self._poll = select.poll()
        self._poll.register(self._socket, select.POLLIN)
        self._make_room()

    def _make_room(self) -> None:
        step = self._shape.symbol_bytes
        self._addresses = bytearray(_BATCH * _ETHERNET_BYTES)
        self._headers = bytearray(_BATCH * HEADER_BYTES)
        self._symbols = bytearray(_BATCH * step)
        self._view = memoryview(self._symbols)
        areas = (
            (address_of(self._addresses), _ETHERNET_BYTES),
            (address_of(self._headers), HEADER_BYTES),
            (address_of(self._symbols), step),
        )
        self._vectors = iovecs(
            [(base + place * size, size) for place in range(_BATCH) for base, size in areas]
        )
        self._messages = (MMsgHdr * _BATCH)()
        for place, message in enumerate(self._messages):
            message.header.iov = ctypes.addressof(self._vectors) + place * 3 * IOVEC_BYTES
            message.header.iov_count = 3

    @property
    def malformed(self) -> int:
        return self._malformed

    def receive(self, wait_s: float) -> list[FrameRun]:
        """Runs of frames that came one behind the other and have this lane's length.

        Raises Unavailable 5202.
        """
        try:
            count = self._some(wait_s)
        except OSError as error:
            raise Unavailable(5202, why=str(error)) from error
        runs: list[FrameRun] = []
        first = 0
        for place in range(count + 1):
            if place < count and self._ours(place):
                continue
            if place > first:
                runs.append(self._slice(first, place))
            if place < count:
                self._malformed += 1
            first = place + 1
        return runs

    def _some(self, wait_s: float) -> int:
        for waited in (False, True):
            try:
                return receive_messages(self._socket.fileno(), self._messages, _BATCH, 0)
            except OSError as error:
                if error.errno not in (errno.EAGAIN, errno.EINTR):
                    raise
            if waited or wait_s <= 0 or not self._poll.poll(wait_s * 1000):
                return 0
        return 0

    def _ours(self, place: int) -> bool:
        message = self._messages[place]
        if message.header.flags & socket.MSG_TRUNC:
            return False
        end = (place + 1) * _ETHERNET_BYTES
        tail = self._addresses[end - len(self._tail) : end]
        return message.length == _ETHERNET_BYTES + self._shape.frame_bytes and tail == self._tail

    def _slice(self, first: int, last: int) -> FrameRun:
        step = self._shape.symbol_bytes
        return FrameRun(
            last - first,
            bytes(self._headers[first * HEADER_BYTES : last * HEADER_BYTES]),
            self._view[first * step : last * step],
        )

    def close(self) -> None:
        self._socket.close()
