"""How the parts of an OOXML package hang together: content types and relationships.

    [Content_Types].xml    part or ending --> content type
    _rels/.rels, a/_rels/b.xml.rels    from package or part, by a kind, --> part, or address outside

The package (ECMA-376 part 2, 9 and 10) is judged when every part has been seen: each part has one type of
the list, each relationship a kind of the list, each target exists, and each part is a target.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from gateway.inspection.formats.contract import FormatLimits
from gateway.inspection.formats.ooxml_follower import PartFollower
from gateway.inspection.formats.xml import Attributes
from gateway.inspection.unsound import Word

TYPES_PART: Final = "[Content_Types].xml"
_TYPES_SPACE: Final = "http://schemas.openxmlformats.org/package/2006/content-types"
_RELATIONS_SPACE: Final = "http://schemas.openxmlformats.org/package/2006/relationships"
# More of one document are no document: the largest seen have some thousands of hyperlinks.
MAX_RELATIONS: Final = 100_000
# By the last word of their kind; the spaces before it differ by edition and by year.
_SPACES: Final = (
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships/",
    "http://schemas.openxmlformats.org/package/2006/relationships/",
    "http://purl.oclc.org/ooxml/officeDocument/relationships/",
    "http://schemas.microsoft.com/office/",
)


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_KINDS: Final = _names(
    """
    officeDocument core-properties extended-properties extendedProperties custom-properties
    customProperties thumbnail classificationlabels
    styles stylesWithEffects stylesWithtEffects theme themeOverride settings webSettings fontTable
    numbering header footer footnotes endnotes comments commentsExtended commentsIds
    commentsExtensible people glossaryDocument hyperlink image hdphoto chart chartEx chartStyle
    chartColorStyle chartUserShapes diagramData diagramLayout diagramQuickStyle diagramColors
    diagramDrawing drawing vmlDrawing customXml customXmlProps ink
    worksheet chartsheet sharedStrings calcChain table tableSingleCells pivotTable
    pivotCacheDefinition pivotCacheRecords sheetMetadata printerSettings threadedComment person
    slicer slicerCache timeline timelineCache xmlMaps revisionHeaders revisionLog usernames
    slide slideLayout slideMaster notesSlide notesMaster handoutMaster presProps viewProps tableStyles
    commentAuthors tags revisionInfo changesInfo authors
    """
)
# What the others bring in, by number; a kind that stands nowhere is 3817.
_REFUSED: Final = {
    3805: """vbaProject wordVbaData vbaProjectSignature xlMacrosheet xlIntlMacrosheet
             keyMapCustomizations attachedToolbars""",
    3808: "control activeXControlBinary ctrlProp dialogsheet",
    3809: "oleObject package",
    3810: "attachedTemplate frame subDocument aFChunk htmlPubSaveAs transform",
    3811: "webextension webextensiontaskpanes extensibility ui",
    3812: """externalLink externalLinkPath xlExternalLinkPath/xlPathMissing connections queryTable
            mailMergeSource mailMergeHeaderSource recipientData mailMergeRecipientData
            volatileDependencies slideUpdateInfo slideUpdateUrl""",
    3815: "font",
    3822: "audio video media sound",
}
_NUMBERS: Final = {name: number for number, names in _REFUSED.items() for name in names.split()}


@dataclass(frozen=True, slots=True)
class Relation:
    """One relationship. source: the part it starts from, "" for the package; kind: its last word."""

    source: str
    name: str
    kind: str
    target: str
    outside: bool


def source_of(part: str) -> str | None:
    """The part whose relationships a part holds, "" for the package; None where it holds none."""
    folder, _, name = part.rpartition("/")
    if not name.endswith(".rels") or not (folder == "_rels" or folder.endswith("/_rels")):
        return None
    above = folder.removesuffix("_rels")
    return above + name.removesuffix(".rels")


def folded(part: str) -> str:
    """Names of parts are equal whatever their case (part 2, 9.1.1)."""
    return part.casefold()


def resolved(relation: Relation) -> str | None:
    """The part that a relationship leads to, None where it leaves the package."""
    return resolve(posixpath.dirname(relation.source), relation.target)


def resolve(folder: str, target: str) -> str | None:
    """A target against a folder of the package. None where it leaves it."""
    path = unquote(target.partition("#")[0])
    if "\\" in path or "\0" in path or "//" in path or ":" in path.partition("/")[0]:
        return None
    joined = path.lstrip("/") if path.startswith("/") else posixpath.join(folder, path)
    kept: list[str] = []
    for step in joined.split("/"):
        if step == "..":
            if not kept:
                return None
            kept.pop()
        elif step not in ("", "."):
            kept.append(step)
    return "/".join(kept)


def number_of_kind(kind: str) -> int:
    """0 for a kind of the list, else the number of what it brings in."""
    return 0 if kind in _KINDS else _NUMBERS.get(kind, 3817)


class TypesFollower(PartFollower):
    """Follows [Content_Types].xml. defaults: by ending, in small letters; overrides: by folded name."""

    def __init__(self, word: Word, part: str, limits: FormatLimits) -> None:
        super().__init__(word, part, "Types", limits, limits.values)
        self.defaults: dict[str, str] = {}
        self.overrides: dict[str, str] = {}

    def opened(self, space: str, name: str, attributes: Attributes) -> None:
        """A type for an ending or a part. Raises Unsound 3823."""
        if len(self.overrides) > MAX_RELATIONS:
            raise self.refuse(3823, limit=MAX_RELATIONS)
        if space != _TYPES_SPACE:
            self.fault(3827, what=f"{{{space}}}{name}")
        plain = {key: value for (key_space, key), value in attributes.items() if not key_space}
        kind = plain.get("ContentType", "")
        match name:
            case "Types" if len(self.names) == 1:
                pass
            case "Default":
                self._add(self.defaults, plain.get("Extension", "").lower(), kind)
            case "Override":
                self._add(self.overrides, folded(plain.get("PartName", "").lstrip("/")), kind)
            case _:
                self.fault(3827, what=name)

    def _add(self, table: dict[str, str], key: str, kind: str) -> None:
        if not key or not kind or table.setdefault(key, kind) != kind:
            self.fault(3827, what=key)

    def type_of(self, part: str) -> str:
        """The content type of a part, "" for none."""
        own = self.overrides.get(folded(part))
        return own if own is not None else self.defaults.get(part.rpartition(".")[2].lower(), "")

    def all(self) -> Iterator[tuple[str, str]]:
        """Every type that stands there, with what it is said of."""
        yield from self.defaults.items()
        yield from self.overrides.items()


class RelationsFollower(PartFollower):
    """Follows one part of relationships."""

    def __init__(self, word: Word, part: str, limits: FormatLimits) -> None:
        super().__init__(word, part, "Relationships", limits, limits.values)
        self.relations: list[Relation] = []
        self._ids: set[str] = set()

    def opened(self, space: str, name: str, attributes: Attributes) -> None:
        """One relationship. Raises Unsound 3823."""
        if space != _RELATIONS_SPACE:
            self.fault(3827, what=f"{{{space}}}{name}")
        if len(self.names) == 1:
            return
        if name != "Relationship":
            self.fault(3827, what=name)
            return
        plain = {key: value for (key_space, key), value in attributes.items() if not key_space}
        said, kind, target = (plain.get(key, "") for key in ("Id", "Type", "Target"))
        mode = plain.get("TargetMode", "Internal")
        if not said or said in self._ids or not kind or mode not in ("Internal", "External"):
            self.fault(3827, what=said or mode)
        self._ids.add(said)
        known = kind.startswith(_SPACES) or kind.lower().startswith(_SPACES[0].lower())
        last = kind.rpartition("/")[2] if known else kind
        source = source_of(self.part) or ""
        self.relations.append(Relation(source, said, last, target, mode == "External"))
        if len(self.relations) > MAX_RELATIONS:
            raise self.refuse(3823, limit=MAX_RELATIONS)
