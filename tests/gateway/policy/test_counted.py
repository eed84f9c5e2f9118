"""Lines of `counted_if`: what they find is counted, the unit goes on, and no doubt passes with it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.policy.counting import read_counted, say_counted, say_kinds
from gateway.policy.evaluate import Effect, Outcome, Result, Verdict, evaluate
from gateway.policy.explain import as_data, explain
from gateway.policy.facts import FileFacts, Hit, Sought
from gateway.policy.grammar import read_expectation
from gateway.policy.lists import EntryList
from gateway.policy.load import load_set
from gateway.policy.model import Channel, Section
from gateway.policy.phrases import Misread
from gateway.policy.testing import Status, TestReport, run_tests
from gateway.policy.values import Expectation
from tests.gateway.policy.channel_text import BASIC, channel, numbers, pdf, read
from tests.gateway.policy.stand_in import examine
from tests.gateway.policy.test_testing import BAD, GOOD

LISTS = {
    "staff": EntryList(frozenset({"zhang"})),
    "rare": EntryList(frozenset({"a rare disease"}), grade=5),
}
COUNTED = (
    "counted_if:\n  identifiers: identity numbers or bank cards\n  words: in list staff\n"
    "  patterns: in list staff\n  grade_found: above 3\n"
)
ALL = Sought(
    frozenset({"identity numbers", "bank cards"}),
    frozenset({"staff", "rare"}),
    frozenset({"staff"}),
)
HITS = (
    Hit("identifier", "identity numbers", "page 2", "110***1234", 3),
    Hit("identifier", "bank cards", "page 1", "622***1234", 5),
    Hit("word", "staff", "page 2", "line 1", 2),
    Hit("word", "rare", "page 3", "line 1", 7),
    Hit("pattern", "staff", "page 3", "8 characters", 11),
    Hit("identifier", "mobile numbers", "page 3", "138***", 13),
)


def made(lines: str = COUNTED) -> Channel:
    return channel(BASIC + lines, LISTS)


def judged(
    *hits: Hit, lines: str = COUNTED, searched: Sought | None = ALL, at_receiver: bool = False
) -> Verdict:
    return evaluate(made(lines), pdf(hits=hits, searched=searched), at_receiver=at_receiver)


def test_a_channel_wants_looked_for_what_it_only_counts() -> None:
    assert made().sought == ALL
    assert set(made().lists) == {"staff", "rare"}


@pytest.mark.parametrize("at_receiver", [False, True])
def test_what_is_found_is_counted_by_line_and_kind_and_the_unit_passes(at_receiver: bool) -> None:
    verdict = judged(*HITS, at_receiver=at_receiver)
    assert (verdict.result, verdict.deciding, verdict.number) == (Result.PASSES, None, 0)
    counted = {c.word: dict(c.counts) for c in verdict.checks if c.effect is Effect.COUNTS}
    assert counted == {
        "identifiers": {"identity numbers": 3, "bank cards": 5},
        "words": {"staff": 2},
        "patterns": {"staff": 11},
        "grade_found": {"rare": 7},
    }


def test_what_nothing_of_is_there_counts_nothing() -> None:
    verdict = judged()
    assert verdict.result is Result.PASSES
    assert {c.effect for c in verdict.checks} == {Effect.NONE}
    assert not any(c.counts for c in verdict.checks)


@pytest.mark.parametrize(
    "searched",
    [None, Sought(), replace(ALL, patterns=frozenset()), replace(ALL, words=frozenset())],
)
def test_a_line_that_nobody_can_answer_refuses(searched: Sought | None) -> None:
    verdict = judged(searched=searched)
    assert (verdict.result, verdict.number) == (Result.REFUSED, 2230)
    assert verdict.deciding is not None
    assert (verdict.deciding.section, verdict.deciding.outcome) == (
        Section.COUNTED_IF,
        Outcome.UNKNOWN,
    )


def test_a_line_that_goes_wrong_refuses() -> None:
    class Broken:
        kind, name = "identifier", "identity numbers"

    facts = pdf(hits=(Broken(),), searched=ALL)
    verdict = evaluate(made(), facts, at_receiver=False)
    assert (verdict.result, verdict.number) == (Result.REFUSED, 2214)


@pytest.mark.parametrize(
    ("section", "result"), [("refused_if", Result.REFUSED), ("held_if", Result.HELD)]
)
def test_what_another_section_says_of_it_stands(section: str, result: Result) -> None:
    verdict = judged(*HITS, lines=f"{section}:\n  identifiers: bank cards\n" + COUNTED)
    assert verdict.result is result
    assert verdict.deciding is not None
    assert verdict.deciding.section == section
    assert Effect.COUNTS in {check.effect for check in verdict.checks}


def test_an_explanation_has_the_counts_and_never_what_was_found() -> None:
    data = as_data(explain(made(), judged(*HITS)))
    checks = data["checks"]
    assert isinstance(checks, list)
    (line,) = [one for one in checks if one["word"] == "identifiers"]
    assert line["counts"] == {"identity numbers": 3, "bank cards": 5}
    assert (line["effect"], line["text"], data["advice"]) == ("counts", "8 found and counted", [])
    told = str(data)
    assert not any(text in told for text in ("110***", "622***", "line 1", "page 2"))


@pytest.mark.parametrize(
    ("line", "number"),
    [
        ("identifiers: identity cards", 2107),
        ("words: in list nobody", 2170),
        ("grade_found: above 7", 2123),
        ("type: pdf", 2171),
        ("size: at most 1 MiB", 2171),
        ("codes: DG1-3.1 in list staff", 2171),
    ],
)
def test_only_what_is_sought_in_texts_is_counted(line: str, number: int) -> None:
    assert numbers(BASIC + f"counted_if:\n  {line}\n") == [number]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("delivered, counted by words", Expectation("delivered", counted="words")),
        ("delivered,counted  by words", Expectation("delivered", counted="words")),
        ("held by size, counted by words", Expectation("held", "size", "words")),
        ("held by size", Expectation("held", "size")),
    ],
)
def test_a_test_may_expect_that_something_is_counted(text: str, expected: Expectation) -> None:
    assert read_expectation(text) == expected
    assert read_expectation(str(expected)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "counted by words", "delivered, counted", "delivered counted by words", "delivered by words",
        "refused, counted by words", "refused by size, counted by words", "held, counted by words",
        "delivered, counted by words, counted by words",
    ],
)  # fmt: skip
def test_what_else_a_test_may_not_expect(text: str) -> None:
    with pytest.raises(Misread) as caught:
        read_expectation(text)
    assert caught.value.number == 2124


@pytest.mark.parametrize(
    ("expect", "column"),
    [("delivered, counted by size", 35), ("held by tpye, counted by words", 21)],
)
def test_a_word_that_cannot_count_is_named_where_it_stands(expect: str, column: int) -> None:
    test = f"  - name: n\n    try: {{file: samples/a.pdf}}\n    expect: {expect}\n"
    _, problems = read(BASIC + "tests:\n" + test)
    assert [(one.number, one.column) for one in problems] == [(2118, column)]


def ran(folder: Path, expect: str, lines: str = COUNTED) -> TestReport:
    """The report of a set whose good sample holds an identity number and no bank card."""
    (folder / "lists").mkdir()
    (folder / "lists/staff.txt").write_text("zhang\n")
    (folder / "10-test.yaml").write_text(
        BASIC + lines + "tests:\n" + GOOD.replace("delivered", expect) + BAD
    )
    (folder / "samples").mkdir()
    (folder / "samples/a.pdf").write_bytes(b"%PDF-1.7 sample")

    def look(path: Path, name: str, of: Channel, at: datetime) -> FileFacts:
        hits = HITS[:1] if path.name == "a.pdf" else ()
        return replace(examine(path, name, of, at), hits=hits, searched=of.sought)

    return run_tests(load_set(folder), folder, look)


TWO = "counted_if:\n  identifiers: identity numbers\n  words: in list staff\n"


def test_a_test_that_expects_a_count_passes_where_there_is_one(tmp_path: Path) -> None:
    report = ran(tmp_path, "delivered, counted by identifiers", TWO)
    assert [result.status for result in report.results] == [Status.PASSED, Status.PASSED]


def test_a_test_that_expects_a_count_fails_where_there_is_none(tmp_path: Path) -> None:
    report = ran(tmp_path, "delivered, counted by words", TWO)
    (problem,) = report.problems
    assert (problem.number, problem.fields["expected"], problem.fields["got"]) == (
        2191,
        "delivered, counted by words",
        "delivered, counted by identifiers",
    )


def test_coverage_names_the_line_that_counts_in_no_test(tmp_path: Path) -> None:
    report = ran(tmp_path, "delivered", TWO)
    assert [(note.number, note.fields["word"]) for note in report.notes] == [(2197, "words")]


def test_a_record_says_word_number_and_kind_and_can_be_read_again() -> None:
    said = say_counted((check.word, check.counts) for check in judged(*HITS).checks)
    assert said == (
        "identifiers: 5 bank cards, 3 identity numbers; words: 2 staff; patterns: 11 staff;"
        " grade_found: 7 rare"
    )
    assert read_counted(said) == {"identifiers": 8, "words": 2, "patterns": 11, "grade_found": 7}
    assert say_counted((check.word, check.counts) for check in judged().checks) == ""
    assert read_counted("") == {}


def test_a_line_with_very_many_lists_says_the_rest_together() -> None:
    found = {f"list-{number:03}".ljust(64, "x"): number for number in range(1, 1001)}
    said = say_kinds(found)
    assert len(said) < 1000
    assert said.endswith(" of 988 more")
    assert read_counted(f"words: {said}") == {"words": sum(found.values())}


@given(st.text(), st.integers(0, 200))
def test_any_text_is_read_and_a_cut_one_never_counts_more(text: str, end: int) -> None:
    assert all(number >= 0 for number in read_counted(text).values())
    said = "identifiers: 512 bank cards, 37 identity numbers; words: 204 staff"
    whole, cut = read_counted(said), read_counted(said[:end])
    assert all(cut[word] <= whole.get(word, 0) for word in cut)
