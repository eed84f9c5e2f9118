"""Words on the pages of a PDF by PDFium, the annotations' appearances with them.

Layers that are switched off are read too: PDFium reads all that a page can show.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pypdfium2
import pypdfium2.raw as pdfium

from gateway.inspection.formats.contract import FormatLimits
from gateway.inspection.formats.pdf import unsound

_NO_LETTERS: Final = ("\ufffd", "\ufffe", "\uffff", "\x00")


def pages_of(data: bytes, limits: FormatLimits) -> Iterator[tuple[int, str]]:
    """Number and words of each page. Raises Unsound 3878, 3899."""
    try:
        document = pypdfium2.PdfDocument(data)
        count = len(document)
    except (pypdfium2.PdfiumError, ValueError) as error:
        raise unsound(3899, page=0, reason=str(error)[:80]) from error
    try:
        if count > limits.pages:
            raise unsound(3878, pages=count, limit=limits.pages)
        for number in range(count):
            yield number + 1, _text(document, number)
    finally:
        document.close()


def _text(document: pypdfium2.PdfDocument, number: int) -> str:
    try:
        page = document[number]
        if pdfium.FPDFPage_GetAnnotCount(page) > 0:
            # Only within this copy in memory: what annotations show becomes part of the page.
            pdfium.FPDFPage_Flatten(page, pdfium.FLAT_NORMALDISPLAY)
            page.close()
            page = document[number]
        words = page.get_textpage()
        text = str(words.get_text_range())
        words.close()
        page.close()
    except (pypdfium2.PdfiumError, ValueError, UnicodeError) as error:
        raise unsound(3899, page=number + 1, reason=str(error)[:80]) from error
    return text


def is_untold(text: str) -> bool:
    """Whether letters stand on a page that nobody can name: none, or of private use for the most part."""
    private = sum("\ue000" <= letter <= "\uf8ff" for letter in text)
    return any(mark in text for mark in _NO_LETTERS) or 2 * private > len(text.split()) + len(text)
