"""A body that a guard's thread has written, made durable there, so that the group commit finds it done."""

from __future__ import annotations

import os
from pathlib import Path

from gateway.guard.outcome import AnyOutcome, Passed


def sync_body(outcome: AnyOutcome) -> None:
    """Nothing where what goes on is no file. Raises OSError."""
    if isinstance(outcome, Passed) and isinstance(outcome.entry.body, Path):
        descriptor = os.open(outcome.entry.body, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
