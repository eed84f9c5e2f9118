"""An XML document as plain nodes: what both sides' readers give for FHIR in XML and for narratives.

    <p id="a">one<br/>two</p>   ->   Node("p", space, {"id": "a"}, ["one", Node("br"), "two"])

The bytes are looked at before any parser sees them: plain UTF-8, nothing declared, no entity, no processing
instruction. What is left is elements, attributes, characters and, if the profile says so, comments.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from gateway.inspection.content import Content
from gateway.inspection.formats.contract import FormatLimits, Item
from gateway.inspection.formats.fhir import unsound
from gateway.inspection.formats.json import MAX_DOCUMENT_BYTES
from gateway.inspection.formats.xml import Attributes, Follower
from gateway.inspection.unsound import Unsound

XML_SPACE: Final = "http://www.w3.org/XML/1998/namespace"
# libxml2 refuses a longer value on its own (XML_MAX_TEXT_LENGTH); the other side must not take it.
MAX_VALUE_BYTES: Final = 10_000_000
MAX_ATTRIBUTES: Final = 64


@dataclass(slots=True)
class Node:
    """An element. attributes: by local name, or `{space}name` in a namespace. children: in their order."""

    name: str
    space: str
    attributes: dict[str, str]
    children: list[Node | str] = field(default_factory=list)


class NodeBuilder(Follower):
    """Follows a document and keeps it as nodes; a comment's text is kept, as somebody may read it.

    Raises Unsound 3553, 3554 (limits) and 3563 (a comment where the profile has none).
    """

    def __init__(self, limits: FormatLimits, *, comments_allowed: bool) -> None:
        self._limits, self._comments_allowed = limits, comments_allowed
        self._values = 0
        self._open: list[Node] = []
        self._characters: list[str] = []
        self.root: Node | None = None
        self.comments: list[str] = []

    def start(self, space: str, name: str, attributes: Attributes) -> None:
        """An element opens."""
        self.events += 1
        if len(self._open) >= self._limits.depth:
            raise unsound(3553, limit=self._limits.depth)
        self._count(1 + len(attributes))
        if len(attributes) > MAX_ATTRIBUTES:
            raise unsound(3554, limit=MAX_ATTRIBUTES)
        self._flush()
        named = {
            f"{{{outer}}}{key}" if outer else key: _short(value)
            for (outer, key), value in attributes.items()
        }
        node = Node(name, space, named)
        if self._open:
            self._open[-1].children.append(node)
        else:
            self.root = node
        self._open.append(node)

    def data(self, text: str) -> None:
        """Characters of the element that is open; where a parser's pieces end means nothing."""
        self.events += 1
        self._characters.append(text)

    def end(self) -> None:
        """The element that is open closes."""
        self.events += 1
        self._flush()
        self._open.pop()

    def comment(self, text: str) -> None:
        """Between or beside elements."""
        self.events += 1
        if not self._comments_allowed:
            raise unsound(3563)
        self._count(1)
        self.comments.append(text)

    def _count(self, values: int) -> None:
        self._values += values
        if self._values > self._limits.values:
            raise unsound(3554, limit=self._limits.values)

    def _flush(self) -> None:
        if self._characters:
            text = _short("".join(self._characters))
            if self._open:
                self._open[-1].children.append(text)
            self._characters.clear()


# How one side reads a document: gateway.inspection.<side>.formats.xml.watch.
Watched = Callable[[Content, Follower], Iterator[Item]]
# What any XML is refused for has a number of FHIR's own, whose texts tell its makers what to do.
_NUMBERS: Final = {3600: 3560, 3601: 3569, 3602: 3561, 3603: 3562, 3606: 3554}


def read_nodes(
    untrusted: bytes, limits: FormatLimits, watch: Watched, *, comments: bool = False
) -> tuple[Node, list[str]]:
    """The outermost element and the texts of comments, as this side's parser gives them.

    Raises Unsound 3552 to 3554, 3560 to 3569.
    """
    looked_over(untrusted)
    builder = NodeBuilder(limits, comments_allowed=comments)
    try:
        for _ in watch(Content.of_bytes(untrusted), builder):
            raise RuntimeError("a builder of nodes gives no items")
    except Unsound as error:
        number = _NUMBERS.get(error.fault.number)
        if number is None:
            raise
        raise unsound(number, **{"offset": 0, **error.fault.fields}) from error
    assert builder.root is not None
    return builder.root, builder.comments


# XML 1.0, production 23, with nothing left to choose.
_DECLARATION: Final = re.compile(
    rb"""<\?xml\s+version\s*=\s*(["'])1\.0\1(?:\s+encoding\s*=\s*(["'])[Uu][Tt][Ff]-8\2)?"""
    rb"""(?:\s+standalone\s*=\s*(["'])(?:yes|no)\3)?\s*\?>"""
)
_CONTROL: Final = re.compile(
    rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|&#(?:0*(?:1?[0-9]|2[0-9]|3[01]|127)|x0*(?:1?[0-9a-fA-F]|7[fF]));"
)
_BLANK_REFERENCE: Final = re.compile(rb"&#(?:0*(?:9|10|13)|x0*(?:9|[aA]|[dD]));")


def looked_over(untrusted: bytes) -> None:
    """What must be true before a parser is asked. Raises Unsound 3560 to 3562, 3569, 3530."""
    if len(untrusted) > MAX_DOCUMENT_BYTES:
        raise unsound(3552, limit_bytes=MAX_DOCUMENT_BYTES)
    if untrusted.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")) or b"\0" in untrusted:
        raise unsound(3569)
    try:
        untrusted.decode()
    except UnicodeDecodeError as error:
        raise unsound(3569) from error
    if untrusted[:5] == b"<?xml" and untrusted[5:6].isspace():
        declared = _DECLARATION.match(untrusted)
        if declared is None:
            raise unsound(3569)
        untrusted = untrusted[declared.end() :]
    _no_declarations(untrusted)
    for found in _CONTROL.finditer(untrusted):
        if not _BLANK_REFERENCE.fullmatch(found[0]):
            raise unsound(3560, reason="control character", offset=found.start())


def _no_declarations(untrusted: bytes) -> None:
    """No DOCTYPE, no CDATA section, no processing instruction: in no place, not even in a comment."""
    at = untrusted.find(b"<!")
    while at >= 0:
        if untrusted[at : at + 4] != b"<!--":
            raise unsound(3561, offset=at)
        at = untrusted.find(b"<!", at + 4)
    at = untrusted.find(b"<?")
    if at >= 0:
        raise unsound(3562, offset=at)


def split_name(name: str) -> tuple[str, str]:
    """(space, local) of a name in the form `{space}local`."""
    if name.startswith("{"):
        space, _, local = name[1:].partition("}")
        return space, local
    return "", name


def _short(text: str) -> str:
    """The same text. Raises Unsound 3554 where it is longer than MAX_VALUE_BYTES."""
    if len(text) > MAX_VALUE_BYTES:
        raise unsound(3554, limit=MAX_VALUE_BYTES)
    return text


_ATTRIBUTE_ESCAPES: Final = {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}


def written(node: Node, outer_space: str = "") -> str:
    """A node as XML, canonical but for the order of attributes. outer_space: the namespace around it."""
    attributes = "".join(
        f" {_attribute_name(k)}={attribute(v)}" for k, v in node.attributes.items()
    )
    space = f" xmlns={quoteattr(node.space)}" if node.space != outer_space else ""
    inner = "".join(
        escape(one, {"\r": "&#13;"}) if isinstance(one, str) else written(one, node.space)
        for one in node.children
    )
    opened = f"<{node.name}{space}{attributes}"
    return f"{opened}>{inner}</{node.name}>" if inner else f"{opened}/>"


def attribute(value: str) -> str:
    """A value in quotes, its line ends and tabs as references (XML 1.0, 3.3.3)."""
    return quoteattr(value, _ATTRIBUTE_ESCAPES)


def _attribute_name(name: str) -> str:
    space, local = split_name(name)
    return f"xml:{local}" if space == XML_SPACE else local
