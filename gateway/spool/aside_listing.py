"""One look through refused/ and corrupt/, a slice at a time: what lies there, and the oldest of it. I/O.

    folders --(1,024 names a step)--> count, bytes --> the oldest, in order, once it is through

Between two steps the queue goes on: what is set aside meanwhile is seen or not, and then by the next look.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import suppress
from dataclasses import dataclass
from heapq import heappush, heappushpop
from itertools import islice
from pathlib import Path
from typing import Final

from gateway.spool.disk import Disk
from gateway.spool.intervals import IntervalSet
from gateway.spool.layout import Layout, ordinal_of

STAGES: Final = ("refused", "corrupt")
# Names of one step: some ten milliseconds, in which the queue's reader waits.
_NAMES_A_STEP: Final = 1_024
# The oldest that are remembered, 250 bytes each: enough for a minute of a thousand refusals a second.
_REMEMBERED: Final = 65_536


@dataclass(frozen=True, slots=True, order=True)
class Aside:
    """One set of files. at_ns: when its description was written. size_bytes: all its files."""

    at_ns: int
    description: str
    size_bytes: int


class Listing:
    """A look under way. orphans: where bodies without a description are to be removed, the disk for it."""

    def __init__(self, layout: Layout, acked: IntervalSet, orphans: Disk | None) -> None:
        self._layout, self._acked, self._orphans = layout, acked, orphans
        self._oldest: list[tuple[int, int, Aside]] = []
        self._entries = self._all()
        self.count = self.size_bytes = 0

    def step(self) -> bool:
        """One slice; False once it is through. Raises OSError of the folders."""
        names = 0
        for found in islice(self._entries, _NAMES_A_STEP):
            names += 1
            if found is not None:
                self._remember(found)
        return names == _NAMES_A_STEP

    def oldest(self) -> list[Aside]:
        """The oldest of all that lies there, oldest first."""
        return sorted(one for _, _, one in self._oldest)

    def close(self) -> None:
        """Let go of the folders."""
        self._entries.close()

    def _remember(self, found: Aside) -> None:
        self.count += 1
        self.size_bytes += found.size_bytes
        entry = (-found.at_ns, self.count, found)
        if len(self._oldest) < _REMEMBERED:
            heappush(self._oldest, entry)
        else:
            heappushpop(self._oldest, entry)

    def _all(self) -> Generator[Aside | None, None, None]:
        """Every name once: the sets, and None for all else."""
        for stage in STAGES:
            with os.scandir(self._layout.aside(stage)) as listing:
                for item in listing:
                    yield self._look(item)

    def _look(self, item: os.DirEntry[str]) -> Aside | None:
        ordinal = ordinal_of(item.name)
        # Without an answer in the log (a crash in between) it is not ours to judge.
        if ordinal is None or ordinal not in self._acked:
            return None
        with suppress(FileNotFoundError):
            if item.name.endswith(".json"):
                return _aside_of(item)
            if self._orphans is not None and item.name.endswith(".body"):
                self._remove_orphan(self._orphans, Path(item.path))
        return None

    @staticmethod
    def _remove_orphan(disk: Disk, body: Path) -> None:
        if not body.with_suffix(".json").exists():
            with suppress(OSError):
                disk.unlink(body)


def _aside_of(description: os.DirEntry[str]) -> Aside:
    status = description.stat(follow_symlinks=False)
    size_bytes = status.st_size
    with suppress(FileNotFoundError):
        size_bytes += os.lstat(body_of(description.path)).st_size
    return Aside(status.st_mtime_ns, description.path, size_bytes)


def body_of(description: str) -> str:
    """The path of the body beside a description."""
    return description.removesuffix(".json") + ".body"
