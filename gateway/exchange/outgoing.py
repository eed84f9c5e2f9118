"""What waits to be written to one connection: bounded, and written by whoever comes when nobody writes.

    put: append --> nobody writes? --> write everything that waits, until nothing does
                       | somebody does: he takes ours along

    ours:  waits --> offered --> written          broken while it waits:      never handed over
                                                  broken while it is offered: perhaps
So frames of several threads go in one call, and no thread is kept only to write.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from gateway.errors import StateUncertain, Unavailable

# A neighbour that stands still for a moment; what is above would be answered too late anyway.
MAX_WAITING_BYTES: Final = 32 << 20
# A neighbour that has not taken what has waited for so long is as good as gone, however he drips.
WITHIN_S: Final = 2.0
# One call's worth: what comes meanwhile goes with the next.
_AT_ONCE_BYTES: Final = 256 << 10


class NothingTaken(OSError):
    """A write that failed before the neighbour had a byte of it."""


class Outgoing:
    """write: takes all of some bytes before a time of the monotonic clock, or raises OSError (NothingTaken
    where that is so); then nothing more is written. Thread-safe."""

    def __init__(
        self, write: Callable[[bytes, float], None], most_bytes: int = MAX_WAITING_BYTES
    ) -> None:
        self._write, self._most_bytes = write, most_bytes
        self._waiting: deque[tuple[bytes, float]] = deque()
        self._bytes = 0
        # Frames ever put, taken out to be written, and written.
        self._put = self._offered = self._written = 0
        self._is_written = False
        self._is_broken = False
        self._lock = threading.Lock()

    def put(self, frames: Sequence[bytes]) -> None:
        """Hand frames over. What was handed over is lost with a connection that breaks later.

        Raises Unavailable 5768 (the connection is broken) or 5769 (the neighbour takes nothing): he has no
        byte of them; StateUncertain 5777: it broke while they were written; and nothing else.
        """
        size_bytes = sum(map(len, frames))
        until_s = time.monotonic() + WITHIN_S
        with self._lock:
            if self._is_broken:
                raise Unavailable(5768)
            if self._waiting and self._bytes + size_bytes > self._most_bytes:
                raise Unavailable(5769, waiting_bytes=self._bytes)
            self._waiting += [(frame, until_s) for frame in frames]
            self._bytes += size_bytes
            first, self._put = self._put, self._put + len(frames)
            behind = self._put
            if self._is_written:
                return
            self._is_written = True
        if self._drain() or self._written >= behind:
            return
        if self._offered > first:
            raise StateUncertain(5777)
        raise Unavailable(5768)

    def _drain(self) -> bool:
        """Write until nothing waits; False: it broke."""
        while True:
            with self._lock:
                batch, until_s = self._next()
                if not batch:
                    self._is_written = False
                    return True
                # From here the neighbour may have some of it.
                self._offered += len(batch)
            try:
                self._write(batch[0] if len(batch) == 1 else b"".join(batch), until_s)
            except OSError as error:
                with self._lock:
                    if isinstance(error, NothingTaken):
                        self._offered -= len(batch)
                    self._is_broken = True
                    self._is_written = False
                    self._waiting.clear()
                    self._bytes = 0
                return False
            self._written += len(batch)

    def _next(self) -> tuple[list[bytes], float]:
        """Frames of one call, and by when the first of them must be written."""
        batch: list[bytes] = []
        taken, until_s = 0, self._waiting[0][1] if self._waiting else 0.0
        while self._waiting and taken < _AT_ONCE_BYTES:
            frame, _ = self._waiting.popleft()
            taken += len(frame)
            batch.append(frame)
        self._bytes -= taken
        return batch, until_s
