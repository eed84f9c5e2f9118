"""Whether the letters of a font can be told (9.10.2): without that a page is a picture of words."""

from __future__ import annotations

import re
from typing import Final

from gateway.inspection.formats.pdf import Document, Value
from gateway.inspection.formats.pdf_tables import COLLECTIONS, ENCODINGS, GLYPHS

_UNICODE_NAME: Final = re.compile(r"uni(?:[0-9A-F]{4})+|u[0-9A-F]{4,6}")
# Predefined CMaps (9.7.5.2, table 116).
_PREDEFINED: Final = re.compile(
    r"/(?:(?:GB|GBpc|CNS|KSC|KSCms|KSCpc)-(?:EUC|UHC|UHC-HW)|GBK-EUC|GBKp-EUC|GBK2K|B5pc|HKscs-B5"
    r"|ETen-B5|ETenms-B5|CNS-EUC|83pv-RKSJ|90msp?-RKSJ|90pv-RKSJ|Add-RKSJ|EUC|Ext-RKSJ"
    r"|Uni(?:GB|CNS|JIS|KS)-(?:UCS2(?:-HW)?|UTF8|UTF16|UTF32)|UniJIS2004-UTF16)-[HV]|/[HV]"
)
# Fonts that every reader has (9.6.2.2), with letters everybody knows; Symbol and ZapfDingbats are signs.
_STANDARD: Final = re.compile(r"/(?:Helvetica|Times|Courier|Symbol|ZapfDingbats|Arial)")


def is_legible(document: Document, font: dict[str, Value]) -> bool:
    """Whether its codes can be turned to Unicode by what stands in the file or in the standard."""
    subtype = document.resolved(font.get("/Subtype"))
    if subtype in ("/CIDFontType0", "/CIDFontType2") or "/ToUnicode" in font:
        # A descendant is judged with the font it belongs to.
        return True
    if subtype == "/Type0":
        return _composite(document, font)
    encoding = document.resolved(font.get("/Encoding"))
    if isinstance(encoding, dict):
        base = document.resolved(encoding.get("/BaseEncoding"))
        known = base in ENCODINGS or (base is None and subtype != "/Type3")
        names = [n for n in document.array(encoding.get("/Differences")) if isinstance(n, str)]
        return (
            known and all(_is_known(name) for name in names)
            if subtype != "/Type3"
            else all(_is_known(name) for name in names)
        )
    if encoding in ENCODINGS:
        return True
    name = document.resolved(font.get("/BaseFont"))
    embedded = "/FontDescriptor" in font
    return not embedded and isinstance(name, str) and _STANDARD.match(name) is not None


def _is_known(name: str) -> bool:
    bare = name[1:].partition(".")[0] or name[1:]
    return bare in GLYPHS or _UNICODE_NAME.fullmatch(bare) is not None


def _composite(document: Document, font: dict[str, Value]) -> bool:
    encoding = document.resolved(font.get("/Encoding"))
    if isinstance(encoding, str) and not encoding.startswith("/Identity"):
        return _PREDEFINED.fullmatch(encoding) is not None
    for descendant in document.array(font.get("/DescendantFonts")):
        system = document.dictionary(document.dictionary(descendant).get("/CIDSystemInfo"))
        ordering = document.resolved(system.get("/Ordering"))
        if isinstance(ordering, str) and ordering[2:] in COLLECTIONS:
            return True
    return False
