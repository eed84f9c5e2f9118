"""Where the bytes of a leaf stand while they are looked at: memory, or a file without a name.

A large leaf is written to a file that was never linked into its folder (O_TMPFILE), or is unlinked
before the first byte where the file system has no such files: after a crash nothing can be read.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from gateway.errors import Unavailable
from gateway.inspection.content import Content

# Five of these may be open at once in the deepest archive; most leaves never see a disk.
MEMORY_BYTES: Final = 1 << 20


class Room(Protocol):
    """Where a leaf goes that is too large for memory."""

    def spill(self, held: list[bytes], rest: Iterator[bytes]) -> Content:
        """What is held already and the rest, as a content; the caller closes it.

        Raises Unavailable 3310 where there is no more room, and whatever `rest` raises.
        """


@dataclass(frozen=True, slots=True)
class FolderRoom:
    """Files without a name in an existing folder."""

    scratch: Path

    def spill(self, held: list[bytes], rest: Iterator[bytes]) -> Content:
        """As Room has it."""
        return _spill(held, rest, self.scratch)


def collect(chunks: Iterator[bytes], room: Room) -> Content:
    """A leaf's bytes as a content; the caller closes it. Raises what its room and `chunks` raise."""
    held: list[bytes] = []
    held_bytes = 0
    for chunk in chunks:
        held.append(chunk)
        held_bytes += len(chunk)
        if held_bytes > MEMORY_BYTES:
            return room.spill(held, chunks)
    return Content.of_bytes(b"".join(held))


def _spill(held: list[bytes], rest: Iterator[bytes], scratch: Path) -> Content:
    file = nameless(scratch)
    try:
        for chunk in held:
            write(file, chunk, scratch)
        held.clear()
        for chunk in rest:
            write(file, chunk, scratch)
        return Content.of_file(file)
    except BaseException:
        file.close()
        raise


def write(file: BinaryIO, chunk: bytes, scratch: Path) -> None:
    """All of it. Raises Unavailable 3310."""
    view = memoryview(chunk)
    try:
        while view:
            view = view[file.write(view) :]
    except OSError as error:
        raise Unavailable(
            3310, folder=str(scratch), problem=os.strerror(error.errno or 0)
        ) from error


def nameless(scratch: Path) -> BinaryIO:
    """A new file that no folder names, open for both. Raises Unavailable 3310."""
    try:
        descriptor = os.open(scratch, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError:
        try:
            descriptor, name = tempfile.mkstemp(dir=scratch)
            Path(name).unlink()
        except OSError as error:
            problem = os.strerror(error.errno or 0)
            raise Unavailable(3310, folder=str(scratch), problem=problem) from error
    return open(descriptor, "r+b", buffering=0)
