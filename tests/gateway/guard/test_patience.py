"""A file that a scanner cannot answer for is refused in the end; a scanner that is down refuses nobody."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from gateway.errors import Unavailable
from gateway.guard.hop import Hop
from gateway.guard.outcome import Outcome, Passed
from gateway.guard.patience import FAILURES_ALLOWED, Patience
from gateway.spool.model import Entry, Taken
from gateway.unit.model import Stage
from tests.support.fakes import BoardOfOne, ListRecorder, MemoryQueue


class Scanner:
    """Answers for every content but one, which ends it for whoever asks at the same moment."""

    def __init__(self, killer: int | None = None, *, is_down: bool = False) -> None:
        self.killer, self.is_down = killer, is_down
        self.answered = 0
        self.asked: list[int] = []

    def __call__(self, taken: Taken) -> Outcome:
        self.asked.append(taken.number)
        if self.is_down:
            raise Unavailable(3308, socket="x", problem="gone")
        if taken.number == self.killer:
            raise Unavailable(3308, socket="x", problem="gone")
        self.answered += 1
        return Passed(Entry(taken.number, b"judged", taken.body.read()), "lab")


def run(scanner: Scanner, tmp_path: Path, rounds: int, fresh: int = 3) -> MemoryQueue:
    """Rounds of a hop; in each some more units come, so that the scanner has something to answer for."""
    late_s = [0.0]
    before = MemoryQueue(clock=lambda: late_s[0])
    staging = tmp_path / "staging"
    staging.mkdir()
    hop = Hop(
        before, MemoryQueue(staging), scanner, ListRecorder(), BoardOfOne(),
        stage=Stage.CLEARED, threads=4, patience=Patience(lambda: scanner.answered),
    )  # fmt: skip
    number = 0
    for _ in range(rounds):
        before.put([Entry(number + more, b"", b"body") for more in range(fresh)])
        number += fresh
        late_s[0] += 3600.0
        while hop.step(0.0) == 0.0:
            pass
    hop.close()
    return before


def test_a_file_that_kills_the_scanner_is_refused_while_others_pass(tmp_path: Path) -> None:
    scanner = Scanner(killer=1)
    queue = run(scanner, tmp_path, 2 * FAILURES_ALLOWED)
    assert queue.rejected == [(1, 3315, "refused")]
    # More where no other was answered between two of them.
    assert scanner.asked.count(1) >= FAILURES_ALLOWED


def test_while_the_scanner_is_down_for_all_nobody_is_refused(tmp_path: Path) -> None:
    queue = run(Scanner(is_down=True), tmp_path, 20)
    assert queue.rejected == []


def test_a_single_unit_waits_for_ever_for_want_of_a_witness(tmp_path: Path) -> None:
    scanner = Scanner(killer=0)
    late = Patience(lambda: scanner.answered)
    assert not any(late.is_over(0, 3301) for _ in range(50))


@pytest.mark.parametrize("number", [3302, 3303, 3305, 3306, 3307, 3310, 6502])
def test_what_no_content_can_cause_is_no_units_fault(number: int) -> None:
    count = iter(range(100))
    patience = Patience(lambda: next(count))
    assert not any(patience.is_over(7, number) for _ in range(50))
    assert not patience.is_suspect(7)


def test_suspects_are_asked_about_one_after_the_other(tmp_path: Path) -> None:
    """Whoever is asked about beside a killer fails with it: the second time no other suspect is."""
    running: set[int] = set()
    together: list[int] = []

    class Twice(Scanner):
        def __call__(self, taken: Taken) -> Outcome:
            is_suspect = taken.number in self.asked
            if is_suspect:
                running.add(taken.number)
                together.append(len(running))
            self.asked.append(taken.number)
            time.sleep(0.002)
            running.discard(taken.number)
            if taken.number < 4:
                raise Unavailable(3308, socket="x", problem="gone")
            self.answered += 1
            return Passed(Entry(taken.number, b"judged", taken.body.read()), "lab")

    queue = run(Twice(), tmp_path, 12)
    assert together
    assert set(together) == {1}
    assert sorted(number for number, _, _ in queue.rejected) == [0, 1, 2, 3]


def test_who_passed_is_no_suspect_any_more() -> None:
    patience = Patience(lambda: 0)
    patience.is_over(1, 3301)
    assert patience.is_suspect(1)
    patience.forget(1)
    assert not patience.is_suspect(1)


def test_no_more_units_are_remembered_than_a_few_thousand() -> None:
    patience = Patience(lambda: 0)
    for unit in range(10_000):
        patience.is_over(unit, 3301)
    assert sum(patience.is_suspect(unit) for unit in range(10_000)) <= 4_096
