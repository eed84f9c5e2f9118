"""OOXML (ECMA-376, ISO/IEC 29500): what both readers hold a docx, xlsx or pptx to.

    zip --parts--> each part of XML, by its root --follower--> Fault, Text, Member
         \\-------> content types, relationships --when all are seen--> Fault
          \\------> worksheets, once shared strings are known

Only what is on the lists of ooxml_types and ooxml_relations; nothing that runs, fetches or hides. The walk
counts, types and scans the parts themselves. Signatures of packages are not on the lists: nobody here
could answer for them once a part is masked or made anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from gateway.errors import Field
from gateway.inspection.content import Content
from gateway.inspection.formats.contract import FormatLimits, Item, Text
from gateway.inspection.formats.ooxml_follower import PartFollower, looks_like_xml, root_of
from gateway.inspection.formats.ooxml_reaching import is_plain_link
from gateway.inspection.formats.ooxml_relations import (
    MAX_RELATIONS,
    TYPES_PART,
    Relation,
    RelationsFollower,
    TypesFollower,
    folded,
    number_of_kind,
    resolved,
    source_of,
)
from gateway.inspection.formats.ooxml_sheets import (
    SharedStrings,
    SharedStringsFollower,
    SheetFollower,
    WorkbookFollower,
)
from gateway.inspection.formats.ooxml_stream import Members, PartStream, Watching, parts
from gateway.inspection.formats.ooxml_texts import TextFollower
from gateway.inspection.formats.ooxml_types import (
    FONTS,
    MAINS,
    METAFILES,
    PACKAGES,
    PRINTERS,
    XML_TYPES,
    name_fits,
    number_of_type,
    place_is_known,
)
from gateway.inspection.unsound import Fault, Unsound, Word

WORD: Final = Word.OOXML
_FAULTS_A_KIND: Final = 3


@dataclass(frozen=True, slots=True)
class OoxmlProfile:
    """What a channel takes.

    embedded: docx, xlsx and pptx inside (charts of Word have one), never OLE. links: hyperlinks to
    https, http, mailto. fonts: embedded ones. metafiles: EMF and WMF, whose records are a program of
    drawing. printer_settings: what a driver has left there. unreferred: parts that nothing leads to.
    """

    embedded: bool = False
    links: bool = True
    fonts: bool = False
    metafiles: bool = False
    printer_settings: bool = True
    unreferred: bool = False


def read(
    members: Members, watch: Watching, content: Content, limits: FormatLimits, profile: OoxmlProfile
) -> Iterator[Item]:
    """Faults and texts of a document, by the readers of one side.

    Raises Unsound 32xx (the zip), 3600 to 3611 (a part's XML), 3823, and OSError.
    """
    package = _Package(watch, limits, profile)
    for member, stream in parts(members, content):
        yield from member.faults
        if not member.encrypted:
            yield from package.part(member.name, stream)
    yield from package.judge()
    if package.later:
        for member, stream in parts(members, content):
            if member.name in package.later:
                yield from package.sheet(member.name, stream)
    yield from package.unused_strings()


class _Package:
    """What is known of one document."""

    def __init__(self, watch: Watching, limits: FormatLimits, profile: OoxmlProfile) -> None:
        self._watch, self._limits, self._profile = watch, limits, profile
        self._types: TypesFollower | None = None
        self._relations: list[Relation] = []
        self._workbook: WorkbookFollower | None = None
        self._strings = SharedStrings()
        self._string_parts = 0
        self._said: dict[int, int] = {}
        # Parts in the order of their data, and what each is made of.
        self._is_xml: dict[str, bool] = {}
        self.later: set[str] = set()

    def part(self, name: str, stream: PartStream) -> Iterator[Item]:
        """One part, as it comes."""
        head = stream.content.head
        xml = looks_like_xml(head) or name.lower().endswith((".xml", ".rels", ".vml"))
        self._is_xml[name] = xml
        if not xml:
            return
        root = root_of(head)
        if root == "worksheet":
            self.later.add(name)
            return
        yield from self._followed(stream, self._follower(name, root))

    def sheet(self, name: str, stream: PartStream) -> Iterator[Item]:
        """A worksheet, when strings and names are known."""
        sheet = self._sheet_names().get(folded(name), name)
        yield from self._followed(
            stream,
            SheetFollower(
                WORD, name, "worksheet", self._limits, sheet=sheet, strings=self._strings,
                embedded=self._profile.embedded,
            ),
        )  # fmt: skip

    def _followed(self, stream: PartStream, follower: PartFollower) -> Iterator[Item]:
        try:
            yield from self._watch(stream.content, follower)
        except Unsound as error:
            # The fault of the XML says what; this one says where.
            if error.fault.word == Word.XML:
                fields: dict[str, Field] = {"part": follower.part[:80], "rule": error.fault.number}
                yield Fault(WORD, 3801, fields)
            raise
        if isinstance(follower, RelationsFollower):
            self._relations += follower.relations
            if len(self._relations) > MAX_RELATIONS:
                raise follower.refuse(3823, limit=MAX_RELATIONS)

    def _follower(self, name: str, root: str) -> PartFollower:
        if folded(name) == folded(TYPES_PART):
            self._types = TypesFollower(WORD, name, self._limits)
            return self._types
        if source_of(name) is not None:
            return RelationsFollower(WORD, name, self._limits)
        if root == "workbook" and self._workbook is None:
            self._workbook = WorkbookFollower(WORD, name, root, self._limits)
            return self._workbook
        if root == "sst" and not self._string_parts:
            self._string_parts += 1
            return SharedStringsFollower(WORD, name, root, self._limits, self._strings)
        return TextFollower(WORD, name, root, self._limits, embedded=self._profile.embedded)

    def _sheet_names(self) -> dict[str, str]:
        """Names of sheets by their folded parts."""
        book = self._workbook
        if book is None:
            return {}
        return {
            folded(target): book.sheets[one.name]
            for one in self._relations
            if one.source == book.part and one.name in book.sheets
            and not one.outside and (target := resolved(one)) is not None
        }  # fmt: skip

    def unused_strings(self) -> Iterator[Item]:
        """Shared strings that no cell shows: somebody may read them all the same."""
        for number, text in self._strings.unused():
            yield Text(f"shared string {number}", text)

    # Judged when every part is known.

    def judge(self) -> Iterator[Fault]:
        """Types, relationships, and whether each part is led to."""
        names = {folded(name): name for name in self._is_xml}
        yield from self._judge_types()
        reached = {folded(TYPES_PART)}
        for one in self._relations:
            yield from self._judge_relation(one, names, reached)
        yield from self._judge_mains()
        if not self._profile.unreferred:
            yield from self._unreached(names, reached)

    def _judge_types(self) -> Iterator[Fault]:
        types = self._types
        if types is None:
            yield from self._fault(3820, part=TYPES_PART, what="")
            return
        for said_of, kind in types.all():
            number = number_of_type(kind)
            if number and not self._allows(kind):
                yield from self._fault(number, part=said_of, what=kind, type=kind)
            yield from self._by_profile(said_of, kind)
        for part, xml in self._is_xml.items():
            if folded(part) == folded(TYPES_PART):
                continue
            kind = types.type_of(part)
            if not kind or not place_is_known(part):
                yield from self._fault(3803, part=part)
            elif number_of_type(kind) in (0, 3809) and (
                not name_fits(kind, part) or xml != (kind in XML_TYPES)
            ):
                yield from self._fault(3804, part=part, type=kind)

    def _allows(self, kind: str) -> bool:
        return self._profile.embedded and kind in PACKAGES

    def _by_profile(self, said_of: str, kind: str) -> Iterator[Fault]:
        profile = self._profile
        if kind in FONTS and not profile.fonts:
            yield from self._fault(3815, part=said_of)
        if kind in METAFILES and not profile.metafiles and self._has(said_of):
            yield from self._fault(3816, part=said_of)
        if kind in PRINTERS and not profile.printer_settings:
            yield from self._fault(3826, part=said_of)

    def _has(self, said_of: str) -> bool:
        """Whether a part is meant at all: defaults are often written for kinds that are not there."""
        ending = "." + said_of
        return any(folded(one) == said_of or folded(one).endswith(ending) for one in self._is_xml)

    def _judge_relation(
        self, one: Relation, names: dict[str, str], reached: set[str]
    ) -> Iterator[Fault]:
        number = number_of_kind(one.kind)
        allowed = (one.kind == "package" and self._profile.embedded) or (
            one.kind == "font" and self._profile.fonts
        )
        if number and not allowed:
            yield from self._fault(number, part=one.source, what=one.kind, target=one.target)
        if one.outside:
            if one.kind != "hyperlink" or not self._profile.links:
                yield from self._fault(3806, part=one.source, what=one.kind, target=one.target)
            elif not is_plain_link(one.target):
                yield from self._fault(3807, part=one.source, target=one.target)
            return
        if one.kind == "hyperlink" and one.target.startswith("#"):
            return
        target = resolved(one)
        if target is None or folded(target) not in names:
            yield from self._fault(3818, part=one.source, target=one.target)
        else:
            reached.add(folded(target))

    def _judge_mains(self) -> Iterator[Fault]:
        mains = [
            resolved(one)
            for one in self._relations
            if not one.source and one.kind == "officeDocument"
        ]
        kinds = [self._types.type_of(one or "") for one in mains] if self._types else []
        if len(kinds) != 1 or kinds[0] not in MAINS:
            yield from self._fault(3820, part=str(mains[0] if mains else ""), what=", ".join(kinds))
        slides = sum(one.kind == "slide" for one in self._relations)
        if slides > self._limits.pages * 10 or self._string_parts > 1:
            yield from self._fault(3823, part="", limit=self._limits.pages)

    def _unreached(self, names: dict[str, str], reached: set[str]) -> Iterator[Fault]:
        for one, name in names.items():
            source = source_of(name)
            if source is None:
                if one not in reached:
                    yield from self._fault(3819, part=name)
            elif source and folded(source) not in names:
                yield from self._fault(3819, part=name)

    def _fault(self, number: int, **fields: str | int) -> Iterator[Fault]:
        self._said[number] = self._said.get(number, 0) + 1
        if self._said[number] <= _FAULTS_A_KIND:
            cut = {key: one[:80] if isinstance(one, str) else one for key, one in fields.items()}
            yield Fault(WORD, number, cut)
