"""Cookies of a caller: those that an operation lists cross by name, and nothing else of the header."""

from __future__ import annotations

import pytest

from gateway.connectors.request.building import headers
from gateway.connectors.request.head import Head, read_head
from gateway.connectors.request.typed import listed_headers
from gateway.errors import Refused
from gateway.policy.check import check_file
from gateway.policy.evaluate import Result
from gateway.policy.operations import Operation
from gateway.policy.request_judges import judge_request
from gateway.policy.routes import match
from gateway.unit.request import Fields, RequestBody
from tests.gateway.policy.request_text import LOOKUP, request_channel

READ = "    headers: {if-none-match: optional text at most 80}\n"
LISTED = LOOKUP.replace(
    READ, READ + "    cookies: {tenant: text at most 8, Lang: 'optional one of de, zh'}\n"
)


def operation(text: str = LISTED) -> Operation:
    channel = request_channel(text)
    return match(channel, "GET", "/fhir/DiagnosticReport/r-1", {}).operation


def head(*lines: str) -> Head:
    said = "".join(f"{line}\r\n" for line in ("Host: gate", *lines))
    return read_head(f"GET /fhir/DiagnosticReport/r-1 HTTP/1.1\r\n{said}\r\n".encode())


def sent(fields: Fields) -> dict[str, str]:
    body = RequestBody("read-report", (("id", "r-1"),), (), fields, "", 0, 1_000)
    return dict(headers(operation(), body, b""))


def verdict(fields: Fields) -> tuple[Result, str]:
    body = RequestBody("read-report", (("id", "r-1"),), (), fields, "", 0, 1_000)
    made = judge_request(request_channel(LISTED), body)
    return made.result, made.deciding.word if made.deciding is not None else ""


@pytest.mark.parametrize(
    ("lines", "crosses"),
    [
        (("Cookie: tenant=a",), "tenant=a"),
        (("Cookie: session=s; tenant=a;  Lang=zh; track", "If-None-Match: x"), "tenant=a; Lang=zh"),
        (("Cookie: lang=zh; tenant=",), "tenant="),
        (("Cookie: session=1", "Cookie: tenant=a"), "tenant=a"),
    ],
)
def test_listed_cookies_reach_the_peer_and_no_other(lines: tuple[str, ...], crosses: str) -> None:
    fields = listed_headers(operation(), head(*lines))
    assert sent(fields)["Cookie"] == crosses
    assert not any("session" in f"{name}{value}" for name, value in fields)


@pytest.mark.parametrize(
    "lines",
    [
        (),
        ("Cookie: Lang=zh",),
        ("Cookie: tenant=a; tenant=b",),
        ("Cookie: tenant=a", "Cookie: tenant=b"),
        ('Cookie: tenant="a"',),
        ("Cookie: tenant=a,b",),
        ("Cookie: tenant=a b",),
    ],
)
def test_a_listed_cookie_that_is_missing_doubled_or_no_value_is_refused(
    lines: tuple[str, ...],
) -> None:
    with pytest.raises(Refused) as caught:
        listed_headers(operation(), head(*lines))
    assert caught.value.number == 6331


def test_both_guards_ask_each_cookie() -> None:
    assert verdict((("cookie:tenant", "a"), ("cookie:Lang", "zh")))[0] is Result.PASSES
    assert verdict((("cookie:tenant", "a" * 9),)) == (Result.REFUSED, "tenant")
    assert verdict((("cookie:tenant", "a"), ("cookie:Lang", "en"))) == (Result.REFUSED, "Lang")
    assert verdict(())[0] is Result.REFUSED
    assert verdict((("cookie:tenant", "a"), ("cookie:session", "s")))[0] is Result.REFUSED


def test_a_value_that_would_end_its_cookie_is_not_sent() -> None:
    for value in ("a; session=1", "a\r\nX: 1", 'a"', "ä"):
        with pytest.raises(Refused) as caught:
            sent((("cookie:tenant", value),))
        assert caught.value.number == 6383


def test_a_list_takes_any_value_of_a_cookie_or_none() -> None:
    text = LOOKUP.replace(READ, READ + "    cookies: [tenant]\n")
    assert listed_headers(operation(text), head()) == ()
    rule = operation(text).headers["cookie:tenant"]
    assert not rule.required and rule.word == "tenant"
    fields = listed_headers(operation(text), head("Cookie: tenant=a.b-c"))
    assert fields == (("cookie:tenant", "a.b-c"),)


@pytest.mark.parametrize(
    ("line", "number"),
    [
        ("cookies: tenant", 2341),
        ("cookies: [a b]", 2340),
        ("cookies: {'a;b': text at most 8}", 2340),
        ("cookies: {tenant: many text at most 8}", 2305),
        ("cookies: {tenant: texts}", 2124),
        ("headers: {cookie: text at most 8}", 2314),
        ("headers: {'cookie:tenant': text at most 8}", 2313),
    ],
)
def test_what_is_no_list_of_cookies_is_told(line: str, number: int) -> None:
    text = LOOKUP.replace(READ, f"    {line}\n")
    result = check_file("40-a.yaml", text.encode(), {})
    assert number in [problem.number for problem in result.problems]


def test_a_test_of_a_policy_file_can_have_cookies() -> None:
    tests = (
        "tests:\n  - name: a\n    try: {call: GET /fhir/DiagnosticReport/r-1, cookies: {tenant: a}}\n"
        "    expect: delivered\n"
    )
    channel = request_channel(LISTED + tests)
    assert channel.requests is not None
    assert channel.requests.tests[0].headers == (("cookie:tenant", "a"),)
