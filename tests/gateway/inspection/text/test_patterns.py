"""Patterns: checked where they are written, matched without going back."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import Misconfigured
from gateway.inspection.formats.contract import Text
from gateway.inspection.text import patterns as patterns_module
from gateway.inspection.text.found import Identifier
from gateway.inspection.text.patterns import read_patterns
from gateway.inspection.text.search import Kind, Searcher, SearchPlan


def found(lines: str, text: str) -> list[tuple[str, str]]:
    search = Searcher(SearchPlan(patterns=read_patterns("p", lines)))
    return [(hit.name, text[hit.start : hit.end]) for hit in search.search([Text("", text)])]


def test_patterns_are_read_with_their_names() -> None:
    made = read_patterns("p", "# 样本\nlab = \\bLAB[0-9]{8}\\b\n\nward=[一二三]病区\n")
    assert [(one.name, one.expression) for one in made] == [
        ("lab", "\\bLAB[0-9]{8}\\b"),
        ("ward", "[一二三]病区"),
    ]


@pytest.mark.parametrize(
    ("content", "number", "line"),
    [
        ("x = a\nno expression\n", 3960, 2),
        ("X = a\n", 3960, 1),
        ("x =\n", 3960, 1),
        ("x = a\nx = b\n", 3961, 2),
        ("x = " + "a" * 2001, 3962, 1),
        ("x = \\Cab", 3962, 1),
        ("x = (", 3963, 1),
        ("x = (?=a)b", 3963, 1),
        ("x = (a)\\1", 3963, 1),
        ("x = a{1001}", 3963, 1),
        ("x = \\p{Han}{1,400}", 3964, 1),
        ("x = a*", 3965, 1),
        ("x = (?m)^$", 3965, 1),
        ("# none\n", 3967, None),
    ],
)
def test_an_error_says_file_and_line(content: str, number: int, line: int | None) -> None:
    with pytest.raises(Misconfigured) as caught:
        read_patterns("patterns/site.txt", content)
    assert caught.value.number == number
    assert caught.value.fields["path"] == "patterns/site.txt"
    assert caught.value.fields.get("line") == line


def test_a_file_has_no_more_patterns_than_are_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns_module, "MAX_PATTERNS", 2)
    with pytest.raises(Misconfigured) as caught:
        read_patterns("p", "a = a\nb = b\nc = c\n")
    assert caught.value.number == 3966


@settings(deadline=None)
@given(st.text(max_size=60) | st.text("ab=\\()[]{}*+?|^$.09,C\n", max_size=30))
def test_any_text_is_patterns_or_an_error_of_ours(content: str) -> None:
    try:
        made = read_patterns("p", content)
    except Misconfigured as error:
        assert 3951 <= error.number <= 3967
    else:
        list(Searcher(SearchPlan(patterns=made)).search([Text("", "ab09C()\n\x0c艾")]))


def test_a_pattern_sees_the_normal_form_and_tells_the_original_places() -> None:
    assert found("lab = LAB[0-9]{4}", "样本ＬＡＢ１２３\u200b４。lab1234") == [
        ("lab", "ＬＡＢ１２３\u200b４")
    ]
    assert found("lab = (?i)lab[0-9]{4}", "lab1234") == [("lab", "lab1234")]


def test_the_borders_of_a_text_are_its_own_in_a_row_of_texts() -> None:
    search = Searcher(SearchPlan(patterns=read_patterns("p", "line = ^ab$\nall = a[^z]*b\n")))
    texts = [Text("1", "ab"), Text("2", "xab"), Text("3", "a"), Text("4", "b"), Text("5", "ab")]
    assert [(hit.where, hit.name) for hit in search.search(texts)] == [
        ("1", "all"),
        ("1", "line"),
        ("2", "all"),
        ("5", "all"),
        ("5", "line"),
    ]


def test_the_site_s_patterns_of_record_numbers_are_identifiers() -> None:
    made = read_patterns("p", "mrn = (?:住院号|病案号)[:：]?\\s*[0-9]{6,10}\n")
    (hit,) = Searcher(SearchPlan(medical_records=made)).search(
        [Text("", "，住院号：００１２３４５６")]
    )
    assert (hit.kind, hit.name) == (Kind.IDENTIFIER, Identifier.MEDICAL_RECORD.value)
    assert hit.shown == "12 characters"


def test_a_pattern_that_would_go_back_for_ever_takes_its_time_once() -> None:
    """Exponential in an engine that goes back: this test would not end."""
    assert found("evil = (?:a+)+$b", "a" * 50_000) == []
    assert found("evil2 = (?:a|aa)+c", "a" * 50_000) == []
