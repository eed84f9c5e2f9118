"""UDP under the receiving end of a lane: GRO and recvmmsg, and a receive buffer that fits the rate.

The socket is never written to. What the kernel merged stays merged: one run of frames a datagram.
"""

from __future__ import annotations

import ctypes
import errno
import select
import socket
import struct
from typing import Any, Final

from gateway.errors import Misconfigured, Unavailable
from gateway.ferry.buffer import address_of
from gateway.ferry.link.mmsg import IOVEC_BYTES, MMsgHdr, iovecs, receive_messages
from gateway.ferry.link.model import FrameRun
from gateway.ferry.link.receive_buffer import DEFAULT_STALL_S, fit_receive_buffer
from gateway.ferry.link.udp_socket import SOL_UDP, udp_socket
from gateway.ferry.shape import HEADER_BYTES, LaneShape

# linux/udp.h; Python 3.11 does not name it.
UDP_GRO: Final = 104
# Datagrams in one recvmmsg: 16 of 64 KiB are 1 MiB, and one block at MTU 9000.
_BATCH: Final = 16
# cmsghdr (16) and an int padded to 8 (cmsg(3)).
_CONTROL_BYTES: Final = 24


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
        self._socket, address = udp_socket(host, port)
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
