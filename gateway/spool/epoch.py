"""Epochs: whoever takes over claims the next number, and everybody refuses what comes from an older one.

epochs/<scope>     the last claimed number in decimal digits and a line end
epochs/.<scope>.lock
"""

from __future__ import annotations

import fcntl
import os
import re
from pathlib import Path
from typing import Final

from gateway.errors import Misconfigured
from gateway.spool.disk import Disk, RealDisk, disk_errors, give_to_owner, replace
from gateway.spool.layout import no_access

_SCOPE: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")

# Epochs stand in 64-bit fields on the wire; ten digits would do for a claim each second.
_CLAIMED: Final = re.compile(rb"([1-9][0-9]{0,17})\n")


def claim_epoch(folder: Path, scope: str, at_least: int = 1) -> int:
    """The next epoch of a scope, durable before it returns; no number is given twice.

    at_least: a floor that grows by itself, such as the time, for counters that must not repeat even
    where the folder is put back from a backup. scope: lower-case letters, digits and dashes. The
    folder is made if it is not there. Raises
    Misconfigured 6504 (no access) or 6505 (the file is damaged: guessing could give a number twice),
    Unavailable 6502, StateUncertain 6501, RuntimeError for another scope, and nothing else.
    """
    return _claim(folder, scope, RealDisk(), at_least)


def _claim(folder: Path, scope: str, disk: Disk, at_least: int = 1) -> int:
    if not _SCOPE.fullmatch(scope):
        raise RuntimeError(f"not a scope: {scope!r}")
    lock = _lock(folder, scope)
    try:
        with disk_errors(folder):
            claimed = max(_last(folder / scope) + 1, at_least)
            replace(disk, folder / scope, b"%d\n" % claimed)
            return claimed
    finally:
        os.close(lock)


def _lock(folder: Path, scope: str) -> int:
    """Two processes of one user that claim at once wait for each other: each for one write."""
    path = folder / f".{scope}.lock"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        give_to_owner(fd, folder)
        fcntl.flock(fd, fcntl.LOCK_EX)
    except OSError as error:
        raise no_access(path, error) from error
    return fd


def _last(path: Path) -> int:
    try:
        untrusted_bytes = path.read_bytes()
    except FileNotFoundError:
        return 0
    found = _CLAIMED.fullmatch(untrusted_bytes)
    if found is None:
        raise Misconfigured(6505, path=str(path))
    return int(found[1])
