"""A file that carries requests is taken whole and right, or answered with every place to mend."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from gateway.messages import text_of
from gateway.policy.ceiling import above_ceiling
from gateway.policy.located import show
from gateway.policy.model import PolicySet
from gateway.unit.model import Kind, Lane
from tests.gateway.policy.channel_text import BASIC, numbers
from tests.gateway.policy.request_text import LOOKUP, read_requests, request_channel


def changed(old: str, new: str) -> str:
    assert old in LOOKUP, old
    return LOOKUP.replace(old, new, 1)


def test_the_file_is_a_channel_with_both_ends_and_its_limits() -> None:
    channel = request_channel()
    requests = channel.requests
    assert requests is not None
    assert (channel.carries, channel.lane, requests.answer_lane) == (
        Kind.REQUESTS,
        Lane.IMPORT,
        Lane.EXPORT,
    )
    source, sink = requests.source, requests.sink
    assert (source.tls, source.host, source.port) == (True, "127.0.0.1", 8443)
    assert source.addresses == (ip_network("127.0.0.0/28"),)
    assert (sink.tls, sink.host, sink.port) == (True, "fhir.inner.example", 443)
    assert (sink.secret, sink.base_path) == ("fhir-reader", "/r4")
    assert (requests.answer_within_s, requests.per_caller.at_once) == (3.0, 5)
    assert requests.whole_channel.rate is not None
    with pytest.raises(RuntimeError):
        _ = channel.source


def test_what_is_not_said_is_narrow() -> None:
    requests = request_channel().requests
    assert requests is not None
    order = requests.operations["order"]
    assert not order.repeatable
    assert not order.headers
    assert requests.operations["read-report"].repeatable
    assert requests.operations["list-reports"].answers[200].headers == {}
    assert not requests.submit


@pytest.mark.parametrize(
    ("old", "new", "number"),
    [
        ("lanes: {request: import, response: export}", "lanes: {request: import, response: import}", 2325),
        ("lanes: {request: import, response: export}", "lane: import", 2325),
        ("  listens: https on 127.0.0.1:8443", "  listens: 127.0.0.1", 2124),
        ("  listens: https on 127.0.0.1:8443", "  listens: https on portal:8443", 2124),
        ("https on 127.0.0.1:8443", "https on 127.0.0.1:70000", 2123),
        ("https on 127.0.0.1:8443", "http on 127.0.0.1:8443", 2326),
        ("callers: [CN=portal-01, CN=portal-02]", "callers: [key portal-01]", 2327),
        ("callers: [CN=portal-01, CN=portal-02]", "callers: portal", 2124),
        ("addresses: [127.0.0.0/28]", "addresses: [127.0.0.1/28]", 2318),
        ("addresses: [127.0.0.0/28]", "folder: /srv/x", 2301),
        ("  https: fhir.inner.example:443", "  https: fhir.inner.example:443\n  http: a:80", 2329),
        ("  https: fhir.inner.example:443\n", "", 2329),
        ("base_path: /r4", "base_path: /r4/../x", 2311),
        ("call: GET /fhir/DiagnosticReport/{id}", "call: get /fhir/DiagnosticReport/{id}", 2107),
        ("call: GET /fhir/DiagnosticReport/{id}", "call: TRACE /fhir/DiagnosticReport/{id}", 2118),
        ("call: GET /fhir/DiagnosticReport/{id}", "call: GET fhir/{id}", 2124),
        ("call: GET /fhir/DiagnosticReport/{id}", "call: GET /fhir/../{id}", 2311),
        ("call: GET /fhir/DiagnosticReport/{id}", "call: GET /fhir//{id}", 2311),
        ("call: GET /fhir/DiagnosticReport/{id}", "call: GET /fhir/r-{id}", 2311),
        ("call: GET /fhir/DiagnosticReport/{id}", "call: GET /fhir/%2e/{id}", 2311),
        ("call: GET /fhir/DiagnosticReport/{id}", "call: GET /fhir/{id}/x/{id}", 2303),
        ("call: GET /fhir/DiagnosticReport/{id}", "call: GET /fhir/{id}/{body}", 2304),
        ("&status={status}", "&patient={status}", 2312),
        ("&status={status}", "&status", 2312),
        ("    id: fhir id\n", "", 2306),
        ("    id: fhir id\n", "    id: optional fhir id\n", 2305),
        ("    id: fhir id\n", "    id: fhir idd\n", 2124),
        ("    id: fhir id\n", "    id: text\n", 2124),
        ("    id: fhir id\n", "    id: pattern (a\n", 2310),
        ("    id: fhir id\n", "    id: pattern (a)\\1\n", 2310),
        ("    id: fhir id\n", "    id: fhir id\n    colour: text at most 4\n", 2307),
        ("    body: none\n", "    body: json\n", 2309),
        ("if-none-match:", "host:", 2314),
        ("if-none-match:", "cookie:", 2314),
        ("if-none-match:", "x-forwarded-for:", 2314),
        ("if-none-match:", "authorization:", 2314),
        ("if-none-match:", "transfer-encoding:", 2314),
        ("if-none-match:", "Accept-Language:", 2313),
        ("headers: {if-none-match: optional text at most 80}", "headers: if-none-match", 2308),
        ("404: empty", "204: json", 2321),
        ("404: empty", "302: empty", 2322),
        ("404: empty", "100: empty", 2322),
        ("404: empty", "404: fhir Nothing-at-all", 2124),
        ("404: empty", "404: zip", 2317),
        ("404: empty", "404: json following schemas/none.json", 2241),
        ("404: empty", "404: json, at most 9 GiB", 2316),
        ("404: empty", "404: json, at most 5 entries", 2315),
        ("    body: json, at most 1 KiB\n", "    body: json, at most 1 KiB\n    repeatable: yes\n", 2323),
        ("per_caller: at most 20 requests/s, 5 at once", "per_caller: 20", 2124),
        ("answer_within: 3 s", "answer_within: 3 h", 2123),
        ("answer_within: 3 s", "answer_within: 3 s\n  rate: at most 3 units/s", 2301),
    ],
)  # fmt: skip
def test_what_is_wrong_has_a_number_and_a_place(old: str, new: str, number: int) -> None:
    channel, problems = read_requests(changed(old, new))
    assert channel is None
    assert number in [problem.number for problem in problems], [show(p) for p in problems]
    found = next(problem for problem in problems if problem.number == number)
    assert found.line > 0
    assert text_of(number).en_do or found.knows or number == 2123


def test_a_channel_of_submit_needs_no_way_back() -> None:
    one_way = LOOKUP.replace("{request: import, response: export}", "{request: import}")
    assert [problem.number for problem in read_requests(one_way)[1]] == [2325]
    channel = request_channel(f"submit: yes\n{one_way}")
    assert channel.requests is not None
    assert (channel.requests.submit, channel.requests.answer_lane) == (True, None)
    one_lane = {Lane.IMPORT: 5}
    assert above_ceiling(PolicySet({channel.name: channel}, "", ()), one_lane) == ()


def test_words_of_requests_that_are_performed_later() -> None:
    words = "answer_within: 3 s\n  performed_within: 3 d\n  order: any"
    text = changed("answer_within: 3 s", words)
    assert [problem.number for problem in read_requests(text)[1]] == [2411, 2411]
    requests = request_channel(f"submit: yes\n{text}").requests
    assert requests is not None
    assert (requests.waits_s, requests.in_order) == (3 * 86_400.0, False)
    usual = request_channel(f"submit: yes\n{LOOKUP}").requests
    assert usual is not None and (usual.waits_s, usual.in_order) == (7 * 86_400.0, True)
    short = f"submit: yes\n{text}".replace("3 d", "3 s")
    assert [p.number for p in read_requests(short)[1]] == [2123]


def test_what_a_source_answers_itself_is_no_operation_s() -> None:
    text = changed("GET /fhir/DiagnosticReport/{id}", "GET /.well-known/ferrygate/{id}")
    assert 2410 in [problem.number for problem in read_requests(text)[1]]


def test_a_channel_with_answers_needs_both_lanes() -> None:
    policy_set = PolicySet({"report-lookup": request_channel()}, "", ())
    assert [p.number for p in above_ceiling(policy_set, {Lane.IMPORT: 5})] == [1034]
    assert [p.number for p in above_ceiling(policy_set, {Lane.IMPORT: 5, Lane.EXPORT: 3})] == [2273]
    assert above_ceiling(policy_set, {Lane.IMPORT: 4, Lane.EXPORT: 4}) == ()


def test_an_operation_without_answers_is_none() -> None:
    text = LOOKUP.replace("    answers:\n      201: json, at most 1 KiB\n      400: empty\n", "")
    assert [problem.number for problem in read_requests(text)[1]] == [2174]


@pytest.mark.parametrize(
    "call",
    [
        "GET /fhir/DiagnosticReport/{other}",
        "GET /fhir/{kind}/{other}",
        "GET /fhir/DiagnosticReport/latest",
    ],
)
def test_two_operations_that_one_call_could_be_are_refused(call: str) -> None:
    lines = "".join(
        f"    {name}: text at most 20\n" for name in ("kind", "other") if f"{{{name}}}" in call
    )
    more = f"  another:\n    call: {call}\n{lines}    answers: {{404: empty}}\n\nlimits:"
    problems = read_requests(LOOKUP.replace("\nlimits:", more))[1]
    assert [problem.number for problem in problems] == [2324]


@pytest.mark.parametrize(
    "call",
    [
        "GET /fhir/DiagnosticReport/$everything",
        "PUT /fhir/DiagnosticReport/{other}",
        "GET /fhir/DiagnosticReport",
        "GET /fhir/DiagnosticReport?patient={other}&_sort=date",
    ],
)
def test_operations_that_are_apart_stand_beside_each_other(call: str) -> None:
    line = "    other: fhir id\n" if "{" in call else ""
    more = f"  another:\n    call: {call}\n{line}    answers: {{404: empty}}\n\nlimits:"
    assert read_requests(LOOKUP.replace("\nlimits:", more))[1] == []


def test_every_problem_of_a_file_is_told_at_once() -> None:
    text = LOOKUP
    for old, new in (
        ("owner:", "ownr:"),
        ("    id: fhir id\n", ""),
        ("if-none-match:", "cookie:"),
        ("404: empty", "302: empty"),
        ("answer_within: 3 s", "answer_within: 3"),
    ):
        text = text.replace(old, new, 1)
    found = [problem.number for problem in read_requests(text)[1]]
    assert sorted(found) == [2101, 2110, 2306, 2314, 2322]


def test_a_word_of_requests_in_a_channel_of_files_says_so() -> None:
    text = BASIC.replace("  folder: /srv/out\n", "  folder: /srv/out\n  callers: CN=a\n")
    assert numbers(text) == [2301]


def test_an_operation_of_large_contents_is_known_as_one() -> None:
    requests = request_channel(changed("404: empty", "404: json, at most 9 MiB")).requests
    assert requests is not None
    sizes = {name: operation.is_large for name, operation in requests.operations.items()}
    assert sizes == {name: name == "read-report" for name in sizes}
    below = request_channel(changed("404: empty", "404: json, at most 4 MiB")).requests
    assert below is not None
    assert not any(operation.is_large for operation in below.operations.values())


def test_places_are_not_taken_out_of_what_may_be_large() -> None:
    text = changed("404: empty", "404: json, at most 9 MiB")
    _, problems = read_requests(text + "\nchanged:\n  response.subject.display: removed\n")
    assert [problem.number for problem in problems] == [2390]
