"""The queue between two processes survives: a power cut at each step, a torn tail, kill -9, a full disk.

The table of power cuts: every step of a story with both ends x what the disk kept of it.
"""

from __future__ import annotations

import errno
import os
import random
import shutil
import signal
import struct
import subprocess
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from gateway.errors import StateUncertain, Unavailable
from gateway.spool import open_reader, open_writer, units_aside
from gateway.spool.disk import RealDisk
from gateway.spool.intervals import IntervalSet
from gateway.spool.keeping import Keep
from gateway.spool.layout import Layout
from gateway.spool.model import Entry, Put, QueueReader, QueueWriter, Taken
from gateway.spool.reader import FileQueueReader
from gateway.spool.writer import FileQueueWriter, WriterLimits
from tests.gateway.spool.power import PowerCut, PowerDisk

MUCH = 1 << 30
LIMITS = WriterLimits(inline_limit_bytes=300, segment_bytes=1500, reserve_bytes=0)


@pytest.fixture
def memory_folder() -> Iterator[Path]:
    """A folder in memory where there is one: the power is ours to cut, real syncs only cost time."""
    parent = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(dir=parent if parent.is_dir() else None))
    yield folder
    shutil.rmtree(folder)


def body_of(number: int) -> bytes:
    """Every fourth is a file."""
    return b"unit %08d " % number * (40 if number % 4 == 3 else 12)


def content(one: Taken) -> bytes:
    with one.body.open() as stream:
        return stream.read()


@dataclass
class Told:
    """What the callers were told before the power went."""

    confirmed: set[int] = field(default_factory=set)
    offered: set[int] = field(default_factory=set)
    acked: set[int] = field(default_factory=set)
    answering: set[int] = field(default_factory=set)
    rejected: set[int] = field(default_factory=set)


class Story:
    """Both ends at work: three segments, bodies of both kinds, every answer, a restart of each."""

    def __init__(self, folder: Path, disk: PowerDisk) -> None:
        self.folder, self.disk, self.told = folder, disk, Told()
        self.writer: FileQueueWriter | None = None
        self.reader: FileQueueReader | None = None

    def play(self) -> None:
        self.writer = FileQueueWriter(self.folder, LIMITS, self.disk)
        self.reader = FileQueueReader(self.folder, Keep(), self.disk)
        self._put(range(4))
        self._put(range(4, 8))
        self._take(6)
        self._ack([1, 0])
        self._reject(2, "refused")
        self._reject(3, "held")
        self._put(range(8, 16))
        self.reader.release(4, 0)
        self._ack([5])
        self._tidy()
        self.writer.close()
        self.writer = FileQueueWriter(self.folder, LIMITS, self.disk)
        self._put(range(16, 24))
        self.reader.close()
        self.reader = FileQueueReader(self.folder, Keep(), self.disk)
        self._take(12)
        self._ack(range(4, 12))
        self._reject_all([(12, "refused"), (13, "held"), (15, "refused")])
        self._tidy()
        self._put(range(24, 26))

    def _put(self, numbers: range) -> None:
        assert self.writer is not None
        entries = []
        for number in numbers:
            body: bytes | Path = body_of(number)
            if number % 8 == 7:
                body = self.writer.staging() / f"staged{number}"
                self.disk.write_outside(body, body_of(number))
            entries.append(Entry(number, b"header %d" % number, body))
        self.told.offered.update(numbers)
        assert set(self.writer.put(entries)) == {Put.CONFIRMED}
        self.told.confirmed.update(numbers)

    def _take(self, limit: int) -> None:
        assert self.reader is not None
        self.reader.take(limit, MUCH)

    def _ack(self, numbers: range | list[int]) -> None:
        assert self.reader is not None
        out = set(numbers) - self.told.acked - self.told.rejected
        self.told.answering |= out
        self.reader.ack(out)
        self.told.acked |= out

    def _reject(self, number: int, stage: str) -> None:
        assert self.reader is not None
        self.told.answering.add(number)
        self.reader.reject(number, 3102, stage)
        self.told.rejected.add(number)

    def _reject_all(self, exits: list[tuple[int, str]]) -> None:
        assert self.reader is not None
        leaving = [(n, 3102, s) for n, s in exits if n not in self.told.acked | self.told.rejected]
        numbers = {number for number, _, _ in leaving}
        self.told.answering |= numbers
        assert self.reader.reject_all(leaving) == len(leaving)
        self.told.rejected |= numbers

    def _tidy(self) -> None:
        """As if some time had gone by: everything that is past keeping goes now."""
        assert self.reader is not None
        tidier = self.reader._tidier
        tidier.run(self.reader._acked, time.monotonic() + 3600, idle=True)

    def close(self) -> None:
        for end in (self.writer, self.reader):
            if end is not None:
                end.close()


def play_until(folder: Path, stop_before: int | None, lost: str) -> tuple[Told, int]:
    """The story up to a step and what the disk shows then. Also gives the number of steps."""
    disk = PowerDisk(folder / "trash", stop_before)
    story = Story(folder / "queue", disk)
    try:
        with suppress(PowerCut):
            story.play()
    finally:
        story.close()
    disk.lose(lost)
    return story.told, disk.steps


def assert_nothing_lost_nothing_twice(folder: Path, told: Told) -> None:
    """Both ends open again by the ordinary path, the source repeats all, everything is read out."""
    writer = open_writer(folder, inline_limit_bytes=300, segment_bytes=1500, reserve_bytes=0)
    reader = open_reader(folder)
    known = {number for number in told.offered if writer.has(number)}
    assert told.confirmed <= known
    for number in sorted(told.offered):
        (answer,) = writer.put([Entry(number, b"header %d" % number, body_of(number))])
        assert answer is (Put.DUPLICATE if number in known else Put.CONFIRMED)
    came: list[int] = []
    while taken := reader.take(5, MUCH):
        for one in taken:
            assert one.header == b"header %d" % one.number
            assert content(one) == body_of(one.number)
        came += [one.number for one in taken]
        reader.ack([one.number for one in taken])
    reader.close()
    writer.close()
    aside = {one.number: one for one in units_aside(folder) if one.number is not None}
    assert len(list(units_aside(folder))) == len(aside)
    assert len(came) == len(set(came))
    assert told.acked.isdisjoint(came)
    assert told.rejected <= aside.keys()
    assert set(aside) <= told.answering
    assert aside.keys().isdisjoint(came)
    for number, left in aside.items():
        assert left.body.file.read_bytes() == body_of(number)
        assert left.header == b"header %d" % number
    assert told.offered - told.answering <= set(came)


LOST = ["nothing", "all", "content", "names", *(f"seed {n}" for n in range(12))]


@pytest.mark.parametrize("lost", LOST)
def test_a_power_cut_at_any_step_loses_nothing_that_was_confirmed(
    memory_folder: Path, lost: str
) -> None:
    _, steps = play_until(memory_folder / "whole", None, "nothing")
    assert steps > 120
    for stop_before in range(steps):
        folder = memory_folder / f"{stop_before}"
        told, _ = play_until(folder, stop_before, lost)
        try:
            assert_nothing_lost_nothing_twice(folder / "queue", told)
        except BaseException as error:
            error.add_note(f"power cut before step {stop_before}, lost: {lost}")
            raise
        shutil.rmtree(folder)


def test_a_second_power_cut_during_recovery_loses_nothing_either(memory_folder: Path) -> None:
    for stop_before in range(20, 180, 20):
        for again in range(0, 30, 3):
            folder = memory_folder / f"{stop_before}-{again}"
            told, _ = play_until(folder, stop_before, "seed 4")
            disk = PowerDisk(folder / "trash2", again)
            for end in (
                lambda d=disk, f=folder: FileQueueWriter(f / "queue", LIMITS, d),
                lambda d=disk, f=folder: FileQueueReader(f / "queue", Keep(), d),
            ):
                try:
                    end().close()
                except PowerCut:
                    break
            disk.lose("seed 5")
            assert_nothing_lost_nothing_twice(folder / "queue", told)
            shutil.rmtree(folder)


def test_what_a_killed_writer_left_is_durable_before_it_counts_as_taken(
    memory_folder: Path,
) -> None:
    for stop_before in range(8, 140, 3):
        folder = memory_folder / f"{stop_before}"
        disk = PowerDisk(folder / "trash", stop_before)
        story = Story(folder / "queue", disk)
        with suppress(PowerCut):
            story.play()
        story.close()
        disk.stop_before = None  # only the process was killed: the kernel still has its writes
        writer = FileQueueWriter(folder / "queue", LIMITS, disk)
        story.told.confirmed |= {number for number in story.told.offered if writer.has(number)}
        writer.close()
        disk.lose("all")
        assert_nothing_lost_nothing_twice(folder / "queue", story.told)
        shutil.rmtree(folder)


def write_units(folder: Path, count: int) -> Path:
    """One segment with `count` confirmed units; gives its path."""
    writer = open_writer(folder, reserve_bytes=0)
    writer.put([Entry(number, b"h", b"body %d" % number) for number in range(count)])
    writer.close()
    (segment,) = sorted((folder / "segments").iterdir())
    return segment


def test_a_tail_torn_at_any_byte_leaves_the_whole_records(memory_folder: Path) -> None:
    folder = memory_folder / "queue"
    segment = write_units(folder, 3)
    whole = segment.read_bytes()
    record_bytes = (len(whole) - 28) // 3
    saved = memory_folder / "saved"
    shutil.copytree(folder, saved)
    for size in range(28, len(whole)):
        shutil.rmtree(folder)
        shutil.copytree(saved, folder)
        segment.write_bytes(whole[:size])
        (folder / "mark").unlink()  # a power cut in the middle of the put: the mark was never set
        left = (size - 28) // record_bytes
        writer = open_writer(folder, reserve_bytes=0)
        assert [writer.has(number) for number in range(3)] == [n < left for n in range(3)]
        writer.put([Entry(n, b"h", b"body %d" % n) for n in range(3)])
        reader = open_reader(folder)
        assert [content(one) for one in reader.take(9, MUCH)] == [b"body 0", b"body 1", b"body 2"]
        writer.close()
        reader.close()


def test_a_tail_of_zeros_or_of_noise_is_cut(memory_folder: Path) -> None:
    for tail in (bytes(5000), random.Random(1).randbytes(5000)):
        folder = memory_folder / f"{tail[:4].hex()}"
        segment = write_units(folder, 3)
        (folder / "mark").unlink()
        with segment.open("ab") as stream:
            stream.write(tail)
        writer, reader = open_writer(folder, reserve_bytes=0), open_reader(folder)
        assert [one.number for one in reader.take(9, MUCH)] == [0, 1, 2]
        assert list(units_aside(folder)) == []
        writer.close()
        reader.close()


def test_a_whole_record_behind_a_torn_one_was_never_confirmed_and_comes_once(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "queue"
    segment = write_units(folder, 3)
    (folder / "mark").unlink()
    segment.write_bytes(segment.read_bytes().replace(b"body 1", bytes(6)))
    writer, reader = open_writer(folder, reserve_bytes=0), open_reader(folder)
    assert [writer.has(number) for number in range(3)] == [True, False, False]
    writer.put([Entry(n, b"h", b"body %d" % n) for n in range(3)])
    assert [one.number for one in reader.take(9, MUCH)] == [0, 1, 2]
    assert list(units_aside(folder)) == []
    writer.close()
    reader.close()


def test_a_confirmed_record_that_the_disk_changed_is_no_torn_tail(tmp_path: Path) -> None:
    folder = tmp_path / "queue"
    segment = write_units(folder, 4)
    segment.write_bytes(segment.read_bytes().replace(b"body 1", b"boXy 1"))
    writer, reader = open_writer(folder, reserve_bytes=0), open_reader(folder)
    assert all(writer.has(number) for number in range(4))
    assert [one.number for one in reader.take(9, MUCH)] == [0, 2, 3]
    assert [(one.number, one.reason) for one in units_aside(folder)] == [(1, 6510)]
    writer.close()
    reader.close()


def test_a_body_whose_record_never_came_is_removed(tmp_path: Path) -> None:
    folder = tmp_path / "queue"
    write_units(folder, 3)
    (folder / "body" / f"{3:016x}").write_bytes(b"orphan")
    (folder / "body" / f"{2:016x}").write_bytes(b"no orphan")
    open_writer(folder).close()
    assert [path.name for path in (folder / "body").iterdir()] == [f"{2:016x}"]


def test_a_torn_log_of_answers_repeats_units_but_loses_none(memory_folder: Path) -> None:
    folder = memory_folder / "queue"
    write_units(folder, 6)
    reader = open_reader(folder)
    for _ in range(3):
        reader.ack([one.number for one in reader.take(2, MUCH)])
    reader.close()
    log = (folder / "answers").read_bytes()
    for size in range(len(log)):
        (folder / "answers").write_bytes(log[:size])
        reader = open_reader(folder)
        came = [one.number for one in reader.take(9, MUCH)]
        assert came == list(range(6 - len(came), 6))
        reader.close()


def fork(work: Callable[[], None]) -> int:
    """A process of ours; gives its number."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    return child


def test_both_ends_killed_again_and_again_lose_nothing(tmp_path: Path) -> None:
    folder, delivered = tmp_path / "queue", tmp_path / "delivered"
    total, group = 3000, 16
    delivered.touch()

    def write() -> None:
        writer = open_writer(folder, inline_limit_bytes=300, segment_bytes=40_000, reserve_bytes=0)
        for first in range(0, total, group):
            numbers = range(first, min(first + group, total))
            writer.put(
                [Entry(n, b"header %d" % n, body_of(n)) for n in numbers if not writer.has(n)]
            )

    def read() -> None:
        reader = open_reader(folder)
        out = os.open(delivered, os.O_WRONLY | os.O_APPEND)
        while True:
            taken = reader.take(group, MUCH)
            for one in taken:
                assert content(one) == body_of(one.number)
            os.write(out, b"".join(b"%08d\n" % one.number for one in taken))
            reader.ack([one.number for one in taken])
            time.sleep(0 if taken else 0.002)

    dice = random.Random(7)
    children = {"write": fork(write), "read": fork(read)}
    kills = 0
    try:
        deadline_s = time.monotonic() + 60
        while time.monotonic() < deadline_s:
            time.sleep(dice.uniform(0.005, 0.06))
            have = {int(line) for line in delivered.read_text().split()}
            if len(have) == total and kills >= 20:
                break
            end = dice.choice(["write", "read"])
            os.kill(children[end], signal.SIGKILL)
            os.waitpid(children[end], 0)
            kills += 1
            children[end] = fork(write if end == "write" else read)
    finally:
        for child in children.values():
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    came = [int(line) for line in delivered.read_text().split()]
    assert set(came) == set(range(total))
    # At least once: a unit comes twice only if a kill hit between the delivery and its ack.
    assert len(came) - total <= kills * group
    assert list(units_aside(folder)) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MiB of our own."""
    mount = tmp_path / "small"
    mount.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(mount)]
    if os.geteuid() != 0 or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("needs root, to mount a small disk")
    yield mount
    subprocess.run(["umount", str(mount)], check=True)


def test_a_full_disk_keeps_nothing_of_the_put_and_goes_on_when_there_is_room(
    small_disk: Path,
) -> None:
    writer = open_writer(small_disk / "queue", reserve_bytes=0)
    reader = open_reader(small_disk / "queue")
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(1 << 20))
    number = 0
    with pytest.raises(Unavailable) as refused:
        while True:
            writer.put([Entry(number + n, b"h", bytes([n]) * 20_000) for n in range(10)])
            number += 10
    assert refused.value.number == 6502
    assert number > 0
    assert not writer.has(number)
    ballast.unlink()
    again = [Entry(number + n, b"h", bytes([n]) * 20_000) for n in range(10)]
    assert writer.put(again) == [Put.CONFIRMED] * 10
    came = [one.number for one in reader.take(1000, MUCH)]
    assert came == list(range(number + 10))
    reader.ack(came)
    writer.close()
    reader.close()


def test_a_full_disk_gives_staged_bodies_back(small_disk: Path) -> None:
    writer = open_writer(small_disk / "queue", inline_limit_bytes=100, reserve_bytes=0)
    staged = writer.staging() / "one"
    staged.write_bytes(b"x" * 5000)
    ballast = small_disk / "ballast"
    fill(ballast)
    entries = [Entry(1, bytes(60_000), staged), Entry(2, bytes(60_000), b"y" * 5000)]
    with pytest.raises(Unavailable):
        writer.put(entries)
    assert staged.read_bytes() == b"x" * 5000
    assert list((small_disk / "queue" / "body").iterdir()) == []
    ballast.unlink()
    assert writer.put(entries) == [Put.CONFIRMED] * 2
    writer.close()


class FullDisk(RealDisk):
    """The n-th write, counted down, finds the disk full."""

    writes_left = 1 << 30

    def write(self, fd: int, data: bytes | bytearray, offset: int) -> None:
        self.writes_left -= 1
        if self.writes_left < 0:
            os.pwrite(fd, data[: len(data) // 2], offset)  # some of it had room
            raise OSError(errno.ENOSPC, "No space left on device")
        super().write(fd, data, offset)


@pytest.mark.parametrize("writes_left", [0, 1])
def test_a_put_that_does_not_fit_changes_nothing(tmp_path: Path, writes_left: int) -> None:
    """The disk is full at the second body, then at the records."""
    disk = FullDisk()
    writer = FileQueueWriter(tmp_path / "queue", LIMITS, disk)
    writer.put([Entry(0, b"h", b"before")])
    (segment,) = (tmp_path / "queue" / "segments").iterdir()
    before = segment.read_bytes()
    staged = writer.staging() / "one"
    staged.write_bytes(b"x" * 5000)
    entries = [Entry(1, b"h", staged), Entry(2, b"h", b"y" * 5000), Entry(3, b"h", b"z")]
    disk.writes_left = writes_left
    with pytest.raises(Unavailable) as refused:
        writer.put(entries)
    assert refused.value.number == 6502
    assert staged.read_bytes() == b"x" * 5000
    assert list((tmp_path / "queue" / "body").iterdir()) == []
    assert segment.read_bytes() == before
    disk.writes_left = 1 << 30
    assert writer.put(entries) == [Put.CONFIRMED] * 3
    writer.close()


def test_a_reader_on_a_full_disk_says_so_and_frees_it_later(small_disk: Path) -> None:
    folder = small_disk / "queue"
    writer, reader = open_writer(folder, reserve_bytes=0), open_reader(folder)
    writer.put([Entry(n, b"h", bytes(1000)) for n in range(300)])
    ballast = small_disk / "ballast"
    fill(ballast)
    (first,) = reader.take(1, MUCH)
    with pytest.raises(Unavailable):
        reader.reject(first.number, 3102, "refused")
    assert list((folder / "refused").iterdir()) == []
    with pytest.raises(Unavailable):
        for _ in range(299):
            reader.ack([one.number for one in reader.take(1, MUCH)])
            fill(ballast)
    ballast.unlink()
    reader.reject(first.number, 3102, "refused")
    assert [one.number for one in units_aside(folder)] == [first.number]
    writer.close()
    reader.close()


def fill(ballast: Path) -> None:
    """Use the disk up to its last page."""
    with pytest.raises(OSError), ballast.open("ab", buffering=0) as stream:
        while True:
            stream.write(bytes(4096))


class FailingDisk(PowerDisk):
    """sync answers EIO once it is told to."""

    broken = False

    def sync(self, fd: int) -> None:
        if self.broken:
            raise OSError(5, "Input/output error")
        super().sync(fd)


def test_after_a_failing_sync_an_end_does_nothing_any_more(memory_folder: Path) -> None:
    disk = FailingDisk(memory_folder / "trash")
    writer: QueueWriter = FileQueueWriter(memory_folder / "queue", LIMITS, disk)
    reader: QueueReader = FileQueueReader(memory_folder / "queue", Keep(), disk)
    writer.put([Entry(1, b"h", b"b")])
    reader.take(1, MUCH)
    disk.broken = True
    for call in (lambda: writer.put([Entry(2, b"h", b"b")]), lambda: reader.ack([1])):
        with pytest.raises(StateUncertain) as uncertain:
            call()
        assert uncertain.value.number == 6501
    disk.broken = False
    with pytest.raises(StateUncertain):
        writer.put([Entry(3, b"h", b"b")])
    with pytest.raises(StateUncertain):
        reader.take(1, MUCH)
    writer.close()
    reader.close()
    disk.release()


OLD = range(0, 3000, 3)
ROOM = replace(LIMITS, memory_bytes=3000)


def _of_version_1(folder: Path) -> None:
    """A queue as an earlier version left it: a ledger, and a segment that it does not cover."""
    writer = FileQueueWriter(folder, LIMITS, RealDisk())
    writer.put([Entry(1, b"h", b"came last")])
    writer.close()
    covered = struct.pack("<Q", 0) + IntervalSet((n, n + 1) for n in OLD).encode()
    old = b"FGLEDG\x00\x01" + struct.pack("<I", zlib.crc32(covered)) + covered
    Layout.of(folder).ledger.write_bytes(old)


@pytest.mark.parametrize("lost", ["nothing", "all", "seed 1"])
def test_a_power_cut_while_the_memory_changes_its_form_or_ends_makes_no_unit_new(
    memory_folder: Path, lost: str
) -> None:
    """From version 1 on, until blocks are forgotten: never is one taken for new that was there."""
    far = [n << 20 for n in range(1, 30)]
    stop_before = 0
    while True:
        folder = memory_folder / f"{stop_before}" / "queue"
        folder.parent.mkdir()
        _of_version_1(folder)
        disk = PowerDisk(folder.parent / "trash", stop_before)
        put: set[int] = {1, *OLD}
        writer = None
        try:
            writer = FileQueueWriter(folder, ROOM, disk)
            for number in far:
                writer.put([Entry(number, b"h", b"x" * 250)])
                put.add(number)
        except PowerCut:
            pass
        if writer is not None:
            writer.close()
        disk.lose(lost)
        writer = FileQueueWriter(folder, ROOM, RealDisk())
        try:
            assert all(writer.has(number) or writer.forgot(number) for number in put)
            assert not any(writer.has(number) for number in (2, 4, 3001))
            assert not writer.forgot((1 << 40) + 1)
        finally:
            writer.close()
        shutil.rmtree(folder.parent)
        if len(put) == 1 + len(OLD) + len(far):
            break
        stop_before += 1
    assert stop_before > 60
