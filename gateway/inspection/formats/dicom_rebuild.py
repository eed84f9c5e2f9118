"""Writes a DICOM object anew from typed values: the trusted side of content disarm.

    128 noughts | DICM | group 2 of our own | elements, explicit VR little endian | pixels, streamed

The values come out of a sandbox and are believed in nothing: tags rise and are in the dictionary, VRs
are the dictionary's, lengths are even, ranges lie in the source and are as long as the pixel module
says. What is not in the dictionary, private or not, is not written.
Sources: PS3.5 section 7 and annex A.4, PS3.10 section 7.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

from gateway.inspection.content import Content
from gateway.inspection.formats.contract import FormatLimits
from gateway.inspection.formats.dicom import (
    CODESTREAMS,
    EXPLICIT_LE,
    FLOAT_PIXELS,
    HELD_BYTES,
    LONG_VRS,
    NATIVE,
    PIXEL_FACTS,
    PIXELS,
    SHORT_VRS,
    STRING_VRS,
    UNDEFINED,
    DicomProfile,
    is_uid,
    shown_tag,
    unsound,
)
from gateway.inspection.formats.dicom_dictionary import vrs_of
from gateway.inspection.formats.dicom_rules import PixelFacts, pixel_faults
from gateway.inspection.formats.dicom_values import (
    DicomObject,
    Element,
    Elements,
    Fragments,
    Items,
    Range,
    turned_round,
)

# Our own implementation, as PS3.10 wants it named: a UUID as a UID (PS3.5, B.2).
IMPLEMENTATION_UID: Final = "2.25.226160148853209741960131718436270123402"
_IMPLEMENTATION_NAME: Final = "FERRYGATE"
_PIECE_BYTES: Final = 256 << 10
_MAX_SHORT_BYTES: Final = 0xFFFE
_ITEM: Final = b"\xfe\xff\x00\xe0"
_SEQUENCE_END: Final = b"\xfe\xff\xdd\xe0\0\0\0\0"
_NUL_PADDED: Final = frozenset(["UI", "OB", "UN"])
_PADDING_TAG: Final = 0xFFFCFFFC


def rebuild_dicom(
    values: DicomObject, source: Content, profile: DicomProfile, limits: FormatLimits
) -> Iterator[bytes]:
    """The object written anew, in pieces of at most 256 KiB and one for each element.

    source: what the ranges of the values point into. Raises Unsound 3903 to 3928 where the values are
    no object that the profile takes, OSError of the source, and nothing else.
    """
    syntax = EXPLICIT_LE if values.transfer_syntax in NATIVE else values.transfer_syntax
    if syntax != EXPLICIT_LE and syntax not in CODESTREAMS:
        raise unsound(3904, uid=values.transfer_syntax)
    yield bytes(128) + b"DICM" + _group_2(values, syntax)
    writer = _Writer(source, profile, limits, syntax)
    yield from writer.elements(values.data, 0)


def _group_2(values: DicomObject, syntax: str) -> bytes:
    for uid in (values.sop_class, values.sop_instance, syntax):
        if not uid or not is_uid(uid):
            raise unsound(3911, tag="(0002,xxxx)", value=uid)
    body = _element(0x00020001, "OB", b"\x00\x01")
    body += _element(0x00020002, "UI", values.sop_class.encode())
    body += _element(0x00020003, "UI", values.sop_instance.encode())
    body += _element(0x00020010, "UI", syntax.encode())
    body += _element(0x00020012, "UI", IMPLEMENTATION_UID.encode())
    body += _element(0x00020013, "SH", _IMPLEMENTATION_NAME.encode())
    return _element(0x00020000, "UL", struct.pack("<I", len(body))) + body


def _element(tag: int, vr: str, value: bytes) -> bytes:
    """Header and value, padded to even length."""
    if len(value) % 2:
        value += b"\0" if vr in _NUL_PADDED else b" "
    return _header(tag, vr, len(value)) + value


def _header(tag: int, vr: str, length: int) -> bytes:
    """A value too long for the short form of its VR is written with UN (PS3.5, 6.2.2)."""
    numbers = struct.pack("<HH", tag >> 16, tag & 0xFFFF)
    if vr in SHORT_VRS and length <= _MAX_SHORT_BYTES:
        return numbers + vr.encode() + struct.pack("<H", length)
    written = vr if vr in LONG_VRS else "UN"
    return numbers + written.encode() + b"\0\0" + struct.pack("<I", length)


class _Writer:
    def __init__(
        self, source: Content, profile: DicomProfile, limits: FormatLimits, syntax: str
    ) -> None:
        self._source = source
        self._profile = profile
        self._limits = limits
        self._syntax = syntax

    def elements(self, elements: Elements, depth: int) -> Iterator[bytes]:
        """One data set. Groups of a name nobody knows are left out."""
        if depth > self._profile.depth:
            raise unsound(3907, limit=self._profile.depth, offset=0)
        last, facts = 0x0002FFFF, PixelFacts()
        for element in elements:
            if element.tag <= last:
                raise unsound(3919, tag=shown_tag(element.tag), offset=0)
            last = element.tag
            if not self._is_written(element):
                continue
            self._remember(element, facts)
            yield from self._one(element, facts, depth)

    def _is_written(self, element: Element) -> bool:
        tag, group = element.tag, element.tag >> 16
        known = vrs_of(tag)
        if group & 1 or not known or not tag & 0xFFFF or tag == _PADDING_TAG:
            return False
        if (group >> 8 == 0x50 and not self._profile.curves) or (
            group >> 8 == 0x60 and not self._profile.overlays
        ):
            return False
        bulk = {"OB", "OW"}
        if element.vr not in known and not {element.vr, *known} <= bulk | {"US", "SS"}:
            raise unsound(3909, tag=shown_tag(tag), vr=element.vr, offset=0)
        return True

    def _remember(self, element: Element, facts: PixelFacts) -> None:
        if element.tag in PIXEL_FACTS and isinstance(element.value, bytes):
            if element.vr in STRING_VRS:
                facts.take_text(element.tag, element.value.decode("latin_1").strip("\0 "))
            else:
                facts.take_number(element.tag, element.value)

    def _one(self, element: Element, facts: PixelFacts, depth: int) -> Iterator[bytes]:
        match element.value:
            case bytes() as value:
                self._check_pixels(element, facts, len(value))
                yield _element(element.tag, element.vr, value)
            case Range() as lies:
                self._check_pixels(element, facts, lies.length)
                yield _header(element.tag, element.vr, lies.length)
                yield from self._copied(lies)
            case Fragments() as pixels:
                yield from self._fragments(element, pixels, facts)
            case Items() as sequence:
                yield _header(element.tag, "SQ", UNDEFINED)
                for item in sequence.items:
                    yield _ITEM + b"\xff\xff\xff\xff"
                    yield from self.elements(item, depth + 1)
                    yield b"\xfe\xff\x0d\xe0\0\0\0\0"
                yield _SEQUENCE_END

    def _check_pixels(self, element: Element, facts: PixelFacts, length: int) -> None:
        """A range is for pixels, and for bulk of other kinds up to the profile's longest value."""
        if element.tag == PIXELS or element.tag in FLOAT_PIXELS:
            bits = FLOAT_PIXELS.get(element.tag)
            for wrong in pixel_faults(facts, length, self._limits.pixels, bits):
                raise unsound(wrong.number, **wrong.fields)
        elif length > self._profile.value_bytes or (
            length > HELD_BYTES and element.vr in STRING_VRS - {"UT", "UC", "UR", "DS", "IS"}
        ):
            limit = self._profile.value_bytes
            raise unsound(3925, tag=shown_tag(element.tag), size_bytes=length, limit_bytes=limit)

    def _copied(self, lies: Range) -> Iterator[bytes]:
        if lies.word_bytes not in (1, 2, 4, 8) or lies.length < 0:
            raise unsound(3905, tag="*", offset=lies.at, length=lies.length, left=0)
        if lies.length % 2 or not 0 <= lies.at <= self._source.size_bytes - lies.length:
            left = self._source.size_bytes - lies.at
            raise unsound(3905, tag="*", offset=lies.at, length=lies.length, left=left)
        copied = 0
        for piece in self._source.chunks(lies.at, lies.length, _PIECE_BYTES):
            copied += len(piece)
            yield turned_round(piece, lies.word_bytes) if lies.word_bytes > 1 else piece
        if copied != lies.length:
            raise unsound(3905, tag="*", offset=lies.at, length=lies.length, left=copied)

    def _fragments(self, element: Element, pixels: Fragments, facts: PixelFacts) -> Iterator[bytes]:
        """An offset table of our own, then each fragment as it was."""
        if self._syntax not in CODESTREAMS or element.tag != PIXELS:
            raise unsound(3916, offset=0, reason="encapsulated")
        if not facts.complete() or len(pixels.frames) != facts.frames or not all(pixels.frames):
            raise unsound(3916, offset=0, reason="frames")
        yield _header(element.tag, "OB", UNDEFINED)
        offsets, at = [], 0
        for frame in pixels.frames:
            offsets.append(at)
            at += sum(8 + fragment.length for fragment in frame)
        # Offsets have 32 bits: a larger object does without the table, as A.4 allows.
        table = struct.pack(f"<{len(offsets)}I", *offsets) if at < 1 << 32 else b""
        yield _ITEM + struct.pack("<I", len(table)) + table
        for frame in pixels.frames:
            for fragment in frame:
                yield _ITEM + struct.pack("<I", fragment.length)
                yield from self._copied(fragment)
        yield _SEQUENCE_END
