"""What is set aside goes by age and by bytes, oldest first; held units stay; trouble stops nothing."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Unavailable
from gateway.spool import AsideKeep, Removal, open_writer, units_aside
from gateway.spool import aside_keeping as keeping_module
from gateway.spool import aside_listing as listing_module
from gateway.spool.aside_keeping import AsideKeeper, aside_past_keeping
from gateway.spool.aside_listing import Aside
from gateway.spool.bodies import FileBody
from gateway.spool.disk import RealDisk
from gateway.spool.intervals import IntervalSet
from gateway.spool.keeping import Keep
from gateway.spool.layout import Layout, make
from gateway.spool.model import Entry
from gateway.spool.reader import FileQueueReader
from gateway.spool.set_aside import SetAside, store
from tests.gateway.spool.power import PowerCut, PowerDisk

MUCH = 1 << 30
DAY_S = 86_400


class Rejecting:
    """A queue whose units are set aside, with the list of what its reader has removed."""

    def __init__(self, folder: Path, keep: AsideKeep, disk: RealDisk | None = None) -> None:
        self.folder, self.disk = folder, disk or RealDisk()
        self.removed: list[Removal] = []
        self.keep = replace(keep, on_removal=self.removed.append)
        self.writer = open_writer(folder, reserve_bytes=0, inline_limit_bytes=1000)
        self.reader = FileQueueReader(folder, Keep(), self.disk, self.keep)

    def reject(
        self, number: int, stage: str, *, size_bytes: int = 100, days_ago: float = 0
    ) -> None:
        self.writer.put([Entry(number, b"header", bytes(size_bytes))])
        self.reader.take(1, MUCH)
        self.reader.reject(number, 3102, stage)
        at = time.time() - days_ago * DAY_S
        for path in (self.folder / stage).glob(f"*-{number:010x}.*"):
            os.utime(path, (at, at))

    def look(self) -> list[int | None]:
        """A look at what is past keeping; gives the numbers that went."""
        before = len(self.removed)
        self.reader._aside_keeper.run(self.reader._acked, time.monotonic())
        return [one.number for one in self.removed[before:]]

    def numbers(self) -> set[int | None]:
        return {one.number for one in units_aside(self.folder)}

    def files(self, stage: str) -> list[str]:
        return sorted(path.name for path in (self.folder / stage).iterdir())

    def close(self) -> None:
        self.writer.close()
        self.reader.close()


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[Rejecting]:
    opened = Rejecting(tmp_path / "queue", AsideKeep(age_s=30 * DAY_S, bytes=20_000))
    yield opened
    opened.close()


def test_what_is_older_than_its_keeping_goes_and_is_told(queue: Rejecting) -> None:
    queue.reject(1, "refused", days_ago=31)
    queue.reject(2, "corrupt", days_ago=40)
    queue.reject(3, "refused", days_ago=29)
    assert queue.look() == [2, 1]
    assert queue.numbers() == {3}
    assert [(one.stage, one.reason, one.why) for one in queue.removed] == [
        ("corrupt", 3102, "age"),
        ("refused", 3102, "age"),
    ]
    assert len(queue.files("refused")) == 2
    assert queue.files("corrupt") == []


def test_above_the_bytes_the_oldest_goes_first(queue: Rejecting) -> None:
    for number in range(1, 6):
        queue.reject(number, "refused", size_bytes=6000, days_ago=10 - number)
    assert queue.look() == [1, 2]
    assert queue.numbers() == {3, 4, 5}
    assert {one.why for one in queue.removed} == {"size"}
    assert queue.look() == []


def test_held_units_are_never_removed(queue: Rejecting) -> None:
    queue.reject(1, "held", size_bytes=30_000, days_ago=400)
    assert queue.look() == []
    assert queue.numbers() == {1}


def test_a_flood_of_refusals_is_noticed_before_the_next_look_is_due(queue: Rejecting) -> None:
    queue.reader.take(1, MUCH)
    for number in range(1, 8):
        queue.reject(number, "refused", size_bytes=5000, days_ago=8 - number)
    assert not queue.removed
    queue.reader._aside_keeper._soonest_s = 0.0
    queue.reader.take(1, MUCH)
    assert [one.number for one in queue.removed] == [1, 2, 3, 4]


def test_what_was_removed_is_not_taken_again(queue: Rejecting) -> None:
    queue.reject(1, "refused", days_ago=31)
    queue.look()
    queue.reader.close()
    queue.reader = FileQueueReader(queue.folder, Keep(), queue.disk, queue.keep)
    assert queue.reader.take(10, MUCH) == []
    assert queue.reader.get(1) is None


def test_a_limit_of_nothing_is_no_limit(tmp_path: Path) -> None:
    queue = Rejecting(tmp_path / "queue", AsideKeep(age_s=0, bytes=0, count=0))
    queue.reject(1, "refused", size_bytes=50_000, days_ago=4000)
    assert queue.look() == []
    queue.close()


class StuckDisk(RealDisk):
    """unlink is denied below refused/ as long as it is stuck; so is writing there once it is shut."""

    stuck = shut = False

    def unlink(self, path: Path) -> None:
        if self.stuck and path.parent.name == "refused":
            raise PermissionError(13, "Permission denied")
        super().unlink(path)

    def create(self, path: Path) -> int:
        if self.shut and path.parent.name == "refused":
            raise PermissionError(13, "Permission denied")
        return super().create(path)


def test_what_cannot_be_removed_is_told_and_nothing_waits_for_it(tmp_path: Path) -> None:
    disk = StuckDisk()
    queue = Rejecting(tmp_path / "queue", AsideKeep(age_s=30 * DAY_S), disk)
    queue.reject(1, "refused", days_ago=31)
    disk.stuck = True
    queue.writer.put([Entry(2, b"header", b"body")])
    queue.reader._aside_keeper._next_s = 0.0
    assert [one.number for one in queue.reader.take(10, MUCH)] == [2]
    assert [(one.number, one.failed) for one in queue.removed] == [(1, "Permission denied")]
    disk.stuck = False
    assert queue.look() == [1]
    assert queue.removed[-1].failed == ""
    queue.close()


def test_a_folder_that_takes_nothing_leaves_the_unit_in_the_queue(tmp_path: Path) -> None:
    disk = StuckDisk()
    queue = Rejecting(tmp_path / "queue", AsideKeep(), disk)
    queue.writer.put([Entry(1, b"header", b"body"), Entry(2, b"header", b"body")])
    queue.reader.take(2, MUCH)
    disk.shut = True
    with pytest.raises(Unavailable) as waits:
        queue.reader.reject(1, 3102, "refused")
    assert waits.value.number == 6513
    queue.reader.ack([2])
    disk.shut = False
    queue.reader.reject(1, 3102, "refused")
    assert queue.numbers() == {1}
    queue.close()


@pytest.mark.parametrize("lost", ["nothing", "names", "seed 1", "seed 2", "seed 3"])
def test_a_power_cut_while_removing_leaves_the_unit_whole_or_gone(lost: str) -> None:
    parent = Path("/dev/shm")
    place = Path(tempfile.mkdtemp(dir=parent if parent.is_dir() else None))
    for stop_before in range(40):
        folder = place / str(stop_before)
        disk = PowerDisk(folder / "trash")
        queue = Rejecting(folder / "queue", AsideKeep(age_s=30 * DAY_S), disk)
        queue.reject(1, "refused", size_bytes=5000, days_ago=31)
        queue.reject(2, "corrupt", size_bytes=50, days_ago=31)
        disk.changes.clear()
        disk.stop_before = disk.steps + stop_before
        with suppress(PowerCut):
            queue.look()
        is_over = disk.steps < disk.stop_before
        queue.close()
        disk.lose(lost)
        for one in units_aside(folder / "queue"):
            assert one.body.file.stat().st_size == one.size_bytes
        again = Rejecting(folder / "queue", AsideKeep(age_s=30 * DAY_S))
        again.look()
        again.close()
        assert again.files("refused") == again.files("corrupt") == []
        if is_over:
            break
    assert is_over
    shutil.rmtree(place)


def test_memory_stays_bounded_whatever_lies_there(
    queue: Rejecting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping_module, "_AT_ONCE", 3)
    for number in range(1, 9):
        queue.reject(number, "refused", days_ago=40 - number)
    assert queue.look() == [1, 2, 3]
    assert queue.look() == [4, 5, 6]
    assert queue.look() == [7, 8]


def test_above_the_count_the_oldest_goes_first(tmp_path: Path) -> None:
    queue = Rejecting(tmp_path / "queue", AsideKeep(count=3))
    for number in range(1, 6):
        queue.reject(number, "corrupt" if number == 2 else "refused", days_ago=10 - number)
    queue.reject(6, "held", days_ago=20)
    assert queue.look() == [1, 2]
    assert {one.why for one in queue.removed} == {"count"}
    assert queue.numbers() == {3, 4, 5, 6}
    queue.close()


class QuickDisk(RealDisk):
    """Without syncs: how much is removed is asked, not what survives."""

    def sync(self, fd: int) -> None:
        pass

    def sync_folder(self, folder: Path) -> None:
        pass


def test_a_lasting_flood_of_refusals_comes_to_a_steady_state_in_bounded_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tenth of the true numbers: 1,000 refusals a second, of which 10,000 may lie there."""
    monkeypatch.setattr(keeping_module, "_AT_ONCE", 26)
    monkeypatch.setattr(listing_module, "_NAMES_A_STEP", 102)
    monkeypatch.setattr(listing_module, "_REMEMBERED", 655)
    count, removed = 1_000, list[Removal]()
    layout, disk = Layout.of(tmp_path / "q"), QuickDisk()
    make(layout)
    keep = AsideKeep(0, 0, count, removed.append)
    keeper, acked = AsideKeeper(layout, disk, keep), IntervalSet()
    acked.add(0, 1 << 40)
    lying, most, total = 0, 0, 0
    for step in range(700):  # 6.4 refusals a step of the guard, as many steps as that many take
        for _ in range(7 if step % 5 < 2 else 6):
            total += 1
            body = FileBody(layout.bodies / "x", 0)
            described = SetAside(total, "refused", 2201, 1, 0, b"h" * 64, 1, body)
            store(disk, layout, total, described, b"")
            keeper.stored(64)
            lying += 1
        before, now_s = len(removed), step * 0.01
        if keeper.is_due(now_s):
            keeper.run(acked, now_s)
        assert len(removed) - before <= 26
        lying -= len(removed) - before
        most = max(most, lying)
    assert total > 4 * count
    assert most <= count + 500
    assert len(list((tmp_path / "q" / "refused").iterdir())) == 2 * lying
    assert [one.number for one in removed] == list(range(1, len(removed) + 1))


def test_a_look_is_taken_in_slices_between_which_the_queue_goes_on(
    queue: Rejecting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing_module, "_NAMES_A_STEP", 4)
    for number in range(1, 10):
        queue.reject(number, "refused", days_ago=31)
    looks = [queue.look() for _ in range(5)]
    assert looks[:3] == [[], [], []]
    assert sorted(number for look in looks for number in look if number) == list(range(1, 10))


def test_a_body_without_a_description_goes_at_the_first_look_after_a_start(
    tmp_path: Path,
) -> None:
    queue = Rejecting(tmp_path / "queue", AsideKeep())
    queue.reject(1, "refused")
    (description,) = (tmp_path / "queue" / "refused").glob("*.json")
    description.unlink()
    queue.reader.close()
    queue.reader = FileQueueReader(queue.folder, Keep(), queue.disk, queue.keep)
    queue.look()
    assert queue.files("refused") == []
    queue.close()


def test_where_one_folder_takes_nothing_what_came_before_it_still_leaves(tmp_path: Path) -> None:
    disk = StuckDisk()
    queue = Rejecting(tmp_path / "queue", AsideKeep(), disk)
    queue.writer.put([Entry(number, b"header", b"body") for number in (1, 2, 3)])
    queue.reader.take(3, MUCH)
    disk.shut = True
    exits = [(1, 3102, "held"), (2, 3102, "refused"), (3, 3102, "held")]
    assert queue.reader.reject_all(exits) == 1
    assert queue.numbers() == {1}
    with pytest.raises(Unavailable) as waits:
        queue.reader.reject_all(exits[1:])
    assert waits.value.number == 6513
    assert queue.files("refused") == []
    assert len(queue.files("held")) == 2
    disk.shut = False
    assert queue.reader.reject_all(exits[1:]) == 2
    assert queue.numbers() == {1, 2, 3}
    queue.close()


class CountingDisk(RealDisk):
    folders = 0

    def sync_folder(self, folder: Path) -> None:
        self.folders += 1
        super().sync_folder(folder)


def test_units_that_leave_together_share_the_sync_of_their_folder(tmp_path: Path) -> None:
    disk = CountingDisk()
    queue = Rejecting(tmp_path / "queue", AsideKeep(), disk)
    queue.writer.put([Entry(number, b"header", b"body") for number in range(64)])
    queue.reader.take(64, MUCH)
    disk.folders = 0
    assert queue.reader.reject_all([(number, 3102, "refused") for number in range(64)]) == 64
    assert disk.folders == 1
    queue.close()


@given(
    st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 1000)), max_size=20),
    st.integers(0, 5000),
    st.integers(0, 5000),
    st.integers(0, 20),
)
def test_what_stays_is_young_and_little(
    found: list[tuple[int, int]], age_s: int, limit_bytes: int, limit_count: int
) -> None:
    now_ns = 10_000 * 10**9
    oldest = sorted(Aside(at_s * 10**9, str(n), size) for n, (at_s, size) in enumerate(found))
    total = sum(one.size_bytes for one in oldest)
    keep = AsideKeep(age_s, limit_bytes, limit_count)
    gone = {one for one, _ in aside_past_keeping(oldest, total, len(oldest), keep, now_ns)}
    stay = [one for one in oldest if one not in gone]
    assert [*sorted(gone), *stay] == oldest
    if age_s:
        assert all(now_ns - one.at_ns <= age_s * 10**9 for one in stay)
    if limit_bytes:
        assert sum(one.size_bytes for one in stay) <= limit_bytes
    if limit_count:
        assert len(stay) <= limit_count
    if not age_s and not limit_bytes and not limit_count:
        assert not gone
