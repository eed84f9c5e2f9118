"""How the files of an OFD hang together (GB/T 33190-2016, 7): what names what, and what each may be.

    OFD.xml --DocRoot--> Document.xml --Pages, CommonData--> Page, Res, TemplatePage
            \\-Signatures-> Signatures.xml --BaseLoc--> Signature.xml --> Seal, SignedValue
                            Document.xml --Annotations, Attachments, CustomTags, Extensions--> ...

A location (ST_Loc, 7.3) is absolute in the package or relative to the file that says it. Programs disagree
about the second: relative to the folder of the document and of the package are taken too, as long as the
file is there.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gateway.inspection.formats.ooxml_relations import resolve

SPACES: Final = frozenset(["http://www.ofdspec.org", "http://www.ofdspec.org/2016"])
VERSIONS: Final = frozenset(["1.0", "1.1", "1.2"])
DOCUMENT_TYPES: Final = frozenset(["OFD", "OFD-A"])
ROOT_FILE: Final = "OFD.xml"


class Use(StrEnum):
    """What a file is to the one that names it."""

    STRUCTURE = "structure"
    PAGE = "page"
    PICTURE = "picture"
    FONT = "font"
    ATTACHMENT = "attachment"
    SIGNATURE = "signature"
    TAG = "tag"
    SIGNED = "signed"


# Elements whose text is a location.
LOCATIONS: Final = {
    "DocRoot": Use.STRUCTURE, "PublicRes": Use.STRUCTURE, "DocumentRes": Use.STRUCTURE,
    "PageRes": Use.STRUCTURE, "Annotations": Use.STRUCTURE, "Attachments": Use.STRUCTURE,
    "CustomTags": Use.STRUCTURE, "Extensions": Use.STRUCTURE, "Signatures": Use.STRUCTURE,
    "File": Use.STRUCTURE, "MediaFile": Use.PICTURE, "Thumbnail": Use.PICTURE,
    "Substitution": Use.PICTURE, "Cover": Use.PICTURE, "FontFile": Use.FONT,
    "SignedValue": Use.SIGNATURE, "SignedValueLoc": Use.SIGNATURE, "ExtendData": Use.TAG,
    "SchemaLoc": Use.TAG,
}  # fmt: skip
# FileLoc and BaseLoc, by the root of the file in which they stand.
FILE_LOCATIONS: Final = {
    "Attachments": Use.ATTACHMENT, "CustomTags": Use.TAG, "Annotations": Use.STRUCTURE,
    "Signature": Use.SIGNATURE,
}  # fmt: skip
# Elements with an attribute BaseLoc that is a file.
BASES: Final = {
    "Page": Use.PAGE, "TemplatePage": Use.PAGE, "Signature": Use.STRUCTURE, "Version": Use.STRUCTURE,
}  # fmt: skip
# Roots of files of the standard, by what names them.
ROOTS: Final = frozenset(
    ["OFD", "Document", "Page", "Res", "Annotations", "PageAnnot", "Attachments", "Signatures",
     "Signature", "CustomTags", "Extensions", "DocVersion", "Versions"]
)  # fmt: skip
_ENDINGS: Final = {
    Use.STRUCTURE: frozenset(["xml"]),
    Use.PAGE: frozenset(["xml"]),
    Use.PICTURE: frozenset(["png", "jpg", "jpeg", "bmp", "gif", "tif", "tiff", "jb2", "jbig2", "gbig2"]),
    Use.FONT: frozenset(["ttf", "otf", "ttc", "cff"]),
    Use.SIGNATURE: frozenset(["dat", "esl", "xml"]),
    Use.TAG: frozenset(["xml", "xsd"]),
}  # fmt: skip
_JBIG2: Final = frozenset(["jb2", "jbig2", "gbig2"])
# In its own file the standard says how it begins (ISO/IEC 14492, D.4.1).
_JBIG2_MARK: Final = b"\x97JB2\r\n\x1a\n"


@dataclass(frozen=True, slots=True)
class Reference:
    """One location: the file that says it, as what, and the folder it adds (Res/@BaseLoc)."""

    source: str
    use: Use
    location: str
    base: str = ""


def candidates(reference: Reference, roots: Iterable[str]) -> list[str]:
    """The files that a location may mean, the likeliest first; empty where it leaves the package.

    roots: folders of the documents.
    """
    here = posixpath.dirname(reference.source)
    if reference.location.startswith("/"):
        folders = [""]
    else:
        bases = [reference.base.lstrip("/")] if reference.base.startswith("/") else [
            posixpath.join(folder, reference.base) for folder in (here, *roots, "")
        ]  # fmt: skip
        folders = [*bases, here, *roots, ""]
    found = [resolve(folder, reference.location) for folder in folders]
    if found[0] is None:
        return []
    return [one for one in dict.fromkeys(found) if one is not None]


def fits(use: Use, file: str) -> bool:
    """Whether a file's name ends as files of its use do; an attachment is any."""
    endings = _ENDINGS.get(use)
    return endings is None or file.rpartition(".")[2].lower() in endings


def is_jbig2(file: str, head: bytes) -> bool:
    """Whether a picture is JBIG2, by name or by mark."""
    return file.rpartition(".")[2].lower() in _JBIG2 or head.startswith(_JBIG2_MARK)
