"""What is judged of a PDF, object by object, whoever refers to it and whichever revision it is of.

    objects of all revisions --> dictionaries and strings --> Fault, Text
    streams                  --> decoded with limits      --> Fault, Text (metadata)
    attached files           --> Member, and Fault unless the channel takes them

No parser of files here: both sides hand over a Document.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Final

from gateway.errors import Field
from gateway.inspection.formats.contract import FormatLimits, Item
from gateway.inspection.formats.pdf import (
    MAX_NAME_CHARACTERS,
    Complaints,
    Document,
    PdfProfile,
    Stored,
    Value,
    encrypted,
    is_reference,
    page_references,
    string_readings,
    text_pieces,
    unsound,
)
from gateway.inspection.formats.pdf_fonts import is_legible
from gateway.inspection.formats.pdf_pictures import coded_size, ends, limit_bytes, size_of
from gateway.inspection.formats.pdf_streams import decoded, filters_of, has_predictor
from gateway.inspection.formats.pdf_tables import (
    ACTIONS_ALLOWED,
    ACTIONS_FORBIDDEN,
    ANNOTATIONS,
    BINARY_KEYS,
    FORBIDDEN_KEYS,
    IMAGE_FILTERS,
    JUMPS,
    NAMED_ALLOWED,
    SCHEMES,
    SUBTYPES_FORBIDDEN,
    TYPES_FORBIDDEN,
)
from gateway.inspection.unsound import Fault, Member

# Files that harm wherever they lie; pictures and fonts have streams of their own.
_PROGRAMS: Final = (
    b"\x7fELF", b"PK\x03\x04", b"PK\x05\x06", b"%PDF-", b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c", b"MSCF",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\xca\xfe\xba\xbe", b"#!/", b"<script", b"<?php", b"\x1f\x8b\x08",
)  # fmt: skip
_MAX_METADATA_BYTES: Final = 4 << 20
_TAG: Final = re.compile(r"<[^<>]*>")
_ATTRIBUTE: Final = re.compile(r"""=\s*(?:"([^"<>]*)"|'([^'<>]*)')""")
_CONTROLS: Final = re.compile(r"[\x00-\x20\x7f]+")


def judge(document: Document, limits: FormatLimits, profile: PdfProfile) -> Iterator[Item]:
    """Everything but the words on pages. Raises Unsound 3875 to 3878, 3889 to 3891."""
    yield from _Judge(document, limits, profile).items()


class StreamsJudged:
    """The streams of a document, one by one, as judge has them; what they decode to counts together."""

    def __init__(self, document: Document, limits: FormatLimits, profile: PdfProfile) -> None:
        self._judge = _Judge(document, limits, profile)

    def faults(self, stored: Stored) -> Iterator[Fault]:
        """What is wrong with one stream. Raises Unsound 3889 to 3891."""
        yield from self._judge.stream_faults(stored)


class _Judge:
    """One document. Methods add to the complaints, and yield texts and members."""

    def __init__(self, document: Document, limits: FormatLimits, profile: PdfProfile) -> None:
        self._document, self._limits, self._profile = document, limits, profile
        self._complaints = Complaints()
        self._values = 0
        self._decoded_bytes = 0
        self._attached: set[str] = set()
        self._metadata: set[str] = set()
        self._ref = ""

    def items(self) -> Iterator[Item]:
        document = self._document
        for trailer in document.trailers:
            if trailer.get("/Encrypt") is not None:
                raise encrypted()
            self._ref = "trailer"
            yield from self._walk(trailer)
        for stored in document.objects:
            self._ref = stored.ref
            yield from self._walk(stored.value)
            yield from self._complaints.take()
        self._pages()
        for stored in document.objects:
            self._ref = stored.ref
            if stored.data is not None:
                yield from self._stream(stored)
            yield from self._complaints.take()

    def stream_faults(self, stored: Stored) -> Iterator[Fault]:
        """Only of one stream."""
        self._ref = stored.ref
        for one in self._stream(stored):
            if isinstance(one, Member):
                for _ in one.chunks:
                    pass
        yield from self._complaints.take()

    def _complain(self, number: int, /, **fields: Field) -> None:
        self._complaints.add(number, object=self._ref, **fields)

    def _walk(self, value: Value) -> Iterator[Item]:
        """All that stands within one object, without following references."""
        stack = [(value, "", 1)]
        while stack:
            value, key, depth = stack.pop()
            self._values += 1
            if depth > self._limits.depth:
                raise unsound(3876, object=self._ref, limit=self._limits.depth)
            if self._values > self._limits.values:
                raise unsound(3877, limit=self._limits.values)
            if isinstance(value, dict):
                self._dictionary(value, key)
                skipped = "/ByteRange" in value
                stack.extend(
                    (one, name, depth + 1)
                    for name, one in value.items()
                    if name not in BINARY_KEYS and not (skipped and name == "/Contents")
                )
            elif isinstance(value, list):
                # The colours of a table are bytes (8.6.6.3).
                if value[:1] not in (["/Indexed"], ["/I"]):
                    stack.extend((one, key, depth + 1) for one in value)
            elif isinstance(value, str) and value[0] in "ub" and value[1:2] == ":":
                if len(value) > self._limits.text_bytes:
                    raise unsound(3877, limit=self._limits.text_bytes)
                for reading in string_readings(value):
                    yield from text_pieces(f"object {self._ref} {key}".strip(), reading)

    def _dictionary(self, value: dict[str, Value], key: str) -> None:
        of = self._document.resolved
        for name in value.keys() & FORBIDDEN_KEYS.keys():
            if value[name] is not None:
                self._complain(FORBIDDEN_KEYS[name], what=name)
        if any(len(name) > MAX_NAME_CHARACTERS for name in value):
            self._complain(3896, what="a key longer than any")
        for name, table in (("/S", ACTIONS_FORBIDDEN), ("/Type", TYPES_FORBIDDEN)):
            found = of(value.get(name))
            if isinstance(found, str) and found in table:
                self._complain(table[found], what=found)
        subtype = of(value.get("/Subtype"))
        if isinstance(subtype, str) and subtype in SUBTYPES_FORBIDDEN:
            self._complain(SUBTYPES_FORBIDDEN[subtype], what=subtype)
        if subtype == "/FileAttachment" and not self._profile.embedded_files:
            self._complain(3887, what=subtype)
        if subtype == "/Widget" and not self._profile.forms:
            self._complain(3885, what=subtype)
        self._actions(value, subtype)
        self._links(value)
        self._files(value, key)
        judged = of(value.get("/Type")) == "/Font" and self._profile.texts_needed
        if judged and not is_legible(self._document, value):
            self._complain(3895, font=str(of(value.get("/BaseFont")))[1:60])
        if of(value.get("/Type")) == "/Metadata" or subtype == "/XML":
            self._metadata.add(self._ref)

    def _actions(self, value: dict[str, Value], subtype: Value) -> None:
        of = self._document.resolved
        if (opening := of(value.get("/OpenAction"))) is not None and not isinstance(opening, list):
            # Only a place in the document may be shown at once.
            self._action(opening, JUMPS, 3881)
        if (additional := of(value.get("/AA"))) is not None:
            for action in (self._document.dictionary(additional) or {"": additional}).values():
                self._action(of(action), JUMPS, 3881)
        if "/A" in value and (subtype in ANNOTATIONS or "/Title" in value):
            self._action(of(value["/A"]), ACTIONS_ALLOWED, 3880)
        if "/PA" in value and subtype == "/Link":
            self._action(of(value["/PA"]), ACTIONS_ALLOWED, 3880)
        if of(value.get("/S")) == "/Named" and of(value.get("/N")) not in NAMED_ALLOWED:
            self._complain(3880, what=str(of(value.get("/N")))[:40])

    def _action(self, action: Value, allowed: frozenset[str], number: int) -> None:
        kind = self._document.resolved(action.get("/S")) if isinstance(action, dict) else None
        if kind not in allowed:
            self._complain(number, what=str(kind)[:40])
        if isinstance(action, dict) and action.get("/Next") is not None:
            following = self._document.resolved(action["/Next"])
            for one in following if isinstance(following, list) else [following]:
                found = self._document.dictionary(one)
                if self._document.resolved(found.get("/S")) not in allowed:
                    self._complain(number, what="/Next")

    def _links(self, value: dict[str, Value]) -> None:
        uri = self._document.resolved(value.get("/URI"))
        if isinstance(uri, dict):
            uri = self._document.resolved(uri.get("/Base"))
        if uri is None:
            return
        if not self._profile.links:
            self._complain(3886, what="/URI")
        shown = next(string_readings(uri), "") if isinstance(uri, str) and uri[1:2] == ":" else ""
        if not _CONTROLS.sub("", shown).lower().startswith(SCHEMES):
            self._complain(3882, what=shown[:60])

    def _files(self, value: dict[str, Value], key: str) -> None:
        of = self._document.resolved
        for name in ("/EF", "/RF"):
            for one in self._document.dictionary(value.get(name)).values():
                every = self._document.array(one) if name == "/RF" else [one]
                self._attached.update(o for o in every if isinstance(o, str) and is_reference(o))
        there = value.get("/EF") is not None or key == "/EmbeddedFiles" or "/EmbeddedFiles" in value
        there = there or bool(self._document.array(value.get("/AF")) or value.get("/AF"))
        if of(value.get("/Type")) == "/EmbeddedFile":
            self._attached.add(self._ref)
            there = True
        if there and not self._profile.embedded_files:
            self._complain(3887, what=str(of(value.get("/Type")) or key)[:40])
        # A URL as the name of a file (7.11.5): whoever opens it goes there.
        if of(value.get("/FS")) == "/URL":
            self._complain(3882, what="/FS /URL")

    def _pages(self) -> None:
        """Annotations of pages are of the kinds on the list, whatever else they say."""
        document = self._document
        for page in page_references(document, self._limits):
            for one in document.array(page.get("/Annots")):
                subtype = document.resolved(document.dictionary(one).get("/Subtype"))
                if subtype not in ANNOTATIONS and subtype not in SUBTYPES_FORBIDDEN:
                    self._complain(3883, what=str(subtype)[:40])
        root = document.dictionary(document.trailers[-1].get("/Root"))
        form = document.dictionary(root.get("/AcroForm"))
        if document.array(form.get("/Fields")) and not self._profile.forms:
            self._complain(3885, what="/AcroForm")

    def _stream(self, stored: Stored) -> Iterator[Item]:
        value = self._document.resolved(stored.value)
        if value.get("/F") is not None:
            self._complain(3888, what="/F")
        filters = filters_of(self._document, value)
        codec = filters[-1] if filters and filters[-1] in IMAGE_FILTERS else ""
        if (codec == "/JBIG2Decode" and not self._profile.jbig2) or (
            codec == "/JPXDecode" and not self._profile.jpx
        ):
            self._complain(3892, what=codec)
        assert stored.data is not None
        pieces = self._pieces(stored, filters, self._cap(value, codec))
        kind = self._document.resolved(value.get("/Type"))
        if stored.ref in self._attached:
            if has_predictor(self._document, value) or codec:
                self._complain(3889, filters="of a file")
            yield Member(f"attached-{stored.ref.split()[0]}.bin", pieces)
            for _ in pieces:  # The rest, if nobody wanted it.
                pass
            return
        if stored.ref in self._metadata and kind != "/ObjStm":
            yield from self._xmp(b"".join(pieces), value)
            return
        yield from self._looked_over(stored, pieces, value, codec)

    def _cap(self, value: dict[str, Value], codec: str) -> int:
        """Bytes that a stream may decode to."""
        left = self._profile.decoded_bytes - self._decoded_bytes
        if self._document.resolved(value.get("/Subtype")) != "/Image":
            return min(self._profile.stream_bytes, left)
        width, height = size_of(self._document, value)
        if not width or width * height > self._limits.pixels:
            self._complain(3893, width=width, height=height, limit=self._limits.pixels)
        return min(
            left, max(self._profile.stream_bytes if codec else 0, limit_bytes(width, height))
        )

    def _pieces(self, stored: Stored, filters: list[str], cap: int) -> Iterator[bytes]:
        assert stored.data is not None
        for piece in decoded(stored.ref, stored.data(), filters, cap):
            self._decoded_bytes += len(piece)
            if self._decoded_bytes > self._profile.decoded_bytes:
                limit = self._profile.decoded_bytes
                raise unsound(3890, object=stored.ref, limit_bytes=limit)
            yield piece

    def _looked_over(
        self, stored: Stored, pieces: Iterator[bytes], value: dict[str, Value], codec: str
    ) -> Iterator[Item]:
        head = tail = b""
        for piece in pieces:
            if len(head) < 4096 or codec:
                head = (head + piece)[: 1 << 20]
            tail = piece[-64:] if len(piece) >= 64 else (tail + piece)[-64:]
        program = head.lstrip(b"\r\n\t ").startswith(_PROGRAMS) or (
            head[:2] == b"MZ" and (b"PE\0\0" in head or b"This program" in head or len(head) < 4096)
        )
        if program:
            self._complain(3894, what=head[:4].decode("latin-1"))
            filters = filters_of(self._document, value)
            again = self._pieces(stored, filters, self._profile.stream_bytes)
            yield Member(f"object-{stored.ref.split()[0]}.bin", again)
        if codec:
            self._codec(value, codec, head, tail)

    def _codec(self, value: dict[str, Value], codec: str, head: bytes, tail: bytes) -> None:
        width, height = size_of(self._document, value)
        found = coded_size(codec, head)
        if codec == "/DCTDecode" and found is None:
            raise unsound(3891, object=self._ref, reason="no JPEG")
        if found is not None and (found[0] * found[1] > self._limits.pixels or (
            codec == "/DCTDecode" and width and found != (width, height)
        )):  # fmt: skip
            self._complain(3893, width=found[0], height=found[1], limit=self._limits.pixels)
        if not ends(codec, tail):
            raise unsound(3891, object=self._ref, reason="bytes behind the JPEG")

    def _xmp(self, data: bytes, value: dict[str, Value]) -> Iterator[Item]:
        """Words of metadata; a document type there could bring in what is elsewhere."""
        if len(data) > _MAX_METADATA_BYTES:
            raise unsound(3890, object=self._ref, limit_bytes=_MAX_METADATA_BYTES)
        codec = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
        try:
            text = data.decode(codec)
        except UnicodeDecodeError as error:
            raise unsound(3897, object=self._ref, what="an encoding that is not UTF-8") from error
        lower = text.lower()
        for mark in ("<!doctype", "<!entity", "<script", "xml-stylesheet", "<?php"):
            if mark in lower:
                self._complain(3897, what=mark)
        for attribute in _ATTRIBUTE.finditer(text):
            words = html.unescape(attribute[1] or attribute[2] or "")
            yield from text_pieces("metadata", words)
        # Between tags no blank: a word may be cut by one.
        yield from text_pieces("metadata", html.unescape(_TAG.sub("\n", text)))
