"""Requests on the sending ferry: sent by the thread that brings them or by the loop, and lost by neither."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway.errors import Unavailable
from gateway.exchange.frames import Frame, FrameKind
from gateway.ferry.block import BlockSeal, SealedBlock
from gateway.ferry.frame import SEAL_BYTES
from gateway.ferry.oneway.transient import TransientSender, pieces_of
from gateway.ferry.shape import LaneShape
from gateway.sending.dispatch import Dispatcher, DispatchSettings
from gateway.sending.transient_lane import TransientLane
from tests.gateway.ferry.harness import KEY, SMALL
from tests.support.fakes import BoardOfOne, ListRecorder, MemoryQueue


class Link:
    """Keeps the numbers of the units that it was given. error: what it raises instead."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.sent: list[int] = []

    def send(self, block: SealedBlock, first: int, count: int) -> None:
        if self.error is not None:
            raise self.error
        if block.header.kind.name == "TRANSIENT":
            body = memoryview(block.buffer.view)[SEAL_BYTES : block.header.length_bytes]
            self.sent += [piece.number for piece in pieces_of(body)]

    def close(self) -> None:
        pass


def frame(number: int) -> Frame:
    return Frame(FrameKind.SEALED, number, b"", b"sealed %d" % number)


class Sending:
    def __init__(self, folder: Path, lane: TransientLane | None = None) -> None:
        self.board, self.link = BoardOfOne(), Link()
        self.lane = lane or TransientLane(lambda _: True, self.board)
        self.dispatcher = Dispatcher(
            MemoryQueue(), self.link, SMALL, 1, 1, KEY, lambda _: True, ListRecorder(), self.board,
            DispatchSettings(folder, folder / "control", 2_000_000_000), self.lane,
        )  # fmt: skip
        self.steps = 0
        self.failure: Exception | None = None
        step = self.dispatcher.step

        def counted(now_s: float) -> float:
            self.steps += 1
            return step(now_s)

        self.dispatcher.step = counted  # type: ignore[method-assign]

    @contextmanager
    def running(self) -> Iterator[None]:
        stop = threading.Event()

        def run() -> None:
            try:
                self.dispatcher.run(stop)
            except Exception as error:  # noqa: BLE001 told by the test
                self.failure = error

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join(10)


def test_each_is_sent_once_and_in_its_order_whoever_sends(tmp_path: Path) -> None:
    sending = Sending(tmp_path)
    numbers = list(range(1, 801))
    with sending.running():
        for at in range(0, len(numbers), 4):
            sending.lane.take([frame(number) for number in numbers[at : at + 4]])
            if at % 80 == 0:
                time.sleep(0.001)
        _until(lambda: len(sending.link.sent) >= len(numbers))
    assert sending.link.sent == numbers
    assert sending.failure is None


def test_a_link_that_takes_nothing_loses_none_and_the_loop_rests_meanwhile(tmp_path: Path) -> None:
    sending = Sending(tmp_path)
    sending.link.error = Unavailable(5201, why="down")
    with sending.running():
        sending.lane.take([frame(1)])
        _until(lambda: 5201 in sending.board.alarms)
        sending.lane.take([frame(2)])
        before, begun_s = sending.steps, time.monotonic()
        time.sleep(0.3)
        assert sending.steps - before < 200 * (time.monotonic() - begun_s)
        assert sending.link.sent == []
        sending.link.error = None
        sending.lane.take([frame(3)])
        _until(lambda: len(sending.link.sent) >= 3)
        assert sending.link.sent == [1, 2, 3]
        _until(lambda: 5201 not in sending.board.alarms)


class Early(TransientLane):
    """The guard's socket is open before the ferry is whole: something comes at once."""

    def open(
        self,
        shape: LaneShape,
        lane: int,
        session: int,
        seal: BlockSeal,
        send_now: Callable[[], bool],
    ) -> TransientSender:
        opened = super().open(shape, lane, session, seal, send_now)
        self.take([frame(1)])
        return opened


def test_what_comes_before_the_ferry_is_whole_is_for_its_loop(tmp_path: Path) -> None:
    sending = Sending(tmp_path, Early(lambda _: True, BoardOfOne()))
    with sending.running():
        _until(lambda: bool(sending.link.sent))
    assert sending.link.sent == [1]


def test_a_bug_ends_the_loop_and_not_the_thread_that_has_brought_something(tmp_path: Path) -> None:
    """Or the ferry would run on, without ever reading from its guard again."""
    sending = Sending(tmp_path)
    with sending.running():
        _until(lambda: sending.steps > 3)
        sending.link.error = ValueError("ours")
        until_s = time.monotonic() + 10
        while sending.failure is None:
            assert time.monotonic() < until_s
            sending.lane.take([frame(1)])
            time.sleep(0.002)
    assert isinstance(sending.failure, ValueError)


def test_queues_have_half_of_the_lane_while_requests_lack_processors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whoever asks has waited for a processor all the time.
    monkeypatch.setattr("gateway.sending.dispatch.thread_wait_s", time.monotonic)
    sending = Sending(tmp_path)

    def is_half() -> bool:
        sending.lane.take([frame(1)])
        return sending.board.gauges.get("lane_queues_percent") == 50

    shares = list[object]()
    with sending.running():
        _until(is_half)
        shares.append(sending.board.gauges["lane_queues_percent"])
        _until(lambda: sending.board.gauges["lane_queues_percent"] == 100)
        shares.append(sending.board.gauges["lane_queues_percent"])
    assert shares == [50, 100]


def test_who_brings_something_does_not_wait_for_a_loop_that_works(tmp_path: Path) -> None:
    sending = Sending(tmp_path)
    with sending.dispatcher._sending:
        thread = threading.Thread(target=sending.lane.take, args=([frame(1)],))
        thread.start()
        thread.join(5)
        assert not thread.is_alive()
    assert sending.link.sent == []
    sending.dispatcher.step(time.monotonic())
    assert sending.link.sent == [1]


def _until(holds: Callable[[], bool]) -> None:
    until_s = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < until_s
        time.sleep(0.002)
