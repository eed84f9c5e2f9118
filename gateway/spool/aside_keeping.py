"""How long refused and corrupt units stay: by age, bytes and number, oldest first. Held ones stay for ever.

    stored --(within the limits)--> kept --> past keeping --> description removed, then the body
                                                 | cannot be removed
                                                 +--> told, tried again at the next look

    look in slices --> the oldest, in order --> 256 of them a step, while a limit is passed --> look again

`held` waits for people and is never touched. Of a unit whose answer is not in the log yet (a crash in
between) nothing is removed. A body whose description is gone is what a crash in here left: removed.
`aside_past_keeping` is pure; the folders are listed by gateway.spool.aside_listing. A flood of refusals
meets a steady state: each step removes more than one group of units can set aside.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Final

from gateway.spool import set_aside
from gateway.spool.aside_listing import Aside, Listing, body_of
from gateway.spool.disk import Disk
from gateway.spool.intervals import IntervalSet
from gateway.spool.layout import Layout

# What nobody has come for in a month is in the journal, with its reason; the bytes may go.
DEFAULT_AGE_S: Final = 30 * 86_400.0
DEFAULT_BYTES: Final = 10 << 30
# Two inodes each: small ones end the inodes of a file system long before its bytes.
DEFAULT_COUNT: Final = 100_000

_EVERY_S: Final = 60.0
# A flood of refusals is noticed sooner, but the folder is not listed more often than this.
_SOONEST_S: Final = 1.0
# At most a twentieth of the time goes into listing that removes nothing.
_COST_SHARE: Final = 20
# Sets of files removed in one step: the queue's reader waits meanwhile.
_AT_ONCE: Final = 256
# What a description takes besides the header in it, until it is seen.
_DESCRIPTION_BYTES: Final = 256


@dataclass(frozen=True, slots=True)
class Removal:
    """One unit that is past keeping.

    folder: where it lay. why: `age`, `size` or `count`. failed: the system's reason where it is still there.
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
    count: int = DEFAULT_COUNT
    on_removal: Callable[[Removal], None] = _tell_nobody


def aside_past_keeping(
    oldest: Sequence[Aside], total_bytes: int, total_count: int, keep: AsideKeep, now_ns: int
) -> list[tuple[Aside, str]]:
    """What goes now, and why. oldest: oldest first; the totals: of all there are. Does no I/O."""
    gone: list[tuple[Aside, str]] = []
    for one in oldest:
        why = ""
        if keep.age_s > 0 and now_ns - one.at_ns > keep.age_s * 1e9:
            why = "age"
        elif 0 < keep.bytes < total_bytes:
            why = "size"
        elif 0 < keep.count < total_count:
            why = "count"
        if not why:
            break
        gone.append((one, why))
        total_bytes -= one.size_bytes
        total_count -= 1
    return gone


# What a queue does of which nothing was said: keeps for a month, up to 10 GiB and 100,000, and tells nobody.
USUAL: Final = AsideKeep()


class AsideKeeper:
    """Looks after refused/ and corrupt/ of one queue. Nothing here raises OSError."""

    def __init__(self, layout: Layout, disk: Disk, keep: AsideKeep) -> None:
        self._layout, self._disk, self._keep = layout, disk, keep
        self._next_s = self._soonest_s = self._cost_s = 0.0
        self._bytes = self._count = 0
        self._listing: Listing | None = None
        # The oldest of the last look; what was set aside since then is younger.
        self._oldest: deque[Aside] = deque()
        self._has_more = False
        self._is_first = True

    def stored(self, size_bytes: int) -> None:
        """One more unit was set aside. size_bytes: its body and its header."""
        self._bytes += size_bytes + _DESCRIPTION_BYTES
        self._count += 1

    def is_due(self, now_s: float) -> bool:
        """Whether it is time for `run`."""
        if self._listing is not None or self._can_remove():
            return True
        return now_s >= self._next_s or (self._is_too_much() and now_s >= self._soonest_s)

    def _is_too_much(self) -> bool:
        return 0 < self._keep.bytes < self._bytes or 0 < self._keep.count < self._count

    def _can_remove(self) -> bool:
        return bool(self._oldest) and (self._has_more or self._is_too_much())

    def run(self, acked: IntervalSet, now_s: float) -> None:
        """List or remove a bounded number of what is there. Raises what on_removal raises."""
        if self._listing is None and not self._can_remove():
            self._listing = Listing(self._layout, acked, self._disk if self._is_first else None)
            self._oldest.clear()
            self._cost_s = 0.0
        if self._listing is None or self._list(self._listing, now_s):
            self._remove_some()

    def _list(self, listing: Listing, now_s: float) -> bool:
        """One slice. Whether the look is through."""
        began_s, more = time.monotonic(), False
        try:
            more = listing.step()
            if not more:
                self._oldest.extend(listing.oldest())
                self._bytes, self._count = listing.size_bytes, listing.count
                self._is_first = False
        except OSError:
            more = False
        self._cost_s += time.monotonic() - began_s
        if more:
            return False
        listing.close()
        self._listing = None
        pause_s = self._cost_s * _COST_SHARE
        self._soonest_s = now_s + max(_SOONEST_S, pause_s)
        self._next_s = now_s + max(_EVERY_S, pause_s)
        return True

    def _remove_some(self) -> None:
        first = list(islice(self._oldest, _AT_ONCE))
        gone = aside_past_keeping(first, self._bytes, self._count, self._keep, time.time_ns())
        self._has_more = len(gone) == _AT_ONCE
        removed = 0
        for one, why in gone:
            self._oldest.popleft()
            removed += self._remove(one, why)
        if removed < len(gone):
            # Told; all is looked at anew when the next look is due.
            self._oldest.clear()
        elif gone and not self._oldest:
            # All that was remembered is gone: what is left of the listing's cost was well spent.
            self._soonest_s = self._next_s = 0.0

    def _remove(self, one: Aside, why: str) -> bool:
        description = Path(one.description)
        stage = description.parent.name
        described = set_aside.read(description, stage)
        removal = Removal(
            number=described.number if described else None,
            stage=stage,
            folder=description.parent,
            reason=described.reason if described else 0,
            set_aside_at_ns=described.at_ns if described else one.at_ns,
            size_bytes=one.size_bytes,
            why=why,
        )
        try:
            # The description first: from here nothing stands for the unit.
            with suppress(FileNotFoundError):
                self._disk.unlink(description)
            with suppress(FileNotFoundError):
                self._disk.unlink(Path(body_of(one.description)))
        except OSError as error:
            removal = replace(removal, failed=error.strerror or str(error))
        else:
            self._bytes -= one.size_bytes
            self._count -= 1
        self._keep.on_removal(removal)
        return not removal.failed
