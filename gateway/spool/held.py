"""What lies in held/ of a queue, for the guard that lets it go: found, counted, moved to refused/, forgotten.

    held/<ordinal>-<number>.{body,json}  --release-->  files removed, the description first
                                         --refusal-->  refused/ (or corrupt/) durable, then removed here

A body whose description is gone is what a crash between the two removals left: `tidy` removes it. Which
unit may go stands elsewhere (gateway.receiving.held_desk); nothing here looks into one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from gateway.spool import set_aside
from gateway.spool.disk import Disk, RealDisk, disk_errors
from gateway.spool.layout import Layout, ordinal_of
from gateway.spool.set_aside import SetAside

_STAGE = "held"


@dataclass(frozen=True, slots=True)
class HeldUnit:
    """One unit as it lies there. ordinal: its place in the queue that it was taken from."""

    ordinal: int
    described: SetAside


@dataclass(frozen=True, slots=True)
class HeldCount:
    """units: how many lie there. oldest: the number of the first that came, None where none lies there.

    oldest_at_ns: since when it lies there.
    """

    units: int
    oldest: int | None = None
    oldest_at_ns: int = 0


class HeldFolder:
    """The folder held/ of one queue. For the queue's reader process alone. All methods do I/O.

    Raises Unavailable 6502 (disk full), StateUncertain 6501 for what cannot be written or removed, and
    nothing else.
    """

    def __init__(self, queue: Path, disk: Disk | None = None) -> None:
        self._layout = Layout.of(queue)
        self._disk = disk or RealDisk()
        self._folder = self._layout.aside(_STAGE)

    def numbers(self) -> Iterator[int]:
        """The numbers of the units that lie there, in no order. Reads the folder bit by bit."""
        for name in self._names():
            with suppress(ValueError):
                yield int(name[17:-5], 16)

    def count(self) -> HeldCount:
        """How many there are, and which is the oldest."""
        units, first = 0, ""
        for name in self._names():
            units += 1
            first = min(first, name) if first else name
        found = set_aside.read(self._folder / first, _STAGE) if first else None
        if found is None:
            return HeldCount(units)
        return HeldCount(units, found.number, found.at_ns)

    def find(self, number: int) -> HeldUnit | None:
        """The unit of this number, if it lies there whole."""
        for path in self._folder.glob(f"*-{number:010x}.json"):
            ordinal, found = ordinal_of(path.name), set_aside.read(path, _STAGE)
            if ordinal is not None and found is not None and found.number == number:
                return HeldUnit(ordinal, found)
        return None

    def forget(self, unit: HeldUnit) -> None:
        """Its files go, durably. Removing what is gone already is no error."""
        with disk_errors(self._folder):
            for path in self._files(unit):
                with suppress(FileNotFoundError):
                    self._disk.unlink(path)
            self._disk.sync_folder(self._folder)

    def move(self, unit: HeldUnit, stage: str, reason: int, at_ns: int) -> None:
        """Under another stage (`refused`, `corrupt`), durably, with its reason; then it goes here.

        A crash in between leaves it in both places; the next call puts that right.
        """
        moved = replace(unit.described, stage=stage, reason=reason, at_ns=at_ns)
        _, body = self._files(unit)
        with disk_errors(self._folder):
            content = body if body.exists() else b""
            set_aside.store(self._disk, self._layout, unit.ordinal, moved, content)
        # From here held/ may forget it.
        self.forget(unit)

    def tidy(self) -> None:
        """Bodies without a description go. Only before the queue's reader works."""
        with disk_errors(self._folder), suppress(FileNotFoundError):
            for path in self._folder.glob("*.body"):
                if ordinal_of(path.name) is not None and not path.with_suffix(".json").exists():
                    self._disk.unlink(path)

    def _files(self, unit: HeldUnit) -> tuple[Path, Path]:
        name = set_aside.file_name(unit.ordinal, unit.described.number)
        return self._folder / f"{name}.json", self._folder / f"{name}.body"

    def _names(self) -> Iterator[str]:
        with suppress(FileNotFoundError), os.scandir(self._folder) as listing:
            for item in listing:
                if item.name.endswith(".json") and ordinal_of(item.name) is not None:
                    yield item.name
