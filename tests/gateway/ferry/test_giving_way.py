"""What comes from queues gives way to requests only while these lack processors, and by half at most."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from gateway.ferry.giving_way import LEAST, LOOK_S, URGENT_S, GivingWay
from gateway.ferry.thread_wait import thread_wait_s

RATE = 100_000_000
FRAME_BYTES = 1472


class Host:
    """A lane that is asked every millisecond, on a host on which a thread waits so much of its time."""

    def __init__(self) -> None:
        self.now_s, self.waiting, self.waited_s = 0.0, 0.0, 0.0
        self.way = GivingWay(RATE, lambda: self.waited_s)

    def pass_s(self, seconds: float, *, urgent: bool) -> float:
        """Send what may go from queues; gives its share of the lane."""
        sent, until_s = 0, self.now_s + seconds
        while self.now_s < until_s:
            if urgent:
                self.way.urgent(self.now_s)
            budget = RATE * 0.001
            while budget > 0 and self.way.wait_s(self.now_s) == 0:
                self.way.spend(44, FRAME_BYTES)
                sent += 44 * (FRAME_BYTES + 66) * 8
                budget -= 44 * (FRAME_BYTES + 66) * 8
            self.now_s += 0.001
            self.waited_s += 0.001 * self.waiting
        return sent / seconds / RATE


def test_where_processors_are_scarce_queues_have_half_of_the_lane_beside_requests() -> None:
    host = Host()
    host.waiting = 0.3
    host.pass_s(1.0, urgent=True)
    assert host.way.share == LEAST
    assert 0.4 < host.pass_s(4.0, urgent=True) < 0.6


def test_where_there_are_enough_processors_requests_take_nothing_from_queues() -> None:
    host = Host()
    host.waiting = 0.02
    host.pass_s(2.0, urgent=True)
    assert host.way.share == 1.0


def test_without_requests_nothing_gives_way_however_scarce_processors_are() -> None:
    host = Host()
    host.waiting = 0.9
    host.pass_s(2.0, urgent=False)
    assert host.way.share == 1.0


def test_queues_have_all_again_behind_the_last_request() -> None:
    host = Host()
    host.waiting = 0.3
    host.pass_s(1.0, urgent=True)
    host.pass_s(URGENT_S / 2, urgent=False)
    assert host.way.share == LEAST
    host.pass_s(URGENT_S, urgent=False)
    assert host.way.share == 1.0


def test_queues_have_more_again_when_processors_are_free() -> None:
    host = Host()
    host.waiting = 0.3
    host.pass_s(1.0, urgent=True)
    host.waiting = 0.0
    host.pass_s(4 * LOOK_S, urgent=True)
    assert LEAST < host.way.share < 1.0
    host.pass_s(2.0, urgent=True)
    assert host.way.share == 1.0


def test_what_cannot_be_known_changes_nothing() -> None:
    way = GivingWay(RATE, lambda: None)
    for count in range(100):
        way.urgent(count * LOOK_S)
        assert way.wait_s(count * LOOK_S) == 0
    assert way.share == 1.0


def test_what_cannot_be_known_is_not_asked_for_at_every_turn() -> None:
    asked = list[float]()

    def account() -> None:
        asked.append(now_s)

    now_s, way = 0.0, GivingWay(RATE, account)
    way.urgent(now_s)
    for count in range(1_000):
        now_s = count * LOOK_S / 100
        way.wait_s(now_s)
    assert len(asked) <= 11


def test_what_cannot_be_known_any_more_holds_nothing_back() -> None:
    host = Host()
    host.waiting = 0.3
    host.pass_s(1.0, urgent=True)
    host.way._waited_s = lambda: None
    host.pass_s(2 * LOOK_S, urgent=True)
    assert host.way.share == 1.0


@pytest.mark.parametrize("text", ["", "1 2", "a b c", "1 x 3"])
def test_an_account_that_cannot_be_read_is_none(text: str, tmp_path: Path) -> None:
    account = tmp_path / "schedstat"
    assert thread_wait_s(account) is None
    account.write_text(text)
    assert thread_wait_s(account) is None


def test_a_thread_that_lacks_a_processor_is_seen_to_wait() -> None:
    busy = "import time; end = time.monotonic() + 30\nwhile time.monotonic() < end: pass"
    many = 2 * (os.cpu_count() or 1)
    others = [subprocess.Popen([sys.executable, "-c", busy]) for _ in range(many)]
    seen = list[float]()

    def work() -> None:
        first = thread_wait_s()
        assert first is not None
        while not seen:
            now = thread_wait_s()
            if now is not None and now > first + 0.05:
                seen.append(now)

    try:
        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        thread.join(25)
    finally:
        for other in others:
            other.kill()
            other.wait()
    assert seen
