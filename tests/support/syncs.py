"""Syncs that fail as a bad disk has them: told once, and after that the pages count as clean."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass

import pytest


@dataclass
class FailingSyncs:
    """calls: how many there were. failing: which of them fail, counted from 1."""

    failing: frozenset[int]
    number: int = errno.EIO
    calls: int = 0

    def __call__(self, fd: int) -> None:
        self.calls += 1
        if self.calls in self.failing:
            raise OSError(self.number, os.strerror(self.number))


def fail(
    patch: pytest.MonkeyPatch, *calls: int, name: str = "fdatasync", number: int = errno.EIO
) -> FailingSyncs:
    """These calls of os.fdatasync fail, as often as they come from now on; no other does anything."""
    syncs = FailingSyncs(frozenset(calls), number)
    patch.setattr(os, name, syncs)
    return syncs
