"""An explanation puts what decided first and says what would let the unit through."""

from __future__ import annotations

import json

from gateway.policy.evaluate import evaluate
from gateway.policy.explain import as_data, explain, sentence
from gateway.policy.facts import Leaf, Problem
from tests.gateway.policy.channel_text import BASIC, channel, pdf

MADE = channel(BASIC + "  size: at most 1 MiB\nrefused_if:\n  name: '~*'\n")
PROGRAM = pdf(leaves=(Leaf("report.pdf", "elf program", 9),), size_bytes=3 << 20)


def test_the_deciding_line_comes_first_and_the_others_follow() -> None:
    explained = explain(MADE, evaluate(MADE, PROGRAM, at_receiver=False))
    assert explained.deciding is not None
    assert explained.deciding.word == "type"
    assert [check.word for check in explained.others] == ["size", "name"]
    assert explained.time_zone == "Asia/Shanghai"


def test_it_says_in_both_languages_what_was_found() -> None:
    deciding = evaluate(MADE, PROGRAM, at_receiver=False).deciding
    assert deciding is not None
    assert sentence(deciding) == "it is: elf program; the line says: pdf or csv"
    assert sentence(deciding, "zh") == "内容为:elf program;该行为:pdf or csv"


def test_it_says_what_would_let_the_unit_through() -> None:
    explained = explain(MADE, evaluate(MADE, PROGRAM, at_receiver=False))
    assert [sentence(advice) for advice in explained.advice] == [
        "the sender sends what the line takes: pdf or csv",
        "in 10-test.yaml:16 the line: size: at most 3 MiB",
    ]


def test_no_advice_leads_to_programs_but_other_types_may_be_added() -> None:
    image = pdf(leaves=(Leaf("report.pdf", "dicom", 9),))
    explained = explain(MADE, evaluate(MADE, image, at_receiver=False))
    assert sentence(explained.advice[1]) == "in 10-test.yaml:15 the line: type: pdf, csv or dicom"


def test_a_unit_that_passes_needs_no_advice() -> None:
    explained = explain(MADE, evaluate(MADE, pdf(), at_receiver=False))
    assert (explained.deciding, explained.advice) == (None, ())


def test_a_line_of_refused_if_is_advised_to_go_and_not_to_widen() -> None:
    explained = explain(MADE, evaluate(MADE, pdf(name="~a.pdf"), at_receiver=False))
    assert [sentence(advice) for advice in explained.advice] == [
        "10-test.yaml:18 without the line name"
    ]


def test_an_explanation_is_plain_data_and_shows_names_escaped() -> None:
    facts = pdf(name="~\u202egnp.exe", problems=(Problem("name", 3131, "x"),))
    data = as_data(explain(MADE, evaluate(MADE, facts, at_receiver=False)))
    assert data["result"] == "refused"
    text = json.dumps(data)
    assert "\\\\u202egnp" in text
