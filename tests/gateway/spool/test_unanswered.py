"""A writer knows what its reader has not answered of what is large, over restarts of either."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gateway.spool import open_reader, open_writer, unanswered
from gateway.spool.model import Entry, QueueReader, QueueWriter
from gateway.spool.unanswered import Figures, Tally, Unanswered

ABOVE = 10_000
MUCH = 1 << 30


@pytest.fixture(autouse=True)
def _always_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unanswered, "_LOOK_S", 0.0)


def open_both(folder: Path, keep_bytes: int = 0) -> tuple[Unanswered, QueueWriter, QueueReader]:
    known = Unanswered(folder, ABOVE, 2, lambda entry: entry.header[0])
    writer = open_writer(folder, reserve_bytes=0, inline_limit_bytes=1_000, unanswered=known)
    return known, writer, open_reader(folder, keep_bytes=keep_bytes)


def large(number: int, more: int = 1, kind: int = 0) -> Entry:
    return Entry(number, bytes([kind]), bytes(ABOVE + more))


def answer(reader: QueueReader, count: int) -> None:
    reader.ack([one.number for one in reader.take(count, MUCH)])


def test_what_is_large_counts_until_it_is_answered(tmp_path: Path) -> None:
    known, writer, reader = open_both(tmp_path / "queue")
    assert known.figures(1) == Figures()
    writer.put([large(1, 1), Entry(2, b"\0", b"small"), large(3, 9), large(4, 5)])
    assert known.figures(1) == Figures(3, 3 * ABOVE + 15, ABOVE + 9)
    answer(reader, 3)
    assert known.figures(1) == Figures(1, ABOVE + 5, ABOVE + 5)
    reader.reject(reader.take(1, MUCH)[0].number, 5701, "corrupt")
    assert known.figures(1) == Figures()
    writer.put([large(4, 5)])
    assert known.figures(1) == Figures(), "a duplicate is not there"


def test_figures_are_of_a_kind_and_those_before_it(tmp_path: Path) -> None:
    known, writer, _ = open_both(tmp_path / "queue")
    writer.put([large(1, 1, kind=1), large(2, 2, kind=0), large(3, 3, kind=7)])
    assert known.figures(0) == Figures(1, ABOVE + 2, ABOVE + 2)
    assert known.figures(1) == Figures(3, 3 * ABOVE + 6, ABOVE + 3)


def test_a_reader_that_starts_anew_writes_its_log_anew(tmp_path: Path) -> None:
    folder = tmp_path / "queue"
    known, writer, reader = open_both(folder)
    writer.put([large(number) for number in range(10)])
    for _ in range(3):
        answer(reader, 1)
    assert known.figures(1) == Figures(7, 7 * (ABOVE + 1), ABOVE + 1)
    answer(reader, 2)
    reader.close()
    reader = open_reader(folder)
    answer(reader, 1)
    assert known.figures(1) == Figures(4, 4 * (ABOVE + 1), ABOVE + 1)


@pytest.mark.parametrize("keep_bytes", [0, MUCH], ids=["gone", "kept"])
def test_a_writer_that_starts_anew_finds_what_is_there_as_the_last_kind(
    tmp_path: Path, keep_bytes: int
) -> None:
    folder = tmp_path / "queue"
    _, writer, reader = open_both(folder, keep_bytes)
    writer.put([large(number, number) for number in range(1, 6)])
    writer.put([Entry(9, b"\0", bytes(ABOVE))])
    answer(reader, 3)
    writer.close()
    answer(reader, 1)
    reader.close()
    known, writer, reader = open_both(folder, keep_bytes)
    assert known.figures(0) == Figures()
    assert known.figures(1) == Figures(1, ABOVE + 5, ABOVE + 5)
    answer(reader, 1)
    assert known.figures(1) == Figures()


def test_a_log_that_cannot_be_read_on_is_no_figure_until_it_is_written_anew(tmp_path: Path) -> None:
    folder = tmp_path / "queue"
    known, writer, reader = open_both(folder)
    writer.put([large(1), large(2)])
    answer(reader, 1)
    reader.close()
    with open(folder / "answers", "ab") as log:
        log.write(b"half an entry")
    there = Figures(1, ABOVE + 1, ABOVE + 1)
    assert known.figures(1) == there, "it may be on its way"
    assert [known.figures(1) for _ in range(40)][-1] is None
    reader = open_reader(folder)
    assert known.figures(1) == there
    answer(reader, 1)
    assert known.figures(1) == Figures()


def test_a_log_without_end_costs_a_writer_no_memory(tmp_path: Path) -> None:
    """The reader may be taken over."""
    folder = tmp_path / "queue"
    known, writer, reader = open_both(folder)
    writer.put([large(1), large(2)])
    answer(reader, 1)
    assert known.figures(1) == Figures(1, ABOVE + 1, ABOVE + 1)
    os.truncate(folder / "answers", 1 << 40)
    assert known.figures(1) is None
    reader.close()
    (folder / "answers").unlink()
    writer.put([large(3)])
    assert known.figures(1) is None


def test_a_tally_forgets_ranges_of_any_length() -> None:
    tally = Tally()
    for number in range(10):
        tally.add(number, 10 + number)
    tally.remove_ranges([(8, 10), (20, 30)])
    assert tally.figures == Figures(8, sum(range(10, 18)), 17)
    tally.remove_ranges([(1, 1 << 60)])
    assert tally.figures == Figures(1, 10, 10)
    assert tally.remove(0) == 10
    assert tally.remove(0) == 0
    assert tally.figures == Figures()
