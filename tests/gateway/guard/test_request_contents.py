"""Contents of requests that only a request has: transactions, parts of DICOM, values of JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.policy.model import Channel
from gateway.policy.request_judges import judge_request
from gateway.unit.request import RequestBody
from tests.corpus.persons import dicom_object, people
from tests.gateway.guard.contents import channel_of, numbers
from tests.gateway.policy.request_text import LOOKUP, read_requests
from tests.support.sides import Sides

OBSERVATION = {
    "resourceType": "Observation",
    "status": "final",
    "code": {"text": "pulse"},
    "subject": {"reference": "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"},
}
PATIENT = {"resourceType": "Patient", "id": "p-1", "active": True}
CREATE = {
    "fullUrl": "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e1",
    "resource": OBSERVATION,
    "request": {"method": "POST", "url": "Observation"},
}
UPDATE = {
    "resource": PATIENT,
    "request": {"method": "PUT", "url": "Patient/p-1", "ifMatch": 'W/"3"'},
}
LISTED = (
    "fhir transaction of POST Observation, PUT Patient, POST Patient by identifier, PUT Patient by"
    " identifier, Patient by identifier, at most 3 entries"
)


def bundle(*entries: object, kind: str = "transaction", **more: object) -> bytes:
    return json.dumps(
        {"resourceType": "Bundle", "type": kind, "entry": list(entries), **more}
    ).encode()


def with_request(entry: dict[str, Any], **request: object) -> dict[str, Any]:
    return {**entry, "request": {**entry["request"], **request}}


def pointing(reference: str) -> dict[str, Any]:
    return {**CREATE, "resource": {**OBSERVATION, "subject": {"reference": reference}}}


@pytest.fixture(scope="module")
def transaction() -> Channel:
    return channel_of(LISTED)


@pytest.mark.parametrize(
    "content",
    [
        bundle(CREATE, UPDATE),
        bundle({k: v for k, v in CREATE.items() if k != "fullUrl"}),
        bundle(with_request({**UPDATE}, url="Patient?identifier=http://x.example|1")),
        bundle({"resource": {"resourceType": "Patient", "active": True},
                "request": {"method": "POST", "url": "Patient", "ifNoneExist": "identifier=urn:x%7C1"}}),
        bundle(pointing("Patient/p-1"), pointing("Patient?identifier=1")),
        b'<Bundle xmlns="http://hl7.org/fhir"><type value="transaction"/></Bundle>',
    ],
)  # fmt: skip
def test_a_transaction_that_asks_what_is_listed_passes(
    sides: Sides, transaction: Channel, content: bytes
) -> None:
    expected = (2201, 2201) if content.startswith(b"<") else (0, 0)
    assert numbers(sides, transaction, content) == expected


@pytest.mark.parametrize(
    "content",
    [
        bundle(CREATE, kind="batch"),
        bundle(CREATE, kind="collection"),
        bundle(),
        bundle(CREATE, {"request": {"method": "DELETE", "url": "Observation/1"}}),
        bundle({"request": {"method": "GET", "url": "Patient/1"}}),
        bundle({"request": {"method": "GET", "url": "Patient?name=li"}}),
        bundle({"resource": OBSERVATION}),
        bundle(with_request(CREATE, method="PUT", url="Observation/1")),
        bundle(with_request(CREATE, method="PATCH")),
        bundle(with_request(CREATE, url="Patient")),
        bundle(with_request(CREATE, url="https://fhir.inner.example/Observation")),
        bundle(with_request(CREATE, url="/Observation")),
        bundle(with_request(CREATE, url="Observation/_history")),
        bundle(with_request(CREATE, url="$process-message")),
        bundle(with_request(CREATE, url="Observation?x=1")),
        bundle(with_request(CREATE, ifNoneExist="identifier=1")),
        bundle(with_request(CREATE, ifNoneMatch='W/"1"')),
        bundle(with_request(UPDATE, url="Patient/p-2")),
        bundle(with_request(UPDATE, url="Patient/..")),
        bundle(with_request(UPDATE, url="Patient/p-1/$merge")),
        bundle(with_request(UPDATE, url="Patient?name=li")),
        bundle(with_request(UPDATE, url="Patient?identifier=1&name=li")),
        bundle(with_request(UPDATE, url="Patient?identifier=1,2")),
        bundle(with_request(UPDATE, url="http://x.example/Patient?identifier=1")),
        bundle(with_request(UPDATE, ifMatch="*")),
        bundle({**CREATE, "fullUrl": "http://fhir.inner.example/Observation/1"}),
        bundle({**CREATE, "link": [{"relation": "self", "url": "http://x.example"}]}),
        bundle({**CREATE, "response": {"status": "201"}}),
        bundle(pointing("https://elsewhere.example/Patient/1")),
        bundle(pointing("Patient?name=li")),
        bundle(pointing("Practitioner?identifier=1")),
        bundle({**CREATE, "request": {"method": "POST", "url": "Observation",
                                      "_url": {"extension": [{"url": "http://x", "valueCode": "a"}]}}}),
    ],
)  # fmt: skip
def test_what_is_not_listed_is_refused_by_both_sides(
    sides: Sides, transaction: Channel, content: bytes
) -> None:
    first, second = numbers(sides, transaction, content)
    assert first in (3587, 3588, 3555)
    assert second in (3587, 3588)


def test_a_transaction_has_no_more_entries_and_no_other_types(
    sides: Sides, transaction: Channel
) -> None:
    assert numbers(sides, transaction, bundle(*[CREATE] * 4)) == (3586, 3586)
    foreign = {
        "resource": {"resourceType": "Group", "type": "person", "actual": True},
        "request": {"method": "POST", "url": "Group"},
    }
    first, second = numbers(sides, transaction, bundle(foreign))
    assert {first, second} <= {3551, 3587}
    deleting = channel_of("fhir batch of DELETE Observation, GET Patient")
    gone = {"request": {"method": "DELETE", "url": "Observation/1"}}
    assert numbers(sides, deleting, bundle(gone, kind="batch")) == (0, 0)
    assert numbers(sides, deleting, bundle({**gone, "resource": OBSERVATION}, kind="batch")) == (
        3587,
        3587,
    )


def test_a_transaction_in_xml_is_the_same(sides: Sides) -> None:
    channel = channel_of(LISTED.replace("fhir ", "fhir xml "))

    def written(method: str) -> bytes:
        return (
            '<Bundle xmlns="http://hl7.org/fhir"><type value="transaction"/><entry><resource><Patient>'
            '<id value="p-1"/><active value="true"/></Patient></resource><request>'
            f'<method value="{method}"/><url value="Patient/p-1"/></request></entry></Bundle>'
        ).encode()

    assert numbers(sides, channel, written("PUT")) == (0, 0)
    assert numbers(sides, channel, written("DELETE")) == (3587, 3587)


@pytest.mark.parametrize(
    "line",
    ["fhir transaction of", "fhir transaction of Patient", "fhir transaction of PATCH Patient",
     "fhir transaction of POST Bundle", "fhir transaction of DELETE Patient by identifier",
     "fhir transaction of POST Patient by", "fhir batch of POST Patient by name by x"],
)  # fmt: skip
def test_a_list_that_says_nothing_clear_is_refused_when_it_is_read(line: str) -> None:
    _, problems = read_requests(LOOKUP.replace("body: json, at most 1 KiB", f"body: {line}"))
    assert [problem.number for problem in problems] == [2124]


OBJECT = dicom_object(people(1)[0])
HEAD = b"Content-Type: application/dicom"


def parts(*objects: bytes, head: bytes = HEAD, boundary: bytes = b"b-1") -> bytes:
    written = b"".join(
        b"--" + boundary + b"\r\n" + head + b"\r\n\r\n" + one + b"\r\n" for one in objects
    )
    return written + b"--" + boundary + b"--\r\n"


@pytest.fixture(scope="module")
def dicom() -> Channel:
    return channel_of("multipart of dicom, at most 1 MiB")


@pytest.mark.parametrize(
    "content",
    [
        parts(OBJECT),
        parts(OBJECT, OBJECT, OBJECT),
        parts(OBJECT)[:-2],
        parts(OBJECT, boundary=b"a" * 70),
        parts(OBJECT, head=b'content-type: Application/DICOM; transfer-syntax="1.2.840.10008.1.2.1"'
              b"\r\nMIME-Version: 1.0\r\nContent-ID: <1@x>\r\nContent-Location: instances/1"
              b"\r\nContent-Length: %d" % len(OBJECT)),
    ],
)  # fmt: skip
def test_parts_of_dicom_are_judged_one_by_one(sides: Sides, dicom: Channel, content: bytes) -> None:
    assert numbers(sides, dicom, content) == (0, 0)


BROKEN: list[bytes] = [
    parts(),
    b"preamble\r\n" + parts(OBJECT),
    b"\r\n" + parts(OBJECT),
    parts(OBJECT) + b"epilogue",
    parts(OBJECT) + b"\r\n",
    parts(OBJECT)[:-4],
    parts(OBJECT)[:-5],
    parts(OBJECT, boundary=b"a" * 71),
    parts(OBJECT, boundary=b"a b"),
    parts(OBJECT, boundary=b""),
    parts(OBJECT).replace(b"--b-1\r\n", b"--b-1 \r\n"),
    parts(OBJECT).replace(b"--b-1\r\n", b"--b-1\n"),
    parts(OBJECT).replace(HEAD + b"\r\n\r\n", HEAD + b"\n\n"),
    parts(OBJECT).replace(HEAD, b""),
    parts(OBJECT, head=HEAD + b"\r\n" + HEAD),
    parts(OBJECT, head=b"Content-Type: application/octet-stream"),
    parts(OBJECT, head=b"Content-Type: multipart/related; boundary=c"),
    parts(OBJECT, head=b"Content-Type:\r\n application/dicom"),
    parts(OBJECT, head=HEAD + b"\r\nX-Host: inner.example"),
    parts(OBJECT, head=HEAD + b"\r\nContent-Location: http://pacs.inner.example/1"),
    parts(OBJECT, head=HEAD + b"\r\nContent-Location: //pacs.inner.example/1"),
    parts(OBJECT, head=HEAD + b"\r\nContent-Transfer-Encoding: base64"),
    parts(OBJECT, head=HEAD + b"\r\nContent-Length: 1"),
    parts(OBJECT, head=HEAD + b"\r\nno colon"),
    parts(OBJECT, head=HEAD + b"\r\nA: \xff"),
    parts(OBJECT, head=HEAD + b"".join(b"\r\nContent-ID: <%d>" % n for n in range(9))),
    parts(OBJECT, head=HEAD + b"\r\nContent-ID: <" + b"a" * 1_100 + b">"),
    parts(OBJECT + b"\r\n--b-1x"),
    parts(OBJECT + b"\n--b-1\r\n"),
    parts(OBJECT + b" --b-1--"),
]


@pytest.mark.parametrize("content", BROKEN)
def test_a_multipart_that_two_readers_could_cut_differently_is_refused(
    sides: Sides, dicom: Channel, content: bytes
) -> None:
    for number in numbers(sides, dicom, content):
        assert number in (3213, 2201)


@pytest.mark.parametrize(
    "content",
    [
        parts(b"%PDF-1.4\n"),
        parts(OBJECT, b"MZ" + bytes(200)),
        parts(OBJECT, b""),
        parts(OBJECT[:-7]),
        parts(OBJECT + b"\0\1\2"),
        parts(b'{"a": 1}'),
        OBJECT,
        b"--",
        b"",
    ],
)
def test_a_part_that_is_no_sound_object_refuses_the_whole(
    sides: Sides, dicom: Channel, content: bytes
) -> None:
    assert all(numbers(sides, dicom, content))


def test_the_whole_and_its_parts_stay_within_the_limits(sides: Sides, dicom: Channel) -> None:
    assert all(numbers(sides, dicom, parts(*[OBJECT] * 1_001)))
    head = RequestBody("post", (), (), (), "multipart/related", 900, 2_000)
    assert judge_request(dicom, head).deciding is None
    wrong = RequestBody("post", (), (), (), "application/dicom", 900, 2_000)
    assert judge_request(dicom, wrong).deciding is not None


@pytest.mark.parametrize(
    "content", [b'"ok"', b"true", b"null", b" 12\n", b"-1.5e3", '"\u4f60\u597d"'.encode(), b'""']
)
def test_a_json_answer_may_be_one_value(sides: Sides, content: bytes) -> None:
    assert numbers(sides, channel_of("json"), content) == (0, 0)
    strings = '{"type": ["string", "null"], "maxLength": 2}'
    said = numbers(
        sides, channel_of("json following schemas/s.json", {"schemas/s.json": strings}), content
    )
    is_short = content in (b'"ok"', b"null", b'""') or content.startswith('"\u4f60'.encode())
    assert (said == (0, 0)) is is_short
    # Where JSON is one of several types, and for files, a value alone is a text as before.
    assert numbers(sides, channel_of("json or pdf"), content) == (2201, 2201)


@pytest.mark.parametrize(
    "content",
    [b"ok", b"'ok'", b"01", b"True", b"NaN", b'"a" "b"', b'"a', b'"\x01"', b'"\\ud800"', b"1,2",
     b'\xef\xbb\xbf"ok"', b'"\xff"', b"- 1", b"", b"1e99999999999"],
)  # fmt: skip
def test_what_is_no_value_of_json_is_no_json(sides: Sides, content: bytes) -> None:
    assert all(numbers(sides, channel_of("json"), content))


DICOM_JSON = [
    {
        "00080018": {"vr": "UI", "Value": ["1.2.3"]},
        "00100010": {"vr": "PN", "Value": [{"Alphabetic": "Test^A"}]},
        "00400275": {"vr": "SQ", "Value": [{"00400007": {"vr": "LO", "Value": ["x", None]}}]},
        "00280010": {"vr": "US", "Value": [512]},
        "00080005": {"vr": "CS"},
    }
]


@pytest.mark.parametrize(
    ("value", "passes"),
    [
        (DICOM_JSON, True),
        ([], True),
        ([{"0008001": {"vr": "UI"}}], False),
        ([{"00080018": {"vr": "XX"}}], False),
        ([{"00080018": {"Value": ["1"]}}], False),
        ([{"7FE00010": {"vr": "OW", "BulkDataURI": "http://pacs.inner.example/1"}}], False),
        ([{"00080018": {"vr": "UI", "Value": ["1.2"], "x": 1}}], False),
        ([{"00100010": {"vr": "PN", "Value": [{"Alphabetic": "A", "Other": "B"}]}}], False),
        ({"00080018": {"vr": "UI"}}, False),
        ("ok", False),
    ],
)  # fmt: skip
def test_answers_of_a_query_follow_the_schema_that_is_shipped(
    sides: Sides, value: object, passes: bool
) -> None:
    path = "schemas/dicom-json.json"
    schema = (Path(__file__).parents[3] / "policies" / path).read_text("utf-8")
    channel = channel_of(f"dicom json following {path}", {path: schema})
    said = numbers(sides, channel, json.dumps(value).encode())
    assert (said == (0, 0)) is passes
    assert bool(said[0]) is bool(said[1])
