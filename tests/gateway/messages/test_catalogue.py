"""Every number that the code raises has its texts, in both languages, with the same fields."""

from __future__ import annotations

import ast
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.errors import Refused
from gateway.messages import describe, remedy, shown, text_of
from gateway.messages.catalogue import TEXTS

ROOT = Path(__file__).parents[3]
SOURCES = [
    file
    for package in ("gateway", "inner", "outer")
    for file in sorted((ROOT / package).rglob("*.py"))
    if "messages" not in file.parts
]
ERRORS = {"Refused", "Unavailable", "Misconfigured", "StateUncertain"}


# Raised where only bytes are known; gateway.audit.verify and `pki` add the place before anybody reads it.
COMPLETED_LATER = {6023, 6024, 6029, 7303}


def raised() -> Iterator[tuple[str, int, set[str] | None]]:
    """File and line, number, names of the fields (None where they come as a mapping)."""
    for file in SOURCES:
        for node in ast.walk(ast.parse(file.read_text())):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else ""
            first = node.args[0]
            if name in ERRORS and isinstance(first, ast.Constant) and isinstance(first.value, int):
                names = {keyword.arg for keyword in node.keywords}
                fields = None if None in names else {str(one) for one in names}
                yield f"{file.relative_to(ROOT)}:{node.lineno}", first.value, fields


def fields_of(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def test_numbers_are_raised() -> None:
    assert len(list(raised())) > 100, "the search finds what it looks for"


def test_every_raised_number_has_a_text() -> None:
    assert [(place, number) for place, number, _ in raised() if number not in TEXTS] == []


def test_every_field_of_a_text_is_given_where_it_is_raised() -> None:
    missing = [
        (place, number, sorted(wanted - fields))
        for place, number, fields in raised()
        if fields is not None
        and number not in COMPLETED_LATER
        and (wanted := fields_of(text_of(number).en + text_of(number).en_do)) - fields
    ]
    assert missing == []


@pytest.mark.parametrize("number", sorted(TEXTS))
def test_both_languages_say_the_same(number: int) -> None:
    text = TEXTS[number]
    assert text.en and text.zh
    assert bool(text.en_do) == bool(text.zh_do)
    assert fields_of(text.zh + text.zh_do) <= fields_of(text.en + text.en_do)
    assert not text.en.startswith("Failed") and "failed to" not in text.en
    assert "!" not in text.en


def test_a_text_without_a_use_is_noticed() -> None:
    everything = "\n".join(file.read_text() for file in SOURCES)
    assert [number for number in TEXTS if str(number) not in everything] == []


def test_values_from_outside_cannot_move_the_cursor_or_reorder_a_line() -> None:
    text = shown("a\x1b[2J\u202eb\nc\ud800")
    assert text == "a\\x1b[2J\\u202eb\\x0ac\\ud800"
    assert len(shown("x" * 500)) == 80


def test_an_unknown_number_is_still_said() -> None:
    assert describe(Refused(9999)).startswith("FG-9999 ")
    assert remedy(Refused(9999)) == ""


def test_a_missing_field_never_breaks_a_message() -> None:
    assert "?" in describe(Refused(8011))
