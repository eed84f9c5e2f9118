"""Tests in files that carry requests run through the judges and inspection of the gate, answers too."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.inspection.chain import bytes_body
from gateway.inspection.changing.here import hand_out_here
from gateway.inspection.changing.removed_places import Remover
from gateway.management.commands.inspecting import laptop_inspection
from gateway.policy.content_channel import prepared_channels
from gateway.policy.load import load_set
from gateway.policy.request_channel import Removal
from gateway.policy.testing import Status, TestReport, run_tests
from gateway.unit.model import Side

REPORT = {
    "resourceType": "DiagnosticReport",
    "id": "test-1",
    "status": "final",
    "code": {"text": "blood count"},
    "subject": {"reference": "Patient/p-1", "display": "Somebody Invented"},
    "performer": [{"reference": "Organization/lab-1"}],
}
PATIENT = {"resourceType": "Patient", "id": "p-1", "birthDate": "2000-01-01"}


def bundle(count: int, resource: object = REPORT) -> object:
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "entry": [{"resource": resource} for _ in range(count)],
    }


CHANNEL = """\
channel: report-lookup
purpose: A portal reads reports.
owner: Portal team, ext. 1
carries: requests
lanes: {request: import, response: export}
grade: 4
from:
  listens: https on 10.2.9.10:8443
  callers: [CN=portal-01, CN=portal-02]
  addresses: [10.2.9.0/28]
  signed: every request
to:
  https: fhir.inner.example:443
operations:
  read-report:
    call: GET /fhir/DiagnosticReport/{id}
    id: fhir id
    headers: {if-none-match: optional text at most 20}
    answers:
      200: fhir DiagnosticReport, at most 2 MiB
      404: empty
  list-reports:
    call: GET /fhir/DiagnosticReport?patient={patient}
    patient: fhir id
    answers:
      200: fhir Bundle of DiagnosticReport, at most 3 entries
  order:
    call: POST /orders
    body: json following schemas/order.json, at most 1 KiB
    answers:
      201: json, at most 1 KiB
changed:
  response.subject.display: removed
  response.performer: removed
tests:
"""
SCHEMA = {
    "type": "object",
    "properties": {"code": {"type": "string", "maxLength": 8}, "count": {"type": "integer"}},
    "required": ["code"],
    "additionalProperties": False,
}
READ = "GET /fhir/DiagnosticReport/test-1"
LIST = '"GET /fhir/DiagnosticReport?patient=p-1"'
# What is tried, and what must come of it.
TRIED = [
    (f"call: {READ}, caller: CN=portal-01, answer: samples/report.json", "delivered"),
    (f"call: {READ}", "delivered"),
    (f"call: {READ}, status: 404", "delivered"),
    (f"call: {READ}, headers: {{if-none-match: a}}", "delivered"),
    (f"call: {READ}, headers: {{cookie: a}}", "refused by headers"),
    (f"call: {READ}, headers: {{if-none-match: {'a' * 30}}}", "refused by if-none-match"),
    (f"call: {READ}, caller: CN=portal-09", "refused by callers"),
    (f"call: {READ}, address: 10.2.10.1", "refused by addresses"),
    (f"call: {READ}, json: {{}}", "refused by body"),
    (f"call: {READ}, status: 500", "refused by answers"),
    (f"call: {READ}, status: 404, answer: samples/report.json", "refused by answers"),
    (f"call: {READ}, answer: samples/patient.json", "refused by answers"),
    (f"call: {READ}, answer: samples/bundle-1.json", "refused by answers"),
    (f"call: {READ}, answer: samples/broken.json", "refused by answers"),
    (f"call: {READ}, answer: samples/report.json, answer_type: text/html", "refused by answers"),
    ("call: GET /fhir/DiagnosticReport/../Patient/1", "refused by id"),
    ('call: "GET /fhir/DiagnosticReport?name=li"', "refused by operations"),
    ("call: POST /fhir/DiagnosticReport, json: {}", "refused by operations"),
    (f"call: {LIST}, answer: samples/bundle-3.json", "delivered"),
    (f"call: {LIST}, answer: samples/bundle-4.json", "refused by answers"),
    (f"call: {LIST}, answer: samples/bundle-patient.json", "refused by answers"),
    (f"call: {LIST}, answer: samples/report.json", "refused by answers"),
    ("call: POST /orders, json: {code: \"7\", count: 2}, status: 201, answer: samples/patient.json",
     "refused by answers"),
    ("call: POST /orders, json: {code: \"7\", count: 2}", "delivered"),
    ("call: POST /orders, json: {code: 7}", "refused by body"),
    ("call: POST /orders, json: {code: \"7\", more: 1}", "refused by body"),
    ("call: POST /orders, file: samples/report.json", "refused by body"),
    ("call: POST /orders", "refused by body"),
]  # fmt: skip


def laid(folder: Path, tests: str) -> Path:
    samples = folder / "samples"
    samples.mkdir()
    contents = {
        "report": REPORT,
        "patient": PATIENT,
        "bundle-1": bundle(1),
        "bundle-3": bundle(3),
        "bundle-4": bundle(4),
        "bundle-patient": bundle(1, PATIENT),
    }
    for name, content in contents.items():
        (samples / f"{name}.json").write_text(json.dumps(content))
    (samples / "broken.json").write_text(
        '{"resourceType": "DiagnosticReport", "id": "a", "id": "b"}'
    )
    (folder / "schemas").mkdir()
    (folder / "schemas/order.json").write_text(json.dumps(SCHEMA))
    (folder / "40-lookup.yaml").write_text(CHANNEL + tests)
    return folder


def ran(folder: Path) -> TestReport:
    policy_set = load_set(folder)
    with laptop_inspection(folder, None) as inspection:
        inspection.inspector(Side.OUTER).prepare(prepared_channels(policy_set))
        return run_tests(
            policy_set,
            folder,
            inspection.examine,
            remove=lambda content, requests: Remover(hand_out_here)(
                "", bytes_body(content), requests.removed
            ),
        )


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> TestReport:
    tests = "".join(
        f"  - name: test {at}\n    try: {{{tried}}}\n    expect: {expected}\n"
        for at, (tried, expected) in enumerate(TRIED)
    )
    return ran(laid(tmp_path_factory.mktemp("set"), tests))


@pytest.mark.parametrize("at", range(len(TRIED)), ids=[tried[:70] for tried, _ in TRIED])
def test_what_comes_of_a_call(report: TestReport, at: int) -> None:
    result = next(one for one in report.results if one.trial.title == f"test {at}")
    assert result.status is Status.PASSED, result.problem


def test_every_operation_was_called_and_the_answer_that_no_test_has_is_named(
    report: TestReport,
) -> None:
    assert report.problems == ()
    assert [note.number for note in report.notes] == []


def test_a_test_that_expects_something_else_fails_and_says_what_was_found(tmp_path: Path) -> None:
    tests = f"  - {{name: a, try: {{call: {READ}, status: 500}}, expect: delivered}}\n"
    report = ran(laid(tmp_path, tests))
    numbers = [problem.number for problem in report.problems]
    assert numbers == [2193, 2195]
    fields = report.problems[0].fields
    assert (fields["got"], fields["word"]) == ("refused", "answers")
    assert {note.number for note in report.notes} == {2333, 2334}


def test_an_answer_loses_its_places_and_no_more() -> None:
    removals = (Removal(("subject", "display"), 1), Removal(("performer",), 2))
    content = b'{"resourceType":"Bundle","entry":[{"resource":%s}],"total":1.00}'
    body = bytes_body(content % json.dumps({**REPORT, "_performer": [None]}).encode())
    anew = Remover(hand_out_here)("", body, removals)
    assert b'"total":1.00' in anew
    resource = json.loads(anew)["entry"][0]["resource"]
    assert resource["subject"] == {"reference": "Patient/p-1"}
    assert "performer" not in resource
    assert "_performer" not in resource
    assert resource["code"] == REPORT["code"]


def test_the_example_is_taken_and_its_own_tests_pass() -> None:
    report = ran(Path(__file__).parent / "lookup")
    assert report.problems == ()
    assert [result.status for result in report.results] == [Status.PASSED] * 5
