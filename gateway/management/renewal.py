"""Keys of a running guard: taken anew at a reload, and watched so that none ends unnoticed.

SIGHUP --> read keys/ --good--> the next unit is sealed or opened with them
               |
               wrong: those before stay in force, an alarm stands until a good reload
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from gateway.audit.event import Event, Recorder, Status
from gateway.errors import GatewayError, Misconfigured
from gateway.identity.expiry import expiries
from gateway.management.host import PURGE_EVERY_S


class KeysInForce:
    """take: reads the keys and puts them into use, or raises Misconfigured and changes nothing."""

    def __init__(self, take: Callable[[], None], recorder: Recorder, status: Status) -> None:
        self._take, self._recorder, self._status = take, recorder, status
        self._alarm = 0

    def reload(self) -> None:
        """Does I/O, raises nothing."""
        try:
            self._take()
        except Misconfigured as error:
            self._clear(error.number)
            self._alarm = error.number
            self._status.raise_alarm(error.number, **error.fields)
            event = Event("keys.refused", time.time_ns(), number=error.number, fields=error.fields)
            self._recorder.record(event)
            return
        self._clear(0)
        self._recorder.record(Event("keys.loaded", time.time_ns()))

    def _clear(self, standing: int) -> None:
        if self._alarm and self._alarm != standing:
            self._status.clear_alarm(self._alarm)
            self._alarm = 0


class ExpiryWatch:
    """Raises an alarm for what ends soon: once an hour, at start, and after a reload."""

    def __init__(self, keys: Path, status: Status) -> None:
        self._keys, self._status = keys, status
        self._next_s = 0.0
        self._standing: set[int] = set()

    def step(self, now_s: float) -> float:
        if now_s >= self._next_s:
            self._next_s = now_s + PURGE_EVERY_S
            self.look()
        return PURGE_EVERY_S

    def look(self) -> None:
        """Look now. Does I/O, raises nothing: what cannot be read, its reader says."""
        try:
            ends = expiries(self._keys)
        except GatewayError:
            return
        # The soonest end of each kind; the rest of them `ferrygate pki list` shows.
        warnings: dict[int, Misconfigured] = {}
        for expiry in ends:
            if (warning := expiry.warning(time.time_ns())) is not None:
                warnings.setdefault(warning.number, warning)
        for number in self._standing - set(warnings):
            self._status.clear_alarm(number)
        for number, warning in warnings.items():
            self._status.raise_alarm(number, **warning.fields)
        self._standing = set(warnings)
