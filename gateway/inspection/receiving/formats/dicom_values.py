"""The receiving side's walk as typed values, for a rebuild. Checks come first: see dicom.py."""

from __future__ import annotations

from gateway.inspection.content import Content
from gateway.inspection.formats.contract import FormatLimits
from gateway.inspection.formats.dicom import (
    CODESTREAMS,
    EXPLICIT_BE,
    IMPLICIT_LE,
    PIXEL_FACTS,
    READABLE,
    STRING_VRS,
    DicomProfile,
    unsound,
)
from gateway.inspection.formats.dicom_rules import PixelFacts
from gateway.inspection.formats.dicom_values import Builder, DicomObject
from gateway.inspection.receiving.formats.dicom_meta import read_meta
from gateway.inspection.receiving.formats.dicom_pixels import frames_of, read_fragments
from gateway.inspection.receiving.formats.dicom_walk import Kind, Seen, Walk


def read_values(content: Content, limits: FormatLimits, profile: DicomProfile) -> DicomObject:
    """Everything but pixels, which stay ranges of the content. Raises Unsound, OSError."""
    meta = read_meta(content, profile)
    if meta.transfer_syntax not in profile.transfer_syntaxes & READABLE:
        raise unsound(3904, uid=meta.transfer_syntax)
    implicit = meta.transfer_syntax == IMPLICIT_LE
    big = meta.transfer_syntax == EXPLICIT_BE
    depth, elements = min(profile.depth, limits.depth), min(profile.elements, limits.values)
    walk = Walk(content, meta.end, implicit, big, depth, elements)
    builder = Builder(big, implicit)
    facts = [PixelFacts()]
    for seen in walk.events():
        match seen.kind:
            case Kind.ELEMENT:
                _element(content, seen, builder, facts[-1])
            case Kind.FRAGMENTS:
                kind = CODESTREAMS.get(meta.transfer_syntax)
                if kind is None:
                    raise unsound(3916, offset=seen.at, reason="encapsulated")
                table, fragments, walk.at = read_fragments(content, seen.at, walk.bound)
                frames = frames_of(content, table, fragments, facts[-1], kind)
                builder.fragments(seen.tag, frames)
            case Kind.SEQUENCE:
                builder.sequence(seen.tag)
            case Kind.ITEM:
                builder.item()
                facts.append(PixelFacts())
            case Kind.ITEM_END:
                builder.item_end()
                facts.pop()
            case Kind.SEQUENCE_END:
                builder.sequence_end()
    return DicomObject(meta.transfer_syntax, meta.sop_class, meta.sop_instance, builder.built())


def _element(content: Content, seen: Seen, builder: Builder, facts: PixelFacts) -> None:
    if not builder.wants(seen.length):
        builder.range(seen.tag, seen.vr, seen.at, seen.length)
        return
    value = content.read_at(seen.at, seen.length)
    builder.value(seen.tag, seen.vr, value)
    if seen.tag in PIXEL_FACTS:
        if seen.vr in STRING_VRS:
            facts.take_text(seen.tag, value.decode("latin_1").strip("\0 "))
        else:
            facts.take_number(seen.tag, value)
