"""Makes a batch of freshly written files durable, the quickest way that the file system has.

128 new files of 4 KiB a batch, mode and times set, a ledger write, renames, sync of both folders; ext4,
two cores, best of five, files a second and microseconds of CPU a file:

    fsync of each                                       2,700    95
    sync_file_range of all begun, then fsync of each    6,300    66
    the same, waited for before the fsyncs              6,000    67
    syncfs once                                        13,300    44

In a noisier run eight threads that fsync were no quicker than the second way, and cost more. syncfs also
waits for what others write: where that shows, the second way is taken for a while. On ext4 without a
journal the kernel passes over every inode freed within the last minute when it makes a file: where
thousands are removed and made in one block group (source and destination beside each other), that
dwarfs all of this.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

from gateway.connectors import kernel

# Below this, fsync of each is no slower and waits for nobody else.
_FEW_FILES: Final = 8
# Somebody else's gigabytes: a batch of small files takes a tenth of this.
_TOO_LONG_S: Final = 1.0
_AVOID_FOR_S: Final = 30.0


class BatchSync:
    """Remembers whether syncfs is worth while. Not thread-safe."""

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._clock_s = clock_s
        self._avoid_until_s = 0.0

    def sync_and_close(self, folder: int, files: Sequence[int]) -> list[OSError | None]:
        """Data and status of the files are durable when it returns; one answer each, all are closed.

        folder: a descriptor on the same file system. Their names are the caller's to sync.
        """
        if not self._sync_together(folder, files):
            for file in files:
                kernel.start_writeback(file)
            return [_sync_and_close(file) for file in files]
        for file in files:
            with suppress(OSError):
                os.close(file)
        return [None] * len(files)

    def _sync_together(self, folder: int, files: Sequence[int]) -> bool:
        start_s = self._clock_s()
        if len(files) < _FEW_FILES or start_s < self._avoid_until_s:
            return False
        if not kernel.can_sync_all(folder):
            return False
        try:
            kernel.sync_all(folder)
        except OSError:
            # It may have been another program's file: each of ours is asked, for the first time.
            return False
        end_s = self._clock_s()
        if end_s - start_s > _TOO_LONG_S:
            self._avoid_until_s = end_s + _AVOID_FOR_S
        return True


def _sync_and_close(file: int) -> OSError | None:
    failure = None
    try:
        os.fsync(file)
    except OSError as error:
        failure = error
    with suppress(OSError):
        os.close(file)
    return failure
