"""A lane in one process for tests: both cores with a gap in memory, and whole ferries with fake queues."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from gateway.audit.event import Event
from gateway.ferry.link.memory import MemoryGap, MemoryReceiver, MemorySender, Weather
from gateway.ferry.oneway.happenings import Cargo, Happening
from gateway.ferry.oneway.receiver import OneWayReceiver
from gateway.ferry.oneway.sender import OneWaySender
from gateway.ferry.oneway.window import Known
from gateway.ferry.shape import LaneShape
from gateway.identity.lane_key import LaneKey
from gateway.receiving.accept import Acceptor, AcceptSettings
from gateway.sending.dispatch import Dispatcher, DispatchSettings
from gateway.spool.model import Entry
from tests.support.fakes import BoardOfOne, ListRecorder, MemoryQueue

KEY = LaneKey(bytes(range(32)))
# Small enough that a test of thousands of blocks is quick; the code is the same.
SMALL = LaneShape(frame_bytes=512, data_symbols=20, repair_symbols=4)
H = TypeVar("H", bound=Happening)


@dataclass
class Cores:
    """A sender and a receiver core with a gap between them."""

    weather: Weather = field(default_factory=Weather)
    shape: LaneShape = SMALL
    session: int = 5
    known: Known | None = None
    seed: int = 1

    def __post_init__(self) -> None:
        self.gap = MemoryGap(self.shape, self.weather, self.seed)
        self.sender = OneWaySender(self.shape, 1, self.session, KEY, buffers=16)
        self.receiver = OneWayReceiver(self.shape, 1, KEY, self.known)
        self.link, self.ear = MemorySender(self.gap), MemoryReceiver(self.gap)
        self.bytes: dict[int, dict[int, bytes]] = {}
        self.happened: list[Happening] = []
        self.now_s = 0.0

    def put(self, number: int, body: bytes) -> None:
        sending, at = self.sender.begin(number, len(body), 0), 0
        while True:
            room = self.sender.room(sending, len(body) - at)
            if room is None:
                self.move()
                continue
            length = len(room)
            room[:] = body[at : at + length]
            self.sender.commit(sending, at, length)
            at += length
            if at == len(body):
                break
        self.sender.end(sending)

    def move(self, after_s: float = 0.0) -> None:
        """Everything ready goes over the gap, and what arrives is taken."""
        self.now_s += after_s
        self.sender.tick(self.now_s)
        while self.sender.ready:
            block = self.sender.ready.popleft()
            self.link.send(block, 0, block.frames)
            self.sender.reuse(block)
        self.hear()

    def hear(self) -> None:
        while runs := self.ear.receive(0):
            for run in runs:
                self.receiver.take(run, self.now_s)
            self._collect()
        self.receiver.tick(self.now_s)
        self._collect()

    def _collect(self) -> None:
        for happening in self.receiver.out:
            if isinstance(happening, Cargo):
                for chunk in happening.chunks:
                    self.bytes.setdefault(chunk.number, {})[chunk.offset] = bytes(chunk.data)
                self.receiver.release(happening)
            else:
                self.happened.append(happening)
        self.receiver.out.clear()

    def body(self, number: int) -> bytes:
        pieces = self.bytes.get(number, {})
        return b"".join(pieces[offset] for offset in sorted(pieces))

    def of(self, kind: type[H]) -> list[H]:
        return [happening for happening in self.happened if isinstance(happening, kind)]


class Ferries:
    """Both ferries with fake queues, a real disk, and a clock that the test moves."""

    def __init__(
        self, folder: Path, weather: Weather | None = None, shape: LaneShape = SMALL
    ) -> None:
        self.folder, self.shape = folder, shape
        self.gap = MemoryGap(shape, weather)
        self.cleared, self.received = MemoryQueue(), MemoryQueue()
        self.sent_events, self.seen_events = ListRecorder(), ListRecorder()
        self.outer, self.inner = BoardOfOne(), BoardOfOne()
        self.now_s = 0.0
        self.session = 0
        self.carried = _is_signed
        self.start_sender()
        self.start_receiver()

    def start_sender(self) -> None:
        self.session += 1
        settings = DispatchSettings(self.folder / "outer", self.folder / "control", 2_000_000_000)
        self.dispatcher = Dispatcher(
            self.cleared, MemorySender(self.gap), self.shape, 1, self.session, KEY,
            self.carried, self.sent_events, self.outer, settings,
        )  # fmt: skip

    def start_receiver(self) -> None:
        settings = AcceptSettings(self.folder / "inner", inline_bytes=1000)
        self.acceptor = Acceptor(
            MemoryReceiver(self.gap), self.received, self.shape, 1, KEY,
            self.seen_events, self.inner, settings,
        )  # fmt: skip

    @property
    def state(self) -> Path:
        return self.folder / "inner" / "state.json"

    def put(self, number: int, body: bytes, header: bytes = b"header") -> None:
        content: bytes | Path = body
        if len(body) > 4096:
            content = self.folder / f"body-{number}"
            content.write_bytes(body)
        self.cleared.put([Entry(number, header, content)])

    def run(self, seconds: float, *, sender: bool = True, receiver: bool = True) -> None:
        until = self.now_s + seconds
        while self.now_s < until:
            wait_s = self.dispatcher.step(self.now_s) if sender else 0.02
            if receiver:
                while self.acceptor.listen(self.now_s):
                    self.acceptor.desk(self.now_s)
                self.acceptor.desk(self.now_s)
            self.now_s += max(wait_s, 0.0005)

    def arrived(self, number: int) -> bytes | None:
        entry = self.received.entries.get(number)
        if entry is None:
            return None
        return entry.body.read_bytes() if isinstance(entry.body, Path) else entry.body

    def events(self, what: str) -> list[Event]:
        return [event for event in self.seen_events.events if event.what == what]


def _is_signed(head: bytes) -> bool:
    return not head.startswith(b"unsigned")
