"""Content types of OOXML parts (ECMA-376 part 1, 15; part 2, 10; MS-OE376, MS-DOCX, MS-XLSX, MS-PPTX).

What is not here is not taken. Types that say what they bring in have a number of their own.
"""

from __future__ import annotations

import re
from typing import Final

_OPEN: Final = "application/vnd.openxmlformats-officedocument."
# The main parts: what the document is.
MAINS: Final = {
    f"{_OPEN}wordprocessingml.document.main+xml": "docx",
    f"{_OPEN}spreadsheetml.sheet.main+xml": "xlsx",
    f"{_OPEN}presentationml.presentation.main+xml": "pptx",
}


def _types(prefix: str, suffix: str, names: str) -> frozenset[str]:
    return frozenset(f"{prefix}{name}{suffix}" for name in names.split())


# Types of XML.
XML_TYPES: Final = (
    frozenset(MAINS)
    | _types(
        f"{_OPEN}wordprocessingml.",
        "+xml",
        """settings styles stylesWithEffects fontTable webSettings numbering footnotes endnotes header
        footer comments commentsExtended commentsIds commentsExtensible people document.glossary""",
    )
    | _types(
        f"{_OPEN}spreadsheetml.",
        "+xml",
        """worksheet chartsheet styles sharedStrings comments table tableSingleCells calcChain
        pivotTable pivotCacheDefinition pivotCacheRecords sheetMetadata revisionHeaders revisionLog
        userNames""",
    )
    | _types(
        f"{_OPEN}presentationml.",
        "+xml",
        """slide slideLayout slideMaster notesMaster notesSlide handoutMaster viewProps presProps
        tableStyles commentAuthors comments tags""",
    )
    | _types(
        f"{_OPEN}drawingml.",
        "+xml",
        "chart chartshapes diagramData diagramLayout diagramStyle diagramColors",
    )
    | _types(
        _OPEN,
        "+xml",
        """theme themeOverride themeManager drawing extended-properties custom-properties
        customXmlProperties""",
    )
    | _types(
        "application/vnd.ms-",
        "+xml",
        """word.stylesWithEffects office.chartstyle office.chartcolorstyle office.chartex
        office.drawingml.diagramDrawing office.classificationlabels excel.person
        excel.threadedcomments excel.slicer excel.slicerCache excel.timeline excel.timelineCache
        powerpoint.revisioninfo powerpoint.changesinfo powerpoint.comments powerpoint.authors""",
    )
    | {
        "application/vnd.openxmlformats-package.core-properties+xml",
        "application/vnd.openxmlformats-package.relationships+xml",
        f"{_OPEN}vmlDrawing",
        "application/xml",
        "application/inkml+xml",
        "image/svg+xml",
    }
)
PICTURES: Final = frozenset(
    ["image/png", "image/jpeg", "image/jpg", "image/pjpeg", "image/gif", "image/bmp", "image/x-ms-bmp",
     "image/tiff", "image/tif", "image/vnd.ms-photo", "image/webp"]
)  # fmt: skip
METAFILES: Final = frozenset(
    [
        "image/x-emf",
        "image/x-wmf",
        "image/emf",
        "image/wmf",
        "image/x-emz",
        "image/x-wmz",
        "image/pcz",
    ]
)
FONTS: Final = frozenset(
    [f"{_OPEN}obfuscatedFont", "application/x-fontdata", "application/x-font-ttf", "font/ttf"]
)
PRINTERS: Final = frozenset(
    f"{_OPEN}{one}.printerSettings" for one in ("wordprocessingml", "spreadsheetml", "presentationml")
)  # fmt: skip
# Documents in a document; only these, as each is one that the walk takes apart and looks at.
PACKAGES: Final = frozenset(
    f"{_OPEN}{one}"
    for one in ("wordprocessingml.document", "spreadsheetml.sheet", "presentationml.presentation")
)
# What a name must end with, so that nobody takes the part for something else.
_EXTENSIONS: Final = (
    (XML_TYPES, frozenset(["xml", "rels", "vml", "svg", "psmdc"])),
    (PICTURES, frozenset(["png", "jpeg", "jpg", "jpe", "jfif", "gif", "bmp", "dib", "tif", "tiff",
                          "wdp", "webp", "tmp"])),
    (METAFILES, frozenset(["emf", "wmf", "emz", "wmz", "pcz"])),
    (FONTS, frozenset(["odttf", "fntdata", "ttf", "otf"])),
    (PRINTERS, frozenset(["bin"])),
    (PACKAGES, frozenset(["docx", "xlsx", "pptx"])),
)  # fmt: skip
# Kinds that are refused by name: pattern of a type in small letters, and what it brings in.
_REFUSED: Final = tuple(
    (re.compile(pattern), number)
    for pattern, number in (
        (r"macro|vbaproject|vbadata|keymapcustomizations|attachedtoolbars|intlmacro", 3805),
        (r"activex|controlproperties|dialogsheet", 3808),
        (r"oleobject|\.package|msword|vnd\.ms-(?:excel|powerpoint|word)$|application/pdf", 3809),
        (r"text/html|mht|rtf|message/|xhtml|\.template|wordprocessingml\.document$", 3810),
        (r"webextension|customui|ribbon", 3811),
        (r"externallink|connections|querytable|volatiledependencies|maildata|recipientdata", 3812),
        (r"^(?:audio|video)/", 3822),
    )
)
# Where parts stand. The standard leaves it open; office programs do not.
_PLACES: Final = re.compile(
    r"\[Content_Types\]\.xml|"
    r"(?:_rels|word|xl|ppt|docProps|customXml|docMetadata|theme|media|package)/(?:[^/]+/){0,4}[^/]+",
    re.IGNORECASE,
)


def place_is_known(part: str) -> bool:
    """Whether office programs have parts there."""
    return _PLACES.fullmatch(part) is not None


def number_of_type(content_type: str) -> int:
    """3802 for a type that is not on the list, or the number of what it brings in; 0 for one that is."""
    if content_type in PACKAGES:
        return 3809
    if any(content_type in types for types, _ in _EXTENSIONS):
        return 0
    small = content_type.lower()
    return next((number for one, number in _REFUSED if one.search(small) is not None), 3802)


def name_fits(content_type: str, part: str) -> bool:
    """Whether a part's name ends as parts of its type do."""
    ending = part.rpartition(".")[2].lower()
    return any(content_type in types and ending in endings for types, endings in _EXTENSIONS)
