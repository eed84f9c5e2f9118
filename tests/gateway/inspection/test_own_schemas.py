"""A channel's own JSON Schema or XML Schema decides on both sides; a broken one is told before any unit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.errors import Misconfigured
from gateway.guard.judgement import judge
from gateway.inspection.chain import Inspector, Role, bytes_body
from gateway.inspection.here import inspector_here
from gateway.messages import describe
from gateway.policy.check import check_file
from gateway.policy.evaluate import Result, Verdict
from gateway.policy.model import Channel
from gateway.policy.schemas import read_schema
from gateway.policy.values import SchemaText
from tests.attacks.conftest import AT

VITALS = json.dumps(
    {
        "type": "object",
        "required": ["pulse"],
        "properties": {
            "pulse": {"type": "integer", "minimum": 20, "maximum": 300},
            "note": {"type": "string", "pattern": "^[a-z ]{1,40}$"},
        },
        "additionalProperties": False,
    }
)
REPORT = """\
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:report"
    xmlns="urn:report" elementFormDefault="qualified">
  <xs:element name="report"><xs:complexType><xs:sequence>
    <xs:element name="at" type="xs:date"/>
    <xs:element name="line" maxOccurs="unbounded"><xs:complexType><xs:simpleContent>
      <xs:extension base="xs:string"><xs:attribute name="unit" use="required"/></xs:extension>
    </xs:simpleContent></xs:complexType></xs:element>
  </xs:sequence></xs:complexType></xs:element>
</xs:schema>
"""
DOCTYPE = "<!DOCTYPE a [<!ENTITY b SYSTEM '/etc/passwd'>]>"
GOOD_XML = '<report xmlns="urn:report"><at>2026-11-21</at><line unit="mmol">5.1</line></report>'
HEAD = (
    "channel: c\npurpose: p\nowner: o\ncarries: files\nlane: import\ngrade: 3\n"
    "from:\n  folder: /srv/a\nto:\n  folder: /srv/b\npasses_if:\n  type: json or xml\n"
)
LINES = "  json: following schemas/vitals-2.json\n  xml: following schemas/report.xsd\n"


def schemas(vitals: str = VITALS, report: str = REPORT) -> dict[str, SchemaText]:
    made: dict[str, SchemaText] = {}
    for path, text in (("schemas/vitals-2.json", vitals), ("schemas/report.xsd", report)):
        schema, problem = read_schema(path, text.encode())
        assert schema is not None, problem
        made[path] = schema
    return made


def channel_of(known: dict[str, SchemaText]) -> Channel:
    checked = check_file("10-c.yaml", (HEAD + LINES).encode(), {}, schemas=known)
    assert checked.channel is not None, checked.problems
    return checked.channel


def judged(any_inspector: Inspector, channel: Channel, data: bytes) -> Verdict:
    return judge(any_inspector, channel, bytes_body(data), "x.bin", AT, at_receiver=False).verdict


@pytest.mark.parametrize("data", [b'{"pulse": 70, "note": "at rest"}', GOOD_XML.encode()])
def test_what_follows_the_schema_passes(any_inspector: Inspector, data: bytes) -> None:
    verdict = judged(any_inspector, channel_of(schemas()), data)
    assert verdict.result is Result.PASSES, verdict.deciding


@pytest.mark.parametrize(
    ("data", "number"),
    [
        (b'{"pulse": 7000}', 3544),
        (b'{"note": "no pulse"}', 3544),
        (b'{"pulse": 70, "extra": 1}', 3544),
        (b'{"pulse": 70, "note": "rm -rf /"}', 3544),
    ],
)
def test_json_that_breaks_it_is_refused(any_inspector: Inspector, data: bytes, number: int) -> None:
    verdict = judged(any_inspector, channel_of(schemas()), data)
    assert (verdict.result, verdict.number) == (Result.REFUSED, number)
    assert verdict.deciding is not None
    assert (verdict.deciding.word, verdict.deciding.line) == ("json", 13)


@pytest.mark.parametrize(
    "text",
    [
        "<other/>",
        '<report xmlns="urn:else"><at>2026-11-21</at></report>',
        GOOD_XML.replace("</at>", "</at><script2/>"),
        GOOD_XML.replace("unit=", "own="),
        # What an instance says about where its schema lies is never followed.
        GOOD_XML.replace(
            "<report ",
            '<report xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
            'xsi:schemaLocation="urn:x file:///etc/passwd" x="" ',
        ),
    ],
)
def test_xml_of_other_names_is_refused_on_both_sides(any_inspector: Inspector, text: str) -> None:
    verdict = judged(any_inspector, channel_of(schemas()), text.encode())
    assert verdict.result is Result.REFUSED
    assert verdict.number in (3612, 3613)


@pytest.mark.parametrize(
    "text",
    [
        GOOD_XML.replace("2026-11-21", "yesterday"),
        GOOD_XML.replace('<line unit="mmol">5.1</line>', ""),
        GOOD_XML.replace(' unit="mmol"', ""),
    ],
)
def test_order_types_and_what_must_be_there_are_held_to(
    any_inspector: Inspector, text: str
) -> None:
    verdict = judged(any_inspector, channel_of(schemas()), text.encode())
    assert (verdict.result, verdict.number) == (Result.REFUSED, 3612)
    # The value may be about a person: only its place and the rule are told.
    assert verdict.deciding is not None
    assert "yesterday" not in str(verdict.deciding.fields)


def test_a_location_in_a_document_of_the_schema_is_passed_over(any_inspector: Inspector) -> None:
    said = GOOD_XML.replace(
        "<report ",
        '<report xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        'xsi:schemaLocation="urn:report file:///etc/passwd" ',
    )
    assert judged(any_inspector, channel_of(schemas()), said.encode()).result is Result.PASSES


@pytest.mark.parametrize(
    ("known", "number", "place"),
    [
        (schemas(vitals='{\n"type": "objekt"}'), 3525, "schemas/vitals-2.json:2"),
        (schemas(vitals='{"format": "date"}'), 3522, "schemas/vitals-2.json:1"),
        (schemas(vitals="{"), 3521, "schemas/vitals-2.json:1"),
        (schemas(report="<a/>"), 3527, "schemas/report.xsd:1"),
        (schemas(report=REPORT.replace("</xs:schema>", "")), 3527, "schemas/report.xsd:10"),
        (
            schemas(
                report=REPORT.replace(
                    "  <xs:element name=\"report\">",
                    '  <xs:include schemaLocation="http://example.org/a.xsd"/>\n  <xs:element name="report">',
                )
            ),
            3528,
            "schemas/report.xsd:3",
        ),
        (schemas(report=f"{DOCTYPE}{REPORT}"), 3528, "schemas/report.xsd:1"),
    ],
    ids=str,
)  # fmt: skip
def test_a_broken_schema_stops_the_set_with_file_and_line(
    any_inspector: Inspector, known: dict[str, SchemaText], number: int, place: str
) -> None:
    with pytest.raises(Misconfigured) as raised:
        any_inspector.prepare([channel_of(known)])
    assert raised.value.number == number
    assert place in describe(raised.value)


def test_a_schema_that_libxml2_cannot_build_is_told_by_the_sending_side(tmp_path: Path) -> None:
    known = schemas(report=REPORT.replace("xs:date", "xs:dait"))
    with pytest.raises(Misconfigured) as raised:
        inspector_here(Role.SENDING, [], tmp_path).prepare([channel_of(known)])
    assert (raised.value.number, raised.value.fields["line"]) == (3529, 4)


def test_a_right_schema_is_prepared_without_a_word(any_inspector: Inspector) -> None:
    channel = channel_of(schemas())
    any_inspector.prepare([channel])
    assert judged(any_inspector, channel, GOOD_XML.encode()).result is Result.PASSES
