"""The segment files of a journal, for reading: which there are, and their lines block by block."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from gateway.audit.record import MAX_LINE_BYTES

# Large enough that a block costs more in the disk than in Python, small beside 300 MiB.
BLOCK_BYTES: Final = 1 << 20

_NAME: Final = re.compile(r"([0-9]{16})\.jsonl")


class Segment(NamedTuple):
    """One file of a journal. first_seq: the number in its name, as claimed."""

    first_seq: int
    path: Path


class Block(NamedTuple):
    """Lines that stand one after another in a segment. ended: each had its newline."""

    offset_bytes: int
    lines: list[bytes]
    ended: bool

    @property
    def end_bytes(self) -> int:
        """The offset behind the last line (and its newline)."""
        return self.offset_bytes + sum(map(len, self.lines)) + len(self.lines) * self.ended


def open_plain(path: Path) -> BinaryIO:
    """Open a file of another process for reading: never waits for a pipe, never follows a link.

    Raises OSError, also where it is no ordinary file. Nothing a neighbour puts there stops a reader.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "no ordinary file", str(path))
    return os.fdopen(descriptor, "rb")


def segment_name(first_seq: int) -> str:
    """The file name of the segment that begins with this record."""
    return f"{first_seq:016d}.jsonl"


def segments(folder: Path) -> list[Segment]:
    """The segments of a journal folder in order. Other files are none of ours. May raise OSError."""
    with os.scandir(folder) as entries:
        found = [
            Segment(int(match[1]), folder / entry.name)
            for entry in entries
            if (match := _NAME.fullmatch(entry.name))
        ]
    return sorted(found)


def blocks(file: BinaryIO, offset_bytes: int = 0) -> Iterator[Block]:
    """The lines of an open segment from an offset at the start of a line to its end as of now.

    What follows the last newline comes as the last block, not `ended`. A piece without any newline
    that is longer than a line may be comes as a line of its own (which is no record), so that
    memory stays bounded whatever the bytes are. May raise OSError.
    """
    file.seek(offset_bytes)
    kept = b""
    while data := file.read(BLOCK_BYTES):
        data = kept + data
        cut = data.rfind(b"\n") + 1
        if cut:
            yield Block(offset_bytes, data[: cut - 1].split(b"\n"), ended=True)
            offset_bytes += cut
        kept = data[cut:]
        if len(kept) > MAX_LINE_BYTES:
            yield Block(offset_bytes, [kept], ended=False)
            offset_bytes += len(kept)
            kept = b""
    if kept:
        yield Block(offset_bytes, [kept], ended=False)
