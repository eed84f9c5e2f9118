"""What every source promises (gateway.unit.edge), run on the watched folder and on the model."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.connectors.file.folder_source import FolderSource, WatchedFolder
from gateway.errors import Unavailable
from gateway.unit.edge import Capture, Progress, Source
from tests.gateway.connectors.units import MemorySource, numbers_from


class Folder:
    def __init__(self, place: Path) -> None:
        self.folder, self.staging = place / "in", place / "staging"
        self.folder.mkdir()
        self.staging.mkdir()
        self.source: Source = self._open()

    def _open(self) -> FolderSource:
        return FolderSource(WatchedFolder("lab", self.folder, poll_s=0.0))

    def bring(self, content: bytes) -> None:
        hidden = self.folder / ".arriving"
        hidden.write_bytes(content)
        hidden.rename(self.folder / f"{content.decode()}.txt")

    def restart(self) -> None:
        self.source.close()
        self.source = self._open()

    def break_it(self, broken: bool) -> None:
        aside = self.folder.with_name("aside")
        self.folder.rename(aside) if broken else aside.rename(self.folder)


class Memory:
    def __init__(self, place: Path) -> None:
        self.staging = place
        self.memory = MemorySource()
        self.source: Source = self.memory

    def bring(self, content: bytes) -> None:
        self.memory.contents.append(content)

    def restart(self) -> None:
        pass

    def break_it(self, broken: bool) -> None:
        self.memory.down = Unavailable(2501, folder="", channel="", reason="") if broken else None


World = Folder | Memory


@pytest.fixture(params=[Folder, Memory], ids=["folder", "model"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> World:
    make: Callable[[Path], World] = request.param
    return make(tmp_path)


def read(world: World, number: int) -> bytes:
    answer = world.source.read(number, world.staging)
    assert isinstance(answer, Capture)
    assert answer.unit.number == number
    body = answer.body
    return body if isinstance(body, bytes) else body.read_bytes()


def test_what_is_there_is_claimed_once_under_a_number_of_ours(world: World) -> None:
    world.bring(b"one")
    world.bring(b"two")
    next_number = numbers_from(7)
    assert world.source.claim(next_number, 10) == [7, 8]
    assert sorted([read(world, 7), read(world, 8)]) == [b"one", b"two"]
    world.source.finish([7, 8])
    assert world.source.claim(next_number, 10) == []


def test_a_claim_that_was_not_finished_comes_first_again(world: World) -> None:
    world.bring(b"one")
    next_number = numbers_from()
    assert world.source.claim(next_number, 10) == [1]
    world.restart()
    world.bring(b"two")
    assert world.source.claim(next_number, 10)[0] == 1
    assert read(world, 1) == b"one"


def test_a_finished_claim_does_not_come_again_after_a_restart(world: World) -> None:
    world.bring(b"one")
    next_number = numbers_from()
    world.source.claim(next_number, 10)
    read(world, 1)
    world.source.finish([1])
    world.restart()
    assert world.source.claim(next_number, 10) == []


def test_finishing_twice_or_a_stranger_is_nothing(world: World) -> None:
    world.bring(b"one")
    world.bring(b"two")
    next_number = numbers_from()
    assert world.source.claim(next_number, 1) == [1]
    first = read(world, 1)
    for _ in range(2):
        world.source.finish([1, 99])
    assert world.source.claim(next_number, 10) == [2]
    assert sorted([first, read(world, 2)]) == [b"one", b"two"]


def test_no_more_is_claimed_than_was_asked_for(world: World) -> None:
    for n in range(5):
        world.bring(b"%d" % n)
    next_number = numbers_from()
    assert world.source.claim(next_number, 2) == [1, 2]
    assert world.source.claim(next_number, 2) == [1, 2]
    read(world, 1)
    world.source.finish([1])
    assert world.source.claim(next_number, 2) == [2, 3]


def test_a_stranger_cannot_be_read(world: World) -> None:
    world.source.claim(numbers_from(), 10)
    assert world.source.read(5, world.staging) is Progress.GIVEN_BACK


def test_a_source_that_is_down_says_so_and_keeps_its_claims(world: World) -> None:
    world.bring(b"one")
    next_number = numbers_from()
    world.source.claim(next_number, 10)
    world.break_it(True)
    with pytest.raises(Unavailable):
        world.source.claim(next_number, 10)
    with pytest.raises(Unavailable):
        world.source.finish([1])
    world.break_it(False)
    assert world.source.claim(next_number, 10) == [1]
    assert read(world, 1) == b"one"


def test_numbers_that_cannot_be_had_cost_no_unit(world: World) -> None:
    world.bring(b"one")

    def none() -> int:
        raise Unavailable(2511, file="numbers", reason="full")

    with pytest.raises(Unavailable):
        world.source.claim(none, 10)
    world.bring(b"two")
    found: set[bytes] = set()
    next_number = numbers_from()
    for _ in range(3):
        time.sleep(world.source.wait_s())
        numbers = world.source.claim(next_number, 10)
        found |= {read(world, number) for number in numbers}
        world.source.finish(numbers)
    assert found == {b"one", b"two"}
