"""Values at a place of a file, held against a list of codes: `DG1-3.1 in list icd-10`.

    Text(where, text) --place without indices--> that of a line? --> value counts in its list, or a Hit

    a.zip > b.json > Bundle.entry[0].resource.ofType(Condition).code.text  -->  Condition.code.text
    a.hl7 > DG1-3.1                                                        -->  DG1-3.1
    a.csv > rows 1 to 900     the first line names the columns; each line after it is a record

Letter by letter: a code with a blank or an invisible character in it is another code. A code counts on its
days only; a Hit for one that is early or late shows the day that says so. What cannot be told apart (a
record that is not as wide as its header, a table without the column) is a hit, too. No I/O, and no memory
but the latest header.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from gateway.inspection.formats.contract import Text
from gateway.policy.codes import CodeList
from gateway.policy.facts import Hit
from gateway.policy.model import Channel, CodesRule

SHOWN_CHARACTERS: Final = 40
_COLUMN: Final = "column "
_INDEX: Final = re.compile(r"\[[0-9]+\]")
_RESOURCE: Final = re.compile(r".*\.ofType\(([A-Za-z]+)\)", re.DOTALL)
_ROWS: Final = re.compile(r"rows (?P<first>[0-9]+) to [0-9]+")
_BETWEEN: Final = " > "
# A value is never empty: this stands for the column that a table has not got.
_NO_COLUMN: Final = ""


@dataclass(frozen=True, slots=True)
class Codes:
    """One line's place with its list. name: as the line says it."""

    name: str
    place: str
    list: CodeList


def codes_of(channel: Channel) -> Mapping[str, tuple[Codes, ...]]:
    """What a channel wants held against lists, by place; columns by `column NAME`."""
    by_place: dict[str, tuple[Codes, ...]] = {}
    for condition in channel.conditions:
        if isinstance(condition.rule, CodesRule):
            for one in condition.rule.places:
                codes = Codes(str(one), one.place, channel.codes[one.list])
                by_place[one.place] = (*by_place.get(one.place, ()), codes)
    return by_place


def place_of(where: str) -> str:
    """The place within the innermost file, without indices; of a FHIR resource from its type on."""
    place = _INDEX.sub("", where.rpartition(_BETWEEN)[2])
    return _RESOURCE.sub(r"\1", place)


class CodeSearch:
    """The values of one unit. on: the day on which they must be valid. Not thread-safe."""

    def __init__(self, codes: Mapping[str, tuple[Codes, ...]], on: date) -> None:
        self._codes = codes
        self._on = on
        self._columns = any(place.startswith(_COLUMN) for place in codes)
        self._found: dict[str, Hit] = {}
        self._table = ""
        self._width = 0
        self._watched: list[tuple[int, Codes]] = []

    def add(self, text: Text) -> None:
        """One more text; where: its whole path."""
        file, _, inner = text.where.rpartition(_BETWEEN)
        if self._columns and (rows := _ROWS.fullmatch(inner)):
            self._rows(file, int(rows["first"]), text)
            return
        for codes in self._codes.get(place_of(text.where), ()):
            if not codes.list.counts(text.text, self._on):
                self._hit(codes, text.where, text.text)

    def hits(self) -> tuple[Hit, ...]:
        """Each line of which something is not in its list: the first such value, and how many."""
        return tuple(self._found.values())

    def _rows(self, file: str, first: int, text: Text) -> None:
        lines = iter(text.text.split("\n"))
        if first == 1:
            self._header(file, next(lines))
        elif file != self._table:
            # The second piece of a table of which nobody has seen the first.
            self._every(lambda codes: self._hit(codes, text.where, ""))
            return
        for number, line in enumerate(lines, first + (first == 1)):
            cells = line.split("\t")
            for place, codes in self._watched:
                value = cells[place] if len(cells) == self._width else line
                # An empty cell is no code, as an element that is not there is none.
                if value and not codes.list.counts(value, self._on):
                    self._hit(codes, f"{file}{_BETWEEN}row {number} {codes.place}", value)

    def _header(self, file: str, line: str) -> None:
        names = [name.strip() for name in line.split("\t")]
        self._table, self._width = file, len(names)
        self._watched = [
            (place, codes)
            for place, name in enumerate(names)
            for codes in self._codes.get(f"{_COLUMN}{name}", ())
        ]
        # A heading spelt otherwise would take all its cells out of sight.
        seen = {codes.name for _, codes in self._watched}
        for codes in self._of_columns():
            if codes.name not in seen:
                self._hit(codes, f"{file}{_BETWEEN}row 1", _NO_COLUMN)

    def _every(self, then: Callable[[Codes], None]) -> None:
        for codes in self._of_columns():
            then(codes)

    def _of_columns(self) -> Iterator[Codes]:
        for place, several in self._codes.items():
            if place.startswith(_COLUMN):
                yield from several

    def _hit(self, codes: Codes, where: str, value: str) -> None:
        before = self._found.get(codes.name)
        self._found[codes.name] = (
            Hit("code", codes.name, where, value[:SHOWN_CHARACTERS] + self._why(codes, value))
            if before is None
            else replace(before, count=before.count + 1)
        )

    def _why(self, codes: Codes, value: str) -> str:
        """The column and day of the table by which a code that it holds does not count today."""
        days = codes.list.days.get(value)
        if days is None:
            return ""
        early = self._on < days.first
        return f" (valid_from {days.first})" if early else f" (valid_to {days.last})"
