"""The two kinds of body that a reader hands out: bytes held inline, and a file of the queue."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO


@dataclass(frozen=True, slots=True)
class InlineBody:
    """A body that lay in the segment itself."""

    content: bytes

    @property
    def size_bytes(self) -> int:
        """See gateway.unit.stages.Body."""
        return len(self.content)

    @property
    def path(self) -> Path | None:
        """Always None."""
        return None

    def open(self) -> BinaryIO:
        """A stream over the bytes. Does no I/O."""
        return BytesIO(self.content)

    def read(self) -> bytes:
        """The bytes. Does no I/O."""
        return self.content


@dataclass(frozen=True, slots=True)
class FileBody:
    """A body in a file of the queue: good until its unit is answered and past keeping."""

    file: Path
    size_bytes: int

    @property
    def path(self) -> Path | None:
        """The file."""
        return self.file

    def open(self) -> BinaryIO:
        """The file, opened for reading."""
        return open(self.file, "rb")

    def read(self) -> bytes:
        """Never: a large body is streamed."""
        raise RuntimeError("a body in a file is streamed, not read as a whole")
