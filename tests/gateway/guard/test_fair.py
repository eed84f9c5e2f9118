"""The waiting room of a guard's threads: nobody holds all of them, nobody fills it, all have their turn."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter

import pytest

from gateway.guard.fair import MOST_BEHIND_S, FairRoom, Turn
from gateway.guard.fair_threads import FairThreads


def room(threads: int = 4, most: int = 1_000, most_bytes: int = 1_000_000) -> FairRoom[str]:
    return FairRoom(threads, most, most_bytes)


def put(where: FairRoom[str], channel: str, count: int = 1, caller: str = "", size: int = 1) -> int:
    """How many there was room for."""
    turns = [where.put(channel, caller, size, f"{channel}{n}") for n in range(count)]
    return sum(turn is not None for turn in turns)


def begun(where: FairRoom[str]) -> list[Turn[str]]:
    turns = []
    while (turn := where.begin()) is not None:
        turns.append(turn)
    return turns


def channels(turns: list[Turn[str]]) -> Counter[str]:
    return Counter(turn.channel for turn in turns)


@pytest.mark.parametrize(("threads", "held"), [(1, 1), (2, 1), (4, 3), (8, 7)])
def test_one_channel_never_has_the_last_thread(threads: int, held: int) -> None:
    where = room(threads)
    put(where, "slow", 20)
    assert channels(begun(where)) == {"slow": held}
    put(where, "quick")
    assert channels(begun(where)) == ({"quick": 1} if threads > 1 else {})


def test_nor_have_several_channels_while_one_that_has_none_may_come() -> None:
    where = room(4)
    put(where, "a", 20)
    put(where, "b", 20)
    first = begun(where)
    assert channels(first) == {"a": 2, "b": 1} or channels(first) == {"a": 1, "b": 2}
    put(where, "c", 5)
    assert channels(begun(where)) == {"c": 1}


def test_who_has_used_least_is_next_and_nobody_saves_up() -> None:
    where = room(1)
    put(where, "slow", 50)
    put(where, "quick", 500)
    used: Counter[str] = Counter()
    for _ in range(200):
        (turn,) = begun(where)
        took_s = 1.0 if turn.channel == "slow" else 0.01
        where.end(turn, took_s)
        used[turn.channel] += round(took_s * 100)
    assert abs(used["slow"] - used["quick"]) <= 100
    # Has never been here: it is next, and then one of three.
    put(where, "new", 400)
    (turn,) = begun(where)
    where.end(turn, 0.01)
    order = []
    for _ in range(30):
        (turn,) = begun(where)
        where.end(turn, 1.0)
        order.append(turn.channel)
    assert set(Counter(order).values()) == {10}


def test_one_very_long_piece_bars_its_channel_for_a_moment_only() -> None:
    where = room(1)
    put(where, "a", 3)
    put(where, "b", 100)
    (turn,) = begun(where)
    assert turn.channel == "a"
    where.end(turn, 3_600.0)
    waited_s = 0.0
    while (turn := begun(where)[0]).channel == "b":
        where.end(turn, 1.0)
        waited_s += 1.0
    assert waited_s <= MOST_BEHIND_S + 1


def test_a_newcomer_is_of_a_channel_that_holds_nothing() -> None:
    where = room(3)
    assert not where.has_newcomer()
    put(where, "a", 2)
    assert where.has_newcomer()
    (turn, *_) = begun(where)
    put(where, "a", 1)
    assert not where.has_newcomer()
    put(where, "b", 1)
    assert where.has_newcomer()
    where.end(turn, 1.0)


def test_callers_of_a_channel_take_turns_and_the_work_of_each_keeps_its_order() -> None:
    where = room(2)
    put(where, "a", 30, "loud")
    put(where, "a", 2, "shy")
    order = []
    for _ in range(6):
        (turn,) = begun(where)
        where.end(turn, 1.0)
        order.append((turn.caller, turn.work))
    assert order == [
        ("loud", "a0"), ("shy", "a0"), ("loud", "a1"), ("shy", "a1"), ("loud", "a2"), ("loud", "a3"),
    ]  # fmt: skip


def test_no_channel_fills_the_room() -> None:
    where = room(most=100, most_bytes=1_000)
    assert put(where, "loud", 200) == 50
    assert put(where, "other", 200) == 25
    assert put(where, "third") == 1
    where = room(most=100, most_bytes=1_000)
    assert put(where, "loud", 200, size=100) == 5
    assert put(where, "other", size=500) == 1
    assert put(where, "third", size=1) == 0


def test_no_caller_fills_what_his_channel_may_have() -> None:
    where = room(most=100, most_bytes=1_000)
    assert put(where, "a", 200, "loud") == 25
    assert put(where, "a", 200, "other") == 13
    assert put(where, "a", 3, "third") == 3
    assert put(where, "b", 3, "loud") == 3
    where = room(most=1_000, most_bytes=1_000)
    assert put(where, "a", 200, "loud", size=50) == 5
    assert put(where, "a", 1, "other", size=200) == 1
    # What he has begun no longer waits.
    assert put(where, "a", 1, "loud", size=50) == 0
    (first, *_) = begun(where)
    assert (first.caller, put(where, "a", 1, "loud", size=50)) == ("loud", 1)


def test_those_whom_nobody_knows_are_one_caller_beside_others() -> None:
    where = room(most=100)
    assert put(where, "a", 1, "known") == 1
    assert put(where, "a", 200) == 25
    assert put(where, "a", 5, "known") == 5


def test_what_is_known_late_makes_its_caller_room_where_it_was() -> None:
    where = room(most=100)
    turns = [where.put("", "loud", 1, "x") for _ in range(25)]
    assert put(where, "", 1, "loud") == 0
    for turn in turns:
        assert turn is not None
        where.belongs(turn, "a")
    assert put(where, "a", 1, "loud") == 0
    assert put(where, "", 1, "loud") == 1


def test_what_is_known_late_counts_for_its_channel_from_then_on() -> None:
    where = room(4)
    turns = [where.put("", "", 1, f"unknown{n}") for n in range(6)]
    held = begun(where)
    assert channels(held) == {"": 3}
    for turn in turns:
        assert turn is not None
        where.belongs(turn, "slow")
    assert begun(where) == []
    put(where, "quick")
    assert channels(begun(where)) == {"quick": 1}
    for turn in held:
        where.end(turn, 1.0)
        where.belongs(turn, "another")
    assert channels(begun(where)) == {"slow": 2}
    assert len(where) == 1


def test_any_work_is_done_once_and_the_counts_come_back_to_nothing() -> None:
    for seed in range(50):
        chance = random.Random(seed)
        where = room(chance.randint(1, 5), most=60, most_bytes=600)
        held: list[Turn[str]] = []
        came = went = 0
        for _ in range(300):
            if chance.random() < 0.5:
                came += put(
                    where,
                    chance.choice("abcd"),
                    1,
                    chance.choice(("", "x", "y")),
                    chance.randint(0, 60),
                )
            elif held and chance.random() < 0.6:
                where.end(held.pop(chance.randrange(len(held))), chance.random() * 10)
                went += 1
            elif (turn := where.begin()) is not None:
                held.append(turn)
        while held or len(where):
            while held:
                where.end(held.pop(), 1.0)
                went += 1
            held = begun(where)
        assert came == went
        assert put(where, "a", 200, size=10) == 30


def test_threads_begin_what_may_begin_and_close_leaves_what_waits() -> None:
    threads = FairThreads("test", 3, 100, 1_000)
    may_go_on, some = threading.Event(), threading.Condition()
    done: list[str] = []

    def slow() -> None:
        assert may_go_on.wait(timeout=10.0)

    def quick() -> None:
        with some:
            done.append("quick")
            some.notify_all()

    try:
        assert all(threads.put("slow", "", 1, slow) for _ in range(10))
        for count in range(1, 4):
            assert threads.put("quick", "", 1, quick)
            with some:
                assert some.wait_for(lambda want=count: len(done) == want, timeout=10.0)  # type: ignore[misc]
        assert len(threads) == 8
    finally:
        threading.Timer(0.05, may_go_on.set).start()
        threads.close()
    assert len(threads) == 0
    threads.step()


def test_close_waits_once_for_all_threads_together() -> None:
    begun, go_on = threading.Semaphore(0), threading.Event()

    def hang() -> None:
        begun.release()
        go_on.wait(20)

    # Ten seconds, if each had its own half.
    threads = FairThreads("test", 20, 40, 40)
    for number in range(20):
        threads.put(str(number), "", 1, hang)
    for _ in range(20):
        assert begun.acquire(timeout=20)
    begun_s = time.monotonic()
    threads.close(0.5)
    took_s = time.monotonic() - begun_s
    go_on.set()
    threads.close()
    assert 0.5 <= took_s < 8


def test_a_bug_is_told_to_the_process() -> None:
    begun = threading.Event()

    def bug() -> None:
        begun.set()
        raise KeyError("a bug")

    threads = FairThreads("test", 1, 10, 10)
    threads.put("a", "", 1, bug)
    assert begun.wait(timeout=10.0)
    threads.close()
    with pytest.raises(KeyError):
        threads.step()
