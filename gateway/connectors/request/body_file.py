"""A large body while it comes in: a file that has no name until it is whole. Memory: one piece of a megabyte.

    BodyFile(folder) --append--> ... --named(path)--> a closed file for somebody else
                                  | close(), or the process ends
                                  v
                               nothing is left

Callers and peers both fill one. Writing is done in threads, so that a slow disk stops one body, not the loop.
"""

from __future__ import annotations

import asyncio
import errno
import os
import secrets
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Final, Protocol

from gateway.connectors.kernel import start_writeback
from gateway.errors import Refused, Unavailable
from gateway.unit.stages import Body

# What is written at once: few turns through a thread, little memory for many bodies.
PIECE_BYTES: Final = 1 << 20
# What is read at once: of answers as many may be under way as a channel lets requests in.
_READ_BYTES: Final = 256 << 10
# For its first line: the boundary of a multipart and the head of its first part.
FRONT_BYTES: Final = 4_096
# open(2): O_TMPFILE where the file system, or the kernel, has none.
_NO_NAMELESS: Final = (errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL, errno.ENOENT)


class Incoming(Protocol):
    """A content of aiohttp, of a request or an answer."""

    async def readany(self) -> bytes:
        """What is there; waits for something; b"" at the end. Reading on is what lets the other side send."""
        ...


class BodyFile:
    """Mode 0600. Raises Unavailable 6452 where the disk takes nothing. Thread-safe.

    in_parts: a multipart, which is kept without a line end before its first boundary, as media.from_boundary
    has it; the digest is over what came.
    """

    def __init__(self, folder: Path, *, digest: bool = False, in_parts: bool = False) -> None:
        self._hash = sha256() if digest else None
        self._drops_line_end = in_parts
        self.size_bytes = 0
        self.front = b""
        self._path: Path | None = None
        self._lock = threading.Lock()
        try:
            self._fd = os.open(folder, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600)
        except OSError as error:
            if error.errno not in _NO_NAMELESS:
                raise disk_error(error) from error
            self._fd = self._named_at_once(folder)

    def _named_at_once(self, folder: Path) -> int:
        self._path = folder / f".{secrets.token_hex(16)}.part"
        try:
            return os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise disk_error(error) from error

    @property
    def sha256(self) -> bytes:
        """Over all of it. RuntimeError where no digest was asked for."""
        if self._hash is None:
            raise RuntimeError("this body has no digest")
        return self._hash.digest()

    def append(self, data: bytes) -> None:
        """Does I/O. Raises Unavailable 6452 and nothing else."""
        with self._lock:
            if self._fd < 0:
                raise Unavailable(6452, reason="closed")
            if self._hash is not None:
                self._hash.update(data)
            if self._drops_line_end:
                # Pieces are longer than that, all but the last.
                data, self._drops_line_end = data.removeprefix(b"\r\n"), False
            try:
                write_all(self._fd, data, self.size_bytes)
                start_writeback(self._fd)
            except OSError as error:
                raise disk_error(error) from error
            if len(self.front) < FRONT_BYTES:
                self.front += data[: FRONT_BYTES - len(self.front)]
            self.size_bytes += len(data)

    def sync(self) -> None:
        """Its content is durable: a queue that takes it over has nothing left to wait for. Does I/O. Raises
        Unavailable 6452."""
        with self._lock:
            try:
                if self._fd >= 0:
                    os.fdatasync(self._fd)
            except OSError as error:
                raise disk_error(error) from error

    def named(self, path: Path) -> Path:
        """Give it a name on its own file system and let go of it. Raises Unavailable 6452."""
        with self._lock:
            try:
                if self._path is None:
                    # With a folder's descriptor, since only then os.link follows the link in /proc.
                    os.link(f"/proc/self/fd/{self._fd}", path, src_dir_fd=self._fd)
                else:
                    self._path.rename(path)
                    self._path = None
            except OSError as error:
                raise disk_error(error) from error
        self.close()
        return path

    def close(self) -> None:
        """What has no name is gone. Can be called again."""
        with self._lock:
            if self._fd >= 0:
                os.close(self._fd)
                self._fd = -1
            if self._path is not None:
                with suppress(OSError):
                    self._path.unlink()
                self._path = None


async def fill(
    file: BodyFile, content: Incoming, limit: int, refusal: Callable[[], Refused]
) -> None:
    """All of a content into a file. Raises refusal() as soon as it is more than `limit` bytes, Unavailable
    6452 and what the content raises. How long it may take is the caller's to say."""
    async for piece in pieces(content, limit, refusal):
        await asyncio.to_thread(file.append, piece)


async def pieces(
    content: Incoming, limit: int, refusal: Callable[[], Refused]
) -> AsyncIterator[bytes]:
    """A content in pieces of about a megabyte. Raises as fill(), but for the disk."""
    parts: list[bytes] = []
    held, size_bytes = 0, 0
    while True:
        try:
            part = await content.readany()
        except Exception:
            # It ends in the middle: what has come is whoever's to keep or to throw away.
            if parts:
                yield b"".join(parts)
            raise
        if not part:
            break
        held += len(part)
        size_bytes += len(part)
        if size_bytes > limit:
            raise refusal()
        parts.append(part)
        if held >= PIECE_BYTES:
            yield b"".join(parts)
            parts, held = [], 0
    if parts:
        yield b"".join(parts)


async def read_pieces(body: Body) -> AsyncGenerator[bytes, None]:
    """A body from its beginning to its end, in pieces. Raises Unavailable 6452: it is not whole."""
    left = body.size_bytes
    try:
        with await asyncio.to_thread(body.open) as stream:
            while left:
                piece = await asyncio.to_thread(stream.read, min(_READ_BYTES, left))
                if not piece:
                    raise Unavailable(6452, reason="short")
                left -= len(piece)
                yield piece
    except OSError as error:
        raise disk_error(error) from error


def front_of(body: Body) -> bytes:
    """The first bytes of a body: for its first line. Does I/O. Raises Unavailable 6452."""
    try:
        with body.open() as stream:
            return stream.read(FRONT_BYTES)
    except OSError as error:
        raise disk_error(error) from error


def write_all(fd: int, data: bytes, offset: int) -> None:
    """Raises OSError."""
    view = memoryview(data)
    written = 0
    while written < len(view):
        written += os.pwrite(fd, view[written:], offset + written)


def disk_error(error: OSError) -> Unavailable:
    return Unavailable(6452, reason=error.strerror or type(error).__name__, wait_s=30)
