"""Writes an XML document (1.0, fifth edition; Namespaces 1.0, third edition) from events nobody vouches for.

    start, chars, close --names, prefixes, characters, depth--> escaped UTF-8 in pieces --> write

What comes out is well formed, or nothing more comes out. There is no way to write a comment, a processing
instruction, a document type, an entity or a CDATA section. No parser here, and no I/O but `write`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final, assert_never

from gateway.errors import Field
from gateway.inspection.formats.xml_events import Chars, End, Start, XmlEvent
from gateway.inspection.unsound import Unsound, Word

MAX_DEPTH: Final = 256
# As the readers have it (xml.py, xml_nodes.py): what we write must pass them again.
MAX_ATTRIBUTES: Final = 128
MAX_NAME_CHARACTERS: Final = 1_000
DECLARATION: Final = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_PIECE_BYTES: Final = 64 << 10

# Names that every edition of XML and both parsers take: ASCII, Latin letters, Han (production 4).
_FIRST: Final = "A-Z_a-z\xc0-\xd6\xd8-\xf6\xf8-\xff\u4e00-\u9fa5"
_NAME: Final = f"[{_FIRST}][{_FIRST}0-9.\xb7-]*"
_QNAME: Final = re.compile(f"(?:({_NAME}):)?({_NAME})")
# Production 2 turned round.
_FORBIDDEN: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TO_ESCAPE: Final = re.compile('[&<>"\t\n\r]')
# `>` too, so that no `]]>` stands in a text; line ends as references, or a parser makes them LF (2.11).
_IN_TEXT: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_IN_VALUE: Final = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
)  # fmt: skip
# Absolute (Namespaces, 2.2, forbids others in new documents), and of such characters as no parser of URIs
# stumbles over: one of them is no error to expat and one to libxml2.
_SPACE_NAME: Final = re.compile(
    r"https?://[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~/-]*)?(?:\?[A-Za-z0-9._=&-]*)?(?:#[A-Za-z0-9._-]*)?"
    r"|[A-Za-z][A-Za-z0-9+.-]{1,30}:[A-Za-z0-9][A-Za-z0-9._:/~-]*(?:#[A-Za-z0-9._-]*)?"
)
_XML_SPACE: Final = "http://www.w3.org/XML/1998/namespace"
_XMLNS_SPACE: Final = "http://www.w3.org/2000/xmlns/"


class XmlWriter:
    """One document. write: takes bytes in pieces. word: the rule that what is wrong belongs to.

    Every method raises Unsound 3862 (a name, a prefix, an attribute), 3863 (a character), 3864 (order,
    depth, size), what `write` raises, and nothing else; after one of these the document is no document.
    """

    def __init__(
        self, write: Callable[[bytes], object], *, word: Word = Word.XML, size_bytes: int = 1 << 30
    ) -> None:
        self._write, self._word, self._limit_bytes = write, word, size_bytes
        self._open: list[str] = []
        # One table a depth; the same one where an element declares nothing.
        self._spaces: list[dict[str, str]] = [{"": "", "xml": _XML_SPACE}]
        self._names: dict[str, tuple[str, str]] = {}
        self._begun = False
        # "<a" is written, its ">" or "/>" is not.
        self._pending = False
        self._held: list[str] = []
        self._held_characters = 0
        self.size_bytes = 0

    def start(self, name: str, attributes: Iterable[tuple[str, str]] = ()) -> None:
        """An element opens."""
        if not self._open and self._begun:
            raise self._unsound(3864, reason="a second outermost element")
        if len(self._open) >= MAX_DEPTH:
            raise self._unsound(3864, reason=f"deeper than {MAX_DEPTH}")
        if not self._begun:
            self._write(DECLARATION)
            self.size_bytes = len(DECLARATION)
            self._begun = True
        pairs = list(attributes)
        if len(pairs) > MAX_ATTRIBUTES:
            raise self._unsound(
                3862, name=name[:60], reason=f"more than {MAX_ATTRIBUTES} attributes"
            )
        spaces = self._declared(pairs)
        self._checked(name, pairs, spaces)
        self._spaces.append(spaces)
        self._open.append(name)
        written = "".join([f' {key}="{self._escaped(value, _IN_VALUE)}"' for key, value in pairs])
        self._put(f"{'>' if self._pending else ''}<{name}{written}")
        self._pending = True

    def chars(self, text: str) -> None:
        """Characters of the element that is open."""
        if not self._open:
            raise self._unsound(3864, reason="characters outside of the outermost element")
        if text:
            self._put(f"{'>' if self._pending else ''}{self._escaped(text, _IN_TEXT)}")
            self._pending = False

    def close(self) -> None:
        """The element that was opened last closes."""
        if not self._open:
            raise self._unsound(3864, reason="an end without a beginning")
        name = self._open.pop()
        self._spaces.pop()
        self._put("/>" if self._pending else f"</{name}>")
        self._pending = False

    def event(self, event: XmlEvent) -> None:
        """Any of the three."""
        match event:
            case Start(name, attributes):
                self.start(name, attributes)
            case Chars(text):
                self.chars(text)
            case End():
                self.close()
            case _:
                assert_never(event)

    def expanded(self, name: str) -> tuple[str, str]:
        """(space, local) of an element or an attribute with a prefix, where the writer stands."""
        prefix, local = self._split(name)
        return self._spaces[-1].get(prefix, ""), local

    def end(self) -> None:
        """The document is whole."""
        if self._open or not self._begun:
            raise self._unsound(3864, reason="the document does not end")
        self._flush()

    def _unsound(self, number: int, **fields: Field) -> Unsound:
        return Unsound(number, self._word, **fields)

    def _declared(self, pairs: list[tuple[str, str]]) -> dict[str, str]:
        """The prefixes in force in an element. Raises Unsound 3862 (Namespaces, 3 and 5)."""
        spaces = self._spaces[-1]
        own: dict[str, str] = {}
        for key, value in pairs:
            prefix, _, local = key.partition(":")
            if prefix != "xmlns":
                continue
            bad = value == _XMLNS_SPACE or local == "xmlns" or (local != "" and not value)
            bad = bad or (value != "" and _SPACE_NAME.fullmatch(value) is None)
            if bad or (value == _XML_SPACE) != (local == "xml") or local in own:
                raise self._unsound(
                    3862, name=key[:60], reason="a namespace that cannot be declared"
                )
            own[local] = value
        return spaces | own if own else spaces

    def _checked(self, name: str, pairs: list[tuple[str, str]], spaces: dict[str, str]) -> None:
        """Names are names, prefixes are declared, no attribute stands twice."""
        prefix, _ = self._split(name)
        if prefix not in spaces or prefix == "xmlns":
            raise self._unsound(3862, name=name[:60], reason="a prefix that is not declared")
        seen: set[tuple[str, str]] = set()
        for key, _ in pairs:
            prefix, local = self._split(key)
            if prefix == "xmlns" or key == "xmlns":
                continue
            if prefix not in spaces:
                raise self._unsound(3862, name=key[:60], reason="a prefix that is not declared")
            # An attribute without a prefix is in no namespace, whatever the default is.
            expanded = (spaces[prefix] if prefix else "", local)
            if expanded in seen:
                raise self._unsound(3862, name=key[:60], reason="an attribute that stands twice")
            seen.add(expanded)

    def _split(self, name: str) -> tuple[str, str]:
        """(prefix, local), remembered: a document has few names. Raises Unsound 3862."""
        known = self._names.get(name)
        if known is not None:
            return known
        found = _QNAME.fullmatch(name) if len(name) <= MAX_NAME_CHARACTERS else None
        if found is None:
            raise self._unsound(3862, name=name[:60], reason="no name of XML")
        split = (found[1] or "", found[2])
        if len(self._names) < 4096:
            self._names[name] = split
        return split

    def _escaped(self, text: str, table: dict[int, str]) -> str:
        if (bad := _FORBIDDEN.search(text)) is not None:
            raise self._unsound(3863, character=f"U+{ord(bad[0]):04X}")
        return text.translate(table) if _TO_ESCAPE.search(text) is not None else text

    def _put(self, text: str) -> None:
        self._held.append(text)
        self._held_characters += len(text)
        if self._held_characters >= _PIECE_BYTES:
            self._flush()

    def _flush(self) -> None:
        piece = "".join(self._held).encode()
        self._held, self._held_characters = [], 0
        self.size_bytes += len(piece)
        if self.size_bytes > self._limit_bytes:
            raise self._unsound(3864, reason=f"more than {self._limit_bytes} bytes")
        if piece:
            self._write(piece)
