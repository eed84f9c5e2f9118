"""A call is one operation of the channel, or nothing that anybody could read in two ways gets further."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Refused
from gateway.policy.evaluate import Check
from gateway.policy.routes import Call, match, route
from gateway.policy.targets import BadTarget, read_target
from tests.gateway.policy.request_text import LOOKUP, request_channel

CHANNEL = request_channel()


def call(target: str | bytes, method: str = "GET") -> Call:
    return match(CHANNEL, method, target)


def refused_by(target: str | bytes, method: str = "GET") -> str:
    found = route(CHANNEL, method, target)
    assert isinstance(found, Check), found
    return found.word


def test_a_path_is_taken_apart_and_decoded_once() -> None:
    found = call("/fhir/DiagnosticReport/test%2D1")
    assert (found.operation.name, found.path, found.query) == (
        "read-report",
        (("id", "test-1"),),
        (),
    )


def test_a_query_comes_in_the_order_of_the_file() -> None:
    found = call("/fhir/DiagnosticReport?status=final&date=ge2026-01-01&patient=p1&date=lt2026-02")
    assert found.operation.name == "list-reports"
    assert found.query == (
        ("patient", "p1"),
        ("date", "ge2026-01-01"),
        ("date", "lt2026-02"),
        ("status", "final"),
    )


def test_bytes_and_text_are_the_same() -> None:
    assert call(b"/fhir/DiagnosticReport/a") == call("/fhir/DiagnosticReport/a")


NASTY = [
    # another form of target, or none (RFC 9112, 3.2)
    ("", "operations"),
    ("*", "operations"),
    ("fhir/DiagnosticReport/a", "operations"),
    ("http://inner/fhir/DiagnosticReport/a", "operations"),
    ("//inner/fhir/DiagnosticReport/a", "operations"),
    ("inner:443", "operations"),
    ("/fhir/DiagnosticReport/a#x", "operations"),
    ("/fhir/DiagnosticReport/a HTTP/1.1", "operations"),
    ("/fhir/DiagnosticReport/a\r\nHost: x", "operations"),
    ("/fhir/DiagnosticReport/a\x00", "operations"),
    ("/fhir/DiagnosticReport/\x7f", "operations"),
    ("/fhir/DiagnosticReport/é", "operations"),
    (b"/fhir/DiagnosticReport/\xe9", "operations"),
    ("/" + "a" * 5000, "operations"),
    ("/" + "a/" * 40, "operations"),
    # ways up
    ("/fhir/DiagnosticReport/..", "id"),
    ("/fhir/DiagnosticReport/.", "id"),
    ("/fhir/DiagnosticReport/...", "id"),
    ("/fhir/DiagnosticReport/../Patient/1", "id"),
    ("/fhir/DiagnosticReport/%2e%2e", "id"),
    ("/fhir/DiagnosticReport/%2e%2E/Patient/1", "id"),
    ("/fhir/DiagnosticReport/.%2e", "id"),
    ("/fhir/DiagnosticReport/..%20", "id"),
    ("/fhir/DiagnosticReport/%E2%80%A5", "id"),
    ("/fhir/DiagnosticReport/%EF%BC%8E%EF%BC%8E", "id"),
    ("/fhir/DiagnosticReport/%E2%80%A4%E2%80%A4", "id"),
    ("/fhir/../fhir/DiagnosticReport/a", "operations"),
    ("/./fhir/DiagnosticReport/a", "operations"),
    ("/%2e/fhir/DiagnosticReport/a", "operations"),
    ("/fhir/%2e%2e/fhir/DiagnosticReport/a", "operations"),
    # slashes that are none
    ("/fhir/DiagnosticReport/a%2fb", "id"),
    ("/fhir/DiagnosticReport/a%2Fb", "id"),
    ("/fhir/DiagnosticReport/..%2f..%2fetc", "id"),
    ("/fhir/DiagnosticReport/a\\b", "id"),
    ("/fhir/DiagnosticReport/a%5cb", "id"),
    ("/fhir/DiagnosticReport/..%5c..%5cwindows", "id"),
    ("/fhir/DiagnosticReport/a%EF%BC%8Fb", "id"),
    ("/fhir/DiagnosticReport/a%E2%88%95b", "id"),
    ("/fhir/DiagnosticReport/a%E2%81%84b", "id"),
    ("/fhir%2fDiagnosticReport/a", "operations"),
    # decoded twice, wrongly, or into what nobody sees
    ("/fhir/DiagnosticReport/%252e%252e", "id"),
    ("/fhir/DiagnosticReport/a%252fb", "id"),
    ("/fhir/DiagnosticReport/%25", "id"),
    ("/fhir/DiagnosticReport/%", "id"),
    ("/fhir/DiagnosticReport/%4", "id"),
    ("/fhir/DiagnosticReport/%zz", "id"),
    ("/fhir/DiagnosticReport/%u002e%u002e", "id"),
    ("/fhir/DiagnosticReport/%c0%ae%c0%ae", "id"),
    ("/fhir/DiagnosticReport/%e0%80%af", "id"),
    ("/fhir/DiagnosticReport/%ff", "id"),
    ("/fhir/DiagnosticReport/%ed%a0%80", "id"),
    ("/fhir/DiagnosticReport/%00", "id"),
    ("/fhir/DiagnosticReport/a%00.json", "id"),
    ("/fhir/DiagnosticReport/a%0d%0aHost:%20x", "id"),
    ("/fhir/DiagnosticReport/a%E2%80%AEb", "id"),
    ("/fhir/DiagnosticReport/a%E2%80%A8b", "id"),
    # parameters of a part, empty parts, case
    ("/fhir/DiagnosticReport/a;v=1", "id"),
    ("/fhir/DiagnosticReport/a%3bv=1", "id"),
    ("/fhir;x/DiagnosticReport/a", "operations"),
    ("/fhir/DiagnosticReport/a%3fx=1", "id"),
    ("/fhir/DiagnosticReport/", "id"),
    ("/fhir//DiagnosticReport/a", "operations"),
    ("/fhir/DiagnosticReport/a/", "operations"),
    ("/FHIR/DiagnosticReport/a", "operations"),
    ("/fhir/diagnosticreport/a", "operations"),
    ("/fhir/DiagnosticReport/" + "a" * 65, "id"),
    ("/fhir/DiagnosticReport/a_b", "id"),
    ("/fhir/DiagnosticReport/$everything", "id"),
    ("/fhir/DiagnosticReport/a<b", "id"),
    ("/", "operations"),
    # queries
    ("/fhir/DiagnosticReport", "operations"),
    ("/fhir/DiagnosticReport?", "operations"),
    ("/fhir/DiagnosticReport?patient", "operations"),
    ("/fhir/DiagnosticReport?=p1", "operations"),
    ("/fhir/DiagnosticReport?patient=p1&", "operations"),
    ("/fhir/DiagnosticReport?patient=p1&&status=final", "operations"),
    ("/fhir/DiagnosticReport?patient=p1&patient=p2", "operations"),
    ("/fhir/DiagnosticReport?patient=p1&Patient=p2", "operations"),
    ("/fhir/DiagnosticReport?patient=p1;status=final", "operations"),
    ("/fhir/DiagnosticReport?patient=p1&_include=*", "operations"),
    ("/fhir/DiagnosticReport?patient=p1&status=final&status=final", "operations"),
    ("/fhir/DiagnosticReport?patient=p1" + "&date=2026" * 17, "operations"),
    ("/fhir/DiagnosticReport?patient=p1" + "&date=2026" * 70, "operations"),
    ("/fhir/DiagnosticReport?patient=", "patient"),
    ("/fhir/DiagnosticReport?patient=p1%00", "operations"),
    ("/fhir/DiagnosticReport?patient=p1%0d%0aX:y", "operations"),
    ("/fhir/DiagnosticReport?patient=%252e", "operations"),
    ("/fhir/DiagnosticReport?patient=%ff", "operations"),
    ("/fhir/DiagnosticReport?patient=p+1", "patient"),
    ("/fhir/DiagnosticReport?patient=p1&status=draft", "status"),
    ("/fhir/DiagnosticReport?patient=p1&date=yesterday", "date"),
    ("/fhir/DiagnosticReport/a?x=1", "operations"),
]


@pytest.mark.parametrize(("target", "word"), NASTY, ids=[repr(t)[:60] for t, _ in NASTY])
def test_what_could_be_read_in_two_ways_is_refused(target: str | bytes, word: str) -> None:
    assert refused_by(target) == word


@pytest.mark.parametrize(
    "method", ["POST", "get", "TRACE", "CONNECT", "", "GET ", "PROPFIND", "HEAD"]
)
def test_a_method_that_no_operation_has_is_refused(method: str) -> None:
    assert refused_by("/fhir/DiagnosticReport/a", method) == "operations"


def test_a_refusal_names_word_line_and_number() -> None:
    with pytest.raises(Refused) as caught:
        call("/fhir/DiagnosticReport/../x")
    line = next(n for n, text in enumerate(LOOKUP.splitlines(), 1) if "id: fhir id" in text)
    assert caught.value.number == 2352
    assert caught.value.fields["word"] == "id"
    assert caught.value.fields["rule"] == f"40-test.yaml:{line}"


@given(st.one_of(st.binary(max_size=80), st.text(max_size=60)))
def test_any_target_is_a_call_or_a_check(target: bytes | str) -> None:
    assert isinstance(route(CHANNEL, "GET", target), Call | Check)


@given(st.text("/.%2eEfF5cC;?&=a\\", max_size=24))
def test_what_is_read_has_no_way_up(rest: str) -> None:
    try:
        target = read_target(f"/{rest}")
    except BadTarget:
        return
    for segment in target.segments:
        assert segment.strip(". ")
        assert not set(segment) & set("/\\;%?#\x00")
