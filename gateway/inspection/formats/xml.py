"""XML (1.0, fifth edition): what both readers hold a document to, whatever its vocabulary.

    bytes --to characters, by an encoding of the list--> UTF-8 --parser of one side--> Watch --> Item

No document type, no processing instruction, no inclusion: what is left is elements, attributes and
characters. Comments are texts too, as somebody may read them. Nothing is kept of what has been looked
at, so a document of any length costs the memory of its deepest element.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gateway.errors import Field
from gateway.inspection.content import Content
from gateway.inspection.formats.base64_leaves import LEAST_CHARACTERS, members_in
from gateway.inspection.formats.contract import (
    MAX_TEXT_CHARACTERS,
    FormatLimits,
    Item,
    Text,
    texts_of,
)
from gateway.inspection.formats.xml_schema import XmlSchema
from gateway.inspection.unsound import Fault, Unsound, Word

if TYPE_CHECKING:
    from gateway.inspection.formats.soap import Soap

WORD: Final = Word.XML

MAX_ATTRIBUTES: Final = 128
# What libxml2 takes of one name, and far beyond any that is meant.
MAX_NAME_CHARACTERS: Final = 1_000
# Not in small pieces: a parser looks at an open tag again with each.
FEED_BYTES: Final = 1 << 20
# One tag or comment; libxml2 has the same limit for a value.
MAX_TAG_BYTES: Final = 10_000_000
_FAULTS_A_KIND: Final = 3
# XML names of encodings (IANA) to codecs. UTF-7, EBCDIC and whatever else a parser knows are not here.
ENCODINGS: Final = {
    "utf-8": "utf-8", "us-ascii": "ascii", "utf-16": "utf-16", "gb18030": "gb18030", "gbk": "gbk",
    "gb2312": "gb2312",
}  # fmt: skip
_DECLARATION: Final = re.compile(
    r"""\ufeff?<\?xml\s+version\s*=\s*(["'])1\.0\1"""
    r"""(?:\s+encoding\s*=\s*(["'])(?P<encoding>[A-Za-z][A-Za-z0-9._-]{0,40})\2)?"""
    r"""(?:\s+standalone\s*=\s*(["'])(?:yes|no)\4)?\s*\?>"""
)
_XINCLUDE: Final = "http://www.w3.org/2001/XInclude"
_ACTIVE: Final = frozenset(["script", "iframe", "object", "embed", "applet", "foreignobject"])
_ACTIVE_SPACES: Final = frozenset(
    ["", "http://www.w3.org/1999/xhtml", "http://www.w3.org/2000/svg"]
)
_ACTIVE_LINK: Final = re.compile(
    r"[\s\x00-\x20]*(?:javascript|vbscript|data\s*:\s*text/html)\s*[:;,]", re.I
)


@dataclass(frozen=True, slots=True)
class XmlProfile:
    """What a channel takes. root: `{space}name` of the outermost element, "" for any.

    schema: its own XML Schema, as the side that checks has built it. soap: the document is an envelope, and
    what it holds follows the schema.
    """

    root: str = ""
    schema: XmlSchema | None = None
    soap: Soap | None = None


Attributes = Mapping[tuple[str, str], str]


def unsound(number: int, **fields: Field) -> Unsound:
    return Unsound(number, WORD, **fields)


def utf8_of(content: Content) -> Iterator[bytes]:
    """The document as UTF-8 without its declaration, in pieces.

    Raises Unsound 3601 (an encoding that is not on the list, or bytes that it does not have), OSError.
    """
    codec = _codec_of(content.head)
    decoder = codecs.getincrementaldecoder(codec)()
    read_bytes, first = 0, True
    for piece in content.chunks(piece_bytes=FEED_BYTES):
        read_bytes += len(piece)
        try:
            text = decoder.decode(piece, read_bytes >= content.size_bytes)
        except UnicodeDecodeError as error:
            raise unsound(3601, encoding=codec, offset=read_bytes - len(piece)) from error
        if first:
            declared = _DECLARATION.match(text)
            text = text[declared.end() :] if declared else text.removeprefix("\ufeff")
            first = False
        yield text.encode("utf-8", "surrogatepass")


def _codec_of(head: bytes) -> str:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if head.startswith((codecs.BOM_UTF8, b"<\x00", b"\x00<")):
        return "utf-8"
    declared = _DECLARATION.match(head[:400].decode("latin-1"))
    if declared is None:
        if re.match(rb"<\?xml\s", head):
            raise unsound(3601, encoding="", offset=0)
        return "utf-8"
    named = (declared["encoding"] or "utf-8").lower()
    # A document that says UTF-16 in single bytes is neither.
    if named not in ENCODINGS or named == "utf-16":
        raise unsound(3601, encoding=named[:40], offset=0)
    return ENCODINGS[named]


class Follower:
    """Who is told of a document by the parser of a side, event by event. Each call may raise Unsound."""

    # Events so far: a parser that is fed and tells nothing is gathering one huge tag.
    events = 0

    def start(self, space: str, name: str, attributes: Attributes) -> None:
        """An element opens; attributes by (space, name)."""
        self.events += 1

    def data(self, text: str) -> None:
        """Characters of the element that is open, in pieces."""
        self.events += 1

    def end(self) -> None:
        """The element that is open closes."""
        self.events += 1

    def comment(self, text: str) -> None:
        """A comment, anywhere."""
        self.events += 1

    def items(self) -> Iterator[Item]:
        """What was found since the last call."""
        return iter(())


def follow(content: Content, follower: Follower, feed: Callable[[bytes], object]) -> Iterator[Item]:
    """Feed a document to a parser that tells the follower. Raises what both raise, and Unsound 3606.

    The caller ends the document. A parser looks at an open tag again with each piece, and keeps it.
    """
    told, quiet_bytes = 0, 0
    for piece in utf8_of(content):
        feed(piece)
        quiet_bytes = quiet_bytes + len(piece) if follower.events == told else 0
        told = follower.events
        if quiet_bytes > MAX_TAG_BYTES:
            raise unsound(3606, limit_bytes=MAX_TAG_BYTES)
        yield from follower.items()


class Watch(Follower):
    """Follows one document from element to element. Its methods raise Unsound; items() gives the rest."""

    def __init__(self, limits: FormatLimits, profile: XmlProfile) -> None:
        self._limits, self._profile = limits, profile
        self._path: list[str] = []
        # The path as it is told, made where it is asked for; "" until then.
        self._where = ""
        self._values = 0
        self._text: list[str] = []
        self._text_characters = 0
        self._found: list[Item] = []
        self._said: dict[int, int] = {}

    def items(self) -> Iterator[Item]:
        """What was found since the last call."""
        found, self._found = self._found, []
        yield from found

    @property
    def where(self) -> str:
        """The element that is open, as a path of local names."""
        if not self._where:
            self._where = "/" + "/".join(self._path)
        return self._where

    def start(self, space: str, name: str, attributes: Attributes) -> None:
        """An element opens. Raises Unsound 3604, 3605, 3607."""
        self.events += 1
        self._flush()
        self._path.append(name[:MAX_NAME_CHARACTERS])
        self._where = ""
        self._values += 1 + len(attributes)
        if len(self._path) > self._limits.depth:
            raise unsound(3604, limit=self._limits.depth)
        too_many = self._values > self._limits.values or len(attributes) > MAX_ATTRIBUTES
        if too_many or len(name) > MAX_NAME_CHARACTERS:
            raise unsound(3605, limit=self._limits.values)
        if space == _XINCLUDE:
            raise unsound(3607)
        if len(self._path) == 1 and self._profile.root not in ("", f"{{{space}}}{name}"):
            self.complain(3611, root=name[:60], expected=self._profile.root)
        if name.lower() in _ACTIVE and space in _ACTIVE_SPACES:
            self.complain(3608, what=f"<{name}>", path=self.where)
        for (_, key), value in attributes.items():
            self._attribute(space, key, value)

    def _attribute(self, space: str, key: str, value: str) -> None:
        if len(value) > self._limits.text_bytes:
            raise unsound(3606, limit_bytes=self._limits.text_bytes)
        active = key.lower().startswith("on") and space in _ACTIVE_SPACES and len(key) > 3
        if active or _ACTIVE_LINK.match(value) is not None:
            self.complain(3608, what=f"{key}={value[:40]}", path=self.where)
        if value:
            where = f"{self.where}/@{key}"
            self._found.append(Text(where, value))
            if len(value) >= LEAST_CHARACTERS:
                self._found.extend(members_in(where, value))

    def data(self, text: str) -> None:
        """Characters of the element that is open. Raises Unsound 3606."""
        self.events += 1
        self._text.append(text)
        self._text_characters += len(text)
        if self._text_characters > self._limits.text_bytes:
            raise unsound(3606, limit_bytes=self._limits.text_bytes)

    def end(self) -> None:
        """The element that is open closes."""
        self.events += 1
        self._flush()
        self._path.pop()
        self._where = ""

    def comment(self, text: str) -> None:
        """Nobody renders it, somebody may read it."""
        self.events += 1
        self._found.append(Text(f"{self.where}/comment()", text[:MAX_TEXT_CHARACTERS]))

    def text(self, text: str) -> None:
        """All characters between two tags, at their place."""
        if len(text) < LEAST_CHARACTERS:
            self._found.append(Text(self.where, text))
            return
        self._found.extend(texts_of(self.where, text))
        self._found.extend(members_in(self.where, text))

    def complain(self, number: int, **fields: Field) -> None:
        """A fault of the document; of each kind the first few are kept."""
        self._said[number] = self._said.get(number, 0) + 1
        if self._said[number] <= _FAULTS_A_KIND:
            self._found.append(Fault(WORD, number, fields))

    def add(self, item: Item) -> None:
        self._found.append(item)

    def _flush(self) -> None:
        if not self._text:
            return
        text = "".join(self._text)
        self._text, self._text_characters = [], 0
        if text.strip():
            self.text(text)
