"""Whatever is written into a channel of requests: a channel, or problems with their places."""

from __future__ import annotations

from string import Formatter

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.messages import text_of
from gateway.policy.located import show
from tests.gateway.policy.request_text import LOOKUP, read_requests

TESTS = """\
changed:
  response.subject.display: removed
tests:
  - name: one
    try: {call: GET /fhir/DiagnosticReport/a, json: {a: [1, "2"]}, headers: {if-none-match: a}, status: 404}
    expect: refused by body
"""
LINES = (LOOKUP + TESTS).splitlines()
PIECES = st.sampled_from(
    [
        "", "[]", "{}", "[a, {b: c}]", "{a: {b: c}}", "none", "empty", "''", "-1", "999999999999999999999",
        "at most", "at most 1 KiB, at most", "fhir", "fhir Bundle of", "fhir Bundle of X, at most 5 entries",
        "json following", "soap following schemas/a.xsd", "pdf or png, malware clean", "one of",
        "one of a,,b",
        "many", "optional", "optional many", "many many text at most 4", "text at most 0", "pattern",
        "pattern [", "pattern a{1001}", "GET", "GET /", "GET //", "GET /{", "GET /{a}{b}", "GET /a?",
        "GET /a?b",
        "GET /a?b={c}&b={d}", "POST /a?b=c", "https on [::1]:1", "https on ::1:1", "key a", "CN=", "\u202e",
        "http://a", "a:b:c", "yes", "refused by", "refused by nobody", "delivered",
    ]
)  # fmt: skip


@st.composite
def files(draw: st.DrawFn) -> str:
    lines = list(LINES)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(lines) - 1))
        key, colon, value = lines[at].partition(":")
        match draw(st.integers(0, 4)):
            case 0:
                lines[at] = f"{key}: {draw(PIECES)}"
            case 1:
                del lines[at]
            case 2:
                lines.insert(at, lines[draw(st.integers(0, len(lines) - 1))])
            case 3:
                lines[at] = key + colon + value[: draw(st.integers(0, len(value)))]
            case _:
                lines[at] = f"{key}{draw(PIECES)}{colon}{value}"
    return "\n".join(lines) + "\n"


@settings(max_examples=400, deadline=None)
@given(files())
def test_any_file_is_a_channel_or_problems_that_can_be_shown(text: str) -> None:
    channel, problems = read_requests(text)
    assert (channel is None) == bool(problems)
    for problem in problems:
        assert show(problem)
        assert show(problem, "zh")
        said = text_of(problem.number)
        wanted = {name for _, name, _, _ in Formatter().parse(said.en + said.en_do) if name}
        assert wanted <= set(problem.fields), problem


def test_the_whole_file_is_right() -> None:
    assert read_requests("\n".join(LINES) + "\n")[1] == []
