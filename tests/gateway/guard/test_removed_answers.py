"""What a channel takes out of answers is gone before they leave the inner host; the outer guard looks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import Refused
from gateway.guard.requests import Let, RequestJudge
from gateway.guard.together import Judging, Slowly, alone
from gateway.inspection.chain import Inspector, Role
from gateway.inspection.changing.here import hand_out_here
from gateway.inspection.changing.removed_places import Remover
from gateway.inspection.here import inspector_here
from gateway.policy.model import Channel, PolicySet
from gateway.unit.model import CapturedUnit, Kind, Lane, Side
from gateway.unit.request import MAX_CONTENT_BYTES, ResponseBody
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
    return judged(inspector, side, answers_on, content, request_channel(text))


def judged(
    inspector: Inspector, side: Side, answers_on: Lane, content: bytes, channel: Channel
) -> Let:
    return alone(judging(inspector, side, answers_on, content, channel))


def judging(
    inspector: Inspector, side: Side, answers_on: Lane, content: bytes, channel: Channel
) -> Judging[Let]:
    policy = PolicySet({channel.name: channel}, "0" * 64, ())
    head = ResponseBody(7, "read-report", 200, (), "application/fhir+json", len(content))
    unit = CapturedUnit(8, channel.name, Kind.REQUESTS, 1_780_000_000_000_000_000, head)
    judge = RequestJudge(side, lambda: policy, inspector, Remover(hand_out_here))
    assert channel.requests is not None
    by_queue = channel.requests.goes_by_queue(channel.requests.operations["read-report"])
    return judge.answer(unit, answers_on, head, content, by_queue=by_queue, caller="CN=portal-01")


def told(report: object) -> bytes:
    return json.dumps(report).encode()


def test_all_of_it_takes_its_turn_as_one_of_the_caller_who_waits_for_it(
    inspector: Inspector,
) -> None:
    channel, asked = request_channel(LOOKUP + CHANGED), list[object]()

    def watched() -> Judging[Let]:
        work = judging(inspector, Side.INNER, Lane.EXPORT, told(REPORT), channel)
        answer: Any = None
        while True:
            try:
                question = work.send(answer)
            except StopIteration as ended:
                let: Let = ended.value
                return let
            asked.append((isinstance(question, Slowly), *question.whose))
            answer = yield question

    alone(watched())
    whose = channel.name, "CN=portal-01"
    assert asked == [(False, *whose), (True, *whose), (False, *whose)]


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


def test_an_answer_too_large_to_take_places_out_of_is_refused(inspector: Inspector) -> None:
    """No policy has both (2390); a guard holds to it whatever its set says."""
    report = {**REPORT, "conclusion": ""}
    report["conclusion"] = "x" * (MAX_CONTENT_BYTES - len(told(report)))
    most = told(report)
    larger = LOOKUP.replace("DiagnosticReport, at most 64 KiB", "DiagnosticReport, at most 6 MiB")
    plain, small = request_channel(larger), request_channel(LOOKUP + CHANGED)
    assert plain.requests is not None and small.requests is not None
    removing = replace(plain, requests=replace(plain.requests, removed=small.requests.removed))
    for side in Side:
        with pytest.raises(Refused) as caught:
            judged(inspector, side, Lane.EXPORT, most + b" ", removing)
        assert caught.value.number == 5784
        assert caught.value.fields == {"size_bytes": len(most) + 1, "limit": len(most)}
    # The largest that it is done with, and a larger one of a channel that takes nothing out.
    let = judged(inspector, Side.INNER, Lane.EXPORT, most, removing)
    assert json.loads(let.body.read()) == {**report, "subject": {"reference": "Patient/p-1"}}
    let = judged(inspector, Side.INNER, Lane.EXPORT, most + b" ", plain)
    assert let.body.read() == most + b" "
