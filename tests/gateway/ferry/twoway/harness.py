"""A gate of two lanes in one process: two hosts with both ferries each, and gaps that lose in bursts."""

from __future__ import annotations

from pathlib import Path
from random import Random

from gateway.ferry.frame import SEAL_BYTES
from gateway.ferry.link.memory import MemoryGap, MemoryReceiver, MemorySender
from gateway.ferry.sentlog import SentLog
from gateway.ferry.shape import LaneShape
from gateway.ferry.twoway.telling import Telling
from gateway.identity.lane_key import LaneKey
from gateway.receiving.accept import Acceptor, AcceptSettings
from gateway.receiving.opposite import Opposite
from gateway.sending.dispatch import Dispatcher, DispatchSettings
from gateway.sending.returned import Returned, limits_of
from gateway.spool.model import Entry
from tests.gateway.ferry.harness import SMALL
from tests.support.fakes import BoardOfOne, ListRecorder, MemoryQueue

RATE = 200_000_000
KEYS = {1: LaneKey(bytes(range(32))), 2: LaneKey(bytes(range(1, 33)))}


class BurstGap(MemoryGap):
    """Loses a share of frames, in bursts of about `burst` frames; nothing while share is 0."""

    def __init__(self, shape: LaneShape, share: float, burst: int, seed: int) -> None:
        super().__init__(shape, None, seed)
        self.share, self.burst, self._bad = share, burst, False
        self._chance = Random(seed)

    def throw(self, frame: bytes) -> None:
        leave = 1 / self.burst
        enter = leave * self.share / (1 - self.share) if self.share < 1 else 1.0
        self._bad = self._chance.random() >= leave if self._bad else self._chance.random() < enter
        if self.share >= 1 or (self._bad and self.share > 0):
            self.dropped += 1
            return
        super().throw(frame)


class Lane:
    """One direction: its queues, its gap, and the ferries at its ends."""

    def __init__(self, number: int, folder: Path, gap: BurstGap) -> None:
        self.number, self.folder, self.gap = number, folder / str(number), gap
        self.cleared, self.received = MemoryQueue(), MemoryQueue()
        self.sent_events, self.seen_events = ListRecorder(), ListRecorder()
        self.sender_board, self.receiver_board = BoardOfOne(), BoardOfOne()
        self.bodies: dict[int, bytes] = {}
        self.session = 0
        self.dispatcher: Dispatcher
        self.acceptor: Acceptor

    def put(self, number: int, body: bytes) -> None:
        content: bytes | Path = body
        if len(body) > 4096:
            self.folder.mkdir(parents=True, exist_ok=True)
            content = self.folder / f"body-{number}"
            content.write_bytes(body)
        self.bodies[number] = body
        self.cleared.put([Entry(number, b"header", content)])

    def arrived(self) -> dict[int, bytes]:
        return {
            number: e.body.read_bytes() if isinstance(e.body, Path) else e.body
            for number, e in self.received.entries.items()
        }

    def received_once(self) -> bool:
        events = [e.unit for e in self.seen_events.events if e.what == "received"]
        return len(events) == len(set(events))


class TwoLanes:
    """Both hosts. A lossy gap loses the same share on both lanes."""

    def __init__(
        self,
        folder: Path,
        share: float = 0.0,
        burst: int = 8,
        shape: LaneShape = SMALL,
        *,
        resend_share: float = 0.5,
        resend_times: int = 32,
        seed: int = 1,
    ) -> None:
        self.shape, self.now_s = shape, 0.0
        self.resend_share, self.resend_times = resend_share, resend_times
        self.lanes = {n: Lane(n, folder, BurstGap(shape, share, burst, seed + n)) for n in (1, 2)}
        for number in self.lanes:
            self.start_sender(number)
        for number in self.lanes:
            self.start_receiver(number)

    def start_sender(self, number: int) -> None:
        lane = self.lanes[number]
        lane.session += 1
        settings = DispatchSettings(
            lane.folder / "sending",
            lane.folder / "control",
            RATE,
        )

        def returning(log: SentLog, buffered_bytes: int) -> Returned:
            limits = limits_of(RATE, self.resend_share, self.resend_times, buffered_bytes)
            return Returned(number, log, lane.sent_events, lane.sender_board, limits)

        lane.dispatcher = Dispatcher(
            lane.cleared, MemorySender(lane.gap), self.shape, number, lane.session, KEYS[number],
            lambda _: True, lane.sent_events, lane.sender_board, settings, returning=returning,
        )  # fmt: skip

    def start_receiver(self, number: int) -> None:
        lane, back = self.lanes[number], self.lanes[3 - number]
        opposite = Opposite(
            Telling(number, RATE, self.shape.block_bytes - SEAL_BYTES),
            lambda bodies: back.dispatcher.say(bodies),
            lambda session, body: back.dispatcher.hear(session, body),
        )
        lane.acceptor = Acceptor(
            MemoryReceiver(lane.gap), lane.received, self.shape, number, KEYS[number],
            lane.seen_events, lane.receiver_board,
            AcceptSettings(lane.folder / "receiving", inline_bytes=1000), opposite=opposite,
        )  # fmt: skip

    def run(self, seconds: float) -> None:
        until = self.now_s + seconds
        while self.now_s < until:
            wait_s = 0.02
            for lane in self.lanes.values():
                wait_s = min(wait_s, lane.dispatcher.step(self.now_s))
                while lane.acceptor.listen(self.now_s):
                    lane.acceptor.desk(self.now_s)
                lane.acceptor.desk(self.now_s)
            self.now_s += max(wait_s, 0.0005)

    def run_until_whole(self, within_s: float) -> float:
        """Until every unit is there; gives the seconds of the gate's clock that it took."""
        begin = self.now_s
        while self.now_s - begin < within_s:
            self.run(0.5)
            if self.is_whole():
                return self.now_s - begin
        return within_s

    def is_whole(self) -> bool:
        return all(
            lane.received.entries.keys() == lane.bodies.keys() for lane in self.lanes.values()
        )
