"""A gap in memory that loses, repeats, reorders, flips and delays by seed: for tests and the demo.

The two ends share a bounded list of frames; neither has the other's methods.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from random import Random
from typing import Final

from gateway.ferry.block import SealedBlock
from gateway.ferry.link.model import FrameRun
from gateway.ferry.shape import HEADER_BYTES, LaneShape

# As many frames in one run as a GRO datagram of Linux can hold.
_RUN_FRAMES: Final = 64


@dataclass(frozen=True, slots=True)
class Weather:
    """What a gap does to frames: each a share of 1. hold: frames that wait and come later."""

    loss: float = 0.0
    repeat: float = 0.0
    reorder: float = 0.0
    flip: float = 0.0
    delay_frames: int = 0


class MemoryGap:
    """The gap itself. capacity: frames that wait at most, as in a socket buffer; more are lost."""

    def __init__(
        self,
        shape: LaneShape,
        weather: Weather | None = None,
        seed: int = 1,
        capacity: int = 1 << 20,
    ) -> None:
        self.shape = shape
        self.weather = weather or Weather()
        self.waiting: deque[bytes] = deque()
        self.recorded: list[bytes] | None = None
        self.dropped = 0
        self._random = Random(seed)  # noqa: S311 a seed makes a test repeatable
        self._capacity = capacity
        self._held: deque[bytes] = deque()

    def throw(self, frame: bytes) -> None:
        """One frame into the gap, through its weather."""
        if self.recorded is not None:
            self.recorded.append(frame)
        weather, chance = self.weather, self._random.random
        if chance() < weather.loss or len(self.waiting) >= self._capacity:
            self.dropped += 1
            return
        if chance() < weather.flip:
            place, bit = self._random.randrange(len(frame)), 1 << self._random.randrange(8)
            frame = frame[:place] + bytes([frame[place] ^ bit]) + frame[place + 1 :]
        if chance() < weather.reorder:
            self._held.append(frame)
        else:
            self.waiting.append(frame)
        if chance() < weather.repeat:
            self.waiting.append(frame)
        while len(self._held) > weather.delay_frames:
            self.waiting.append(self._held.popleft())


class MemorySender:
    """The sending end of a gap in memory."""

    def __init__(self, gap: MemoryGap) -> None:
        self._gap = gap

    def send(self, block: SealedBlock, first: int, count: int) -> None:
        """Throw the frames one by one."""
        step = self._gap.shape.symbol_bytes
        for index in range(first, first + count):
            header = bytes(block.buffer.headers[index * HEADER_BYTES : (index + 1) * HEADER_BYTES])
            self._gap.throw(header + bytes(block.buffer.view[index * step : (index + 1) * step]))

    def close(self) -> None:
        """Nothing is held."""


class MemoryReceiver:
    """The receiving end of a gap in memory."""

    def __init__(self, gap: MemoryGap) -> None:
        self._gap = gap
        self._malformed = 0

    @property
    def malformed(self) -> int:
        return self._malformed

    def receive(self, wait_s: float) -> list[FrameRun]:
        """Up to 64 frames; never waits, for nothing comes by itself in one process."""
        frames: list[bytes] = []
        while self._gap.waiting and len(frames) < _RUN_FRAMES:
            frame = self._gap.waiting.popleft()
            if len(frame) == self._gap.shape.frame_bytes:
                frames.append(frame)
            else:
                self._malformed += 1
        if not frames:
            return []
        headers = b"".join(frame[:HEADER_BYTES] for frame in frames)
        symbols = b"".join(frame[HEADER_BYTES:] for frame in frames)
        return [FrameRun(len(frames), headers, memoryview(symbols))]

    def close(self) -> None:
        """Nothing is held."""
