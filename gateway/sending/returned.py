"""What comes back over the opposite lane about this one: from the bodies of control blocks to units that go
again. Reads the log of what was sent; no link, no queue. Only in a gate of two lanes.

    desk of the other lane --hear()--> few bodies wait --look()--> decoded --> Asked --next()--> Request
        (its thread)                       | full: dropped, said again anyway

The bodies come as values: nothing here knows who read them, or from where.
"""

from __future__ import annotations

import time
from collections import deque
from typing import Final

from gateway.audit.event import Event, Recorder, Status
from gateway.errors import Refused
from gateway.ferry.giving_way import LEAST
from gateway.ferry.oneway.records import Resolved
from gateway.ferry.reconcile import Wanted
from gateway.ferry.sentlog import SentLog
from gateway.ferry.twoway.asked import Asked, Limits
from gateway.ferry.twoway.returns import MAX_BODY_BYTES, MissedUnit, decode_missed
from gateway.sending.again import Request
from gateway.unit.number import speak

# Two lists of several blocks; what finds no room is said again a quarter second later.
_WAITING: Final = 16
# A body is read this often, and sendings are looked up: whatever a liar says, the lane goes on meanwhile.
_READ_S: Final = 0.01
_LOOK_UP_S: Final = 0.1
# Units that are not kept: told one by one so many a minute, so that a liar cannot fill the journal.
_TOLD_A_MINUTE: Final = 60
# From the link to the receiver's disk, its next list, and back over the opposite lane.
_ROUND_TRIP_S: Final = 1.0


class Returned:
    """What one receiver asks for. lane: the number of our lane. log: which unit a sending was."""

    def __init__(
        self, lane: int, log: SentLog, recorder: Recorder, status: Status, limits: Limits
    ) -> None:
        self._lane, self._log = lane, log
        self._recorder, self._status = recorder, status
        self._asked = Asked(limits)
        self._heard: deque[tuple[int, bytes]] = deque(maxlen=_WAITING)
        self._now_s = self._read_s = self._look_up_s = 0.0
        self._minute_s, self._told = 0.0, 0
        self.resolved: list[Resolved] = []

    def hear(self, said_in: int, untrusted_body: bytes) -> None:
        """A body has come in a session of the opposite lane. From any thread; does nothing else."""
        if len(untrusted_body) <= MAX_BODY_BYTES:
            self._heard.append((said_in, untrusted_body))

    def look(self, now_s: float) -> None:
        """Read what was heard. May raise Unavailable 5504 as the log does."""
        self._now_s = now_s
        if self._heard and now_s >= self._read_s:
            self._read_s = now_s + _READ_S
            self._read(*self._heard.popleft())
        if now_s >= self._look_up_s:
            self._look_up_s = now_s + _LOOK_UP_S
            self._look_up(now_s)

    def _read(self, said_in: int, untrusted_body: bytes) -> None:
        try:
            missed = decode_missed(untrusted_body)
            if missed.lane != self._lane:
                raise Refused(5302, what="missed lane")
        except Refused:
            self._status.count("returns_malformed_total")
            return
        self._asked.take(missed, said_in, self._now_s)
        self._status.count("returns_heard_total")
        self._show()

    def _look_up(self, now_s: float) -> None:
        spans = self._asked.spans(now_s)
        if spans:
            self._log.sync()
        for span in spans:
            found = self._log.look_up(span.session, span.first, span.last)
            for sequence, number, total in found:
                self.resolved.append(Resolved(span.session, sequence, number, total))
                self._asked.want(MissedUnit(number, total), now_s)

    def _show(self) -> None:
        exhausted = self._asked.exhausted
        self._status.gauge("units_resend_exhausted", len(exhausted))
        if exhausted:
            self._status.raise_alarm(5720, unit=speak(min(exhausted)), units=len(exhausted))
        else:
            self._status.clear_alarm(5720)

    def next(self, limit: int) -> list[Request]:
        """The next units that are asked for and may go now, `limit` of them at most."""
        return [
            Request(Wanted(unit.number, unit.ranges), self, claimed_bytes=unit.total_bytes)
            for unit in self._asked.next(limit, self._now_s)
        ]

    def unknown(self, request: Request) -> None:
        """The unit is not here any more, or as it is asked for: told once, and so many a minute."""
        number = request.wanted.number
        if not self._asked.unknown(number, self._now_s):
            return
        self._status.count("units_resend_unknown_total")
        if self._now_s - self._minute_s >= 60.0:
            self._minute_s, self._told = self._now_s, 0
        self._told += 1
        if self._told <= _TOLD_A_MINUTE:
            self._recorder.record(Event("resend.unknown", time.time_ns(), number, number=5705))

    def began(self, request: Request, total_bytes: int) -> None:
        """It goes."""
        self._status.count("units_resent_total")
        wanted = request.wanted
        self._asked.began(MissedUnit(wanted.number, total_bytes, wanted.ranges))

    def sealed(self, request: Request) -> None:
        """All of it is in blocks: lists that come now may not know that yet."""
        self._asked.ended(request.wanted.number, self._now_s)

    def announced(self, request: Request) -> None:
        """Nothing: whether it has come, the next list says."""

    def settle(self) -> None:
        """Nothing is kept on disk."""


def limits_of(rate_bits_per_s: int, share: float, times: int, buffered_bytes: int) -> Limits:
    """Of a lane of this rate. share: of it. buffered_bytes: in blocks between reading and the link."""
    bytes_per_s = rate_bits_per_s / 8
    # They may have to give way to requests.
    there_s = buffered_bytes / (bytes_per_s * LEAST)
    return Limits(bytes_per_s * share, times, _ROUND_TRIP_S + there_s)
