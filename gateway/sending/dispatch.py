"""Sends what is cleared: joins the queue `cleared` to the sender core and the link. The sending ferry's loop.

    take -> clearance holds? -> chunks into blocks -> paced onto the link -> `sent`
                 | no                                    announced three times -> acknowledged
                 v
              corrupt, alarm

A unit is acknowledged only when its name has been in three index blocks, two seconds after it was sent:
a ferry that dies earlier sends it again, and the receiver takes it once. Small units go between the blocks
of large ones. Lists of gaps that people bring (gateway.ferry.reconcile) lie in the control folder; what
they name goes again, from the units that the queue keeps.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from gateway.audit.event import Event, Recorder, Status
from gateway.errors import Refused, Unavailable
from gateway.ferry.block import MAX_TRAILER_BYTES, MAX_UNIT_BYTES, BlockSeal
from gateway.ferry.link.model import SendOnlyLink
from gateway.ferry.oneway.records import Resolved
from gateway.ferry.oneway.sender import OneWaySender, Sending
from gateway.ferry.pacing import Pacer
from gateway.ferry.pump import Pump
from gateway.ferry.ranges import Range
from gateway.ferry.reconcile import (
    MAX_LIST_BYTES,
    SUFFIX,
    ReconcileList,
    Wanted,
    WantedSequences,
    parse_list,
)
from gateway.ferry.sentlog import SentLog
from gateway.ferry.shape import LaneShape
from gateway.spool.model import QueueReader, Taken
from gateway.unit.number import speak

# The head of a sealed unit, clearance included, is at most this long (docs/SEALING.md).
HEAD_BYTES: Final = 16_384
_TAKE_UNITS: Final = 128
_TAKE_BYTES: Final = 8 << 20
# Units up to this size go at once; larger ones take turns with them, a block at a time.
_SMALL_BYTES: Final = 1 << 20
_LARGE_AT_ONCE: Final = 2
# Large units that wait for their turn are a path and a number each; small ones behind them go on.
_LARGE_WAITING: Final = 1_024
# First byte of the queue header: what its channel says (`limits: priority`), most urgent first.
_PRIORITIES: Final = 3
_NORMAL: Final = 1
# Units that wait for their acknowledgement: ten seconds of the fastest traffic.
_UNANSWERED: Final = 50_000
# How soon a unit that is cleared on an idle gate is seen; costs 200 looks a second.
_LOOK_S: Final = 0.004
_COMMIT_S: Final = 0.25
_CONTROL_S: Final = 0.5
_RETRY_S: Final = 0.5
_RESOLVED_AT_ONCE: Final = 4_096
_TAKEN_SUFFIX: Final = ".taken"


@dataclass(frozen=True, slots=True)
class DispatchSettings:
    """folder: for the logs of what was sent. control: where lists of gaps are left for us."""

    folder: Path
    control: Path
    rate_bits_per_s: int
    interleave_blocks: int = 1


@dataclass(slots=True)
class _Job:
    """One unit, or ranges of it, on its way. answers: acknowledge it in the queue when announced."""

    sending: Sending
    taken: Taken
    ranges: deque[Range]
    answers: bool
    request: Path | None
    stream: BinaryIO | None = None


class _ByPriority:
    """Jobs in the order in which they go: by priority, then as they came."""

    def __init__(self) -> None:
        self._lines: tuple[deque[_Job], ...] = tuple(deque() for _ in range(_PRIORITIES))

    def __len__(self) -> int:
        return sum(map(len, self._lines))

    def append(self, job: _Job) -> None:
        header = job.taken.header
        rank = min(header[0], _PRIORITIES - 1) if header else _NORMAL
        self._lines[rank].append(job)

    @property
    def first(self) -> _Job:
        return next(line for line in self._lines if line)[0]

    def remove_first(self) -> None:
        next(line for line in self._lines if line).popleft()

    def take_turns(self, at_once: int) -> None:
        """The first goes behind the next few of its priority, so that they share the link."""
        line = next(line for line in self._lines if line)
        job = line.popleft()
        line.insert(at_once - 1, job)


class Dispatcher:
    """Joins the queue `cleared` to a link.

    session: claimed durably before, never used again. clearance_holds: whether the first bytes of a
    sealed unit carry a clearance of our guard. Raises Misconfigured 5103, Unavailable 5504 at start.
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
    ) -> None:
        self._queue, self._holds, self._settings = queue, clearance_holds, settings
        self._recorder, self._status = recorder, status
        settings.control.mkdir(mode=0o770, parents=True, exist_ok=True)
        for left in settings.control.glob(f"*{_TAKEN_SUFFIX}"):
            left.rename(left.with_suffix(SUFFIX))
        self._log = SentLog(settings.folder, session)
        depth = settings.interleave_blocks
        self.sender = OneWaySender(
            shape, lane, session, seal, self._log.past, buffers=6 + 2 * depth
        )
        self._pump = Pump(self.sender, link, Pacer(settings.rate_bits_per_s), depth)
        self._small = _ByPriority()
        self._large = _ByPriority()
        self._wanted: deque[tuple[Path, Wanted]] = deque()
        self._resolved: deque[Resolved] = deque()
        self._jobs: dict[int, _Job] = {}
        self._requests: dict[Path, int] = {}
        self._to_ack: list[int] = []
        self._look_s = self._commit_s = self._control_s = self._retry_s = 0.0
        self._uncommitted = False

    def step(self, now_s: float) -> float:
        """A bounded piece of work; gives the seconds until it wants to be called again.

        Raises StateUncertain as the queue does. A link that takes no frames is waited out, with an alarm.
        """
        if now_s < self._retry_s:
            return self._retry_s - now_s
        try:
            beat_s = self.sender.tick(now_s)
            self._look(now_s)
            self._fill()
            wait_s = self._pump.push(now_s)
            self._answer(now_s)
        except Unavailable as error:
            self._status.raise_alarm(error.number, **error.fields)
            self._retry_s = now_s + _RETRY_S
            return _RETRY_S
        if self._retry_s:
            self._retry_s = 0.0
            for number in (5201, 5504, 6003):
                self._status.clear_alarm(number)
        if wait_s > 0:
            return min(wait_s, beat_s)
        busy = not self._pump.idle or self._small or self._large
        return 0.0 if busy else min(beat_s, _LOOK_S)

    def run(self, stop: threading.Event) -> None:
        """step() in a tight loop until stop is set."""
        while not stop.is_set():
            wait_s = self.step(time.monotonic())
            if wait_s > 0.02:
                stop.wait(wait_s)
            elif wait_s > 0:
                time.sleep(wait_s)

    def close(self) -> None:
        """What was announced is answered, the rest is sent again by the next session."""
        self._commit()
        self._log.close()

    # Taking: units from the queue and requests from people.

    def _look(self, now_s: float) -> None:
        if now_s >= self._control_s:
            self._control_s = now_s + _CONTROL_S
            self._read_control()
        while self._wanted and len(self._small) < _TAKE_UNITS and len(self._large) < _LARGE_WAITING:
            self._resend(*self._wanted.popleft())
        room = len(self._small) < _TAKE_UNITS // 2 and len(self._large) < _LARGE_WAITING
        if now_s < self._look_s or not room or len(self._jobs) >= _UNANSWERED:
            return
        taken = self._queue.take(_TAKE_UNITS, _TAKE_BYTES)
        for unit in taken:
            self._accept(unit)
        self._look_s = now_s if len(taken) > _TAKE_UNITS // 2 else now_s + _LOOK_S

    def _accept(self, taken: Taken) -> None:
        """A unit of the queue becomes a job, if its clearance holds."""
        total = taken.body.size_bytes + len(taken.header)
        if total > MAX_UNIT_BYTES or len(taken.header) > MAX_TRAILER_BYTES:
            self._set_aside(taken.number, 5704)
            return
        if not self._cleared(taken):
            self._set_aside(taken.number, 5701)
            return
        self._start(taken, [(0, total)], answers=True, request=None)

    def _cleared(self, taken: Taken) -> bool:
        """Whether the unit may be carried. A body that cannot be read is not cleared."""
        try:
            if taken.body.path is None:
                return self._holds(taken.body.read()[:HEAD_BYTES])
            with taken.body.open() as file:
                return self._holds(file.read(HEAD_BYTES))
        except OSError:
            return False

    def _set_aside(self, number: int, reason: int) -> None:
        self._status.raise_alarm(reason, unit=speak(number))
        self._recorder.record(Event("corrupt", time.time_ns(), number, number=reason))
        self._recorder.commit()
        self._queue.reject(number, reason, "corrupt")

    def _start(
        self, taken: Taken, ranges: list[Range], *, answers: bool, request: Path | None
    ) -> None:
        total = taken.body.size_bytes + len(taken.header)
        sending = self.sender.begin(taken.number, total, len(taken.header))
        self._log.add(taken.number, total)
        job = _Job(sending, taken, deque(ranges), answers, request)
        self._jobs[sending.sequence] = job
        if request is not None:
            self._requests[request] = self._requests.get(request, 0) + 1
        (self._small if total <= _SMALL_BYTES else self._large).append(job)

    def _read_control(self) -> None:
        for path in sorted(self._settings.control.glob(f"*{SUFFIX}")):
            taken = path.with_suffix(_TAKEN_SUFFIX)
            try:
                if path.stat().st_size > MAX_LIST_BYTES:
                    raise Refused(5401, line=0, text="size")
                wanted = parse_list(path.read_text(encoding="utf-8", errors="replace"))
                path.rename(taken)
            except Refused as error:
                self._status.raise_alarm(error.number, **error.fields)
                path.rename(path.with_suffix(".refused"))
                continue
            except OSError:
                continue
            self._take_list(taken, wanted)

    def _take_list(self, path: Path, wanted: ReconcileList) -> None:
        self._requests[path] = 0
        for unit in wanted.units:
            self._wanted.append((path, unit))
        for span in wanted.sequences:
            self._take_sequences(path, span)
        fields = {"units": len(wanted.units), "lane_ranges": len(wanted.sequences)}
        self._recorder.record(Event("resend.requested", time.time_ns(), fields=fields))
        self._uncommitted = True

    def _take_sequences(self, path: Path, span: WantedSequences) -> None:
        self._log.sync()
        for sequence, number, total in self._log.look_up(span.session, span.first, span.last):
            self._resolved.append(Resolved(span.session, sequence, number, total))
            self._wanted.append((path, Wanted(number)))

    def _resend(self, path: Path, wanted: Wanted) -> None:
        taken = self._queue.get(wanted.number)
        if taken is None or not self._cleared(taken):
            self._recorder.record(
                Event("resend.unknown", time.time_ns(), wanted.number, number=5705)
            )
            self._uncommitted = True
            return
        total = taken.body.size_bytes + len(taken.header)
        ranges = [(first, min(end, total)) for first, end in wanted.ranges if first < total]
        self._start(taken, ranges or [(0, total)], answers=False, request=path)

    # Filling: chunks into blocks while there are buffers.

    def _fill(self) -> None:
        while self._resolved:
            entries = [
                self._resolved[i] for i in range(min(len(self._resolved), _RESOLVED_AT_ONCE))
            ]
            if not self.sender.can_take or not self.sender.resolve(entries):
                return
            for _ in entries:
                self._resolved.popleft()
        while self.sender.can_take and (self._small or self._large):
            if self._small:
                if self._advance(self._small.first, whole=True):
                    self._small.remove_first()
                elif not self.sender.can_take:
                    return
            elif self._advance(self._large.first, whole=False):
                self._large.remove_first()
            else:
                self._large.take_turns(_LARGE_AT_ONCE)
        if not self._small and not self._large:
            self.sender.flush()

    def _advance(self, job: _Job, *, whole: bool) -> bool:
        """Put more of a unit into blocks: all there is room for, or one chunk. True when it is complete."""
        while job.ranges:
            first, end = job.ranges[0]
            room = self.sender.room(job.sending, end - first)
            if room is None:
                return False
            done = self._read(job, first, room)
            if done == 0 and end > first:
                self._spoilt(job)
                return True
            self.sender.commit(job.sending, first, done)
            job.ranges.popleft()
            if first + done < end:
                job.ranges.appendleft((first + done, end))
            if not whole and job.ranges:
                return False
        self._end(job)
        return True

    def _read(self, job: _Job, offset: int, room: memoryview) -> int:
        """Fill room from the body, or from the queue header behind it; gives the bytes, 0 for none."""
        body = job.taken.body
        if offset >= body.size_bytes:
            piece = job.taken.header[offset - body.size_bytes :][: len(room)]
            room[: len(piece)] = piece
            return len(piece)
        if body.path is None:
            data = body.read()
            whole = len(data) - offset + len(job.taken.header)
            if len(room) >= whole:
                room[:whole] = data[offset:] + job.taken.header
                return whole
            piece = data[offset : offset + len(room)]
            room[: len(piece)] = piece
            return len(piece)
        return self._read_stream(job, offset, room[: body.size_bytes - offset])

    def _read_stream(self, job: _Job, offset: int, room: memoryview) -> int:
        try:
            if job.stream is None:
                job.stream = job.taken.body.open()
            if job.stream.tell() != offset:
                job.stream.seek(offset)
            done: int = job.stream.readinto(room)  # type: ignore[attr-defined]
        except OSError:
            return 0
        return done

    def _spoilt(self, job: _Job) -> None:
        """The body is shorter than the queue said: nothing more of it is sent."""
        self._end(job)
        if job.answers:
            self._set_aside(job.taken.number, 5702)
            job.answers = False

    def _end(self, job: _Job) -> None:
        if job.stream is not None:
            job.stream.close()
            job.stream = None
        self.sender.end(job.sending)

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
            self._recorder.record(Event(what, at_ns, sending.number, fields=fields))
            self._uncommitted = True
        self._status.count("units_sent_total", len(self.sender.sealed))
        self.sender.sealed.clear()
        for sending in self.sender.announced:
            job = self._jobs.pop(sending.sequence)
            if job.answers:
                self._to_ack.append(sending.number)
            if job.request is not None:
                self._requests[job.request] -= 1
        self.sender.announced.clear()
        if now_s >= self._commit_s and (self._uncommitted or self._to_ack or self._requests):
            self._commit_s = now_s + _COMMIT_S
            self._commit()
            self._show()

    def _commit(self) -> None:
        self._log.sync()
        self._recorder.commit()
        self._uncommitted = False
        numbers, self._to_ack = self._to_ack, []
        if numbers:
            # From here the queue may forget them.
            self._queue.ack(numbers)
        waiting = {path for path, _ in self._wanted}
        for path in [p for p, left in self._requests.items() if left <= 0 and p not in waiting]:
            path.unlink(missing_ok=True)
            del self._requests[path]

    def _show(self) -> None:
        self._status.gauge("lane_session", self.sender.session)
        self._status.gauge("lane_block", self.sender.next_block - 1)
        self._status.gauge("lane_sequence", self.sender.units)
        self._status.gauge("lane_bytes", self.sender.bytes)
        self._status.gauge("units_unannounced", self.sender.unannounced)
