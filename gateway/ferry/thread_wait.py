"""How long a thread has waited for a processor, by the kernel's account (its sched-stats.rst). One read."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_ACCOUNT: Final = Path("/proc/thread-self/schedstat")
_NS: Final = 1e-9


def thread_wait_s(account: Path = _ACCOUNT) -> float | None:
    """Seconds since the calling thread began; None where the kernel does not tell."""
    try:
        _, waited_ns, _ = account.read_text("ascii").split()
        return int(waited_ns) * _NS
    except (OSError, ValueError):
        return None
