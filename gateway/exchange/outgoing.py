"""What waits to be written to one connection: bounded, and written by whoever comes when nobody writes.

    put: append --> nobody writes? --> write everything that waits, until nothing does
                       | somebody does: he takes ours along

So frames of several threads go in one call, and no thread is kept only to write.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from gateway.errors import Unavailable

# A neighbour that stands still for a moment; what is above would be answered too late anyway.
MAX_WAITING_BYTES: Final = 32 << 20
# One call's worth: what comes meanwhile goes with the next.
_AT_ONCE_BYTES: Final = 256 << 10


class Outgoing:
    """write: takes all of some bytes or raises OSError; then nothing more is written. Thread-safe."""

    def __init__(self, write: Callable[[bytes], None], most_bytes: int = MAX_WAITING_BYTES) -> None:
        self._write, self._most_bytes = write, most_bytes
        self._waiting: deque[bytes] = deque()
        self._bytes = 0
        self._is_written = False
        self._is_broken = False
        self._lock = threading.Lock()

    def put(self, frames: Sequence[bytes]) -> None:
        """Hand frames over, all or none of them.

        Raises Unavailable 5768 (the connection is broken) or 5769 (the neighbour takes nothing), and
        nothing else; what was handed over before is lost with a connection that breaks.
        """
        size_bytes = sum(map(len, frames))
        with self._lock:
            if self._is_broken:
                raise Unavailable(5768)
            if self._waiting and self._bytes + size_bytes > self._most_bytes:
                raise Unavailable(5769, waiting_bytes=self._bytes)
            self._waiting += frames
            self._bytes += size_bytes
            if self._is_written:
                return
            self._is_written = True
        self._drain()

    def _drain(self) -> None:
        while True:
            with self._lock:
                batch = self._next()
                if not batch:
                    self._is_written = False
                    return
            try:
                self._write(batch[0] if len(batch) == 1 else b"".join(batch))
            except OSError:
                with self._lock:
                    self._is_broken = True
                    self._is_written = False
                    self._waiting.clear()
                    self._bytes = 0
                raise Unavailable(5768) from None

    def _next(self) -> list[bytes]:
        batch: list[bytes] = []
        taken = 0
        while self._waiting and taken < _AT_ONCE_BYTES:
            frame = self._waiting.popleft()
            taken += len(frame)
            batch.append(frame)
        self._bytes -= taken
        return batch
