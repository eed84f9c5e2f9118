"""The receiving side's check of DICOM: our own walk over part 10, no library.

    preamble, DICM -> group 2 -> walk (structure) -> each value by its VR -> pixels

Yields the texts of every level, encapsulated documents and values that are files of their own as
members, and what is wrong; raises Unsound where going on would mean guessing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from gateway.inspection.content import Content
from gateway.inspection.formats.contract import FormatLimits, Item
from gateway.inspection.formats.dicom import (
    BURNED_IN,
    CHARSET,
    CHARSET_VRS,
    CODESTREAMS,
    DICOMDIR,
    DOCUMENT,
    DOCUMENT_BYTES,
    DOCUMENT_TYPE,
    EXPLICIT_BE,
    FLOAT_PIXELS,
    HELD_BYTES,
    IMPLICIT_LE,
    PIXEL_FACTS,
    PIXELS,
    READABLE,
    SOP_CLASS,
    SOP_INSTANCE,
    STRING_VRS,
    TEXT_VRS,
    DicomProfile,
    allows_sop_class,
    document_name,
    fault,
    is_file,
    preamble_faults,
    unsound,
)
from gateway.inspection.formats.dicom_dictionary import vrs_of
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
from gateway.inspection.receiving.formats.dicom_meta import Meta, read_meta
from gateway.inspection.receiving.formats.dicom_pixels import (
    frame_faults,
    frames_of,
    read_fragments,
)
from gateway.inspection.receiving.formats.dicom_text import DEFAULT, Codecs, codecs_of, decode
from gateway.inspection.receiving.formats.dicom_walk import Kind, Seen, Walk
from gateway.inspection.unsound import CHUNK_BYTES, Fault, Member

_PADDING: Final = 0xFFFCFFFC
_PRIVATE_CREATOR_LAST: Final = 0xFF


@dataclass(slots=True)
class _Set:
    """One data set that is open, and what its later elements need of its earlier ones."""

    codecs: Codecs
    pixels: PixelFacts = field(default_factory=PixelFacts)
    numbers: dict[int, int] = field(default_factory=dict)
    creators: set[int] = field(default_factory=set)
    document_type: str = ""
    document: tuple[int, int] | None = None
    document_bytes: int = 0


def check(content: Content, limits: FormatLimits, profile: DicomProfile) -> Iterator[Item]:
    """Items of one DICOM object; see gateway.inspection.formats.contract. Raises Unsound, OSError."""
    head = content.read_at(0, 132)
    if head[128:132] != b"DICM":
        raise unsound(3902, tag="DICM", reason="missing")
    yield from preamble_faults(head[:128], profile)
    meta = read_meta(content, profile)
    if meta.transfer_syntax not in profile.transfer_syntaxes & READABLE:
        raise unsound(3904, uid=meta.transfer_syntax)
    if not allows_sop_class(profile, meta.sop_class):
        yield fault(3918, uid=meta.sop_class)
    yield from _Check(content, limits, profile, meta).run()


class _Check:
    """The rules over one walk."""

    def __init__(
        self, content: Content, limits: FormatLimits, profile: DicomProfile, meta: Meta
    ) -> None:
        self._content = content
        self._limits = limits
        self._profile = profile
        self._meta = meta
        self._big = meta.transfer_syntax == EXPLICIT_BE
        self._walk = Walk(
            content,
            meta.end,
            meta.transfer_syntax == IMPLICIT_LE,
            self._big,
            min(profile.depth, limits.depth),
            min(profile.elements, limits.values),
        )
        self._sets = [_Set(DEFAULT)]
        self._found: dict[int, str] = {}

    def run(self) -> Iterator[Item]:
        for seen in self._walk.events():
            match seen.kind:
                case Kind.ELEMENT:
                    yield from self._tag_faults(seen)
                    yield from self._element(seen)
                case Kind.FRAGMENTS:
                    yield from self._fragments(seen)
                case Kind.SEQUENCE:
                    yield from self._tag_faults(seen)
                case Kind.ITEM:
                    self._sets.append(_Set(self._sets[-1].codecs))
                case Kind.ITEM_END:
                    yield from self._end_of_set(self._sets.pop())
                case Kind.SEQUENCE_END:
                    pass
        yield from self._end_of_set(self._sets[0])
        yield from self._end_of_object()

    def _tag_faults(self, seen: Seen) -> Iterator[Fault]:
        group, element = seen.tag >> 16, seen.tag & 0xFFFF
        if group & 1:
            yield from self._private(seen, group, element)
        elif group >> 8 == 0x50:
            if not self._profile.curves:
                yield fault(3923, tag=seen.where, size_bytes=seen.length, needed_bytes=0)
        elif group >> 8 == 0x60 and not self._profile.overlays:
            yield fault(3923, tag=seen.where, size_bytes=seen.length, needed_bytes=0)
        elif not self._profile.unknown_elements and not vrs_of(seen.tag):
            yield fault(3922, tag=seen.where, offset=seen.at)

    def _private(self, seen: Seen, group: int, element: int) -> Iterator[Fault]:
        if not self._profile.private_elements:
            yield fault(3917, tag=seen.where)
        creators = self._sets[-1].creators
        if element <= _PRIVATE_CREATOR_LAST:
            creators.add(group << 8 | element)
        elif self._profile.strict_values and (group << 8 | element >> 8) not in creators:
            yield fault(3917, tag=seen.where)

    def _element(self, seen: Seen) -> Iterator[Item]:
        wrong = length_fault(seen.where, seen.vr, seen.length)
        if wrong:
            yield wrong
        if seen.tag == PIXELS or seen.tag in FLOAT_PIXELS:
            yield from self._native(seen)
        elif seen.vr in STRING_VRS:
            yield from self._string(seen)
        elif seen.tag == DOCUMENT and seen.length <= self._profile.value_bytes:
            self._sets[-1].document = (seen.at, seen.length)
        elif seen.vr in ("OB", "OW", "UN", "OD", "OF", "OL", "OV"):
            yield from self._bulk(seen)
        elif seen.length <= 8:
            self._number(seen)

    def _number(self, seen: Seen) -> None:
        group = seen.tag >> 16
        value = self._walk.window.read(seen.at, seen.length)
        if self._big:
            value = value[::-1]
        if seen.tag in PIXEL_FACTS:
            self._sets[-1].pixels.take_number(seen.tag, value)
        elif group >> 8 == 0x60:
            self._sets[-1].numbers[seen.tag] = int.from_bytes(value, "little")
        elif seen.tag == DOCUMENT_BYTES:
            self._sets[-1].document_bytes = int.from_bytes(value, "little")

    def _string(self, seen: Seen) -> Iterator[Item]:
        if seen.length > min(self._limits.text_bytes, self._profile.value_bytes):
            limit = min(self._limits.text_bytes, self._profile.value_bytes)
            raise unsound(3925, tag=seen.where, size_bytes=seen.length, limit_bytes=limit)
        here = self._sets[-1]
        value = self._walk.window.read(seen.at, seen.length)
        if seen.tag == CHARSET:
            here.codecs = codecs_of(value, self._profile)
            return
        coded = seen.vr in CHARSET_VRS
        text = decode(value, here.codecs if coded else DEFAULT, seen.where)
        text = text.rstrip("\x00") if seen.vr == "UI" else _unpadded(text)
        if seen.vr == "UI":
            wrong = uid_fault(seen.where, text)
        else:
            wrong = text_fault(seen.where, seen.vr, text, self._profile.strict_values)
        if wrong:
            yield wrong
        self._remember(seen.tag, text, here)
        if text and seen.vr in TEXT_VRS:
            yield from texts_of(seen.where, text)
            if coded:
                yield from other_readings(seen.where, value, decode(value, here.codecs, seen.where))

    def _remember(self, tag: int, text: str, here: _Set) -> None:
        if tag in PIXEL_FACTS:
            here.pixels.take_text(tag, text)
        elif tag == DOCUMENT_TYPE:
            here.document_type = text
        elif tag in (SOP_CLASS, SOP_INSTANCE, BURNED_IN) and len(self._sets) == 1:
            self._found[tag] = text
        elif tag >> 16 & 0xFFE1 == 0x6000 and tag & 0xFFFF == 0x15 and text.strip().isdecimal():
            here.numbers[tag] = int(text[:12])

    def _bulk(self, seen: Seen) -> Iterator[Item]:
        """A value that is no text: small enough, no file of its own unless as a member, no sentence."""
        if seen.length > self._profile.value_bytes:
            limit = self._profile.value_bytes
            raise unsound(3925, tag=seen.where, size_bytes=seen.length, limit_bytes=limit)
        head = self._walk.window.read(seen.at, min(seen.length, 16))
        if seen.tag == _PADDING and not self._profile.trailing_padding:
            chunks = self._content.chunks(seen.at, seen.length)
            if any(chunk.count(0) != len(chunk) for chunk in chunks):
                yield fault(3906, size_bytes=seen.length)
        if seen.tag >> 16 & 0xFFE1 == 0x6000 and seen.tag & 0xFFFF == 0x3000:
            wrong = overlay_fault(seen.tag >> 16, self._sets[-1].numbers, seen.length)
            if wrong:
                yield wrong
        if is_file(head):
            chunks = self._content.chunks(seen.at, seen.length, CHUNK_BYTES)
            yield Member(seen.where, chunks)
        elif seen.length <= HELD_BYTES:
            yield from hidden_text(seen.where, self._walk.window.read(seen.at, seen.length))

    def _native(self, seen: Seen) -> Iterator[Item]:
        if self._walk.is_top and self._meta.transfer_syntax in CODESTREAMS:
            yield fault(3916, offset=seen.at, reason="native")
        bits = FLOAT_PIXELS.get(seen.tag)
        yield from pixel_faults(self._sets[-1].pixels, seen.length, self._limits.pixels, bits)

    def _fragments(self, seen: Seen) -> Iterator[Item]:
        kind = CODESTREAMS.get(self._meta.transfer_syntax)
        if kind is None:
            raise unsound(3916, offset=seen.at, reason="encapsulated")
        facts = self._sets[-1].pixels
        table, fragments, self._walk.at = read_fragments(self._content, seen.at, self._walk.bound)
        if not facts.complete():
            raise unsound(3915)
        if facts.rows * facts.columns > self._limits.pixels:
            size, limit = facts.rows * facts.columns, self._limits.pixels
            raise unsound(3925, tag=seen.where, size_bytes=size, limit_bytes=limit)
        frames = frames_of(self._content, table, fragments, facts, kind)
        yield from frame_faults(self._content, frames, facts, kind)
        if not self._walk.is_top:
            # An icon: a picture of its own, with whatever stands in its segments.
            for number, frame in enumerate(frames):
                yield Member(f"{seen.where} frame {number}", self._joined(frame))

    def _joined(self, frame: list[tuple[int, int]]) -> Iterator[bytes]:
        for at, length in frame:
            yield from self._content.chunks(at, length, CHUNK_BYTES)

    def _end_of_set(self, ended: _Set) -> Iterator[Item]:
        if ended.document is None:
            return
        at, length = ended.document
        if ended.document_type not in self._profile.documents:
            yield fault(3926, value=ended.document_type)
        said = ended.document_bytes or length
        if not length - 1 <= said <= length:
            yield fault(3926, value=f"{said} bytes")
        # The byte that makes the length even is no part of the document.
        if said == length and length and self._content.read_at(at + length - 1, 1) == b"\0":
            said = length - 1
        name = document_name(ended.document_type)
        yield Member(name, self._content.chunks(at, said, CHUNK_BYTES))

    def _end_of_object(self) -> Iterator[Fault]:
        if self._meta.sop_class != DICOMDIR:
            told = (self._meta.sop_class, self._meta.sop_instance)
            for tag, uid in zip((SOP_CLASS, SOP_INSTANCE), told, strict=True):
                if self._found.get(tag) != uid:
                    yield fault(3903, tag=f"({tag >> 16:04X},{tag & 0xFFFF:04X})", reason="differs")
        wrong = burned_in_fault(self._profile, self._found.get(BURNED_IN, ""))
        if wrong:
            yield wrong


def _unpadded(text: str) -> str:
    """Without the blanks, or the one NUL of older writers, that made the length even."""
    return text.removesuffix("\x00").rstrip(" ")
