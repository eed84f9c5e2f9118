"""A channel's own XML Schema: read, held to what is safe, and its names.

    text --outline_of--> Outline --each side's own--> XmlSchema

import and include name other files of the set, which come with it; whatever else would be fetched (an
address, a path, redefine, override) is refused at load, as is a document type. Source: XML Schema 1.0, part 1
(W3C, second edition, 2004), 4.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn, Protocol
from xml.parsers import expat

from gateway.errors import Misconfigured

SPACE: Final = "http://www.w3.org/2001/XMLSchema"
# Attributes that any document may carry (part 1, 2.6); a location in it is never followed.
INSTANCE_SPACE: Final = "http://www.w3.org/2001/XMLSchema-instance"
XML_SPACE: Final = "http://www.w3.org/XML/1998/namespace"
_FETCHING: Final = frozenset(["redefine", "override"])
_NAMING: Final = frozenset(["import", "include"])
_JOINT: Final = "\x1f"
MAX_DEPTH: Final = 100
# Children of the outermost element.
_TOP: Final = 2


class XmlSchema(Protocol):
    """A channel's own XML Schema, as one side has built it. What it holds is that side's business."""

    @property
    def outline(self) -> Outline: ...


@dataclass(slots=True)
class Outline:
    """What a schema declares, with the files that it needs. file, text: where and how it is written.

    parts: texts of the others by name, each as often as it is referred to: once.

    roots: `{space}name` of global elements. elements, attributes: local names of every one declared.
    is_open: `any` stands in it, so that other names may come.
    """

    file: str
    text: str = field(repr=False)
    parts: dict[str, str] = field(default_factory=dict, repr=False)
    roots: set[str] = field(default_factory=set)
    elements: set[str] = field(default_factory=set)
    attributes: set[str] = field(default_factory=set)
    is_open: bool = False


def outline_of(text: str, file: str, parts: Mapping[str, str] | None = None) -> Outline:
    """The outline of a schema. parts: other files by name, of which those that it needs are taken.

    Raises Misconfigured 3527, 3528 with file and line, nothing else.
    """
    outline, known = Outline(file, text), parts or {}
    own = file.rpartition("/")[2]
    waiting = _read(outline, text, file, None)
    while waiting:
        place = waiting.pop()
        if place.name == own:
            _must_be(place, _target_of(text))
        elif place.name in outline.parts:
            _must_be(place, _target_of(outline.parts[place.name]))
        elif place.name in known:
            outline.parts[place.name] = known[place.name]
            waiting += _read(outline, known[place.name], place.name, place)
        else:
            raise place.wrong()
    if not outline.roots:
        raise Misconfigured(3527, file=file, line=1, reason="no element at the top of it")
    return outline


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a schema refers to another one. target: the namespace that it must be of."""

    element: str
    name: str
    target: str
    file: str
    line: int

    def wrong(self) -> Misconfigured:
        """It is not there, or is another one."""
        return Misconfigured(3528, file=self.file, line=self.line, element=self.element)


def _read(outline: Outline, text: str, file: str, place: _Place | None) -> list[_Place]:
    """One file into the outline; the places in it that refer to others. Raises Misconfigured 3527, 3528."""
    reader = _Reader(outline, file)
    try:
        reader.parser.Parse(text.encode("utf-8", "surrogatepass"), True)
    except expat.ExpatError as error:
        reason = expat.errors.messages.get(error.code, "")
        raise Misconfigured(3527, file=file, line=error.lineno, reason=reason) from error
    if place is not None:
        _must_be(place, reader.target)
    return reader.places


def _must_be(place: _Place, target: str) -> None:
    # An include of a schema without a namespace would take on the one of who includes it: not read here.
    if place.target != target:
        raise place.wrong()


def _target_of(text: str) -> str:
    """The namespace of a schema that has been read."""
    found: list[str] = []
    parser = expat.ParserCreate("utf-8", _JOINT)
    parser.StartElementHandler = lambda _, attributes: found.append(
        attributes.get("targetNamespace", "")
    )
    parser.Parse(text.encode("utf-8", "surrogatepass"), True)
    return found[0]


class _Reader:
    """Reads one file. places: where it refers to others."""

    def __init__(self, outline: Outline, file: str) -> None:
        self.outline, self._file = outline, file
        self.target = ""
        self.places: list[_Place] = []
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
            self.target = attributes.get("targetNamespace", "")
        if space == SPACE:
            self._declared(name, attributes)

    def _declared(self, name: str, attributes: dict[str, str]) -> None:
        said = attributes.get("name", "")
        match name:
            case "element" if said:
                self.outline.elements.add(said)
                if self._depth == 2:
                    self.outline.roots.add(f"{{{self.target}}}{said}" if self.target else said)
            case "attribute" if said:
                self.outline.attributes.add(said)
            case "any" | "anyAttribute":
                self.outline.is_open = True
            case _ if name in _FETCHING:
                self._wrong(3528, element=name)
            case _ if name in _NAMING and self._depth == _TOP:
                space = attributes.get("namespace", "") if name == "import" else self.target
                location = attributes.get("schemaLocation", "")
                line = self.parser.CurrentLineNumber
                self.places.append(_Place(name, location, space, self._file, line))
            case _:
                pass

    def _end(self, _name: str) -> None:
        self._depth -= 1

    def _doctype(self, *_: Any) -> NoReturn:
        self._wrong(3528, element="DOCTYPE")

    def _wrong(self, number: int, **fields: str) -> NoReturn:
        line = self.parser.CurrentLineNumber
        raise Misconfigured(number, file=self._file, line=line, **fields)
