"""Whatever a sender with the lane's key says, the receiver's account stays within its bounds, and honest.

The bounds are made small here; the code is the same.
"""

from __future__ import annotations

import random
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.ferry.block import Chunk
from gateway.ferry.oneway import announced, missing, sessions, underway
from gateway.ferry.oneway.account import Account, MissingSequences, MissingUnit
from gateway.ferry.oneway.announced import MAX_AHEAD_BLOCKS
from gateway.ferry.oneway.happenings import Beat, Index, Pattern, weight_bytes
from gateway.ferry.oneway.records import Heartbeat, Indexed, Resolved


def chunk(number: int, sequence: int, offset: int, length: int, total: int = 1 << 40) -> Chunk:
    return Chunk(number, sequence, offset, total, 0, memoryview(bytes(length)))


def beat(announced_: int, past: tuple[tuple[int, int], ...] = ()) -> Heartbeat:
    return Heartbeat(announced_, announced_, 0, 0, past)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    make_small(monkeypatch)


def make_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(missing, "MAX_UNITS", 20)
    monkeypatch.setattr(missing, "MAX_RANGES", 40)
    monkeypatch.setattr(missing, "MAX_SEQUENCES", 8)
    monkeypatch.setattr(announced, "MAX_ENTRIES", 50)
    monkeypatch.setattr(sessions, "MAX_PIECES", 16)
    monkeypatch.setattr(underway, "MAX_PARTIALS", 10)
    monkeypatch.setattr(underway, "MAX_PIECES_A_UNIT", 12)
    monkeypatch.setattr(underway, "MAX_PIECES", 30)


def take(account: Account, piece: Chunk, session: int, now_s: float) -> bool:
    """As the receiving ferry takes a chunk; whether it was taken."""
    while (number := account.in_the_way(piece)) is not None:
        account.drop(number)
    if not account.has_place(piece):
        return False
    account.chunk(piece, session, now_s)
    return True


def assert_bounded(account: Account) -> None:
    state = account.dump()
    assert len(state.units) <= 20
    assert sum(len(unit.ranges) for unit in state.units) <= 40 + 20
    assert len(state.sequences) <= 8
    assert len(state.sessions) <= 16
    # What is listed in one call may add pieces once more before the next joins them.
    assert all(len(one.known) <= 16 + 8 for one in state.sessions)
    assert len(account.partials) <= 10
    assert sum(len(partial.got) for partial in account.partials.values()) <= 30
    assert len(account._pending) <= 50
    assert len(msgspec.json.encode(state)) < 60_000


def test_an_announcement_far_ahead_of_what_is_settled_is_ignored_and_asked_for_by_its_sequence() -> (
    None
):
    account = Account(lambda number: False)
    account.index(3, [Indexed(60, 0, 10, 0, 0)])
    account.settle(3, 1, 1.0, 1)
    account.index(3, [Indexed(70, 1, 10, 5, 1 + MAX_AHEAD_BLOCKS + 1), Indexed(71, 2, 10, 5, 6)])
    assert account.ignored == 1
    assert account.heartbeat(3, beat(3), 2) == [MissingSequences(3, 1, 1, 2)]
    assert account.settle(3, 7, 2.0, 3) == [MissingUnit(71, 10, [(0, 10)], 3)]


def test_an_announcement_that_finds_no_room_is_asked_for_by_its_sequence(small: None) -> None:
    account = Account(lambda number: False)
    account.index(3, [Indexed(100 + n, n, 10, 0, 1 << 60) for n in range(60)])
    assert account.ignored == 10
    assert account.heartbeat(3, beat(60), 2) == [MissingSequences(3, 50, 59, 2)]


def test_units_beyond_the_list_are_listed_by_their_sequence(small: None) -> None:
    account = Account(lambda number: False)
    account.index(3, [Indexed(100 + n, n, 10, 0, n) for n in range(30)])
    lost = account.settle(3, 100, 1.0, 1)
    assert [one.number for one in lost if isinstance(one, MissingUnit)] == list(range(100, 120))
    assert lost[20:] == [MissingSequences(3, 20, 29, 1)] == account.sequences
    assert account.heartbeat(3, beat(30), 2) == []


def test_sendings_beyond_the_list_are_found_again_when_there_is_room(small: None) -> None:
    account = Account(lambda number: False)
    account.heartbeat(3, beat(0), 1)
    for sequence in range(1, 30, 2):
        account.complete(sequence, 3, sequence)
        account.arrived(sequence)
    listed = account.heartbeat(3, beat(30), 2)
    assert (len(listed), account.unlisted) == (8, 7)
    answers = [Resolved(3, one.first, 500, 10) for one in account.sequences]
    account.resolved(answers[:1], 3)
    assert len(account.sequences) == 7
    (found,) = account.heartbeat(3, beat(30), 4)
    assert found not in listed
    assert account.unlisted == 6


def test_a_sending_resolved_in_the_middle_of_a_range_stays_listed_while_there_is_no_room_for_two(
    small: None,
) -> None:
    account = Account(lambda number: False)
    account.heartbeat(40, beat(0), 1)
    account.heartbeat(40, beat(0, tuple((20 + n, 9) for n in range(8))), 1)
    assert len(account.sequences) == 8
    account.resolved([Resolved(20, 4, 700, 10)], 2)
    assert 700 in account.units
    assert account.sequences[0] == MissingSequences(20, 0, 8, 1)
    account.resolved([Resolved(20, n, 700 + n, 10) for n in range(9)], 3)
    assert [one.session for one in account.sequences] == [21, 22, 23, 24, 25, 26, 27]


def test_a_unit_whose_ranges_find_no_room_is_asked_for_from_first_to_last(small: None) -> None:
    account = Account(lambda number: False)
    for unit in range(5):
        for piece in range(5):
            take(account, chunk(unit, unit, 100 * piece + 50, 50, 1000), 3, 1.0)
    account.settle(3, 0, 5.0, 1)
    five = [(0, 50), (100, 150), (200, 250), (300, 350), (400, 450)]
    assert [unit.ranges for unit in account.units.values()] == [five] * 5
    account.index(3, [Indexed(900 + n, 10 + n, 10, 0, 0) for n in range(15)])
    account.settle(3, 1, 5.0, 1)
    take(account, chunk(2, 2, 600, 50, 1000), 3, 6.0)
    account.settle(3, 1, 9.0, 1)
    assert account.units[2].ranges == [(0, 600)]
    assert [account.units[unit].ranges for unit in (0, 1, 3, 4)] == [five] * 4


def test_of_too_many_units_under_way_the_one_touched_longest_ago_leaves(small: None) -> None:
    account = Account(lambda number: False)
    for number in range(10):
        take(account, chunk(number, number, 0, 5), 3, float(number))
    take(account, chunk(0, 0, 5, 5), 3, 20.0)
    take(account, chunk(77, 77, 0, 5), 3, 21.0)
    assert list(account.partials) == [2, 3, 4, 5, 6, 7, 8, 9, 0, 77]


def test_a_unit_that_left_is_asked_for_as_a_whole(small: None) -> None:
    account = Account(lambda number: False)
    take(account, chunk(0, 0, 100, 50, 500), 3, 1.0)
    account.settle(3, 0, 5.0, 1)
    assert account.units[0].ranges == [(0, 100)]
    account.drop(0)
    assert account.settle(3, 0, 6.0, 2) == [MissingUnit(0, 500, [(0, 500)], 1)]
    assert account.settle(3, 0, 9.0, 3) == []


def test_a_unit_in_too_many_pieces_takes_no_further_one_but_what_joins_them(small: None) -> None:
    account = Account(lambda number: False)
    assert all(take(account, chunk(1, 1, 10 * n, 1), 3, 1.0) for n in range(12))
    assert not take(account, chunk(1, 1, 999, 1), 3, 1.0)
    assert take(account, chunk(1, 1, 1, 9), 3, 1.0)
    assert take(account, chunk(1, 1, 999, 1), 3, 1.0)


def test_pieces_of_all_units_are_bounded_at_the_cost_of_the_oldest(small: None) -> None:
    account = Account(lambda number: False)
    for number in range(3):
        for piece in range(10):
            take(account, chunk(number, number, 10 * piece, 1), 3, float(number))
    assert take(account, chunk(9, 9, 0, 1), 3, 9.0)
    assert list(account.partials) == [1, 2, 9]


def test_a_session_in_too_many_pieces_names_the_holes_between_them(small: None) -> None:
    account = Account(lambda number: True)
    account.settle(3, 0, 1.0, 7)
    for sequence in range(1, 35, 2):
        account.seen_again(1, 3, sequence)
    lost = account.settle(3, 0, 2.0, 8)
    assert lost[:2] == [MissingSequences(3, 0, 0, 7), MissingSequences(3, 2, 2, 7)]
    assert len(account.dump().sessions[0].known) <= 16


def test_sessions_that_are_only_announced_are_bounded_too(small: None) -> None:
    account = Account(lambda number: False)
    for session in range(500):
        account.index(session, [Indexed(session, 0, 10, 1, 2)])
        account.settle(session, 0, 1.0, 1)
    assert_bounded(account)
    assert [one.session for one in account.dump().sessions] == list(range(484, 500))
    assert sorted(account.units) == list(range(20)), "what was listed first stays listed"


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 1 << 32))
def test_no_order_of_lies_breaks_the_bounds_or_the_account(seed: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        make_small(patch)
        dice = random.Random(seed)
        here: set[int] = set()
        account, now_s, session = Account(here.__contains__), 0.0, 5
        for _ in range(300):
            now_s += dice.random()
            number, sequence = dice.randrange(60), dice.choice([dice.randrange(80), (1 << 64) - 1])
            session += dice.random() < 0.02
            match dice.randrange(7):
                case 0 if not account.is_here(number):
                    take(account, chunk(number, sequence, dice.randrange(900), 3, 1000), 5, now_s)
                case 1:
                    entries = [
                        Indexed(dice.randrange(60), dice.randrange(200), 10, 0, dice.randrange(99))
                        for _ in range(dice.randrange(20))
                    ]
                    account.index(session, entries)
                case 2:
                    account.settle(session, dice.randrange(90), now_s, 1)
                case 3:
                    past = tuple((dice.randrange(30), dice.randrange(300)) for _ in range(8))
                    account.heartbeat(session, beat(dice.choice([9, 99, (1 << 64) - 1]), past), 1)
                case 4:
                    spans = account.sequences or [MissingSequences(1, 1, 1, 1)]
                    span = dice.choice(spans)
                    asked = dice.randint(span.first, span.last)
                    account.resolved([Resolved(span.session, asked, number, 10)], 1)
                case 5 if not account.is_here(number):
                    account.complete(number, session, sequence)
                    here.add(number)
                    account.arrived(number)
                    assert number not in account.units
                case _ if account.is_here(number):
                    account.seen_again(number, session, sequence)
                case _:
                    account.drop(number)
            assert_bounded(account)
            listed = sorted((one.session, one.first, one.last) for one in account.sequences)
            assert all(a[0] != b[0] or a[2] < b[1] for a, b in pairwise(listed))
        again = Account(here.__contains__, account.dump())
        assert again.dump() == account.dump()


def test_what_waits_for_the_desk_is_weighed_by_what_it_holds() -> None:
    entries = [Indexed(n, n, 1, 0, 0) for n in range(1000)]
    assert weight_bytes(Index(1, entries)) > 200_000
    assert weight_bytes(Pattern(1, 1, bytes(5000))) > 5000
    assert weight_bytes(Beat(1, 1, beat(0))) > 0
