"""Tables, as the receiving guard reads them: cell by cell, by an expression of our own.

( "quoted, with "" for a quote" | bare ) ( delimiter | end of the line )     and again
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

from gateway.inspection.content import Content
from gateway.inspection.formats.contract import FormatLimits, Item
from gateway.inspection.formats.csv import (
    MAX_CELL_CHARACTERS,
    MAX_COLUMNS,
    WORD,
    CsvProfile,
    Table,
    characters,
    delimiter_of,
    encoding_of,
)
from gateway.inspection.unsound import Unsound


def check(content: Content, limits: FormatLimits, profile: CsvProfile) -> Iterator[Item]:
    """Faults and texts of a table. Raises Unsound 3740 to 3748 and OSError."""
    pieces = characters(content, encoding_of(content))
    first = next(pieces, "")
    table = Table(limits, profile)
    # The first line may go on behind the first piece: what is there of it tells its delimiter.
    delimiter = delimiter_of(re.split(r"[\r\n]", first, maxsplit=1)[0])
    for cells in records(chain([first], pieces), delimiter):
        yield from table.record(cells)
    yield from table.end()


def records(pieces: Iterator[str], delimiter: str) -> Iterator[list[str]]:
    """Cells of each record, cut where the text is cut. Raises Unsound 3742, 3748."""
    mark = re.escape(delimiter)
    cell = re.compile(
        rf'(?:"((?:[^"]|"")*+)"|([^"{mark}\r\n][^{mark}\r\n]*+|))({mark}|\r\n|\n|\r|\Z)'
    )
    text, at, row, cells = "", 0, 1, list[str]()
    for piece in chain(pieces, [None]):
        text, at = text[at:] + (piece or ""), 0
        if len(text) > 3 * MAX_CELL_CHARACTERS:
            raise Unsound(3742, WORD, row=row)
        while at < len(text) or (piece is None and cells):
            match = cell.match(text, at)
            if piece is not None and (match is None or match.end() == len(text)):
                break  # it may go on in the next piece
            if match is None or len(cells) >= MAX_COLUMNS:
                raise Unsound(3748 if match is None else 3742, WORD, row=row)
            quoted, bare, end = match.groups()
            cells.append(bare if quoted is None else quoted.replace('""', '"'))
            at = match.end()
            if end == delimiter:
                continue
            if cells != [""] or quoted is not None:
                yield cells
            row, cells = row + 1, []
