"""Uploads that go on after a break: what has come of each, on disk, for the caller who began it.

    create --> growing --append--> whole --handed_over--> (the body of a call) --> remove
                 | too old, or its caller ends it             also after a restart
                 v
               removed

An ID is 128 bits of chance and counts for one caller alone; to any other it is an ID that does not exist.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from gateway.connectors.request.body_file import disk_error
from gateway.connectors.request.disk_room import DiskRoom
from gateway.connectors.request.upload_files import Upload, load
from gateway.errors import Misconfigured, Refused

# Longer than a night without a network; shorter than what fills a disk unnoticed.
MOST_AGE_S: Final = 24 * 3600
MOST_OF_CALLER: Final = 8
# One caller leaves room for the others, but for one body of the largest size.
_SHARE: Final = 4


class Uploads:
    """Those of one channel. One loop.

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
            for upload in load(folder):
                self._uploads[upload.id] = upload
                room.keep(upload.length_bytes)
        except OSError as error:
            reason = error.strerror or ""
            raise Misconfigured(6464, folder=str(folder), reason=reason) from error
        self.sweep()

    def __len__(self) -> int:
        return len(self._uploads)

    async def create(self, caller: str, length_bytes: int) -> Upload:
        """Room for a new one, and its files. Raises Refused 6325, 6462 and Unavailable 6450 to 6452, nothing
        else."""
        upload = self._begin(caller, length_bytes)
        try:
            # Three syncs, which wait for whatever else the disk has to write: not in the loop of all callers.
            await asyncio.shield(asyncio.to_thread(upload.make))
        except OSError as error:
            self.remove(upload)
            raise disk_error(error) from error
        finally:
            upload.busy = False
        return upload

    def _begin(self, caller: str, length_bytes: int) -> Upload:
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
        upload = Upload(
            token, caller, length_bytes, int(self._clock()), self._folder / f"{token}.body"
        )
        upload.busy = True
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

    def remove(self, upload: Upload) -> None:
        """It is not needed, or not wanted, any more."""
        if self._uploads.pop(upload.id, None) is not None:
            self._room.release(upload.length_bytes)
            upload.unlink()

    def sweep(self) -> None:
        """Those that are too old go."""
        for upload in list(self._uploads.values()):
            if self._is_old(upload) and not upload.busy:
                self.remove(upload)

    def _is_old(self, upload: Upload) -> bool:
        return self._clock() > upload.began_s + MOST_AGE_S


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
