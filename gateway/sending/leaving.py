"""Units of the queue `cleared` that cannot be carried: recorded as corrupt, then set aside.

leave() --> alarm, event --> journal durable --> set aside
                                                    | the folder takes nothing
                                                    +--> tried again; the lane goes on
"""

from __future__ import annotations

import time
from collections import deque
from typing import Final

from gateway.audit.event import Event, Recorder, Status
from gateway.errors import Unavailable
from gateway.spool.model import QueueReader
from gateway.unit.number import speak

_RETRY_S: Final = 0.5


class Leaving:
    """What leaves the lane's queue, until it is out."""

    def __init__(self, queue: QueueReader, recorder: Recorder, status: Status) -> None:
        self._queue, self._recorder, self._status = queue, recorder, status
        self._waiting: deque[tuple[int, int]] = deque()
        self._next_s = 0.0

    def leave(self, number: int, reason: int) -> None:
        """A unit is not carried. reason: of the catalogue. Does no I/O."""
        self._status.raise_alarm(reason, unit=speak(number))
        self._recorder.record(Event("corrupt", time.time_ns(), number, number=reason))
        self._waiting.append((number, reason))

    def settle(self, now_s: float) -> None:
        """Journal first, then set aside. Raises Unavailable 6003 and StateUncertain as the queue does."""
        if not self._waiting or now_s < self._next_s:
            return
        self._recorder.commit()
        while self._waiting:
            try:
                self._queue.reject(*self._waiting[0], "corrupt")
            except Unavailable as error:
                self._status.raise_alarm(error.number, **error.fields)
                self._next_s = now_s + _RETRY_S
                return
            self._waiting.popleft()
        for alarm in (6502, 6513):
            self._status.clear_alarm(alarm)
