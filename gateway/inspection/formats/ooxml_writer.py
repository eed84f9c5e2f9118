"""Writes an office document from parts that a sandbox has handed out, and believes nothing of them.

    entries, relationships --checked as a whole--> [Content_Types].xml, .rels
    each part              --its own XML, or a picture that begins like one--> zip --> write

Names, types and kinds are checked against the list once more, elements and attributes too; a part that
nothing leads to, or that does not come, refuses the document. The same parts give the same bytes. Trusted:
no parser, no third-party package but the structs, no I/O but `write`.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator
from typing import Final, assert_never

from gateway.errors import Field
from gateway.inspection.formats.ooxml_parts import (
    ATTRIBUTES_LEFT_OUT,
    ELEMENTS_LEFT_OUT,
    MAX_PARTS,
    MAX_PIECE_BYTES,
    MAX_RELATIONS,
    PICTURES_KEPT,
    RELATION_ID,
    RELATION_SPACES,
    OoxmlBegin,
    OoxmlEnd,
    OoxmlEntry,
    OoxmlPart,
    OoxmlPiece,
    OoxmlRelation,
    fits,
    kind_of,
    leads,
    space_is_known,
)
from gateway.inspection.formats.ooxml_types import MAINS
from gateway.inspection.formats.xml_events import Chars, End, Start
from gateway.inspection.formats.xml_writer import XmlWriter
from gateway.inspection.formats.zip_written import ZipWritten
from gateway.inspection.unsound import Unsound, Word

MAX_DOCUMENT_BYTES: Final = 1 << 30
_TYPES_PART: Final = "[Content_Types].xml"
_TYPES_SPACE: Final = "http://schemas.openxmlformats.org/package/2006/content-types"
_RELATIONS_SPACE: Final = "http://schemas.openxmlformats.org/package/2006/relationships"
_RELATIONS_TYPE: Final = "application/vnd.openxmlformats-package.relationships+xml"


class OoxmlWriter:
    """One document. write: takes its bytes in pieces. size_bytes: of all parts, before they are packed.

    feed and end raise Unsound 3862 to 3864 (the XML of a part), 3865 (a part that is not on the list, or
    out of its turn), 3866 (too much), what `write` raises, and nothing else.
    """

    def __init__(
        self, write: Callable[[bytes], object], *, size_bytes: int = MAX_DOCUMENT_BYTES
    ) -> None:
        self._limit_bytes = size_bytes
        self._size_bytes = 0
        self._zip = ZipWritten(write)
        self._kinds: dict[str, str] = {}
        self._relations: dict[str, list[OoxmlRelation]] = {}
        self._count = 0
        self._left: set[str] = set()
        self._begun = False
        # The part that is open, and its XML unless it is a picture.
        self._name = ""
        self._is_open = False
        self._xml: XmlWriter | None = None
        self._ids: frozenset[str] = frozenset()
        self._empty = True

    def feed(self, part: OoxmlPart) -> None:
        """The next part."""
        match part:
            case OoxmlEntry(name, kind):
                self._listed(name, kind)
            case OoxmlRelation():
                self._related(part)
            case OoxmlBegin(name):
                self._begin(name)
            case OoxmlPiece(data):
                self._piece(data)
            case OoxmlEnd():
                self._end_part()
            case Start(name, attributes):
                self._start(name, attributes)
            case Chars(text):
                self._document().chars(text)
            case End():
                self._document().close()
            case _:
                assert_never(part)

    def end(self) -> None:
        """The table of contents of the zip."""
        if self._is_open or not self._begun or self._left:
            raise self._wrong("a part that does not come, or does not end")
        self._zip.end()

    # Before the first part: what there will be.

    def _listed(self, name: str, kind: str) -> None:
        if self._begun or name in self._kinds:
            raise self._wrong("a part that is listed twice, or late", name)
        if not fits(name, kind):
            raise self._wrong("a name or a type that is not on the list", name)
        self._kinds[name] = kind
        if len(self._kinds) > MAX_PARTS:
            raise self._much("parts", MAX_PARTS)

    def _related(self, one: OoxmlRelation) -> None:
        self._count += 1
        if self._count > MAX_RELATIONS:
            raise self._much("relationships", MAX_RELATIONS)
        kind = kind_of(one.kind)
        known = one.source in self._kinds or not one.source
        if self._begun or not known or (kind == "officeDocument") != (not one.source):
            raise self._wrong("a relationship that is late, or from nowhere", one.source)
        if not kind or not leads(kind, self._kinds.get(one.target, "")):
            raise self._wrong("a relationship that leads where none does", one.source)
        if RELATION_ID.fullmatch(one.id) is None:
            raise self._wrong("a relationship without a name", one.source)
        self._relations.setdefault(one.source, []).append(one)

    def _whole(self) -> None:
        """One main part, all parts led to, no name twice."""
        if sum(kind in MAINS for kind in self._kinds.values()) != 1:
            raise self._wrong("no main part, or two")
        if len({name.lower() for name in self._kinds}) != len(self._kinds):
            raise self._wrong("two parts of one name")
        for source, relations in self._relations.items():
            if len({one.id for one in relations}) != len(relations):
                raise self._wrong("two relationships of one name", source)
        reached, waiting = {""}, [""]
        while waiting:
            for one in self._relations.get(waiting.pop(), ()):
                if one.target not in reached:
                    reached.add(one.target)
                    waiting.append(one.target)
        if len(reached) - 1 != len(self._kinds):
            raise self._wrong("a part that nothing leads to")

    def _head(self) -> None:
        self._whole()
        self._begun = True
        self._left = set(self._kinds)
        self._own(_TYPES_PART, "Types", _TYPES_SPACE, self._types())
        for source, relations in sorted(self._relations.items()):
            folder, _, name = source.rpartition("/")
            path = posixpath.join(folder, "_rels", f"{name}.rels")
            self._own(path, "Relationships", _RELATIONS_SPACE, _related(relations))

    def _types(self) -> Iterator[tuple[str, list[tuple[str, str]]]]:
        yield "Default", [("Extension", "rels"), ("ContentType", _RELATIONS_TYPE)]
        for name, kind in sorted(self._kinds.items()):
            yield "Override", [("PartName", f"/{name}"), ("ContentType", kind)]

    def _own(
        self,
        name: str,
        root: str,
        space: str,
        elements: Iterator[tuple[str, list[tuple[str, str]]]],
    ) -> None:
        """A part of the package itself."""
        self._zip.begin(name)
        xml = XmlWriter(self._zip.write, word=Word.OOXML)
        xml.start(root, [("xmlns", space)])
        for element, attributes in elements:
            xml.start(element, attributes)
            xml.close()
        xml.close()
        xml.end()
        self._zip.end_part()

    # Parts, one after the other.

    def _begin(self, name: str) -> None:
        if not self._begun:
            self._head()
        if self._is_open or name not in self._left:
            raise self._wrong("a part that is not listed, or comes twice", name)
        self._left.remove(name)
        self._zip.begin(name)
        self._name, self._is_open, self._empty = name, True, True
        if self._kinds[name] not in PICTURES_KEPT:
            left = max(0, self._limit_bytes - self._size_bytes)
            self._xml = XmlWriter(self._zip.write, word=Word.OOXML, size_bytes=left)
            self._ids = frozenset(one.id for one in self._relations.get(name, ()))

    def _document(self) -> XmlWriter:
        if self._xml is None:
            raise self._wrong("XML where none stands")
        return self._xml

    def _start(self, name: str, attributes: list[tuple[str, str]]) -> None:
        xml = self._document()
        xml.start(name, attributes)
        space, local = xml.expanded(name)
        if not space_is_known(space) or local in ELEMENTS_LEFT_OUT:
            raise self._wrong(f"<{local}>, which is not on the list"[:80])
        for key, value in attributes:
            if not value or key == "xmlns" or key.startswith("xmlns:"):
                continue
            key_space, key_local = xml.expanded(key) if ":" in key else ("", key)
            relation = key_space in RELATION_SPACES or key_local == "relid"
            if key_local in ATTRIBUTES_LEFT_OUT or (relation and value not in self._ids):
                raise self._wrong(f"{key}, which is not on the list or leads nowhere"[:80])

    def _piece(self, data: bytes) -> None:
        if not self._is_open or self._xml is not None or not 0 < len(data) <= MAX_PIECE_BYTES:
            raise self._wrong("a piece of no picture")
        if self._empty and not data.startswith(PICTURES_KEPT[self._kinds[self._name]][1]):
            raise self._wrong("a picture that is something else")
        self._empty = False
        self._size_bytes += len(data)
        if self._size_bytes > self._limit_bytes:
            raise self._much("bytes", self._limit_bytes)
        self._zip.write(data)

    def _end_part(self) -> None:
        if not self._is_open or (self._xml is None and self._empty):
            raise self._wrong("an end without a beginning")
        if self._xml is not None:
            self._xml.end()
            self._size_bytes += self._xml.size_bytes
        self._zip.end_part()
        self._is_open, self._xml = False, None

    def _wrong(self, reason: str, part: str = "") -> Unsound:
        return self._unsound(3865, part=(part or self._name)[:80], reason=reason)

    def _much(self, what: str, limit: int) -> Unsound:
        return self._unsound(3866, what=what, limit=limit)

    def _unsound(self, number: int, **fields: Field) -> Unsound:
        return Unsound(number, Word.OOXML, **fields)


def _related(relations: list[OoxmlRelation]) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    for one in relations:
        # From the root of the package, whoever the source is (ECMA-376 part 2, 9.3.2.2).
        said = [("Id", one.id), ("Type", one.kind), ("Target", f"/{one.target}")]
        yield "Relationship", said
