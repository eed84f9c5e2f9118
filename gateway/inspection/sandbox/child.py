"""The life of one child, once it is closed off: a unit in, answers out, again, until the guard hangs up.

    Hello -> ( Work -> { Asked -> Reply | Answer }* -> Done )*  -> end of stream: _exit

Nothing here opens, starts or imports anything. What goes wrong in a job is told by Failed where it still
can be, and by the end of the process where it cannot: the guard reads both.
"""

from __future__ import annotations

import array
import gc
import mmap
import os
import socket
from collections.abc import Mapping
from typing import Final, NoReturn

from gateway.inspection.sandbox.closing_off import SCRATCH, SOCKET
from gateway.inspection.sandbox.wire import (
    MAX_FROM_GUARD_BYTES,
    MAX_PIECE_BYTES,
    READ_BYTES,
    Answer,
    Asked,
    Done,
    Failed,
    FromChild,
    Hello,
    Inbox,
    Job,
    Reply,
    ToChild,
    Why,
    Work,
    framed,
    pieces,
    to_child,
)

_NO_DESCRIPTOR: Final = -1
_DESCRIPTOR_ROOM: Final = socket.CMSG_SPACE(array.array("i").itemsize)


class _HungUp(Exception):
    """The guard has closed the socket: it wants nothing more of this child."""


class Child:
    """One child's end of the socket. scratch_bytes: size of the scratch memory, 0 for none."""

    def __init__(self, jobs: Mapping[str, Job], scratch_bytes: int) -> None:
        self._jobs = jobs
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, SOCKET)
        self._inbox = Inbox(MAX_FROM_GUARD_BYTES)
        self._unsent = bytearray()
        self._descriptor = _NO_DESCRIPTOR
        self._scratch_bytes = scratch_bytes
        self._scratch: mmap.mmap | None = None

    def live(self, pidfd: int) -> NoReturn:
        """Serve units until the guard hangs up; ends the process."""
        self._greet(pidfd)
        gc.enable()
        try:
            while True:
                self._serve(self._next_work())
        except (_HungUp, OSError):
            os._exit(0)

    def ask(self, question: bytes, leaf: bytes | memoryview | None = None) -> bytes:
        """The job's way to ask the guard (wire.Ask)."""
        if len(question) > MAX_PIECE_BYTES:
            raise ValueError("a question is one piece at most")
        if leaf is not None:
            self._hand_out(leaf)
        self._say(Asked(question, None if leaf is None else len(leaf)))
        self._flush()
        reply = self._receive()
        if not isinstance(reply, Reply):
            raise _HungUp
        return reply.answer

    def _serve(self, work: Work) -> None:
        last: FromChild = Done()
        try:
            for answer in self._jobs[work.job](self._descriptor, work.request, self.ask):
                for piece in pieces(answer):
                    self._say(piece)
        except MemoryError:
            # What was in the way is gone with the frames of the job.
            last = Failed(Why.MEMORY, "")
        except (_HungUp, ConnectionError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever a parser raises is the unit's end, told as such
            last = Failed(Why.RAISED, type(error).__name__[:80])
        self._close_descriptor()
        self._say(last)
        self._flush()

    def _greet(self, pidfd: int) -> None:
        """Says that the filter lies; the guard gives no unit before."""
        beside = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [pidfd]))]
        self._socket.sendmsg([framed(Hello(os.getpid()))], beside)
        os.close(pidfd)

    def _next_work(self) -> Work:
        work = self._receive()
        if not isinstance(work, Work) or work.descriptor != (self._descriptor >= 0):
            raise _HungUp
        return work

    def _receive(self) -> ToChild:
        while (body := self._inbox.take()) is None:
            data, beside, _, _ = self._socket.recvmsg(
                self._inbox.wanted_bytes(), _DESCRIPTOR_ROOM, socket.MSG_CMSG_CLOEXEC
            )
            if not data:
                raise _HungUp
            self._inbox.add(data)
            for _, _, packed in beside:
                self._descriptor = int.from_bytes(packed[:4], "little")
        return to_child.decode(body)

    def _say(self, message: FromChild) -> None:
        self._unsent += framed(message)
        # Answers go together; a long one does not wait for others.
        if len(self._unsent) >= READ_BYTES or not isinstance(message, Answer):
            self._flush()

    def _flush(self) -> None:
        if self._unsent:
            self._socket.sendall(self._unsent)
            self._unsent.clear()

    def _hand_out(self, leaf: bytes | memoryview) -> None:
        if len(leaf) > self._scratch_bytes:
            raise ValueError("a leaf is as long as the scratch memory at most")
        if self._scratch is None:
            self._scratch = mmap.mmap(SCRATCH, self._scratch_bytes)
        self._scratch[: len(leaf)] = bytes(leaf) if isinstance(leaf, memoryview) else leaf

    def _close_descriptor(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = _NO_DESCRIPTOR
