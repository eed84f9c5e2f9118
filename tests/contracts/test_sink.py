"""What every sink promises (gateway.unit.edge), run on the destination folder and on the model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.connectors.file.folder_sink import DestinationFolder, FolderSink
from gateway.errors import Refused, Unavailable
from gateway.unit.edge import Receipt, Sink
from tests.gateway.connectors.units import MemorySink, admitted


class Folder:
    def __init__(self, place: Path) -> None:
        self.folder = place / "out"
        self.folder.mkdir()
        self._ledger = place / "ledger"
        self.sink: Sink = self._open()

    def _open(self) -> FolderSink:
        return FolderSink(DestinationFolder("lab", self.folder, self._ledger))

    def shown(self) -> list[bytes]:
        return sorted(p.read_bytes() for p in self.folder.iterdir() if p.is_file())

    def restart(self) -> None:
        # As a killed process leaves it: nothing is closed in order.
        self.sink = self._open()

    def break_it(self, broken: bool) -> None:
        aside = self.folder.with_name("aside")
        self.folder.rename(aside) if broken else aside.rename(self.folder)


class Memory:
    def __init__(self, place: Path) -> None:
        self.memory = MemorySink()
        self.sink: Sink = self.memory

    def shown(self) -> list[bytes]:
        return sorted(self.memory.shown.values())

    def restart(self) -> None:
        pass

    def break_it(self, broken: bool) -> None:
        self.memory.down = Unavailable(2520, folder="", channel="", reason="") if broken else None


World = Folder | Memory


@pytest.fixture(params=[Folder, Memory], ids=["folder", "model"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> World:
    make: Callable[[Path], World] = request.param
    return make(tmp_path)


def test_each_unit_of_a_batch_gets_its_own_answer_in_order(world: World) -> None:
    batch = [admitted(1, "a", b"A"), admitted(2, "../b", b"B"), admitted(3, "c", b"C")]
    first, second, third = world.sink.deliver(batch)
    assert isinstance(first, Receipt)
    assert (first.number, first.name, first.size_bytes, first.again) == (1, "a", 1, False)
    assert isinstance(second, Refused)
    assert isinstance(third, Receipt)
    assert world.shown() == [b"A", b"C"]


@pytest.mark.parametrize("restarted", [False, True])
def test_a_unit_that_is_given_again_is_shown_once(world: World, restarted: bool) -> None:
    unit = admitted(1, "a", b"A")
    (first,) = world.sink.deliver([unit])
    if restarted:
        world.restart()
    (again,) = world.sink.deliver([unit])
    assert isinstance(first, Receipt)
    assert isinstance(again, Receipt)
    assert (again.number, again.name, again.size_bytes) == (1, "a", 1)
    assert world.shown() == [b"A"]


def test_a_forgotten_unit_may_be_delivered_anew(world: World) -> None:
    unit = admitted(1, "a", b"A")
    world.sink.deliver([unit])
    world.sink.forget([1])
    (answer,) = world.sink.deliver([unit])
    assert isinstance(answer, Receipt)
    assert not answer.again


def test_a_receipt_names_the_digest_of_what_was_written(world: World) -> None:
    unit = admitted(1, "a", b"A")
    (receipt,) = world.sink.deliver([unit])
    assert isinstance(receipt, Receipt)
    assert receipt.sha256 == unit.manifest.body_sha256


def test_a_sink_that_is_down_keeps_nothing_and_takes_it_later(world: World) -> None:
    unit = admitted(1, "a", b"A")
    world.break_it(True)
    (answer,) = world.sink.deliver([unit])
    assert isinstance(answer, Unavailable)
    world.break_it(False)
    (answer,) = world.sink.deliver([unit])
    assert isinstance(answer, Receipt)
    assert world.shown() == [b"A"]


def test_forgetting_a_stranger_is_nothing(world: World) -> None:
    unit = admitted(1, "a", b"A")
    world.sink.forget([1, 2])
    (first,) = world.sink.deliver([unit])
    world.sink.forget([2, 3])
    (again,) = world.sink.deliver([unit])
    assert isinstance(first, Receipt)
    assert isinstance(again, Receipt)
    assert (again.number, again.name) == (first.number, first.name) == (1, "a")
    world.sink.forget([1, 1])
    assert world.shown() == [b"A"]


def test_an_empty_batch_has_no_answers(world: World) -> None:
    assert world.sink.deliver([]) == []
