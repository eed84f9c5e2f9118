"""What the lane brings while the guard starts anew is kept a moment, bounded, and then goes to nobody."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace

import pytest

from gateway.errors import StateUncertain, Unavailable
from gateway.receiving import transient_lane
from gateway.receiving.transient_lane import KEPT_BYTES, KEPT_S, TransientArrivals
from tests.support.fakes import BoardOfOne


class Guard:
    """Takes frames, or raises what a line raises."""

    def __init__(self) -> None:
        self.error: Exception | None = Unavailable(5768)
        self.taken: list[bytes] = []
        self.now_s = 100.0
        self.status = BoardOfOne()
        self.arrivals = TransientArrivals(self._take, self.status, lambda: self.now_s)

    def _take(self, frames: Sequence[bytes]) -> None:
        if self.error is not None:
            raise self.error
        self.taken += frames

    def back(self) -> list[bytes]:
        """What it gets when it is there again."""
        self.error = None
        self.arrivals.guard_is_there()
        return [frame[-2:] for frame in self.taken]

    def lost(self) -> int:
        return self.status.counters.get("transient_not_taken_total", 0)


@pytest.fixture
def guard(monkeypatch: pytest.MonkeyPatch) -> Guard:
    monkeypatch.setattr(transient_lane, "parse_head", lambda *_: SimpleNamespace(number=7))
    return Guard()


def test_what_came_while_the_guard_was_away_goes_when_it_is_back_and_once(guard: Guard) -> None:
    guard.arrivals([b"-a", b"-b"])
    guard.arrivals([b"-c"])
    assert guard.back() == [b"-a", b"-b", b"-c"]
    assert guard.back() == [b"-a", b"-b", b"-c"]
    assert guard.lost() == 0


def test_what_waited_too_long_goes_to_nobody(guard: Guard) -> None:
    guard.arrivals([b"-a"])
    guard.now_s += KEPT_S + 0.1
    guard.arrivals([b"-b"])
    assert guard.lost() == 1
    guard.now_s += KEPT_S + 0.1
    assert guard.back() == []
    assert guard.lost() == 2


def test_no_more_is_kept_than_there_is_room_for(guard: Guard) -> None:
    guard.arrivals(
        [*[bytes(1 << 20)] * 7, bytes(KEPT_BYTES - (7 << 20) - 1_000), bytes(2_000), b"-a"]
    )
    assert len(guard.back()) == 9
    assert guard.lost() == 1


@pytest.mark.parametrize("error", [Unavailable(5769), StateUncertain(5777)])
def test_what_a_guard_may_have_or_does_not_take_is_not_given_again(
    guard: Guard, error: Exception
) -> None:
    guard.error = error
    guard.arrivals([b"-a"])
    assert guard.back() == []
    assert guard.lost() == 1
