"""The pre-loaded parent: a program of its own, without keys, that forks a closed-off child for the guard.

    fresh interpreter, all parsers imported -> Begin -> close off -> trial child -> Ready
        -> ( Spawn: fork | Query: how did it end )*  -> end of the guard's socket: children killed, _exit

A program that serves jobs imports its parsers at the top and ends with

    if __name__ == "__main__":
        serve({"pdf": check_pdf, "xml": check_xml})

so the table of jobs is code, and nothing is imported by a name that came from data. It has one thread,
reads only what the guard says, and never a unit: bodies go by it, from the guard to the child.
"""

from __future__ import annotations

import array
import contextlib
import gc
import os
import select
import signal
import socket
from collections import OrderedDict
from collections.abc import Mapping
from typing import Final, NoReturn

from gateway.inspection.sandbox.child import Child
from gateway.inspection.sandbox.closing_off import (
    close_off_child,
    close_off_parent,
    single_threaded,
)
from gateway.inspection.sandbox.filter import child_filter
from gateway.inspection.sandbox.kernel import Filter
from gateway.inspection.sandbox.limits import loaded_bytes
from gateway.inspection.sandbox.wire import (
    MAX_PACKET_BYTES,
    READ_BYTES,
    Begin,
    Ended,
    FromParent,
    Job,
    Query,
    Ready,
    Spawn,
    Unready,
    packet,
    to_parent,
)

# The guard's socket stands where a program has its input.
_CONTROL: Final = 0
_BESIDE_ROOM: Final = socket.CMSG_SPACE(2 * array.array("i").itemsize)
# Ends that the guard never asks for (a child that it had retired crashed): the latest are kept.
_KEPT_ENDS: Final = 1024
_TRIAL_CPU_S: Final = 5
# Ended by one of its own steps before it was closed off.
_NOT_CLOSED_OFF: Final = 70


def serve(jobs: Mapping[str, Job]) -> NoReturn:
    """Be the pre-loaded parent with these jobs, until the guard hangs up; ends the process."""
    for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # The guard decides: it may still be finishing its unit while the service is being stopped.
        signal.signal(one, signal.SIG_IGN)
    control = socket.socket(fileno=os.dup(_CONTROL))
    try:
        Parent(control, jobs).run()
    except OSError:
        # The guard has gone.
        os._exit(0)


class Parent:
    def __init__(self, control: socket.socket, jobs: Mapping[str, Job]) -> None:
        self._control = control
        self._jobs = jobs
        self._begin = Begin(0, 0)
        self._own_bytes = 0
        self._rules: Filter | None = None
        self._running: dict[int, int] = {}  # pid: child
        self._ends: OrderedDict[int, int] = OrderedDict()  # child: wait status

    def run(self) -> NoReturn:
        """Raises OSError when the guard is gone."""
        self._begin = self._first_message()
        self._say(self._get_ready())
        # From here nothing is worth a line of the guard's journal; 0 is /dev/null by now.
        os.dup2(_CONTROL, 2)
        wake = _wake_on_child_end()
        poll = select.poll()
        poll.register(self._control, select.POLLIN)
        poll.register(wake, select.POLLIN)
        while True:
            ready = [descriptor for descriptor, _ in poll.poll()]
            if wake in ready:
                os.read(wake, 4096)
                self._reap()
            if self._control.fileno() in ready:
                self._hear()

    def _get_ready(self) -> Ready | Unready:
        _silence_input_and_output()
        if not single_threaded():
            return Unready("threads")
        self._own_bytes = loaded_bytes()
        try:
            self._rules = child_filter()
            protections = close_off_parent()
        except OSError as error:
            return Unready(f"closing off: {error.strerror}"[:80])
        # What is loaded stays as it is: the collector of a child does not touch its pages.
        gc.disable()
        gc.collect()
        gc.freeze()
        if not self._trial():
            return Unready("trial")
        return Ready(sorted(self._jobs), protections)

    def _trial(self) -> bool:
        """A child is made and closed off once before the guard relies on it."""
        ours, theirs = socket.socketpair()
        with ours:
            pid = self._fork(theirs.detach(), -1, _TRIAL_CPU_S)
            greeted = bool(ours.recv(READ_BYTES))
        return os.waitpid(pid, 0)[1] == 0 and greeted

    def _hear(self) -> None:
        data, beside, _, _ = self._control.recvmsg(
            MAX_PACKET_BYTES, _BESIDE_ROOM, socket.MSG_CMSG_CLOEXEC
        )
        if not data:
            self._end()
        descriptors = array.array("i")
        for _, _, packed in beside:
            descriptors.frombytes(packed)
        message = to_parent.decode(data)
        if isinstance(message, Spawn):
            self._spawn(message, list(descriptors))
        elif isinstance(message, Query):
            self._say(Ended(message.child, self._end_of(message.child)))

    def _spawn(self, message: Spawn, descriptors: list[int]) -> None:
        scratch = descriptors[1] if len(descriptors) > 1 else -1
        # Where no process can be made the socket is closed: the guard sees an end before the Hello.
        with contextlib.suppress(OSError):
            self._running[self._fork(descriptors[0], scratch, message.cpu_s)] = message.child
        if scratch >= 0:
            os.close(scratch)

    def _fork(self, child_socket: int, scratch: int, cpu_s: int) -> int:
        """A child's pid. Takes over the socket. Raises OSError."""
        parent = os.getpid()
        try:
            pid = os.fork()
        except OSError:
            os.close(child_socket)
            raise
        if pid:
            os.close(child_socket)
            return pid
        try:
            self._become_child(parent, child_socket, scratch, cpu_s)
        finally:
            os._exit(_NOT_CLOSED_OFF)

    def _become_child(self, parent: int, child_socket: int, scratch: int, cpu_s: int) -> NoReturn:
        if self._rules is None:
            raise RuntimeError("a child before the filter")
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self._control.detach()
        space_bytes = self._own_bytes + self._begin.memory_bytes + self._begin.scratch_bytes
        pidfd = close_off_child(parent, child_socket, scratch, space_bytes, cpu_s, self._rules)
        Child(self._jobs, self._begin.scratch_bytes).live(pidfd)

    def _reap(self) -> None:
        while self._running:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            self._note_end(pid, status)

    def _note_end(self, pid: int, status: int) -> None:
        child = self._running.pop(pid)
        if status:
            self._ends[child] = status
            if len(self._ends) > _KEPT_ENDS:
                self._ends.popitem(last=False)

    def _end_of(self, child: int) -> int | None:
        """The wait status of a child that the guard has killed or seen end: waits for no other."""
        for pid, running in self._running.items():
            if running == child:
                self._note_end(*os.waitpid(pid, 0))
                return self._ends.pop(child, 0)
        return self._ends.pop(child, None)

    def _first_message(self) -> Begin:
        message = to_parent.decode(self._control.recv(MAX_PACKET_BYTES) or packet(Query(0)))
        if not isinstance(message, Begin):
            raise OSError("the guard has gone")
        return message

    def _say(self, message: FromParent) -> None:
        self._control.send(packet(message))

    def _end(self) -> NoReturn:
        for pid in self._running:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        os._exit(0)


def _silence_input_and_output() -> None:
    """Standard input and output become /dev/null, while one can still be opened."""
    null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    os.dup2(null, 0)
    os.dup2(null, 1)
    os.close(null)


def _wake_on_child_end() -> int:
    """A descriptor that can be read when a child has ended."""
    reading, writing = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, _only_wake)
    return reading


def _only_wake(_number: int, _frame: object) -> None:
    """The wakeup descriptor does the work."""
