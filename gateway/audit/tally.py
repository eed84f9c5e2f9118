"""Counts units as their events go into the journal: by result and channel, and how long they took.

    Journal --add(event)--> Tally --snapshot--> StatusBoard --> run/PROCESS.json --> gateway.audit.metrics

One place counts what one place records, so that metrics and journal tell the same story. Channels are those
of the policy, never what a unit says of itself: the number of series is bounded. No I/O; calls nobody.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Iterable
from typing import Annotated, Final

import msgspec

from gateway.audit.event import Event
from gateway.policy.counting import read_counted

PASSED: Final = frozenset({"captured", "cleared", "sent", "received", "admitted", "delivered"})
RESULTS: Final = PASSED | {"refused", "held", "corrupt", "deferred"}
# Policies hold some dozens; of more than these the rest is counted under no channel.
MAX_CHANNELS: Final = 512
# Around what people ask for: 150 ms of a lone small file, 2 s mean of an interface, 30 min of images, a day.
BOUNDS_S: Final = (
    0.05,
    0.1,
    0.2,
    0.5,
    1.0,
    2.0,
    5.0,
    15.0,
    60.0,
    300.0,
    1800.0,
    14_400.0,
    86_400.0,
)


# A status file comes from another process: no number of it is larger than arithmetic takes.
Whole = Annotated[int, msgspec.Meta(ge=-(1 << 63), le=(1 << 63) - 1)]


class UnitCount(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """So many units of a channel with a result. channel: "" where it is not known, as for a ferry."""

    what: str
    channel: str
    units: Whole


class UnitTimes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From capture to a stage. counts: units within each of BOUNDS_S and above the one before; the last
    is for those beyond all."""

    what: str
    channel: str
    sum_s: float
    counts: list[Whole]


class HitCount(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """So often what a line of `counted_if` seeks was found in units of a channel that went on. word: the
    line's, of which a channel has four at most."""

    channel: str
    word: str
    hits: Whole


class Tally:
    """The counts of one process since its start. Safe to use from several threads."""

    def __init__(self) -> None:
        self._channels: frozenset[str] = frozenset()
        self._units: dict[tuple[str, str], int] = {}
        self._hits: dict[tuple[str, str], int] = {}
        self._sums_s: dict[tuple[str, str], float] = {}
        self._counts: dict[tuple[str, str], list[int]] = {}
        self._lock = threading.Lock()

    def know(self, channels: Iterable[str]) -> None:
        """The channels of the policy in force; those that it had before keep their counts."""
        fresh = sorted(set(channels) - self._channels)
        self._channels |= set(fresh[: MAX_CHANNELS - len(self._channels)])

    def add(self, event: Event) -> None:
        """Count an event of a unit; any other, and one that tells the same unit again, is left out."""
        if event.unit is None or event.what not in RESULTS or "again" in event.fields:
            return
        key = (event.what, event.channel if event.channel in self._channels else "")
        captured_at_ns = event.fields.get("captured_at_ns") if event.what in PASSED else None
        with self._lock:
            self._units[key] = self._units.get(key, 0) + 1
            self._count_hits(event, key[1])
            if isinstance(captured_at_ns, int):
                # By two clocks: what they differ by goes in; a unit from the future took no time.
                took_s = max(event.at_ns - captured_at_ns, 0) / 1e9
                self._sums_s[key] = self._sums_s.get(key, 0.0) + took_s
                counts = self._counts.setdefault(key, [0] * (len(BOUNDS_S) + 1))
                counts[bisect_left(BOUNDS_S, took_s)] += 1

    def _count_hits(self, event: Event, channel: str) -> None:
        """Once a unit, where it goes on: what is held is told again when it is released."""
        said = event.fields.get("counted")
        if event.what in PASSED and isinstance(said, str):
            for word, hits in read_counted(said).items():
                self._hits[channel, word] = self._hits.get((channel, word), 0) + hits

    def units(self) -> list[UnitCount]:
        """What was counted, by result and channel."""
        with self._lock:
            return [UnitCount(*key, count) for key, count in sorted(self._units.items())]

    def hits(self) -> list[HitCount]:
        """What lines of `counted_if` found, by channel and word."""
        with self._lock:
            return [HitCount(*key, count) for key, count in sorted(self._hits.items())]

    def times(self) -> list[UnitTimes]:
        """How long it took, where the event says when the unit was captured."""
        with self._lock:
            return [
                UnitTimes(*key, round(self._sums_s[key], 6), list(counts))
                for key, counts in sorted(self._counts.items())
            ]
