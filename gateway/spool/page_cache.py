"""Large bodies pass through the page cache without staying there. System calls, no policy.

    written   | let go of  |  durable, may stay (32 MiB)  |  being made durable  |  new
    read      | let go of                                            | being read

Three things are won. The sync at the end of a body finds little to do, because its disk worked all along. A
body of many gigabytes neither fills the memory of the host nor pushes the files of others out of it. And the
next piece takes the pages that the one before has left: in a virtual machine the first touch of a page that
its host has to find costs tens of microseconds, in which nothing runs on that processor (docs/PERFORMANCE.md,
Requests beside files). A small body is read where it was written a moment ago; the end of a large one is left
in memory, its begin comes from the disk, and whoever reads a body last lets go of it.
"""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final

# Made durable in pieces of this size: what a journal's sync may have to wait for takes a disk some hundredths
# of a second.
STEP_BYTES: Final = 8 << 20
# How much of a body may stay in memory for its next reader.
STAYS_BYTES: Final = 32 << 20
# Pieces under way before the writer waits for the disk.
_STEPS_AHEAD: Final = 2
_READ_STEP_BYTES: Final = 8 << 20


class WriteBehind:
    """Makes a file durable behind the one who writes it from its start to its end. For use in `with`.

    Costs nothing, not even a thread, for a body below 8 MiB. A failing sync is raised by `wrote` or by
    `finish`: what was written must then not be used.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._written_bytes = self._begun_bytes = 0
        self._pool = ThreadPoolExecutor(1, "behind")
        self._steps: deque[Future[None]] = deque()

    def wrote(self, count: int) -> None:
        """So many bytes more lie in the file. Raises OSError of an earlier sync."""
        self._written_bytes += count
        if self._written_bytes - self._begun_bytes < STEP_BYTES:
            return
        self._begun_bytes = self._written_bytes
        self._steps.append(self._pool.submit(sync_and_let_go, self._descriptor, self._begun_bytes))
        while len(self._steps) > _STEPS_AHEAD:
            self._steps.popleft().result()

    def finish(self) -> None:
        """Wait for what is under way. The rest, and the file's size, are the caller's to sync."""
        while self._steps:
            self._steps.popleft().result()

    def __enter__(self) -> WriteBehind:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown(wait=True)


class ReadBehind:
    """Lets go of what the last reader of a body has read."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._left_bytes = 0
        with suppress(OSError):
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_SEQUENTIAL)

    def passed(self, offset: int) -> None:
        """Nothing before this offset is read again. Raises nothing: it is advice."""
        count = offset - self._left_bytes
        if count >= _READ_STEP_BYTES:
            _let_go(self._descriptor, self._left_bytes, count)
            self._left_bytes = offset


def sync_and_let_go(descriptor: int, written_bytes: int) -> None:
    """Make content durable; all but the last 32 MiB of it leave memory. Raises OSError."""
    os.fdatasync(descriptor)
    if written_bytes > STAYS_BYTES:
        _let_go(descriptor, 0, written_bytes - STAYS_BYTES)


def sync_file_and_let_go(path: Path) -> None:
    """The same for a whole file by its path. Raises OSError (FileNotFoundError: it is gone)."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        sync_and_let_go(descriptor, os.fstat(descriptor).st_size)
    finally:
        os.close(descriptor)


def _let_go(descriptor: int, start: int, count: int) -> None:
    with suppress(OSError):
        os.posix_fadvise(descriptor, start, count, os.POSIX_FADV_DONTNEED)
