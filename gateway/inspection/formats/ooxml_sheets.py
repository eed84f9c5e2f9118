"""Worksheets and what their cells refer to: shared strings, and the names that the workbook gives them.

    <row><c r="B7" t="s"><v>12</v></c> ...   -->  Text("Sheet1!A7:F7", "...|...|...")     | is CELL

Rows come out whole, so that a number split over cells is found, with the places of their first and last
cell. A number that Excel keeps by its exponent (1.1010519491231E+17) comes out in digits too. A sheet of any
length costs the memory of a row, and of the shared strings.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from gateway.inspection.formats.contract import FormatLimits
from gateway.inspection.formats.ooxml_follower import BORDER, CELL
from gateway.inspection.formats.ooxml_reaching import formula_trouble
from gateway.inspection.formats.ooxml_texts import TextFollower, value_of
from gateway.inspection.formats.xml import Attributes
from gateway.inspection.unsound import Word

# Of all shared strings of a workbook, as UTF-8. They are in memory while the sheets are read.
MAX_SHARED_BYTES: Final = 64 << 20
# A sheet has many small elements: cells, rows and values together with their attributes.
SHEET_VALUES: Final = 20
# Longer ones are told by their ends when they come again: what is split over cells stands there.
_LONG_CHARACTERS: Final = 256
_EDGE_CHARACTERS: Final = 64
_ROW_CHARACTERS: Final = 256 << 10
_PLACE: Final = re.compile(r"\$?([A-Z]{1,3})\$?([0-9]{1,7})")
_EXPONENT: Final = re.compile(r"-?[0-9](?:\.[0-9]{1,20})?E\+?([0-9]{1,2})")


class SharedStrings:
    """The strings of a workbook by their number, in one block of bytes."""

    def __init__(self) -> None:
        self._block = bytearray()
        self._ends = array("Q")
        self._used = bytearray()

    def __len__(self) -> int:
        return len(self._ends)

    @property
    def size_bytes(self) -> int:
        return len(self._block)

    def add(self, text: str) -> None:
        self._block += text.encode("utf-8", "surrogatepass")
        self._ends.append(len(self._block))
        self._used.append(0)

    def get(self, number: int) -> str | None:
        """One of them as a cell shows it, None where there is none; it counts as used from here.

        A long one is whole only once: a million cells of one megabyte each make a small file.
        """
        if not 0 <= number < len(self._ends):
            return None
        text = self._text(number)
        if self._used[number] and len(text) > _LONG_CHARACTERS:
            return f"{text[:_EDGE_CHARACTERS]}{BORDER}{text[-_EDGE_CHARACTERS:]}"
        self._used[number] = 1
        return text

    def unused(self) -> Iterator[tuple[int, str]]:
        """Those that no cell shows."""
        at = self._used.find(0)
        while at >= 0:
            yield at, self._text(at)
            at = self._used.find(0, at + 1)

    def _text(self, number: int) -> str:
        begin = self._ends[number - 1] if number else 0
        return self._block[begin : self._ends[number]].decode("utf-8", "surrogatepass")


class SharedStringsFollower(TextFollower):
    """Follows the part of shared strings. Its strings come out by the cells that show them."""

    def __init__(
        self, word: Word, part: str, root: str, limits: FormatLimits, strings: SharedStrings
    ) -> None:
        super().__init__(word, part, root, limits, embedded=False)
        self.most_values(SHEET_VALUES * limits.values)
        self._strings = strings
        self._item: list[str] = []

    def paragraph(self, text: str) -> None:
        """A string has ended; one with hidden phonetics has more than one reading."""
        self._item.append(text)

    def closed(self, name: str) -> None:
        """An element has closed; each `si` is one string, an empty one too. Raises Unsound 3823."""
        super().closed(name)
        if name == "si" and len(self.names) == 1:
            self._strings.add("\n".join(self._item))
            self._item.clear()
            if self._strings.size_bytes > MAX_SHARED_BYTES:
                raise self.refuse(3823, limit=MAX_SHARED_BYTES)


class WorkbookFollower(TextFollower):
    """Follows the workbook. sheets: their names by the relationship that leads to them."""

    def __init__(self, word: Word, part: str, root: str, limits: FormatLimits) -> None:
        super().__init__(word, part, root, limits, embedded=False)
        self.sheets: dict[str, str] = {}

    def opened(self, space: str, name: str, attributes: Attributes) -> None:
        """An element opens."""
        super().opened(space, name, attributes)
        if name == "sheet" and len(self.names) == 3:
            self.sheets[value_of(attributes, "id")] = value_of(attributes, "name")
            self.say("sheet name", value_of(attributes, "name"))


class SheetFollower(TextFollower):
    """Follows one worksheet. sheet: its name, as people see it."""

    def __init__(
        self, word: Word, part: str, root: str, limits: FormatLimits, *, sheet: str,
        strings: SharedStrings, embedded: bool,
    ) -> None:  # fmt: skip
        super().__init__(word, part, root, limits, embedded=embedded)
        self.most_values(SHEET_VALUES * limits.values)
        self._sheet, self._strings = sheet, strings
        self._row: list[str] = []
        self._size_of_row = self._row_number = 0
        self._first = self._place = self._kind = ""
        self._in_cell = False

    def attribute(self, element: str, key: str, value: str) -> None:
        """Places, styles and types of cells are not texts; everything else is judged."""
        if element == "c" and key in ("r", "s", "t", "cm", "vm", "ph") and len(value) < 12:
            return
        if element == "row" and len(value) < 12:
            return
        super().attribute(element, key, value)

    def opened(self, space: str, name: str, attributes: Attributes) -> None:
        """An element opens."""
        if name == "c":
            place = value_of(attributes, "r")
            self._kind = value_of(attributes, "t")
            self._in_cell = True
            if place and _PLACE.fullmatch(place) is None:
                self.fault(3824, what=place)
            self._place = place or f"row {self._row_number}"
            self._first = self._first or self._place
        elif name == "row":
            self._row_number += 1
        elif name not in ("v", "f"):
            super().opened(space, name, attributes)

    def characters(self, text: str) -> None:
        """Characters: of a cell, or as of any part."""
        name = self.names[-1]
        if not self._in_cell or name not in ("v", "f"):
            super().characters(text)
        elif name == "v":
            self._value(text)
        else:
            if trouble := formula_trouble(text):
                self.fault(3814, what=f"{self._place}: {trouble}")
            self.say_at(f"{self._sheet}!{self._place} formula", text)

    def _value(self, text: str) -> None:
        if self._kind != "s":
            self._cell(text)
            if (found := _EXPONENT.fullmatch(text.strip())) is not None and int(found[1]) < 40:
                self._cell(format(Decimal(text.strip()), "f"))
            return
        number = text.strip()
        shared = self._strings.get(int(number)) if number.isdigit() and len(number) < 10 else None
        if shared is None:
            self.fault(3824, what=f"{self._place}: {number}")
        else:
            self._cell(shared)

    def paragraph(self, text: str) -> None:
        """A string that stands in its cell, or text elsewhere."""
        if self._in_cell:
            self._cell(text)
        else:
            super().paragraph(text)

    def _cell(self, text: str) -> None:
        self._row.append(text)
        self._size_of_row += len(text)
        if self._size_of_row > _ROW_CHARACTERS:
            self._end_row()

    def closed(self, name: str) -> None:
        """An element has closed."""
        if name == "c":
            self._in_cell = False
        elif name == "row":
            self._end_row()
        elif name not in ("v", "f"):
            super().closed(name)

    def _end_row(self) -> None:
        if self._row:
            last = "" if self._first == self._place else f":{self._place}"
            self.say_at(f"{self._sheet}!{self._first}{last}", CELL.join(self._row))
            self._row.clear()
        self._first, self._size_of_row = "", 0
