"""Requests that a source wants durable, into the queue `captured`: one group commit for all that wait.

loop's thread: submit() --> waiting (bounded) --> step(), in the thread of the process
                                                  note --> put --> event --> journal --> answer
                                                            From here the caller may forget it.

note: of receipts. A crash before the put leaves nothing but that; one between put and answer leaves a request
that is performed once and a caller that does not know. Knows no protocol and no judgement.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from gateway.audit.event import Event, Recorder, Status
from gateway.errors import Field, GatewayError, Refused, StateUncertain, Unavailable
from gateway.spool.model import Entry, Put, QueueWriter
from gateway.unit.decode import decode_captured
from gateway.unit.encode import encode_captured
from gateway.unit.model import CapturedUnit
from gateway.unit.number import speak
from gateway.unit.request import FailureBody, RequestBody, ResponseBody

# As many callers as an edge keeps waiting for answers; their contents in memory besides.
MAX_WAITING: Final = 2_048
MAX_WAITING_BYTES: Final = 64 << 20
# As a capturer's batch: the syncs cost little a unit, and the first does not wait long.
BATCH_UNITS: Final = 256
# A disk that stands still for longer is told as what it is: nobody knows.
DURABLE_WITHIN_S: Final = 10.0
_STEP_S: Final = 0.01


class Notes(Protocol):
    """What is kept of submitted requests, so that their callers can ask for the outcome."""

    def submitted(self, units: Sequence[CapturedUnit]) -> None:
        """Durable when it returns. Raises Unavailable."""
        ...

    def not_kept(self, units: Sequence[CapturedUnit]) -> None:
        """The queue has not taken these, which were noted last: they are performed by nobody."""
        ...


@dataclass(slots=True)
class _Waiting:
    unit: CapturedUnit
    entry: Entry
    size_bytes: int
    loop: asyncio.AbstractEventLoop
    durable: asyncio.Future[None]

    def settle(self, error: GatewayError | None) -> None:
        """Tell the caller, from any thread; a loop that has ended has no caller."""
        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self._settle, error)

    def _settle(self, error: GatewayError | None) -> None:
        if self.durable.done():
            return
        if error is None:
            self.durable.set_result(None)
        else:
            self.durable.set_exception(error)


class QueueSubmitter:
    """submit() in a loop's thread, step() in the process's. notes: None where nobody can ask."""

    def __init__(
        self,
        queue: QueueWriter,
        recorder: Recorder,
        status: Status,
        notes: Notes | None = None,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._queue, self._recorder, self._status = queue, recorder, status
        self._notes, self._now_ns = notes, now_ns
        self._lock = threading.Lock()
        self._waiting: deque[_Waiting] = deque()
        self._bytes = 0
        self._is_closed = False
        # Durable in the queue; their events not recorded, or not yet in the journal.
        self._unrecorded: deque[_Waiting] = deque()
        self._put: list[_Waiting] = []

    def staging(self) -> Path:
        """See Submitter."""
        return self._queue.staging()

    async def submit(self, unit: CapturedUnit, content: bytes | Path) -> None:
        """See Submitter. Raises Refused 1080, Unavailable 6420 and as the queue, StateUncertain 6422."""
        try:
            waiting = self._take(unit, content)
        except BaseException:
            _discard(content)
            raise
        try:
            async with asyncio.timeout(DURABLE_WITHIN_S):
                await waiting.durable
        except TimeoutError as error:
            raise StateUncertain(6422, unit=speak(unit.number)) from error

    def _take(self, unit: CapturedUnit, content: bytes | Path) -> _Waiting:
        encoded = encode_captured(unit)
        # What its guard could not read would be set aside after the caller has his receipt.
        decode_captured(encoded)
        in_memory = len(content) if isinstance(content, bytes) else 0
        loop = asyncio.get_running_loop()
        entry = Entry(unit.number, encoded, content)
        waiting = _Waiting(unit, entry, in_memory, loop, loop.create_future())
        with self._lock:
            full = len(self._waiting) >= MAX_WAITING or self._bytes > MAX_WAITING_BYTES
            if full or self._is_closed:
                raise Unavailable(6420, waiting=len(self._waiting))
            self._waiting.append(waiting)
            self._bytes += in_memory
        return waiting

    def step(self, _now_s: float) -> float:
        """Make durable what waits. Raises StateUncertain as the queue, Unavailable where the journal does."""
        self._tell_put()
        batch = self._batch()
        if not batch:
            return _STEP_S
        try:
            if self._notes is not None:
                self._notes.submitted([one.unit for one in batch])
            put = self._queue.put([one.entry for one in batch])
        except Unavailable as error:
            if self._notes is not None:
                self._notes.not_kept([one.unit for one in batch])
            for one in batch:
                _discard(one.entry.body)
                one.settle(error)
            return _STEP_S
        # From here the caller may forget it: whatever becomes of him, the request is performed.
        for one, answer in zip(batch, put, strict=True):
            if answer is Put.DUPLICATE:
                # The counter came back from a backup: the number is another request's.
                one.settle(Unavailable(6420, waiting=len(batch)))
                continue
            self._unrecorded.append(one)
        self._tell_put()
        return 0.0

    def close(self) -> None:
        """What waits is made durable where that can be done; whoever comes now is told to come again."""
        with self._lock:
            self._is_closed = True
        with suppress(Unavailable, StateUncertain):
            while self._waiting or self._unrecorded or self._put:
                self.step(0.0)

    def _batch(self) -> list[_Waiting]:
        with self._lock:
            count = min(BATCH_UNITS, len(self._waiting))
            batch = [self._waiting.popleft() for _ in range(count)]
            self._bytes -= sum(one.size_bytes for one in batch)
        return batch

    def _record(self, one: _Waiting) -> None:
        unit = one.unit
        fields: dict[str, Field] = {"name": _name(unit), "size_bytes": unit.body.size_bytes}
        if unit.brought_by:
            fields["caller"] = unit.brought_by
        self._recorder.record(
            Event("captured", self._now_ns(), unit.number, unit.channel, 0, fields)
        )

    def _tell_put(self) -> None:
        """Journal first, then the callers. Raises Unavailable 6003: they wait, and then do not know."""
        while self._unrecorded:
            self._record(self._unrecorded[0])
            self._put.append(self._unrecorded.popleft())
        if not self._put:
            return
        self._recorder.commit()
        put, self._put = self._put, []
        self._status.count("units_captured_total", len(put))
        for one in put:
            one.settle(None)


def _name(unit: CapturedUnit) -> str:
    if isinstance(unit.body, RequestBody | ResponseBody | FailureBody):
        return unit.body.operation
    raise Refused(1052, unit=speak(unit.number))


def _discard(content: bytes | Path) -> None:
    if isinstance(content, Path):
        content.unlink(missing_ok=True)
