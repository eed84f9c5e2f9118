"""Threads that work on large bodies come after all others where the processors are full. One system call."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from typing import Final

# A tenth of the share of an ordinary thread (sched(7)); an idle processor is theirs as before. Not the least:
# such a thread takes the interpreter's lock between two pieces, and who waits for that waits for it.
_NICE: Final = 10


def come_last() -> None:
    """For the calling thread and those that it starts. Lasts: only root could take it back."""
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
