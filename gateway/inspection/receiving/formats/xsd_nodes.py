"""The elements of an XML Schema with their prefixes, and how single attributes of them are read. No I/O."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat

from gateway.inspection.formats.xml_schema import SPACE
from gateway.inspection.receiving.formats.xsd_content import Name

_JOINT: Final = "\x1f"


class Beyond(Exception):
    """Something that is not read here: the type that it stands in is lax."""


@dataclass(slots=True)
class Node:
    """One element of the schema. prefixes: what a name in an attribute's value means here.

    schema: attributes of the outermost element of its file.
    """

    name: str
    attributes: dict[str, str]
    prefixes: dict[str, str]
    children: list[Node] = field(default_factory=list)
    schema: dict[str, str] = field(default_factory=dict)

    @property
    def target(self) -> str:
        """The namespace that its file declares for."""
        return self.schema.get("targetNamespace", "")

    def qualifies(self, kind: str) -> bool:
        """Whether local elements or attributes (`element`, `attribute`) are of that namespace."""
        form = self.attributes.get("form") or self.schema.get(f"{kind}FormDefault")
        return form == "qualified"

    def of(self, *names: str) -> Iterator[Node]:
        return (child for child in self.children if child.name in names)


def says(node: Node, word: str) -> bool:
    return node.attributes.get(word) in ("true", "1")


def counts(node: Node) -> tuple[int, int | None]:
    most = node.attributes.get("maxOccurs", "1")
    return int(node.attributes.get("minOccurs", "1")), None if most == "unbounded" else int(most)


def resolved(node: Node, name: str) -> Name:
    """A name in an attribute's value (QName). Raises Beyond for a prefix that means nothing."""
    prefix, colon, local = name.strip().rpartition(":")
    if colon and prefix not in node.prefixes:
        raise Beyond
    return node.prefixes.get(prefix, ""), local


def nodes_of(text: str) -> Node:
    """The tree of a schema that `outline_of` has read; foreign elements are left out."""
    parser = expat.ParserCreate("utf-8", _JOINT)
    top = Node("", {}, {"": ""})
    open_, prefixes = [top], [{"": "", "xml": "http://www.w3.org/XML/1998/namespace"}]
    coming: dict[str, str] = {}

    def declare(prefix: str | None, space: str | None) -> None:
        coming[prefix or ""] = space or ""

    def start(joined: str, attributes: dict[str, str]) -> None:
        space, _, name = joined.rpartition(_JOINT)
        known = {**prefixes[-1], **coming}
        coming.clear()
        node = Node(name if space == SPACE else "annotation", attributes, known)
        # The outermost one's are its own.
        node.schema = attributes if len(open_) == 1 else open_[-1].schema
        open_[-1].children.append(node)
        open_.append(node)
        prefixes.append(known)

    def end(_name: str) -> None:
        open_.pop()
        prefixes.pop()

    parser.StartNamespaceDeclHandler = declare
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.Parse(text.encode("utf-8", "surrogatepass"), True)
    return top.children[0]
