"""The receiving half of a one-way lane: frames in, verified blocks and gaps out. Bytes and time in.

    frame -> header checks -> open block (one of a bounded pool) -> enough symbols -> repair -> seal holds?
                 |                 |                                                        |        |
              counted           evicted by age                                        Cargo, ...   dropped

    settled      every block below `floor` is done or given up; nothing ever waits for a block
    given up     the sender is clearly past it, or a second has gone by since something later came

Nothing is believed before its seal holds. A session that is not known yet, and a block far ahead, are
believed only through a block of one single symbol (heartbeats are), which needs no memory to assemble:
so forged sessions and blocks cost a check and nothing more.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from dataclasses import dataclass, replace
from typing import Final

from gateway.errors import Refused
from gateway.ferry.block import BlockSeal, Chunk, chunks_of, holds
from gateway.ferry.buffer import BlockBuffer
from gateway.ferry.frame import (
    INDEX_AT,
    SEAL_BYTES,
    BlockKind,
    Header,
    decode_header,
    run_length,
)
from gateway.ferry.link.model import FrameRun
from gateway.ferry.oneway.records import (
    Heartbeat,
    Indexed,
    Resolved,
    decode_heartbeat,
    decode_index,
    decode_resolved,
)
from gateway.ferry.repair import Coder
from gateway.ferry.shape import HEADER_BYTES, LaneShape

# Two seconds of the fastest lane; a longer jump is announced by the next heartbeat.
_AHEAD_BLOCKS: Final = 4_096
# Frames of a block that is done come for a moment (its repair symbols); much later they are a replay.
_LATE_BLOCKS: Final = 512
# Later blocks that must be done before an earlier one counts as passed; above any interleaving.
_PASSED_BLOCKS: Final = 64
_GIVE_UP_S: Final = 1.0
# An unfinished block without a new frame for so long is forged or lost.
_STALE_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Known:
    """What a receiver remembers over a restart: the session and its highest verified block."""

    session: int
    highest_block: int


@dataclass(frozen=True, slots=True)
class Cargo:
    """A verified block of chunks. Give its buffer back with release() when they are written."""

    session: int
    block: int
    chunks: list[Chunk]
    buffer: BlockBuffer


@dataclass(frozen=True, slots=True)
class Beat:
    session: int
    block: int
    heartbeat: Heartbeat


@dataclass(frozen=True, slots=True)
class Index:
    session: int
    entries: list[Indexed]


@dataclass(frozen=True, slots=True)
class Answers:
    """Units behind sequences that were asked for."""

    entries: list[Resolved]


@dataclass(frozen=True, slots=True)
class LostBlocks:
    """Blocks first to last of a session are given up."""

    session: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Replayed:
    """Frames of an older session or of a block long settled. Counted; nothing else was done."""

    session: int
    block: int
    frames: int


@dataclass(frozen=True, slots=True)
class NewSession:
    session: int
    before: int | None


@dataclass(frozen=True, slots=True)
class Pattern:
    """A verified block of a link test."""

    session: int
    block: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Settled:
    """All blocks of the session below floor are done or given up, and came out before this."""

    session: int
    floor: int


Happening = Settled | Cargo | Beat | Index | Answers | LostBlocks | Replayed | NewSession | Pattern


@dataclass(slots=True)
class _Open:
    header: Header
    buffer: BlockBuffer
    seen: bytearray
    touched_s: float
    frames: int = 0
    data: int = 0


class OneWayReceiver:
    """Receives one lane. known: of the last run, None for the first. pool: block buffers in all.

    counts: frames and blocks by name, for status (`frames`, `late`, `malformed`, `unproven`, ...).
    """

    def __init__(
        self,
        shape: LaneShape,
        lane: int,
        seal: BlockSeal,
        known: Known | None = None,
        pool: int = 64,
    ) -> None:
        self.shape, self.lane = shape, lane
        self.out: list[Happening] = []
        self.counts: Counter[str] = Counter()
        self.session = known.session if known else None
        self.highest = known.highest_block if known else -1
        self.floor = self.highest + 1
        self.heard_s: float | None = None
        self._restart_floor = self.floor
        self._seal, self._coder = seal, Coder(shape)
        self._pool = [BlockBuffer(shape) for _ in range(pool)]
        self._reserve = max(2, pool // 8)
        self._settled: tuple[int, int] | None = None
        self._single = BlockBuffer(LaneShape(shape.frame_bytes, 1, shape.repair_symbols))
        self._open: OrderedDict[bytes, _Open] = OrderedDict()
        self._done: set[int] = set()
        self._hole_s: float | None = None
        self._replayed: tuple[int, int, int] | None = None

    @property
    def crowded(self) -> bool:
        """Whether nearly all buffers are with the shell, which has not released them yet."""
        return len(self._pool) + len(self._open) < self._reserve

    def take(self, run: FrameRun, now_s: float) -> None:
        """All frames of a run. What they complete is in `out`."""
        headers, frames, at = run.headers, run.frames, 0
        self.counts["frames"] += frames
        while at < frames:
            start = at * HEADER_BYTES
            first = headers[start : start + HEADER_BYTES]
            symbols = first[4] + first[5]
            count = run_length(headers, at, frames, symbols)
            self._take_piece(run, at, count, first, now_s)
            at += count

    def _take_piece(self, run: FrameRun, at: int, count: int, first: bytes, now_s: float) -> None:
        key = first[:INDEX_AT] + b"\0" + first[INDEX_AT + 1 :]
        opened = self._open.get(key)
        if opened is None:
            opened = self._admit(run, at, count, first, key, now_s)
            if opened is None:
                return
        index = first[INDEX_AT]
        if index + count > len(opened.seen):
            self.counts["malformed"] += count
            return
        step, view = self.shape.symbol_bytes, opened.buffer.view
        source = run.symbols
        if not opened.seen.count(1, index, index + count):
            view[index * step : (index + count) * step] = source[at * step : (at + count) * step]
            opened.seen[index : index + count] = b"\1" * count
            fresh = count
        else:
            fresh = 0
            for place in range(count):
                if not opened.seen[index + place]:
                    to = (index + place) * step
                    view[to : to + step] = source[(at + place) * step : (at + place + 1) * step]
                    opened.seen[index + place] = 1
                    fresh += 1
            self.counts["late"] += count - fresh
        opened.frames += fresh
        opened.touched_s = now_s
        if opened.frames >= opened.header.data_symbols:
            del self._open[key]
            self._assemble(opened, now_s)

    def _admit(
        self, run: FrameRun, at: int, count: int, first: bytes, key: bytes, now_s: float
    ) -> _Open | None:
        """A place for a block of which nothing is here yet, or None when its frames are not wanted."""
        try:
            header = decode_header(first, self.shape, self.lane)
        except Refused:
            self.counts["malformed"] += count
            return None
        if self._is_old(header, count):
            return None
        if header.data_symbols == 1:
            self._take_single(run, at, header, now_s)
            return None
        if header.session != self.session or header.block > self.highest + _AHEAD_BLOCKS:
            self.counts["unproven"] += count
            return None
        buffer = self._buffer()
        if buffer is None:
            self.counts["overrun"] += count
            return None
        seen = bytearray(header.data_symbols + header.repair_symbols)
        opened = _Open(replace(header, index=0), buffer, seen, now_s)
        self._open[key] = opened
        return opened

    def _is_old(self, header: Header, count: int) -> bool:
        """Frames of a settled block are late; of an older session, or long settled, a replay."""
        session, block = header.session, header.block
        if self.session is None or session > self.session:
            return False
        if session == self.session and block >= self.floor:
            if block not in self._done:
                return False
            self.counts["late"] += count
            return True
        if session == self.session and block >= max(self._restart_floor, self.floor - _LATE_BLOCKS):
            self.counts["late"] += count
            return True
        self.counts["replayed"] += count
        before = self._replayed
        self._replayed = (session, block, count + (before[2] if before else 0))
        return True

    def _take_single(self, run: FrameRun, at: int, header: Header, now_s: float) -> None:
        """A block of one data symbol: the frame alone gives it, so nothing is kept of a forged one."""
        step, index = self.shape.symbol_bytes, header.index
        header, buffer = replace(header, index=0), self._single
        buffer.view[index * step : (index + 1) * step] = run.symbols[at * step : (at + 1) * step]
        seen = bytearray(1 + header.repair_symbols)
        seen[index] = 1
        self._assemble(_Open(header, buffer, seen, now_s, frames=1), now_s)

    def _buffer(self) -> BlockBuffer | None:
        if self._pool:
            return self._pool.pop()
        if not self._open:
            return None
        oldest = min(self._open, key=lambda key: self._open[key].touched_s)
        self.counts["evicted"] += 1
        return self._open.pop(oldest).buffer

    def _assemble(self, opened: _Open, now_s: float) -> None:
        header, k = opened.header, opened.header.data_symbols
        absent = k - opened.seen.count(1, 0, k)
        if absent:
            self._coder.decode(opened.buffer, k, header.repair_symbols, bytes(opened.seen))
        if not holds(opened.buffer, header, self._seal):
            self.counts["forged"] += 1
            self._give_back(opened.buffer)
            return
        self.counts["repaired"] += absent
        self.counts["blocks"] += 1
        self._verified(header, now_s)
        self._deliver(opened)

    def _verified(self, header: Header, now_s: float) -> None:
        """From here the header is the sender's own: sessions and the window move by it."""
        if header.session != self.session:
            self._change_session(header.session)
        self.heard_s = now_s
        self._done.add(header.block)
        self.highest = max(self.highest, header.block)
        self._advance()

    def _change_session(self, session: int) -> None:
        before = self.session
        if before is not None and self.highest >= self.floor:
            self._lose_until(self.highest + 1)
        self.session, self.highest, self.floor, self._restart_floor = session, -1, 0, 0
        self._done.clear()
        self._hole_s = None
        for key in list(self._open):
            self._give_back(self._open.pop(key).buffer)
        self.out.append(NewSession(session, before))

    def _deliver(self, opened: _Open) -> None:
        header, buffer = opened.header, opened.buffer
        body = buffer.view[SEAL_BYTES : header.length_bytes]
        if header.kind is BlockKind.CARGO:
            self._deliver_cargo(header, buffer, body)
            return
        try:
            self._deliver_control(header, body)
        except Refused:
            self.counts["wrong"] += 1
        self._give_back(buffer)

    def _deliver_cargo(self, header: Header, buffer: BlockBuffer, body: memoryview) -> None:
        if buffer is self._single:
            spare = self._buffer()
            if spare is None:
                self.counts["overrun"] += 1
                self._done.discard(header.block)
                return
            spare.view[: header.length_bytes] = buffer.view[: header.length_bytes]
            buffer, body = spare, spare.view[SEAL_BYTES : header.length_bytes]
        try:
            chunks = list(chunks_of(body))
        except Refused:
            self.counts["wrong"] += 1
            self._give_back(buffer)
            return
        self.out.append(Cargo(header.session, header.block, chunks, buffer))

    def _deliver_control(self, header: Header, body: memoryview) -> None:
        if header.kind is BlockKind.HEARTBEAT:
            self.out.append(Beat(header.session, header.block, decode_heartbeat(body)))
        elif header.kind is BlockKind.INDEX:
            self.out.append(Index(header.session, decode_index(body)))
        elif header.kind is BlockKind.RESOLVED:
            self.out.append(Answers(decode_resolved(body)))
        else:
            self.out.append(Pattern(header.session, header.block, bytes(body)))

    def release(self, cargo: Cargo) -> None:
        """The chunks of a cargo are written: its buffer is free for other blocks."""
        self._give_back(cargo.buffer)

    def _give_back(self, buffer: BlockBuffer) -> None:
        if buffer is not self._single:
            self._pool.append(buffer)

    def _advance(self) -> None:
        while self.floor in self._done:
            self._done.remove(self.floor)
            self.floor += 1
            self._hole_s = None

    def tick(self, now_s: float) -> None:
        """Give up what is passed, free what is stale, report replays. Call at least ten times a second."""
        while self.floor <= self.highest and self._is_passed(now_s):
            self._lose_until(min(self._done))
            self._advance()
        for key in [k for k, o in self._open.items() if self._is_stale(o, now_s)]:
            self._give_back(self._open.pop(key).buffer)
        if self._replayed is not None:
            self.out.append(Replayed(*self._replayed))
            self._replayed = None
        if self.session is not None and self._settled != (self.session, self.floor):
            self._settled = (self.session, self.floor)
            self.out.append(Settled(self.session, self.floor))

    def _is_passed(self, now_s: float) -> bool:
        if self.highest - self.floor >= _PASSED_BLOCKS:
            return True
        if self._hole_s is None:
            self._hole_s = now_s
        return now_s - self._hole_s >= _GIVE_UP_S

    def _is_stale(self, opened: _Open, now_s: float) -> bool:
        return opened.header.block < self.floor or now_s - opened.touched_s > _STALE_S

    def _lose_until(self, end: int) -> None:
        """Blocks from floor to end-1 are not coming; those of them that are done stay done."""
        at = self.floor
        for done in [*sorted(block for block in self._done if block < end), end]:
            if done > at:
                self.out.append(LostBlocks(self.session or 0, at, done - 1))
                self.counts["lost"] += done - at
            at = done + 1
        self._done = {block for block in self._done if block >= end}
        self.floor = end
        self._hole_s = None
