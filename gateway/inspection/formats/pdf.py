"""PDF (ISO 32000-2:2020): what a channel takes of it, and a document as both readers hand it over.

    content --parser of one side--> Document --judge (pdf_judge)--> Fault, Member, Text

Values are those of qpdf's JSON, version 2: names `/Name`, references `12 0 R`, texts `u:words`, other
strings `b:hex`, and numbers, booleans, None, lists and dicts. Nothing here reads a content.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from gateway.errors import Field
from gateway.inspection.content import Content
from gateway.inspection.formats.contract import FormatLimits, Text, texts_of
from gateway.inspection.unsound import Fault, Unsound, Word

WORD: Final = Word.PDF

# In a sandbox a codec that was never asked for is a file that cannot be opened.
for _codec in (
    *("ascii", "latin-1", "cp1252", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"),
    *("utf-32-be", "utf-32-le", "gbk", "gb2312", "gb18030", "big5", "big5hkscs", "cp950", "cp936"),
    *(
        "cp932",
        "shift_jis",
        "euc_jp",
        "iso2022_jp",
        "euc_kr",
        "cp949",
        "johab",
        "mac_roman",
        "cp437",
    ),
    *("charmap", "unicode_escape", "raw_unicode_escape"),
):
    codecs.lookup(_codec)

# What may be signed or filled in one after the other; each is looked at as a file of its own.
MAX_REVISIONS: Final = 16
# Names that no standard has and no program writes are longer than this.
MAX_NAME_CHARACTERS: Final = 256
_FAULTS_A_KIND: Final = 3


@dataclass(frozen=True, slots=True)
class PdfProfile:
    """What a channel takes besides pages, fonts and pictures. Everything not named is refused.

    embedded_files: attached files; they come out as members either way. forms: fields to fill in.
    links: to the web and to mailboxes. jbig2, jpx: codecs that not every channel trusts its readers
    with. page_texts: whether pages are read for words. texts_needed: whether a text that cannot be
    told (a font without a table of its letters) is refused. size_bytes: of the file, which is read
    into memory. stream_bytes, decoded_bytes: of one stream and of all, decoded. revisions: that
    stand one after the other in a file.
    """

    embedded_files: bool = False
    forms: bool = True
    links: bool = True
    jbig2: bool = False
    jpx: bool = True
    page_texts: bool = True
    texts_needed: bool = False
    size_bytes: int = 64 << 20
    stream_bytes: int = 64 << 20
    decoded_bytes: int = 512 << 20
    revisions: int = MAX_REVISIONS


Value: TypeAlias = Any


@dataclass(frozen=True, slots=True)
class Stored:
    """One object of a file. ref: `12 0 R`. data: of a stream, as they stand there, None for others."""

    ref: str
    value: Value
    data: Callable[[], bytes] | None = None


@dataclass(slots=True)
class Document:
    """All objects of a file, of every revision. current: those that a viewer shows, by reference."""

    trailers: list[dict[str, Value]] = field(default_factory=list)
    objects: list[Stored] = field(default_factory=list)
    current: dict[str, Stored] = field(default_factory=dict)

    def resolved(self, value: Value) -> Value:
        """What a reference stands for; a value for itself. None where nothing stands."""
        for _ in range(8):
            if not (isinstance(value, str) and is_reference(value)):
                return value
            stored = self.current.get(value)
            value = None if stored is None else stored.value
        return None

    def dictionary(self, value: Value) -> dict[str, Value]:
        """The dictionary that a value is or refers to; an empty one for anything else."""
        found = self.resolved(value)
        return found if isinstance(found, dict) else {}

    def array(self, value: Value) -> list[Value]:
        """The array that a value is or refers to; an empty one for anything else."""
        found = self.resolved(value)
        return found if isinstance(found, list) else []


@dataclass(frozen=True, slots=True)
class Digest:
    """What both sides must find alike in a file: pages that a viewer shows, revisions, objects."""

    pages: int
    revisions: int
    objects: int


def unsound(number: int, /, **fields: Field) -> Unsound:
    """A document that this reader cannot go on with."""
    return Unsound(number, WORD, **fields)


def encrypted() -> Unsound:
    return Unsound(3875, Word.ENCRYPTED)


class Complaints:
    """Faults of one document; of each kind the first few are kept."""

    def __init__(self) -> None:
        self._said: dict[int, int] = {}
        self._found: list[Fault] = []

    def add(self, number: int, /, **fields: Field) -> None:
        self._said[number] = self._said.get(number, 0) + 1
        if self._said[number] <= _FAULTS_A_KIND:
            self._found.append(Fault(WORD, number, fields))

    def take(self) -> Iterator[Fault]:
        """What was found since the last call."""
        found, self._found = self._found, []
        yield from found


def whole(content: Content, profile: PdfProfile) -> bytes:
    """The file in memory. Raises Unsound 3870, 3871, 3872 and OSError."""
    if content.size_bytes > profile.size_bytes:
        raise unsound(3870, size_bytes=content.size_bytes, limit_bytes=profile.size_bytes)
    data = content.read_at(0, content.size_bytes)
    if len(data) != content.size_bytes:
        raise unsound(3871, reason="the file was cut while it was read")
    if data[:7] not in (b"%PDF-1.", b"%PDF-2."):
        raise unsound(3872, found=data[:8].decode("ascii", "backslashreplace"))
    return data


def is_reference(value: str) -> bool:
    """`12 0 R`, and no name or text, which begin with a letter or a slash."""
    return value.endswith(" R") and value[0].isdigit()


def text_pieces(where: str, text: str) -> Iterator[Text]:
    """A text that is not all blank, as texts_of has it."""
    if not text.isspace():
        yield from texts_of(where, text)


def string_readings(value: str) -> Iterator[str]:
    """A string object as words: as it says, and as the raw GB 18030 or UTF-8 that some programs write."""
    kind, rest = value[:2], value[2:]
    if kind == "b:":
        raw = bytes.fromhex(rest)
    else:
        yield rest
        if rest.isascii():
            return
        try:
            raw = rest.encode("latin-1")
        except UnicodeEncodeError:
            return
    for codec in ("utf-8", "gb18030"):
        try:
            yield raw.decode(codec)
        except UnicodeDecodeError:
            continue
        else:
            return
    if kind == "b:":
        yield raw.decode("latin-1")


def page_references(document: Document, limits: FormatLimits) -> Iterator[dict[str, Value]]:
    """The pages that a viewer shows, in order (7.7.3). Raises Unsound 3878."""
    trailer = document.trailers[-1] if document.trailers else {}
    root = document.dictionary(document.dictionary(trailer.get("/Root")).get("/Pages"))
    seen: set[int] = set()
    stack, pages = [(root, 1)], 0
    while stack:
        node, depth = stack.pop()
        if id(node) in seen or depth > limits.depth:
            raise unsound(3878, pages=pages, limit=limits.pages)
        seen.add(id(node))
        if "/Kids" in node:
            kids = document.array(node["/Kids"])
            stack.extend((document.dictionary(kid), depth + 1) for kid in reversed(kids))
            if len(stack) > limits.values:
                raise unsound(3878, pages=pages, limit=limits.pages)
            continue
        pages += 1
        if pages > limits.pages:
            raise unsound(3878, pages=pages, limit=limits.pages)
        yield node
