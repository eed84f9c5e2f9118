"""The guard's end of the pre-loaded parent: starts it, asks it for children, asks how one ended.

    launch --(it loads)--Begin--> (it closes itself off, tries one child) --Ready--> spawn*, end_of*  -> close

A fresh interpreter, so that nothing of the guard (keys, threads, open files) can be in it: its
environment holds where Python's modules are and nothing else.
"""

from __future__ import annotations

import array
import contextlib
import os
import select
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Final

import msgspec

from gateway.inspection.sandbox.endings import SandboxGone, not_started
from gateway.inspection.sandbox.handle import ChildHandle, scratch_memory
from gateway.inspection.sandbox.settings import SandboxSettings
from gateway.inspection.sandbox.wire import (
    MAX_PACKET_BYTES,
    Begin,
    Ended,
    Query,
    Ready,
    Spawn,
    ToParent,
    from_parent,
    packet,
)

# The parent answers within a fork; one that does not is as good as gone.
_ANSWER_S: Final = 10.0
# It ends by the end of its socket; so long until it is killed.
_ENDING_S: Final = 5.0


class Preloaded:
    """One running parent. Thread-safe. ready: its jobs and the protections in force."""

    def __init__(
        self, process: subprocess.Popen[bytes], control: socket.socket, ready: Ready
    ) -> None:
        self.ready = ready
        self._process = process
        self._control = control
        self._lock = threading.Lock()
        self._children = 0

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether its socket is still open: it ends only with the process. No system call but one poll."""
        poll = select.poll()
        try:
            poll.register(self._control, 0)
            return not poll.poll(0)
        except (OSError, ValueError):
            return False

    def spawn(self, settings: SandboxSettings, cpu_s: int) -> ChildHandle:
        """Ask for a child; it is there when it has greeted. Raises SandboxGone."""
        own_end, childs_end = socket.socketpair()
        scratch = scratch_memory(settings.scratch_bytes)
        with self._lock:
            self._children += 1
            child = ChildHandle(self._children, own_end, scratch)
        beside = array.array("i", [childs_end.fileno(), *([] if scratch is None else [scratch])])
        with childs_end:
            try:
                self._control.sendmsg(
                    [packet(Spawn(child.number, cpu_s))],
                    [(socket.SOL_SOCKET, socket.SCM_RIGHTS, beside)],
                )
            except OSError as error:
                child.close()
                raise SandboxGone from error
        return child

    def end_of(self, child: ChildHandle) -> int | None:
        """The wait status of a child that has been killed or has ended. Raises SandboxGone."""
        with self._lock:
            try:
                self._say(Query(child.number))
                answer = from_parent.decode(self._control.recv(MAX_PACKET_BYTES))
            except (OSError, msgspec.DecodeError) as error:
                raise SandboxGone from error
        if not isinstance(answer, Ended) or answer.child != child.number:
            raise SandboxGone
        return answer.wait_status

    def close(self) -> None:
        """End it, and with it all its children; waits until it is gone."""
        with self._lock:
            self._control.close()
        try:
            self._process.wait(_ENDING_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _say(self, message: ToParent) -> None:
        self._control.send(packet(message))


class Launched:
    """A parent that loads, and has no child yet: nothing is given to it before it is ready."""

    def __init__(self, process: subprocess.Popen[bytes], control: socket.socket) -> None:
        self._process, self._control = process, control

    def ready(self, settings: SandboxSettings) -> Preloaded:
        """Wait until all is loaded and closed off. Raises Unavailable and nothing else."""
        self._control.settimeout(settings.start_s)
        reason = "silent"
        with contextlib.suppress(OSError, msgspec.DecodeError):
            self._control.send(packet(Begin(settings.memory_bytes, settings.scratch_bytes)))
            answer = from_parent.decode(self._control.recv(MAX_PACKET_BYTES))
            if isinstance(answer, Ready):
                self._control.settimeout(_ANSWER_S)
                return Preloaded(self._process, self._control, answer)
            reason = "unknown answer" if isinstance(answer, Ended) else answer.reason
        status = self.close()
        raise not_started(f"exit {status}" if status > 0 else reason)

    def close(self) -> int:
        """End it; gives its exit status, below 0 where it was killed."""
        self._control.close()
        self._process.kill()
        return self._process.wait()


def launch(program: str) -> Launched:
    """Start the parent: `python -m program`, a module that ends with serve.serve(its jobs).

    Does not wait for it. Raises Unavailable and nothing else.
    """
    control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        try:
            return Launched(_run(program, theirs), control)
        except OSError as error:
            control.close()
            raise not_started(error.strerror or "start") from error


def start(program: str, settings: SandboxSettings) -> Preloaded:
    """Launch it and wait until all is loaded and closed off. Raises Unavailable and nothing else."""
    return launch(program).ready(settings)


def _run(program: str, control: socket.socket) -> subprocess.Popen[bytes]:
    modules = os.pathsep.join(str(Path(folder).absolute()) for folder in sys.path if folder)
    return subprocess.Popen(  # noqa: S603 - our own interpreter, a module named in code
        [sys.executable, "-P", "-s", "-m", program],
        stdin=control.fileno(),
        stdout=subprocess.DEVNULL,
        cwd="/",
        # Libraries of linear algebra start a thread for each processor unless told not to.
        env={
            "PYTHONPATH": modules,
            "LC_ALL": "C.UTF-8",
            "OPENBLAS_NUM_THREADS": "1",
            "OMP_NUM_THREADS": "1",
        },
        start_new_session=True,
    )
