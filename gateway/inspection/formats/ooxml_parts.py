"""An office document as parts on their way out of a sandbox, and the list of what it may be made of.

    OoxmlEntry ...     every part that will come, with its content type
    OoxmlRelation ...  from one of these, or from the package (""), to one of these
    OoxmlBegin(name) Start Chars End ... OoxmlEnd     a part of XML
    OoxmlBegin(name) OoxmlPiece ...      OoxmlEnd     a picture

What runs, fetches, embeds or is for programs stands on no list: macros, controls, objects, links, fonts,
printers, properties, custom XML, metafiles. Who writes checks it all again.
"""

from __future__ import annotations

import re
from typing import Final, TypeAlias

import msgspec

from gateway.inspection.formats.ooxml_types import MAINS, XML_TYPES
from gateway.inspection.formats.xml_events import Chars, End, Start

MAX_PIECE_BYTES: Final = 192 << 10
# As the readers have it (ooxml_stream, ooxml_relations); who writes imports neither.
MAX_PARTS: Final = 20_000
MAX_RELATIONS: Final = 100_000


class OoxmlEntry(msgspec.Struct, frozen=True, array_like=True, tag="n"):
    """A part. name: its path in the package. kind: its content type."""

    name: str
    kind: str


class OoxmlRelation(msgspec.Struct, frozen=True, array_like=True, tag="r"):
    """A relationship between two parts. kind: its whole type, a URI."""

    source: str
    id: str
    kind: str
    target: str


class OoxmlBegin(msgspec.Struct, frozen=True, array_like=True, tag="b"):
    """The content of a part follows."""

    name: str


class OoxmlPiece(msgspec.Struct, frozen=True, array_like=True, tag="p"):
    """Bytes of a picture, MAX_PIECE_BYTES at most."""

    data: bytes


class OoxmlEnd(msgspec.Struct, frozen=True, array_like=True, tag="x"):
    """The part is whole."""


OoxmlPart: TypeAlias = (
    OoxmlEntry | OoxmlRelation | OoxmlBegin | OoxmlPiece | OoxmlEnd | Start | Chars | End
)


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_OPEN: Final = "application/vnd.openxmlformats-officedocument."
_LEFT_OUT: Final = re.compile(
    # Properties, what others have stored, what is kept of changes, pictures that may hold a script; the
    # chain of calculations is made anew by whoever opens a workbook.
    r"properties|customXml|application/xml|svg|inkml|classificationlabels|\.tags\+|revision|changesinfo"
    r"|userNames|calcChain|relationships|tableSingleCells|stylesWithEffects",
    re.IGNORECASE,
)
XML_KEPT: Final = frozenset(kind for kind in XML_TYPES if _LEFT_OUT.search(kind) is None)
# Pictures by type: endings, and how the bytes begin.
PICTURES_KEPT: Final[dict[str, tuple[frozenset[str], tuple[bytes, ...]]]] = {
    "image/png": (_names("png"), (b"\x89PNG\r\n\x1a\n",)),
    "image/jpeg": (_names("jpeg jpg"), (b"\xff\xd8\xff",)),
    "image/gif": (_names("gif"), (b"GIF87a", b"GIF89a")),
    "image/bmp": (_names("bmp"), (b"BM",)),
    "image/tiff": (_names("tif tiff"), (b"II*\0", b"MM\0*")),
}
SYNONYMS: Final = {
    "image/jpg": "image/jpeg", "image/pjpeg": "image/jpeg", "image/tif": "image/tiff",
    "image/x-ms-bmp": "image/bmp",
}  # fmt: skip
KINDS_KEPT: Final = _names(
    """
    officeDocument styles theme themeOverride settings webSettings fontTable numbering header footer
    footnotes endnotes comments commentsExtended commentsIds commentsExtensible people glossaryDocument
    image chart chartEx chartStyle chartColorStyle chartUserShapes diagramData diagramLayout
    diagramQuickStyle diagramColors diagramDrawing drawing vmlDrawing worksheet chartsheet sharedStrings
    table pivotTable pivotCacheDefinition pivotCacheRecords sheetMetadata threadedComment person slicer
    slicerCache timeline timelineCache slide slideLayout slideMaster notesSlide notesMaster handoutMaster
    presProps viewProps tableStyles commentAuthors authors
    """
)
KIND_OF: Final = re.compile(
    r"(?:http://schemas\.openxmlformats\.org/officeDocument/2006/relationships/"
    r"|http://purl\.oclc\.org/ooxml/officeDocument/relationships/"
    r"|http://schemas\.microsoft\.com/office/(?:[a-z]{2,20}/)?[0-9]{4}(?:/[0-9]{1,2})?/(?:[a-z]{2,20}/)?"
    r"relationships/)([A-Za-z]{2,40})"
)
PART_NAME: Final = re.compile(
    r"(?:word|xl|ppt)/(?:[A-Za-z0-9_-]{1,60}/){0,3}[A-Za-z0-9_-]{1,80}\.[a-z]{3,4}"
)
RELATION_ID: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,80}")
RELATION_SPACES: Final = frozenset([
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    "http://purl.oclc.org/ooxml/officeDocument/relationships",
])  # fmt: skip
_SPACES: Final = (
    "http://schemas.openxmlformats.org/", "http://purl.oclc.org/ooxml/",
    "http://schemas.microsoft.com/office/", "urn:schemas-microsoft-com:vml",
    "urn:schemas-microsoft-com:office:",
)  # fmt: skip
# Elements that run, fetch, embed, or lead to what has been left out; by local name, in any vocabulary.
ELEMENTS_LEFT_OUT: Final = _names(
    """
    altChunk subDoc frameset attachedTemplate saveThroughXslt mailMerge control controls ocx
    formControlPr ActiveX oleObjects oleObj oleObject OLEObject objectEmbed objectLink embed
    externalReferences externalReference externalBook externalLink externalData ddeLink oleLink dbPr
    olapPr webPr connection connections queryTable volType volTypes dataSource webPublishItems
    webPublishItem webextension webExtension webextensionref taskpane taskpanes customUI cmd snd
    audioFile videoFile audioCd quickTimeFile wavAudioFile media FmlaMacro FmlaPict vbProcedure macrosheet
    dialogsheet embedRegular embedBold embedItalic embedBoldItalic embeddedFontLst dataBinding
    custDataLst tags contentPart svgBlip script iframe foreignObject applet
    """
)
# Attributes that run or fetch: macros of shapes, packages hidden in base64, other files.
ATTRIBUTES_LEFT_OUT: Final = _names("macro onAction onLoad gfxdata src href")


def kind_of(uri: str) -> str:
    """The last word of a type of relationship that is on the list, "" for any other."""
    found = KIND_OF.fullmatch(uri)
    return found[1] if found is not None and found[1] in KINDS_KEPT else ""


def space_is_known(space: str) -> bool:
    """Whether office programs have names in it."""
    return not space or space.startswith(_SPACES)


def fits(name: str, kind: str) -> bool:
    """Whether a part may be called so and be of that type."""
    if PART_NAME.fullmatch(name) is None:
        return False
    ending = name.rpartition(".")[2]
    if kind in PICTURES_KEPT:
        return ending in PICTURES_KEPT[kind][0]
    return kind in XML_KEPT and ending == ("vml" if kind == f"{_OPEN}vmlDrawing" else "xml")


def leads(relation: str, kind: str) -> bool:
    """Whether a relationship of a kind may lead to a part of a type."""
    if relation == "image":
        return kind in PICTURES_KEPT
    return kind in MAINS if relation == "officeDocument" else kind in XML_KEPT - MAINS.keys()
