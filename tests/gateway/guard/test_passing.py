"""The threads of a guard for transient units: slow contents of one channel hold up those of no other."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import pytest

from gateway.audit.event import Event
from gateway.errors import StateUncertain, Unavailable
from gateway.exchange.frames import Frame, FrameKind
from gateway.guard import passing as passing_module
from gateway.guard.letting_go import Done, LettingGo
from gateway.guard.passing import Passing
from gateway.guard.together import Judging, Slowly, finished
from gateway.inspection.chain import bytes_body
from tests.support.fakes import BoardOfOne, ListRecorder

# Above what is judged together.
LARGE = 128 << 10


@dataclass
class Guard:
    """What works on frames: the head says whose it is, `channel` or `channel caller`; those of channel `slow`
    wait until they may go on."""

    may: threading.Event = field(default_factory=threading.Event)
    some: threading.Condition = field(default_factory=threading.Condition)
    out: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.journal = ListRecorder()
        letting_go = LettingGo(self.to_edge, _nobody, lambda _: [], self.journal, BoardOfOne())
        self.passing = Passing(4, letting_go, lambda _: Done(frame=b"crowded"))

    def to_edge(self, frames: Sequence[bytes]) -> None:
        with self.some:
            self.out += frames
            self.some.notify_all()

    def work(self, frame: Frame) -> list[Judging[Done]]:
        return [self._done(frame)]

    def _done(self, frame: Frame) -> Judging[Done]:
        channel, _, caller = frame.head.decode().partition(" ")

        def do() -> bytes:
            if channel == "slow":
                self.may.wait(timeout=20.0)
            return b""

        try:
            yield Slowly(do, bytes_body(frame.content), (channel, caller))
        except Unavailable as error:
            event = Event("request.refused", 0, frame.number, channel, error.number)
            return Done((replace(event, fields={"caller": caller}),))
        return Done(frame=b"%s %d" % (frame.head, frame.number))

    def take(self, channel: str, numbers: range, size_bytes: int) -> None:
        content = bytes(size_bytes)
        self.passing.take(
            self.work, [Frame(FrameKind.CAPTURED, n, channel.encode(), content) for n in numbers]
        )

    def gives(self, *frames: bytes) -> bool:
        with self.some:
            return self.some.wait_for(lambda: set(frames) <= set(self.out), timeout=10.0)


@pytest.fixture
def guard() -> Iterator[Guard]:
    guard = Guard()
    yield guard
    guard.may.set()
    guard.passing.close()
    guard.passing.step()


@pytest.mark.parametrize("size_bytes", [10, LARGE], ids=["left over by a lot", "large"])
def test_slow_contents_of_one_channel_hold_up_no_other(guard: Guard, size_bytes: int) -> None:
    guard.take("slow", range(0, 40, 2), size_bytes)
    guard.take("quick", range(100, 110, 2), size_bytes)
    guard.take("other", range(200, 210, 2), size_bytes)
    assert guard.gives(*(b"quick %d" % n for n in range(100, 110, 2)))
    assert guard.gives(*(b"other %d" % n for n in range(200, 210, 2)))
    assert not any(frame.startswith(b"slow") for frame in guard.out)
    guard.may.set()
    assert guard.gives(*(b"slow %d" % n for n in range(0, 40, 2)))


def test_what_one_channel_lets_wait_leaves_room_for_others(guard: Guard) -> None:
    assert passing_module.MAX_SLOW_BYTES // 2 >= passing_module.MAX_WAITING_BYTES
    # More than a channel may have here, in pieces that the first room has place for.
    for start in range(0, 80, 8):
        guard.take("slow", range(start, start + 8), 4 << 20 if start < 72 else LARGE)
        wait_for_opened(guard)
    refused = [event for event in guard.journal.events if event.what == "request.refused"]
    assert refused and {event.number for event in refused} == {5760}
    assert {event.channel for event in refused} == {"slow"}
    guard.take("quick", range(100, 104), 4 << 20)
    assert guard.gives(*(b"quick %d" % n for n in range(100, 104)))
    assert b"crowded" not in guard.out


def test_what_one_caller_lets_wait_leaves_room_for_others_of_his_channel(guard: Guard) -> None:
    # Less than the channel may have here, and more than he may.
    for start in range(0, 16, 4):
        guard.take("slow loud", range(start, start + 4), 4 << 20)
        wait_for_opened(guard)
    refused = [event for event in guard.journal.events if event.what == "request.refused"]
    assert refused and {event.fields["caller"] for event in refused} == {"loud"}
    guard.take("slow shy", range(100, 103), 4 << 20)
    wait_for_opened(guard)
    guard.may.set()
    assert guard.gives(*(b"slow shy %d" % n for n in range(100, 103)))


def wait_for_opened(guard: Guard) -> None:
    """Until nothing waits to be opened."""
    for _ in range(1_000):
        with guard.passing._lock:
            if not guard.passing._waiting_bytes:
                return
        threading.Event().wait(0.01)
    pytest.fail("it was not opened")


def _nobody(_: Sequence[bytes]) -> None:
    """Nobody is there to take it."""


class SlowDisk(ListRecorder):
    """commit() waits until it may."""

    def __init__(self) -> None:
        super().__init__()
        self.is_asked, self.may = threading.Event(), threading.Event()
        self.commits = 0

    def commit(self) -> None:
        self.commits += 1
        self.is_asked.set()
        assert self.may.wait(timeout=20.0)
        super().commit()


def test_while_the_disk_takes_events_what_comes_is_judged_and_goes_with_the_next_commit() -> None:
    disk, judged, out = SlowDisk(), list[int](), list[bytes]()

    def work(frame: Frame) -> list[Judging[Done]]:
        judged.append(frame.number)
        return [finished(Done((Event("request.passed", 0, frame.number),), b"%d" % frame.number))]

    passing = Passing(1, LettingGo(out.extend, _nobody, lambda _: [], disk, BoardOfOne()), _crowd)
    try:
        frames = [Frame(FrameKind.CAPTURED, n, b"", b"") for n in (2, 4, 6)]
        first = threading.Thread(target=passing.take, args=(work, frames[:1]))
        first.start()
        assert disk.is_asked.wait(timeout=10.0)
        passing.take(work, frames[1:])
        assert (judged, out) == ([2, 4, 6], [])
        disk.may.set()
        first.join(timeout=10.0)
        assert (out, disk.commits) == ([b"2", b"4", b"6"], 2)
    finally:
        disk.may.set()
        passing.close()
    passing.step()


def test_a_journal_that_ends_the_process_does_so_over_what_there_was_no_room_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Or the thread that reads from a neighbour would end instead, and the guard would run on, deaf."""

    class Torn(ListRecorder):
        def commit(self) -> None:
            raise StateUncertain(6004)

    monkeypatch.setattr(passing_module, "MAX_WAITING", 0)
    letting_go = LettingGo(_nobody, _nobody, lambda _: [], Torn(), BoardOfOne())
    passing = Passing(1, letting_go, lambda _: Done(frame=b"crowded"))
    try:
        passing.take(lambda _: [], [Frame(FrameKind.CAPTURED, 2, b"", b"")])
        with pytest.raises(StateUncertain):
            passing.step()
    finally:
        passing.close()


def _crowd(_: Frame) -> Done:
    pytest.fail("there is room")
