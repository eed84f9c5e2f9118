"""The sending side's check of DICOM, on what pydicom reads.

    preamble -> group 2 -> every element that pydicom met, in order -> rules by VR -> pixels

The rules themselves are shared (formats.dicom_rules); how a value is found and decoded is pydicom's.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

from gateway.inspection.content import Content
from gateway.inspection.formats.contract import FormatLimits, Item
from gateway.inspection.formats.dicom import (
    BURNED_IN,
    CHARSET,
    CHARSET_VRS,
    CODECS,
    CODESTREAMS,
    DICOMDIR,
    DOCUMENT,
    DOCUMENT_BYTES,
    DOCUMENT_TYPE,
    EXPLICIT_BE,
    FLOAT_PIXELS,
    HELD_BYTES,
    IMPLICIT_LE,
    ITEM,
    MAX_FRAMES,
    PIXEL_FACTS,
    PIXELS,
    READABLE,
    SEQUENCE_END,
    SOP_CLASS,
    SOP_INSTANCE,
    STRING_VRS,
    TEXT_VRS,
    WALKED_FRAME_BYTES,
    Codestream,
    DicomProfile,
    allows_sop_class,
    document_name,
    fault,
    is_file,
    preamble_faults,
    shown_tag,
    unsound,
)
from gateway.inspection.formats.dicom_rules import (
    PixelFacts,
    burned_in_fault,
    hidden_text,
    length_fault,
    other_readings,
    overlay_fault,
    pixel_faults,
    text_fault,
    texts_of,
    uid_fault,
)
from gateway.inspection.sending.formats.codestream_ends import extent
from gateway.inspection.sending.formats.dicom_meta import FileMeta, read_file_meta
from gateway.inspection.sending.formats.dicom_reader import (
    Met,
    Reader,
    decoded,
    encodings_of,
    known_vrs,
)
from gateway.inspection.sending.formats.dicom_stream import StrictStream
from gateway.inspection.unsound import CHUNK_BYTES, Fault, Member

_PADDING: Final = 0xFFFCFFFC
# Command sets, group 2 and what no data set may have (PS3.5, 7.1 and 7.8).
_NO_GROUPS: Final = frozenset([0x0000, 0x0001, 0x0002, 0x0003, 0x0005, 0x0007, 0xFFFF, 0xFFFE])


def check(content: Content, limits: FormatLimits, profile: DicomProfile) -> Iterator[Item]:
    """Items of one DICOM object; see gateway.inspection.formats.contract. Raises Unsound, OSError."""
    head = content.read_at(0, 132)
    if not head.endswith(b"DICM") or len(head) < 132:
        raise unsound(3902, tag="DICM", reason="missing")
    yield from preamble_faults(head[:128], profile)
    elements = min(profile.elements, limits.values)
    stream = StrictStream(content, elements, profile.value_bytes)
    meta = read_file_meta(stream, profile)
    if meta.transfer_syntax not in profile.transfer_syntaxes & READABLE:
        raise unsound(3904, uid=meta.transfer_syntax)
    if not allows_sop_class(profile, meta.sop_class):
        yield fault(3918, uid=meta.sop_class)
    yield from _Judge(content, limits, profile, meta).judge(stream, elements)


class _Level:
    """What one data set has said so far; the character set is inherited by its items (7.5.3)."""

    def __init__(self, encodings: list[str]) -> None:
        self.encodings = encodings
        self.pixels = PixelFacts()
        self.texts: dict[int, str] = {}
        self.numbers: dict[int, int] = {}
        self.blocks: set[tuple[int, int]] = set()
        self.document: Met | None = None


class _Judge:
    def __init__(
        self, content: Content, limits: FormatLimits, profile: DicomProfile, meta: FileMeta
    ) -> None:
        self._content = content
        self._limits = limits
        self._profile = profile
        self._meta = meta
        self._levels = [_Level(["ascii"])]
        self._codestream = CODESTREAMS.get(meta.transfer_syntax)
        self._order = "big" if meta.transfer_syntax == EXPLICIT_BE else "little"

    def judge(self, stream: StrictStream, elements: int) -> Iterator[Item]:
        depth = min(self._profile.depth, self._limits.depth)
        implicit = self._meta.transfer_syntax == IMPLICIT_LE
        reader = Reader(stream, implicit, self._order == "big", depth)
        left = elements
        for met in reader.read(self._meta.end):
            left -= 1
            if left < 0:
                raise unsound(3908, offset=met.at)
            if met.what == "item":
                self._levels.append(_Level(self._levels[-1].encodings))
            elif met.what == "item end":
                yield from self._documents(self._levels.pop())
            elif met.what != "sequence end":
                yield from self._of_tag(met)
                if met.what == "fragments":
                    yield from self._fragments(met, reader, stream)
                elif met.what == "element":
                    yield from self._of_value(met)
        yield from self._documents(self._levels[0])
        yield from self._whole()

    def _of_tag(self, met: Met) -> Iterator[Fault]:
        group, element = divmod(met.tag, 0x10000)
        if group in _NO_GROUPS:
            raise unsound(3922, tag=met.where, offset=met.at)
        if group % 2:
            blocks = self._levels[-1].blocks
            if element < 0x100:
                blocks.add((group, element))
            claimed = element < 0x100 or (group, element >> 8) in blocks
            if not self._profile.private_elements or (not claimed and self._profile.strict_values):
                yield fault(3917, tag=met.where)
            return
        kind = {0x5000: self._profile.curves, 0x6000: self._profile.overlays}.get(group & 0xFF00)
        if kind is False:
            yield fault(3923, tag=met.where, size_bytes=met.length, needed_bytes=0)
        elif kind is None and not known_vrs(met.tag) and not self._profile.unknown_elements:
            yield fault(3922, tag=met.where, offset=met.at)

    def _of_value(self, met: Met) -> Iterator[Item]:
        if wrong := length_fault(met.where, met.vr, met.length):
            yield wrong
        if met.tag == PIXELS or met.tag in FLOAT_PIXELS:
            if self._codestream is not None and len(self._levels) == 1:
                yield fault(3916, offset=met.at, reason="native")
            facts, bits = self._levels[-1].pixels, FLOAT_PIXELS.get(met.tag)
            yield from pixel_faults(facts, met.length, self._limits.pixels, bits)
        elif met.length > (limit := self._longest(met)):
            raise unsound(3925, tag=met.where, size_bytes=met.length, limit_bytes=limit)
        elif met.tag == DOCUMENT:
            self._levels[-1].document = met
        elif met.vr in STRING_VRS:
            yield from self._of_text(met)
        elif met.vr.startswith("O") or met.vr == "UN":
            yield from self._of_bulk(met)
        else:
            self._of_number(met)

    def _longest(self, met: Met) -> int:
        limit = self._profile.value_bytes
        return min(limit, self._limits.text_bytes) if met.vr in STRING_VRS else limit

    def _bytes(self, met: Met) -> bytes:
        return met.value if met.value is not None else self._content.read_at(met.at, met.length)

    def _of_number(self, met: Met) -> None:
        level = self._levels[-1]
        number = self._bytes(met)[:8]
        if self._order == "big":
            number = number[::-1]
        if met.tag in PIXEL_FACTS:
            level.pixels.take_number(met.tag, number)
        level.numbers[met.tag] = int.from_bytes(number, "little")

    def _of_text(self, met: Met) -> Iterator[Item]:
        level, value = self._levels[-1], self._bytes(met)
        if met.tag == CHARSET:
            level.encodings = encodings_of(self._terms(value))
            return
        coded = met.vr in CHARSET_VRS
        whole = decoded(value, level.encodings if coded else ["ascii"], met.where)
        if met.vr == "UI":
            text = whole.rstrip("\x00")
            wrong = uid_fault(met.where, text)
        else:
            text = (whole[:-1] if whole.endswith("\x00") else whole).rstrip(" ")
            wrong = text_fault(met.where, met.vr, text, self._profile.strict_values)
        if wrong:
            yield wrong
        level.texts[met.tag] = text[:256]
        level.pixels.take_text(met.tag, text[:256])
        if met.tag & 0xFFE1FFFF == 0x60000015 and text.strip().isdecimal():
            level.numbers[met.tag] = int(text[:12])
        if text and met.vr in TEXT_VRS:
            yield from texts_of(met.where, text)
            if coded:
                yield from other_readings(met.where, value, whole)

    def _terms(self, value: bytes) -> list[str]:
        terms = [term.strip() for term in value.decode("latin_1").rstrip("\x00 ").split("\\")]
        wrong = [t for t in terms if t not in CODECS or t not in self._profile.character_sets]
        # UTF-8, GBK and GB18030 stand alone; the others of a row are named for their escapes.
        if len(terms) > 1:
            wrong += [t for t in terms[1:] if t and not t.startswith("ISO 2022 ")]
            wrong += [t for t in terms[:1] if t in ("ISO_IR 192", "GB18030", "GBK")]
        if wrong:
            raise unsound(3912, value=wrong[0])
        return terms

    def _of_bulk(self, met: Met) -> Iterator[Item]:
        head = met.value[:16] if met.value is not None else self._content.read_at(met.at, 16)
        if met.tag == _PADDING and not self._profile.trailing_padding:
            pieces = self._content.chunks(met.at, met.length)
            if not all(piece == bytes(len(piece)) for piece in pieces):
                yield fault(3906, size_bytes=met.length)
        if met.tag & 0xFFE1FFFF == 0x60003000:
            wrong = overlay_fault(met.tag >> 16, self._levels[-1].numbers, met.length)
            if wrong:
                yield wrong
        if is_file(head):
            yield Member(met.where, self._content.chunks(met.at, met.length, CHUNK_BYTES))
        elif met.length <= HELD_BYTES:
            yield from hidden_text(met.where, self._bytes(met))

    def _fragments(self, met: Met, reader: Reader, stream: StrictStream) -> Iterator[Item]:
        if self._codestream is None:
            raise unsound(3916, offset=met.at, reason="encapsulated")
        sizes, end = _fragment_sizes(stream, met.at)
        facts = self._levels[-1].pixels
        if not facts.complete():
            raise unsound(3915)
        if facts.rows * facts.columns > self._limits.pixels:
            size, limit = facts.rows * facts.columns, self._limits.pixels
            raise unsound(3925, tag=met.where, size_bytes=size, limit_bytes=limit)
        if max(sizes, default=0) > WALKED_FRAME_BYTES or (
            facts.frames == 1 and sum(sizes) > WALKED_FRAME_BYTES
        ):
            limit = WALKED_FRAME_BYTES
            raise unsound(3925, tag=met.where, size_bytes=sum(sizes), limit_bytes=limit)
        count = taken = 0
        for frame in reader.frames(met.at, facts.frames):
            count, taken = count + 1, taken + len(frame)
            yield from _frame_faults(frame, count, facts, self._codestream)
            if len(self._levels) > 1:
                yield Member(f"{met.where} frame {count - 1}", iter([frame]))
        if count != facts.frames or taken != sum(sizes):
            raise unsound(3916, offset=met.at, reason="frames")
        reader.resume(end)

    def _documents(self, ended: _Level) -> Iterator[Item]:
        """(0042,0011), without the byte that made it even, as a file of its own."""
        if ended.document is None:
            return
        met, mime = ended.document, ended.texts.get(DOCUMENT_TYPE, "")
        if mime not in self._profile.documents:
            yield fault(3926, value=mime)
        size = ended.numbers.get(DOCUMENT_BYTES, 0) or met.length
        if size not in (met.length, met.length - 1):
            yield fault(3926, value=f"{size} bytes")
        last = self._content.read_at(met.at + met.length - 1, 1) if met.length else b""
        if size == met.length and last == b"\x00":
            size -= 1
        yield Member(document_name(mime), self._content.chunks(met.at, size, CHUNK_BYTES))

    def _whole(self) -> Iterator[Fault]:
        texts = self._levels[0].texts
        if self._meta.sop_class != DICOMDIR:
            if texts.get(SOP_CLASS) != self._meta.sop_class:
                yield fault(3903, tag=shown_tag(SOP_CLASS), reason="differs")
            if texts.get(SOP_INSTANCE) != self._meta.sop_instance:
                yield fault(3903, tag=shown_tag(SOP_INSTANCE), reason="differs")
        if wrong := burned_in_fault(self._profile, texts.get(BURNED_IN, "")):
            yield wrong


def _frame_faults(
    frame: bytes, number: int, facts: PixelFacts, kind: Codestream
) -> Iterator[Fault]:
    """One codestream from end to end, of the size that the header says."""
    found = extent(frame, kind)
    if found is None:
        yield fault(3928, frame=number, kind=kind.value, offset=0)
        return
    end, rows, columns = found
    # Two or four bytes are what writers pad to.
    if len(frame) - end > 3 or frame[end:].strip(b"\x00\xff"):
        yield fault(3928, frame=number, kind=kind.value, offset=end)
    elif kind is not Codestream.RLE and (rows, columns) != (facts.rows, facts.columns):
        yield fault(3914, size_bytes=len(frame), needed_bytes=facts.native_bytes())


def _fragment_sizes(stream: StrictStream, at: int) -> tuple[list[int], int]:
    """Sizes of the fragments without the offset table, and where their delimiter ends.

    pydicom believes any offset table: each of its offsets must be where a fragment's item begins.
    """
    sizes: list[int] = []
    starts: set[int] = set()
    stream.seek(at)
    while True:
        group, element, length = struct.unpack("<HHI", stream.read(8).ljust(8, b"\0"))
        tag = group << 16 | element
        if tag == SEQUENCE_END and not length and sizes:
            table = stream.peek(at + 8, sizes[0])
            offsets = [at + 8 + sizes[0] + each for (each,) in struct.iter_unpack("<I", table)]
            if not starts.issuperset(offsets) or offsets != sorted(set(offsets)):
                raise unsound(3916, offset=at, reason="offset table")
            return sizes[1:], stream.tell()
        wrong_table = not sizes and (length % 4 or length > 4 * MAX_FRAMES)
        if tag != ITEM or length % 2 or len(sizes) > MAX_FRAMES or wrong_table:
            raise unsound(3916, offset=stream.tell() - 8, reason="item")
        if sizes:
            starts.add(stream.tell() - 8)
        stream.seek(stream.tell() + length)
        sizes.append(length)
