"""A real clamd with local signatures, usable inside and outside pytest.

    with running_clamd(Path(folder)) as clamd:
        clamd.socket, clamd.pid

The same one that `ferrygate demo` starts: gateway.inspection.localdb.
"""

from __future__ import annotations

from gateway.inspection.localdb import (
    TEST_FILES,
    LocalClamd,
    eicar,
    find_clamd,
    running_clamd,
    start_clamd,
)

__all__ = ["TEST_FILES", "LocalClamd", "eicar", "find_clamd", "running_clamd", "start_clamd"]
