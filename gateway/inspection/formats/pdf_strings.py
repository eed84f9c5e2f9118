"""Bytes of names and strings of a PDF, from the text that a reader has made of them.

Runs where the file is read. The readers give texts (`u:words`) where a string can be read as one; what is
written anew must be the same bytes. No I/O.
"""

from __future__ import annotations

import codecs
import re
from typing import Final

from gateway.inspection.formats.pdf import unsound

# PDFDocEncoding (annex D.2) where it is not Latin-1.
_DOC: Final = {
    ord(letter): code
    for code, letter in zip(
        (*range(0x18, 0x20), *range(0x80, 0x9F), 0xA0),
        "\u02d8\u02c7\u02c6\u02d9\u02dd\u02db\u02da\u02dc\u2022\u2020\u2021\u2026\u2014\u2013\u0192\u2044"
        "\u2039\u203a\u2212\u2030\u201e\u201c\u201d\u2018\u2019\u201a\u2122\ufb01\ufb02\u0141\u0152\u0160"
        "\u0178\u017d\u0131\u0142\u0153\u0161\u017e\u20ac",
        strict=True,
    )
}
# Codes of Latin-1 that stand for something else there.
_UNUSED: Final = frozenset([*range(0x18, 0x20), *range(0x7F, 0xA1), 0xAD])
_HEX: Final = re.compile(r"#([0-9A-Fa-f]{2})")


def name_bytes(value: str) -> bytes:
    """A name `/Name`, or `n:/N#e4me` where its bytes are no UTF-8. Raises Unsound 3867."""
    if value.startswith("n:/"):
        return _HEX.sub(lambda found: chr(int(found[1], 16)), value[3:]).encode("latin-1")
    try:
        return value[1:].encode()
    except UnicodeEncodeError as error:
        raise unsound(3867, object="", reason="a name that cannot be read") from error


def string_bytes(value: str, unit: int = 1) -> bytes:
    """The bytes that a string `u:words` or `b:hex` has been. Raises Unsound 3867.

    unit: its length is a whole number of these, if that helps to choose between readings.
    """
    if value.startswith("b:"):
        return bytes.fromhex(value[2:])
    text = value[2:]
    readings = [text.translate(_DOC).encode("latin-1")] if _is_doc(text) else []
    try:
        readings += [
            codecs.BOM_UTF16_BE + text.encode("utf-16-be"),
            codecs.BOM_UTF8 + text.encode(),
        ]
    except UnicodeEncodeError as error:
        raise unsound(3867, object="", reason="a string that cannot be read") from error
    return next((one for one in readings if len(one) % max(unit, 1) == 0), readings[0])


def _is_doc(text: str) -> bool:
    return all(ord(one) in _DOC or (ord(one) < 0x100 and ord(one) not in _UNUSED) for one in text)
