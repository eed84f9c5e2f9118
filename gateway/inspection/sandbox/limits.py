"""The resource limits of a child, set(rlimit) before any unit's byte is read.

AS      what the parent has loaded, and the setting on top      memory
CPU     the setting; a second later the kernel kills            a loop
FSIZE   0: write(2) to any file fails                           a descriptor open for writing
NPROC   0: no process, no thread (not for root: the filter)     a fork
NOFILE  its own, and copies of the unit's                       descriptors
CORE    0                                                       content in a core file
"""

from __future__ import annotations

import resource
from pathlib import Path
from typing import Final

# Standard three, socket, scratch, the unit's, and what a library opens again from it by dup.
MAX_DESCRIPTORS: Final = 32


def loaded_bytes() -> int:
    """Address space that this process has. Raises OSError."""
    pages = int(Path("/proc/self/statm").read_bytes().split()[0])
    return pages * resource.getpagesize()


def limit_child(address_space_bytes: int, cpu_s: int) -> None:
    """All limits at once, soft and hard. Raises OSError and ValueError."""
    for which, soft, hard in (
        (resource.RLIMIT_AS, address_space_bytes, address_space_bytes),
        # The soft one tells by SIGXCPU why; the hard one kills.
        (resource.RLIMIT_CPU, cpu_s, cpu_s + 1),
        (resource.RLIMIT_FSIZE, 0, 0),
        (resource.RLIMIT_NPROC, 0, 0),
        (resource.RLIMIT_NOFILE, MAX_DESCRIPTORS, MAX_DESCRIPTORS),
        (resource.RLIMIT_CORE, 0, 0),
    ):
        _, highest = resource.getrlimit(which)
        bound = hard if highest == resource.RLIM_INFINITY else min(hard, highest)
        resource.setrlimit(which, (min(soft, bound), bound))
