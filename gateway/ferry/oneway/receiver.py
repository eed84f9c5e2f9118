"""The receiving half of a one-way lane: frames in, verified blocks and gaps out. Bytes and time in.

    frame -> header checks -> open block (one of a bounded pool) -> enough symbols -> repair -> seal holds?
                 |                 |                                                        |        |
              counted           evicted by age                                        Cargo, ...   dropped

Nothing is believed before its seal holds. A session that is not known yet, and a block far ahead, are
believed only through a block of one single symbol (heartbeats are), which needs no memory to assemble:
so forged sessions and blocks cost a check and nothing more. Which blocks are old or given up is the
window's (window.py), where symbols lie until there are enough is the assembly's (assembly.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from gateway.errors import Refused
from gateway.ferry.block import BlockSeal, chunks_of, holds
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
from gateway.ferry.oneway.assembly import Assembly, OpenBlock
from gateway.ferry.oneway.happenings import (
    Answers,
    Beat,
    Cargo,
    Happening,
    Index,
    LostBlocks,
    NewSession,
    Pattern,
    Replayed,
    Returned,
)
from gateway.ferry.oneway.passing import Passing
from gateway.ferry.oneway.records import decode_heartbeat, decode_index, decode_resolved
from gateway.ferry.oneway.window import Age, Known, Window
from gateway.ferry.repair import Coder
from gateway.ferry.shape import HEADER_BYTES, LaneShape


class OneWayReceiver:
    """Receives one lane. known: of the last run, None for the first. pool: block buffers in all.

    out: what happened, in order; the shell empties it. heard_s: when a block was last verified.
    passing: transient units that are whole, sealed, in order; the shell empties it too.
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
        self.heard_s: float | None = None
        self.assembly = Assembly(shape, pool, self.counts)
        self._window = Window(known)
        self._passing = Passing(known.session if known else None)
        self._seal, self._coder = seal, Coder(shape)
        self._replayed: tuple[int, int, int] | None = None

    @property
    def passing(self) -> list[bytes]:
        return self._passing.out

    @property
    def session(self) -> int | None:
        """The session that is heard, None before the first."""
        return self._window.session

    @property
    def highest(self) -> int:
        """The highest verified block of the session, -1 before the first."""
        return self._window.highest

    @property
    def floor(self) -> int:
        """All blocks below are done or given up."""
        return self._window.floor

    @property
    def crowded(self) -> bool:
        """Whether nearly all buffers are with the shell, which has not released them yet."""
        return self.assembly.crowded

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
        opened = self.assembly.open_blocks.get(key)
        if opened is None:
            opened = self._admit(run, at, count, first, key, now_s)
            if opened is None:
                return
        index = first[INDEX_AT]
        if index + count > len(opened.seen):
            self.counts["malformed"] += count
            return
        fresh = opened.put(run, at, index, count, self.shape.symbol_bytes)
        if fresh != count:
            self.counts["late"] += count - fresh
        opened.touched_s = now_s
        if opened.complete:
            del self.assembly.open_blocks[key]
            self._assemble(opened, now_s)

    def _admit(
        self, run: FrameRun, at: int, count: int, first: bytes, key: bytes, now_s: float
    ) -> OpenBlock | None:
        """A place for a block of which nothing is here yet, or None when its frames are not wanted."""
        try:
            header = decode_header(first, self.shape, self.lane)
        except Refused:
            self.counts["malformed"] += count
            return None
        if self._is_old(header, count):
            return None
        if header.data_symbols == 1:
            # The frame alone gives the block, so nothing is kept of a forged one.
            opened = self.assembly.single(header, now_s)
            opened.put(run, at, header.index, 1, self.shape.symbol_bytes)
            self._assemble(opened, now_s)
            return None
        if header.kind is BlockKind.TRANSIENT:
            is_near = header.session == self._window.session
        else:
            is_near = self._window.is_near(header.session, header.block)
        if not is_near:
            self.counts["unproven"] += count
            return None
        place = self.assembly.open(key, header, now_s)
        if place is None:
            self.counts["overrun"] += count
        return place

    def _is_old(self, header: Header, count: int) -> bool:
        """Frames of a settled block are late; of an older session, or long settled, a replay."""
        if header.kind is BlockKind.TRANSIENT:
            # A session is believed by what counts its blocks alone.
            age = self._passing.age_of(header.session, header.block)
        else:
            age = self._window.age_of(header.session, header.block)
        if age is Age.WANTED:
            return False
        if age is Age.LATE:
            self.counts["late"] += count
            return True
        self.counts["replayed"] += count
        before = self._replayed
        self._replayed = (header.session, header.block, count + (before[2] if before else 0))
        return True

    def _assemble(self, opened: OpenBlock, now_s: float) -> None:
        header, k = opened.header, opened.header.data_symbols
        absent = k - opened.seen.count(1, 0, k)
        if absent:
            self._coder.decode(opened.buffer, k, header.repair_symbols, bytes(opened.seen))
        if not holds(opened.buffer, header, self._seal):
            self.counts["forged"] += 1
            self.assembly.give_back(opened.buffer)
            return
        self.counts["repaired"] += absent
        self.counts["blocks"] += 1
        # From here the header is the sender's own: sessions and the window move by it.
        self.heard_s = now_s
        if header.kind is BlockKind.TRANSIENT:
            self._deliver_transient(header, opened.buffer, now_s)
            return
        if header.session != self._window.session:
            self._tell(self._window.begin(header.session, header.block))
            self.assembly.drop_all()
            self._passing.begin(header.session)
        self._window.done(header.block)
        self._deliver(header, opened.buffer)

    def _deliver(self, header: Header, buffer: BlockBuffer) -> None:
        body = buffer.view[SEAL_BYTES : header.length_bytes]
        if header.kind is BlockKind.CARGO:
            self._deliver_cargo(header, buffer, body)
            return
        try:
            self._deliver_control(header, body)
        except Refused:
            self.counts["wrong"] += 1
        self.assembly.give_back(buffer)

    def _deliver_cargo(self, header: Header, buffer: BlockBuffer, body: memoryview) -> None:
        if self.assembly.is_single(buffer):
            spare = self.assembly.buffer()
            if spare is None:
                self.counts["overrun"] += 1
                self._window.undo(header.block)
                return
            spare.view[: header.length_bytes] = buffer.view[: header.length_bytes]
            buffer, body = spare, spare.view[SEAL_BYTES : header.length_bytes]
        try:
            chunks = list(chunks_of(body))
        except Refused:
            self.counts["wrong"] += 1
            self.assembly.give_back(buffer)
            return
        self.out.append(Cargo(header.session, header.block, chunks, buffer))

    def _deliver_transient(self, header: Header, buffer: BlockBuffer, now_s: float) -> None:
        body = buffer.view[SEAL_BYTES : header.length_bytes]
        try:
            self._passing.take(header.session, header.block, body, now_s)
        except Refused:
            self.counts["wrong"] += 1
        self.assembly.give_back(buffer)

    def _deliver_control(self, header: Header, body: memoryview) -> None:
        if header.kind is BlockKind.HEARTBEAT:
            self.out.append(Beat(header.session, header.block, decode_heartbeat(body)))
        elif header.kind is BlockKind.INDEX:
            self.out.append(Index(header.session, decode_index(body)))
        elif header.kind is BlockKind.RESOLVED:
            self.out.append(Answers(decode_resolved(body)))
        elif header.kind is BlockKind.RETURNED:
            self.out.append(Returned(header.session, bytes(body)))
        else:
            self.out.append(Pattern(header.session, header.block, bytes(body)))

    def _tell(self, happened: Sequence[NewSession | LostBlocks]) -> None:
        for one in happened:
            if isinstance(one, LostBlocks):
                self.counts["before_contact" if one.before_contact else "lost"] += one.blocks
        self.out += happened

    def release(self, cargo: Cargo) -> None:
        """The chunks of a cargo are written: its buffer is free for other blocks."""
        self.assembly.give_back(cargo.buffer)

    def tick(self, now_s: float) -> None:
        """Give up what is passed, free what is stale, report replays. Call at least ten times a second."""
        self._tell(self._window.give_up(now_s))
        self.counts["transient_lost"] += self._passing.tick(now_s)
        self.assembly.drop_stale(self._window.floor, now_s)
        if self._replayed is not None:
            self.out.append(Replayed(*self._replayed))
            self._replayed = None
        settled = self._window.settled()
        if settled is not None:
            self.out.append(settled)
