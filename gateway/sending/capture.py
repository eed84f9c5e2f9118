"""The loop of a sending edge: from the sources of all channels into the queue `captured`.

    source.claim --> source.read --> queue.put --> event `captured` --> source.finish
                                         |
                            From here the source may forget it.

A restart walks the same way: a claim that the queue has had is only finished, any other is put. Knows no
file, no folder and no protocol: those are the sources' (gateway.connectors), given by wiring.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from gateway.audit.event import Event, Recorder, Status
from gateway.errors import Field, Unavailable
from gateway.spool.model import Entry, QueueWriter
from gateway.unit.edge import Capture, Progress, Skip, Source
from gateway.unit.encode import encode_captured

# Enough that the syncs of a batch cost little a unit; inline bodies of a batch are at most 16 MiB.
BATCH_UNITS: Final = 256
# The world is asked again soon, then less often.
FIRST_WAIT_S: Final = 0.5
LONGEST_WAIT_S: Final = 30.0
# However quiet it is: a source that comes back is noticed within this time.
_LONGEST_STEP_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class _Later:
    """Something that is not tried again before until_s, and why."""

    error: Unavailable
    until_s: float
    wait_s: float


@dataclass(slots=True)
class _Feed:
    """One channel's source and how it is. down: the whole source waits. later: single claims wait."""

    channel: str
    source: Source
    down: _Later | None = None
    later: dict[int, _Later] = field(default_factory=dict)
    # Recorded, not finished yet: a journal that cannot commit must not be given the same event twice.
    recorded: set[int] = field(default_factory=set)
    skips: list[Skip] = field(default_factory=list)

    def troubles(self) -> list[Unavailable]:
        """What stands in the way at present."""
        waiting = [*self.later.values(), *([self.down] if self.down is not None else [])]
        return [later.error for later in waiting]


class Capturer:
    """Moves what sources have into the queue. One thread calls step()."""

    def __init__(
        self,
        sources: Mapping[str, Source],
        queue: QueueWriter,
        next_number: Callable[[], int],
        recorder: Recorder,
        status: Status,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        """sources: by channel. next_number: a number that no unit has had; raises Unavailable."""
        self._feeds = [_Feed(channel, source) for channel, source in sources.items()]
        self._queue = queue
        self._next_number = next_number
        self._recorder, self._status = recorder, status
        self._now_ns = now_ns
        self._alarms: set[int] = set()

    def step(self, now_s: float) -> float:
        """One batch of each source that is due; gives the seconds until the next call is wanted.

        0: more is there. Does I/O, of bounded size. Raises StateUncertain and nothing else: what is
        Unavailable waits, with an alarm, while the other channels go on.
        """
        wait_s = _LONGEST_STEP_S
        for feed in self._feeds:
            if feed.down is None or now_s >= feed.down.until_s:
                wait_s = min(wait_s, self._serve(feed, now_s))
            if feed.down is not None:
                wait_s = min(wait_s, feed.down.until_s - now_s)
        self._show_alarms()
        return wait_s

    def close(self) -> None:
        """Let go of the sources; what they have claimed is found by the next run."""
        for feed in self._feeds:
            feed.source.close()

    def _serve(self, feed: _Feed, now_s: float) -> float:
        try:
            numbers = feed.source.claim(self._fresh_number, BATCH_UNITS)
            more = self._pass_on(feed, numbers, now_s)
            self._record_skips(feed)
        except Unavailable as error:
            feed.down = _put_off(error, feed.down, now_s)
            return feed.down.wait_s
        feed.down = None
        until_s = min(
            (later.until_s for later in feed.later.values()), default=now_s + LONGEST_WAIT_S
        )
        return 0.0 if more else min(feed.source.wait_s(), max(until_s - now_s, 0.0))

    def _pass_on(self, feed: _Feed, numbers: Sequence[int], now_s: float) -> bool:
        """A batch of claims into the queue; gives whether something moved. Raises Unavailable."""
        had = [number for number in numbers if self._queue.has(number)]
        captures, more = self._read(feed, set(numbers).difference(had), now_s)
        if captures:
            self._queue.put([_entry(capture) for capture in captures])
        # From here the source may forget it.
        for number in had:
            # An earlier run ended between the put and the finish, perhaps before the event.
            self._record(feed, number, {"again": 1})
        for capture in captures:
            body = capture.unit.file
            fields: dict[str, Field] = {"name": body.name, "size_bytes": body.size_bytes}
            self._record(feed, capture.unit.number, fields)
        finished = had + [capture.unit.number for capture in captures]
        if finished:
            self._recorder.commit()
            feed.source.finish(finished)
            feed.recorded.difference_update(finished)
            self._status.count("units_captured_total", len(captures))
        return more or bool(finished)

    def _read(self, feed: _Feed, numbers: set[int], now_s: float) -> tuple[list[Capture], bool]:
        """What can be read now, and whether a copy goes on. One that cannot does not stop the others."""
        captures: list[Capture] = []
        copying = False
        feed.later = {n: later for n, later in feed.later.items() if n in numbers}
        for number in sorted(numbers):
            before = feed.later.get(number)
            if before is not None and now_s < before.until_s:
                continue
            try:
                answer = feed.source.read(number, self._queue.staging())
            except Unavailable as error:
                feed.later[number] = _put_off(error, before, now_s)
                continue
            feed.later.pop(number, None)
            if isinstance(answer, Capture):
                captures.append(answer)
            else:
                copying = copying or answer is Progress.MORE
        return captures, copying

    def _fresh_number(self) -> int:
        """A number that the queue has not had either, should the counter have come from a backup."""
        number = self._next_number()
        while self._queue.has(number):
            number = self._next_number()
        return number

    def _record(self, feed: _Feed, number: int, fields: Mapping[str, Field]) -> None:
        if number not in feed.recorded:
            event = Event("captured", self._now_ns(), number, feed.channel, 0, fields)
            self._recorder.record(event)
            feed.recorded.add(number)

    def _record_skips(self, feed: _Feed) -> None:
        feed.skips += feed.source.skips()
        if not feed.skips:
            return
        while feed.skips:
            self._record_skip(feed.channel, feed.skips[0])
            del feed.skips[0]
        self._recorder.commit()

    def _record_skip(self, channel: str, skip: Skip) -> None:
        event = Event("source.skipped", self._now_ns(), None, channel, skip.number, skip.fields)
        self._recorder.record(event)
        self._status.count("source_skipped_total")

    def _show_alarms(self) -> None:
        standing: set[int] = set()
        for feed in self._feeds:
            for error in feed.troubles():
                self._status.raise_alarm(error.number, **{"channel": feed.channel, **error.fields})
                standing.add(error.number)
        for number in self._alarms - standing:
            self._status.clear_alarm(number)
        self._alarms = standing


def _put_off(error: Unavailable, before: _Later | None, now_s: float) -> _Later:
    wait_s = min(before.wait_s * 2, LONGEST_WAIT_S) if before is not None else FIRST_WAIT_S
    return _Later(error, now_s + wait_s, wait_s)


def _entry(capture: Capture) -> Entry:
    return Entry(capture.unit.number, encode_captured(capture.unit), capture.body)
