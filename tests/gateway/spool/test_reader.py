"""The reading end: keeping, clearing, damage that is named, cheap when idle, small with a backlog."""

from __future__ import annotations

import os
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.errors import Misconfigured
from gateway.spool import open_reader, open_writer, units_aside
from gateway.spool import reader as reader_module
from gateway.spool.keeping import Keep, Shelved, past_keeping
from gateway.spool.model import Entry, QueueReader, QueueWriter
from gateway.spool.reader import FileQueueReader
from gateway.spool.segment import Head
from gateway.spool.shelf import Shelf

MUCH = 1 << 30
MARKER = b"NOBODY-MAY-READ-THIS"


def writer_of(folder: Path, segment_bytes: int = 64 << 20) -> QueueWriter:
    return open_writer(
        folder, reserve_bytes=0, inline_limit_bytes=1000, segment_bytes=segment_bytes
    )


def units(first: int, count: int, size_bytes: int = 100) -> list[Entry]:
    return [
        Entry(n, b"header %d" % n, bytes([n % 251]) * size_bytes)
        for n in range(first, first + count)
    ]


def answer_all(reader: QueueReader) -> list[int]:
    numbers = [one.number for one in reader.take(1 << 20, MUCH)]
    reader.ack(numbers)
    return numbers


def tidy(reader: QueueReader, after_s: float = 3600.0) -> None:
    """As if some time had gone by since the last tidying (ages count by the real clock)."""
    assert isinstance(reader, FileQueueReader)
    reader._tidier.run(reader._acked, time.monotonic() + after_s, idle=True)


def holds(folder: Path, marker: bytes) -> list[str]:
    """Files below the folder that hold the marker."""
    return [str(f.name) for f in folder.rglob("*") if f.is_file() and marker in f.read_bytes()]


@pytest.mark.parametrize("size_bytes", [500, 5000])
def test_nothing_of_an_answered_unit_remains(tmp_path: Path, size_bytes: int) -> None:
    folder = tmp_path / "queue"
    writer, reader = writer_of(folder), open_reader(folder)
    secret = (MARKER * 300)[:size_bytes]
    writer.put([Entry(1, b"name " + MARKER, secret), *units(2, 1), Entry(3, MARKER, secret)])
    reader.take(2, MUCH)
    assert holds(folder, MARKER)
    reader.ack([1])
    tidy(reader)
    assert len(holds(folder, MARKER)) >= 1  # number 3 still waits
    reader.take(1, MUCH)
    reader.ack([3])
    tidy(reader)
    assert holds(folder, MARKER) == []
    # The chain of records still reads, for both ends.
    writer.put(units(4, 1))
    assert [one.number for one in reader.take(9, MUCH)] == [4]
    writer.close()
    reader.close()
    writer, reader = writer_of(folder), open_reader(folder)
    assert [one.number for one in reader.take(9, MUCH)] == [2, 4]
    assert [writer.has(number) for number in range(6)] == [False, True, True, True, True, False]
    assert list(units_aside(folder)) == []
    writer.close()
    reader.close()


def test_nothing_of_a_refused_unit_remains_in_the_queue_itself(tmp_path: Path) -> None:
    folder = tmp_path / "queue"
    writer, reader = writer_of(folder), open_reader(folder, keep_age_s=3600)
    writer.put([Entry(1, b"h", MARKER)])
    reader.take(1, MUCH)
    reader.reject(1, 3102, "refused")
    assert [name.rpartition(".")[2] for name in holds(folder, MARKER)] == ["body"]
    writer.close()
    reader.close()


def test_clearing_survives_the_writer_reading_the_segment_after_a_power_cut(tmp_path: Path) -> None:
    folder = tmp_path / "queue"
    writer, reader = writer_of(folder), open_reader(folder)
    writer.put(units(0, 5))
    reader.take(3, MUCH)
    reader.ack([0, 1, 2])
    tidy(reader)
    writer.close()
    reader.close()
    (folder / "mark").unlink()
    writer, reader = writer_of(folder), open_reader(folder)
    assert all(writer.has(number) for number in range(5))
    assert [one.number for one in reader.take(9, MUCH)] == [3, 4]
    writer.close()
    reader.close()


def shelf(*sizes: int) -> list[Shelved]:
    return [Shelved(first, size, first * 10**9) for first, size in enumerate(sizes)]


def test_keeping_by_age_by_bytes_by_both_and_not_at_all() -> None:
    kept = shelf(100, 100, 100)  # answered at 0, 1 and 2 s
    now_ns = 10 * 10**9
    assert past_keeping(kept, Keep(), now_ns) == {0, 1, 2}
    assert past_keeping(kept, Keep(age_s=8.5), now_ns) == {0, 1}
    assert past_keeping(kept, Keep(bytes=250), now_ns) == {0}
    assert past_keeping(kept, Keep(bytes=300), now_ns) == set()
    assert past_keeping(kept, Keep(age_s=9.5, bytes=150), now_ns) == {0, 1}


def test_the_oldest_segments_go_first_when_too_much_is_kept(tmp_path: Path) -> None:
    folder = tmp_path / "queue"
    writer = writer_of(folder, segment_bytes=1000)
    for first in range(0, 100, 10):
        writer.put(units(first, 10))
    reader = open_reader(folder, keep_bytes=5000)
    answer_all(reader)
    tidy(reader)
    assert reader.get(0) is None
    assert reader.get(99) is not None
    assert 1 < len(list((folder / "segments").iterdir())) < 5
    reader.close()
    reader = open_reader(folder, keep_age_s=0.001)
    time.sleep(0.01)
    tidy(reader)
    assert [reader.get(number) for number in (0, 80, 99)] == [None, None, None]
    assert len(list((folder / "segments").iterdir())) == 1
    writer.close()
    reader.close()


def test_kept_bodies_go_with_their_segment_also_after_a_restart(tmp_path: Path) -> None:
    folder = tmp_path / "queue"
    writer, reader = writer_of(folder), open_reader(folder, keep_age_s=3600)
    writer.put(units(0, 4, 5000))
    answer_all(reader)
    tidy(reader)
    assert len(list((folder / "body").iterdir())) == 4
    assert reader.again([2]) == [2]
    reader.close()
    reader = open_reader(folder)
    tidy(reader)
    assert len(list((folder / "body").iterdir())) == 1
    assert [one.body.size_bytes for one in reader.take(9, MUCH)] == [5000]
    writer.close()
    reader.close()


def test_an_idle_take_lists_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "queue"
    writer, reader = writer_of(folder), open_reader(folder)
    writer.put(units(0, 3))
    answer_all(reader)

    def forbidden(*_: object, **__: object) -> object:
        raise AssertionError("an idle take must not do this")

    for name in ("scandir", "listdir", "open", "stat"):
        monkeypatch.setattr(os, name, forbidden)
    for _ in range(100):
        assert reader.take(10, MUCH) == []
    writer.put(units(3, 1))
    assert [one.number for one in reader.take(10, MUCH)] == [3]
    monkeypatch.undo()
    writer.close()
    reader.close()


def test_a_reader_that_waits_before_the_first_writer_sees_its_units(tmp_path: Path) -> None:
    reader = open_reader(tmp_path / "queue")
    assert reader.take(1, MUCH) == []
    writer = writer_of(tmp_path / "queue")
    writer.put(units(0, 2))
    assert answer_all(reader) == [0, 1]
    writer.close()
    reader.close()


def test_the_reader_follows_over_restarts_of_the_writer(tmp_path: Path) -> None:
    reader = open_reader(tmp_path / "queue")
    for round_ in range(5):
        writer = writer_of(tmp_path / "queue")
        writer.put(units(round_ * 3, 3))
        writer.close()
        assert answer_all(reader) == list(range(round_ * 3, round_ * 3 + 3))
    tidy(reader)
    assert len(list((tmp_path / "queue" / "segments").iterdir())) == 1
    reader.close()


def test_a_long_backlog_costs_no_memory(tmp_path: Path) -> None:
    folder = tmp_path / "queue"
    writer = writer_of(folder, segment_bytes=1 << 20)
    for first in range(0, 60_000, 2000):
        writer.put(units(first, 2000, 50))
    writer.close()
    tracemalloc.start()
    reader = open_reader(folder)
    came = 0
    while came < 30_000:
        taken = reader.take(64, MUCH)
        came += len(taken)
        reader.ack([one.number for one in taken])
    assert reader.again([45_000]) == [45_000]
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak_bytes < 6 << 20  # an index of the backlog would take more than ten
    reader.close()


def test_no_more_are_put_off_than_memory_allows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader_module, "MAX_PUT_OFF", 10)
    writer, reader = writer_of(tmp_path / "queue"), open_reader(tmp_path / "queue")
    writer.put(units(0, 20))
    for one in reader.take(10, MUCH):
        reader.release(one.number, 3600)
    assert reader.take(10, MUCH) == []
    reader.ack([3])
    assert [one.number for one in reader.take(1, MUCH)] == [10]
    writer.close()
    reader.close()


def damage(segment: Path, what: bytes, with_what: bytes, times: int = 1) -> None:
    whole = segment.read_bytes()
    assert what in whole
    segment.write_bytes(whole.replace(what, with_what, times))


def test_a_unit_changed_on_the_disk_is_set_aside_and_the_next_ones_come(tmp_path: Path) -> None:
    folder = tmp_path / "queue"
    writer, reader = writer_of(folder), open_reader(folder)
    writer.put([Entry(n, b"h", b"body %d" % n) for n in range(4)])
    (segment,) = (folder / "segments").iterdir()
    damage(segment, b"body 1", b"bodX 1")
    assert [one.number for one in reader.take(9, MUCH)] == [0, 2, 3]
    (aside,) = units_aside(folder)
    assert (aside.number, aside.stage, aside.reason) == (1, "corrupt", 6510)
    assert reader.health().depth == 3
    writer.close()
    reader.close()


def test_a_destroyed_head_is_stepped_over_and_named(tmp_path: Path) -> None:
    folder = tmp_path / "queue"
    writer, reader = writer_of(folder), open_reader(folder)
    writer.put([Entry(n, b"h", b"body %d" % n) for n in range(4)])
    (segment,) = (folder / "segments").iterdir()
    damage(segment, b"\xf6\x9dFU", b"XXXX", 2)  # the heads of 0 and 1
    assert [one.number for one in reader.take(9, MUCH)] == [2, 3]
    (aside,) = units_aside(folder)
    assert (aside.number, aside.stage, aside.reason) == (None, "corrupt", 6510)
    assert b"body 0" in aside.body.file.read_bytes()
    reader.ack([2, 3])
    assert reader.health().depth == 0
    reader.close()
    writer.close()
    writer = writer_of(folder)  # what cannot be read is no torn tail: nothing is cut
    assert (writer.has(2), writer.has(3)) == (True, True)
    writer.close()


def test_a_body_that_is_gone_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "queue"
    writer, reader = writer_of(folder), open_reader(folder)
    writer.put(units(0, 2, 5000))
    min((folder / "body").iterdir()).unlink()
    assert [one.number for one in reader.take(9, MUCH)] == [1]
    (aside,) = units_aside(folder)
    assert (aside.number, aside.reason, aside.header) == (0, 6511, b"header 0")
    writer.close()
    reader.close()


def test_a_segment_that_is_gone_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "queue"
    writer = writer_of(folder, segment_bytes=1000)
    for first in range(0, 40, 10):
        writer.put(units(first, 10))
    segments = sorted((folder / "segments").iterdir())
    segments[0].unlink()
    segments[2].unlink()
    reader = open_reader(folder)
    assert [one.number for one in reader.take(99, MUCH)] == [*range(10, 20), *range(30, 40)]
    assert [(one.number, one.reason) for one in units_aside(folder)] == [(None, 6512)] * 2
    writer.close()
    reader.close()


def test_a_segment_of_another_version_stops_the_reader(tmp_path: Path) -> None:
    folder = tmp_path / "queue"
    writer = writer_of(folder)
    writer.put(units(0, 1))
    (segment,) = (folder / "segments").iterdir()
    damage(segment, b"FGSEGM\x00\x01", b"FGSEGM\x00\x02")
    reader = open_reader(folder)
    with pytest.raises(Misconfigured) as refused:
        reader.take(1, MUCH)
    assert refused.value.number == 6507
    writer.close()
    reader.close()


def test_the_log_of_answers_stays_short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.spool.answer_log._COMPACT_BYTES", 2000)
    folder = tmp_path / "queue"
    writer, reader = writer_of(folder), open_reader(folder, keep_age_s=3600)
    assert isinstance(reader, FileQueueReader)
    reader._log.compact()
    writer.put(units(0, 200))
    for number in range(200):
        reader.take(1, MUCH)
        reader.ack([number])
        reader._tidier._next_s = 0
    assert (folder / "answers").stat().st_size < 4000
    reader.close()
    reader = open_reader(folder, keep_age_s=3600)
    assert reader.take(1, MUCH) == []
    assert reader.health().kept == 200
    writer.close()
    reader.close()


def test_a_long_list_of_numbers_costs_one_pass_over_each_segment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One number at a time would read every record again for each of them: hours for a busy day."""
    writer = writer_of(tmp_path, segment_bytes=20_000)
    reader = open_reader(tmp_path, keep_age_s=3600)
    for first in range(0, 1000, 100):
        writer.put(units(first, 100))
    answer_all(reader)
    passes: list[int] = []
    heads = Shelf.heads

    def counted(self: Shelf, first: int, *offset: int) -> Iterator[tuple[int, Head]]:
        passes.append(first)
        return heads(self, first, *offset)

    monkeypatch.setattr(Shelf, "heads", counted)
    for first in range(0, 1000, 50):
        assert len(reader.get_all(range(first, first + 50))) == 50
    assert reader.get(17) is not None
    segments = len(list((tmp_path / "segments").iterdir()))
    assert segments > 3
    # Once for their numbers, once for their places.
    assert len(passes) <= 3 * segments
    writer.put(units(2000, 1))
    assert reader.get(2000) is not None
    writer.close()
    reader.close()
