"""A bug in the calling of a peer costs the outcome of one request, and is told: event, alarm, answer.

    performer raises what is no GatewayError --> unknown() --> StateUncertain 6496, told like any other
                                                   |
                                  request.fault, alarm 6496 for an hour after the last

What a peer answers is untrusted: no answer of one may end the process that calls all of them. unknown() from
any thread, step() from that of the process.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from traceback import walk_tb
from typing import Final, Protocol

from gateway.audit.event import Event, Recorder, Status
from gateway.errors import StateUncertain, Unavailable
from gateway.unit.model import Manifest

FAULT: Final = 6496
# Long enough for people to see it; a success says nothing of the answer that brought it about.
ALARM_S: Final = 3_600.0
# Between two steps; those above are counted alone.
_MOST_EVENTS: Final = 100
_STEP_S: Final = 0.5


class Unknown(Protocol):
    """Says what is known of a request that ended in a bug."""

    def __call__(self, manifest: Manifest, operation: str, error: Exception) -> StateUncertain:
        """Raises MemoryError where that is what it was: nobody knows what else it broke."""
        ...


class Faults:
    """The bugs of an edge's sinks. A Step of gateway.management.process."""

    def __init__(
        self,
        recorder: Recorder,
        status: Status,
        clock: Callable[[], float] = time.monotonic,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._recorder, self._status = recorder, status
        self._clock, self._now_ns = clock, now_ns
        self._untold: deque[Event] = deque()
        # An alarm and how long it stands go together, so that none ends that is raised in this moment.
        self._alarm = threading.Lock()
        self._clear_at_s: float | None = None
        self._fatal: MemoryError | None = None

    def unknown(self, manifest: Manifest, operation: str, error: Exception) -> StateUncertain:
        """See Unknown."""
        if isinstance(error, MemoryError):
            # A task of a loop ends by it, and nothing else: step() ends the process.
            self._fatal = error
            raise error
        channel, kind, at = manifest.channel, type(error).__name__, _place(error)
        self._status.count("sink_faults_total")
        with self._alarm:
            self._status.raise_alarm(FAULT, channel=channel, error=kind, at=at)
            self._clear_at_s = self._clock() + ALARM_S
        if len(self._untold) < _MOST_EVENTS:
            self._untold.append(
                Event(
                    "request.fault", self._now_ns(), manifest.number, channel, FAULT,
                    {"operation": operation, "error": kind, "at": at},
                )
            )  # fmt: skip
        return StateUncertain(FAULT, channel=channel, error=kind, at=at)

    def step(self, _now_s: float) -> float:
        """Raises Unavailable 6003, StateUncertain 6004: events wait meanwhile; MemoryError of unknown()."""
        if self._untold:
            while self._untold:
                self._recorder.record(self._untold[0])
                self._untold.popleft()
            self._recorder.commit()
        if self._fatal is not None:
            fatal, self._fatal = self._fatal, None
            raise fatal
        with self._alarm:
            if self._clear_at_s is not None and self._clock() >= self._clear_at_s:
                self._clear_at_s = None
                self._status.clear_alarm(FAULT)
        return _STEP_S

    def close(self) -> None:
        """What was told before the end is recorded where that can be done."""
        with suppress(Unavailable):
            self.step(0.0)


def _place(error: Exception) -> str:
    """File and line where it was raised: of our code, no value of a peer."""
    frames = [(frame.f_code.co_filename, line) for frame, line in walk_tb(error.__traceback__)]
    if not frames:
        return "unknown"
    ours = [one for one in frames if "/gateway/" in one[0]]
    name, line = (ours or frames)[-1]
    return f"{Path(name).name}:{line}"
