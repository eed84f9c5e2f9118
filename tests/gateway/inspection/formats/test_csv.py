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
from gateway.inspection.unsound import Word
from gateway.messages.formats_csv import TEXTS
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


@pytest.mark.parametrize(
    ("said", "right"),
    [
        ("2026-11-21", True), ("20261121", True), ("2026/1/2", True), ("2026-11-21 08:00:00", True),
        ("2026-13-01", False), ("2026-1/2", False), ("202611", False), ("21.11.2026", False),
    ],
)  # fmt: skip
def test_a_date_is_a_day_that_exists(said: str, right: bool) -> None:
    assert is_date(said) is right


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
