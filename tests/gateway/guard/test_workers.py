"""Which thread works on which unit, and what share of the processors it has."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from gateway.guard.outcome import AnyOutcome, Wait
from gateway.guard.workers import BULK_BYTES, Workers
from gateway.inspection.content import file_body
from gateway.spool.model import Taken


def test_large_units_come_last_where_processors_are_full(tmp_path: Path) -> None:
    nice = dict[int, int]()

    def work(taken: Taken) -> AnyOutcome:
        # A thread that it starts, as a digest's, is as it is. 0: the calling thread (Linux).
        def look() -> None:
            nice[taken.number] = os.getpriority(os.PRIO_PROCESS, 0)

        inner = threading.Thread(target=look)
        inner.start()
        inner.join()
        return Wait(1.0)

    workers = Workers(work, 2, lambda _: False)
    for number, size_bytes in ((1, 100), (2, BULK_BYTES + 1)):
        path = tmp_path / str(number)
        path.write_bytes(bytes(size_bytes))
        workers.start([Taken(number, b"", file_body(path), 1)])
    done = workers.done()
    while len(done) < 2 and workers.wait():
        done += workers.done()
    workers.close()
    own = os.getpriority(os.PRIO_PROCESS, 0)
    assert nice[1] == own
    assert nice[2] > own
