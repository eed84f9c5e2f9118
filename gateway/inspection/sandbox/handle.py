"""The guard's end of one child: its socket, its pidfd, what it has served. Ends only this child.

A child is killed through the pidfd that it sent before it saw a unit: never by a number that another
process could have taken over, never by name.
"""

from __future__ import annotations

import array
import contextlib
import fcntl
import os
import select
import signal
import socket
import struct
from typing import Final

from gateway.inspection.sandbox.wire import (
    MAX_FROM_CHILD_BYTES,
    READ_BYTES,
    Garbled,
    Hello,
    Inbox,
    read_from_child,
)

_DESCRIPTOR_ROOM: Final = socket.CMSG_SPACE(array.array("i").itemsize)
# A child whose socket has closed is on its way out: so long for the kernel to take it down.
_ENDING_S: Final = 2.0


class ChildHandle:
    """A child, asked for and perhaps not yet made.

    number: the guard's, the same in the parent. channel: the only one whose units it has, None while
    it has had none. units: handed to it. scratch: the descriptor of its scratch memory, or None.
    """

    __slots__ = ("_pidfd", "_tick_s", "channel", "inbox", "number", "scratch", "socket", "units")

    def __init__(self, number: int, own_end: socket.socket, scratch: int | None) -> None:
        self.number = number
        self.socket = own_end
        self.scratch = scratch
        self.channel: str | None = None
        self.units = 0
        self.inbox = Inbox(MAX_FROM_CHILD_BYTES)
        self._pidfd = -1
        self._tick_s = 0.0

    def tick(self, wait_s: float) -> None:
        """From here a call on the socket ends with BlockingIOError after so long."""
        if wait_s == self._tick_s:
            return
        self._tick_s = wait_s
        self.socket.setblocking(True)
        kernels = struct.pack("ll", int(wait_s), int(wait_s % 1 * 1e6))
        for which in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            self.socket.setsockopt(socket.SOL_SOCKET, which, kernels)

    def greeted(self, wait_s: float) -> bool:
        """Whether the child has said that it is closed off; waits for it. No other exception."""
        if self._pidfd >= 0:
            return True
        try:
            self.socket.settimeout(wait_s)
            # One message of a few bytes, sent at once: it comes whole.
            data, beside, _, _ = self.socket.recvmsg(
                READ_BYTES, _DESCRIPTOR_ROOM, socket.MSG_CMSG_CLOEXEC
            )
            self.inbox.add(data)
            body = self.inbox.take()
            for _, _, packed in beside:
                self._pidfd = array.array("i", packed)[0]
            return (
                self._pidfd >= 0
                and body is not None
                and isinstance(read_from_child(body), Hello)
                and self.inbox.empty
            )
        except (OSError, Garbled):
            return False

    def ends_by_itself(self) -> bool:
        """Wait a moment for a child whose socket has closed: whether its end is its own."""
        if self._pidfd < 0:
            return False
        poll = select.poll()
        poll.register(self._pidfd, select.POLLIN)
        return bool(poll.poll(_ENDING_S * 1000))

    def kill(self) -> None:
        """From here it executes nothing. Does nothing to one that has ended."""
        if self._pidfd >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)

    def close(self) -> None:
        """Let go of it: an idle child ends by the end of its socket."""
        self.socket.close()
        for descriptor in (self._pidfd, -1 if self.scratch is None else self.scratch):
            if descriptor >= 0:
                os.close(descriptor)
        self._pidfd = -1
        self.scratch = None


def scratch_memory(size_bytes: int) -> int | None:
    """A memory file of a fixed size, shared with one child; None for size 0. Raises OSError.

    Neither end can change its size: a map of it stays whole.
    """
    if size_bytes == 0:
        return None
    descriptor = os.memfd_create("scratch", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.ftruncate(descriptor, size_bytes)
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK)
    return descriptor
