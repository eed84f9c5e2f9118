"""PDF, as the receiving guard reads it: pypdf over every byte for objects, and pypdf for words.

    bytes --object by object, as they lie--> Document --judge--> Fault, Member, Text
          --each revision--> words of its pages

Objects that no table lists are judged as all others are.
"""

from __future__ import annotations

from collections.abc import Iterator

import pypdf

from gateway.inspection.content import Content
from gateway.inspection.formats.contract import FormatLimits, Item
from gateway.inspection.formats.pdf import (
    WORD,
    Complaints,
    Digest,
    PdfProfile,
    page_references,
    text_pieces,
    unsound,
    whole,
)
from gateway.inspection.formats.pdf_allowed import allowed
from gateway.inspection.formats.pdf_judge import judge
from gateway.inspection.formats.pdf_parts import PdfPart
from gateway.inspection.receiving.formats.pdf_objects import TROUBLE, Reader, opened, read
from gateway.inspection.unsound import Fault, Unsound


def check(content: Content, limits: FormatLimits, profile: PdfProfile) -> Iterator[Item]:
    """Faults, texts and files of a document. Raises Unsound 3870 to 3878, 3889 to 3891, 3898, OSError."""
    complaints = Complaints()
    reader = read(whole(content, profile), limits, profile, complaints)
    yield from complaints.take()
    yield from judge(reader.document, limits, profile)
    if profile.page_texts or profile.texts_needed:
        yield from _words(reader, limits, profile)


def digest(content: Content, limits: FormatLimits, profile: PdfProfile) -> Digest:
    """What the sending side must have found alike. Raises what check raises."""
    reader = read(whole(content, profile), limits, profile, Complaints())
    pages = sum(1 for _ in page_references(reader.document, limits))
    return Digest(pages, len(reader.revisions), len(reader.document.current))


def parts(content: Content, limits: FormatLimits, profile: PdfProfile) -> Iterator[PdfPart]:
    """What the document written anew is made of. Raises what check raises, and Unsound 3867, 3868."""
    complaints = Complaints()
    reader = read(whole(content, profile), limits, profile, complaints)
    for fault in complaints.take():
        raise Unsound(fault.number, fault.word, **fault.fields)
    yield from allowed(reader.document, limits, profile, names_exact=False)


def _words(reader: Reader, limits: FormatLimits, profile: PdfProfile) -> Iterator[Item]:
    """Words of pages, the current revision last."""
    for revision, end in enumerate(reader.revisions, 1):
        last = end == reader.revisions[-1]
        label = "page" if last else f"revision {revision} page"
        pdf = reader.pdf if last else opened(reader.data[:end])
        pages = 0
        for pages, text in enumerate(_pages(pdf, limits), 1):
            if isinstance(text, str):
                yield from text_pieces(f"{label} {pages}", text)
            elif profile.texts_needed:
                yield Fault(WORD, 3899, {"page": pages, "reason": str(text)[:80]})
        if last and pages != sum(1 for _ in page_references(reader.document, limits)):
            yield Fault(WORD, 3899, {"page": pages, "reason": "pypdf counts other pages"})


def _pages(pdf: pypdf.PdfReader, limits: FormatLimits) -> Iterator[str | Exception]:
    try:
        count = len(pdf.pages)
    except TROUBLE as error:
        raise unsound(3871, reason=str(error)[:80]) from error
    if count > limits.pages:
        raise unsound(3878, pages=count, limit=limits.pages)
    for number in range(count):
        try:
            yield pdf.pages[number].extract_text()
        except TROUBLE as error:
            yield error
