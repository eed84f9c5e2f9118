"""The guard's end: which parts a type is handed out in, and who writes them anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

from gateway.inspection.changing.csv_writer import CsvWriter
from gateway.inspection.changing.hl7_writer import Hl7Writer
from gateway.inspection.changing.json_writer import JsonWriter
from gateway.inspection.changing.masker import Masker
from gateway.inspection.changing.parts import (
    MAX_MESSAGE_BYTES,
    SHORT_MESSAGE_BYTES,
    BytesPart,
    CsvPart,
    Hl7Part,
    JsonPart,
)
from gateway.inspection.changing.whole_writers import DicomWriter, ImageWriter
from gateway.inspection.changing.xml_masked import XmlMasked
from gateway.inspection.content import Content
from gateway.inspection.formats.ooxml_parts import OoxmlPart
from gateway.inspection.formats.ooxml_writer import OoxmlWriter
from gateway.inspection.formats.pdf_parts import PdfPart
from gateway.inspection.formats.pdf_writer import PdfWriter
from gateway.inspection.formats.xml_events import XmlEvent
from gateway.inspection.unsound import Word


class Writer(Protocol):
    """Takes the parts of one file in order; what it writes counts only once `end` has returned."""

    def feed(self, part: Any) -> None: ...

    def end(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Job:
    """One file to be written anew. masker: None where persons stay. key: of what DICOM derives."""

    kind: str
    source: Content
    write: Callable[[bytes], object]
    masker: Masker | None
    key: bytes


@dataclass(frozen=True, slots=True)
class Written:
    """How files of a type are written. parts: the union of what comes. message_bytes: of one message."""

    word: Word
    parts: Any
    writer: Callable[[Job, Word], Writer]
    message_bytes: int = MAX_MESSAGE_BYTES


def _tree(word: Word) -> Written:
    return Written(word, XmlEvent, lambda job, word: XmlMasked(job.write, word, job.masker))


def _json(word: Word) -> Written:
    return Written(word, JsonPart, lambda job, word: JsonWriter(job.write, word, job.masker))


_IMAGE: Final = Written(
    Word.IMAGE, BytesPart, lambda job, _: ImageWriter(job.write, job.kind), SHORT_MESSAGE_BYTES
)
_OOXML: Final = Written(
    Word.OOXML, OoxmlPart, lambda job, _: OoxmlWriter(job.write), SHORT_MESSAGE_BYTES
)
# By type of content. Types that are not here cannot be written anew.
WRITTEN: Final[dict[str, Written]] = {
    "json": _json(Word.JSON),
    "fhir json": _json(Word.FHIR),
    "xml": _tree(Word.XML),
    "fhir xml": _tree(Word.FHIR),
    "cda": _tree(Word.CDA),
    "hl7 v2": Written(Word.HL7, Hl7Part, lambda job, _: Hl7Writer(job.write, job.masker)),
    "csv": Written(Word.CSV, CsvPart, lambda job, _: CsvWriter(job.write, job.masker)),
    "pdf": Written(Word.PDF, PdfPart, lambda job, _: PdfWriter(job.write), SHORT_MESSAGE_BYTES),
    **dict.fromkeys(("docx", "xlsx", "pptx"), _OOXML),
    "dicom": Written(
        Word.DICOM,
        BytesPart,
        lambda job, _: DicomWriter(job.write, job.source, job.masker, job.key),
        SHORT_MESSAGE_BYTES,
    ),
    **dict.fromkeys(("png", "jpeg", "gif", "tiff", "bmp"), _IMAGE),
}
