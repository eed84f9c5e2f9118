"""UDP under a lane: segmentation offload on the way out, GRO and recvmmsg on the way in. IPv4 and IPv6.

The sending socket is bound to no port that anything should answer to, and nothing is read from it. The
receiving socket is never written to. In one-way mode the sender needs a permanent neighbour entry
(`ip neigh replace ADDRESS lladdr MAC dev LINK nud permanent`): the receiving host cannot answer ARP.
"""

from __future__ import annotations

import ctypes
import errno
import select
import socket
import struct
from pathlib import Path
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
from gateway.ferry.shape import HEADER_BYTES, LaneShape

# linux/udp.h; Python 3.11 does not name them.
SOL_UDP: Final = 17
UDP_SEGMENT: Final = 103
UDP_GRO: Final = 104
# asm-generic/socket.h: past net.core.rmem_max and wmem_max, for who has CAP_NET_ADMIN.
SO_SNDBUFFORCE: Final = 32
SO_RCVBUFFORCE: Final = 33
# Datagrams in one recvmmsg: 16 of 64 KiB are 1 MiB, and one block at MTU 9000.
_BATCH: Final = 16
# A receive buffer holds this much of a stalled receiver by default.
DEFAULT_STALL_S: Final = 0.05
# What the kernel books for a frame besides its bytes (sk_buff and rounding; 2304 for 1500, measured).
_TRUESIZE_FACTOR: Final = 1.6
# cmsghdr (16) and an int padded to 8 (cmsg(3)).
_CONTROL_BYTES: Final = 24
# What the sending socket may hold: a few calls; more would hide that the device does not take them.
_SEND_BUFFER_BYTES: Final = 4 << 20


def _socket(host: str, port: int) -> tuple[socket.socket, Any]:
    """A UDP socket of the family of a numeric address, and that address. Raises Misconfigured 5203."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM, flags=socket.AI_NUMERICHOST)
    except OSError as error:
        raise Misconfigured(5203, host=host, port=port, why=str(error)) from error
    family, kind, protocol, _, address = found[0]
    return socket.socket(family, kind, protocol), address


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
        self._socket, address = _socket(host, port)
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


class UdpReceiver:
    """Receives frames on one address and port, and never sends.

    rate_bits_per_s and stall_s: the receive buffer must hold that rate for that long; Misconfigured
    5204 says what to set where the kernel gives less. Raises Misconfigured 5203 (address).
    """

    def __init__(
        self,
        shape: LaneShape,
        host: str,
        port: int,
        *,
        rate_bits_per_s: int,
        stall_s: float = DEFAULT_STALL_S,
    ) -> None:
        self._shape = shape
        self._malformed = 0
        self._socket, address = _socket(host, port)
        try:
            self._socket.bind(address)
            self.port: int = self._socket.getsockname()[1]
            self.buffer_bytes = fit_receive_buffer(self._socket, rate_bits_per_s, stall_s)
        except OSError as error:
            self._socket.close()
            raise Misconfigured(5203, host=host, port=port, why=str(error)) from error
        except Misconfigured:
            self._socket.close()
            raise
        self._merging = self._merge()
        self._socket.setblocking(False)
        self._poll = select.poll()
        self._poll.register(self._socket, select.POLLIN)
        self._frames = _merged_frames(shape) if self._merging else 1
        self._batch = _BATCH if self._merging else 64
        self._make_room()

    def _merge(self) -> bool:
        try:
            self._socket.setsockopt(SOL_UDP, UDP_GRO, 1)
        except OSError:
            return False
        return True

    def _make_room(self) -> None:
        """One area of headers and one of symbols for each message; one more place notices too long ones."""
        step, frames = self._shape.symbol_bytes, self._frames
        self._headers = bytearray(self._batch * frames * HEADER_BYTES)
        self._symbols = bytearray(self._batch * frames * step + step)
        self._control = bytearray(self._batch * _CONTROL_BYTES)
        self._view = memoryview(self._symbols)
        headers, symbols = address_of(self._headers), address_of(self._symbols)
        control = address_of(self._control)
        pieces = [
            piece
            for place in range(self._batch * frames)
            for piece in (
                (headers + place * HEADER_BYTES, HEADER_BYTES),
                (symbols + place * step, step),
            )
        ]
        self._vectors = iovecs(pieces)
        self._messages = (MMsgHdr * self._batch)()
        for i, message in enumerate(self._messages):
            message.header.iov = ctypes.addressof(self._vectors) + i * frames * 2 * IOVEC_BYTES
            message.header.iov_count = frames * 2
            message.header.control = control + i * _CONTROL_BYTES
            message.header.control_length = _CONTROL_BYTES

    @property
    def malformed(self) -> int:
        return self._malformed

    def receive(self, wait_s: float) -> list[FrameRun]:
        """One run for each datagram that the kernel gives, merged ones as one. Raises Unavailable 5202."""
        try:
            count = self._some(wait_s)
        except OSError as error:
            raise Unavailable(5202, why=str(error)) from error
        return [run for place in range(count) if (run := self._run(place)) is not None]

    def _some(self, wait_s: float) -> int:
        descriptor = self._socket.fileno()
        for waited in (False, True):
            try:
                return receive_messages(descriptor, self._messages, self._batch, 0)
            except OSError as error:
                if error.errno == errno.ECONNREFUSED:
                    continue
                if error.errno not in (errno.EAGAIN, errno.EINTR):
                    raise
            if waited or wait_s <= 0 or not self._poll.poll(wait_s * 1000):
                return 0
        return 0

    def _run(self, place: int) -> FrameRun | None:
        message = self._messages[place]
        length, header = message.length, message.header
        segment = self._segment(place, header) or length
        header.control_length = _CONTROL_BYTES
        frame_bytes = self._shape.frame_bytes
        frames = length // frame_bytes
        if segment != frame_bytes or frames > self._frames or header.flags & socket.MSG_TRUNC:
            self._malformed += 1
            return None
        if length % frame_bytes:
            self._malformed += 1
        at = place * self._frames
        step = self._shape.symbol_bytes
        return FrameRun(
            frames,
            bytes(self._headers[at * HEADER_BYTES : (at + frames) * HEADER_BYTES]),
            self._view[at * step : (at + frames) * step],
        )

    def _segment(self, place: int, header: Any) -> int:
        """The frame length that the kernel merged by, 0 where the datagram came alone."""
        if header.control_length < 20:
            return 0
        at = place * _CONTROL_BYTES
        _, level, kind, size = struct.unpack_from("=Qiii", self._control, at)
        return int(size) if level == SOL_UDP and kind == UDP_GRO else 0

    def close(self) -> None:
        self._socket.close()


def _merged_frames(shape: LaneShape) -> int:
    """Frames that the kernel can merge into one datagram of 64 KiB at most."""
    return 65_535 // shape.frame_bytes


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
