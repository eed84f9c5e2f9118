"""The writing end: one at a time, group commits, segments that follow each other, bodies by rename."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from gateway.errors import Misconfigured, StateUncertain, Unavailable
from gateway.spool import open_reader, open_writer
from gateway.spool import writer as writer_module
from gateway.spool.disk import RealDisk
from gateway.spool.intervals import IntervalSet
from gateway.spool.keeping import Cleared, clear
from gateway.spool.model import Entry, Put
from gateway.spool.segment import SEGMENT_FRONT_BYTES
from gateway.spool.writer import FileQueueWriter, WriterLimits

MUCH = 1 << 30


class CountingDisk(RealDisk):
    """Counts the writes and syncs."""

    def __init__(self) -> None:
        self.writes = self.syncs = 0

    def write(self, fd: int, data: bytes | bytearray, offset: int) -> None:
        self.writes += 1
        super().write(fd, data, offset)

    def sync(self, fd: int) -> None:
        self.syncs += 1
        super().sync(fd)


def units(first: int, count: int, size_bytes: int = 100) -> list[Entry]:
    return [Entry(n, b"h", bytes([n % 251]) * size_bytes) for n in range(first, first + count)]


def drain(folder: Path) -> list[int]:
    reader = open_reader(folder)
    taken = reader.take(1 << 20, MUCH)
    reader.ack([one.number for one in taken])
    reader.close()
    return [one.number for one in taken]


def test_a_put_is_one_write_and_one_sync_of_the_segment(tmp_path: Path) -> None:
    disk = CountingDisk()
    writer = FileQueueWriter(tmp_path / "queue", WriterLimits(reserve_bytes=0), disk)
    disk.writes = disk.syncs = 0
    writer.put(units(0, 64, 4096))
    assert (disk.writes, disk.syncs) == (2, 1)  # the records, and the mark that needs no sync
    writer.close()


def test_a_second_writer_or_reader_is_turned_away(tmp_path: Path) -> None:
    for end, opener in (("writer", open_writer), ("reader", open_reader)):
        first = opener(tmp_path / "queue")
        with pytest.raises(Misconfigured) as refused:
            opener(tmp_path / "queue")
        assert refused.value.number == 6503
        assert refused.value.fields["end"] == end
        first.close()
        opener(tmp_path / "queue").close()


def test_a_closed_end_is_a_bug_to_use(tmp_path: Path) -> None:
    writer, reader = open_writer(tmp_path / "queue"), open_reader(tmp_path / "queue")
    writer.close()
    reader.close()
    writer.close()
    reader.close()
    with pytest.raises(RuntimeError):
        writer.put(units(0, 1))
    with pytest.raises(RuntimeError):
        reader.take(1, 1)


def test_full_segments_follow_each_other_and_go_when_they_are_answered(tmp_path: Path) -> None:
    folder = tmp_path / "queue"
    writer = open_writer(folder, segment_bytes=2000, reserve_bytes=0)
    for first in range(0, 100, 5):
        writer.put(units(first, 5))
    assert len(list((folder / "segments").iterdir())) > 5
    assert drain(folder) == list(range(100))
    assert drain(folder) == []  # tidies up
    assert len(list((folder / "segments").iterdir())) == 1
    writer.close()
    writer = open_writer(folder, segment_bytes=2000, reserve_bytes=0)
    assert all(writer.has(number) for number in range(100))
    assert writer.put([*units(0, 100), *units(100, 1)])[-2:] == [Put.DUPLICATE, Put.CONFIRMED]
    assert drain(folder) == [100]
    writer.close()


def test_a_segment_ends_by_age_and_by_the_bytes_of_its_bodies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "queue"
    writer = open_writer(folder, inline_limit_bytes=10, reserve_bytes=0)
    writer.put(units(0, 1))
    monkeypatch.setattr(writer_module, "_BODY_BYTES_A_SEGMENT", 150)
    writer.put(units(1, 1))
    writer.put(units(2, 1))
    assert len(list((folder / "segments").iterdir())) == 2
    monkeypatch.setattr(writer_module, "SEGMENT_AGE_S", 0.0)
    writer.put(units(3, 1))
    assert len(list((folder / "segments").iterdir())) == 3
    writer.close()


def test_opening_again_and_again_leaves_no_heap_of_segments(tmp_path: Path) -> None:
    for _ in range(10):
        open_writer(tmp_path / "queue").close()
    assert len(list((tmp_path / "queue" / "segments").iterdir())) == 1


def test_a_large_body_is_renamed_not_copied(tmp_path: Path) -> None:
    folder = tmp_path / "queue"
    writer, reader = open_writer(folder, reserve_bytes=0), open_reader(folder)
    staged = writer.staging() / "big"
    with staged.open("wb") as stream:
        stream.truncate(10 << 30)  # sparse: ten GiB that take no room
    inode = staged.stat().st_ino
    writer.put([Entry(1, b"h", staged)])
    (taken,) = reader.take(1, 1)
    assert taken.body.path is not None
    assert (taken.body.path.stat().st_ino, taken.body.size_bytes) == (inode, 10 << 30)
    with pytest.raises(RuntimeError):
        taken.body.read()
    reader.reject(1, 3102, "held")
    (aside,) = (folder / "held").glob("*.body")
    assert aside.stat().st_ino == inode
    assert not taken.body.path.exists()
    writer.close()
    reader.close()


def test_a_duplicate_in_staging_is_removed_and_one_elsewhere_left(tmp_path: Path) -> None:
    writer = open_writer(tmp_path / "queue", reserve_bytes=0)
    writer.put(units(0, 1))
    staged, elsewhere = writer.staging() / "a", tmp_path / "b"
    staged.write_bytes(b"x")
    elsewhere.write_bytes(b"x")
    assert writer.put([Entry(0, b"", staged), Entry(0, b"", elsewhere)]) == [Put.DUPLICATE] * 2
    assert (staged.exists(), elsewhere.exists()) == (False, True)
    writer.close()


def test_staging_is_emptied_at_open(tmp_path: Path) -> None:
    writer = open_writer(tmp_path / "queue")
    (writer.staging() / "half").write_bytes(b"x")
    writer.close()
    writer = open_writer(tmp_path / "queue")
    assert list(writer.staging().iterdir()) == []
    writer.close()


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="needs a second file system")
def test_a_body_on_another_file_system_is_a_wrong_installation(tmp_path: Path) -> None:
    other = Path("/dev/shm") / f"ferrygate-test-{os.getpid()}"
    writer = open_writer(tmp_path / "queue", reserve_bytes=0)
    if other.parent.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("the same file system")
    try:
        other.write_bytes(b"x")
        with pytest.raises(Misconfigured) as refused:
            writer.put([Entry(1, b"", other)])
        assert refused.value.number == 6506
    finally:
        other.unlink()
    writer.close()


def test_a_body_that_is_no_closed_regular_file_is_a_bug(tmp_path: Path) -> None:
    writer = open_writer(tmp_path / "queue", reserve_bytes=0)
    link = writer.staging() / "link"
    link.symlink_to("/etc/hostname")
    for path in (link, tmp_path, tmp_path / "absent"):
        with pytest.raises(RuntimeError):
            writer.put([Entry(1, b"", path)])
    with pytest.raises(RuntimeError):
        writer.put([Entry(1, bytes(70_000), b"")])
    assert not writer.has(1)
    writer.close()


def test_the_reserve_is_left_free(tmp_path: Path) -> None:
    writer = open_writer(tmp_path / "queue", reserve_bytes=1 << 60)
    with pytest.raises(Unavailable) as full:
        writer.put(units(0, 1))
    assert full.value.number == 6502
    writer.close()


def test_a_damaged_ledger_stops_the_start(tmp_path: Path) -> None:
    open_writer(tmp_path / "queue").close()
    (tmp_path / "queue" / "ledger").write_bytes(b"something")
    with pytest.raises(Misconfigured) as refused:
        open_writer(tmp_path / "queue")
    assert refused.value.number == 6508


def test_a_folder_of_somebody_else_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "queue").write_bytes(b"a file")
    for opener in (open_writer, open_reader):
        with pytest.raises(Misconfigured) as refused:
            opener(tmp_path / "queue")
        assert refused.value.number == 6504


def test_ordinals_are_never_given_twice_even_if_segments_were_removed(tmp_path: Path) -> None:
    folder = tmp_path / "queue"
    writer = open_writer(folder, reserve_bytes=0)
    writer.put(units(0, 5))
    writer.close()
    assert drain(folder) == [0, 1, 2, 3, 4]
    for segment in (folder / "segments").iterdir():
        segment.unlink()
    writer = open_writer(folder, reserve_bytes=0)
    writer.put(units(10, 2))
    assert drain(folder) == [10, 11]
    writer.close()


class BadDisk(RealDisk):
    """One sync fails when it is told to; says what is written."""

    def __init__(self) -> None:
        self.fails = 0
        self.written = b""

    def write(self, fd: int, data: bytes | bytearray, offset: int) -> None:
        self.written += data
        super().write(fd, data, offset)

    def sync(self, fd: int) -> None:
        if self.fails:
            error, self.fails = self.fails, 0
            raise OSError(error, os.strerror(error))
        super().sync(fd)


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC])
def test_a_body_whose_sync_failed_is_not_put_again_whatever_the_reason(
    tmp_path: Path, number: int
) -> None:
    disk = BadDisk()
    limits = WriterLimits(inline_limit_bytes=10, reserve_bytes=0)
    writer = FileQueueWriter(tmp_path / "queue", limits, disk)
    body = writer.staging() / "1"
    body.write_bytes(bytes(100))
    disk.fails = number
    # The second sync would answer well, and proves nothing.
    for _ in range(2):
        with pytest.raises(StateUncertain):
            writer.put([Entry(1, b"h", body)])
    writer.close()
    again = FileQueueWriter(tmp_path / "queue", limits, disk)
    assert (again.has(1), body.exists()) == (False, False)
    again.close()


def test_records_whose_sync_failed_are_written_anew_by_the_next_run_and_no_others(
    tmp_path: Path,
) -> None:
    disk = BadDisk()
    writer = FileQueueWriter(tmp_path / "queue", WriterLimits(reserve_bytes=0), disk)
    writer.put([Entry(1, b"h", b"first")])
    disk.fails = errno.EIO
    with pytest.raises(StateUncertain):
        writer.put([Entry(2, b"h", b"second")])
    writer.close()
    disk.written = b""
    again = FileQueueWriter(tmp_path / "queue", WriterLimits(reserve_bytes=0), disk)
    assert again.has(2)
    assert (b"first" in disk.written, b"second" in disk.written) == (False, True)
    again.close()
    assert drain(tmp_path / "queue") == [1, 2]


def test_what_could_not_be_overwritten_for_sure_is_no_matter_of_room(tmp_path: Path) -> None:
    disk = BadDisk()
    writer = FileQueueWriter(tmp_path / "queue", WriterLimits(reserve_bytes=0), disk)
    writer.put(units(1, 2))
    fd = os.open(next((tmp_path / "queue" / "segments").iterdir()), os.O_RDWR)
    answered = IntervalSet()
    answered.add(0, 1)
    disk.fails = errno.ENOSPC
    with pytest.raises(OSError, match="No space") as failed:
        clear(disk, fd, Cleared(SEGMENT_FRONT_BYTES, 0, 0), os.fstat(fd).st_size, answered)
    assert failed.value.errno == errno.EIO
    os.close(fd)
    writer.close()
