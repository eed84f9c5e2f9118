"""How many large bodies a channel may have on disk, and how many bytes: counting, and a look at the disk.

    hold(size) --> under way --> release(size)
        | too many 6450, too much 6451, or the disk would be fuller than it may be 6452

What is held is the whole length of a body before its first byte is written, so that none begins that there
is no room for. Bodies partly written count twice, on disk and as held: on the safe side.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.errors import Unavailable


@dataclass(frozen=True, slots=True)
class DiskLimits:
    """Of one channel. reserve_bytes: what stays free on the file system, as queues leave it."""

    most: int = 64
    most_bytes: int = 16 << 30
    reserve_bytes: int = 256 << 20


class DiskRoom:
    """One thread. free_bytes: what may still be written; where not given, the file systems of `folder` and
    of those in `also` are asked, and the fuller one counts."""

    def __init__(
        self,
        folder: Path,
        limits: DiskLimits = DiskLimits(),
        free_bytes: Callable[[], int] | None = None,
        also: Sequence[Path] = (),
    ) -> None:
        self._folders, self.limits = (folder, *also), limits
        self._free_bytes = free_bytes or self._ask_disk
        self.held = 0
        self.held_bytes = 0

    def hold(self, size_bytes: int) -> None:
        """Room for one body of this size; release() must follow. Raises Unavailable 6450 to 6452."""
        limits = self.limits
        if self.held >= limits.most:
            raise Unavailable(6450, most=limits.most, wait_s=5)
        if self.held_bytes + size_bytes > limits.most_bytes:
            raise Unavailable(6451, most_bytes=limits.most_bytes, wait_s=5)
        if self._free_bytes() < limits.reserve_bytes + self.held_bytes + size_bytes:
            raise Unavailable(6452, reason="reserve", wait_s=30)
        self.keep(size_bytes)

    def keep(self, size_bytes: int) -> None:
        """Count one that is there already, whatever the limits say."""
        self.held += 1
        self.held_bytes += size_bytes

    def release(self, size_bytes: int) -> None:
        self.held -= 1
        self.held_bytes -= size_bytes

    def _ask_disk(self) -> int:
        try:
            found = [os.statvfs(folder) for folder in self._folders]
        except OSError as error:
            raise Unavailable(6452, reason=error.strerror or "", wait_s=30) from error
        return min(status.f_bavail * status.f_frsize for status in found)
