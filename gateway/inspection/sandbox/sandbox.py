"""The sandbox as the guard uses it: a unit's bytes and a job's name in, the job's answers out.

    run -> a free place -> a child of the channel -> exchange -> answers
                              |                         |
                              | parent gone             | the child was given up
                              v                         v
                        started anew, with pauses   had it served units before? once more in a fresh child
                                                    otherwise: Refused, the unit is at fault

A child that has had other units may have been harmed by one of them: only a fresh child's end speaks
against a unit. Then on_ask is asked all over again; on_again is called first.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from gateway.errors import Refused, Unavailable
from gateway.inspection.sandbox.endings import (
    ChildFault,
    Ending,
    SandboxGone,
    fault_of_status,
    no_child,
    not_started,
    parent_ended,
    refusal,
    sandbox_closed,
)
from gateway.inspection.sandbox.exchange import OnAsk, Unit, exchange
from gateway.inspection.sandbox.handle import ChildHandle
from gateway.inspection.sandbox.pool import Pool
from gateway.inspection.sandbox.preloaded import Launched, launch
from gateway.inspection.sandbox.settings import SandboxSettings, allowance_s
from gateway.inspection.sandbox.wire import MAX_REQUEST_BYTES

# Between two starts of a parent that does not come up: units wait anyway, the processor need not.
_FIRST_PAUSE_S: Final = 1.0
_LONGEST_PAUSE_S: Final = 30.0
# A child greets within a fork; the wait covers a machine under load.
_GREETING_S: Final = 20.0


@dataclass(frozen=True, slots=True)
class SandboxFigures:
    """Counted since the sandbox was made."""

    units: int
    parents_started: int
    children_started: int
    tried_again: int


class Sandbox:
    """Runs jobs on hostile data. Thread-safe; does no I/O until `start` or the first `run`.

    program: the module that serves the jobs (serve.serve), as `python -m` names it.
    """

    def __init__(self, settings: SandboxSettings, program: str) -> None:
        self._settings = settings
        self._program = program
        # A semaphore of the library costs ten times what this does.
        self._places: queue.SimpleQueue[None] = queue.SimpleQueue()
        for _ in range(settings.children):
            self._places.put(None)
        self._starting = threading.Lock()
        self._counting = threading.Lock()
        self._launched: Launched | None = None
        self._pool: Pool | None = None
        self._closed = False
        self._not_before_s = 0.0
        self._pause_s = _FIRST_PAUSE_S
        self._units = self._parents = self._again = self._earlier_children = 0

    def launch(self) -> None:
        """Let the pre-loaded parent begin to load; `start` or the first `run` waits for it. Raises nothing:
        what is wrong is told there."""
        with self._starting, contextlib.suppress(Unavailable):
            if not self._closed and self._pool is None and self._launched is None:
                self._launched = launch(self._program)

    def start(self) -> tuple[str, ...]:
        """Start the pre-loaded parent, if it does not run; gives the protections in force.

        Raises Unavailable and nothing else. A guard calls it at its own start.
        """
        return tuple(self._living().parent.ready.protections)

    def run(
        self,
        job: str,
        channel: str,
        descriptor: int | None,
        request: bytes,
        on_ask: OnAsk,
        on_again: Callable[[], None] | None = None,
        *,
        within_s: float | None = None,
    ) -> list[bytes]:
        """The answers of one job on one unit, all of them; waits for a free child.

        descriptor: the unit's body, open for reading only (or sealed against writing); stays the
        caller's. Its position is shared with the child: read it with pread. request: MAX_REQUEST_BYTES
        at most; a small body may be in it. on_ask runs in this thread and must not call run. within_s: less
        time than the settings give.
        Raises Refused (3983 to 3993), Unavailable (3980 to 3982, 3994), what on_ask raises, and
        nothing else.
        """
        size_bytes = len(request) + (0 if descriptor is None else _size_of_readable(descriptor))
        if len(request) > MAX_REQUEST_BYTES:
            raise RuntimeError("a request is longer than one message")
        unit = Unit(job, request, descriptor, size_bytes, on_ask, within_s)
        self._places.get()
        try:
            fresh = size_bytes > self._settings.small_bytes
            try:
                return self._try(unit, channel, fresh)
            except _Worn:
                with self._counting:
                    self._again += 1
            if on_again is not None:
                on_again()
            return self._try(unit, channel, fresh=True)
        finally:
            self._places.put(None)

    def run_together(
        self, job: str, channel: str, request: bytes, units: int, within_s: float
    ) -> list[bytes] | None:
        """The answers of one job on several small units of a channel; nothing may be asked.

        One try, within this time: None where it gave no answers, for whatever reason. Then nothing is known
        of any of the units, and each is asked about by itself. Raises nothing else.
        """
        if units > self._settings.units_a_child:
            return None
        self._places.get()
        try:
            unit = Unit(job, request, None, len(request), _unasked, within_s)
            return self._try(unit, channel, fresh=False, units=units)
        except (_Worn, Refused, Unavailable):
            return None
        finally:
            self._places.put(None)

    def figures(self) -> SandboxFigures:
        pool = self._pool
        children = self._earlier_children + (0 if pool is None else pool.started)
        return SandboxFigures(self._units, self._parents, children, self._again)

    def parent_pid(self) -> int | None:
        """The process of the pre-loaded parent, for the status page."""
        pool = self._pool
        return None if pool is None else pool.parent.pid

    def close(self) -> None:
        """End the parent and all children; a unit in work ends as Unavailable."""
        with self._starting:
            self._closed = True
            if self._launched is not None:
                self._launched.close()
            if self._pool is not None:
                self._pool.close()

    def _try(self, unit: Unit, channel: str, fresh: bool, units: int = 1) -> list[bytes]:
        pool = self._living()
        if unit.job not in pool.parent.ready.jobs:
            raise RuntimeError(f"no such job: {unit.job}")
        cpu_s = self._settings.cpu_s + allowance_s(unit.size_bytes)
        try:
            child = pool.take(channel, fresh, cpu_s, units)
        except SandboxGone as error:
            raise parent_ended(unit.job, channel) from error
        try:
            if not child.greeted(_GREETING_S):
                raise no_child()
            answers = exchange(child, unit, self._settings)
        except ChildFault as fault:
            raise self._given_up(pool, child, fault, unit.job, channel, cpu_s) from fault
        except BaseException:
            # The caller's own refusal, or no child: what this one says is not waited for.
            pool.drop(child)
            raise
        pool.give_back(child, single=fresh)
        with self._counting:
            self._units += units
        return answers

    def _given_up(
        self, pool: Pool, child: ChildHandle, fault: ChildFault, job: str, channel: str, cpu_s: int
    ) -> Exception:
        """What the end of a child means for its unit."""
        worn = child.units > 1
        try:
            if fault.ending is Ending.CLOSED:
                own_end = child.ends_by_itself()
                child.kill()
                wait_status = pool.parent.end_of(child)
                fault = fault_of_status(wait_status) if own_end else fault
                if fault.ending is Ending.CPU:
                    fault = ChildFault(Ending.CPU, limit=cpu_s)
        except SandboxGone:
            return sandbox_closed() if self._closed else parent_ended(job, channel)
        finally:
            pool.drop(child)
        # The kernel kills the children of a parent that ends: nothing is known of the unit.
        if fault.ending is Ending.KILLED and not pool.parent.alive:
            return parent_ended(job, channel)
        return _Worn() if worn else refusal(fault, job, channel)

    def _living(self) -> Pool:
        """The children of a parent that runs, started anew where it has ended. Raises Unavailable."""
        pool = self._pool
        if pool is not None and not self._closed and pool.parent.alive:
            return pool
        with self._starting:
            if self._closed:
                raise sandbox_closed()
            if self._pool is not None and self._pool.parent.alive:
                return self._pool
            if time.monotonic() < self._not_before_s:
                raise not_started("waiting")
            self._bury()
            self._pool = self._started()
            return self._pool

    def _bury(self) -> None:
        if self._pool is not None:
            self._earlier_children += self._pool.started
            self._pool.close()
            self._pool = None

    def _started(self) -> Pool:
        launched, self._launched = self._launched, None
        try:
            parent = (launched or launch(self._program)).ready(self._settings)
        except Unavailable:
            self._not_before_s = time.monotonic() + self._pause_s
            self._pause_s = min(2 * self._pause_s, _LONGEST_PAUSE_S)
            raise
        self._pause_s = _FIRST_PAUSE_S
        self._parents += 1
        return Pool(parent, self._settings)


class _Worn(Exception):
    """A child that had served other units was given up. Stays inside."""


def _unasked(_question: bytes, _leaf: object) -> bytes:
    """Of several units at once no question says which one it is about."""
    raise ChildFault(Ending.GARBAGE)


def _size_of_readable(descriptor: int) -> int:
    """The size of a body; a descriptor through which a child could write is a bug of ours.

    A memory file is open for both: it counts as readable only when it is sealed against writing.
    """
    if fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE != os.O_RDONLY:
        seals = 0
        with contextlib.suppress(OSError):
            seals = fcntl.fcntl(descriptor, fcntl.F_GET_SEALS)
        if not seals & fcntl.F_SEAL_WRITE:
            raise RuntimeError("a unit's descriptor is open for writing")
    return os.fstat(descriptor).st_size
