"""Units that are recorded as left and still to be set aside, because their folder takes nothing now."""

from __future__ import annotations

from collections import deque
from itertools import islice
from typing import Final

from gateway.audit.event import Status
from gateway.errors import Unavailable
from gateway.guard.outcome import Exit
from gateway.spool.model import QueueReader, Taken

# Set aside together, with one sync of their folder.
_GROUP_UNITS: Final = 64
# With more of them nothing further is taken.
_WAITING_UNITS: Final = 256
_WAIT_S: Final = 1.0


class Leaving:
    """The way out of a queue. A folder that takes nothing is tried again; other units go on."""

    def __init__(self, reader: QueueReader, status: Status) -> None:
        self._reader, self._status = reader, status
        self._units: deque[tuple[Taken, Exit]] = deque()
        self._again_s = 0.0
        self._alarm = 0

    @property
    def is_full(self) -> bool:
        return len(self._units) >= _WAITING_UNITS

    def add(self, taken: Taken, left: Exit) -> None:
        self._units.append((taken, left))

    def retry(self, now_s: float) -> None:
        """Set aside what waits, where it is time to."""
        if self._units and now_s >= self._again_s:
            self.set_aside(now_s)

    def set_aside(self, now_s: float) -> None:
        """Set aside all that a folder takes; the rest waits, with an alarm. Raises nothing else."""
        while self._units:
            first = islice(self._units, _GROUP_UNITS)
            exits = [(taken.number, left.number, left.stage.value) for taken, left in first]
            try:
                done = self._reader.reject_all(exits)
            except Unavailable as error:
                self._status.raise_alarm(error.number, **error.fields)
                self._alarm = error.number
                self._again_s = now_s + _WAIT_S
                return
            for _ in range(done):
                self._units.popleft()
        if self._alarm:
            self._status.clear_alarm(self._alarm)
            self._alarm = 0
