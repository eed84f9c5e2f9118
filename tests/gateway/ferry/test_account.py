"""What is missing is named once, from index, heartbeat and what is durable; also over a restart."""

from __future__ import annotations

from gateway.ferry.block import Chunk
from gateway.ferry.oneway.account import Account, AccountState, MissingSequences, MissingUnit
from gateway.ferry.oneway.records import Heartbeat, Indexed, Resolved


def chunk(number: int, sequence: int, offset: int, length: int, total: int) -> Chunk:
    return Chunk(number, sequence, offset, total, 0, memoryview(bytes(length)))


def beat(announced: int, past: tuple[tuple[int, int], ...] = ()) -> Heartbeat:
    return Heartbeat(announced, announced, announced, 0, past)


def test_a_unit_of_which_nothing_came_is_named_when_its_blocks_are_settled() -> None:
    account = Account(lambda number: False)
    account.index(3, [Indexed(70, 0, 500, 10, 12)])
    assert account.settle(3, 12, 1.0, 1) == []
    assert account.settle(3, 13, 1.0, 1) == [MissingUnit(70, 500, [(0, 500)], 1)]
    account.index(3, [Indexed(70, 0, 500, 10, 12)])
    assert account.settle(3, 14, 1.0, 2) == []


def test_a_unit_that_came_in_part_is_named_with_the_bytes_that_are_missing() -> None:
    account = Account(lambda number: False)
    account.chunk(chunk(70, 0, 0, 100, 500), 3, 1.0)
    account.chunk(chunk(70, 0, 300, 100, 500), 3, 1.0)
    assert account.settle(3, 5, 1.1, 1) == []
    assert account.settle(3, 5, 3.0, 1) == [MissingUnit(70, 500, [(100, 300)], 1)]
    account.index(3, [Indexed(70, 0, 500, 1, 4)])
    assert account.settle(3, 5, 3.1, 2) == [MissingUnit(70, 500, [(100, 300), (400, 500)], 1)]
    account.chunk(chunk(70, 1, 100, 200, 500), 3, 4.0)
    whole = account.chunk(chunk(70, 1, 400, 100, 500), 3, 4.0)
    assert whole is not None and whole.complete
    account.complete(70, 3, 1)
    assert account.arrived(70)
    assert account.units == {}


def test_a_unit_that_is_here_is_not_named() -> None:
    account = Account(lambda number: number == 70)
    account.index(3, [Indexed(70, 0, 500, 1, 4)])
    assert account.settle(3, 9, 1.0, 1) == []
    account.complete(71, 3, 1)
    account.index(3, [Indexed(71, 1, 500, 5, 6)])
    assert account.settle(3, 9, 1.0, 1) == []


def test_sequences_that_nobody_named_are_asked_for_by_range_and_resolved_later() -> None:
    account = Account(lambda number: number == 71)
    account.heartbeat(3, beat(0), 1)
    account.complete(60, 3, 2)
    account.arrived(60)
    assert account.heartbeat(3, beat(5), 1) == [
        MissingSequences(3, 0, 1, 1),
        MissingSequences(3, 3, 4, 1),
    ]
    assert account.heartbeat(3, beat(5), 2) == []
    answers = [Resolved(3, 0, 70, 500), Resolved(3, 1, 71, 500), Resolved(3, 3, 72, 9)]
    assert [
        unit.number for unit in account.resolved(answers, 3) if isinstance(unit, MissingUnit)
    ] == [70, 72]
    assert account.sequences == [MissingSequences(3, 4, 4, 1)]


def test_what_was_sent_while_the_receiver_was_away_is_missing_after_a_restart_of_the_sender_too() -> (
    None
):
    account = Account(lambda number: False)
    account.heartbeat(3, beat(2), 1)
    state = account.dump()
    later = Account(lambda number: False, state)
    assert later.heartbeat(5, beat(0, ((3, 4), (4, 10))), 2) == [
        MissingSequences(3, 2, 3, 2),
        MissingSequences(4, 0, 9, 2),
    ]


def test_a_receiver_that_never_ran_asks_for_nothing_of_earlier_sessions() -> None:
    account = Account(lambda number: False, AccountState())
    assert account.heartbeat(5, beat(0, ((3, 4), (4, 10))), 1) == []


def test_a_unit_that_came_before_a_crash_but_was_not_durable_is_named_after_it() -> None:
    account = Account(lambda number: False)
    account.heartbeat(3, beat(0), 1)
    account.complete(70, 3, 0)
    restarted = Account(lambda number: False, account.dump())
    assert restarted.heartbeat(3, beat(1), 2) == [MissingSequences(3, 0, 0, 2)]
