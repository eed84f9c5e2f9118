"""The two files of an upload, and what is done with them. I/O; which uploads there may be is upload_store's.

FOLDER/ID.body     what has come; its size is the offset
FOLDER/ID.upload   caller, length, begin (JSON)
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from gateway.connectors.kernel import start_writeback
from gateway.connectors.request.body_file import FRONT_BYTES, disk_error, write_all
from gateway.errors import Refused

_ID: Final = re.compile(r"[0-9a-f]{32}")
_STATE_BYTES: Final = 4_096
_MOST_NAME: Final = 256


@dataclass(slots=True)
class Upload:
    """One of them. size_bytes: how much has come; durable_bytes: how much of it was made durable. began_s:
    seconds since 1970. busy: somebody writes to it, or a call takes it."""

    id: str
    caller: str
    length_bytes: int
    began_s: int
    path: Path
    size_bytes: int = 0
    durable_bytes: int = 0
    busy: bool = False
    digest: bytes | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def is_whole(self) -> bool:
        return self.size_bytes == self.length_bytes

    @property
    def state(self) -> Path:
        return self.path.with_suffix(".upload")

    def make(self) -> None:
        """The body first: a state without one is nothing. Raises OSError."""
        state = json.dumps([self.caller, self.length_bytes, self.began_s]).encode("ascii")
        for path, content in ((self.path, b""), (self.state, state)):
            fd = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
            try:
                write_all(fd, content, 0)
                os.fsync(fd)
            finally:
                os.close(fd)
        folder = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def unlink(self) -> None:
        """Raises nothing."""
        for path in (self.state, self.path):
            with suppress(OSError):
                path.unlink()

    def append(self, data: bytes) -> None:
        """What comes next. Does I/O. Raises Refused 6459 (more than its length), Unavailable 6452."""
        with self.lock:
            if self.size_bytes + len(data) > self.length_bytes:
                raise Refused(6459, limit=self.length_bytes)
            try:
                with _opened(self.path) as fd:
                    write_all(fd, data, self.size_bytes)
                    start_writeback(fd)
            except OSError as error:
                raise disk_error(error) from error
            self.size_bytes += len(data)
            self.digest = None

    def sync(self, size_bytes: int) -> None:
        """Durable up to here; what is behind is taken back. Does I/O. Raises Unavailable 6452: what came
        since the last call is to be sent again."""
        with self.lock:
            try:
                with _opened(self.path) as fd:
                    os.ftruncate(fd, size_bytes)
                    if size_bytes != self.size_bytes:
                        self.digest = None
                    self.size_bytes = size_bytes
                    os.fdatasync(fd)
            except OSError as error:
                self._take_back()
                raise disk_error(error) from error
            self.durable_bytes = size_bytes

    def _take_back(self) -> None:
        """A second sync would prove nothing: what came since the last good one comes anew. Raises nothing."""
        self.size_bytes, self.digest = self.durable_bytes, None
        try:
            with _opened(self.path) as fd:
                os.ftruncate(fd, self.size_bytes)
        except OSError:
            # The next start would count what stands there: without its state it counts nothing.
            with suppress(OSError):
                self.state.unlink()

    def front(self) -> bytes:
        """Its first bytes. Does I/O. Raises Unavailable 6452."""
        try:
            with _opened(self.path) as fd:
                return os.pread(fd, FRONT_BYTES, 0)
        except OSError as error:
            raise disk_error(error) from error

    def sha256(self) -> bytes:
        """Over what has come. Does I/O: reads all of it, once, however often it is called with a wrong
        digest. Raises Unavailable 6452."""
        if self.digest is None:
            try:
                with self.path.open("rb") as stream:
                    self.digest = hashlib.file_digest(stream, "sha256").digest()
            except OSError as error:
                raise disk_error(error) from error
        return self.digest

    def hand_over(self, path: Path) -> Path:
        """A whole one under another name; the upload itself stays until remove(). Does I/O: a copy, where the
        other folder is on another file system. Raises Unavailable 6452."""
        try:
            try:
                os.link(self.path, path, follow_symlinks=False)
            except OSError as error:
                if error.errno != errno.EXDEV:
                    raise
                shutil.copyfile(self.path, path, follow_symlinks=False)
                path.chmod(0o600)
        except OSError as error:
            with suppress(OSError):
                path.unlink(missing_ok=True)
            raise disk_error(error) from error
        return path


def load(folder: Path) -> Iterator[Upload]:
    """Whole pairs of an earlier run; halves of a creation or a removal go. Raises OSError."""
    found = set()
    for body in folder.glob("*.body"):
        token = body.name.removesuffix(".body")
        upload = _read(token, body) if _ID.fullmatch(token) else None
        if upload is None:
            body.unlink()
            continue
        found.add(token)
        yield upload
    for state in folder.glob("*.upload"):
        if state.name.removesuffix(".upload") not in found:
            state.unlink()


def _read(token: str, body: Path) -> Upload | None:
    """An upload of an earlier run; None where it is not whole, or not as we write it."""
    try:
        with body.with_suffix(".upload").open("rb") as stream:
            said = json.loads(stream.read(_STATE_BYTES))
        size_bytes = body.lstat().st_size
    except (OSError, ValueError):
        return None
    match said:
        case [str(caller), int(length_bytes), int(began_s)] if (
            len(caller) <= _MOST_NAME and 0 <= size_bytes <= length_bytes
        ):
            return Upload(token, caller, length_bytes, began_s, body, size_bytes, size_bytes)
        case _:
            return None


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    fd = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        yield fd
    finally:
        os.close(fd)
