"""Sends what is cleared: joins the queue `cleared` to the sender core and the link. The sending ferry's loop.

    take -> clearance holds? -> chunks into blocks -> paced onto the link -> `sent`
                 | no                                    announced three times -> acknowledged
                 v
              corrupt, alarm

A unit is acknowledged only when its name has been in three index blocks, two seconds after it was sent:
a ferry that dies earlier sends it again, and the receiver takes it once. Small units go between the blocks
of large ones (filling.py). What people ask for by lists of gaps (resending.py), and in a gate of two lanes
the receiver by itself (returned.py), goes again, from the units that the queue keeps. Transient units
(transient_lane.py) come from the guard's socket and go before all of them. What lasts of it is written by
another thread (carried.py): meanwhile the queue is left alone, and what was taken goes on.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.audit.event import Event, Recorder, Status
from gateway.errors import Unavailable
from gateway.ferry.block import MAX_TRAILER_BYTES, MAX_UNIT_BYTES, BlockSeal
from gateway.ferry.giving_way import GivingWay
from gateway.ferry.link.model import SendOnlyLink
from gateway.ferry.oneway.sender import OneWaySender
from gateway.ferry.pacing import FRAME_OVERHEAD_BYTES, Pacer
from gateway.ferry.pump import Pump
from gateway.ferry.ranges import Range
from gateway.ferry.sentlog import SentLog
from gateway.ferry.shape import LaneShape
from gateway.ferry.thread_wait import thread_wait_s
from gateway.ferry.throughput import Throughput
from gateway.sending.again import Request, Requests
from gateway.sending.carried import Carried
from gateway.sending.filling import Filler
from gateway.sending.jobs import Job
from gateway.sending.leaving import Leaving
from gateway.sending.resending import Resending
from gateway.sending.two_way import MakeReturning, Urgent
from gateway.spool.model import QueueReader, Taken

# The head of a sealed unit, clearance included, is at most this long (docs/SEALING.md).
HEAD_BYTES: Final = 16_384
_TAKE_UNITS: Final = 128
_TAKE_BYTES: Final = 8 << 20
# Units that wait for their acknowledgement: ten seconds of the fastest traffic.
_UNANSWERED: Final = 50_000
# How soon a unit that is cleared is seen: soon behind another one, later on an idle gate.
_LOOK_S: Final = 0.004
_LONGEST_LOOK_S: Final = 0.016
_COMMIT_S: Final = 0.25
_RETRY_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class DispatchSettings:
    """folder: for the logs of what was sent. control: where lists of gaps are left for us."""

    folder: Path
    control: Path
    rate_bits_per_s: int
    interleave_blocks: int = 1


class Dispatcher:
    """Joins the queue `cleared` to a link.

    session: claimed durably before, never used again. clearance_holds: whether the first bytes of a
    sealed unit carry a clearance of our guard. transient, returning: of a two-way gate. Raises
    Misconfigured 5103, Unavailable 5504 at start.
    """

    def __init__(
        self,
        queue: QueueReader,
        link: SendOnlyLink,
        shape: LaneShape,
        lane: int,
        session: int,
        seal: BlockSeal,
        clearance_holds: Callable[[bytes], bool],
        recorder: Recorder,
        status: Status,
        settings: DispatchSettings,
        transient: Urgent | None = None,
        returning: MakeReturning | None = None,
    ) -> None:
        self._queue, self._holds = queue, clearance_holds
        self._recorder, self._status = recorder, status
        self._log = SentLog(settings.folder, session)
        depth = settings.interleave_blocks
        buffers = 6 + 2 * depth
        self._asking: list[Requests] = [Resending(settings.control, self._log, recorder, status)]
        self._returned = returning(self._log, buffers * shape.block_bytes) if returning else None
        if self._returned is not None:
            self._asking.append(self._returned)
        self.sender = OneWaySender(shape, lane, session, seal, self._log.past, buffers=buffers)
        self._filler = Filler(self.sender, self._spoilt)
        self._transient = transient
        # Held by whoever sends: the loop, or the thread that has brought something urgent; till all is here
        # by nobody but us.
        self._sending = threading.Lock()
        self._sending.acquire()
        self._fault: Exception | None = None
        urgent = (
            transient.open(shape, lane, session, seal, self._send_urgent)
            if transient is not None
            else None
        )
        rate = settings.rate_bits_per_s
        together = depth * shape.symbols * (shape.frame_bytes + FRAME_OVERHEAD_BYTES)
        gives_way = urgent is not None
        self._giving_way = GivingWay(rate, thread_wait_s, together) if gives_way else None
        self._pump = Pump(self.sender, link, Pacer(rate), depth, urgent, self._giving_way)
        self._throughput = Throughput()
        self._jobs: dict[int, Job] = {}
        self._carried = Carried(queue, self._log, recorder, self._asking)
        self._leaving = Leaving(queue, recorder, status)
        self._look_s = self._commit_s = self._retry_s = 0.0
        self._nap_s = _LOOK_S
        self._sending.release()

    def step(self, now_s: float) -> float:
        """A bounded piece of work; gives the seconds until it wants to be called again.

        Raises StateUncertain as the queue does. A link that takes no frames is waited out, with an alarm.
        """
        with self._sending:
            return self._step(now_s)

    def _step(self, now_s: float) -> float:
        if self._fault is not None:
            raise self._fault
        if now_s < self._retry_s:
            return self._retry_s - now_s
        try:
            self._carried.look()
            beat_s = self.sender.tick(now_s)
            if self._transient is not None:
                self._transient.fill()
            self._look(now_s)
            self._filler.fill()
            wait_s = self._pump.push(now_s)
            self._answer(now_s)
            if not self._carried.is_busy:
                self._leaving.settle(now_s)
        except Unavailable as error:
            self._status.raise_alarm(error.number, **error.fields)
            self._retry_s = now_s + _RETRY_S
            return _RETRY_S
        if self._retry_s and not self._carried.is_busy:
            self._retry_s = 0.0
            for number in (5201, 5504, 6003):
                self._status.clear_alarm(number)
        if wait_s > 0:
            return min(wait_s, beat_s)
        is_busy = not self._pump.idle or not self._filler.idle
        return 0.0 if is_busy else min(beat_s, self._nap_s)

    def _send_urgent(self) -> bool:
        """What is urgent goes now, from the thread that has brought it; False: something is for the loop."""
        if self._transient is None or not self._sending.acquire(blocking=False):
            return False
        try:
            if self._retry_s:
                return False
            self._transient.fill()
            return self._pump.push_urgent(time.monotonic())
        except Unavailable:
            # It is kept, and the loop meets the same and says so.
            return False
        except Exception as error:  # noqa: BLE001 handed to step(), which raises it: that thread is to read on
            self._fault = error
            return False
        finally:
            self._sending.release()

    def run(self, stop: threading.Event) -> None:
        """step() in a tight loop until stop is set."""
        self._carried.open()
        try:
            while not stop.is_set():
                wait_s = self.step(time.monotonic())
                is_waiting_for_link = time.monotonic() < self._retry_s
                if wait_s > 0 and self._transient is not None and not is_waiting_for_link:
                    # Until a request comes, or the time is over.
                    self._transient.wait(min(wait_s, 0.02))
                elif wait_s > 0.02:
                    stop.wait(wait_s)
                elif wait_s > 0:
                    time.sleep(wait_s)
        finally:
            self._carried.close()

    def close(self) -> None:
        """What was announced is answered, the rest is sent again by the next session."""
        self._carried.begin()
        self._log.close()

    # Two lanes: values for the other lane, and from it. Both may be called from any thread.

    def say(self, bodies: Sequence[bytes]) -> None:
        """Control blocks about the opposite lane; what was to be said before and has not gone, does not."""
        self._filler.say(bodies)

    def hear(self, said_in: int, untrusted_body: bytes) -> None:
        """What the receiver of this lane has said, in a session of the opposite lane."""
        if self._returned is not None:
            self._returned.hear(said_in, untrusted_body)

    # Taking: units from the queue, and those that are asked for.

    def _look(self, now_s: float) -> None:
        for asking in self._asking:
            asking.look(now_s)
            if asking.resolved:
                self._filler.resolve(asking.resolved)
                asking.resolved.clear()
            if not self._carried.is_busy:
                self._resend_some(asking)
        if self._carried.is_busy:
            return
        if now_s < self._look_s or not self._filler.wants_more or len(self._jobs) >= _UNANSWERED:
            return
        taken = self._queue.take(_TAKE_UNITS, _TAKE_BYTES)
        for unit in taken:
            self._accept(unit)
        self._nap_s = _LOOK_S if taken else min(2 * self._nap_s, _LONGEST_LOOK_S)
        self._look_s = now_s if len(taken) > _TAKE_UNITS // 2 else now_s + self._nap_s

    def _accept(self, taken: Taken) -> None:
        """A unit of the queue becomes a job, if its clearance holds."""
        total = taken.body.size_bytes + len(taken.header)
        if total > MAX_UNIT_BYTES or len(taken.header) > MAX_TRAILER_BYTES:
            self._leaving.leave(taken.number, 5704)
            return
        if not self._cleared(taken):
            self._leaving.leave(taken.number, 5701)
            return
        self._start(taken, [(0, total)], None)

    def _resend_some(self, asking: Requests) -> None:
        """As many of those asked for as there is room for, found in the queue with one search."""
        requests = asking.next(self._filler.room)
        if not requests:
            return
        found = self._queue.get_all({request.wanted.number for request in requests})
        for request in requests:
            self._resend(request, found.get(request.wanted.number))

    def _resend(self, request: Request, taken: Taken | None) -> None:
        if taken is None or not self._cleared(taken):
            request.by.unknown(request)
            return
        total = taken.body.size_bytes + len(taken.header)
        if request.claimed_bytes not in (None, total):
            # Whoever received some of it knows how long it is: what he may cost was reckoned by that.
            request.by.unknown(request)
            return
        ranges = [(first, min(end, total)) for first, end in request.wanted.ranges if first < total]
        self._start(taken, ranges or [(0, total)], request)
        request.by.began(request, total)

    def _cleared(self, taken: Taken) -> bool:
        """Whether the unit may be carried. A body that cannot be read is not cleared."""
        try:
            if taken.body.path is None:
                return self._holds(taken.body.read()[:HEAD_BYTES])
            with taken.body.open() as file:
                return self._holds(file.read(HEAD_BYTES))
        except OSError:
            return False

    def _start(self, taken: Taken, ranges: list[Range], request: Request | None) -> None:
        """request: None for a unit of the queue, which is answered."""
        total = taken.body.size_bytes + len(taken.header)
        sending = self.sender.begin(taken.number, total, len(taken.header))
        self._log.add(taken.number, total)
        job = Job(sending, taken, deque(ranges), request is None, request)
        self._jobs[sending.sequence] = job
        self._filler.add(job)

    def _spoilt(self, job: Job) -> None:
        if job.answers:
            self._leaving.leave(job.taken.number, 5702)
            job.answers = False

    # Answering: journal, then the queue.

    def _answer(self, now_s: float) -> None:
        at_ns = time.time_ns()
        for sending in self.sender.sealed:
            fields = {
                "session": self.sender.session,
                "sequence": sending.sequence,
                "first_block": sending.first_block,
                "last_block": sending.last_block,
                "bytes": sending.total_bytes,
            }
            job = self._jobs[sending.sequence]
            what = "sent" if job.request is None else "resent"
            if job.request is not None:
                job.request.by.sealed(job.request)
            self._recorder.record(Event(what, at_ns, sending.number, fields=fields))
        self._status.count("units_sent_total", len(self.sender.sealed))
        self.sender.sealed.clear()
        for sending in self.sender.announced:
            job = self._jobs.pop(sending.sequence)
            if job.answers:
                self._carried.answer(sending.number)
            if job.request is not None:
                self._carried.tell(job.request)
        self.sender.announced.clear()
        if now_s >= self._commit_s and not self._carried.is_busy:
            self._commit_s = now_s + _COMMIT_S
            self._carried.begin()
            self._show(now_s)

    def _show(self, now_s: float) -> None:
        self._status.gauge("lane_session", self.sender.session)
        self._status.gauge("lane_block", self.sender.next_block - 1)
        self._status.gauge("lane_sequence", self.sender.units)
        self._status.gauge("lane_bytes", self.sender.bytes)
        self._status.gauge("lane_bytes_per_s", self._throughput.per_s(self.sender.bytes, now_s))
        self._status.gauge("units_unannounced", self.sender.unannounced)
        if self._giving_way is not None:
            self._status.gauge("lane_queues_percent", round(100 * self._giving_way.share))
