"""Tables of codes: a lists/NAME.csv whose first line that says something has a column `code`.

    # form: icd-10                            each code is written so (code_forms.py); any way without it
    code,display,valid_from,valid_to          the first is needed, the others may be left out
    I10.x00,原发性高血压,2020-01-01,

A row is one line: commas between cells, quotes as in RFC 4180, # before comments, days as 2026-01-31. A code
counts from the first day to the last one, both included. Licensed tables are not shipped: policies/lists/
holds small samples. No I/O; nothing here raises.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final, NamedTuple

from gateway.policy.code_forms import CodeForm, is_form
from gateway.policy.located import Located
from gateway.policy.phrases import Misread, did_you_mean

# The national edition of ICD-10 has 41,000 codes, LOINC 100,000.
MAX_CODES: Final = 500_000
MAX_CODE_CHARACTERS: Final = 64
MAX_DISPLAY_CHARACTERS: Final = 1_000
# A table of another form is wrong in every row: this many show it.
MAX_PROBLEMS: Final = 20
# A table of more columns has its code among the first.
_MOST_COLUMNS: Final = 100
COLUMNS: Final = ("code", "display", "valid_from", "valid_to")
# A spreadsheet puts quotes around a comment and commas behind it, a Chinese keyboard gives a wide colon.
# Near misses are read as what is meant, so that no slip turns the check off without a word.
_FORM: Final = re.compile(
    r'[" ]*#\s*forms?\s*(?:[:：=]|\s(?=icd|loinc))(?P<form>[^,"]*)', re.IGNORECASE
)
# Blanks of Chinese and French typesetting, which stand in names as often as the narrow one.
_WIDE_BLANKS: Final = {0x00A0: " ", 0x3000: " "}
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Days(NamedTuple):
    """The first and the last day on which a code counts."""

    first: date = date.min
    last: date = date.max


_ALWAYS: Final = Days()


@dataclass(frozen=True, slots=True)
class CodeList:
    """What a place of a file is held against. days: of the entries that do not count always."""

    entries: frozenset[str]
    days: Mapping[str, Days] = field(default_factory=dict)

    def counts(self, code: str, on: date) -> bool:
        """Whether the code is in the list and counts on that day."""
        if code not in self.entries:
            return False
        days = self.days.get(code, _ALWAYS)
        return days.first <= on <= days.last


@dataclass(frozen=True, slots=True)
class Head:
    """What stands before the rows. line: of the columns. form: as its comment says it, and in which line."""

    line: int
    columns: tuple[str, ...]
    form: tuple[int, str] | None


@dataclass(frozen=True, slots=True)
class CodeTable:
    """lines: of each code. days: of those that do not count always."""

    lines: Mapping[str, int]
    days: Mapping[str, Days]
    problems: tuple[Located, ...]


def head_of(lines: Sequence[str]) -> Head | None:
    """The head of a table of codes; None where the lines are entries as of any other list."""
    form: tuple[int, str] | None = None
    for number, line in enumerate(lines, 1):
        if said := _FORM.match(line):
            form = number, said["form"].strip()
        elif _says(line):
            columns = tuple(name.lower() for name in _cells(line) or ())
            return Head(number, columns, form) if form or _is_heading(columns, line) else None
    return None


def _is_heading(columns: Sequence[str], line: str) -> bool:
    """Whether a line names columns, rightly or nearly so: a slip must not turn a table into entries."""
    return (not columns and '"' in line) or any(
        did_you_mean(name, COLUMNS, 0.8) for name in columns[:_MOST_COLUMNS]
    )


def read_codes(path: str, lines: Sequence[str], head: Head) -> CodeTable:
    """The rows below a head, with what is wrong: the first MAX_PROBLEMS of it. lines: without blanks
    around them."""
    problems: list[Located] = []

    def wrong(line: int, error: Misread) -> None:
        problems.append(Located(path, line, 1, 1, "", error.number, error.fields, error.knows))

    form: CodeForm | None = None
    if head.form is not None:
        line_of_form, said = head.form
        try:
            form = CodeForm(said)
        except ValueError:
            wrong(line_of_form, Misread(2130, knows=tuple(CodeForm), form=said))
    try:
        reading = _Reading(_columns(head), form)
    except Misread as error:
        wrong(head.line, error)
        return CodeTable({}, {}, tuple(problems))
    lines_of: dict[str, int] = {}
    days_of: dict[str, Days] = {}
    for number, line in enumerate(lines[head.line :], head.line + 1):
        if not _says(line):
            if _FORM.match(line):
                wrong(number, Misread(2139))
            continue
        try:
            code, days = reading.row(line)
            if (first := lines_of.setdefault(code, number)) != number:
                raise Misread(2134, code=code, first=first)
            if len(lines_of) > MAX_CODES:
                raise Misread(2135, most=MAX_CODES)
        except Misread as error:
            wrong(number, error)
            if len(problems) >= MAX_PROBLEMS or error.number == 2135:
                break
            continue
        if days is not _ALWAYS:
            days_of[code] = days
    if not lines_of and not problems:
        wrong(head.line, Misread(2136))
    return CodeTable(lines_of, days_of, tuple(problems))


def _says(line: str) -> bool:
    """Whether it is more than a comment, or the commas of empty cells."""
    return not line.lstrip('" ').startswith("#") and bool(line.strip('", '))


def _columns(head: Head) -> dict[str, int]:
    names = head.columns
    if "code" not in names or len(set(names)) < len(names) or not set(names) <= set(COLUMNS):
        raise Misread(2131, knows=COLUMNS, seen=",".join(names))
    return {name: place for place, name in enumerate(names)}


class _Reading:
    """Rows under these columns. Days are few, and each is kept once."""

    def __init__(self, columns: Mapping[str, int], form: CodeForm | None) -> None:
        self._columns = columns
        self._form = form
        self._known: dict[tuple[str, str], Days] = {("", ""): _ALWAYS}

    def row(self, line: str) -> tuple[str, Days]:
        """Code and days of a row. Raises Misread."""
        cells = _cells(line)
        if cells is None or len(cells) != len(self._columns):
            raise Misread(2132, columns=len(self._columns))
        code = cells[self._columns["code"]]
        if self._form is not None and not is_form(self._form, code):
            raise Misread(2133, code=code, form=self._form.value)
        if not code or not _is_shown(code, MAX_CODE_CHARACTERS):
            raise Misread(2137, column="code", most=MAX_CODE_CHARACTERS)
        display = self._cell(cells, "display").translate(_WIDE_BLANKS)
        if not _is_shown(display, MAX_DISPLAY_CHARACTERS):
            raise Misread(2137, column="display", most=MAX_DISPLAY_CHARACTERS)
        written = self._cell(cells, "valid_from"), self._cell(cells, "valid_to")
        days = self._known.get(written)
        if days is None:
            days = self._known[written] = _days(*written)
        return code, days

    def _cell(self, cells: Sequence[str], name: str) -> str:
        place = self._columns.get(name)
        return "" if place is None else cells[place]


def _cells(line: str) -> list[str] | None:
    """The cells of a line, None where its quotes are wrong."""
    if '"' not in line:
        return [cell.strip() for cell in line.split(",")]
    try:
        return [cell.strip() for cell in next(csv.reader([line], strict=True))]
    except csv.Error:
        return None


def _is_shown(text: str, most: int) -> bool:
    return len(text) <= most and text.isprintable()


def _days(valid_from: str, valid_to: str) -> Days:
    days = Days(
        _day(valid_from) if valid_from else date.min, _day(valid_to) if valid_to else date.max
    )
    if days.last < days.first:
        raise Misread(2138, text=valid_to)
    return days


def _day(text: str) -> date:
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise Misread(2138, text=text)
