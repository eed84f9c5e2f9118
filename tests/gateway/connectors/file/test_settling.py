"""A file counts as whole when nothing of it has changed for long enough, and not before."""

from __future__ import annotations

from gateway.connectors.file.settling import LONGEST_HOLD_S, Settling, Sighting


def seen(name: str, *, at: int = 1, size: int = 10, inode: int = 1) -> Sighting:
    return Sighting(0, at, name, size, inode)


def test_without_a_settling_time_a_file_is_whole_as_soon_as_it_appears() -> None:
    assert Settling(0).settled([seen("a")], 0.0) == [seen("a")]


def test_a_file_settles_after_its_time_and_not_before() -> None:
    settling = Settling(5)
    assert settling.settled([seen("a")], 0.0) == []
    assert settling.settled([seen("a")], 4.9) == []
    assert settling.settled([seen("a")], 5.0) == [seen("a")]


def test_any_change_begins_the_time_anew() -> None:
    for changed in (seen("a", at=2), seen("a", size=11), seen("a", inode=2)):
        settling = Settling(5)
        settling.settled([seen("a")], 0.0)
        assert settling.settled([changed], 5.0) == []
        assert settling.settled([changed], 10.0) == [changed]


def test_the_oldest_comes_first() -> None:
    files = [seen("new", at=3), seen("b", at=2), seen("a", at=2), seen("old", at=1)]
    assert [one.name for one in Settling(0).settled(files, 0.0)] == ["old", "a", "b", "new"]


def test_a_file_that_has_gone_is_forgotten() -> None:
    settling = Settling(5)
    settling.settled([seen("a")], 0.0)
    settling.settled([], 1.0)
    assert settling.settled([seen("a")], 5.0) == []


def test_a_file_that_was_given_back_waits_longer_each_time_but_not_for_ever() -> None:
    settling = Settling(0)
    now_s, waits = 0.0, []
    for _ in range(8):
        settling.hold_back("a", now_s)
        start_s = now_s
        while not settling.settled([seen("a")], now_s):
            now_s += 0.05
        waits.append(round(now_s - start_s, 1))
    assert waits == sorted(waits)
    assert waits[0] < 0.5 < waits[2]
    assert waits[-1] == waits[-2] == LONGEST_HOLD_S
