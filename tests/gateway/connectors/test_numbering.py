"""Unit numbers never repeat, whatever ends the process and wherever the file came from."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gateway.connectors.numbering import BLOCK, UnitNumbers
from gateway.errors import Misconfigured, Unavailable
from gateway.unit.number import MAX_NUMBER

MINUTE_NS = 60 * 10**9
YEAR_2026_NS = 1_767_225_600 * 10**9


def at_minute(minute: int) -> int:
    return YEAR_2026_NS + minute * MINUTE_NS


def test_a_new_installation_begins_at_todays_minute(tmp_path: Path) -> None:
    numbers = UnitNumbers(tmp_path / "numbers", lambda: at_minute(467_000))
    assert [numbers.next(), numbers.next()] == [467_000 << 16, (467_000 << 16) + 1]


def test_a_host_installed_anew_begins_above_its_earlier_numbers(tmp_path: Path) -> None:
    before = UnitNumbers(tmp_path / "before", lambda: at_minute(1000))
    last = [before.next() for _ in range(50_000)][-1]
    assert UnitNumbers(tmp_path / "after", lambda: at_minute(1001)).next() > last


@pytest.mark.parametrize("used", [1, BLOCK - 1, BLOCK, BLOCK + 1])
def test_a_process_that_ends_at_any_moment_repeats_no_number(tmp_path: Path, used: int) -> None:
    first = UnitNumbers(tmp_path / "numbers", lambda: at_minute(1))
    given = {first.next() for _ in range(used)}
    second = UnitNumbers(tmp_path / "numbers", lambda: at_minute(1))
    assert len(given) == used
    assert second.next() > max(given)


def test_a_block_whose_mark_was_not_renamed_is_claimed_again(tmp_path: Path) -> None:
    numbers = UnitNumbers(tmp_path / "numbers", lambda: at_minute(1))
    numbers.next()
    (tmp_path / "numbers.new").write_bytes(b"ferrygate unit numb")
    assert UnitNumbers(tmp_path / "numbers", lambda: at_minute(1)).next() > 1 << 16


def test_two_hosts_that_began_in_the_same_minute_never_give_the_same_number(tmp_path: Path) -> None:
    hosts = [
        UnitNumbers(tmp_path / str(place), lambda: at_minute(1), every=2, place=place)
        for place in range(2)
    ]
    ours, theirs = ({host.next() for _ in range(2 * BLOCK)} for host in hosts)
    assert not ours & theirs and len(ours) == len(theirs) == 2 * BLOCK
    again = UnitNumbers(tmp_path / "1", lambda: at_minute(1), every=2, place=1).next()
    assert again > max(theirs) and again % 2 == 1


def test_threads_that_take_numbers_together_never_get_the_same(tmp_path: Path) -> None:
    numbers = UnitNumbers(tmp_path / "numbers", lambda: at_minute(1))
    with ThreadPoolExecutor(8) as pool:
        given = list(pool.map(lambda _: numbers.next(), range(3 * BLOCK)))
    assert len(set(given)) == 3 * BLOCK


@pytest.mark.parametrize("content", [b"", b"7", b"ferrygate unit numbers 2\n7\n", bytes(30)])
def test_a_damaged_counter_stops_the_start(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "numbers").write_bytes(content)
    with pytest.raises(Misconfigured) as caught:
        UnitNumbers(tmp_path / "numbers", lambda: at_minute(1))
    assert caught.value.number == 2510


def test_no_number_is_given_that_could_not_be_noted(tmp_path: Path) -> None:
    numbers = UnitNumbers(tmp_path / "gone" / "numbers", lambda: at_minute(1))
    for _ in range(2):
        with pytest.raises(Unavailable) as caught:
            numbers.next()
        assert caught.value.number == 2511
    (tmp_path / "gone").mkdir()
    assert numbers.next() == 1 << 16


def test_the_last_number_is_the_last(tmp_path: Path) -> None:
    (tmp_path / "numbers").write_bytes(b"ferrygate unit numbers 1\n%d\n" % (MAX_NUMBER - 10))
    with pytest.raises(Unavailable) as caught:
        UnitNumbers(tmp_path / "numbers", lambda: 0).next()
    assert caught.value.number == 2512
