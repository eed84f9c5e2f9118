"""Lines about what stands in the text of a file: read, asked, and closed where nobody looked."""

from __future__ import annotations

import pytest

from gateway.policy.evaluate import Result, Verdict, evaluate
from gateway.policy.facts import Hit, Sought
from gateway.policy.lists import EntryList, ListText, read_list
from gateway.policy.model import Channel
from gateway.policy.values import Approval
from tests.gateway.policy.channel_text import BASIC, channel, numbers, pdf

LISTS = {
    "staff": EntryList(frozenset({"zhang"})),
    "rare": EntryList(frozenset({"a rare disease"}), grade=5),
    "usual": EntryList(frozenset({"influenza"}), grade=3),
}
TEXT = BASIC + (
    "refused_if:\n  identifiers: identity numbers or bank cards\n  words: in list staff\n"
    "held_if:\n  patterns: in list staff\n  grade_found: above 3\n"
)
ALL = Sought(
    frozenset({"identity numbers", "bank cards"}),
    frozenset({"staff", "rare"}),
    frozenset({"staff"}),
)


def made() -> Channel:
    return channel(TEXT, LISTS)


def judged(*hits: Hit, searched: Sought | None = ALL) -> Verdict:
    return evaluate(made(), pdf(hits=hits, searched=searched), at_receiver=False)


def test_a_channel_says_what_it_wants_looked_for() -> None:
    assert made().sought == ALL
    assert not channel(BASIC).sought


def test_a_text_with_nothing_of_it_passes() -> None:
    assert judged().result is Result.PASSES


@pytest.mark.parametrize(
    ("kind", "name", "result", "word"),
    [
        ("identifier", "identity numbers", Result.REFUSED, "identifiers"),
        ("word", "staff", Result.REFUSED, "words"),
        ("pattern", "staff", Result.HELD, "patterns"),
        ("word", "rare", Result.HELD, "grade_found"),
    ],
)
def test_what_is_found_decides_by_the_line_that_names_it(
    kind: str, name: str, result: Result, word: str
) -> None:
    verdict = judged(Hit(kind, name, "page 2", "110***1234", 3))
    assert verdict.result is result
    assert verdict.deciding is not None
    assert verdict.deciding.word == word
    assert verdict.deciding.fields["where"] == "page 2"


@pytest.mark.parametrize("name", ["mobile numbers", "usual"])
def test_what_no_line_names_decides_nothing(name: str) -> None:
    hits = Hit("identifier", name, "x", "x"), Hit("word", name, "x", "x")
    assert judged(*hits).result is Result.PASSES


@pytest.mark.parametrize(
    "searched", [None, Sought(), Sought(ALL.identifiers, ALL.words, frozenset())]
)
def test_where_nobody_has_looked_nothing_passes(searched: Sought | None) -> None:
    assert judged(searched=searched).result is not Result.PASSES


@pytest.mark.parametrize(
    ("line", "number"),
    [
        ("identifiers: identity cards", 2107),
        ("words: zhang", 2124),
        ("words: in list nobody", 2170),
        ("patterns: a+", 2124),
        ("grade_found: 3", 2124),
        ("grade_found: above 7", 2123),
    ],
)
def test_a_wrong_line_is_named_with_what_to_write(line: str, number: int) -> None:
    assert numbers(BASIC + f"refused_if:\n  {line}\n") == [number]


def test_what_names_a_person_is_no_condition_to_pass() -> None:
    assert numbers(BASIC + "  identifiers: identity numbers\n") == [2171]


def test_a_list_may_say_its_grade_before_its_first_entry() -> None:
    name, known, problems = read_list("lists/a.txt", b"# rare\n# grade: 4\nhiv\n")
    written = ListText("lists/a.txt", "\n\nhiv\n")
    assert (name, known, problems) == ("a", EntryList(frozenset({"hiv"}), 4, written), ())
    assert read_list("lists/a.txt", b"hiv\n# grade: 4\n")[1].grade == 0


def test_release_needs_as_many_people_as_the_channel_says() -> None:
    assert channel("approval: 2 of security\n" + BASIC).approval == Approval(2, "security")
    assert channel(BASIC).approval.people == 1


@pytest.mark.parametrize(("said", "number"), [("two", 2124), ("0 of security", 2123)])
def test_a_wrong_approval_is_named(said: str, number: int) -> None:
    assert numbers(f"approval: {said}\n" + BASIC) == [number]
