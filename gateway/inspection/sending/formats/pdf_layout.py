"""How the bytes of a PDF lie (7.5), read from the first to the last without asking any table in it.

    %PDF-1.7  { N G obj ... endobj | xref table | trailer | startxref } %%EOF  { the same } %%EOF

Every byte belongs to one of these, or is a blank or a short comment; else the file holds what no reader
of PDF shows. Values are only counted, for limits before qpdf takes memory; their meaning is qpdf's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from gateway.inspection.formats.contract import FormatLimits
from gateway.inspection.formats.pdf import Complaints, PdfProfile, encrypted, unsound
from gateway.inspection.formats.pdf_streams import decoded

END_STREAM: Final = re.compile(rb"(?:\r\n|\r|\n)?[ ]?endstream[\x00\t\n\x0c\r ]+endobj")
_BLANK: Final = re.compile(rb"[\x00\t\n\x0c\r ]+")
_COMMENT: Final = re.compile(rb"%[^\r\n]*")
_OBJECT: Final = re.compile(
    rb"(\d{1,10})[\x00\t\n\x0c\r ]+(\d{1,5})[\x00\t\n\x0c\r ]+obj(?![a-zA-Z0-9])"
)
_TABLE: Final = re.compile(
    rb"xref[\x00\t\n\x0c\r ]+(?:\d{1,10}[ ]+\d{1,10}[ ]*[\r\n]+(?:\d{10} \d{5} [nf][ \r\n]{1,2})*[\r\n ]*)+"
)
_TRAILER: Final = re.compile(rb"trailer(?=[\x00\t\n\x0c\r <])")
_START: Final = re.compile(
    rb"startxref[\x00\t\n\x0c\r ]+(\d{1,12})[\x00\t\n\x0c\r ]+%%EOF(?:\r\n|\r|\n)?"
)
_STRING: Final = re.compile(rb"\([^()\\]*(?:\\.[^()\\]*)*\)", re.S)
_BRACKET: Final = re.compile(rb"\\.|[()]", re.S)
_TOKEN: Final = re.compile(
    rb"(?P<blank>[\x00\t\n\x0c\r ]+)|(?P<name>/[^\x00\t\n\x0c\r ()<>\[\]{}/%]*)"
    rb"|(?P<open><<|\[)|(?P<close>>>|\])|(?P<hex><[0-9A-Fa-f\x00\t\n\x0c\r ]*>)|(?P<string>\()"
    rb"|(?P<word>[^\x00\t\n\x0c\r ()<>\[\]{}/%]+)|(?P<comment>%[^\r\n]*)"
)
_ENDS: Final = frozenset([b"endobj", b"stream"])
_LENGTH: Final = re.compile(
    rb"/Length[\x00\t\n\x0c\r ]+(\d{1,10})(?![\x00\t\n\x0c\r ]+\d{1,5}[\x00\t\n\x0c\r ]+R)"
)
_STREAM_BEGIN: Final = re.compile(rb"\r?\n")
# Letters and digits need no escape (7.3.5): only who hides a name writes them so.
_HIDDEN: Final = re.compile(rb"#(?:3[0-9]|4[1-9A-Fa-f]|5[0-9Aa]|6[1-9A-Fa-f]|7[0-9Aa])")
# What comments may take in all: the marks of a header, the name of a program.
_COMMENT_BYTES: Final = 2048
_OBJECTS_IN_STREAM: Final = 100_000


@dataclass(frozen=True, slots=True)
class Placed:
    """One object: where `N G obj` begins, and the bytes of its value.

    body: where the data of a stream begin and end. inside: numbers of the objects in such a stream.
    """

    number: int
    generation: int
    at: int
    value: bytes
    body: tuple[int, int] | None = None
    inside: tuple[int, ...] = ()


@dataclass(slots=True)
class Layout:
    """objects in the order of the file; ends: behind each %%EOF that ends a revision."""

    objects: list[Placed] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    values: int = 0


def layout_of(
    data: bytes, limits: FormatLimits, profile: PdfProfile, complaints: Complaints
) -> Layout:
    """Raises Unsound 3871, 3873, 3875, 3876, 3877, 3890, 3891, 3898."""
    found = Layout()
    at, comments = _header_end(data), 0
    while at < len(data):
        if (blank := _BLANK.match(data, at)) is not None:
            at = blank.end()
        elif (begin := _OBJECT.match(data, at)) is not None:
            at = _object(data, begin, found, limits, profile, complaints)
        elif (table := _TABLE.match(data, at)) is not None:
            at = table.end()
        elif (trailer := _TRAILER.match(data, at)) is not None:
            start = trailer.end()
            at = _value_end(
                data, start, found, limits, complaints, frozenset([b"startxref", b"xref"])
            )
            if b"/Encrypt" in data[start:at]:
                raise encrypted()
        elif (start_mark := _START.match(data, at)) is not None:
            at = start_mark.end()
            found.ends.append(at)
        elif (comment := _COMMENT.match(data, at)) is not None:
            comments += len(comment[0])
            at = comment.end()
            if comments > _COMMENT_BYTES:
                raise unsound(3873, offset=at)
        else:
            raise unsound(3873, offset=at)
    _judge_ends(data, found, profile)
    return found


def _header_end(data: bytes) -> int:
    mark = _COMMENT.match(data)
    return mark.end() if mark else 0


def _judge_ends(data: bytes, found: Layout, profile: PdfProfile) -> None:
    if found.objects and b"/Linearized" in found.objects[0].value and len(found.ends) > 1:
        # Its first end is that of the first page's table, and no revision (annex F).
        del found.ends[0]
    if not found.ends or data[found.ends[-1] :].strip(b"\x00\t\n\x0c\r "):
        raise unsound(3873, offset=found.ends[-1] if found.ends else len(data))
    if len(found.ends) > profile.revisions:
        raise unsound(3898, revisions=len(found.ends), limit=profile.revisions)


def _object(
    data: bytes, begin: re.Match[bytes], found: Layout, limits: FormatLimits,
    profile: PdfProfile, complaints: Complaints,
) -> int:  # fmt: skip
    start = begin.end()
    at = _value_end(data, start, found, limits, complaints, _ENDS)
    value = data[start:at]
    inside: tuple[int, ...] = ()
    where: tuple[int, int] | None = None
    if data[at : at + 6] == b"endobj":
        at += 6
    else:
        start, end, at = _stream(data, at, begin[1].decode(), value)
        where = (start, end)
        if b"/ObjStm" in value:
            body = data[start:end]
            inside = tuple(_inside(begin, value, body, found, limits, profile, complaints))
        if b"/Encrypt" in value and b"/XRef" in value:
            raise encrypted()
    found.objects.append(Placed(int(begin[1]), int(begin[2]), begin.start(), value, where, inside))
    if len(found.objects) > limits.values:
        raise unsound(3877, limit=limits.values)
    return at


def _stream(data: bytes, at: int, number: str, value: bytes) -> tuple[int, int, int]:
    """Where the data of a stream begin and end, and where its object ends."""
    first = _STREAM_BEGIN.match(data, at + 6)
    if first is None:
        raise unsound(3891, object=number, reason="no line behind stream")
    length = _LENGTH.search(value)
    if length is not None:
        end = first.end() + int(length[1])
        closing = END_STREAM.match(data, end)
    else:
        # The length stands elsewhere; qpdf compares.
        closing = END_STREAM.search(data, first.end())
        end = closing.start() if closing else 0
    if closing is None:
        raise unsound(3891, object=number, reason="/Length")
    return first.end(), end, closing.end()


def _inside(
    begin: re.Match[bytes], value: bytes, body: bytes, found: Layout, limits: FormatLimits,
    profile: PdfProfile, complaints: Complaints,
) -> Iterator[int]:  # fmt: skip
    """Numbers of the objects in a stream of objects (7.5.7), each counted and looked through."""
    ref = f"{begin[1].decode()} 0 R"
    filters = re.findall(rb"/(?:Flate|LZW|ASCII85|ASCIIHex|RunLength)Decode", value)
    if b"/Predictor" in value or (b"/Filter" in value and len(filters) != 1):
        raise unsound(3889, filters="of objects")
    names = [name.decode() for name in filters]
    plain = b"".join(decoded(ref, body, names, profile.stream_bytes))
    first = re.search(rb"/First\s+(\d{1,9})", value)
    count = re.search(rb"/N\s+(\d{1,9})", value)
    if first is None or count is None or int(first[1]) > len(plain):
        raise unsound(3871, reason="a stream of objects without /N and /First")
    pairs = plain[: int(first[1])].split()
    if len(pairs) != 2 * int(count[1]) or not all(one.isdigit() for one in pairs):
        raise unsound(3871, reason="the table of a stream of objects")
    if len(pairs) > 2 * _OBJECTS_IN_STREAM:
        raise unsound(3877, limit=_OBJECTS_IN_STREAM)
    _value_end(plain, int(first[1]), found, limits, complaints, frozenset())
    yield from (int(one) for one in pairs[::2])


def _value_end(
    data: bytes, at: int, found: Layout, limits: FormatLimits, complaints: Complaints,
    ends: frozenset[bytes],
) -> int:  # fmt: skip
    """Where one of the words that end a value begins; the end of the data if there are none."""
    depth, match = 0, _TOKEN.match
    while at < len(data):
        token = match(data, at)
        if token is None:
            raise unsound(3871, reason=f"no token at byte {at}")
        kind = token.lastgroup
        if kind == "blank":
            at = token.end()
            continue
        if kind == "word" and token[0] in ends and not depth:
            return at
        found.values += 1
        if found.values > 4 * limits.values:
            raise unsound(3877, limit=limits.values)
        at = token.end()
        match kind:
            case "open":
                depth += 1
                if depth > limits.depth:
                    raise unsound(3876, object=f"at byte {at}", limit=limits.depth)
            case "close":
                depth -= 1
            case "name" if b"#" in token[0] and _HIDDEN.search(token[0]):
                complaints.add(3896, object=f"at byte {at}", what=token[0][:40].decode("latin-1"))
            case "string":
                at = _string_end(data, token.start())
            case _:
                pass
    if ends:
        raise unsound(3871, reason="an object without an end")
    return at


def _string_end(data: bytes, at: int) -> int:
    """Behind a literal string (7.3.4.2), whose brackets may be nested."""
    if (simple := _STRING.match(data, at)) is not None:
        return simple.end()
    depth = 0
    for mark in _BRACKET.finditer(data, at):
        depth += {b"(": 1, b")": -1}.get(mark[0], 0)
        if not depth:
            return mark.end()
    raise unsound(3871, reason="a string without an end")
