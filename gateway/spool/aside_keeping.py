"""How long refused and corrupt units stay: by age and by bytes, oldest first. Held ones stay for ever.

    stored --(within age and bytes)--> kept --> past keeping --> description removed, then the body
                                                     | cannot be removed
                                                     +--> told, tried again at the next look

`held` waits for people and is never touched. Of a unit whose answer is not in the log yet (a crash in
between) nothing is removed. A body whose description is gone is what a crash in here left: removed.
`aside_past_keeping` is pure; the rest lists folders, a bounded number of names at a time.
"""

from __future__ import annotations

import heapq
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from gateway.spool import set_aside
from gateway.spool.disk import Disk
from gateway.spool.intervals import IntervalSet
from gateway.spool.layout import Layout, ordinal_of

# What nobody has come for in a month is in the journal, with its reason; the bytes may go.
DEFAULT_AGE_S: Final = 30 * 86_400.0
DEFAULT_BYTES: Final = 10 << 30

_STAGES: Final = ("refused", "corrupt")
_EVERY_S: Final = 60.0
# A flood of refusals is noticed sooner, but the folder is not listed more often than this.
_SOONEST_S: Final = 1.0
# At most a twentieth of the time goes into listing.
_COST_SHARE: Final = 20
# Sets of files removed in one look: the queue's reader waits meanwhile.
_AT_ONCE: Final = 256


@dataclass(frozen=True, slots=True)
class Removal:
    """One unit that is past keeping.

    folder: where it lay. why: `age` or `size`. failed: the system's reason where it still lies there.
    """

    number: int | None
    stage: str
    folder: Path
    reason: int
    set_aside_at_ns: int
    size_bytes: int
    why: str
    failed: str = ""


def _tell_nobody(removal: Removal) -> None:
    """Where nobody asks."""


@dataclass(frozen=True, slots=True)
class AsideKeep:
    """Limits for refused and corrupt units together; 0 means that this one is not set.

    on_removal: is told of each, after the fact; what it raises ends the look.
    """

    age_s: float = DEFAULT_AGE_S
    bytes: int = DEFAULT_BYTES
    on_removal: Callable[[Removal], None] = _tell_nobody


@dataclass(frozen=True, slots=True, order=True)
class Aside:
    """One set of files. at_ns: when its description was written. size_bytes: all its files."""

    at_ns: int
    description: Path
    size_bytes: int


def aside_past_keeping(
    oldest: Sequence[Aside], total_bytes: int, keep: AsideKeep, now_ns: int
) -> list[tuple[Aside, str]]:
    """What goes now, and why. oldest: oldest first; total_bytes: of all there are. Does no I/O."""
    gone: list[tuple[Aside, str]] = []
    for one in oldest:
        is_old = keep.age_s > 0 and now_ns - one.at_ns > keep.age_s * 1e9
        is_much = keep.bytes > 0 and total_bytes > keep.bytes
        if not is_old and not is_much:
            break
        gone.append((one, "age" if is_old else "size"))
        total_bytes -= one.size_bytes
    return gone


# What a queue does of which nothing was said: keeps for a month, up to 10 GiB, and tells nobody.
USUAL: Final = AsideKeep()


class AsideKeeper:
    """Looks after refused/ and corrupt/ of one queue. Nothing here raises OSError."""

    def __init__(self, layout: Layout, disk: Disk, keep: AsideKeep) -> None:
        self._layout, self._disk, self._keep = layout, disk, keep
        self._next_s = self._soonest_s = 0.0
        self._bytes = 0
        self._is_first = True

    def stored(self, size_bytes: int) -> None:
        """One more unit was set aside."""
        self._bytes += size_bytes

    def is_due(self, now_s: float) -> bool:
        """Whether it is time for `run`."""
        too_much = 0 < self._keep.bytes < self._bytes
        return now_s >= self._next_s or (too_much and now_s >= self._soonest_s)

    def run(self, acked: IntervalSet, now_s: float) -> None:
        """Remove what is past keeping, a bounded number at a time. Raises what on_removal raises."""
        began_s = time.monotonic()
        gone: list[tuple[Aside, str]] = []
        with suppress(OSError):
            if self._is_first:
                self._remove_orphans(acked)
                self._is_first = False
            found = _Totals(self._sets(acked))
            oldest = heapq.nsmallest(_AT_ONCE, found)
            self._bytes = found.size_bytes
            gone = aside_past_keeping(oldest, self._bytes, self._keep, time.time_ns())
        cost_s = (time.monotonic() - began_s) * _COST_SHARE
        self._soonest_s = now_s + max(_SOONEST_S, cost_s)
        self._next_s = now_s + max(_EVERY_S, cost_s)
        if len(gone) == _AT_ONCE:
            self._next_s = self._soonest_s
        for one, why in gone:
            self._remove(one, why)

    def _sets(self, acked: IntervalSet) -> Iterator[Aside]:
        for stage in _STAGES:
            with os.scandir(self._layout.aside(stage)) as listing:
                for item in listing:
                    ordinal = ordinal_of(item.name)
                    if item.name.endswith(".json") and ordinal is not None and ordinal in acked:
                        with suppress(FileNotFoundError):
                            yield _aside_of(Path(item.path))

    def _remove_orphans(self, acked: IntervalSet) -> None:
        for stage in _STAGES:
            for body in list(self._layout.aside(stage).glob("[0-9a-f]*.body")):
                ordinal = ordinal_of(body.name)
                if ordinal is None or ordinal not in acked:
                    continue
                if not body.with_suffix(".json").exists():
                    with suppress(OSError):
                        self._disk.unlink(body)

    def _remove(self, one: Aside, why: str) -> None:
        stage = one.description.parent.name
        described = set_aside.read(one.description, stage)
        removal = Removal(
            number=described.number if described else None,
            stage=stage,
            folder=one.description.parent,
            reason=described.reason if described else 0,
            set_aside_at_ns=described.at_ns if described else one.at_ns,
            size_bytes=one.size_bytes,
            why=why,
        )
        try:
            # The description first: from here nothing stands for the unit.
            self._disk.unlink(one.description)
            with suppress(FileNotFoundError):
                self._disk.unlink(one.description.with_suffix(".body"))
        except OSError as error:
            removal = replace(removal, failed=error.strerror or str(error))
        else:
            self._bytes -= one.size_bytes
        self._keep.on_removal(removal)


class _Totals:
    """Counts the bytes of what goes through, so that one listing serves both."""

    def __init__(self, sets: Iterator[Aside]) -> None:
        self._sets, self.size_bytes = sets, 0

    def __iter__(self) -> Iterator[Aside]:
        for one in self._sets:
            self.size_bytes += one.size_bytes
            yield one


def _aside_of(description: Path) -> Aside:
    status = description.stat()
    size_bytes = status.st_size
    with suppress(FileNotFoundError):
        size_bytes += description.with_suffix(".body").stat().st_size
    return Aside(status.st_mtime_ns, description, size_bytes)
