"""Objects of a PDF by pypdf, from the first byte to the last, each as it lies there (7.5).

pypdf's own reader asks the tables; here they are asked only for lengths, and compared at the end. Values
become those of gateway.inspection.formats.pdf.
"""

from __future__ import annotations

import io
import logging
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import pypdf
import pypdf._codecs._codecs
import pypdf._codecs.core_font_metrics
import pypdf.filters
import pypdf.xmp
from pypdf import generic
from pypdf import overwrite_configuration as _overwrite
from pypdf.errors import PyPdfError
from pypdf.generic import read_object

from gateway.inspection.formats.contract import FormatLimits
from gateway.inspection.formats.pdf import (
    Complaints,
    Document,
    PdfProfile,
    Stored,
    Value,
    encrypted,
    unsound,
)
from gateway.inspection.formats.pdf_streams import decoded, filters_of, has_predictor

# pypdf asks for these while it reads; in a sandbox nothing can be imported any more.
_LOADED: Final = (pypdf._codecs._codecs, pypdf._codecs.core_font_metrics, pypdf.filters, pypdf.xmp)
TROUBLE: Final = (
    *(PyPdfError, ValueError, TypeError, LookupError, AttributeError, AssertionError, EOFError),
    *(ArithmeticError, RecursionError, MemoryError, NotImplementedError, RuntimeError, OSError),
    *(zlib.error, UserWarning),
)
# Its warnings are for people who mend files; what matters of them is refused here.
logging.getLogger("pypdf").addHandler(logging.NullHandler())
logging.getLogger("pypdf").propagate = False
_WHITE: Final = b"\x00\t\n\x0c\r "
_BEGIN: Final = re.compile(rb"(\d{1,10})\s+(\d{1,5})\s+obj(?![A-Za-z0-9])")
_AFTER: Final = re.compile(rb"[\x00\s]*(?:%[^\r\n]{0,100}[\r\n]+\s*)?endobj")
_NEXT: Final = re.compile(
    rb"[\x00\s]+|%[^\r\n]*|xref\s[\s\d]*\d[\s\dfn]*|startxref\s+\d{1,12}\s+%%EOF"
)
_TRAILER: Final = re.compile(rb"trailer\s*(?=<<)")
_HIDDEN: Final = re.compile(
    rb"/[^\s()<>\[\]{}/%]*#(?:3[0-9]|4[1-9A-Fa-f]|5[0-9Aa]|6[1-9A-Fa-f]|7[0-9Aa])"
)
_STRINGS: Final = re.compile(rb"\([^()\\]*(?:\\.[^()\\]*)*\)", re.S)
_LENGTH: Final = re.compile(rb"/Length\s+(\d{1,10})(?:\s+(\d{1,5})\s+R)?")
_COMMENT_BYTES: Final = 2048
_ELEMENTS: Final = 200_000


@dataclass(slots=True)
class Reader:
    """One file. places: where each object begins; revisions: behind each end of one.

    sections: trailers by where their table begins; start: what the last startxref says.
    """

    data: bytes
    limits: FormatLimits
    profile: PdfProfile
    complaints: Complaints
    pdf: pypdf.PdfReader
    document: Document = field(default_factory=Document)
    places: dict[int, tuple[int, int]] = field(default_factory=dict)
    revisions: list[int] = field(default_factory=list)
    _by_place: dict[int, Stored] = field(default_factory=dict)
    _packed: dict[tuple[int, int], Stored] = field(default_factory=dict)
    sections: dict[int, dict[str, Value]] = field(default_factory=dict)
    start: int = -1
    _table_at: int = -1
    _comments: int = 0


def opened(data: bytes) -> pypdf.PdfReader:
    """pypdf's reader of a file, strict. Raises Unsound 3871, 3875."""
    # Nothing is handed to a program, and nothing decoded beyond what was counted before.
    _overwrite(
        jbig2dec_binary=None, disable_legacy_handling=True, array_maximum_element_count=_ELEMENTS
    )
    try:
        pdf = pypdf.PdfReader(io.BytesIO(data), strict=True)
        if pdf.is_encrypted:
            raise encrypted()
    except TROUBLE as error:
        raise unsound(3871, reason=str(error)[:80] or type(error).__name__) from error
    return pdf


def read(data: bytes, limits: FormatLimits, profile: PdfProfile, complaints: Complaints) -> Reader:
    """All objects of the file. Raises Unsound 3871 to 3877, 3889 to 3891, 3898."""
    _depth_counted(data, limits)
    reader = Reader(data, limits, profile, complaints, opened(data))
    stream, at = io.BytesIO(data), 8
    while at < len(data):
        if (begin := _BEGIN.match(data, at)) is not None:
            at = _object(reader, stream, begin)
        elif (trailer := _TRAILER.match(data, at)) is not None:
            stream.seek(trailer.end())
            value = neutral(_asked(reader, stream), limits.depth)
            if not isinstance(value, dict) or "/Encrypt" in value:
                raise encrypted()
            reader.document.trailers.append(value)
            reader.sections[reader._table_at] = value
            at = stream.tell()
        elif (other := _NEXT.match(data, at)) is not None:
            at = _between(reader, other)
        else:
            raise unsound(3873, offset=at)
    _settle(reader)
    return reader


def _between(reader: Reader, found: re.Match[bytes]) -> int:
    if found[0][:1] == b"%":
        reader._comments += len(found[0])
        if reader._comments > _COMMENT_BYTES:
            raise unsound(3873, offset=found.start())
    elif found[0].startswith(b"xref"):
        reader._table_at = found.start()
    elif found[0].endswith(b"%%EOF"):
        reader.revisions.append(found.end())
        reader.start = int(found[0].split()[1])
    return found.end()


def _depth_counted(data: bytes, limits: FormatLimits) -> None:
    """Brackets in a row, before a parser goes down with them: what is deeper there is deeper anyway."""
    if re.search(rb"(?:(?:\[|<<(?:\s*/[A-Za-z]*)?)\s*){%d}" % (limits.depth + 1), data) is not None:
        raise unsound(3876, object="", limit=limits.depth)


def _asked(reader: Reader, stream: io.BytesIO) -> Any:
    try:
        return read_object(stream, reader.pdf)
    except TROUBLE as error:
        raise unsound(3871, reason=str(error)[:80] or type(error).__name__) from error


def _object(reader: Reader, stream: io.BytesIO, begin: re.Match[bytes]) -> int:
    start = begin.end()
    while reader.data[start : start + 1] and reader.data[start] in _WHITE:
        start += 1
    stream.seek(start)
    found = _asked(reader, stream)
    ref = f"{int(begin[1])} {int(begin[2])} R"
    body: bytes | None = getattr(found, "_data", None)
    end = _AFTER.match(reader.data, stream.tell())
    if end is None:
        raise unsound(3871, reason=f"object {ref} does not end")
    value = neutral(found, reader.limits.depth)
    if body is not None and isinstance(value, dict):
        head = reader.data[start : max(start, stream.tell() - len(body) - len(b"endstream"))]
        _length_told(reader, ref, head, body)
        stored = Stored(ref, value, partial(bytes, body))
    else:
        body, stored = None, Stored(ref, value)
    text_end = stream.tell() - (0 if body is None else len(body) + len(b"endstream"))
    _named(reader, ref, reader.data[start : max(start, text_end)])
    reader.places[begin.start()] = (int(begin[1]), int(begin[2]))
    reader._by_place[begin.start()] = stored
    reader.document.objects.append(stored)
    if len(reader.document.objects) > reader.limits.values:
        raise unsound(3877, limit=reader.limits.values)
    if isinstance(value, dict) and body is not None and value.get("/Type") == "/XRef":
        if "/Encrypt" in value:
            raise encrypted()
        reader.document.trailers.append(value)
        reader.sections[begin.start()] = value
    if isinstance(value, dict) and body is not None and value.get("/Type") == "/ObjStm":
        _unpacked(reader, int(begin[1]), stored, body)
    return end.end()


def _length_told(reader: Reader, ref: str, head: bytes, body: bytes) -> None:
    """pypdf mends a wrong length, and forgets what it was; here it is wrong."""
    told = _LENGTH.search(head)
    length = -1 if told is None else int(told[1])
    if told is not None and told[2] is not None:
        try:
            asked = generic.IndirectObject(length, int(told[2]), reader.pdf)
            length = neutral(asked.get_object(), 2)
        except TROUBLE as error:
            raise unsound(3891, object=ref, reason="/Length") from error
    if length != len(body):
        raise unsound(3891, object=ref, reason="/Length")


def _named(reader: Reader, ref: str, text: bytes) -> None:
    if _HIDDEN.search(text) is not None and (bad := _HIDDEN.search(_STRINGS.sub(b"()", text))):
        what = bad[0][:40].decode("latin-1")
        reader.complaints.add(3896, object=ref, what=what)


def _unpacked(reader: Reader, number: int, stored: Stored, body: bytes) -> None:
    """Every object of a stream of objects (7.5.7), whether a table lists it or not."""
    filters = filters_of(reader.document, stored.value)
    if has_predictor(reader.document, stored.value):
        raise unsound(3889, filters="of objects")
    plain = b"".join(decoded(stored.ref, body, filters, reader.profile.stream_bytes))
    _depth_counted(plain, reader.limits)
    first, count = stored.value.get("/First"), stored.value.get("/N")
    if not isinstance(first, int) or not isinstance(count, int) or not 0 <= first <= len(plain):
        raise unsound(3871, reason="a stream of objects without /N and /First")
    pairs = plain[:first].split()
    if len(pairs) != 2 * count or not all(one.isdigit() for one in pairs):
        raise unsound(3871, reason="the table of a stream of objects")
    if count > reader.limits.values:
        raise unsound(3877, limit=reader.limits.values)
    _named(reader, stored.ref, plain[first:])
    stream, behind = io.BytesIO(plain), first
    for inner, offset in zip(pairs[::2], pairs[1::2], strict=True):
        if plain[behind : first + int(offset)].strip(_WHITE) or first + int(offset) < behind:
            raise unsound(3873, offset=behind)
        stream.seek(first + int(offset))
        one = Stored(f"{int(inner)} 0 R", neutral(_asked(reader, stream), reader.limits.depth))
        behind = stream.tell()
        reader.document.objects.append(one)
        reader._packed[(int(inner), number)] = one
    if plain[behind:].strip(_WHITE):
        raise unsound(3873, offset=behind)


def _chained(reader: Reader) -> None:
    """Every table names the one before it, down to the first, and none twice. Raises Unsound 3874."""
    at, seen = reader.start, set[int]()
    while True:
        section = reader.sections.get(at)
        if section is None or at in seen:
            raise unsound(3874, object="xref", what=f"byte {at}")
        seen.add(at)
        mixed = section.get("/XRefStm")
        if mixed is not None and mixed not in reader.sections:
            raise unsound(3874, object="xref", what="/XRefStm")
        if section.get("/Prev") is None:
            return
        at = section["/Prev"]


def _settle(reader: Reader) -> None:
    """What is current, by pypdf's tables; what they list must lie there. Raises Unsound 3873, 3898."""
    linearized = reader.document.objects and isinstance(reader.document.objects[0].value, dict)
    if linearized and "/Linearized" in reader.document.objects[0].value:
        del reader.revisions[: len(reader.revisions) > 1]
        # The first trailer of such a file is the main one; the last in the file is of the rest.
        reader.document.trailers.append(neutral(dict(reader.pdf.trailer), reader.limits.depth))
    if not reader.revisions or not reader.document.trailers:
        raise unsound(3873, offset=len(reader.data))
    if reader.data[reader.revisions[-1] :].strip(_WHITE):
        raise unsound(3873, offset=reader.revisions[-1])
    if len(reader.revisions) > reader.profile.revisions:
        limit = reader.profile.revisions
        raise unsound(3898, revisions=len(reader.revisions), limit=limit)
    _chained(reader)
    for generation, table in reader.pdf.xref.items():
        for number, at in table.items():
            if reader.pdf.xref_free_entry.get(generation, {}).get(number):
                continue
            stored = reader._by_place.get(at)
            if stored is None or reader.places[at] != (number, generation):
                reader.complaints.add(3874, object=f"{number}", what=f"nothing at byte {at}")
            else:
                reader.document.current[stored.ref] = stored
    for number, (holder, _) in reader.pdf.xref_objStm.items():
        packed = reader._packed.get((number, holder))
        if packed is None:
            reader.complaints.add(3874, object=f"{number}", what=f"in the stream {holder}")
        else:
            reader.document.current[packed.ref] = packed


def neutral(found: Any, depth: int) -> Value:
    """A value of pypdf as gateway.inspection.formats.pdf has it. Raises Unsound 3876."""
    if depth < 0:
        raise unsound(3876, object="", limit=0)
    match found:
        case generic.NameObject():
            return str(found)
        case generic.IndirectObject():
            return f"{found.idnum} {found.generation} R"
        case dict():
            return dict(_pairs(found, depth))
        case list():
            return [neutral(one, depth - 1) for one in found]
        case generic.TextStringObject():
            return f"u:{found}"
        case generic.ByteStringObject():
            return f"b:{found.hex()}"
        case generic.BooleanObject():
            return bool(found.value)
        case generic.NullObject() | None:
            return None
        case generic.NumberObject():
            return int(found)
        case _:
            return float(found)


def _pairs(found: dict[Any, Any], depth: int) -> Iterator[tuple[str, Value]]:
    for key, value in found.items():
        yield str(key), neutral(dict.get(found, key, value), depth - 1)
