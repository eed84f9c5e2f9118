"""Walks one journal from its first record to its last, a block at a time, for verification."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Final

from gateway.audit.append import word
from gateway.audit.chain import Break, Chain
from gateway.audit.note import Head
from gateway.audit.record import MAX_LINE_BYTES
from gateway.audit.report import Finding, JournalReport, Report
from gateway.audit.segment import Block, Segment, blocks, open_plain, segments
from gateway.errors import Field

# Events of one batch may be told in another order than they happened; a second is no batch.
CLOCK_TOLERANCE_NS: Final = 1_000_000_000


class Walk:
    """The place reached in a journal. read_bytes is called with what each block had."""

    def __init__(
        self, folder: Path, process: str, report: Report, read_bytes: Callable[[int], None]
    ) -> None:
        self._process = process
        self._report = report
        self._read_bytes = read_bytes
        self._chain = Chain(process)
        self._segments = segments(folder) if folder.is_dir() else []
        self._blocks = self._all_blocks()
        self._segment: Segment | None = None
        self._lines: list[bytes] = []
        self._index = 0
        self._offset = 0
        self._clock_back = 0
        self._clock_seq = 0
        self._clock_ns = 0
        self._rewritten = False
        self._cut_to = 0
        self.mine = report.journals.setdefault(process, JournalReport(process))

    @property
    def total_bytes(self) -> int:
        return sum(segment.path.stat().st_size for segment in self._segments)

    def compare(self, head: Head, at_ns: int) -> None:
        """Walk to the record that a checkpoint names and compare its hash."""
        if head.seq > self._chain.seq:
            self._advance(head.seq)
        if head.seq > self._chain.seq:
            self._cut_to = max(self._cut_to, head.seq)
            return
        if head.seq < self._chain.seq or self._chain.head is None:
            # Passed over (those records are gone, and that is a finding) or already compared.
            return
        if self._chain.head.decode() == head.hash:
            self._rewritten = False
            self.mine.covered_seq, self.mine.covered_at_ns = head.seq, at_ns
        elif not self._rewritten:
            # Told once: every later checkpoint differs as well.
            self._rewritten = True
            self._add(6026, self.mine.covered_seq + 1, head.seq)

    def finish(self) -> None:
        """Walk to the end and tell what concerns the whole journal."""
        self._advance(1 << 63)
        mine = self.mine
        if self._cut_to:
            number = 6025 if self._segments else 6036
            self._add(number, mine.last_seq + 1, self._cut_to)
        if self._clock_back:
            step_s = round(self._clock_ns / 1e9, 3)
            fields: dict[str, Field] = {"count": self._clock_back, "step_s": step_s}
            seq = self._clock_seq
            self._report.add(Finding(6030, self._process, seq, seq, fields=fields))
        if mine.records and not mine.covered_seq and not self._rewritten and not self._cut_to:
            self._add(6034, mine.first_seq, mine.last_seq)

    def _advance(self, target: int) -> None:
        chain, mine = self._chain, self.mine
        while chain.seq < target:
            if self._index >= len(self._lines) and not self._load():
                return
            lines, index, last_at_ns, count = self._lines, self._index, mine.last_at_ns, 0
            while index < len(lines) and chain.seq < target:
                line = lines[index]
                index += 1
                trouble = chain.take(line)
                if trouble is not None:
                    self._broken(trouble, lines, index - 1)
                record = chain.record
                if record is not None:
                    count += 1
                    if record.at_ns < last_at_ns - CLOCK_TOLERANCE_NS:
                        self._clock(record.seq, last_at_ns - record.at_ns)
                    if not last_at_ns:
                        mine.first_at_ns = record.at_ns
                    last_at_ns = record.at_ns
            mine.records += count
            mine.last_at_ns = last_at_ns
            mine.last_seq = max(mine.last_seq, chain.seq)
            self._index = index

    def _load(self) -> bool:
        block = next(self._blocks, None)
        if block is None:
            return False
        self._lines, self._index, self._offset = block.lines, 0, block.offset_bytes
        return True

    def _all_blocks(self) -> Iterator[Block]:
        for segment in self._segments:
            self._segment = segment
            try:
                with open_plain(segment.path) as file:
                    yield from self._blocks_of(segment, file)
            except OSError as error:
                fields: dict[str, Field] = {"reason": word(error)}
                seq, name = segment.first_seq, segment.path.name
                self._report.add(Finding(6035, self._process, seq, seq, name, 0, fields))

    def _blocks_of(self, segment: Segment, file: BinaryIO) -> Iterator[Block]:
        last = segment is self._segments[-1]
        for block in blocks(file):
            self._read_bytes(block.end_bytes - block.offset_bytes)
            if last and not block.ended and len(block.lines[0]) <= MAX_LINE_BYTES:
                # Half a line at the very end: a copy taken while it was being written, or a crash.
                self._add(6033, self._chain.seq + 1, self._chain.seq + 1, segment.path.name)
                return
            if block.offset_bytes == 0:
                self._open(segment, block.lines[0])
                block = Block(len(block.lines[0]) + 1, block.lines[1:], block.ended)
            yield block

    def _open(self, segment: Segment, line: bytes) -> None:
        trouble = self._chain.open_segment(line, segment.first_seq)
        if segment is self._segments[0]:
            self.mine.first_seq = segment.first_seq
            if segment.first_seq > 1:
                self._add(6032, 1, segment.first_seq - 1)
        if trouble is not None:
            self._add(trouble.number, trouble.seq, trouble.last_seq, segment.path.name)

    def _broken(self, trouble: Break, lines: list[bytes], index: int) -> None:
        offset = self._offset + sum(map(len, lines[:index])) + index
        name = self._segment.path.name if self._segment else ""
        self._add(trouble.number, trouble.seq, trouble.last_seq, name, offset)

    def _clock(self, seq: int, step_ns: int) -> None:
        self._clock_back += 1
        self._clock_seq = self._clock_seq or seq
        self._clock_ns = max(self._clock_ns, step_ns)

    def _add(self, number: int, seq: int, last_seq: int, file: str = "", offset: int = 0) -> None:
        self._report.add(Finding(number, self._process, seq, last_seq, file, offset))
