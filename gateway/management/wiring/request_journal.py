"""What sources of requests tell, into the edge's journal: handed over, so that no caller waits for a disk.

loop's thread: tell() --> waiting (bounded) --> step(), in the thread of the process: record, commit
                             | full
                             v
                check() raises: no request is taken until the journal is back
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from gateway.audit.event import Event, Recorder
from gateway.connectors.request.telling import Told
from gateway.errors import Unavailable

# Some seconds of the fastest callers; a disk that stands still for longer stops them.
MOST_WAITING: Final = 20_000
# Of a refusal that has told nothing: those are thinned where they are made (Refusals).
_STEP_S: Final = 0.1


class JournalTeller:
    """A Teller. One thread tells and checks, another steps."""

    def __init__(
        self,
        recorder: Recorder,
        now_ns: Callable[[], int] = time.time_ns,
        most: int = MOST_WAITING,
    ) -> None:
        self._recorder, self._now_ns, self._most = recorder, now_ns, most
        self._waiting: deque[Event] = deque()

    def tell(self, told: Told) -> None:
        # Those under way when it filled up are still told: check() has let no other in.
        if len(self._waiting) < 2 * self._most:
            fields = dict(told.fields)
            self._waiting.append(
                Event(told.what, self._now_ns(), told.unit, told.channel, told.number, fields)
            )

    def check(self) -> None:
        """Raises Unavailable 6408 while the journal takes nothing."""
        if len(self._waiting) >= self._most:
            raise Unavailable(6408, waiting=len(self._waiting))

    def step(self, _now_s: float) -> float:
        """Raises Unavailable 6003, StateUncertain 6004."""
        if not self._waiting:
            return _STEP_S
        while self._waiting:
            self._recorder.record(self._waiting[0])
            self._waiting.popleft()
        self._recorder.commit()
        return _STEP_S

    def close(self) -> None:
        """What was told before the end is recorded where that can be done."""
        with suppress(Unavailable):
            self.step(0.0)
