"""Where a new file goes while it is written: memory, a file of its own when it grows, or nowhere at first."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

from gateway.errors import Unavailable
from gateway.inspection.unsound import Unsound, Word

# Up to here the new file stands in memory, as small units do everywhere.
MEMORY_BYTES: Final = 256 << 10


@dataclass(frozen=True, slots=True)
class Changed:
    """A new file. content: its bytes, or the file that holds them. masked: values by rule."""

    content: bytes | Path
    size_bytes: int
    sha256: bytes
    masked: Mapping[str, int] = field(default_factory=dict)


class Nowhere:
    """What is written to find out what would be masked."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self.begin()

    def begin(self) -> None:
        self._size_bytes = 0

    def write(self, data: bytes) -> None:
        """Raises Unsound 3831."""
        self._size_bytes += len(data)
        if self._size_bytes > self._limit_bytes:
            raise Unsound(3831, Word.TYPE, limit_bytes=self._limit_bytes)


class Output:
    """The new file: in memory at first, in a file of its own when it grows."""

    def __init__(self, target: Path, limit_bytes: int) -> None:
        self._target, self.limit_bytes = target, limit_bytes
        self._file: BinaryIO | None = None
        self.begin()

    def begin(self) -> None:
        self.discard()
        self._memory = bytearray()
        self._size_bytes = 0
        self._hash = hashlib.sha256()

    def write(self, data: bytes) -> None:
        """Raises Unsound 3831 (longer than it can be), Unavailable 3835."""
        self._size_bytes += len(data)
        if self._size_bytes > self.limit_bytes:
            raise Unsound(3831, Word.TYPE, limit_bytes=self.limit_bytes)
        self._hash.update(data)
        if self._file is None:
            self._memory += data
            if len(self._memory) > MEMORY_BYTES:
                self._file = self._opened()
                self._put(bytes(self._memory))
                self._memory = bytearray()
        else:
            self._put(data)

    def changed(self, masked: Mapping[str, int]) -> Changed:
        """The file as it is now; the queue that takes it makes it durable."""
        content: bytes | Path = bytes(self._memory)
        if self._file is not None:
            self._file.close()
            content = self._target
        return Changed(content, self._size_bytes, self._hash.digest(), masked)

    def discard(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
            self._target.unlink(missing_ok=True)

    def _opened(self) -> BinaryIO:
        try:
            with suppress(FileNotFoundError):
                self._target.unlink()
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            return os.fdopen(os.open(self._target, flags, 0o640), "wb", buffering=0)
        except OSError as error:
            raise Unavailable(3835, reason=error.strerror or str(error)) from error

    def _put(self, data: bytes) -> None:
        assert self._file is not None
        view = memoryview(data)
        try:
            while view:
                view = view[self._file.write(view) :]
        except OSError as error:
            raise Unavailable(3835, reason=error.strerror or str(error)) from error
