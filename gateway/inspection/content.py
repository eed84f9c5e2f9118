"""Bytes that can be read anywhere and that somebody else keeps: a unit's body, or a leaf of it.

    inline body, small leaf      bytes in memory
    body in a file, large leaf   an open file, read with pread: no mapping, no shared position
    large leaf of a sandbox      a file of the guard, read by asking it

Nothing here knows what the bytes mean. A file that changes while it is read gives short pieces,
never an error of its own: readers refuse what they cannot account for.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from gateway.unit.stages import Body

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

# What type readers see at once. libmagic looks no further than this for anything on our table.
HEAD_BYTES: Final = 64 << 10
# A zip's end record with the longest comment stands within this.
TAIL_BYTES: Final = (64 << 10) + 22
READ_BYTES: Final = 256 << 10

# size, offset: the bytes there.
Read = Callable[[int, int], bytes]


class Content:
    """Random access to bytes. Not thread-safe: one content, one thread."""

    __slots__ = ("_file", "_head", "_read", "_tail", "memory", "size_bytes")

    def __init__(
        self, memory: bytes | None, file: BinaryIO | None, size_bytes: int, read: Read | None = None
    ) -> None:
        self.memory = memory
        self.size_bytes = size_bytes
        self._file = file
        self._read = read
        self._head: bytes | None = None
        self._tail: bytes | None = None

    @classmethod
    def of_bytes(cls, data: bytes) -> Content:
        return cls(data, None, len(data))

    @classmethod
    def of_file(cls, file: BinaryIO) -> Content:
        """Takes over an open file; `close` closes it. Raises OSError."""
        return cls(None, file, os.fstat(file.fileno()).st_size)

    @classmethod
    def of_descriptor(cls, descriptor: int, size_bytes: int) -> Content:
        """Reads an open file that stays the caller's."""
        return cls(None, None, size_bytes, partial(os.pread, descriptor))

    @classmethod
    def of_reader(cls, read: Read, size_bytes: int) -> Content:
        """Bytes that somebody else keeps. read(size, offset): as many as wanted, or what there is."""
        return cls(None, None, size_bytes, read)

    @classmethod
    def of_body(cls, body: Body) -> Content:
        """The content of a unit. Raises OSError."""
        return cls.of_bytes(body.read()) if body.path is None else cls.of_file(body.open())

    @property
    def head(self) -> bytes:
        """The first HEAD_BYTES at most."""
        if self._head is None:
            self._head = self.read_at(0, HEAD_BYTES)
        return self._head

    @property
    def tail(self) -> bytes:
        """The last TAIL_BYTES at most."""
        if self._tail is None:
            start = max(0, self.size_bytes - TAIL_BYTES)
            self._tail = self.read_at(start, self.size_bytes - start)
        return self._tail

    @property
    def headed(self) -> bool:
        """Whether the head is the whole."""
        return self.size_bytes <= HEAD_BYTES

    def read_at(self, offset: int, size: int) -> bytes:
        """Up to size bytes from offset; fewer only at the end. Raises OSError."""
        if offset < 0 or size <= 0 or offset >= self.size_bytes:
            return b""
        if self.memory is not None:
            if offset == 0 and size >= self.size_bytes:
                return self.memory
            return self.memory[offset : offset + size]
        read = self._read
        if read is None:
            assert self._file is not None
            read = partial(os.pread, self._file.fileno())
        size = min(size, self.size_bytes - offset)
        piece = read(size, offset)
        while 0 < len(piece) < size:
            more = read(size - len(piece), offset + len(piece))
            if not more:
                break
            piece += more
        return piece

    def chunks(
        self, start: int = 0, size_bytes: int | None = None, piece_bytes: int = READ_BYTES
    ) -> Iterator[bytes]:
        """The bytes from start in pieces of piece_bytes at most; ends early if the file is cut."""
        end = self.size_bytes if size_bytes is None else min(self.size_bytes, start + size_bytes)
        while start < end:
            piece = self.read_at(start, min(piece_bytes, end - start))
            if not piece:
                return
            start += len(piece)
            yield piece

    def fileno(self) -> int | None:
        """The descriptor of a content in a file of this process, None for any other."""
        return None if self._file is None else self._file.fileno()

    def stream(self) -> BinaryIO:
        """A seekable stream of its own position; closing it leaves the content open."""
        if self.memory is not None:
            return io.BytesIO(self.memory)
        return io.BufferedReader(_Positioned(self), READ_BYTES)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def __enter__(self) -> Content:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Positioned(io.RawIOBase):
    """A content as a raw stream, for the standard library's readers."""

    def __init__(self, content: Content) -> None:
        self._content = content
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._content.size_bytes}
        if base[whence] + offset < 0:
            raise ValueError("before the beginning")
        self._at = base[whence] + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer)
        piece = self._content.read_at(self._at, len(view))
        view[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)


@dataclass(frozen=True, slots=True)
class _FileBody:
    """A file on disk as a body."""

    path: Path
    size_bytes: int

    def open(self) -> BinaryIO:
        return self.path.open("rb", buffering=0)

    def read(self) -> bytes:
        raise RuntimeError("a body in a file is streamed")


@dataclass(frozen=True, slots=True)
class _BytesBody:
    """Bytes in memory as a body."""

    data: bytes

    @property
    def size_bytes(self) -> int:
        return len(self.data)

    @property
    def path(self) -> None:
        return None

    def open(self) -> BinaryIO:
        return io.BytesIO(self.data)

    def read(self) -> bytes:
        return self.data


def file_body(path: Path) -> Body:
    """A file on disk as a body (`explain FILE`, opened bodies). Raises OSError."""
    return _FileBody(path, path.stat().st_size)


def bytes_body(data: bytes) -> Body:
    """Bytes as a body."""
    return _BytesBody(data)
