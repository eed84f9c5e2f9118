"""What a channel takes out of answers is gone before they leave the inner host; the outer guard looks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.errors import Refused
from gateway.guard.requests import Let, RequestJudge
from gateway.guard.together import alone
from gateway.inspection.chain import Inspector, Role
from gateway.inspection.changing.here import hand_out_here
from gateway.inspection.changing.removed_places import Remover
from gateway.inspection.here import inspector_here
from gateway.policy.model import PolicySet
from gateway.unit.model import CapturedUnit, Kind, Lane, Side
from gateway.unit.request import ResponseBody
from tests.gateway.policy.request_text import LOOKUP, request_channel

REPORT = {
    "resourceType": "DiagnosticReport",
    "status": "final",
    "code": {"text": "blood count"},
    "subject": {"reference": "Patient/p-1", "display": "Somebody Invented"},
}
CHANGED = "changed:\n  response.subject.display: removed\n"


@pytest.fixture
def inspector(tmp_path: Path) -> Iterator[Inspector]:
    made = inspector_here(Role.SENDING, (), tmp_path)
    yield made
    made.close()


def answered(
    inspector: Inspector, side: Side, answers_on: Lane, content: bytes, text: str = LOOKUP + CHANGED
) -> Let:
    if answers_on is Lane.IMPORT:
        text = text.replace(
            "{request: import, response: export}", "{request: export, response: import}"
        )
    channel = request_channel(text)
    policy = PolicySet({channel.name: channel}, "0" * 64, ())
    head = ResponseBody(7, "read-report", 200, (), "application/fhir+json", len(content))
    unit = CapturedUnit(8, channel.name, Kind.REQUESTS, 1_780_000_000_000_000_000, head)
    judge = RequestJudge(side, lambda: policy, inspector, Remover(hand_out_here))
    return alone(judge.answer(unit, answers_on, head, content))


def told(report: object) -> bytes:
    return json.dumps(report).encode()


@pytest.mark.parametrize("lane", list(Lane))
def test_the_inner_guard_takes_it_out_whichever_way_answers_go(
    inspector: Inspector, lane: Lane
) -> None:
    let = answered(inspector, Side.INNER, lane, told(REPORT))
    assert json.loads(let.body.read()) == {**REPORT, "subject": {"reference": "Patient/p-1"}}


def test_the_outer_guard_refuses_what_still_has_it(inspector: Inspector) -> None:
    with pytest.raises(Refused) as caught:
        answered(inspector, Side.OUTER, Lane.EXPORT, told(REPORT))
    assert caught.value.number == 2365
    written = answered(inspector, Side.INNER, Lane.EXPORT, told(REPORT)).body.read()
    assert answered(inspector, Side.OUTER, Lane.EXPORT, written).body.read() == written


def test_the_outer_guard_lets_an_answer_go_in_as_it_came(inspector: Inspector) -> None:
    let = answered(inspector, Side.OUTER, Lane.IMPORT, told(REPORT))
    assert let.body.read() == told(REPORT)


def test_a_channel_that_takes_nothing_out_changes_nothing(inspector: Inspector) -> None:
    let = answered(inspector, Side.INNER, Lane.EXPORT, told(REPORT), LOOKUP)
    assert let.body.read() == told(REPORT)
