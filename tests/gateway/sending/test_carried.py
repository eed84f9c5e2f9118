"""What the sending ferry writes to disk, beside the loop that sends."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from gateway.errors import Unavailable
from tests.gateway.ferry.harness import Ferries
from tests.support.fakes import ListRecorder


@dataclass(slots=True)
class SlowRecorder(ListRecorder):
    """One whose commits wait for the test while it is slow, and that counts those that fail."""

    slow: bool = False
    failed: int = 0
    at_disk: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)

    def commit(self) -> None:
        if self.slow:
            self.at_disk.set()
            assert self.go_on.wait(20)
        self.failed += self.broken
        ListRecorder.commit(self)


class SlowFerries(Ferries):
    def start_sender(self) -> None:
        self.disk = SlowRecorder()
        self.sent_events = self.disk
        super().start_sender()


@contextmanager
def running(ferries: Ferries) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=ferries.dispatcher.run, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(20)


def until(is_so: Callable[[], bool]) -> bool:
    end_s = time.monotonic() + 20
    while not is_so() and time.monotonic() < end_s:
        time.sleep(0.005)
    return is_so()


def test_the_lane_goes_on_while_a_disk_stands_still(tmp_path: Path) -> None:
    ferries = SlowFerries(tmp_path)
    ferries.disk.slow = True
    with running(ferries):
        assert ferries.disk.at_disk.wait(20)
        before = ferries.dispatcher.sender.next_block
        assert until(lambda: ferries.dispatcher.sender.next_block >= before + 2)
        # The queue is the writing thread's until it has ended.
        ferries.put(1, b"x" * 100)
        ferries.disk.go_on.set()
        assert until(lambda: ferries.cleared.acknowledged == [1])


def test_what_could_not_be_written_is_answered_later(tmp_path: Path) -> None:
    ferries = SlowFerries(tmp_path)
    with running(ferries):
        ferries.put(1, b"x" * 100)
        assert until(lambda: "sent" in ferries.disk.names())
        ferries.disk.broken = True
        assert until(lambda: 6003 in ferries.outer.alarms)
        assert until(lambda: ferries.dispatcher.sender.unannounced == 0)
        failed = ferries.disk.failed
        assert until(lambda: ferries.disk.failed >= failed + 2)
        assert ferries.cleared.acknowledged == []
        ferries.disk.broken = False
        assert until(lambda: ferries.cleared.acknowledged == [1])
        assert until(lambda: 6003 not in ferries.outer.alarms)


def test_a_failure_is_raised_where_nobody_runs_a_thread(tmp_path: Path) -> None:
    ferries = Ferries(tmp_path)
    ferries.sent_events.broken = True
    ferries.run(0.3)
    assert 6003 in ferries.outer.alarms
    try:
        ferries.dispatcher.close()
    except Unavailable as error:
        assert error.number == 6003
    else:
        raise AssertionError("nothing was raised")
