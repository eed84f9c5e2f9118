"""A channel of requests as text, and the channel of a text: for tests of judges, edges and guards."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from gateway.policy.check import check_file
from gateway.policy.located import Located
from gateway.policy.model import Channel
from gateway.policy.schema_parts import with_parts
from gateway.policy.values import SchemaText

LOOKUP = """\
channel: report-lookup
purpose: A portal reads one report at a time.
owner: Portal team, ext. 1
carries: requests
lanes: {request: import, response: export}
grade: 4

from:
  listens: https on 127.0.0.1:8443
  callers: [CN=portal-01, CN=portal-02]
  addresses: [127.0.0.0/28]

to:
  https: fhir.inner.example:443
  secret: fhir-reader
  base_path: /r4

operations:
  read-report:
    call: GET /fhir/DiagnosticReport/{id}
    id: fhir id
    headers: {if-none-match: optional text at most 80}
    body: none
    answers:
      200: {content: "fhir DiagnosticReport, at most 64 KiB", headers: {etag: optional text at most 80}}
      404: empty
  list-reports:
    call: GET /fhir/DiagnosticReport?patient={patient}&date={date}&status={status}
    patient: fhir id
    date: many optional fhir date
    status: optional one of final, preliminary
    answers:
      200: fhir Bundle of DiagnosticReport, at most 2 entries
  order:
    call: POST /orders
    body: json, at most 1 KiB
    answers:
      201: json, at most 1 KiB
      400: empty

limits:
  per_caller: at most 20 requests/s, 5 at once
  whole_channel: at most 100 requests/s
  answer_within: 3 s
"""


def read_requests(
    text: str, schemas: Mapping[str, str] | None = None
) -> tuple[Channel | None, list[Located]]:
    """The channel of a text, and every problem of it. schemas: texts by path below the set."""
    made = {
        path: SchemaText(path, content, hashlib.sha256(content.encode()).hexdigest())
        for path, content in (schemas or {}).items()
    }
    checked = check_file("40-test.yaml", text.encode(), {}, None, with_parts(made))
    return checked.channel, list(checked.problems)


def request_channel(text: str = LOOKUP, schemas: Mapping[str, str] | None = None) -> Channel:
    """The channel of a text that is right."""
    channel, problems = read_requests(text, schemas)
    assert not problems, problems
    assert channel is not None
    return channel
