"""Tables: both readers take the same ones, cell for cell, and nothing that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.inspection.formats.contract import Text
from gateway.inspection.formats.csv import CsvProfile, Kind, is_date
from gateway.inspection.receiving.formats import csv as receiving
from gateway.inspection.sending.formats import csv as sending
from gateway.inspection.unsound import Fault, Word
from gateway.messages.formats_csv import TEXTS
from gateway.policy.values import COLUMN_KINDS
from tests.corpus.csv import CASES, GOOD
from tests.gateway.inspection.formats.reading import Reader, numbers_of

SIDES: list[Any] = [
    pytest.param(sending.check, id="sending"),
    pytest.param(receiving.check, id="receiving"),
]
CSV = Reader(CsvProfile(), TEXTS, frozenset({Word.CSV}))
items, numbers = CSV.items, CSV.numbers


def text(side: Any, content: bytes) -> str:
    return "\n".join(one.text for one in items(side, content) if isinstance(one, Text))


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("name", GOOD)
def test_good_tables_pass(side: Any, name: str) -> None:
    assert numbers(side, GOOD[name]()) == set()


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize(("name", "make", "expected"), CASES, ids=[case[0] for case in CASES])
def test_bad_tables_do_not(
    side: Any, name: str, make: Callable[[], bytes], expected: set[int]
) -> None:
    found = numbers(side, make())
    assert found & expected, name
    assert found <= TEXTS.keys()


@pytest.mark.parametrize("name", GOOD)
def test_both_readers_see_the_same_cells(name: str) -> None:
    assert text(sending.check, GOOD[name]()) == text(receiving.check, GOOD[name]())


@pytest.mark.parametrize("side", SIDES)
def test_a_channel_names_the_columns_that_it_takes(side: Any) -> None:
    profile = CsvProfile((("id", Kind.NUMBER), ("name", Kind.TEXT), ("born", Kind.DATE)))
    assert numbers(side, b"id,name,born\n1,Li,1980-02-29\n2,,\n", profile) == set()
    assert numbers(side, b"id,name,salary\n", profile) == {3745}
    assert numbers(side, b"id,name,born\nx,Li,1980-02-29\n", profile) == {3747}
    assert numbers(side, b"id,name,born\n1,Li,1981-02-29\n", profile) == {3747}


RIGHT = {
    Kind.TEXT: ["a", "=", "1", "2026-13-01"],
    Kind.NUMBER: ["0", "-3.5", "+4", "1,000", "12,345.678", "007"],
    Kind.WHOLE: ["0", "-3", "+4", "11010519491231002"],
    Kind.DATE: ["2026-11-21", "20261121", "2024-02-29"],
    Kind.YES: ["yes", "No", "TRUE", "f", "Y", "1", "0", "是", "否"],
}
WRONG = {
    Kind.NUMBER: ["x", "3,5", "1e5", "-", ".5", "3.", "1,00", "٣", "１", "1" * 31, "NaN", "3 mg"],
    Kind.WHOLE: ["x", "3.0", "1,000", "-", "1e5", "٣", "1 2", "1" * 31],
    Kind.DATE: [
        "2026-13-01", "2026-02-29", "2026-1-2", "2026-1121", "202611-21", "2026/11/21", "202611",
        "21.11.2026", "2026-11-21 08:00", "0000-01-01", "today",
    ],
    Kind.YES: ["maybe", "2", "ja", "yes no", "on"],
}  # fmt: skip


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("blank", ["", "  "])
@pytest.mark.parametrize("kind", list(Kind))
def test_a_cell_is_of_the_kind_of_its_column_or_empty(side: Any, kind: Kind, blank: str) -> None:
    profile = CsvProfile((("id", Kind.TEXT), ("value", kind)))

    def found(cell: str) -> set[int]:
        return numbers(side, f'id,value\na,"{cell}"\n'.encode(), profile) - {3746}

    for cell in (*RIGHT[kind], blank, *(f" {cell} " for cell in RIGHT[kind])):
        assert found(cell) == set(), cell
    for cell in WRONG.get(kind, ()):
        assert found(cell) == {3747}, cell


@pytest.mark.parametrize("side", SIDES)
def test_a_cell_of_another_kind_is_told_by_row_and_column_and_never_by_what_it_says(
    side: Any,
) -> None:
    profile = CsvProfile((("id", Kind.WHOLE), ("name", Kind.TEXT), ("born", Kind.DATE)))
    content = b"id,name,born\n1,Li,1980-02-29\n2,Wang,110105194912310\n"
    (fault,) = [one for one in items(side, content, profile) if isinstance(one, Fault)]
    assert (fault.number, fault.fields) == (3747, {"row": 3, "column": 3, "kind": "date"})


def test_the_words_of_a_policy_are_the_kinds_of_the_readers() -> None:
    assert tuple(Kind) == COLUMN_KINDS


def test_a_date_is_a_day_that_exists() -> None:
    assert all(is_date(said) for said in RIGHT[Kind.DATE])
    assert not any(is_date(said) for said in WRONG[Kind.DATE])


@given(st.lists(st.text("=@+-\uff1d\uff0b \t\n01.%a"), min_size=2, max_size=3))
def test_a_formula_is_found_in_any_cell_and_whatever_stands_before_it(cells: list[str]) -> None:
    formula = any(one.lstrip()[:1] in tuple("=@\uff1d\uff20") for one in cells)
    signed = any(one.lstrip()[:1] in tuple("+-\uff0b\uff0d") for one in cells)
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows([["x"] * len(cells), cells])
    for side in (sending.check, receiving.check):
        found = numbers(side, out.getvalue().encode())
        assert found == {3746} if formula else signed or not found


@given(st.binary(max_size=200) | st.text('a,"\n\r=;1\t \u2028\x85', max_size=60).map(str.encode))
def test_any_bytes_are_read_the_same_on_both_sides_or_refused(content: bytes) -> None:
    first, second = items(sending.check, content), items(receiving.check, content)
    assert CSV.untold(first) == CSV.untold(second) == []
    assert bool(numbers_of(first)) == bool(numbers_of(second))
    if not numbers_of(first):
        assert text(sending.check, content) == text(receiving.check, content)


@given(st.lists(st.lists(st.text('ab,"\n\r; ', min_size=1), min_size=2, max_size=2), min_size=1))
def test_what_was_written_as_a_table_is_read_as_it_was(rows: list[list[str]]) -> None:
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows([["id", "x"], *rows])
    for side in (sending.check, receiving.check):
        content = out.getvalue().encode()
        assert numbers(side, content) == set()
        # A line is a record and a tab a border: those of a cell are blanks.
        plain = [[cell.replace("\n", " ") for cell in row] for row in rows]
        assert text(side, content) == "\n".join("\t".join(row) for row in [["id", "x"], *plain])
