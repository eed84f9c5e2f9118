"""Writes a PDF from parts that a sandbox has handed out, and believes nothing of them.

    %PDF-1.7, objects as they come, catalogue and pages, table, trailer    --> write

Every value is checked and spelled by pdf_spelled. Here: numbers follow each other, references lead to an
object of the right kind, every object is led to, streams are as long as they say and end where they do. In
the file 1 is the catalogue, 2 the pages, the others two more than in the parts. Trusted: no parser, no
third-party package but the structs, no I/O but `write`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Final, assert_never

from gateway.inspection.formats.contract import FormatLimits
from gateway.inspection.formats.pdf import PdfProfile
from gateway.inspection.formats.pdf_parts import (
    KEYS,
    MAX_PIECE_BYTES,
    MAYBE_STREAMS,
    STREAMS,
    PdfObject,
    PdfPage,
    PdfPart,
    PdfPiece,
    PdfStream,
)
from gateway.inspection.formats.pdf_spelled import OWN_OBJECTS, Speller

# The comment of four high bytes says that the file is binary (7.5.2).
_HEADER: Final = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
_END_STREAM: Final = b"\nendstream\nendobj\n"
# What would end a stream for a reader that does not go by /Length.
_MARKS: Final = (b"endstream", b"endobj")
_MARK_BYTES: Final = max(map(len, _MARKS)) - 1
_WRITE_BYTES: Final = 64 << 10
# What is spelled anew may be longer than it was, never much.
_GROWTH: Final = 2


class PdfWriter:
    """One document. write: takes its bytes in pieces.

    feed and end raise Unsound 3867 (a part that is not on the list, or out of its turn), 3868 (too
    much), what `write` raises, and nothing else. The same parts give the same bytes.
    """

    def __init__(
        self,
        write: Callable[[bytes], object],
        limits: FormatLimits | None = None,
        profile: PdfProfile | None = None,
    ) -> None:
        self._write = write
        self._limits, self._profile = limits or FormatLimits(), profile or PdfProfile()
        self._speller = Speller(self._limits, self._profile)
        self._held: list[bytes] = []
        self._held_bytes = 0
        self._at = 0
        self._sum = hashlib.sha256()
        self._places: list[int] = []
        self._kinds: list[str] = []
        self._pages: list[int] = []
        # Of the stream that is open; the end of what has come, to see a mark that is cut in two.
        self._left_bytes = 0
        self._tail = b""
        self._put(_HEADER)

    def feed(self, part: PdfPart) -> None:
        """The next part."""
        if self._left_bytes and not isinstance(part, PdfPiece):
            raise self._speller.wrong("a stream that does not end")
        match part:
            case PdfPage(number, value):
                if len(self._pages) >= self._limits.pages:
                    raise self._speller.much("pages", self._limits.pages)
                self._next(number, "page")
                self._pages.append(number)
                written = self._speller.spelled(number, "page", value)
                self._put(b"%d 0 obj\n%s\nendobj\n" % (number + OWN_OBJECTS, written))
            case PdfObject(number, kind, value):
                if kind not in KEYS or kind == "page" or kind in STREAMS:
                    raise self._speller.wrong("a kind that is not on the list")
                self._next(number, kind)
                written = self._speller.spelled(number, kind, value)
                self._put(b"%d 0 obj\n%s\nendobj\n" % (number + OWN_OBJECTS, written))
            case PdfStream():
                self._stream(part)
            case PdfPiece(data):
                self._piece(data)
            case _:
                assert_never(part)

    def end(self) -> None:
        """Catalogue, pages, table and trailer."""
        if self._left_bytes:
            raise self._speller.wrong("a stream that does not end")
        if not self._pages:
            raise self._speller.wrong("no page")
        self._all_led_to()
        own = [self._at]
        self._put(b"1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n")
        own.append(self._at)
        kids = b" ".join([b"%d 0 R" % (number + OWN_OBJECTS) for number in self._pages])
        self._put(
            b"2 0 obj\n<</Type/Pages/Count %d/Kids[%s]>>\nendobj\n" % (len(self._pages), kids)
        )
        start, count = self._at, len(self._places) + OWN_OBJECTS + 1
        # The file is named by what is in it (14.4), so that it is the same each time.
        name = self._sum.hexdigest()[:32].encode()
        self._put(b"xref\n0 %d\n0000000000 65535 f \n" % count)
        for place in (*own, *self._places):
            self._put(b"%010d 00000 n \n" % place)
        self._put(b"trailer\n<</Size %d/Root 1 0 R/ID[<%s><%s>]>>\n" % (count, name, name))
        self._put(b"startxref\n%d\n%%%%EOF\n" % start)
        self._flush()

    def _next(self, number: int, kind: str) -> None:
        if number != len(self._places) + 1:
            raise self._speller.wrong("numbers that do not follow each other")
        if number > self._limits.values:
            raise self._speller.much("objects", self._limits.values)
        self._places.append(self._at)
        self._kinds.append(kind)

    def _stream(self, part: PdfStream) -> None:
        kind, most = part.value.kind, self._profile.size_bytes
        if kind not in STREAMS and kind not in MAYBE_STREAMS:
            raise self._speller.wrong("a stream of a kind that has none")
        if not 0 <= part.size_bytes <= most:
            raise self._speller.much("bytes in a stream", most)
        self._next(part.number, kind)
        written = self._speller.spelled_stream(part.number, part.value, part.size_bytes)
        self._put(b"%d 0 obj\n%s\nstream\n" % (part.number + OWN_OBJECTS, written))
        self._left_bytes, self._tail = part.size_bytes, b""
        if not part.size_bytes:
            self._put(_END_STREAM)

    def _piece(self, data: bytes) -> None:
        if not 0 < len(data) <= min(self._left_bytes, MAX_PIECE_BYTES):
            raise self._speller.wrong("a piece of no stream")
        looked_at = self._tail + data
        if any(mark in looked_at for mark in _MARKS):
            raise self._speller.wrong("a stream that holds the end of one")
        self._tail = looked_at[-_MARK_BYTES:]
        self._left_bytes -= len(data)
        self._put(data)
        if not self._left_bytes:
            self._put(_END_STREAM)

    def _all_led_to(self) -> None:
        """Every reference leads to an object that it may lead to, and every object is led to."""
        wanted = self._speller.wanted
        for number, kinds in wanted.items():
            if number > len(self._kinds) or self._kinds[number - 1] not in kinds:
                raise self._speller.wrong(f"{number} is not there, or something else")
        if len(wanted) + len(self._pages) != len(self._kinds):
            raise self._speller.wrong("an object that nothing leads to")

    def _put(self, piece: bytes) -> None:
        self._at += len(piece)
        if self._at > self._profile.size_bytes * _GROWTH:
            raise self._speller.much("bytes", self._profile.size_bytes * _GROWTH)
        self._sum.update(piece)
        self._held.append(piece)
        self._held_bytes += len(piece)
        if self._held_bytes >= _WRITE_BYTES:
            self._flush()

    def _flush(self) -> None:
        if self._held:
            self._write(b"".join(self._held))
        self._held, self._held_bytes = [], 0
