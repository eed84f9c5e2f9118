"""Each guard asks the typed parts again, whatever an edge has said."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.policy.content_channel import content_channel, content_channels, of_content
from gateway.policy.evaluate import Result, evaluate
from gateway.policy.facts import Leaf
from gateway.policy.operations import ContentRule
from gateway.policy.request_judges import judge_caller, judge_request, judge_response
from gateway.unit.request import RequestBody, ResponseBody
from tests.gateway.policy.channel_text import pdf
from tests.gateway.policy.request_text import request_channel

CHANNEL = request_channel()
REQUESTS = CHANNEL.requests
assert REQUESTS is not None
READ = RequestBody("read-report", (("id", "r-1"),), (), (), "", 0, 2_000)
LIST = RequestBody("list-reports", (), (("patient", "p-1"), ("date", "2026")), (), "", 0, 2_000)
ORDER = RequestBody("order", (), (), (), "application/json", 700, 2_000)
ANSWER = ResponseBody(7, "read-report", 200, (), "application/fhir+json", 900)


@pytest.mark.parametrize("head", [READ, LIST, ORDER])
def test_a_request_as_the_file_says_it_passes_and_shows_its_lines(head: RequestBody) -> None:
    verdict = judge_request(CHANNEL, head, caller="CN=portal-01")
    assert verdict.result is Result.PASSES
    assert {"callers", "operations", "body", "answer_within"} <= {c.word for c in verdict.checks}
    assert all(check.line > 0 for check in verdict.checks)


@pytest.mark.parametrize(
    ("head", "word"),
    [
        (replace(READ, operation="write-report"), "operations"),
        (replace(READ, operation=""), "operations"),
        (replace(READ, path=()), "operations"),
        (replace(READ, path=(("id", "a"), ("id", "b"))), "operations"),
        (replace(READ, path=(("id", "a"), ("x", "b"))), "operations"),
        (replace(READ, path=(("id", "../a"),)), "id"),
        (replace(READ, path=(("id", "a" * 65),)), "id"),
        (replace(READ, path=(("id", "a\nb"),)), "id"),
        (replace(READ, path=(("id", "a\ud800"),)), "id"),
        (replace(READ, query=(("x", "1"),)), "operations"),
        (replace(LIST, query=()), "operations"),
        (replace(LIST, query=(("date", "2026"), ("patient", "p"))), "operations"),
        (replace(LIST, query=(("patient", "p"), ("patient", "q"))), "operations"),
        (replace(LIST, query=(("patient", "p"), *(("date", "2026"),) * 17)), "operations"),
        (replace(LIST, query=(("patient", "p"), ("status", "draft"))), "status"),
        (replace(READ, headers=(("cookie", "a=b"),)), "headers"),
        (replace(READ, headers=(("If-None-Match", "a"),)), "headers"),
        (replace(READ, headers=(("if-none-match", "a\r\nx: y"),)), "if-none-match"),
        (replace(READ, content_type="application/json"), "body"),
        (replace(READ, size_bytes=1), "body"),
        (replace(ORDER, content_type="text/html"), "body"),
        (replace(ORDER, content_type=""), "body"),
        (replace(ORDER, size_bytes=0), "body"),
        (replace(ORDER, size_bytes=1025), "body"),
        (replace(ORDER, size_bytes=-1), "body"),
        (replace(READ, answer_within_ms=3_001), "answer_within"),
        (replace(READ, answer_within_ms=0), "answer_within"),
    ],
)
def test_what_the_file_does_not_say_is_refused_by_its_line(head: RequestBody, word: str) -> None:
    verdict = judge_request(CHANNEL, head)
    assert verdict.result is Result.REFUSED
    assert verdict.deciding is not None
    assert verdict.deciding.word == word


@pytest.mark.parametrize(
    ("caller", "address", "word"),
    [
        ("CN=portal-01", "127.0.0.3", ""),
        ("CN=portal-03", "127.0.0.3", "callers"),
        ("", "127.0.0.3", "callers"),
        ("CN=portal-01", "127.0.0.16", "addresses"),
        ("CN=portal-01", "", "addresses"),
        ("CN=portal-01", "::1", "addresses"),
    ],
)
def test_callers_are_named_and_come_from_their_networks(
    caller: str, address: str, word: str
) -> None:
    verdict = judge_caller(CHANNEL, caller, address)
    assert (verdict.deciding.word if verdict.deciding else "") == word


@pytest.mark.parametrize(
    "head",
    [
        replace(ANSWER, status=500),
        replace(ANSWER, status=302),
        replace(ANSWER, operation="list-reports"),
        replace(ANSWER, headers=(("set-cookie", "a=b"),)),
        replace(ANSWER, headers=(("etag", "a"), ("etag", "b"))),
        replace(ANSWER, headers=(("etag", "a" * 81),)),
        replace(ANSWER, content_type="text/html"),
        replace(ANSWER, size_bytes=65_537),
        replace(ANSWER, size_bytes=0),
        replace(ANSWER, status=404),
    ],
)
def test_an_answer_that_the_operation_does_not_know_is_refused(head: ResponseBody) -> None:
    assert REQUESTS is not None
    verdict = judge_response(CHANNEL, REQUESTS.operations["read-report"], head)
    assert verdict.deciding is not None
    assert verdict.deciding.word == "answers"


def test_an_answer_of_the_operation_passes() -> None:
    assert REQUESTS is not None
    operation = REQUESTS.operations["read-report"]
    for head in (
        ANSWER,
        replace(ANSWER, headers=(("etag", 'W/"1"'),)),
        replace(ANSWER, status=404, content_type="", size_bytes=0),
    ):
        assert judge_response(CHANNEL, operation, head).result is Result.PASSES


def _rule() -> ContentRule:
    assert REQUESTS is not None
    content = REQUESTS.operations["order"].content
    assert content is not None
    return content


def test_a_content_is_judged_as_a_file_and_refused_under_its_own_word() -> None:
    view = content_channel(CHANNEL, _rule())
    facts = pdf(name="content", leaves=(Leaf("content", "pdf", 4096),))
    verdict = of_content(evaluate(view, facts, at_receiver=False), "body")
    assert verdict.result is Result.REFUSED
    assert verdict.deciding is not None
    assert (verdict.deciding.word, verdict.deciding.line) == ("body", _rule().line)
    assert verdict.deciding in verdict.checks


def test_a_view_is_the_same_each_time_and_there_is_one_for_each_rule() -> None:
    assert content_channel(CHANNEL, _rule()) is content_channel(CHANNEL, _rule())
    assert len({view.name for view in content_channels(CHANNEL)}) == 4
