"""Uploads that go on after a break: what has come of each, on disk, for the caller who began it.

    create --> growing --append--> whole --handed_over--> (the body of a call) --> remove
                 | too old, or its caller ends it             also after a restart
                 v
               removed

    FOLDER/ID.body     what has come; its size is the offset
    FOLDER/ID.upload   caller, length, begin (JSON)

An ID is 128 bits of chance and counts for one caller alone; to any other it is an ID that does not exist.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from gateway.connectors.kernel import start_writeback
from gateway.connectors.request.body_file import FRONT_BYTES, disk_error, write_all
from gateway.connectors.request.disk_room import DiskRoom
from gateway.errors import Misconfigured, Refused

# Longer than a night without a network; shorter than what fills a disk unnoticed.
MOST_AGE_S: Final = 24 * 3600
MOST_OF_CALLER: Final = 8
# One caller leaves room for the others, but for one body of the largest size.
_SHARE: Final = 4
_ID: Final = re.compile(r"[0-9a-f]{32}")
_STATE_BYTES: Final = 4_096
_MOST_NAME: Final = 256


@dataclass(slots=True)
class Upload:
    """One of them. size_bytes: how much has come. began_s: seconds since 1970. busy: somebody writes to it,
    or a call takes it."""

    id: str
    caller: str
    length_bytes: int
    began_s: int
    path: Path
    size_bytes: int = 0
    busy: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def is_whole(self) -> bool:
        return self.size_bytes == self.length_bytes


class Uploads:
    """Those of one channel. One loop; append(), sync() and hand_over() may be called in threads.

    folder: private to the edge, made if it is not there. most_bytes: of one.
    """

    def __init__(
        self,
        folder: Path,
        room: DiskRoom,
        most_bytes: int,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Takes up what an earlier run has left. Raises Misconfigured 6464 and nothing else."""
        self._folder, self._room, self._clock = folder, room, clock
        self.most_bytes = most_bytes
        self._uploads: dict[str, Upload] = {}
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._load()
        except OSError as error:
            reason = error.strerror or ""
            raise Misconfigured(6464, folder=str(folder), reason=reason) from error
        self.sweep()

    def __len__(self) -> int:
        return len(self._uploads)

    def create(self, caller: str, length_bytes: int) -> Upload:
        """Room for a new one. Raises Refused 6325, 6462 and Unavailable 6450 to 6452, nothing else."""
        if length_bytes > self.most_bytes:
            raise Refused(6325, limit=self.most_bytes)
        self.sweep()
        own = [one for one in self._uploads.values() if one.caller == caller]
        own_bytes = sum(one.length_bytes for one in own)
        share_bytes = max(self.most_bytes, self._room.limits.most_bytes // _SHARE)
        if len(own) >= MOST_OF_CALLER or own_bytes + length_bytes > share_bytes:
            raise Refused(6462, most=MOST_OF_CALLER, most_bytes=share_bytes, wait_s=60)
        self._room.hold(length_bytes)
        token = secrets.token_hex(16)
        upload = Upload(token, caller, length_bytes, int(self._clock()), self._body(token))
        try:
            self._write(upload)
        except OSError as error:
            self._room.release(length_bytes)
            self._unlink(upload)
            raise disk_error(error) from error
        self._uploads[token] = upload
        return upload

    def find(self, caller: str, untrusted_id: str) -> Upload:
        """Raises Refused 6455: there is none of this ID for this caller."""
        upload = self._uploads.get(untrusted_id)
        if upload is None or upload.caller != caller or self._is_old(upload):
            raise Refused(6455)
        return upload

    @contextmanager
    def taken(self, upload: Upload) -> Iterator[Upload]:
        """For one writer or one call at a time. Raises Refused 6456."""
        if upload.busy:
            raise Refused(6456)
        upload.busy = True
        try:
            yield upload
        finally:
            upload.busy = False

    def append(self, upload: Upload, data: bytes) -> None:
        """What comes next. Does I/O. Raises Refused 6459 (more than its length), Unavailable 6452."""
        with upload.lock:
            if upload.size_bytes + len(data) > upload.length_bytes:
                raise Refused(6459, limit=upload.length_bytes)
            try:
                with _opened(upload.path) as fd:
                    write_all(fd, data, upload.size_bytes)
                    start_writeback(fd)
            except OSError as error:
                raise disk_error(error) from error
            upload.size_bytes += len(data)

    def sync(self, upload: Upload, size_bytes: int) -> None:
        """Durable up to here; what is behind is taken back. Does I/O. Raises Unavailable 6452."""
        with upload.lock:
            try:
                with _opened(upload.path) as fd:
                    os.ftruncate(fd, size_bytes)
                    upload.size_bytes = size_bytes
                    os.fdatasync(fd)
            except OSError as error:
                raise disk_error(error) from error

    def front(self, upload: Upload) -> bytes:
        """Its first bytes. Does I/O. Raises Unavailable 6452."""
        try:
            with _opened(upload.path) as fd:
                return os.pread(fd, FRONT_BYTES, 0)
        except OSError as error:
            raise disk_error(error) from error

    def sha256(self, upload: Upload) -> bytes:
        """Over what has come. Does I/O: reads all of it. Raises Unavailable 6452."""
        try:
            with upload.path.open("rb") as stream:
                return hashlib.file_digest(stream, "sha256").digest()
        except OSError as error:
            raise disk_error(error) from error

    def hand_over(self, upload: Upload, path: Path) -> Path:
        """A whole one under another name; the upload itself stays until remove(). Does I/O: a copy, where the
        other folder is on another file system. Raises Unavailable 6452."""
        try:
            try:
                os.link(upload.path, path, follow_symlinks=False)
            except OSError as error:
                if error.errno != errno.EXDEV:
                    raise
                shutil.copyfile(upload.path, path, follow_symlinks=False)
                path.chmod(0o600)
        except OSError as error:
            with suppress(OSError):
                path.unlink(missing_ok=True)
            raise disk_error(error) from error
        return path

    def remove(self, upload: Upload) -> None:
        """It is not needed, or not wanted, any more."""
        if self._uploads.pop(upload.id, None) is not None:
            self._room.release(upload.length_bytes)
            self._unlink(upload)

    def sweep(self) -> None:
        """Those that are too old go."""
        for upload in list(self._uploads.values()):
            if self._is_old(upload) and not upload.busy:
                self.remove(upload)

    def _is_old(self, upload: Upload) -> bool:
        return self._clock() > upload.began_s + MOST_AGE_S

    def _body(self, token: str) -> Path:
        return self._folder / f"{token}.body"

    def _state(self, token: str) -> Path:
        return self._folder / f"{token}.upload"

    def _write(self, upload: Upload) -> None:
        """The body first: a state without one is nothing. Raises OSError."""
        state = json.dumps([upload.caller, upload.length_bytes, upload.began_s]).encode("ascii")
        for path, content in ((upload.path, b""), (self._state(upload.id), state)):
            fd = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
            try:
                write_all(fd, content, 0)
                os.fsync(fd)
            finally:
                os.close(fd)
        folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _unlink(self, upload: Upload) -> None:
        for path in (self._state(upload.id), upload.path):
            with suppress(OSError):
                path.unlink()

    def _load(self) -> None:
        """Whole pairs are taken up, halves of a creation or a removal go. Raises OSError."""
        for body in self._folder.glob("*.body"):
            token = body.name.removesuffix(".body")
            upload = _read(token, self._state(token), body) if _ID.fullmatch(token) else None
            if upload is None:
                body.unlink()
                continue
            self._uploads[token] = upload
            self._room.keep(upload.length_bytes)
        for state in self._folder.glob("*.upload"):
            if state.name.removesuffix(".upload") not in self._uploads:
                state.unlink()


def remove_old(root: Path, clock: Callable[[], float] = time.time) -> None:
    """What is left in the folders below `root`, of channels that are not open any more, too. Raises nothing.

    A body that nobody has written to for so long was begun before.
    """
    before_s = clock() - MOST_AGE_S
    for body in root.glob("*/*.body"):
        with suppress(OSError):
            if body.lstat().st_mtime < before_s:
                body.with_suffix(".upload").unlink(missing_ok=True)
                body.unlink()


def _read(token: str, state: Path, body: Path) -> Upload | None:
    """An upload of an earlier run; None where it is not whole, or not as we write it."""
    try:
        with state.open("rb") as stream:
            said = json.loads(stream.read(_STATE_BYTES))
        size_bytes = body.lstat().st_size
    except (OSError, ValueError):
        return None
    match said:
        case [str(caller), int(length_bytes), int(began_s)] if (
            len(caller) <= _MOST_NAME and 0 <= size_bytes <= length_bytes
        ):
            return Upload(token, caller, length_bytes, began_s, body, size_bytes)
        case _:
            return None


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    fd = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        yield fd
    finally:
        os.close(fd)
