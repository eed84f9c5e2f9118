"""What a journal does before it writes again: find its end, cut a torn batch back, say so.

A crash can spoil only what was written since the last fdatasync, which is one batch. So:

    spoilt bytes start within one batch of the end   a torn tail: copied aside, then cut
    spoilt bytes start further back                  no crash does that: left as evidence, alarm 6005,
                                                     and the journal goes on in a new segment
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.audit.append import sync_folder
from gateway.audit.chain import Chain
from gateway.audit.record import MAX_LINE_BYTES
from gateway.audit.segment import Segment, blocks, segments

# One write and one fdatasync; also the most that a crash can spoil. A usual batch of 64 is 20 KiB.
MAX_BATCH_BYTES: Final = 256 * 1024
_TORN_BYTES: Final = MAX_BATCH_BYTES + MAX_LINE_BYTES


@dataclass(frozen=True, slots=True)
class Place:
    """Where a journal goes on: behind record `seq`. segment: the file to append to, None for a new one.

    cut_bytes, kept_in: what was cut from a torn tail and the file that holds it now ("" if there
    was no room). damaged_seq: the first record that a crash cannot have spoilt, 0 if there is none.
    """

    journal_id: str | None
    seq: int
    head: bytes | None
    segment: Segment | None
    size_bytes: int = 0
    began_at_ns: int = 0
    cut_bytes: int = 0
    kept_in: str = ""
    damaged_seq: int = 0


@dataclass(slots=True)
class _Ends:
    """While reading: whole_* up to the first finding, believed_* the last line that can be read."""

    whole_bytes: int = 0
    whole_seq: int = 0
    whole_head: bytes | None = None
    believed_seq: int = 0
    believed_head: bytes | None = None
    spoilt: bool = False
    first_bad_seq: int = 0
    began_at_ns: int = 0


def recover(folder: Path, process: str) -> Place:
    """Find the end of a journal and cut a torn tail back, durably. May raise OSError."""
    found = segments(folder)
    cut_bytes, kept_in = 0, ""
    while found:
        chain = Chain(process)
        ends, size_bytes = _read(chain, found[-1])
        if ends.spoilt and size_bytes - ends.whole_bytes > _TORN_BYTES:
            return _go_on_behind(chain, found[-1], ends)
        if ends.whole_bytes < size_bytes:
            cut_bytes += size_bytes - ends.whole_bytes
            kept_in = _keep_aside(found[-1], ends.whole_bytes) or kept_in
        if ends.whole_seq >= found[-1].first_seq:
            # Whole lines of a batch that was cut short by a kill are not on the disk yet.
            _cut(found[-1], ends.whole_bytes)
            return Place(
                chain.journal_id,
                ends.whole_seq,
                ends.whole_head,
                found[-1],
                ends.whole_bytes,
                ends.began_at_ns,
                cut_bytes,
                kept_in,
            )
        # Not even one record is whole: the segment had only just been begun.
        found.pop().path.unlink()
    return Place(None, 0, None, None, cut_bytes=cut_bytes, kept_in=kept_in)


def _read(chain: Chain, segment: Segment) -> tuple[_Ends, int]:
    ends = _Ends()
    with segment.path.open("rb") as file:
        for block in blocks(file):
            _follow(chain, segment, ends, block.offset_bytes, block.lines, block.ended)
        return ends, os.fstat(file.fileno()).st_size


def _follow(
    chain: Chain, segment: Segment, ends: _Ends, offset: int, lines: list[bytes], ended: bool
) -> None:
    for line in lines:
        head_line = offset == 0
        trouble = chain.open_segment(line, segment.first_seq) if head_line else chain.take(line)
        offset += len(line) + 1
        if (trouble or not ended) and not ends.spoilt:
            ends.spoilt, ends.first_bad_seq = True, trouble.seq if trouble else chain.seq
        if not ended or chain.head is None:
            continue
        ends.believed_seq, ends.believed_head = chain.seq, chain.head
        if not ends.spoilt:
            ends.whole_bytes, ends.whole_seq, ends.whole_head = offset, chain.seq, chain.head
        if not head_line and not ends.began_at_ns and chain.record:
            ends.began_at_ns = chain.record.at_ns


def _go_on_behind(chain: Chain, segment: Segment, ends: _Ends) -> Place:
    # A new segment: the spoilt one may end without a newline, and evidence is not written to.
    seq = max(ends.believed_seq, segment.first_seq)
    return Place(
        chain.journal_id, seq, ends.believed_head, None, damaged_seq=max(ends.first_bad_seq, 1)
    )


def _keep_aside(segment: Segment, offset_bytes: int) -> str:
    """Copy what will be cut to a file beside the segment; a full disk does not stop the recovery."""
    name = f"cut-{segment.first_seq:016d}-{offset_bytes}.bin"
    path = segment.path.with_name(name)
    with suppress(OSError), segment.path.open("rb") as file:
        file.seek(offset_bytes)
        path.write_bytes(file.read(_TORN_BYTES))
        return name
    return ""


def _cut(segment: Segment, size_bytes: int) -> None:
    with segment.path.open("r+b") as file:
        file.truncate(size_bytes)
        # The last batch anew: where its sync failed the pages count as clean, and a further sync as good.
        start = max(0, size_bytes - _TORN_BYTES)
        batch = os.pread(file.fileno(), size_bytes - start, start)
        if os.pwrite(file.fileno(), batch, start) != len(batch):
            raise OSError(errno.EIO, "a batch was written in part")
        os.fsync(file.fileno())
    sync_folder(segment.path.parent)
