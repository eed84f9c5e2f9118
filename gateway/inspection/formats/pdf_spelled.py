"""Values of a PDF spelled as bytes, each checked against the list of pdf_parts before.

    Dictionary("font", [(b"Subtype", Name(b"Type1"))])   -->   <</Type/Font/Subtype /Type1>>

For the trusted side: what comes in was said by a sandbox, and nothing of it is believed. No I/O.
"""

from __future__ import annotations

from typing import Final

from gateway.inspection.formats.contract import FormatLimits
from gateway.inspection.formats.pdf import MAX_NAME_CHARACTERS, PdfProfile, unsound
from gateway.inspection.formats.pdf_parts import (
    COLOURS,
    FIXED,
    KEYS,
    MAPS,
    MAX_OBJECT_DEPTH,
    NAMES,
    NEEDED,
    STREAMS,
    Array,
    Dictionary,
    Name,
    PdfValue,
    Ref,
    String,
    alternatives,
)
from gateway.inspection.formats.pdf_tables import BYTE_FILTERS, IMAGE_FILTERS, MAX_FILTERS
from gateway.inspection.unsound import Unsound

# The catalogue and the pages come before the objects of the parts.
OWN_OBJECTS: Final = 2
# Beyond what readers hold a number in (annex C.2).
_MOST: Final = 1 << 31
_REGULAR: Final = frozenset(range(0x21, 0x7F)) - frozenset(b"()<>[]{}/%#")
_SPELLED: Final = [bytes([c]) if c in _REGULAR else b"#%02X" % c for c in range(256)]
_FILTER_KEYS: Final = frozenset([b"Filter", b"DecodeParms"])


class Speller:
    """The values of one document. wanted: for each object referred to, the kinds that it may be of.

    Methods raise Unsound 3867 (not on the list), 3868 (too much), and nothing else.
    """

    def __init__(self, limits: FormatLimits, profile: PdfProfile) -> None:
        self._limits = limits
        self._filters = (BYTE_FILTERS | IMAGE_FILTERS) - {
            *(() if profile.jbig2 else ("/JBIG2Decode",)),
            *(() if profile.jpx else ("/JPXDecode",)),
        }
        self._values = 0
        self._number = 0
        self.wanted: dict[int, frozenset[str]] = {}

    def spelled(self, number: int, kind: str, value: PdfValue) -> bytes:
        """An object without a stream."""
        self._number = number
        if not isinstance(value, Dictionary | Array | Name):
            raise self.wrong("an object that is no dictionary and no array")
        return self._value(value, frozenset([kind]), 0)

    def spelled_stream(self, number: int, value: Dictionary, size_bytes: int) -> bytes:
        """The dictionary of a stream of so many bytes."""
        self._number = number
        written = self._dictionary(value, 0, b"/Length %d" % size_bytes)
        items = dict(value.items)
        if value.kind == "image":
            self._pixels(items.get(b"Width"), items.get(b"Height"))
        self._filtered(items.get(b"Filter"))
        return written

    def wrong(self, reason: str) -> Unsound:
        return unsound(3867, object=self._number, reason=reason)

    def much(self, what: str, limit: int) -> Unsound:
        return unsound(3868, what=what, limit=limit)

    def _value(self, value: PdfValue, wanted: frozenset[str], depth: int) -> bytes:
        self._values += 1
        if self._values > self._limits.values:
            raise self.much("values", self._limits.values)
        if depth > MAX_OBJECT_DEPTH:
            raise self.much("levels", MAX_OBJECT_DEPTH)
        match value:
            case None:
                return b"null"
            case bool() if "b" in wanted:
                return b"true" if value else b"false"
            case int() | float() if "n" in wanted and not isinstance(value, bool):
                return self._digits(value)
            case Name(name) if "N" in wanted or "colour" in wanted:
                return self._name(name)
            case String(data) if "s" in wanted:
                return b"<%s>" % data.hex().encode()
            case Ref(number) if kinds := wanted & KEYS.keys():
                return self._reference(number, kinds)
            case Array(items):
                return self._array(items, wanted, depth)
            case Dictionary(kind) if kind in wanted and kind not in STREAMS:
                return self._dictionary(value, depth)
            case _:
                raise self.wrong(f"a value that is no {' or '.join(sorted(wanted))}"[:80])

    def _reference(self, number: int, kinds: frozenset[str]) -> bytes:
        kinds &= self.wanted.get(number, kinds)
        if not kinds or not 1 <= number <= self._limits.values:
            raise self.wrong(f"a reference to {number} as two things"[:80])
        self.wanted[number] = kinds
        return b"%d 0 R" % (number + OWN_OBJECTS)

    def _array(self, items: list[PdfValue], wanted: frozenset[str], depth: int) -> bytes:
        if "colour" in wanted:
            return self._colour(items, depth)
        # Numbers stand in arrays of arrays: widths (9.7.4.3), dashes (8.4.3.6). Others do not.
        inner = frozenset({one[:-1] for one in wanted if one[-1] == "*"} | ({"n*"} & wanted))
        if not inner:
            raise self.wrong("an array where none stands")
        return b"[%s]" % b" ".join([self._value(one, inner, depth + 1) for one in items])

    def _colour(self, items: list[PdfValue], depth: int) -> bytes:
        family = items[0] if items else None
        if not isinstance(family, Name) or family.name not in COLOURS:
            raise self.wrong("a colour space that is not on the list")
        kinds = COLOURS[family.name]
        if len(items) - 1 != len(kinds) and (family.name, len(items)) != (b"Pattern", 1):
            raise self.wrong("a colour space with too much or too little")
        rest = [
            self._value(one, alternatives(what), depth + 1)
            for one, what in zip(items[1:], kinds, strict=False)
        ]
        return b"[%s]" % b" ".join([self._name(family.name), *rest])

    def _dictionary(self, value: Dictionary, depth: int, length: bytes = b"") -> bytes:
        """length: of a stream; keys of filters stand in streams only."""
        kind = value.kind
        given = MAPS.get(kind)
        if given is None and (kind not in KEYS or kind == "colour"):
            raise self.wrong("a kind that is not on the list")
        seen: set[bytes] = set()
        written = [FIXED.get(kind, b""), length]
        for key, one in value.items:
            wanted = KEYS[kind].get(key) if given is None else given
            if wanted is None or key in seen or (not length and key in _FILTER_KEYS):
                raise self.wrong(f"a key that is not on the list of {kind}, or stands twice")
            seen.add(key)
            self._named(kind, key, one)
            written += [self._name(key), b" ", self._value(one, wanted, depth + 1)]
        for key in NEEDED.get(kind, ()):
            if dict(value.items).get(key) is None:
                raise self.wrong(f"a {kind} that is not whole")
        return b"<<%s>>" % b"".join(written)

    def _named(self, kind: str, key: bytes, value: PdfValue) -> None:
        names = NAMES.get((kind, key))
        if names is not None and not (isinstance(value, Name) and value.name in names):
            raise self.wrong(f"a {kind} of a kind that is not on the list")

    def _pixels(self, width: PdfValue, height: PdfValue) -> None:
        if not (type(width) is int and type(height) is int and width > 0 and height > 0):
            raise self.wrong("a picture of no size")
        if width * height > self._limits.pixels:
            raise self.much("pixels", self._limits.pixels)

    def _filtered(self, given: PdfValue) -> None:
        every = given.items if isinstance(given, Array) else [] if given is None else [given]
        names = ["/" + one.name.decode("latin-1") for one in every if isinstance(one, Name)]
        good = len(names) == len(every) <= MAX_FILTERS and self._filters.issuperset(names)
        # A codec ends a chain: what it gives are pixels.
        if not good or any(name in IMAGE_FILTERS for name in names[:-1]):
            raise self.wrong("filters that are not on the list")

    def _digits(self, value: float) -> bytes:
        # Turned round, so that what is no number at all is refused too.
        if not abs(value) < _MOST:
            raise self.wrong("a number that is none")
        if value == int(value):
            return b"%d" % value
        # Never an exponent (7.3.3).
        digits = f"{value:.10f}".rstrip("0")
        return (digits + "0" if digits.endswith(".") else digits).encode()

    def _name(self, name: bytes) -> bytes:
        if not name or b"\0" in name or len(name) > MAX_NAME_CHARACTERS:
            raise self.wrong("a name that is none")
        return b"/" + b"".join([_SPELLED[c] for c in name])
