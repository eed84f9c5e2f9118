"""PDF, as the sending guard reads it: qpdf (pikepdf) for objects, PDFium for words, and the bytes' layout.

    layout of all bytes --each revision--> qpdf, repairing nothing --its JSON--> Document --> judge
                                        --> PDFium --> words of each page

Every object that lies in the file is listed by the table of a revision, and every table lists only what
lies there. An older revision is opened as what it was: the file up to its end.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import msgspec
import pikepdf

from gateway.inspection.content import Content
from gateway.inspection.formats.contract import FormatLimits, Item
from gateway.inspection.formats.pdf import (
    WORD,
    Complaints,
    Digest,
    Document,
    PdfProfile,
    Stored,
    encrypted,
    page_references,
    text_pieces,
    unsound,
    whole,
)
from gateway.inspection.formats.pdf_allowed import allowed
from gateway.inspection.formats.pdf_judge import judge
from gateway.inspection.formats.pdf_parts import PdfPart
from gateway.inspection.sending.formats.pdf_layout import END_STREAM, Layout, Placed, layout_of
from gateway.inspection.sending.formats.pdf_texts import is_untold, pages_of
from gateway.inspection.unsound import Fault, Unsound

_TROUBLE: Final = (
    *(pikepdf.PdfError, pikepdf.PikepdfError, ValueError, TypeError, RuntimeError, LookupError),
    *(
        RecursionError,
        MemoryError,
        msgspec.DecodeError,
        UnicodeError,
        AttributeError,
        OverflowError,
    ),
)
_COMPRESSED: Final = 2
# /Size that is larger than it needs to be, as programs write that have freed objects.
_HARMLESS: Final = "reported number of objects"
_ENCRYPT: Final = re.compile(rb"/Encrypt\s*(?:<<|\d+\s+\d+\s+R)")


def check(content: Content, limits: FormatLimits, profile: PdfProfile) -> Iterator[Item]:
    """Faults, texts and files of a document. Raises Unsound 3870 to 3878, 3889 to 3891, 3898, OSError."""
    data = whole(content, profile)
    complaints = Complaints()
    read = _read(data, limits, profile, complaints)
    yield from complaints.take()
    yield from judge(read.document, limits, profile)
    if profile.page_texts or profile.texts_needed:
        yield from _words(data, read, limits, profile)


def digest(content: Content, limits: FormatLimits, profile: PdfProfile) -> Digest:
    """What the receiving side must find alike. Raises what check raises."""
    read = _read(whole(content, profile), limits, profile, Complaints())
    pages = sum(1 for _ in page_references(read.document, limits))
    return Digest(pages, len(read.layout.ends), len(read.document.current))


def parts(content: Content, limits: FormatLimits, profile: PdfProfile) -> Iterator[PdfPart]:
    """What the document written anew is made of. Raises what check raises, and Unsound 3867, 3868."""
    complaints = Complaints()
    read = _read(whole(content, profile), limits, profile, complaints)
    for fault in complaints.take():
        raise Unsound(fault.number, fault.word, **fault.fields)
    yield from allowed(read.document, limits, profile, names_exact=True)


@dataclass(slots=True)
class _Read:
    """One file. listed: what tables list, as (number, generation, offset); packed: (number, stream)."""

    layout: Layout
    document: Document = field(default_factory=Document)
    listed: set[tuple[int, int, int]] = field(default_factory=set)
    packed: set[tuple[int, int]] = field(default_factory=set)


def _read(data: bytes, limits: FormatLimits, profile: PdfProfile, complaints: Complaints) -> _Read:
    try:
        read = _Read(layout_of(data, limits, profile, complaints))
    except Unsound as error:
        # What cannot be decoded may be encrypted: then that is what there is to say.
        if _ENCRYPT.search(data) is not None:
            raise encrypted() from error
        raise
    placed = {one.at: one for one in read.layout.objects}
    seen: set[tuple[str, int]] = set()
    # The newest first: what it shows is current, of the older ones only what it replaced is new.
    for end in reversed(read.layout.ends):
        try:
            _revision(data, end, read, placed, seen)
        except pikepdf.PasswordError as error:
            raise encrypted() from error
        except _TROUBLE as error:
            raise unsound(3871, reason=_reason(error)) from error
    read.document.trailers.reverse()
    _compare(read, complaints)
    return read


def _reason(error: Exception) -> str:
    """qpdf names the stream object, which differs from run to run."""
    return str(error).rpartition(">")[2].strip(" :")[:80] or type(error).__name__


def _revision(
    data: bytes, end: int, read: _Read, placed: dict[int, Placed], seen: set[tuple[str, int]]
) -> None:
    source = io.BytesIO(data if end == len(data) else data[:end])
    with pikepdf.open(
        source, attempt_recovery=False, suppress_warnings=True, inherit_page_attributes=False
    ) as pdf:
        if pdf.is_encrypted:
            raise encrypted()
        table = pdf.get_xref_table()
        written = io.BytesIO()
        pdf.write_qpdf_json(
            written,
            decode_level=pikepdf.StreamDecodeLevel.none,
            json_stream_data=pikepdf.JSONStreamData.none,
        )
        for warning in pdf.get_warnings():
            if _HARMLESS in str(warning):
                continue
            raise unsound(3871, reason=_reason(Exception(warning)))
    places: dict[str, int] = {}
    for (number, generation), entry in table.items():
        at, holder = entry.offset, entry.obj_stream_number
        if entry.type == _COMPRESSED and holder is not None:
            read.packed.add((number, holder))
            places[f"{number} 0 R"] = -holder
        elif at is not None:
            read.listed.add((number, generation, at))
            places[f"{number} {generation} R"] = at
    _take(msgspec.json.decode(written.getbuffer())["qpdf"][1], data, places, read, placed, seen)


def _take(
    objects: dict[str, Any], data: bytes, places: dict[str, int], read: _Read,
    placed: dict[int, Placed], seen: set[tuple[str, int]],
) -> None:  # fmt: skip
    newest = not read.document.trailers
    read.document.trailers.append(objects.pop("trailer")["value"])
    for key, one in objects.items():
        ref = key.removeprefix("obj:")
        at = places.get(ref, 0)
        if (ref, at) in seen:
            continue
        seen.add((ref, at))
        if "stream" in one:
            value = one["stream"]["dict"]
            stored = Stored(ref, value, partial(_body, data, placed.get(at), ref, value, objects))
        else:
            stored = Stored(ref, one["value"])
        read.document.objects.append(stored)
        if newest:
            read.document.current[ref] = stored


def _body(
    data: bytes, placed: Placed | None, ref: str, value: dict[str, Any], objects: dict[str, Any]
) -> bytes:
    """The data of a stream, if it ends where its length says. Raises Unsound 3891."""
    length = value.get("/Length")
    if isinstance(length, str):
        length = objects.get(f"obj:{length}", {}).get("value")
    if placed is None or placed.body is None or not isinstance(length, int):
        raise unsound(3891, object=ref, reason="/Length")
    start = placed.body[0]
    if END_STREAM.match(data, start + length) is None or start + length > placed.body[1] + 2:
        raise unsound(3891, object=ref, reason="/Length")
    return data[start : start + length]


def _compare(read: _Read, complaints: Complaints) -> None:
    """What lies in the file and what its tables list must be the same."""
    lying = {(one.number, one.generation, one.at): one for one in read.layout.objects}
    for number, _, at in sorted(read.listed - lying.keys())[:3]:
        complaints.add(3874, object=f"{number}", what=f"nothing at byte {at}")
    for place in sorted(lying.keys() - read.listed)[:3]:
        # The table itself need not list itself.
        if b"/XRef" not in lying[place].value or lying[place].body is None:
            complaints.add(3874, object=f"{place[0]}", what=f"no table lists byte {place[2]}")
    inside = {(number, one.number) for one in lying.values() for number in one.inside}
    for number, stream in sorted(inside ^ read.packed)[:3]:
        complaints.add(3874, object=f"{number}", what=f"in the stream {stream}")


def _words(data: bytes, read: _Read, limits: FormatLimits, profile: PdfProfile) -> Iterator[Item]:
    """Words of pages, the current revision last."""
    for revision, end in enumerate(read.layout.ends, 1):
        last = end == read.layout.ends[-1]
        label = "page" if last else f"revision {revision} page"
        pages = 0
        try:
            for pages, text in pages_of(data if last else data[:end], limits):
                yield from text_pieces(f"{label} {pages}", text)
                if profile.texts_needed and is_untold(text):
                    yield Fault(WORD, 3895, {"object": f"{label} {pages}", "font": ""})
        except Unsound as error:
            if error.fault.number != 3899 or profile.texts_needed:
                raise
            continue
        if last and pages != sum(1 for _ in page_references(read.document, limits)):
            yield Fault(
                WORD, 3899, {"page": pages, "reason": "PDFium counts other pages than qpdf"}
            )
