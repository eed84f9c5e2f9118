"""Processes killed at random while files cross: none lost, none twice, none half, none unjudged."""

from __future__ import annotations

import contextlib
import random
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.management.layout import Role
from gateway.policy.samples import generate_sample
from gateway.unit.model import Side
from tests.support.gate import LONG, SMALL, Gate, gate, table

pytestmark = [pytest.mark.system, pytest.mark.timeout(900 if LONG else 240)]

FILES, KILLS = (5000, 50) if LONG else (1500, 20)
SEED = 20261121


class Watcher:
    """Looks into the destination all the time: what is visible must be whole at that moment."""

    def __init__(self, running: Gate, files: dict[str, bytes]) -> None:
        self._running, self._files = running, files
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._seen: set[str] = set()
        self.wrong: list[str] = []
        self.looks = 0

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        self._thread.start()
        try:
            yield
        finally:
            self._stop.set()
            self._thread.join()

    def _look(self) -> None:
        while not self._stop.wait(0.005):
            self.looks += 1
            for name in self._running.inside() - self._seen:
                self._seen.add(name)
                there = self._running.arrived(name)
                if there != self._files.get(name):
                    self.wrong.append(f"{name}: {len(there)} bytes when first seen")


def test_any_of_the_six_killed_at_random_loses_nothing_and_delivers_nothing_twice(
    tmp_path: Path,
) -> None:
    chance = random.Random(SEED)
    files = {f"r{n:05}.csv": table(chance.randrange(1000, 8192), n) for n in range(FILES)}
    waiting = list(files.items())
    victims: list[str] = []
    with gate(tmp_path) as running:
        watcher = Watcher(running, files)
        with watcher.watching():
            for kill in range(KILLS):
                for name, content in waiting[kill * FILES // KILLS : (kill + 1) * FILES // KILLS]:
                    running.drop(name, content)
                time.sleep(chance.uniform(0.02, 0.7))
                while True:
                    side, role = chance.choice(list(Side)), chance.choice(list(Role))
                    if running.signal(side, role, signal.SIGKILL):
                        break
                    time.sleep(0.05)
                victims.append(f"{side.value} {role.value}")
            # What was on its way to a dead inner ferry is lost to the link: it is named and sent again.
            rounds = running.bring_all(set(files), within_s=300 if LONG else 120)
            # Anything delivered a second time would come within the next moments.
            time.sleep(2.0)
        print(
            f"{FILES} files, {KILLS} kills {victims}, lists carried: {rounds}, looks: {watcher.looks}"
        )
        assert watcher.wrong == []
        assert running.differing(files) == []
        assert running.inside() == set(files)
        assert watcher.looks > 50
        for side in Side:
            verified = running.cli(side, "audit", "verify")
            assert verified.returncode == 0, verified.stdout
        assert running.cli(Side.INNER, "reconcile").returncode == 0


@pytest.mark.parametrize("side", list(Side))
def test_without_a_guard_nothing_passes_and_with_it_the_good_passes_and_the_bad_does_not(
    tmp_path: Path, side: Side
) -> None:
    good = {f"good-{n}.csv": table(2000, n) for n in range(50)}
    with gate(tmp_path) as running:
        running.drop("before.csv", table(1000))
        running.until_inside({"before.csv"})
        with running.dead(side, Role.GUARD):
            for name, content in good.items():
                running.drop(name, content)
            running.drop("program.csv", generate_sample("elf program"))
            watched = running.trial.drop(SMALL)
            running.until(lambda: not list(watched.glob("*.csv")), "all is taken in", 20)
            for _ in range(30):
                time.sleep(0.1)
                assert running.inside() == {"before.csv"}
        running.until_inside(set(good))
        running.until(lambda: "program.csv" in running.names_of(Side.OUTER, "refused"), "refused")
        assert running.inside() == {"before.csv", *good}
        assert running.differing(good) == []


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("role", list(Role))
def test_each_process_killed_under_load_lets_nothing_unjudged_through(
    tmp_path: Path, side: Side, role: Role
) -> None:
    good = {f"good-{n}.csv": table(3000, n) for n in range(150)}
    bad = {f"bad-{n}.csv": generate_sample("elf program") for n in range(50)}
    with gate(tmp_path) as running:
        for name, content in sorted({**good, **bad}.items(), key=lambda one: one[0][-6:]):
            running.drop(name, content)
        time.sleep(0.1)
        assert running.signal(side, role, signal.SIGKILL)
        running.bring_all(set(good))
        running.until(
            lambda: set(bad) <= running.names_of(Side.OUTER, "refused"), "all bad refused"
        )
        assert running.inside() == set(good)
        assert running.differing(good) == []
