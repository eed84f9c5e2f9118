"""The child's end: a file of one type to the parts that it is made of. Runs where nothing can be opened.

The unit has been read and judged before by the guard's own readers; what is read here is written anew and
judged again, so a parser that is deceived here gives at worst another sound file. Raises Unsound.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, Final
from xml.parsers import expat

import msgspec

from gateway.inspection.changing.parts import (
    Bytes,
    Cells,
    Close,
    Codec,
    Fields,
    FrameHead,
    JsonPart,
    Key,
    Leaf,
    Number,
    Open,
    Sender,
    Shape,
)
from gateway.inspection.changing.reading_order import Request, Trouble
from gateway.inspection.content import Content
from gateway.inspection.formats.contract import FormatLimits
from gateway.inspection.formats.csv import characters, delimiter_of, encoding_of
from gateway.inspection.formats.dicom import BurnedIn, DicomProfile
from gateway.inspection.formats.hl7 import MAX_MESSAGE_BYTES as MAX_HL7_BYTES
from gateway.inspection.formats.image import ImageProfile
from gateway.inspection.formats.json import MAX_DOCUMENT_BYTES
from gateway.inspection.formats.ooxml_parts import OoxmlPart
from gateway.inspection.formats.pdf import PdfProfile
from gateway.inspection.formats.pdf_parts import PdfPart
from gateway.inspection.formats.xml import unsound as xml_unsound
from gateway.inspection.formats.xml import utf8_of
from gateway.inspection.formats.xml_events import MAX_CHARS_CHARACTERS, Chars, End, Start, XmlEvent
from gateway.inspection.receiving.formats import hl7, json
from gateway.inspection.receiving.formats.csv import records
from gateway.inspection.sending.formats import ooxml, pdf
from gateway.inspection.sending.formats.dicom_values import read_values
from gateway.inspection.sending.formats.image_pixels import read_pixels
from gateway.inspection.unsound import Unsound

_LIMITS: Final = FormatLimits()
_PIECE_BYTES: Final = 256 << 10
# Of an integer on the way; a longer one goes as its digits.
_LEAF_BITS: Final = 63
Reader = Callable[[Content], Iterator[Any]]


def json_parts(content: Content) -> Iterator[JsonPart]:
    """JSON of any vocabulary; `resourceType` first in its object, as FHIR's paths begin there."""
    value = json.read(content.read_at(0, MAX_DOCUMENT_BYTES + 1), _LIMITS)
    waiting: list[Any] = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, (Key, Close)):
            yield one
        elif isinstance(one, dict):
            yield Open(False)
            waiting.append(Close())
            for key in sorted(one, key=lambda name: name != "resourceType")[::-1]:
                waiting += (one[key], Key(key))
        elif isinstance(one, list):
            yield Open(True)
            waiting.append(Close())
            waiting.extend(reversed(one))
        elif isinstance(one, Decimal) or (isinstance(one, int) and one.bit_length() > _LEAF_BITS):
            yield Number(str(one))
        else:
            yield Leaf(one)


def xml_parts(content: Content) -> Iterator[XmlEvent]:
    """Elements, attributes and characters with the prefixes of the file; comments go."""
    found: list[XmlEvent] = []
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.buffer_size = MAX_CHARS_CHARACTERS
    parser.ordered_attributes = True

    def refuse(*_: object) -> None:
        raise xml_unsound(3602, name="")

    def start(name: str, attributes: list[str]) -> None:
        pairs = zip(attributes[::2], attributes[1::2], strict=True)
        found.append(Start(name, list(pairs)))

    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _: found.append(End())
    parser.CharacterDataHandler = lambda text: found.append(Chars(text))
    parser.StartDoctypeDeclHandler = refuse
    parser.ProcessingInstructionHandler = refuse
    try:
        for piece in utf8_of(content):
            parser.Parse(piece, False)
            yield from found
            found.clear()
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise xml_unsound(3600, reason=expat.ErrorString(error.code)) from error
    yield from found


def hl7_parts(content: Content) -> Iterator[Codec | Fields]:
    message = hl7.read(content.read_at(0, MAX_HL7_BYTES + 1))
    yield Codec(message.character_set)
    for segment in message.segments:
        fields = segment.fields[1:] if segment.name == "MSH" else segment.fields
        yield Fields([segment.name, *fields])


def csv_parts(content: Content) -> Iterator[Shape | Cells]:
    codec = encoding_of(content)
    pieces = characters(content, codec)
    first = next(pieces, "")
    delimiter = delimiter_of(re.split(r"[\r\n]", first, maxsplit=1)[0])
    yield Shape(delimiter, codec)

    def again() -> Iterator[str]:
        yield first
        yield from pieces

    for cells in records(again(), delimiter):
        yield Cells(cells)


def dicom_parts(content: Content) -> Iterator[Bytes]:
    """The values of an object; long ones are ranges of the file, which the guard has."""
    profile = DicomProfile(
        private_elements=True, tiff_preamble=True, preamble_traces=True, trailing_padding=True,
        unknown_elements=True, strict_values=False, burned_in=BurnedIn.PASS,
    )  # fmt: skip
    yield from _pieces(msgspec.msgpack.encode(read_values(content, _LIMITS, profile)))


def image_parts(content: Content) -> Iterator[FrameHead | Bytes]:
    picture = read_pixels(content, _LIMITS, ImageProfile())
    for frame in picture.frames:
        yield FrameHead(picture.kind, frame.mode, frame.width, frame.height, frame.shown_ms)
        yield from _pieces(frame.pixels)


def pdf_parts(content: Content) -> Iterator[PdfPart]:
    """Pages, fonts and pictures; what scripts, forms and attachments are made of has no part."""
    yield from pdf.parts(content, _LIMITS, PdfProfile(page_texts=False))


def ooxml_parts(content: Content) -> Iterator[OoxmlPart]:
    """Known parts of a Word, Excel or PowerPoint document."""
    yield from ooxml.parts(content, _LIMITS)


def _pieces(data: bytes) -> Iterator[Bytes]:
    for at in range(0, len(data), _PIECE_BYTES):
        yield Bytes(data[at : at + _PIECE_BYTES])


READERS: Final[dict[str, Reader]] = {
    "json": json_parts,
    "fhir json": json_parts,
    "xml": xml_parts,
    "fhir xml": xml_parts,
    "cda": xml_parts,
    "hl7 v2": hl7_parts,
    "csv": csv_parts,
    "dicom": dicom_parts,
    "pdf": pdf_parts,
    **dict.fromkeys(("docx", "xlsx", "pptx"), ooxml_parts),
    **dict.fromkeys(("png", "jpeg", "gif", "tiff", "bmp"), image_parts),
}


def hand_out(kind: str, content: Content, say: Callable[[bytes], object]) -> None:
    """Every part of a content. Raises Unsound, OSError and what `say` raises."""
    Sender(say).send(READERS[kind](content))


def handing_out(descriptor: int, request: bytes, ask: Callable[[bytes], bytes]) -> Iterator[bytes]:
    """The job of a sandbox (wire.Job)."""
    asked = msgspec.msgpack.decode(request, type=Request)
    content = (
        Content.of_descriptor(descriptor, asked.size_bytes)
        if asked.body is None
        else Content.of_bytes(asked.body)
    )
    try:
        hand_out(asked.kind, content, ask)
    except Unsound as error:
        fault = error.fault
        yield msgspec.msgpack.encode(Trouble(fault.number, fault.word, dict(fault.fields)))
