"""Rows in columns that fit the screen. Cells are plain text; colour is put on after measuring."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.management.terminal.screen import Colour, Terminal
from gateway.management.terminal.width import cut, pad, width


@dataclass(frozen=True, slots=True)
class Column:
    """head: its title in the reader's language. least: columns kept when room is short; 0 never cuts.

    Unit numbers and figures are never cut; names and reasons are.
    """

    head: str
    right: bool = False
    least: int = 0


@dataclass(frozen=True, slots=True)
class Cell:
    """A text with its colour."""

    text: str
    colour: Colour | None = None


def table(
    terminal: Terminal,
    columns: Sequence[Column],
    rows: Sequence[Sequence[Cell | str]],
    indent: str = "",
) -> list[str]:
    """The lines of a table with its heads; none where there is no row."""
    if not rows:
        return []
    cells = [[_cell(terminal, one) for one in row] for row in rows]
    widths = [
        max(width(column.head), *(width(row[index].text) for row in cells))
        for index, column in enumerate(columns)
    ]
    _fit(widths, columns, terminal.columns - width(indent) - 2 * (len(columns) - 1))
    heads = [Cell(column.head, Colour.HEAD) for column in columns]
    return [indent + _line(terminal, columns, widths, row) for row in [heads, *cells]]


def _cell(terminal: Terminal, given: Cell | str) -> Cell:
    text, colour = (given, None) if isinstance(given, str) else (given.text, given.colour)
    return Cell(terminal.safe(text), colour)


def _fit(widths: list[int], columns: Sequence[Column], room: int) -> None:
    """Take columns from the widest that may be cut, until all fits or nothing may be cut more."""
    while sum(widths) > room:
        able = [i for i, column in enumerate(columns) if column.least and widths[i] > column.least]
        if not able:
            return
        widths[max(able, key=lambda index: widths[index])] -= 1


def _line(
    terminal: Terminal, columns: Sequence[Column], widths: Sequence[int], row: Sequence[Cell]
) -> str:
    parts = []
    for column, columns_wide, cell in zip(columns, widths, row, strict=True):
        text = cut(cell.text, columns_wide, terminal.ellipsis) if column.least else cell.text
        padded = pad(text, columns_wide, right=column.right)
        parts.append(padded.replace(text, terminal.paint(text, cell.colour), 1) if text else padded)
    return "  ".join(parts).rstrip()
