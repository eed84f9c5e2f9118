"""What an office document written anew is made of, as parts: what the package leads to and the list has.

    zip --once--> types, relationships, fields --plan--> OoxmlEntry, OoxmlRelation ...
        --twice--> each part that stays: events of its XML, pieces of its picture

Runs where the file was read, with that side's readers of zips and XML. Parts whose names are not plain
ASCII get new ones. Addresses outside, and all that is not on the list of ooxml_parts, stay behind.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from gateway.inspection.content import Content
from gateway.inspection.formats.contract import FormatLimits
from gateway.inspection.formats.ooxml_cleaned import cleaned
from gateway.inspection.formats.ooxml_fields import INSTRUCTIONS, FieldCount
from gateway.inspection.formats.ooxml_follower import looks_like_xml
from gateway.inspection.formats.ooxml_parts import (
    MAX_PIECE_BYTES,
    PICTURES_KEPT,
    SYNONYMS,
    XML_KEPT,
    OoxmlBegin,
    OoxmlEnd,
    OoxmlEntry,
    OoxmlPart,
    OoxmlPiece,
    OoxmlRelation,
    fits,
    kind_of,
    leads,
)
from gateway.inspection.formats.ooxml_relations import (
    TYPES_PART,
    Relation,
    RelationsFollower,
    TypesFollower,
    folded,
    resolved,
    source_of,
)
from gateway.inspection.formats.ooxml_stream import Members, PartStream, Watching, parts
from gateway.inspection.formats.ooxml_texts import value_of
from gateway.inspection.formats.ooxml_types import MAINS
from gateway.inspection.formats.xml import Attributes, Follower
from gateway.inspection.unsound import Fault, Unsound, Word


def allowed(
    members: Members, watch: Watching, content: Content, limits: FormatLimits
) -> Iterator[OoxmlPart]:
    """The parts; each below 256 KiB when encoded.

    Raises Unsound 32xx (the zip), 3600 to 3607 (a part's XML), 3820, 3823, 3827, 3865, 3866, and OSError.
    """
    package = _Package(watch, limits)
    for member, stream in parts(members, content):
        if member.encrypted:
            raise _wrong(member.name, "an encrypted part")
        package.seen(member.name, stream)
    names = package.plan()
    for name, new in names.items():
        yield OoxmlEntry(new, package.kind(name))
    for one, target in package.kept_relations():
        yield OoxmlRelation(names.get(one.source, ""), one.name, package.uri(one), names[target])
    for member, stream in parts(members, content):
        if member.name in names:
            yield OoxmlBegin(names[member.name])
            yield from package.content(member.name, stream)
            yield OoxmlEnd()


def _wrong(part: str, reason: str) -> Unsound:
    return Unsound(3865, Word.OOXML, part=part[:80], reason=reason)


class _Relations(RelationsFollower):
    """Relationships with their whole types. uris: by id."""

    def __init__(self, word: Word, part: str, limits: FormatLimits) -> None:
        super().__init__(word, part, limits)
        self.uris: dict[str, str] = {}

    def opened(self, space: str, name: str, attributes: Attributes) -> None:
        """One relationship."""
        super().opened(space, name, attributes)
        self.uris[value_of(attributes, "Id")] = value_of(attributes, "Type")


class _Fields(Follower):
    """Finds fields that reach out."""

    def __init__(self) -> None:
        self.count = FieldCount()
        self._names: list[str] = []

    def start(self, space: str, name: str, attributes: Attributes) -> None:
        super().start(space, name, attributes)
        self._names.append(name)
        if name == "fldChar":
            self.count.mark(value_of(attributes, "fldCharType"))

    def data(self, text: str) -> None:
        super().data(text)
        if self._names and self._names[-1] in INSTRUCTIONS:
            self.count.instruction(text)

    def end(self) -> None:
        super().end()
        self._names.pop()


@dataclass(slots=True)
class _Package:
    """What the first reading has found."""

    watch: Watching
    limits: FormatLimits
    _types: TypesFollower | None = None
    _names: dict[str, str] = field(default_factory=dict)
    _relations: list[Relation] = field(default_factory=list)
    _uris: dict[tuple[str, str], str] = field(default_factory=dict)
    _bad_fields: dict[str, set[int]] = field(default_factory=dict)
    _kept: list[tuple[Relation, str]] = field(default_factory=list)
    _ids: dict[str, set[str]] = field(default_factory=dict)

    def seen(self, name: str, stream: PartStream) -> None:
        """One part of the first reading."""
        if folded(name) == folded(TYPES_PART):
            self._types = TypesFollower(Word.OOXML, name, self.limits)
            self._follow(stream, self._types)
        elif (source := source_of(name)) is not None:
            relations = _Relations(Word.OOXML, name, self.limits)
            self._follow(stream, relations)
            self._relations += relations.relations
            self._uris |= {(source, key): uri for key, uri in relations.uris.items()}
        else:
            if self._names.setdefault(folded(name), name) != name:
                raise _wrong(name, "two parts of one name")
            if looks_like_xml(stream.content.head):
                fields = _Fields()
                self._follow(stream, fields)
                fields.count.end()
                self._bad_fields[name] = fields.count.bad

    def _follow(self, stream: PartStream, follower: Follower) -> None:
        for one in self.watch(stream.content, follower):
            if isinstance(one, Fault):
                raise Unsound(one.number, one.word, **one.fields)

    def plan(self) -> dict[str, str]:
        """The parts that stay, in the order in which they are led to, with the names that they get."""
        names: dict[str, str] = {}
        by_source: dict[str, list[Relation]] = {}
        for one in self._relations:
            by_source.setdefault(folded(one.source), []).append(one)
        waiting, seen = [""], {""}
        while waiting:
            source = waiting.pop(0)
            for one in by_source.get(folded(source), ()):
                target = self._target(one)
                if target is None:
                    continue
                self._kept.append((one, target))
                self._ids.setdefault(source, set()).add(one.name)
                if target not in seen:
                    seen.add(target)
                    names[target] = self._named(target, names)
                    waiting.append(target)
        if sum(self.kind(name) in MAINS for name in names) != 1:
            raise Unsound(3820, Word.OOXML, part="", what="")
        return names

    def _target(self, one: Relation) -> str | None:
        """The part that a relationship of the list leads to, if it stays."""
        found = None if one.outside else resolved(one)
        name = self._names.get(folded(found)) if found is not None else None
        relation = kind_of(self.uri(one))
        if name is None or not relation or not leads(relation, self.kind(name)):
            return None
        return name if (relation == "officeDocument") == (not one.source) else None

    def _named(self, name: str, names: dict[str, str]) -> str:
        kind = self.kind(name)
        if fits(name, kind):
            return name
        top = MAINS.get(kind) or next(iter(names.values()), "word/").partition("/")[0]
        top = {"docx": "word", "xlsx": "xl", "pptx": "ppt"}.get(top, top)
        ending = "vml" if kind.endswith("vmlDrawing") else "xml"
        if kind in PICTURES_KEPT:
            ending = min(PICTURES_KEPT[kind][0])
        return (
            f"{top}/{'media' if kind in PICTURES_KEPT else 'parts'}/anew{len(names) + 1}.{ending}"
        )

    def kind(self, name: str) -> str:
        """The content type of a part, "" where it is not on the list."""
        said = "" if self._types is None else self._types.type_of(name)
        said = SYNONYMS.get(said, said)
        return said if said in XML_KEPT or said in PICTURES_KEPT else ""

    def uri(self, one: Relation) -> str:
        return self._uris.get((one.source, one.name), "")

    def kept_relations(self) -> Iterator[tuple[Relation, str]]:
        yield from self._kept

    def content(self, name: str, stream: PartStream) -> Iterator[OoxmlPart]:
        """One part of the second reading."""
        if self.kind(name) in PICTURES_KEPT:
            for piece in stream.content.chunks(piece_bytes=MAX_PIECE_BYTES):
                yield OoxmlPiece(piece)
            return
        kept = frozenset(self._ids.get(name, ()))
        yield from cleaned(
            stream.content, name, kept, self._bad_fields.get(name, set()), self.limits
        )
