"""Encapsulated pixels: the fragments, the frames that they make, and each frame's codestream.

    (7FE0,0010) OB FFFFFFFF | item: offset table | item: fragment | item ... | (FFFE,E0DD) 0

PS3.5, A.4. A frame is read into memory alone, and only up to WALKED_FRAME_BYTES.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from gateway.inspection.content import Content
from gateway.inspection.formats.dicom import (
    ITEM,
    MAX_FRAMES,
    SEQUENCE_END,
    WALKED_FRAME_BYTES,
    Codestream,
    fault,
    unsound,
)
from gateway.inspection.formats.dicom_rules import PixelFacts
from gateway.inspection.receiving.formats.codestreams import (
    Broken,
    Picture,
    jpeg_2000_picture,
    jpeg_picture,
    rle_end,
)
from gateway.inspection.unsound import Fault

Fragment = tuple[int, int]
_STARTS: Final = {Codestream.JPEG: b"\xff\xd8\xff", Codestream.JPEG_2000: b"\xff\x4f\xff\x51"}
# Writers pad a frame to two or four bytes.
_PAD_BYTES: Final = 3


def read_fragments(content: Content, at: int, bound: int) -> tuple[bytes, list[Fragment], int]:
    """The offset table, where each fragment lies, and the offset behind the delimiter.

    Raises Unsound 3905, 3916, 3925 and nothing else of its own.
    """
    table: bytes | None = None
    fragments: list[Fragment] = []
    while True:
        header = content.read_at(at, 8)
        if at + 8 > bound or len(header) < 8:
            raise unsound(3916, offset=at, reason="delimiter")
        group, element, length = struct.unpack("<HHI", header)
        tag = group << 16 | element
        at += 8
        if tag == SEQUENCE_END:
            if length or table is None:
                raise unsound(3916, offset=at - 8, reason="delimiter")
            return table, fragments, at
        if tag != ITEM or length % 2:
            raise unsound(3916, offset=at - 8, reason="item")
        if length > bound - at:
            raise unsound(3905, tag="(FFFE,E000)", offset=at - 8, length=length, left=bound - at)
        if table is None:
            if length % 4 or length > 4 * MAX_FRAMES:
                raise unsound(3916, offset=at - 8, reason="offset table")
            table = content.read_at(at, length)
        else:
            fragments.append((at, length))
            if len(fragments) > MAX_FRAMES:
                raise unsound(3925, tag="(7FE0,0010)", size_bytes=at, limit_bytes=MAX_FRAMES)
        at += length


def frames_of(
    content: Content, table: bytes, fragments: list[Fragment], facts: PixelFacts, kind: Codestream
) -> list[list[Fragment]]:
    """Which fragments make which frame. Raises Unsound 3916 and nothing else."""
    if table:
        frames = _by_table(table, fragments)
    elif facts.frames == 1 and kind is not Codestream.RLE:
        frames = [fragments]
    elif kind is Codestream.RLE or len(fragments) == facts.frames:
        frames = [[fragment] for fragment in fragments]
    else:
        frames = []
        for fragment in fragments:
            if content.read_at(fragment[0], 4).startswith(_STARTS[kind]) or not frames:
                frames.append([])
            frames[-1].append(fragment)
    if len(frames) != facts.frames or not all(frames):
        raise unsound(3916, offset=fragments[0][0] if fragments else 0, reason="frames")
    return frames


def _by_table(table: bytes, fragments: list[Fragment]) -> list[list[Fragment]]:
    """Offsets count from behind the table's item; each must be where a fragment's item begins."""
    if not fragments:
        raise unsound(3916, offset=0, reason="offset table")
    first = fragments[0][0] - 8
    offsets = [first + offset for (offset,) in struct.iter_unpack("<I", table)]
    starts = {at - 8: number for number, (at, _) in enumerate(fragments)}
    if offsets[0] != first or any(offset not in starts for offset in offsets):
        raise unsound(3916, offset=first, reason="offset table")
    numbers = [starts[offset] for offset in offsets]
    if any(a >= b for a, b in pairwise(numbers)):
        raise unsound(3916, offset=first, reason="offset table")
    return [
        fragments[a:b]
        for a, b in zip(numbers, [*numbers[1:], len(fragments)], strict=True)
    ]  # fmt: skip


def frame_faults(
    content: Content, frames: list[list[Fragment]], facts: PixelFacts, kind: Codestream
) -> Iterator[Fault]:
    """Each frame is one codestream from its first byte to its last, of the size that was said."""
    for number, fragments in enumerate(frames, 1):
        size = sum(length for _, length in fragments)
        if size > WALKED_FRAME_BYTES:
            raise unsound(3925, tag="(7FE0,0010)", size_bytes=size, limit_bytes=WALKED_FRAME_BYTES)
        data = b"".join(content.read_at(at, length) for at, length in fragments)
        try:
            picture = _picture(data, facts, kind)
        except Broken as error:
            yield fault(3928, frame=number, kind=kind.value, offset=error.offset)
            continue
        behind = len(data) - picture.end
        if behind > _PAD_BYTES or data[picture.end :].strip(b"\x00\xff"):
            yield fault(3928, frame=number, kind=kind.value, offset=picture.end)
        elif (picture.rows, picture.columns) != (facts.rows, facts.columns):
            yield fault(3914, size_bytes=size, needed_bytes=facts.native_bytes())


def _picture(data: bytes, facts: PixelFacts, kind: Codestream) -> Picture:
    match kind:
        case Codestream.JPEG:
            return jpeg_picture(data)
        case Codestream.JPEG_2000:
            return jpeg_2000_picture(data)
        case Codestream.RLE:
            end = rle_end(data, facts.rows * facts.columns)
            return Picture(end, facts.rows, facts.columns)
