"""Which ends are told: bounded, and like a set of what is open."""

from __future__ import annotations

import random

from gateway.sending import untold as module
from gateway.sending.untold import EARLY_TURNS, MAX_EARLY, MAX_RUNS, Untold
from gateway.unit.outcomes import What


def test_it_is_a_set_of_what_is_open_whatever_comes() -> None:
    choose = random.Random(7)
    table, model = Untold(), set[int]()
    for _ in range(20_000):
        unit = choose.randrange(200) * 2 + 1
        if choose.random() < 0.5:
            table = Untold(table.runs())
            assert table.admit(unit) is None
            model.add(unit)
        else:
            assert table.end(unit, What.DELIVERED, 0) == (unit in model)
            model.discard(unit)


def test_an_end_of_what_nobody_let_in_is_forgotten_after_a_minute() -> None:
    table = Untold()
    assert not table.end(1, What.REFUSED, 2530)
    for _ in range(EARLY_TURNS - 1):
        table.turn()
    assert table.admit(1) == (What.REFUSED, 2530)
    table.end(3, What.DELIVERED, 0)
    for _ in range(EARLY_TURNS):
        table.turn()
    assert table.admit(3) is None
    assert table.forgotten == 1


def test_it_is_bounded() -> None:
    table = Untold()
    for number in range(2 * MAX_EARLY):
        table.end(2 * number, What.DELIVERED, 0)
    assert len(table.early()) == MAX_EARLY
    table = Untold()
    for number in range(MAX_RUNS + 10):
        table.admit(4 * number)
    assert len(table.runs()) == MAX_RUNS
    assert table.forgotten == 10
    assert not table.end(0, What.DELIVERED, 0)


def test_the_bound_is_what_a_state_file_can_hold() -> None:
    assert module.MAX_RUNS * 32 < 1 << 20
