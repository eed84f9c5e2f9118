"""What every queue promises (gateway.spool.model), run on every implementation and on the fake."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.spool import open_reader, open_writer
from gateway.spool.model import Entry, Put, QueueReader, QueueWriter, Taken
from tests.support.fakes import MemoryQueue

MUCH = 1 << 30


class FileQueue:
    """The folder queue, opened as an installation opens it."""

    def __init__(self, folder: Path, *, keeps: bool) -> None:
        self._folder = folder
        self._keep_s = 3600.0 if keeps else 0.0
        self.writer: QueueWriter = open_writer(folder, inline_limit_bytes=1000, reserve_bytes=0)
        self.reader: QueueReader = open_reader(folder, keep_age_s=self._keep_s)

    def reopen_reader(self) -> None:
        self.reader.close()
        self.reader = open_reader(self._folder, keep_age_s=self._keep_s)

    def reopen_writer(self) -> None:
        self.writer.close()
        self.writer = open_writer(self._folder, inline_limit_bytes=1000, reserve_bytes=0)

    def close(self) -> None:
        self.writer.close()
        self.reader.close()


class FakeQueue:
    """The queue in memory that the tests of other parts use."""

    def __init__(self, folder: Path, *, keeps: bool) -> None:
        folder.mkdir()
        self._fake = MemoryQueue(folder, keeps=keeps)
        self.writer: QueueWriter = self._fake
        self.reader: QueueReader = self._fake

    def reopen_reader(self) -> None:
        self._fake.restart()

    def reopen_writer(self) -> None:
        pass

    def close(self) -> None:
        pass


Queue = FileQueue | FakeQueue


@pytest.fixture(params=[FileQueue, FakeQueue], ids=["folder", "memory"])
def queue(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Queue]:
    opened = request.param(tmp_path / "queue", keeps=True)
    yield opened
    opened.close()


@pytest.fixture(params=[FileQueue, FakeQueue], ids=["folder", "memory"])
def forgetful(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Queue]:
    opened = request.param(tmp_path / "queue", keeps=False)
    yield opened
    opened.close()


def entry(number: int, size_bytes: int = 10) -> Entry:
    return Entry(number, b"header of %d" % number, bytes([number % 251]) * size_bytes)


def staged(queue: Queue, number: int, size_bytes: int) -> Entry:
    path = queue.writer.staging() / f"s{number}"
    path.write_bytes(bytes([number % 251]) * size_bytes)
    return Entry(number, b"header of %d" % number, path)


def numbers(taken: list[Taken]) -> list[int]:
    return [one.number for one in taken]


def content(one: Taken) -> bytes:
    with one.body.open() as stream:
        return stream.read()


class TestQueue:
    def test_what_is_put_is_taken_in_order_with_header_and_body(self, queue: Queue) -> None:
        assert queue.writer.put([entry(5), entry(3)]) == [Put.CONFIRMED, Put.CONFIRMED]
        assert queue.writer.put([entry(9)]) == [Put.CONFIRMED]
        taken = queue.reader.take(10, MUCH)
        assert numbers(taken) == [5, 3, 9]
        assert taken[1].header == b"header of 3"
        assert content(taken[1]) == bytes([3]) * 10
        assert taken[1].attempt == 1

    def test_an_empty_queue_gives_nothing_at_once(self, queue: Queue) -> None:
        assert queue.reader.take(10, MUCH) == []

    def test_empty_headers_bodies_and_puts_are_possible(self, queue: Queue) -> None:
        assert queue.writer.put([]) == []
        queue.writer.put([Entry(1, b"", b"")])
        (taken,) = queue.reader.take(10, MUCH)
        assert (taken.header, content(taken), taken.body.size_bytes) == (b"", b"", 0)

    def test_a_large_body_crosses_as_bytes_or_as_file(self, queue: Queue) -> None:
        queue.writer.put([staged(queue, 1, 5000), entry(2, 5000), staged(queue, 3, 20)])
        taken = queue.reader.take(10, MUCH)
        assert [content(one) for one in taken] == [b"\1" * 5000, b"\2" * 5000, b"\3" * 20]
        assert [one.body.size_bytes for one in taken] == [5000, 5000, 20]
        assert list(queue.writer.staging().iterdir()) == []

    def test_a_number_is_taken_in_once(self, queue: Queue) -> None:
        queue.writer.put([entry(1)])
        assert queue.writer.put([entry(1), entry(2), entry(2)]) == [
            Put.DUPLICATE,
            Put.CONFIRMED,
            Put.DUPLICATE,
        ]
        assert numbers(queue.reader.take(10, MUCH)) == [1, 2]

    def test_the_highest_number_is_known_also_after_a_restart(self, queue: Queue) -> None:
        assert queue.writer.highest(1 << 40) == -1
        queue.writer.put([entry(500_000), entry(7), entry(1 << 41)])
        for _ in range(2):
            assert queue.writer.highest(1 << 40) == 500_000
            assert queue.writer.highest(1 << 40, 1) == 7
            queue.reopen_writer()

    def test_a_number_stays_known_when_its_unit_is_gone(self, forgetful: Queue) -> None:
        forgetful.writer.put([entry(1)])
        forgetful.reader.ack(numbers(forgetful.reader.take(1, MUCH)))
        forgetful.reopen_writer()
        assert forgetful.writer.has(1)
        assert not forgetful.writer.has(2)
        assert forgetful.writer.put([entry(1)]) == [Put.DUPLICATE]

    def test_take_is_bounded_by_count_and_by_bytes_but_gives_one_at_least(
        self, queue: Queue
    ) -> None:
        queue.writer.put([entry(number, 100) for number in range(6)])
        assert numbers(queue.reader.take(2, MUCH)) == [0, 1]
        assert numbers(queue.reader.take(10, 250)) == [2, 3]
        assert numbers(queue.reader.take(10, 1)) == [4]
        assert queue.reader.take(0, MUCH) == []

    def test_what_is_out_is_not_taken_twice(self, queue: Queue) -> None:
        queue.writer.put([entry(1)])
        assert numbers(queue.reader.take(10, MUCH)) == [1]
        assert queue.reader.take(10, MUCH) == []

    def test_what_is_not_answered_comes_again_after_a_restart(self, queue: Queue) -> None:
        queue.writer.put([entry(number) for number in range(5)])
        queue.reader.take(4, MUCH)
        queue.reader.ack([1, 2])
        queue.reopen_reader()
        taken = queue.reader.take(10, MUCH)
        assert [(one.number, one.attempt) for one in taken] == [(0, 2), (3, 2), (4, 1)]
        queue.reopen_reader()
        assert [one.attempt for one in queue.reader.take(10, MUCH)] == [3, 3, 2]

    def test_ack_is_idempotent_and_passes_over_strangers(self, queue: Queue) -> None:
        queue.writer.put([entry(1), entry(2)])
        queue.reader.take(1, MUCH)
        queue.reader.ack([1, 1, 77])
        queue.reader.ack([1])
        assert numbers(queue.reader.take(10, MUCH)) == [2]
        queue.reopen_reader()
        assert numbers(queue.reader.take(10, MUCH)) == [2]

    def test_a_released_unit_comes_when_its_time_has_come(self, queue: Queue) -> None:
        queue.writer.put([entry(1), entry(2)])
        queue.reader.take(2, MUCH)
        queue.reader.release(1, 3600)
        queue.reader.release(2, 0)
        assert queue.reader.health().deferred == 1
        (taken,) = queue.reader.take(10, MUCH)
        assert (taken.number, taken.attempt, content(taken)) == (2, 2, b"\2" * 10)
        queue.reader.release(2, 0.01)
        time.sleep(0.02)
        assert [one.attempt for one in queue.reader.take(10, MUCH)] == [3]

    def test_a_second_release_counts_from_its_own_time(self, queue: Queue) -> None:
        queue.writer.put([entry(1)])
        queue.reader.take(1, MUCH)
        queue.reader.release(1, 0)
        queue.reader.take(1, MUCH)
        queue.reader.release(1, 3600)
        assert queue.reader.take(1, MUCH) == []

    def test_a_release_does_not_outlive_a_restart(self, queue: Queue) -> None:
        queue.writer.put([entry(1)])
        queue.reader.take(1, MUCH)
        queue.reader.release(1, 3600)
        queue.reopen_reader()
        assert numbers(queue.reader.take(1, MUCH)) == [1]

    def test_a_put_off_unit_can_be_acknowledged(self, queue: Queue) -> None:
        queue.writer.put([entry(1)])
        queue.reader.take(1, MUCH)
        queue.reader.release(1, 0)
        queue.reader.ack([1])
        assert queue.reader.take(1, MUCH) == []
        assert queue.reader.health().depth == 0

    @pytest.mark.parametrize("size_bytes", [10, 5000])
    @pytest.mark.parametrize("stage", ["refused", "held", "corrupt"])
    def test_a_rejected_unit_is_out_of_the_way_but_not_gone(
        self, queue: Queue, stage: str, size_bytes: int
    ) -> None:
        queue.writer.put([entry(1, size_bytes), entry(2)])
        queue.reader.take(1, MUCH)
        queue.reader.reject(1, 3102, stage)
        queue.reopen_reader()
        assert numbers(queue.reader.take(10, MUCH)) == [2]
        found = queue.reader.get(1)
        assert found is not None
        assert (found.header, content(found)) == (b"header of 1", b"\1" * size_bytes)
        assert queue.reader.again([1]) == []

    def test_units_rejected_together_are_each_set_aside(self, queue: Queue) -> None:
        queue.writer.put([entry(1), entry(2, 5000), entry(3), entry(4)])
        queue.reader.take(4, MUCH)
        exits = [(1, 3102, "refused"), (2, 3104, "refused"), (4, 3103, "held")]
        assert queue.reader.reject_all(exits) == 3
        assert queue.reader.reject_all([]) == 0
        queue.reopen_reader()
        assert numbers(queue.reader.take(10, MUCH)) == [3]
        found = queue.reader.get(2)
        assert found is not None
        assert content(found) == b"\2" * 5000

    def test_a_wrong_order_of_calls_is_a_bug(self, queue: Queue) -> None:
        queue.writer.put([entry(1)])
        with pytest.raises(RuntimeError):
            queue.reader.release(1, 0)
        with pytest.raises(RuntimeError):
            queue.reader.reject(1, 3102, "refused")
        queue.reader.take(1, MUCH)
        with pytest.raises(RuntimeError):
            queue.reader.reject(1, 3102, "elsewhere")

    @pytest.mark.parametrize("size_bytes", [10, 5000])
    def test_acknowledged_units_are_kept_for_get_and_again(
        self, queue: Queue, size_bytes: int
    ) -> None:
        queue.writer.put([entry(number, size_bytes) for number in range(3)])
        queue.reader.ack(numbers(queue.reader.take(3, MUCH)))
        found = queue.reader.get(1)
        assert found is not None
        assert content(found) == b"\1" * size_bytes
        assert queue.reader.health().kept == 3
        assert sorted(queue.reader.again([2, 0, 99])) == [0, 2]
        queue.reopen_reader()  # the wish is durable
        taken = queue.reader.take(10, MUCH)
        assert [(one.number, one.attempt) for one in taken] == [(0, 1), (2, 1)]
        assert content(taken[1]) == b"\2" * size_bytes
        queue.reader.ack([0, 2])
        queue.reopen_reader()
        assert queue.reader.take(10, MUCH) == []

    def test_again_without_a_restart_comes_at_once(self, queue: Queue) -> None:
        queue.writer.put([entry(1), entry(2)])
        queue.reader.ack(numbers(queue.reader.take(2, MUCH)))
        assert queue.reader.again([2]) == [2]
        assert [(one.number, one.attempt) for one in queue.reader.take(10, MUCH)] == [(2, 1)]

    def test_again_hurries_what_is_put_off_and_leaves_what_is_out(self, queue: Queue) -> None:
        queue.writer.put([entry(1), entry(2), entry(3)])
        queue.reader.take(2, MUCH)
        queue.reader.release(1, 3600)
        assert sorted(queue.reader.again([1, 2, 3])) == [1, 3]
        assert numbers(queue.reader.take(10, MUCH)) == [1, 3]

    @pytest.mark.parametrize("size_bytes", [10, 5000])
    def test_without_keeping_an_acknowledged_unit_is_gone(
        self, forgetful: Queue, size_bytes: int
    ) -> None:
        forgetful.writer.put([entry(1, size_bytes)])
        forgetful.reader.ack(numbers(forgetful.reader.take(1, MUCH)))
        assert forgetful.reader.get(1) is None
        assert forgetful.reader.again([1]) == []
        assert forgetful.reader.health().kept == 0

    def test_get_finds_what_waits_and_what_is_out(self, queue: Queue) -> None:
        queue.writer.put([entry(1), entry(2)])
        queue.reader.take(1, MUCH)
        for number in (1, 2):
            found = queue.reader.get(number)
            assert found is not None
            assert found.header == b"header of %d" % number
        assert queue.reader.get(3) is None

    def test_many_numbers_are_found_with_one_search(self, queue: Queue) -> None:
        queue.writer.put([entry(number) for number in range(50)])
        queue.reader.take(10, MUCH)
        queue.reader.release(3, 3600)
        found = queue.reader.get_all([0, 3, 7, 30, 99])
        assert set(found) == {0, 3, 7, 30}
        assert all(unit.number == number for number, unit in found.items())
        assert queue.reader.get_all([]) == {}

    def test_health_counts(self, queue: Queue) -> None:
        queue.writer.put([entry(number) for number in range(5)])
        assert queue.reader.health().depth == 5
        queue.reader.take(3, MUCH)
        queue.reader.ack([0])
        queue.reader.reject(1, 3102, "refused")
        queue.reader.release(2, 3600)
        health = queue.reader.health()
        assert (health.depth, health.deferred, health.kept) == (3, 1, 1)
        assert health.free_bytes > 0
