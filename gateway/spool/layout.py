"""The folder of a queue: names, modes, and the lock of each end.

    queue/              3770, root's: neither end puts another folder in the place of one of these
      segments/         <first ordinal>.segment     2770, root's: writer appends; reader clears, removes
      body/             <ordinal>                   2770, root's: bodies above the inline limit
      staging/          bodies under construction   2700, writer's
      mark              how far the writer is       writer's
      ledger            numbers there have been     writer's
      answers           what was answered           reader's
      refused/ held/ corrupt/                       2700, reader's: what it set aside
      .writer .reader   locks, 0600: nobody else can hold one

Owners and modes are those of an installation, where the ends are two users of one group. An end that finds
a folder missing makes it for both. No format lives here (segment, mark, ledger, answers) and no decision.
"""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from gateway.errors import Misconfigured
from gateway.spool.disk import open_or_make
from gateway.spool.mark import MARK_BYTES, Mark, decode_mark

# Group write, because the reader removes what the writer made; setgid, so that files get the group.
FOLDER_MODE: Final = 0o2770
# Sticky besides: what lies in it is renamed and removed by its owner only.
QUEUE_MODE: Final = 0o3770
# One end alone; setgid, because a body that was made here goes to the group's folder.
OWN_MODE: Final = 0o2700

# The exits of a unit that a queue keeps (gateway.unit.model.Stage); `deferred` stays in the queue.
ASIDE_STAGES: Final = ("refused", "held", "corrupt")

_SEGMENT_SUFFIX: Final = ".segment"


class Hands(StrEnum):
    """Who writes into a folder of a queue."""

    BOTH = "both"
    WRITER = "writer"
    READER = "reader"


@dataclass(frozen=True, slots=True)
class Layout:
    """The paths of one queue."""

    folder: Path
    segments: Path
    bodies: Path
    staging: Path
    mark: Path
    ledger: Path
    answers: Path

    @classmethod
    def of(cls, folder: Path) -> Layout:
        """The paths below a folder; does no I/O."""
        return cls(
            folder=folder,
            segments=folder / "segments",
            bodies=folder / "body",
            staging=folder / "staging",
            mark=folder / "mark",
            ledger=folder / "ledger",
            answers=folder / "answers",
        )

    def segment(self, first_ordinal: int) -> Path:
        """The file of the segment that begins with this ordinal."""
        return self.segments / f"{first_ordinal:016x}{_SEGMENT_SUFFIX}"

    def body(self, ordinal: int) -> Path:
        """The file of a large body."""
        return self.bodies / f"{ordinal:016x}"

    def aside(self, stage: str) -> Path:
        """The folder of what was set aside under a stage."""
        if stage not in ASIDE_STAGES:
            raise RuntimeError(f"not a stage to set aside under: {stage}")
        return self.folder / stage

    def folders(self) -> dict[Path, tuple[int, Hands]]:
        """The queue's folder and those in it, as an installation makes them: mode, and who writes there.

        What both write belongs to neither, but to root. Does no I/O.
        """
        made = {
            self.folder: (QUEUE_MODE, Hands.BOTH),
            self.segments: (FOLDER_MODE, Hands.BOTH),
            self.bodies: (FOLDER_MODE, Hands.BOTH),
            self.staging: (OWN_MODE, Hands.WRITER),
        }
        return made | {self.aside(stage): (OWN_MODE, Hands.READER) for stage in ASIDE_STAGES}

    def first_ordinals(self) -> list[int]:
        """First ordinals of the segments that stand there, sorted. Lists the folder."""
        with os.scandir(self.segments) as listing:
            names = [item.name for item in listing]
        found = (ordinal_of(name.removesuffix(_SEGMENT_SUFFIX)) for name in names)
        return sorted(ordinal for ordinal in found if ordinal is not None)

    def body_ordinals(self) -> Iterator[int]:
        """Ordinals that have a body file, in no order. Reads the folder bit by bit."""
        with os.scandir(self.bodies) as listing:
            for item in listing:
                if (ordinal := ordinal_of(item.name)) is not None:
                    yield ordinal


def ordinal_of(untrusted_name: str) -> int | None:
    """The ordinal that a file name of ours begins with, None for any other name."""
    digits = untrusted_name.partition("-")[0]
    if len(digits) != 16 or not all(c in "0123456789abcdef" for c in digits):
        return None
    return int(digits, 16)


def make(layout: Layout) -> None:
    """Make the folders that are not there yet. Raises Misconfigured 6504 and nothing else."""
    stages = [layout.aside(stage) for stage in ASIDE_STAGES]
    try:
        for folder in (layout.folder, layout.segments, layout.bodies, layout.staging, *stages):
            _make_one(folder)
        if not os.access(layout.segments, os.R_OK | os.W_OK | os.X_OK, effective_ids=True):
            raise Misconfigured(6504, path=str(layout.segments), reason="Permission denied")
    except OSError as error:
        raise no_access(layout.folder, error) from error


def _make_one(folder: Path) -> None:
    if folder.is_dir():
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Made beside its place, so that the other end never meets it with another mode.
    new = folder.with_name(f".{folder.name}.{os.getpid()}")
    new.mkdir()
    # In a setgid folder and with our umask it is so already; systemd may forbid to set the bit.
    if stat.S_IMODE(new.stat().st_mode) != FOLDER_MODE:
        new.chmod(FOLDER_MODE)
    try:
        new.rename(folder)
    except OSError:
        new.rmdir()
        if not folder.is_dir():
            raise
        return  # the other end was quicker
    parent = os.open(folder.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(parent)
    finally:
        os.close(parent)


def lock_end(layout: Layout, end: str) -> int:
    """Hold one end (`writer` or `reader`) of a queue; gives the descriptor that holds it.

    A killed process lets go by itself. Raises Misconfigured 6503 (another process has this end),
    6504 (no access) and nothing else.
    """
    path = layout.folder / f".{end}"
    try:
        fd = open_or_make(path, 0o600)
    except OSError as error:
        raise no_access(path, error) from error
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(fd)
        raise Misconfigured(6503, folder=str(layout.folder), end=end) from error
    return fd


def no_access(path: Path, error: OSError) -> Misconfigured:
    """What it means that a path of the queue cannot be used by this user."""
    return Misconfigured(6504, path=str(path), reason=error.strerror or str(error))


def read_mark(layout: Layout) -> Mark | None:
    """The mark as it stands now, None before the first writer."""
    try:
        with open(layout.mark, "rb") as stream:
            return decode_mark(stream.read(MARK_BYTES + 1))
    except FileNotFoundError:
        return None


def bytes_on_disk(layout: Layout) -> int:
    """Bytes in the files of a queue: segments, bodies, staging and what is set aside.

    Looks at every file: for people and monitoring, every few seconds at most. What the other end keeps
    for itself is left out.
    """
    folders = [layout.segments, layout.bodies, layout.staging]
    total = 0
    for folder in folders + [layout.aside(stage) for stage in ASIDE_STAGES]:
        with suppress(FileNotFoundError, PermissionError), os.scandir(folder) as listing:
            for item in listing:
                with suppress(FileNotFoundError):
                    total += item.stat(follow_symlinks=False).st_size
    return total
