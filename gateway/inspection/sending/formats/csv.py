"""Tables, as the sending guard reads them: by the standard library's reader, told to be strict."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from itertools import chain

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

# The library's own limit of a cell; it is one for the whole process.
csv.field_size_limit(4 * MAX_CELL_CHARACTERS)


def check(content: Content, limits: FormatLimits, profile: CsvProfile) -> Iterator[Item]:
    """Faults and texts of a table. Raises Unsound 3740 to 3748 and OSError."""
    lines = _lines(characters(content, encoding_of(content)))
    first = next(lines, "")
    table = Table(limits, profile)
    reader = csv.reader(chain([first], lines), delimiter=delimiter_of(first), strict=True)
    try:
        for cells in reader:
            if cells:
                yield from table.record(cells)
    except csv.Error as error:
        # The library has one error for quotes that do not close and for cells without end.
        number = 3742 if "limit" in str(error) else 3748
        raise Unsound(number, WORD, row=reader.line_num) from error
    yield from table.end()


def _lines(pieces: Iterator[str]) -> Iterator[str]:
    """Lines with their ends (CR LF, LF or CR), none longer than a cell may be. Raises Unsound 3742."""
    rest = ""
    for piece in pieces:
        lines = io.StringIO(rest + piece, newline="").readlines()
        # The last may go on, and a CR at its end may have its LF to come.
        rest = lines.pop() if lines and not lines[-1].endswith("\n") else ""
        yield from lines
        if len(rest) > MAX_CELL_CHARACTERS:
            raise Unsound(3742, WORD, row=0)
    if rest:
        yield rest
