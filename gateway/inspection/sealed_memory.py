"""A body in memory as a file that a child of the sandbox can read and nobody can change."""

from __future__ import annotations

import fcntl
import os
from typing import BinaryIO


def sealed(data: bytes) -> BinaryIO:
    """Open for both, sealed against both. Raises OSError."""
    file = os.fdopen(os.memfd_create("unit", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING), "r+b")
    file.write(data)
    file.flush()
    every = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL
    fcntl.fcntl(file.fileno(), fcntl.F_ADD_SEALS, every)
    return file
