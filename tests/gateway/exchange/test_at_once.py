"""Requests under way: a channel, and a caller of it, has as many as it leaves free: none takes all."""

from __future__ import annotations

import random
from collections import Counter

from gateway.exchange.at_once import AtOnce


def entered(at_once: AtOnce, channel: str, tries: int = 1_000, caller: str = "") -> int:
    return sum(at_once.enter(channel, caller) for _ in range(tries))


def test_one_channel_alone_has_half_and_others_find_room() -> None:
    at_once = AtOnce(100)
    assert entered(at_once, "slow") == 50
    assert entered(at_once, "other") == 25
    assert entered(at_once, "third", 3) == 3
    for _ in range(50):
        at_once.leave("slow")
    assert entered(at_once, "other") == 24
    assert len(at_once) == 52


def test_the_last_place_is_for_a_channel_that_has_none() -> None:
    at_once = AtOnce(2)
    assert [at_once.enter(name) for name in ("a", "a", "b", "c")] == [True, False, True, False]


def test_it_is_never_more_than_all_and_comes_back_to_nothing() -> None:
    chance, at_once, under_way = random.Random(3), AtOnce(40), Counter[str]()
    for _ in range(5_000):
        name = chance.choice("abcde")
        if chance.random() < 0.6:
            under_way[name] += at_once.enter(name)
        elif under_way[name]:
            at_once.leave(name)
            under_way[name] -= 1
        assert len(at_once) == under_way.total() <= 40
    for name, count in under_way.items():
        for _ in range(count):
            at_once.leave(name)
    assert (len(at_once), entered(at_once, "a")) == (0, 20)


def test_one_caller_has_half_of_what_his_channel_may_have_and_others_find_room() -> None:
    at_once = AtOnce(100)
    assert entered(at_once, "a", caller="loud") == 25
    assert entered(at_once, "a", caller="other") == 13
    assert entered(at_once, "a", 3, "third") == 3
    # The same name elsewhere is somebody else.
    assert entered(at_once, "b", 5, "loud") == 5
    for _ in range(25):
        at_once.leave("a", "loud")
    assert entered(at_once, "a", 10, "third") == 10


def test_those_whom_nobody_knows_are_one_beside_others_and_all_without_them() -> None:
    at_once = AtOnce(100)
    assert entered(at_once, "a", 1, "known") == 1
    assert entered(at_once, "a") == 25
    assert entered(at_once, "a", 5, "known") == 5
    assert entered(at_once, "b") == 35


def test_many_callers_have_no_more_than_their_channel_and_nothing_is_kept_of_them() -> None:
    at_once = AtOnce(1_000)
    names = [f"caller {n}" for n in range(2_000)]
    came = [name for name in names if at_once.enter("a", name)]
    assert len(came) == 500
    for name in came:
        at_once.leave("a", name)
    assert (len(at_once), len(at_once._of), len(at_once._of_caller)) == (0, 0, 0)
