"""Values of FHIR searches, locations of what was made, and operations that a header tells apart."""

from __future__ import annotations

import pytest

from gateway.connectors.request.location import without_base
from gateway.policy.fitting import fits
from gateway.policy.phrases import Misread
from gateway.policy.request_judges import judge_response
from gateway.policy.routes import Call, route
from gateway.policy.value_rules import read_value_rule
from gateway.unit.request import ResponseBody
from tests.gateway.policy.request_text import LOOKUP, read_requests, request_channel

BASE = "https://fhir.inner.example:443/r4"


@pytest.mark.parametrize(
    ("form", "good", "bad"),
    [
        ("fhir date", ["2026", "ge2026-01-01", "sa2026-01-01T08:00:00Z"], ["xx2026", "2026-13", "ge"]),
        (
            "fhir token",
            ["718-7", "http://loinc.org|718-7", "|final", "urn:oid:1.2.3|", "a b"],
            ["", "|", "a,b", "a|b|c", "a$b", "a\\,b", "a\u200b", " a", "file://x|a", "a\n"],
        ),
        (
            "fhir reference of Patient or Group",
            ["Patient/p-1", "Group/1"],
            ["p-1", "Practitioner/1", "http://x/Patient/1", "Patient/", "Patient/..", "Patient/1/_history/2"],
        ),
        ("fhir count at most 100", ["1", "9", "10", "99", "100"], ["0", "101", "01", "-1", "1.0", ""]),
        ("fhir count at most 253", ["7", "199", "200", "249", "250", "253"], ["254", "260", "300", "0"]),
        (
            "fhir location of Observation",
            ["Observation/1", "Observation/1/_history/2"],
            ["https://x/Observation/1", "//x/Observation/1", "/../Observation/1", "Patient/1"],
        ),
    ],
)  # fmt: skip
def test_a_form_takes_its_values_and_no_others(form: str, good: list[str], bad: list[str]) -> None:
    rule = read_value_rule(form, "x", 1)
    assert [value for value in good if not fits(rule, value)] == []
    assert [value for value in bad if fits(rule, value)] == []


@pytest.mark.parametrize("most", [1, 5, 10, 57, 99, 100, 101, 1_000, 1_234, 10_000])
def test_a_count_takes_every_number_up_to_its_bound(most: int) -> None:
    rule = read_value_rule(f"fhir count at most {most}", "x", 1)
    assert [n for n in range(most + 1_200) if fits(rule, str(n))] == list(range(1, most + 1))


@pytest.mark.parametrize(
    "form",
    ["fhir count at most 10001", "fhir count at most 0", "fhir reference of patient",
     "fhir reference of Patient|.*", "fhir location of", "fhir count"],
)  # fmt: skip
def test_a_form_that_says_nothing_clear_is_no_form(form: str) -> None:
    with pytest.raises(Misread):
        read_value_rule(form, "x", 1)


@pytest.mark.parametrize(
    ("said", "becomes"),
    [
        ("https://fhir.inner.example/r4/Observation/7/_history/1", "/Observation/7/_history/1"),
        ("https://FHIR.inner.example:443/r4/Observation/7", "/Observation/7"),
        ("/r4/Observation/7", "/Observation/7"),
        ("Observation/7", "Observation/7"),
        ("https://fhir.inner.example/r5/Observation/7", "https://fhir.inner.example/r5/Observation/7"),
        ("http://fhir.inner.example/r4/Observation/7", "http://fhir.inner.example/r4/Observation/7"),
        ("https://a@fhir.inner.example/r4/x", "https://a@fhir.inner.example/r4/x"),
        ("https://fhir.inner.example:x/r4/x", "https://fhir.inner.example:x/r4/x"),
        ("//fhir.inner.example/r4/x", "//fhir.inner.example/r4/x"),
        ("https://fhir.inner.example/r4/x?y=1", "https://fhir.inner.example/r4/x?y=1"),
    ],
)  # fmt: skip
def test_a_location_loses_the_address_of_the_peer_and_of_nobody_else(
    said: str, becomes: str
) -> None:
    assert without_base(said, BASE) == becomes


CREATE = """\
  create:
    call: POST /fhir/Observation
    body: fhir Observation
    answers:
      201:
        content: empty
        headers: {location: fhir location of Observation, etag: optional text at most 40}
"""


@pytest.mark.parametrize(
    ("location", "passes"),
    [
        ("/fhir/Observation/7/_history/1", True),
        ("Observation/7", True),
        ("/r4/Observation/7", False),
        ("https://fhir.inner.example/r4/Observation/7", False),
        ("/fhir/Patient/7", False),
    ],
)
def test_an_answer_says_where_the_resource_stands_and_not_which_host_it_is(
    location: str, passes: bool
) -> None:
    channel = request_channel(LOOKUP.replace("  order:\n", f"{CREATE}  order:\n"))
    assert channel.requests is not None
    create = channel.requests.operations["create"]
    head = ResponseBody(7, "create", 201, (("location", location),), "", 0)
    assert (judge_response(channel, create, head).deciding is None) is passes


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("location: fhir location of Observation", "location: text at most 40"),
        ("location: fhir location of Observation", "location: pattern .*fhir location of Observation"),
        ("etag: optional text at most 40", "etag: optional fhir location of Observation"),
        ("    body: fhir Obs", "    headers: {location: fhir location of Observation}\n    body: fhir Obs"),
        ("location: fhir", "set-cookie: fhir"),
    ],
)  # fmt: skip
def test_a_location_is_a_path_of_an_answer_and_nothing_else(before: str, after: str) -> None:
    text = LOOKUP.replace("  order:\n", f"{CREATE}  order:\n").replace(before, after)
    _, problems = read_requests(text)
    assert [problem.number for problem in problems if problem.number in (2314, 2319)]


TWO = """\
  add:
    call: POST /orders
    headers: {soapaction: 'one of "urn:add"'}
    body: json
    answers: {200: json}
  drop:
    call: POST /orders
    headers: {soapaction: 'one of "urn:drop", "urn:remove"'}
    body: json
    answers: {200: json}
"""


def test_two_operations_of_one_path_are_told_apart_by_a_header_that_both_need() -> None:
    text = LOOKUP[: LOOKUP.index("  order:")] + TWO + LOOKUP[LOOKUP.index("\nlimits:") :]
    channel = request_channel(text)
    for value, name in (('"urn:add"', "add"), ('"urn:remove"', "drop")):
        found = route(channel, "POST", "/orders", {"soapaction": (value,)})
        assert isinstance(found, Call)
        assert found.operation.name == name
    for values in ((), ('"urn:other"',), ('"urn:add"', '"urn:drop"')):
        refused = route(channel, "POST", "/orders", {"soapaction": values})
        assert not isinstance(refused, Call)
        assert refused.word == "soapaction"
    _, problems = read_requests(text.replace('"urn:remove"', '"urn:add"'))
    assert [problem.number for problem in problems] == [2324]
    _, problems = read_requests(text.replace('one of "urn:drop"', 'optional one of "urn:drop"'))
    assert [problem.number for problem in problems] == [2324]
