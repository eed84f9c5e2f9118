"""Waits that grow: a unit that was tried for days is put off by minutes, not by more than a number holds."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from gateway.errors import Unavailable
from gateway.receiving.admitted import read_admitted
from gateway.receiving.deliver import LONG_WAIT_S, Deliverer
from gateway.spool.model import Entry, Taken
from gateway.spool.reader import open_reader
from gateway.spool.writer import open_writer
from gateway.unit.edge import Delivery, Receipt
from gateway.unit.encode import encode_manifest
from gateway.unit.model import FileBody, Kind, Lane, Manifest
from gateway.unit.stages import Admitted
from tests.support.fakes import BoardOfOne, ListRecorder


class OneNeverFits:
    """A sink that takes every unit but number 1."""

    def deliver(self, batch: Sequence[Admitted]) -> list[Delivery]:
        return [
            Unavailable(2523, channel="c", folder="f", reason="no")
            if a.manifest.number == 1
            else Receipt(a.manifest.number, "b", 3, None)
            for a in batch
        ]

    def forget(self, numbers: Iterable[int]) -> None:
        pass

    def close(self) -> None:
        pass


def test_a_unit_that_was_tried_sixty_times_is_tried_again_within_minutes(tmp_path: Path) -> None:
    """F19: `retry: 100 times` and ten minutes of a destination that was down."""
    writer = open_writer(tmp_path / "q")
    for number in (1, 2):
        manifest = Manifest(
            number, "c", Kind.FILES, Lane.IMPORT, 1, 1, "ab" * 32,
            FileBody(f"{number}.pdf", 3, 1), hashlib.sha256(b"abc").digest(),
        )  # fmt: skip
        writer.put([Entry(number, encode_manifest(manifest), b"abc")])
    queue = open_reader(tmp_path / "q")
    for _ in range(60):  # put off while the sink was down
        for taken in queue.take(10, 1 << 20):
            queue.release(taken.number, 0.0)
    waits: list[float] = []
    release = queue.release

    def noted(number: int, delay_s: float) -> None:
        waits.append(delay_s)
        release(number, delay_s)

    queue.release = noted  # type: ignore[method-assign]
    edge = Deliverer(
        queue, {"c": OneNeverFits()}, read_admitted, ListRecorder(), BoardOfOne(), tries={"c": 100}
    )
    edge.step(0.0)
    assert waits and max(waits) <= LONG_WAIT_S
    assert isinstance(queue.get(1), Taken)
    queue.close()
    writer.close()
