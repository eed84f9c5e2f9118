"""Operations of a channel as the tests of requests have them, matched by gateway.policy."""

from __future__ import annotations

from functools import partial
from types import SimpleNamespace
from typing import Any, cast

from gateway.connectors.request.typed import Match
from gateway.policy.operations import Answer, ContentRule, Operation, ValueRule
from gateway.policy.routes import match

ID = ValueRule("fhir id", r"[A-Za-z0-9.-]{1,64}", 64, 1)
TEXT = ValueRule("text at most 40", r".{0,40}", 40, 1)
DATE = ValueRule("date", r"[0-9]{4}-[0-9]{2}-[0-9]{2}", 10, 1, required=False)
FREE = ValueRule("text", r".{0,40}", 40, 1, required=False)
JSON = ContentRule(
    "json, at most 64 KiB", 1, ("application/fhir+json", "application/json"), 65_536, ()
)
DICOM = ContentRule("dicom", 1, ("multipart/related",), 1 << 20, ())
ETAG = ValueRule("text", r".{0,64}", 64, 1, required=False)


def operation(
    name: str,
    method: str,
    path: str,
    *,
    query: dict[str, ValueRule] | None = None,
    headers: dict[str, ValueRule] | None = None,
    content: ContentRule | None = None,
    answers: dict[int, Answer] | None = None,
    repeatable: bool | None = None,
) -> Operation:
    segments = tuple(
        (part[1:-1],) if part.startswith("{") else part for part in path[1:].split("/")
    )
    rules = {segment[0]: ID for segment in segments if isinstance(segment, tuple)}
    again = method != "POST" if repeatable is None else repeatable
    return Operation(
        name,
        1,
        method,
        segments,
        rules,
        query or {},
        headers or {},
        content,
        answers or ANSWERS,
        again,
    )


ANSWERS = {
    200: Answer(200, 1, JSON, {"etag": ETAG}),
    201: Answer(201, 1, None, {}),
    404: Answer(404, 1, None, {}),
}
OPERATIONS = {
    one.name: one
    for one in (
        operation("read", "GET", "/fhir/DiagnosticReport/{id}", headers={"x-purpose": FREE}),
        operation("list", "GET", "/fhir/DiagnosticReport", query={"patient": ID, "date": DATE}),
        operation("create", "POST", "/fhir/DiagnosticReport", content=JSON),
        operation("replace", "PUT", "/fhir/DiagnosticReport/{id}", content=JSON),
        operation("remove", "DELETE", "/fhir/DiagnosticReport/{id}"),
        operation("store", "POST", "/studies", content=DICOM),
        operation("note", "GET", "/notes/{id}", query={"text": TEXT}),
    )
}


def matching(operations: dict[str, Operation] = OPERATIONS) -> Match:
    """match() over these, without a policy file."""
    requests = SimpleNamespace(operations=operations, operations_line=1)
    channel = SimpleNamespace(name="reports", requests=requests, file="t.yaml", line=1)
    return cast("Match", partial(match, cast("Any", channel)))
