"""Value sets: which codes exist, from CSV files that a site provides.

    code,display,system,valid_from,valid_to        the first is needed, the others may be left out
    I10.x00,原发性高血压,,2020-01-01,

The first line names the columns; UTF-8 or GB18030, commas, quotes as in RFC 4180, # before comment lines.
Forms of codes: ICD-10 as WHO writes it (I10, A00.1) and as the national edition does (GB/T 14396,
I10.x00, A00.100x001; morphology M80000/3), ICD-9-CM-3 likewise (38.93, 38.9300x001), LOINC with its check
digit (LOINC Users' Guide, appendix on Mod 10). Licensed tables are not shipped: policies/codes/ holds
small samples.

A set of 100,000 codes with names takes about 16 MiB; asking is one look into a dict. No I/O.
"""

from __future__ import annotations

import csv
import io
import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from gateway.errors import Misconfigured
from gateway.inspection.text.lines import decoded
from gateway.inspection.text.numbering import luhn_remainder

# The national edition of ICD-10 has 41,000 codes and 2 MB, LOINC 100,000 and, with few columns, 15.
MAX_CODE_FILE_BYTES: Final = 64 << 20
MAX_CODES: Final = 500_000
MAX_CODE_CHARACTERS: Final = 64
MAX_DISPLAY_CHARACTERS: Final = 1_000
COLUMNS: Final = ("code", "display", "system", "valid_from", "valid_to")
_ALWAYS_FROM: Final = 0
_ALWAYS_TO: Final = date.max.toordinal()


class CodeForm(StrEnum):
    """How the codes of a set are written."""

    ICD10 = "icd-10"
    ICD9CM3 = "icd-9-cm-3"
    LOINC = "loinc"
    ANY = "any"


# A dagger or asterisk may follow (ICD-10, volume 2, 3.1.3), as may a + that stands for the dagger.
_FORMS: Final = {
    CodeForm.ICD10: re.compile(
        r"M[0-9]{4,5}/[0-9]|[A-Z][0-9]{2}(?:\.(?:[0-9]{1,2}|[0-9x][0-9]{2}(?:x[0-9]{3})?))?[†+*]?"
    ),
    CodeForm.ICD9CM3: re.compile(
        r"[0-9]{2}(?:\.(?:[0-9]{1,2}|[0-9][0-9x][0-9]{2}(?:x[0-9]{3})?))?"
    ),
    CodeForm.LOINC: re.compile(r"[0-9]{1,7}-[0-9]"),
    CodeForm.ANY: re.compile(r"[^\s\x00-\x1f](?:[^\x00-\x1f]*[^\s\x00-\x1f])?"),
}


def is_form(form: CodeForm, code: str) -> bool:
    """Whether a code is written as its system writes codes; of LOINC, whether its check digit is right."""
    if _FORMS[form].fullmatch(code) is None:
        return False
    return form is not CodeForm.LOINC or luhn_remainder(code.replace("-", "")) == 0


@dataclass(frozen=True, slots=True)
class CodeSet:
    """Codes of one value set. Made by read_codes."""

    name: str
    form: CodeForm
    _places: dict[tuple[str, str] | str, int]
    _displays: tuple[bytes, array[int]]
    _valid: tuple[array[int], array[int]] | None

    def __len__(self) -> int:
        return len(self._places)

    def has(self, code: str, on: date | None = None, system: str = "") -> bool:
        """Whether the code is in the set, valid on that day. system: its OID or URI, where the set has
        several. Raises nothing."""
        place = self._places.get((system, code) if system else code)
        if place is None:
            return False
        if on is None or self._valid is None:
            return True
        return self._valid[0][place] <= on.toordinal() <= self._valid[1][place]

    def display(self, code: str, system: str = "") -> str:
        """Its name, "" where there is none or no such code."""
        place = self._places.get((system, code) if system else code)
        if place is None:
            return ""
        names, ends = self._displays
        return names[ends[place - 1] if place else 0 : ends[place]].decode()


def read_codes(name: str, path: str, untrusted_bytes: bytes, form: CodeForm) -> CodeSet:
    """A value set from a CSV file.

    Raises Misconfigured 3951, 3952, 3968, 3974 to 3979 with file and line, and nothing else.
    """
    places: dict[tuple[str, str] | str, int] = {}
    names, ends = bytearray(), array("I")
    valid_from, valid_to = array("I"), array("I")
    for row in _rows(path, decoded(path, untrusted_bytes, MAX_CODE_FILE_BYTES), form):
        key = (row.system, row.code) if row.system else row.code
        if key in places:
            raise Misconfigured(3977, path=path, line=row.line, code=row.code)
        if len(places) >= MAX_CODES:
            raise Misconfigured(3978, path=path, line=row.line, most=MAX_CODES)
        places[key] = len(places)
        names += row.display.encode("utf-8", "replace")
        ends.append(len(names))
        valid_from.append(row.valid_from)
        valid_to.append(row.valid_to)
    if not places:
        raise Misconfigured(3979, path=path)
    limited = any(valid_from) or min(valid_to) < _ALWAYS_TO
    return CodeSet(
        name, form, places, (bytes(names), ends), (valid_from, valid_to) if limited else None
    )


@dataclass(slots=True)
class _Row:
    line: int
    code: str
    display: str
    system: str
    valid_from: int
    valid_to: int


def _rows(path: str, text: str, form: CodeForm) -> Iterator[_Row]:
    """Rows of the file; its comments and empty lines are none."""
    written = csv.reader(io.StringIO(text, newline=""), strict=True)
    columns: dict[str, int] = {}
    try:
        for cells in written:
            if not any(cell.strip() for cell in cells) or cells[0].lstrip().startswith("#"):
                continue
            line = written.line_num
            if not columns:
                columns = _columns(path, line, cells)
                continue
            yield _row(path, line, cells, columns, form)
    except csv.Error as error:
        raise Misconfigured(
            3975, path=path, line=written.line_num, columns=len(columns), reason=str(error)
        ) from None


def _columns(path: str, line: int, cells: list[str]) -> dict[str, int]:
    names = [cell.strip().lower() for cell in cells]
    if "code" not in names or len(set(names)) < len(names) or not set(names) <= set(COLUMNS):
        raise Misconfigured(3974, path=path, line=line, seen=",".join(names))
    return {name: k for k, name in enumerate(names)}


def _row(path: str, line: int, cells: list[str], columns: dict[str, int], form: CodeForm) -> _Row:
    if len(cells) != len(columns):
        raise Misconfigured(
            3975, path=path, line=line, columns=len(columns), reason=f"{len(cells)} cells"
        )
    value = {name: cells[k].strip() for name, k in columns.items()}
    code, display = value["code"], value.get("display", "")
    if (
        not is_form(form, code)
        or len(code) > MAX_CODE_CHARACTERS
        or len(display) > MAX_DISPLAY_CHARACTERS
        or not display.isprintable()
    ):
        raise Misconfigured(3976, path=path, line=line, code=code, form=form.value)
    begin = _day(path, line, value.get("valid_from", ""), _ALWAYS_FROM)
    end = _day(path, line, value.get("valid_to", ""), _ALWAYS_TO)
    if end < begin:
        raise Misconfigured(3968, path=path, line=line, text=value["valid_to"])
    return _Row(line, code, display, value.get("system", ""), begin, end)


def _day(path: str, line: int, text: str, otherwise: int) -> int:
    """YYYY-MM-DD as the number of a day."""
    if not text:
        return otherwise
    try:
        return date.fromisoformat(text).toordinal()
    except ValueError:
        raise Misconfigured(3968, path=path, line=line, text=text) from None
