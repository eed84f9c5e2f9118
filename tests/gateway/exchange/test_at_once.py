"""Requests under way: a channel has as many as it leaves free, so that none takes the place of all."""

from __future__ import annotations

import random
from collections import Counter

from gateway.exchange.at_once import AtOnce


def entered(at_once: AtOnce, channel: str, tries: int = 1_000) -> int:
    return sum(at_once.enter(channel) for _ in range(tries))


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
