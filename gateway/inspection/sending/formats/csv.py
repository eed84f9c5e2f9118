"""Tables, as the sending guard reads them: by the standard library's reader, told to be strict."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from typing import Final

from gateway.inspection.content import Content
from gateway.inspection.formats.contract import FormatLimits, Item
from gateway.inspection.formats.csv import (
    MAX_CELL_CHARACTERS,
    WORD,
    CsvProfile,
    Table,
    characters,
    delimiter_of,
    encoding_of,
)
from gateway.inspection.unsound import Unsound

# A CR at the end of what is here may have its LF to come.
_LINE: Final = re.compile(r"[^\r\n]*+(?:\r\n|\n|\r(?!\Z))")
# The library's own limit of a cell; it is one for the whole process.
csv.field_size_limit(4 * MAX_CELL_CHARACTERS)


def check(content: Content, limits: FormatLimits, profile: CsvProfile) -> Iterator[Item]:
    """Faults and texts of a table. Raises Unsound 3740 to 3748 and OSError."""
    lines = _lines(characters(content, encoding_of(content)))
    first = next(lines, "")
    table = Table(limits, profile)
    reader = csv.reader(_again(first, lines), delimiter=delimiter_of(first), strict=True)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            # The library has one error for quotes that do not close and for cells without end.
            number = 3742 if "limit" in str(error) else 3748
            raise Unsound(number, WORD, row=reader.line_num) from error
        if cells:
            yield from table.record(cells)
    yield from table.end()


def _again(first: str, lines: Iterator[str]) -> Iterator[str]:
    if first:
        yield first
    yield from lines


def _lines(pieces: Iterator[str]) -> Iterator[str]:
    """Lines with their ends (CR LF, LF or CR), none longer than a cell may be. Raises Unsound 3742."""
    rest = ""
    for piece in pieces:
        rest += piece
        at = 0
        while (line := _LINE.match(rest, at)) is not None:
            yield line[0]
            at = line.end()
        rest = rest[at:]
        if len(rest) > MAX_CELL_CHARACTERS:
            raise Unsound(3742, WORD, row=0)
    if rest:
        yield rest
