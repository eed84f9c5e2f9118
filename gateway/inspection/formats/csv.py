"""Tables in text form (RFC 4180, and what is in use beside it): what both readers hold them to.

    bytes --decoded by piece--> characters --reader of one side--> records --Table--> Fault, Text

A table has one delimiter, as many fields in each record as in the first, closed quotes, and no cell that
a spreadsheet would run. What its columns hold is the channel's to say.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from gateway.errors import Field
from gateway.inspection.content import Content
from gateway.inspection.formats.contract import FormatLimits, Item, Text
from gateway.inspection.unsound import Fault, Unsound, Word

WORD: Final = Word.CSV

MAX_COLUMNS: Final = 1_000
MAX_CELL_CHARACTERS: Final = 1 << 20
DELIMITERS: Final = ",\t;|"
_PIECE_BYTES: Final = 256 << 10
# Records that are handed on for searching as one text: a number split over cells stays together.
_IN_A_CELL: Final = str.maketrans("\t\n", "  ")
_TEXT_CHARACTERS: Final = 64 << 10
# One of each kind is enough to refuse; more would only hide the first.
_FAULTS_A_KIND: Final = 3
_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
# What spreadsheets take for a formula (OWASP, CSV injection). A signed number is none.
_FORMULA: Final = re.compile(r"\s*(?:[=@\uff1d\uff20]|[+\-\uff0b\uff0d](?![0-9.,]*%?\s*\Z))")
# Whether a record could have one: a sign behind a border. A record without is not looked at cell by cell.
_SIGN: Final = re.compile(r"\s[=@\uff1d\uff20+\-\uff0b\uff0d]")
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]{1,30}|[0-9]{1,3}(?:,[0-9]{3}){1,9})(?:\.[0-9]{1,30})?")
_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,30}")
_DATE: Final = re.compile(r"([0-9]{4})(-?)([0-9]{2})\2([0-9]{2})")
_YES: Final = frozenset(["yes", "no", "y", "n", "true", "false", "t", "f", "1", "0", "是", "否"])


class Kind(StrEnum):
    """What a column may hold; an empty cell is always right."""

    TEXT = "text"
    NUMBER = "number"
    WHOLE = "whole number"
    DATE = "date"
    YES = "yes/no"


@dataclass(frozen=True, slots=True)
class CsvProfile:
    """What a channel takes. columns: name and kind of each, in their order; empty for any table."""

    columns: tuple[tuple[str, Kind], ...] = ()


def encoding_of(content: Content) -> str:
    """The codec of a table by its first bytes. Raises Unsound 3740: neither UTF-8 nor GB 18030."""
    head = content.head
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    for codec in ("utf-8-sig", "gb18030"):
        try:
            codecs.getincrementaldecoder(codec)().decode(head, content.headed)
        except UnicodeDecodeError:
            continue
        return codec
    raise Unsound(3740, WORD, offset=0)


def characters(content: Content, codec: str) -> Iterator[str]:
    """The text of a table in pieces. Raises Unsound 3740 (bytes), 3741 (control characters), OSError."""
    decoder = codecs.getincrementaldecoder(codec)()
    read_bytes = 0
    for piece in content.chunks(piece_bytes=_PIECE_BYTES):
        read_bytes += len(piece)
        try:
            text = decoder.decode(piece, read_bytes >= content.size_bytes)
        except UnicodeDecodeError as error:
            raise Unsound(3740, WORD, offset=read_bytes - len(piece) + error.start) from error
        if (found := _FORBIDDEN.search(text)) is not None:
            raise Unsound(3741, WORD, character=f"U+{ord(found[0]):04X}")
        yield text


def delimiter_of(first_line: str) -> str:
    """The delimiter of a table by its first line: the one that it has most of, outside of quotes."""
    bare = re.sub(r'"[^"]*"', "", first_line)
    return max(DELIMITERS, key=bare.count)


class Table:
    """The records of one table as they come, counted and judged."""

    def __init__(self, limits: FormatLimits, profile: CsvProfile) -> None:
        self._limits, self._profile = limits, profile
        self._typed = any(kind is not Kind.TEXT for _, kind in profile.columns)
        self._width = self._rows = self._cells = 0
        self._said: dict[int, int] = {}
        self._waiting: list[str] = []
        self._waiting_from = 1
        self._waiting_characters = 0

    def record(self, cells: Sequence[str]) -> Iterator[Item]:
        """One record. Raises Unsound 3742, 3743 (too much, or not as wide as the first)."""
        self._rows += 1
        self._cells += len(cells)
        if self._cells > 20 * self._limits.values or len(cells) > MAX_COLUMNS:
            raise Unsound(3742, WORD, row=self._rows)
        if self._rows == 1:
            self._width = len(cells)
            yield from self._names(cells)
        elif len(cells) != self._width:
            raise Unsound(3743, WORD, row=self._rows, cells=len(cells), expected=self._width)
        joined = "\t".join(cells)
        if self._typed or len(joined) > MAX_CELL_CHARACTERS or _SIGN.search("\t" + joined):
            for place, cell in enumerate(cells):
                yield from self._cell(place, cell)
        # So that a line of the text is a record, and a tab a border, whatever stands in a cell.
        if joined.count("\t") >= len(cells) or "\n" in joined:
            joined = "\t".join(cell.translate(_IN_A_CELL) for cell in cells)
        self._waiting.append(joined)
        self._waiting_characters += len(joined)
        if self._waiting_characters >= _TEXT_CHARACTERS:
            yield self._text()

    def end(self) -> Iterator[Item]:
        """What is left when the last record has come. Raises Unsound 3744 for a table without any."""
        if not self._rows:
            raise Unsound(3744, WORD)
        if self._waiting:
            yield self._text()

    def _names(self, cells: Sequence[str]) -> Iterator[Item]:
        wanted = [name for name, _ in self._profile.columns]
        if wanted and [cell.strip() for cell in cells] != wanted:
            found = ", ".join(cells)[:200]
            yield Fault(WORD, 3745, {"found": found, "expected": ", ".join(wanted)[:200]})

    def _cell(self, place: int, cell: str) -> Iterator[Item]:
        if len(cell) > MAX_CELL_CHARACTERS:
            raise Unsound(3742, WORD, row=self._rows)
        if not cell:
            return
        if _FORMULA.match(cell) is not None:
            yield from self._fault(3746, place, value=cell[:40])
        columns = self._profile.columns
        if self._rows > 1 and place < len(columns) and not _is_of(columns[place][1], cell):
            yield from self._fault(3747, place, kind=columns[place][1].value)

    def _fault(self, number: int, place: int, **more: str) -> Iterator[Item]:
        self._said[number] = self._said.get(number, 0) + 1
        if self._said[number] <= _FAULTS_A_KIND:
            fields: dict[str, Field] = {"row": self._rows, "column": place + 1, **more}
            yield Fault(WORD, number, fields)

    def _text(self) -> Text:
        where = f"rows {self._waiting_from} to {self._rows}"
        text = "\n".join(self._waiting)
        self._waiting, self._waiting_characters = [], 0
        self._waiting_from = self._rows + 1
        return Text(where, text)


def _is_of(kind: Kind, cell: str) -> bool:
    said = cell.strip(" \t")
    if not said:
        return True
    match kind:
        case Kind.TEXT:
            return True
        case Kind.NUMBER:
            return _NUMBER.fullmatch(said) is not None
        case Kind.WHOLE:
            return _WHOLE.fullmatch(said) is not None
        case Kind.DATE:
            return is_date(said)
        case Kind.YES:
            return said.lower() in _YES


def is_date(text: str) -> bool:
    """Whether a text is a day that exists: 2026-11-21, 20261121."""
    found = _DATE.fullmatch(text)
    if found is None:
        return False
    try:
        date(int(found[1]), int(found[3]), int(found[4]))
    except ValueError:
        return False
    return True
