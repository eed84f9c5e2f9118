"""Requests that came through the queue `admitted`, performed: each at most once, or as often as it may be.

    taken --> its turn --> begun (durable) --> peer --> result (durable) --> events --> acknowledged
                  ^             |               |
                  |             |               +-- a bug of the sink: told, outcome unknown
                  |             |               +-- no connection: not performed; again, until it gives up
                  +-------------|---------------+-- outcome unknown and repeatable: three times at most
                                +-- crash: begun and no result: outcome unknown, never begun again

One thread calls take() and step(); the peer is called in the loop's thread, by `perform`. What came of a
request goes to the journal, never its content; where somebody waits for it, its answer goes into the queue
that leads back.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from contextlib import suppress
from pathlib import Path
from typing import Final, Protocol

from gateway.audit.event import Event, Recorder, Status
from gateway.errors import Field, GatewayError, Refused, StateUncertain, Unavailable
from gateway.receiving.due_lines import Lines
from gateway.receiving.due_requests import UNKNOWN, Due, End, Terms, lost, performed
from gateway.receiving.faults import Unknown
from gateway.receiving.performed_marks import PerformedMarks
from gateway.spool.model import QueueReader, Taken
from gateway.unit.model import Stage
from gateway.unit.request import RequestBody
from gateway.unit.shares import has_share
from gateway.unit.stages import Admitted
from gateway.unit.submitting import PerformedBody

__all__ = ["Answering", "DurablePerformer", "Terms"]

# Repeatable ones, in all, whatever crashes in between; and how long after one that failed.
MOST_TRIES: Final = 3
PAUSES_S: Final = (2.0, 10.0)
# A peer that is away is asked again soon, then less often, as a destination of files is.
FIRST_WAIT_S: Final = 0.5
LONGEST_WAIT_S: Final = 10.0
# Of bodies in hand that are no files.
MAX_IN_HAND_BYTES: Final = 32 << 20
# One for which there is no room in hand, or whose channel this host does not know yet.
PUT_OFF_S: Final = 1.0
NO_CHANNEL_S: Final = 2.0
# One that its caller waits for is not begun when he has gone: his time by his host's clock, and what two
# clocks that somebody looks after may be apart.
_CLOCKS_APART_S: Final = 600.0
_STEP_S: Final = 0.01
_SOON_S: Final = 0.001
_QUICK_S: Final = 0.05
# A process that is stopped in order leaves nothing of which nobody knows, if the peer is quick enough.
DRAIN_S: Final = 5.0
_S: Final = 10**9

GAVE_UP: Final = 6424
CALLER_GONE: Final = 6427
NO_CHANNEL: Final = 6428


class Answering(Protocol):
    """Where answers go that somebody waits for. Durable when they return; raise Unavailable."""

    def answer(self, admitted: Admitted, performed: PerformedBody) -> None: ...

    def fail(self, admitted: Admitted, head: RequestBody, error: GatewayError) -> None: ...


Perform = Callable[[Admitted, RequestBody], Future[PerformedBody]]


class DurablePerformer:
    """terms: of a channel and operation, None where the policy in force does not know them.

    perform: calls the peer once; its Future raises as BodyPerformer. unknown: what is told of a bug there.
    answering: None in a gate of one lane.
    """

    def __init__(
        self,
        queue: QueueReader,
        marks: PerformedMarks,
        perform: Perform,
        terms: Callable[[str, str], Terms | None],
        recorder: Recorder,
        status: Status,
        unknown: Unknown,
        answering: Answering | None = None,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._queue, self._marks, self._perform = queue, marks, perform
        self._unknown = unknown
        self._terms, self._answering = terms, answering
        self._recorder, self._status, self._now_ns = recorder, status, now_ns
        self._lines = Lines()
        self._due: dict[int, Due] = {}
        self._bytes = 0
        self._bytes_of: Counter[str] = Counter()
        self._under_way: dict[int, Future[PerformedBody]] = {}
        self._ends: list[End] = []
        self._waiting: dict[str, GatewayError] = {}
        self._alarms: set[int] = set()

    def take(self, taken: Taken, admitted: Admitted, head: RequestBody) -> None:
        """A unit that the queue has given. Does no I/O but to put it off. Raises Unavailable of the queue."""
        channel, number = admitted.manifest.channel, admitted.manifest.number
        terms = self._terms(channel, head.operation)
        if terms is None:
            error = Unavailable(NO_CHANNEL, channel=channel, operation=head.operation)
            self._defer(taken, channel, error)
            self._waiting[channel] = error
            self._lines.leave(channel, number)
            self._queue.release(number, NO_CHANNEL_S)
            return
        waited = self._waiting.get(channel)
        if waited is not None and waited.number == NO_CHANNEL:
            del self._waiting[channel]
        in_memory = admitted.body.size_bytes if admitted.body.path is None else 0
        # A channel holds as much as it leaves free, so that one whose peer is away puts off no other.
        own_bytes, free_bytes = self._bytes_of[channel], MAX_IN_HAND_BYTES - self._bytes
        has_room = not in_memory or has_share(own_bytes, in_memory, free_bytes)
        if not self._lines.add(channel, number, has_room):
            is_away = channel in self._waiting
            self._queue.release(number, LONGEST_WAIT_S if is_away else PUT_OFF_S)
            return
        self._bytes += in_memory
        self._bytes_of[channel] += in_memory
        self._due[number] = Due(admitted, head, terms, in_memory)

    def step(self, now_s: float) -> float:
        """Settle what has come, begin what is due. Raises StateUncertain; Unavailable where nothing moves."""
        self._answer()
        settled = self._settle(now_s)
        self._answer()
        begun = self._begin(now_s)
        self._show_alarms()
        if settled or begun:
            return 0.0
        # Most peers answer at once; who does not is looked at less often.
        latest_s = max((self._due[number].began_s for number in self._under_way), default=0.0)
        return _SOON_S if time.monotonic() - latest_s < _QUICK_S else _STEP_S

    def close(self) -> None:
        """What is under way may come to its end, for DRAIN_S; then nobody knows of it but the marks."""
        wait(self._under_way.values(), DRAIN_S)
        with suppress(Unavailable):
            self._settle(time.monotonic())
            self._answer()
        self._marks.close()

    def _settle(self, now_s: float) -> bool:
        done = {n: one for n, one in self._under_way.items() if one.done()}
        for number, future in done.items():
            due = self._due[number]
            try:
                answer = future.result()
            except GatewayError as error:
                self._failed(due, error, now_s)
            except Exception as error:  # noqa: BLE001 a bug: told, and its request's alone
                unknown = self._unknown(due.admitted.manifest, due.head.operation, error)
                # Told once, also where what follows has to be done again.
                self._under_way[number] = Future()
                self._under_way[number].set_exception(unknown)
                self._failed(due, unknown, now_s)
            else:
                self._performed(due, answer)
            del self._under_way[number]
        return bool(done)

    def _begin(self, now_s: float) -> bool:
        turn = [self._due[number] for number in self._turns(now_s)]
        try:
            fresh = [due for due in turn if not (self._is_known(due) or self._is_over(due))]
            self._marks.begin([due.number for due in fresh])
        except Unavailable:
            ended = {end.due.number for end in self._ends}
            for due in turn:
                if due.number not in ended:
                    self._lines.again(due.channel, due.number, now_s + FIRST_WAIT_S)
            raise
        for due in fresh:
            due.began_s = time.monotonic()
            self._under_way[due.number] = self._perform(due.admitted, due.head)
        return bool(turn)

    def _turns(self, now_s: float) -> list[int]:
        found: list[int] = []
        for channel in self._lines.channels():
            terms = next(due.terms for due in self._due.values() if due.channel == channel)
            is_ordered = terms.is_submitted and terms.is_ordered
            found += self._lines.next(now_s, is_ordered, channel)
        return found

    def _is_known(self, due: Due) -> bool:
        """Whether an earlier run has begun it, and it is not begun again: then that is told."""
        mark = self._marks.get(due.number)
        if mark is None:
            return False
        if mark.result:
            self._end(due, mark.result, again=True)
            return True
        if due.terms.may_repeat and mark.tries < MOST_TRIES:
            return False
        self._lost(due, StateUncertain(UNKNOWN), again=True)
        return True

    def _is_over(self, due: Due) -> bool:
        """Whether it is too late to begin: told, and not performed."""
        age_s = (self._now_ns() - due.admitted.manifest.captured_at_ns) / _S
        if not due.terms.is_submitted:
            if age_s <= due.head.answer_within_ms / 1000 + _CLOCKS_APART_S:
                return False
            self._lost(due, Unavailable(CALLER_GONE))
            return True
        # Each is tried once at least, however long it lay in a queue.
        waited = self._waiting.get(due.channel)
        if waited is None or not due.away_s or age_s <= due.terms.waits_s:
            return False
        if self._marks.get(due.number) is None:
            self._lost(due, Refused(GAVE_UP, reason=waited.number))
        else:
            self._lost(due, StateUncertain(UNKNOWN))
        return True

    def _performed(self, due: Due, answer: PerformedBody) -> None:
        status = answer.head.status
        if due.terms.is_submitted or self._answering is None:
            if isinstance(answer.content, Path):
                answer.content.unlink(missing_ok=True)
        elif not due.is_answered:
            self._answering.answer(due.admitted, answer)
            due.is_answered = True
        self._marks.result([(due.number, status)])
        self._end(due, status)

    def _failed(self, due: Due, error: GatewayError, now_s: float) -> None:
        if isinstance(error, Unavailable) and due.terms.is_submitted:
            self._away(due, error, now_s)
            return
        if isinstance(error, Refused) and error.fields.get("performed"):
            self._tell(due, error)
            self._marks.result([(due.number, error.number)])
            self._end(due, error.number)
            return
        tries = self._tries(due)
        uncertain = not isinstance(error, Refused | Unavailable)
        if uncertain and due.terms.may_repeat and tries < MOST_TRIES:
            pause_s = PAUSES_S[min(tries, len(PAUSES_S)) - 1]
            self._lines.again(due.channel, due.number, now_s + pause_s)
            return
        self._lost(due, error)

    def _away(self, due: Due, error: Unavailable, now_s: float) -> None:
        """No byte went to the peer: the whole line waits for it."""
        # First what may not be possible and can be said twice; then what cannot be taken back twice.
        if not due.away_s:
            self._defer_event(due.number, due.channel, error)
        self._marks.not_performed(due.number)
        due.away_s = min(due.away_s * 2, LONGEST_WAIT_S) if due.away_s else FIRST_WAIT_S
        self._waiting[due.channel] = error
        self._lines.again(due.channel, due.number, now_s + due.away_s)

    def _lost(self, due: Due, error: GatewayError, *, again: bool = False) -> None:
        """It has no result: refused, given up, or nobody knows. Told where somebody waits."""
        self._tell(due, error)
        self._ends.append(lost(due, error, self._tries(due), self._now_ns(), again=again))

    def _end(self, due: Due, result: int, *, again: bool = False) -> None:
        self._ends.append(performed(due, result, self._tries(due), self._now_ns(), again=again))
        self._waiting.pop(due.channel, None)

    def _tell(self, due: Due, error: GatewayError) -> None:
        if self._answering is not None and not due.terms.is_submitted:
            self._answering.fail(due.admitted, due.head, error)

    def _answer(self) -> None:
        """Journal first, then the queue, then the marks may go. Raises Unavailable; call it again."""
        if not self._ends:
            return
        for end in self._ends:
            while end.events:
                self._recorder.record(end.events[0])
                del end.events[0]
        self._recorder.commit()
        done = [end.due.number for end in self._ends if not end.reason]
        if done:
            # From here the queue may forget them: they were performed, and it is on disk.
            self._queue.ack(done)
            self._status.count("units_delivered_total", len(done))
        gone: list[int] = []
        while self._ends:
            due, reason = self._ends[0].due, self._ends[0].reason
            if reason:
                self._queue.reject(due.number, reason, Stage.REFUSED.value)
                self._status.count("units_refused_total")
            self._lines.done(due.channel, due.number)
            self._bytes -= self._due.pop(due.number).in_memory
            self._bytes_of[due.channel] -= due.in_memory
            if not self._bytes_of[due.channel]:
                del self._bytes_of[due.channel]
            if all(one.channel != due.channel for one in self._due.values()):
                self._waiting.pop(due.channel, None)
            gone.append(due.number)
            del self._ends[0]
        self._marks.forget(gone)

    def _defer(self, taken: Taken, channel: str, error: GatewayError) -> None:
        if taken.attempt == 1:
            self._defer_event(taken.number, channel, error)

    def _defer_event(self, number: int, channel: str, error: GatewayError) -> None:
        event = Event(
            Stage.DEFERRED.value, self._now_ns(), number, channel, error.number, dict(error.fields)
        )
        self._recorder.record(event)

    def _tries(self, due: Due) -> int:
        mark = self._marks.get(due.number)
        return mark.tries if mark is not None else 0

    def _show_alarms(self) -> None:
        alarms: dict[int, Mapping[str, Field]] = {}
        for channel, error in self._waiting.items():
            alarms[error.number] = {"channel": channel, **error.fields}
        for number, fields in alarms.items():
            self._status.raise_alarm(number, **fields)
        for number in self._alarms - alarms.keys():
            self._status.clear_alarm(number)
        self._alarms = set(alarms)
