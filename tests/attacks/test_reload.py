"""A policy reload at a bad moment."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from gateway.receiving.admitted import read_admitted
from gateway.receiving.deliver import Deliverer
from gateway.spool.model import Entry
from gateway.spool.reader import open_reader
from gateway.spool.writer import open_writer
from gateway.unit.edge import Delivery, Progress, Receipt
from gateway.unit.encode import encode_manifest
from gateway.unit.model import FileBody, Kind, Lane, Manifest
from gateway.unit.stages import Admitted
from tests.support.fakes import BoardOfOne, ListRecorder


class SlowSink:
    """Answers MORE first: a large body is being copied."""

    def __init__(self, answers_more: bool) -> None:
        self.answers_more = answers_more

    def deliver(self, batch: Sequence[Admitted]) -> list[Delivery]:
        if self.answers_more:
            return [Progress.MORE for _ in batch]
        return [Receipt(a.manifest.number, a.manifest.file.name, 3, None) for a in batch]

    def forget(self, numbers: Iterable[int]) -> None:
        pass

    def close(self) -> None:
        pass


def test_a_unit_under_way_when_the_policies_are_read_anew_is_delivered(tmp_path: Path) -> None:
    """F16: the queue holds it as handed out; the new loop must get it."""
    body = b"abc"
    manifest = Manifest(
        9,
        "c",
        Kind.FILES,
        Lane.IMPORT,
        1,
        1,
        "ab" * 32,
        FileBody("a.pdf", 3, 1),
        hashlib.sha256(body).digest(),
    )
    writer = open_writer(tmp_path / "q")
    writer.put([Entry(9, encode_manifest(manifest), body)])
    queue = open_reader(tmp_path / "q")
    journal, board = ListRecorder(), BoardOfOne()
    before = Deliverer(queue, {"c": SlowSink(True)}, read_admitted, journal, board)
    before.step(0.0)
    before.close()
    after = Deliverer(queue, {"c": SlowSink(False)}, read_admitted, journal, board)
    for at in range(3):
        after.step(1.0 + at)
    assert journal.names().count("delivered") == 1
    assert queue.health().depth == 0
    queue.close()
    writer.close()
