"""What pydicom read as typed values, for a rebuild. Checks come first: see dicom.py."""

from __future__ import annotations

import struct
from collections import deque

from gateway.inspection.content import Content
from gateway.inspection.formats.contract import FormatLimits
from gateway.inspection.formats.dicom import (
    CODESTREAMS,
    EXPLICIT_BE,
    IMPLICIT_LE,
    READABLE,
    DicomProfile,
    unsound,
)
from gateway.inspection.formats.dicom_values import Builder, DicomObject
from gateway.inspection.sending.formats.dicom_meta import read_file_meta
from gateway.inspection.sending.formats.dicom_reader import Reader
from gateway.inspection.sending.formats.dicom_stream import StrictStream

_FRAMES = 0x00280008


def read_values(content: Content, limits: FormatLimits, profile: DicomProfile) -> DicomObject:
    """Everything but pixels, which stay ranges of the content. Raises Unsound, OSError."""
    elements = min(profile.elements, limits.values)
    stream = StrictStream(content, elements, profile.value_bytes)
    meta = read_file_meta(stream, profile)
    if meta.transfer_syntax not in profile.transfer_syntaxes & READABLE:
        raise unsound(3904, uid=meta.transfer_syntax)
    big, implicit = meta.transfer_syntax == EXPLICIT_BE, meta.transfer_syntax == IMPLICIT_LE
    reader = Reader(stream, implicit, big, min(profile.depth, limits.depth))
    builder = Builder(big, implicit)
    frames = [1]
    for met in reader.read(meta.end):
        match met.what:
            case "element" if builder.wants(met.length):
                value = met.value
                if value is None:
                    value = content.read_at(met.at, met.length)
                builder.value(met.tag, met.vr, value)
                if met.tag == _FRAMES and value.strip().isdigit():
                    frames[-1] = int(value)
            case "element":
                builder.range(met.tag, met.vr, met.at, met.length)
            case "fragments":
                if meta.transfer_syntax not in CODESTREAMS:
                    raise unsound(3916, offset=met.at, reason="encapsulated")
                grouped, end = _grouped(reader, stream, met.at, frames[-1])
                builder.fragments(met.tag, grouped)
                reader.resume(end)
            case "sequence":
                builder.sequence(met.tag)
            case "sequence end":
                builder.sequence_end()
            case "item":
                builder.item()
                frames.append(1)
            case _:
                builder.item_end()
                frames.pop()
    return DicomObject(meta.transfer_syntax, meta.sop_class, meta.sop_instance, builder.built())


def _grouped(
    reader: Reader, stream: StrictStream, at: int, count: int
) -> tuple[list[list[tuple[int, int]]], int]:
    """The fragments of each frame: pydicom says how long a frame is, the item headers where it lies."""
    fragments: list[tuple[int, int]] = []
    stream.seek(at)
    while True:
        group, element, length = struct.unpack("<HHI", stream.read(8).ljust(8, b"\0"))
        if (group, element) == (0xFFFE, 0xE0DD):
            break
        if (group, element) != (0xFFFE, 0xE000):
            raise unsound(3916, offset=stream.tell() - 8, reason="item")
        fragments.append((stream.tell(), length))
        stream.seek(stream.tell() + length)
    end, left, grouped = stream.tell(), deque(fragments[1:]), []
    for frame in reader.frames(at, count):
        taken, size = [], 0
        while left and size < len(frame):
            taken.append(left.popleft())
            size += taken[-1][1]
        if size != len(frame):
            raise unsound(3916, offset=at, reason="frames")
        grouped.append(taken)
    if left or len(grouped) != count:
        raise unsound(3916, offset=at, reason="frames")
    return grouped, end
