"""What a bug in the work on one unit costs, and what a host in trouble costs: not the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.errors import Misconfigured
from gateway.guard.hop import Hop
from gateway.guard.outcome import Outcome
from gateway.spool.model import Entry, Taken
from gateway.spool.reader import open_reader
from gateway.spool.writer import open_writer
from gateway.unit.model import Stage
from tests.support.fakes import BoardOfOne, ListRecorder


def after_many_waits(folder: Path, error: Exception) -> list[str]:
    """The events of a unit that has waited for its scanner ten times, when this goes wrong then."""

    def work(_: Taken) -> Outcome:
        raise error

    writer = open_writer(folder / "in")
    writer.put([Entry(1, b"h", b"x")])
    reader, next_queue = open_reader(folder / "in"), open_writer(folder / "out")
    for _ in range(10):
        for taken in reader.take(1, 1):
            reader.release(taken.number, 0.0)
    journal = ListRecorder()
    hop = Hop(reader, next_queue, work, journal, BoardOfOne(), stage=Stage.CLEARED)
    try:
        hop.step(1.0)
    except Exception as raised:  # noqa: BLE001 the process would end with it
        assert raised is error
    finally:
        hop.close()
        for end in (reader, next_queue, writer):
            end.close()
    return journal.names()


def test_a_bug_costs_the_unit_that_meets_it(tmp_path: Path) -> None:
    assert after_many_waits(tmp_path, RuntimeError("a bug")) == ["corrupt"]


@pytest.mark.parametrize(
    "error",
    [
        Misconfigured(4001, path="k", reason="Permission denied"),
        OSError(24, "EMFILE"),
        MemoryError(),
    ],
)
def test_a_host_in_trouble_costs_no_unit(tmp_path: Path, error: Exception) -> None:
    """F27: no key, no descriptor, no memory: the unit is as good as before."""
    assert "corrupt" not in after_many_waits(tmp_path, error)
