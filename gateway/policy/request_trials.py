"""The tests of a channel that carries requests: read here, run by `gateway.policy.request_testing`.

try: {call: GET /fhir/DiagnosticReport/test-1, caller: CN=portal-01, answer: samples/fhir/report.json}
expect: delivered
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from gateway.policy import request_words, trial_words
from gateway.policy.cookie_names import COOKIE
from gateway.policy.model import Section
from gateway.policy.nodes import Broken, Entries, Items, Node, Scalar
from gateway.policy.plain_values import plain_value
from gateway.policy.request_words import request_words_of
from gateway.policy.sheet import Found, Sheet, read_entries
from gateway.policy.values import Expectation
from gateway.unit.request import Fields

_TRY: Final = Section.TRY.value
_JSON: Final = "json"
_HEADERS: Final = "headers"
_COOKIES: Final = "cookies"
# Words that a test may expect besides the parameters and headers of the channel's own operations.
_JUDGING: Final = frozenset(
    [
        "callers",
        "addresses",
        "operations",
        "headers",
        "cookies",
        "body",
        "answers",
        "answer_within",
        "sends",
        "receives",
        "events",
    ]
)


@dataclass(frozen=True, slots=True)
class RequestTrial:
    """One test. method, target: of the call. caller, address: "" for the first that is permitted.

    headers: of the request and its cookies, as the test writes them; None where it says nothing of them.
    json: the content of the request as the test writes it, or sample: its file; neither for none.
    answer: file of the answer's content, "" for none. status: None where the test says nothing of an answer.
    media_type, answer_type: "" for the first that the line takes. event: name of the peer's message.
    """

    title: str
    line: int
    method: str
    target: str
    caller: str
    address: str
    headers: Fields | None
    json: str
    sample: str
    media_type: str
    answer: str
    answer_type: str
    status: int | None
    expect: Expectation
    expect_line: int
    event: str = ""


def read_request_trials(sheet: Sheet, known: frozenset[str]) -> tuple[RequestTrial, ...]:
    """The tests of a sheet; problems go on it. known: parameters and headers of its operations."""
    section = sheet.document.top.get(Section.TESTS.value)
    if section is None or isinstance(section, Broken):
        return ()
    if not isinstance(section, Items):
        sheet.complain(section, 2172, section=Section.TESTS.value)
        return ()
    trials: list[RequestTrial] = []
    for node in section.items:
        if not isinstance(node, Entries):
            if not isinstance(node, Broken):
                sheet.complain(node, 2172, section=Section.TESTS.value)
            continue
        trial = _trial(sheet, node, known)
        if trial is None:
            continue
        first = next((one for one in trials if one.title == trial.title), None)
        if first is not None:
            key = node.get(trial_words.TITLE.name) or node
            sheet.complain(key, 2112, word=trial.title, first=first.line)
        trials.append(trial)
    return tuple(trials)


def _trial(sheet: Sheet, node: Entries, known: frozenset[str]) -> RequestTrial | None:
    words = request_words_of(Section.TESTS)
    found = read_entries(sheet, Section.TESTS, node, (_TRY,), words)
    expect = found.get(trial_words.EXPECT.name)
    if expect is not None:
        _check_expected(sheet, expect, known)
    attempt = node.get(_TRY)
    if not isinstance(attempt, Entries):
        if attempt is None:
            write = "try: {call: GET /path}"
            sheet.complain(node, 2174, 0, 1, word=_TRY, section=Section.TESTS.value, write=write)
        elif not isinstance(attempt, Broken):
            sheet.complain(attempt, 2172, section=_TRY)
        return None
    tried = read_entries(
        sheet, Section.TRY, attempt, (_JSON, _HEADERS, _COOKIES), request_words_of(Section.TRY)
    )
    written = attempt.get(_JSON)
    if written is not None and attempt.get(trial_words.TRY_FILE.name) is not None:
        sheet.complain(attempt, 2332, 0, 1)
    call = _said(tried, request_words.TRY_CALL.name)
    method, blank, target = call.partition(" ")
    if call and not (blank and target.strip()):
        sheet.complain(tried["call"].node, 2124, text=call[:80], word="call", write="GET /path")
    title = found.get(trial_words.TITLE.name)
    if title is None or expect is None or not call:
        return None
    answer = _said(tried, request_words.TRY_ANSWER.name)
    status = tried.get(request_words.TRY_STATUS.name)
    said = int(str(status.value)) if status is not None else 200 if answer else None
    return RequestTrial(
        title=str(title.value),
        line=title.key.line,
        method=method,
        target=target.strip(),
        caller=_said(tried, request_words.TRY_CALLER.name),
        address=_said(tried, request_words.TRY_ADDRESS.name),
        headers=_fields(sheet, attempt),
        json="" if written is None else json.dumps(plain_value(written), ensure_ascii=False),
        sample=_said(tried, trial_words.TRY_FILE.name),
        media_type=_said(tried, request_words.TRY_TYPE.name),
        answer=answer,
        answer_type=_said(tried, request_words.TRY_ANSWER_TYPE.name),
        status=said,
        expect=trial_words.EXPECT.join((expect.value,)),
        expect_line=expect.key.line,
        event=_said(tried, request_words.TRY_EVENT.name),
    )


def _fields(sheet: Sheet, attempt: Entries) -> Fields | None:
    """Headers and cookies as they cross; None where the test says nothing of either."""
    headers = _headers(sheet, attempt.get(_HEADERS))
    cookies = _headers(sheet, attempt.get(_COOKIES))
    if cookies is None:
        return headers
    return (*(headers or ()), *((COOKIE + name, value) for name, value in cookies))


def _headers(sheet: Sheet, node: Node | None) -> Fields | None:
    if node is None or isinstance(node, Broken):
        return None
    if not isinstance(node, Entries):
        sheet.complain(node, 2308, 0, 1)
        return None
    return tuple((key.text, value.text) for key, value in node.entries if isinstance(value, Scalar))


def _said(tried: dict[str, Found], word: str) -> str:
    found = tried.get(word)
    return "" if found is None else str(found.value)


def _check_expected(sheet: Sheet, expect: Found, parameters: frozenset[str]) -> None:
    """`refused by operatoins` would be a test that can only fail; say so while reading."""
    word = trial_words.EXPECT.join((expect.value,)).word
    known = _JUDGING | parameters
    if word and word not in known and isinstance(expect.node, Scalar):
        start = expect.node.text.rfind(word)
        problem = sheet.document.problem(
            expect.node, 2118, start, len(word), tuple(sorted(known)), word="expect", text=word
        )
        sheet.problems.append(problem)
