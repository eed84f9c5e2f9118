"""Held units survive: a crash at each commit point of what people decided, and a power cut at each write.

Two tables. The first stops the process before and after each step of the desk (page, journal, queue,
held/, decision file). The second cuts the power at each change of the queue's folders, and shows of them
what a disk may show. Pages and decisions are what people see: they are synced before anything goes.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from gateway.receiving.decision import Word
from tests.gateway.receiving.held_world import ANNA, BAO, CHEN, World, body_of
from tests.gateway.spool.power import PowerCut, PowerDisk
from tests.support.fakes import ListRecorder

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to give files to people")

RELEASED, REFUSED, WAITING = (6, 7), (8, 9), (10, 11)


@pytest.fixture
def memory_folder() -> Iterator[Path]:
    parent = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(dir=parent if parent.is_dir() else None))
    yield folder
    shutil.rmtree(folder)


class Stoppable(ListRecorder):
    """One whose steps can be stopped (its parent has slots)."""


class Stopper:
    """Ends the process before its n-th step or right behind it."""

    def __init__(self, stop_at: int | None, behind: bool) -> None:
        self.stop_at, self.behind, self.steps = stop_at, behind, 0

    def around(self, work: Callable[..., Any]) -> Callable[..., Any]:
        def stepped(*args: Any, **options: Any) -> Any:
            is_last = self.steps == self.stop_at
            self.steps += 1
            if is_last and not self.behind:
                raise PowerCut
            result = work(*args, **options)
            if is_last:
                raise PowerCut
            return result

        return stepped


def prepared(folder: Path, **options: Any) -> World:
    """Two units released by two, two refused, two with too few people; each pair small and a file."""
    world = World(folder, **options)
    for number in (*RELEASED, *REFUSED, *WAITING):
        world.hold(number)
    for number in RELEASED:
        for uid in (ANNA, BAO):
            world.decide(number, uid)
    for number in REFUSED:
        world.decide(number, CHEN, Word.REFUSE)
    for number in WAITING:
        world.decide(number, ANNA)
    return world


def stop_in(world: World, stopper: Stopper) -> None:
    """Put the stopper around everything that the desk changes."""
    desk = world.desk
    assert desk is not None and world.writer is not None
    for owner, name in (
        (world.pages, "change"),
        (world.pages, "remove"),
        (world.recorder, "commit"),
        (world.writer, "put"),
        (desk._held, "forget"),
        (desk._held, "move"),
        (desk._inbox, "_remove"),
    ):
        setattr(owner, name, stopper.around(getattr(owner, name)))


def restarted(world: World) -> World:
    """The ordinary path of a start: what was in memory is gone, events not committed with it."""
    world.close()
    recorder = ListRecorder(world.recorder.events[: world.recorder.committed])
    recorder.committed = len(recorder.events)
    again = World(world.root, recorder=recorder)
    again.open()
    again.run(70)
    return again


def assert_all_is_as_decided(world: World) -> None:
    assert world.in_admitted() == {number: body_of(number) for number in RELEASED}
    assert world.aside("refused") == {number: body_of(number) for number in REFUSED}
    assert world.aside("held") == {number: body_of(number) for number in WAITING}
    assert sorted(world.pages.numbers()) == sorted(WAITING)
    assert list(world.approvals.iterdir()) == []
    for number in WAITING:
        page = world.pages.read(number)
        assert page is not None and [one.uid for one in page.approvals] == [ANNA]
    told = {(event.what, event.unit) for event in world.events("admitted", "refused")}
    assert told == {("admitted", n) for n in RELEASED} | {("refused", n) for n in REFUSED}
    asked = {(e.unit, e.fields["uid"]) for e in world.events("held.release_asked")}
    assert asked == {(n, u) for n in RELEASED for u in (ANNA, BAO)} | {(n, ANNA) for n in WAITING}
    assert {e.unit for e in world.events("held.refuse_asked")} == set(REFUSED)
    assert world.ignored() == []


@pytest.mark.parametrize("behind", [False, True], ids=["before", "behind"])
def test_a_crash_at_any_step_does_what_was_decided_once(memory_folder: Path, behind: bool) -> None:
    stop_at, reached = 0, True
    while reached:
        folder = memory_folder / f"{stop_at}"
        world = prepared(folder, recorder=Stoppable())
        world.open()
        stopper = Stopper(stop_at, behind)
        stop_in(world, stopper)
        reached = False
        try:
            world.run(8)
        except PowerCut:
            reached = True
        again = restarted(world)
        try:
            assert_all_is_as_decided(again)
        except BaseException as error:
            error.add_note(f"crash {'behind' if behind else 'before'} step {stop_at}")
            raise
        again.close()
        shutil.rmtree(folder)
        stop_at += 1
    assert stop_at > 25


@pytest.mark.parametrize(
    "lost", ["nothing", "all", "content", "names", *(f"seed {n}" for n in range(4))]
)
def test_a_power_cut_at_any_write_of_the_queues_loses_nothing(
    memory_folder: Path, lost: str
) -> None:
    stop_before, reached = 0, True
    while reached:
        folder = memory_folder / f"{stop_before}"
        disk = PowerDisk(folder / "trash", stop_before)
        world = prepared(folder, disk=disk)
        reached = False
        try:
            world.open()
            world.run(8)
        except PowerCut:
            reached = True
        with suppress(PowerCut):
            world.close()  # descriptors only; nothing is written by it
        disk.lose(lost)
        again = restarted(world)
        try:
            assert_all_is_as_decided(again)
        except BaseException as error:
            error.add_note(f"power cut before write {stop_before}, lost: {lost}")
            raise
        again.close()
        shutil.rmtree(folder)
        stop_before += 1
    assert stop_before > 30
