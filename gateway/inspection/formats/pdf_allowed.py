"""What a PDF written anew is made of, as parts: pages, their marks, fonts and pictures, and nothing else.

    Document --pages in order, key by key of the list--> PdfPage ...
             --what they refer to, each once-----------> PdfObject, PdfStream PdfPiece ...

Runs where the file was read; who writes believes nothing of it. What is not on the list of pdf_parts is
left out; what is on it with a value that cannot stand there refuses the file, so that nothing looks
otherwise than it did.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

import msgspec

from gateway.inspection.formats.contract import FormatLimits
from gateway.inspection.formats.pdf import (
    Document,
    PdfProfile,
    Stored,
    Value,
    encrypted,
    is_reference,
    unsound,
)
from gateway.inspection.formats.pdf_judge import StreamsJudged
from gateway.inspection.formats.pdf_marks import pages_of, with_marks
from gateway.inspection.formats.pdf_parts import (
    COLOURS,
    KEYS,
    MAPS,
    MAX_OBJECT_BYTES,
    MAX_OBJECT_DEPTH,
    MAX_PIECE_BYTES,
    MAYBE_STREAMS,
    NAMES,
    STREAMS,
    Array,
    Dictionary,
    Name,
    PdfObject,
    PdfPage,
    PdfPart,
    PdfPiece,
    PdfStream,
    PdfValue,
    Ref,
    String,
    alternatives,
)
from gateway.inspection.formats.pdf_strings import name_bytes, string_bytes
from gateway.inspection.unsound import Unsound


def allowed(
    document: Document, limits: FormatLimits, profile: PdfProfile, *, names_exact: bool
) -> Iterator[PdfPart]:
    """The parts; each below 256 KiB when encoded.

    names_exact: whether the reader gives names byte by byte; where it does not (pypdf tries encodings),
    a name beyond ASCII that contents refer to refuses the file, as what it names would not be found.

    Raises Unsound 3867, 3868, 3875 to 3878, and what a stream that is taken is refused for.
    """
    if any(trailer.get("/Encrypt") is not None for trailer in document.trailers):
        raise encrypted()
    yield from _Taking(document, limits, profile, names_exact).parts()


class _Taking:
    """One document. numbers: of what is referred to, by where it stands and what it is taken as."""

    def __init__(
        self, document: Document, limits: FormatLimits, profile: PdfProfile, names_exact: bool
    ) -> None:
        self._document, self._limits, self._names_exact = document, limits, names_exact
        self._streams = StreamsJudged(document, limits, profile)
        self._numbers: dict[tuple[str, str], int] = {}
        self._waiting: deque[tuple[int, Stored, str]] = deque()
        self._last = 0
        self._values = 0
        self._ref = ""

    def parts(self) -> Iterator[PdfPart]:
        for count, page in enumerate(pages_of(self._document, self._limits), 1):
            self._ref = f"page {count}"
            self._last += 1
            number = self._last
            value = self._dictionary(with_marks(self._document, page), "page", 0)
            yield self._fitting(PdfPage(number, value))
            # Numbers are given in the order in which the objects are first referred to, and come out.
            while self._waiting:
                yield from self._object(*self._waiting.popleft())

    def _object(self, number: int, stored: Stored, kind: str) -> Iterator[PdfPart]:
        self._ref = stored.ref
        if stored.data is None:
            value = self._taken(stored.value, frozenset([kind]), 0)
            yield self._fitting(PdfObject(number, kind, value))
            return
        for fault in self._streams.faults(stored):
            raise Unsound(fault.number, fault.word, **fault.fields)
        data = stored.data()
        dictionary = self._dictionary(stored.value, kind, 0, of_stream=True)
        yield self._fitting(PdfStream(number, dictionary, len(data)))
        for at in range(0, len(data), MAX_PIECE_BYTES):
            yield PdfPiece(data[at : at + MAX_PIECE_BYTES])

    def _fitting(self, part: PdfPart) -> PdfPart:
        if len(msgspec.msgpack.encode(part)) > MAX_OBJECT_BYTES:
            raise unsound(3868, what="bytes in one object", limit=MAX_OBJECT_BYTES)
        return part

    def _wrong(self, what: str) -> Unsound:
        return unsound(3867, object=self._ref, reason=what[:80])

    def _taken(self, value: Value, wanted: frozenset[str], depth: int) -> PdfValue:
        """A value as it goes out. wanted: what the list has there."""
        self._values += 1
        if self._values > self._limits.values:
            raise unsound(3877, limit=self._limits.values)
        if depth > MAX_OBJECT_DEPTH:
            raise unsound(3876, object=self._ref, limit=MAX_OBJECT_DEPTH)
        if isinstance(value, str) and is_reference(value):
            stored = self._stored(value)
            if stored is None or stored.value is None:
                return None
            kind = self._kind(stored.value, wanted, of_stream=stored.data is not None)
            if kind in KEYS:
                return self._referred(stored, kind)
            if stored.data is not None:
                raise self._wrong("a stream where none stands")
            value = stored.value
        match value:
            case None:
                return None
            case bool() if "b" in wanted:
                return value
            case int() | float() if "n" in wanted and not isinstance(value, bool):
                return int(value) if abs(value) < 1 << 53 and value == int(value) else value
            case str() if value[0] in "/n" and ("N" in wanted or "colour" in wanted):
                return Name(name_bytes(value))
            case str() if value[0] in "ub" and "s" in wanted:
                return String(string_bytes(value))
            case list():
                return self._array(value, wanted, depth)
            case dict() if (kind := self._kind(value, wanted, of_stream=False)) is not None:
                return self._dictionary(value, kind, depth)
            case _:
                raise self._wrong(f"a value that is no {' or '.join(sorted(wanted))}")

    def _stored(self, ref: str) -> Stored | None:
        """Where a reference leads in the end."""
        for _ in range(8):
            stored = self._document.current.get(ref)
            onwards = stored is not None and isinstance(stored.value, str)
            if stored is None or not onwards or not is_reference(stored.value):
                return stored
            ref = stored.value
        return None

    def _referred(self, stored: Stored, kind: str) -> Ref:
        number = self._numbers.get((stored.ref, kind))
        if number is None:
            self._last += 1
            number = self._numbers[stored.ref, kind] = self._last
            self._waiting.append((number, stored, kind))
        return Ref(number)

    def _kind(self, value: Value, wanted: frozenset[str], *, of_stream: bool) -> str | None:
        """What a dictionary, a stream or the array of a colour space is taken as; None for nothing."""
        if isinstance(value, list):
            return "colour" if "colour" in wanted else None
        if not isinstance(value, dict):
            return None
        if {"image", "form"} <= wanted:
            subtype = self._document.resolved(value.get("/Subtype"))
            return {"/Image": "image", "/Form": "form"}.get(str(subtype)) if of_stream else None
        for kind in wanted:
            streams = kind in STREAMS or kind in MAYBE_STREAMS
            if kind in MAPS and not of_stream:
                return kind
            if (
                kind in KEYS
                and kind != "colour"
                and (streams if of_stream else kind not in STREAMS)
            ):
                return kind
        return None

    def _array(self, value: list[Value], wanted: frozenset[str], depth: int) -> PdfValue:
        if "colour" in wanted:
            return self._colour(value, depth)
        inner = frozenset({one[:-1] for one in wanted if one[-1] == "*"} | ({"n*"} & wanted))
        if not inner:
            raise self._wrong("an array where none stands")
        return Array([self._taken(one, inner, depth + 1) for one in value])

    def _colour(self, value: list[Value], depth: int) -> PdfValue:
        family = self._document.resolved(value[0]) if value else None
        if not isinstance(family, str) or family[1:].encode() not in COLOURS:
            raise self._wrong("a colour space that is not on the list")
        made: list[PdfValue] = [Name(family[1:].encode())]
        for what, one in zip(COLOURS[family[1:].encode()], value[1:], strict=False):
            found = self._document.resolved(one)
            if isinstance(found, str) and "s" in what.split("|") and found[1] == ":":
                most = self._document.resolved(value[2])
                colours = most + 1 if isinstance(most, int) else 1
                made.append(String(string_bytes(found, colours)))
            else:
                made.append(self._taken(one, alternatives(what), depth + 1))
        return Array(made)

    def _dictionary(
        self, value: dict[str, Value], kind: str, depth: int, *, of_stream: bool = False
    ) -> Dictionary:
        given = MAPS.get(kind)
        made: list[tuple[bytes, PdfValue]] = []
        for name, one in sorted(value.items()):
            key = name_bytes(name)
            if given is not None and not (self._names_exact or key.isascii()):
                raise self._wrong("a name beyond ASCII, which this reader may have changed")
            wanted = KEYS[kind].get(key) if given is None else given
            if wanted is None or (not of_stream and key in (b"Filter", b"DecodeParms")):
                continue
            if kind == "xobject{}" and not self._is_picture(one):
                continue
            taken = self._taken(one, wanted, depth + 1)
            names = NAMES.get((kind, key))
            if taken is None or (names is not None and taken not in [Name(n) for n in names]):
                continue
            made.append((key, taken))
        return Dictionary(kind, made)

    def _is_picture(self, value: Value) -> bool:
        """Drawings in PostScript (8.8.2) are for printers; no viewer shows one."""
        subtype = self._document.dictionary(value).get("/Subtype")
        return self._document.resolved(subtype) in ("/Image", "/Form")
