"""Which child takes a unit: one of its channel with units left, or a fresh one. Bounded, thread-safe.

    fresh --take--> running --give_back--> idle (its channel's) --take--> running ... units_a_child: let go
                            --drop------>  gone

A child has units of one channel in its life. A few fresh ones are asked for ahead, so that a fork costs
time on another processor and not before a unit.
"""

from __future__ import annotations

import threading
from collections import OrderedDict

from gateway.inspection.sandbox.endings import sandbox_closed
from gateway.inspection.sandbox.handle import ChildHandle
from gateway.inspection.sandbox.preloaded import Preloaded
from gateway.inspection.sandbox.settings import SandboxSettings


class Pool:
    """The children of one pre-loaded parent."""

    def __init__(self, parent: Preloaded, settings: SandboxSettings) -> None:
        self.parent = parent
        self.started = 0
        self._settings = settings
        self._lock = threading.Lock()
        self._fresh: list[ChildHandle] = []
        # By number, the one longest idle first.
        self._idle: OrderedDict[int, ChildHandle] = OrderedDict()
        self._closed = False

    def take(self, channel: str, fresh: bool, cpu_s: int, units: int = 1) -> ChildHandle:
        """A child for so many units of the channel, its own until given back or dropped.

        units: units_a_child at most. fresh: one that has had no unit. cpu_s: what it may take; more than
        the setting is a fresh one.
        Raises SandboxGone, Unavailable (closed) and nothing else.
        """
        with self._lock:
            if self._closed:
                raise sandbox_closed()
            child = None if fresh else self._idle_of(channel, units)
            if child is None:
                child = self._new(cpu_s)
            child.channel = channel
            child.units += units
            return child

    def give_back(self, child: ChildHandle, single: bool) -> None:
        """A child that has done its unit well; let go when it has had its number, or was for one unit."""
        with self._lock:
            if single or self._closed or child.units >= self._settings.units_a_child:
                child.close()
                return
            self._idle[child.number] = child
            while len(self._idle) > self._settings.idle_children:
                self._idle.popitem(last=False)[1].close()

    def drop(self, child: ChildHandle) -> None:
        """A child that is done for. It has been killed or has ended."""
        child.kill()
        child.close()

    def close(self) -> None:
        """No further unit; running ones end with the parent."""
        with self._lock:
            self._closed = True
            for child in (*self._fresh, *self._idle.values()):
                child.close()
            self._fresh.clear()
            self._idle.clear()
        self.parent.close()

    def _idle_of(self, channel: str, units: int) -> ChildHandle | None:
        most = self._settings.units_a_child - units
        for number, child in reversed(self._idle.items()):
            if child.channel == channel and child.units <= most:
                del self._idle[number]
                return child
        return None

    def _new(self, cpu_s: int) -> ChildHandle:
        settings = self._settings
        if cpu_s > settings.cpu_s:
            self.started += 1
            return self.parent.spawn(settings, cpu_s)
        # One more than is taken: the next is made while this one works.
        while len(self._fresh) < 2:
            self._fresh.append(self.parent.spawn(settings, settings.cpu_s))
            self.started += 1
        return self._fresh.pop(0)
