"""What one sandbox may take: children, units a child, memory, time, size of answers.

Values only; who enforces each stands beside it. docs/SANDBOX.md says what they trade.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from typing import Final

# Time for a unit grows with its size: a slow parser reads at least this much a second.
SLOWEST_BYTES_A_S: Final = 2 << 20


@dataclass(frozen=True, slots=True)
class SandboxSettings:
    """Limits of one sandbox.

    children: running at the same time (guard). idle_children: kept for the next unit of
    their channel; those longest idle go first.
    units_a_child: small units of one channel before a child is replaced; 1 is a child a unit.
    small_bytes: a larger unit has a child of its own.
    memory_bytes: address space of a child on top of what the parent has loaded (kernel).
    cpu_s: processor time of a child (kernel). wall_s: of one unit, without the time of questions;
    silence_s: without a word from the child; both grow by a second each SLOWEST_BYTES_A_S (guard).
    answer_bytes: all answers of one unit; questions: asked for one unit (guard).
    scratch_bytes: shared memory in which a child hands out a large leaf; 0 for none.
    start_s: until the parent must have loaded everything.
    """

    children: int = os.cpu_count() or 2
    idle_children: int = 4
    units_a_child: int = 256
    small_bytes: int = 4 << 20
    memory_bytes: int = 1 << 30
    cpu_s: int = 20
    wall_s: float = 60.0
    silence_s: float = 30.0
    answer_bytes: int = 64 << 20
    questions: int = 1_000_000
    scratch_bytes: int = 4 << 20
    start_s: float = 60.0

    def __post_init__(self) -> None:
        zero_allowed = ("idle_children", "scratch_bytes")
        for one in fields(self):
            if getattr(self, one.name) < (0 if one.name in zero_allowed else 1e-3):
                raise RuntimeError(f"sandbox setting {one.name} must be above nothing")


def allowance_s(size_bytes: int) -> int:
    """Seconds that a unit of this size may take beyond the limits of a small one."""
    return size_bytes // SLOWEST_BYTES_A_S
