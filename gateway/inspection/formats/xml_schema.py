"""A channel's own XML Schema: read, held to what is safe, and its names.

    text --outline_of--> Outline --each side's own--> XmlSchema

One file holds all of it: what would be fetched (import, include, redefine, override) is refused at load, as
is a document type. Source: XML Schema 1.0, part 1 (W3C, second edition, 2004).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, NoReturn, Protocol
from xml.parsers import expat

from gateway.errors import Misconfigured

SPACE: Final = "http://www.w3.org/2001/XMLSchema"
# Attributes that any document may carry (part 1, 2.6); a location in it is never followed.
INSTANCE_SPACE: Final = "http://www.w3.org/2001/XMLSchema-instance"
XML_SPACE: Final = "http://www.w3.org/XML/1998/namespace"
_FETCHING: Final = frozenset(["import", "include", "redefine", "override"])
_JOINT: Final = "\x1f"
MAX_DEPTH: Final = 100


class XmlSchema(Protocol):
    """A channel's own XML Schema, as one side has built it. What it holds is that side's business."""

    @property
    def outline(self) -> Outline: ...


@dataclass(slots=True)
class Outline:
    """What a schema declares. file, text: where and how it is written.

    roots: `{space}name` of global elements. elements, attributes: local names of every one declared.
    is_open: `any` stands in it, so that other names may come.
    """

    file: str
    text: str = field(repr=False)
    roots: set[str] = field(default_factory=set)
    elements: set[str] = field(default_factory=set)
    attributes: set[str] = field(default_factory=set)
    is_open: bool = False


def outline_of(text: str, file: str) -> Outline:
    """The outline of a schema. Raises Misconfigured 3527, 3528 with file and line, nothing else."""
    reader = _Reader(Outline(file, text))
    try:
        reader.parser.Parse(text.encode("utf-8", "surrogatepass"), True)
    except expat.ExpatError as error:
        reason = expat.errors.messages.get(error.code, "")
        raise Misconfigured(3527, file=file, line=error.lineno, reason=reason) from error
    if not reader.outline.roots:
        raise Misconfigured(3527, file=file, line=1, reason="no element at the top of it")
    return reader.outline


class _Reader:
    def __init__(self, outline: Outline) -> None:
        self.outline = outline
        self._target = ""
        self._depth = 0
        parser = self.parser = expat.ParserCreate("utf-8", _JOINT)
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.StartDoctypeDeclHandler = self._doctype

    def _start(self, joined: str, attributes: dict[str, str]) -> None:
        space, _, name = joined.rpartition(_JOINT)
        self._depth += 1
        if self._depth > MAX_DEPTH:
            self._wrong(3527, reason=f"more than {MAX_DEPTH} levels")
        if self._depth == 1:
            if (space, name) != (SPACE, "schema"):
                self._wrong(3527, reason=f"the outermost element is {name[:60]}, not xs:schema")
            self._target = attributes.get("targetNamespace", "")
        if space == SPACE:
            self._declared(name, attributes)

    def _declared(self, name: str, attributes: dict[str, str]) -> None:
        said = attributes.get("name", "")
        match name:
            case "element" if said:
                self.outline.elements.add(said)
                if self._depth == 2:
                    self.outline.roots.add(f"{{{self._target}}}{said}" if self._target else said)
            case "attribute" if said:
                self.outline.attributes.add(said)
            case "any" | "anyAttribute":
                self.outline.is_open = True
            case _ if name in _FETCHING:
                self._wrong(3528, element=name)
            case _:
                pass

    def _end(self, _name: str) -> None:
        self._depth -= 1

    def _doctype(self, *_: Any) -> NoReturn:
        self._wrong(3528, element="DOCTYPE")

    def _wrong(self, number: int, **fields: str) -> NoReturn:
        line = self.parser.CurrentLineNumber
        raise Misconfigured(number, file=self.outline.file, line=line, **fields)
