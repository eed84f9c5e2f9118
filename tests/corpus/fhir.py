"""FHIR R4 resources of our own in JSON and XML: good ones, and each way we know to make one bad."""

from __future__ import annotations

import base64
import copy
import json
from collections.abc import Callable
from typing import Any, Final

from tests.corpus.json import BOTH, Case, program

XHTML: Final = "http://www.w3.org/1999/xhtml"
SPACE: Final = "http://hl7.org/fhir"
PNG: Final = b"\x89PNG\r\n\x1a\n" + bytes(80)

PATIENT: Final[dict[str, Any]] = {
    "resourceType": "Patient",
    "id": "p-1",
    "meta": {"profile": ["http://hl7.org/fhir/StructureDefinition/Patient"]},
    "text": {"status": "generated", "div": f'<div xmlns="{XHTML}"><p>张<b>三</b></p></div>'},
    "extension": [{"url": "http://example.org/height", "valueDecimal": 1.80}],
    "identifier": [{"system": "urn:oid:2.16.156.10011.1.3", "value": "110101199003070011"}],
    "active": True,
    "name": [{"family": "张", "given": ["三", None], "_given": [None, {"id": "g2"}]}],
    "telecom": [{"system": "phone", "value": "13812345678", "rank": 1}],
    "gender": "male",
    "birthDate": "1990-03-07",
    "_birthDate": {"extension": [{"url": "http://example.org/time", "valueTime": "08:30:00"}]},
    "deceasedBoolean": False,
    "photo": [{"contentType": "image/png", "data": base64.b64encode(PNG).decode()}],
    "managingOrganization": {"reference": "Organization/1"},
}
OBSERVATION: Final[dict[str, Any]] = {
    "resourceType": "Observation",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "718-7"}]},
    "subject": {"reference": "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"},
    "effectiveDateTime": "2026-11-21T08:30:00+08:00",
    "valueQuantity": {"value": 13.20, "unit": "g/dL"},
    "component": [
        {"code": {"text": "ecg"},
         "valueSampledData": {"origin": {"value": 0}, "period": 10, "dimensions": 1, "data": "1 2 E 3"}}
    ],
}  # fmt: skip
BUNDLE: Final[dict[str, Any]] = {
    "resourceType": "Bundle",
    "type": "collection",
    "entry": [{"fullUrl": "http://example.org/Patient/p-1", "resource": PATIENT},
              {"resource": OBSERVATION}],
}  # fmt: skip

GOOD: Final[dict[str, dict[str, Any]]] = {
    "a patient": PATIENT,
    "an observation": OBSERVATION,
    "a bundle": BUNDLE,
    "a patient with its practitioner inside": {
        **PATIENT,
        "contained": [{"resourceType": "Patient", "id": "inner", "active": True}],
        "generalPractitioner": [{"reference": "#inner"}],
    },
}


def patient(**changes: Any) -> dict[str, Any]:
    """The good patient with elements changed; None takes one out."""
    made = copy.deepcopy(PATIENT) | changes
    return {key: value for key, value in made.items() if value is not None}


def _j(**changes: Any) -> Callable[[], bytes]:
    return lambda: json.dumps(patient(**changes), ensure_ascii=False).encode()


def _div(inner: str, attributes: str = f'xmlns="{XHTML}"') -> Callable[[], bytes]:
    return _j(text={"status": "generated", "div": f"<div {attributes}>{inner}</div>"})


def _raw(old: str, new: str) -> Callable[[], bytes]:
    return lambda: json.dumps(PATIENT, ensure_ascii=False).replace(old, new, 1).encode()


def _photo(content: bytes, mime: str | None) -> Callable[[], bytes]:
    photo = {"contentType": mime, "data": base64.b64encode(content).decode()}
    return _j(photo=[{key: value for key, value in photo.items() if value is not None}])


_INNER: Final = {"resourceType": "Patient", "id": "x"}
_BIG_ID: Final = "a" * 65

JSON_CASES: Final[list[Case]] = [
    (name, make, "fhir json", expected, BOTH)
    for name, make, expected in (
        ("a key twice", _raw('"active": true', '"active": true, "active": false'), {3536}),
        ("a NUL in a name", _raw('"family": "张"', '"family": "\\u0000"'), {3538}),
        ("half a character in a name", _raw('"family": "张"', '"family": "\\ud800"'), {3539, 3532}),
        ("a byte order mark", lambda: b"\xef\xbb\xbf" + _j()(), {3531}),
        ("UTF-16", lambda: json.dumps(PATIENT).encode("utf-16"), {3531}),
        ("trailing data", lambda: _j()() + b"{}", {3532}),
        ("extensions 100 levels deep", lambda: b'{"resourceType":"Patient","extension":[{"url":"u","extension":[' * 1
         + b'{"url":"u","extension":[' * 100 + b"]}" * 101 + b"]}", {3533}),
        ("a number that no double reaches", _raw("1.8", "1e999"), {3535}),
        ("no resourceType", _j(resourceType=None), {3550}),
        ("a resourceType that is none", _j(resourceType="Person2"), {3550}),
        ("a resourceType that is a number", _j(resourceType=7), {3550}),
        ("an array of resources", lambda: b"[" + _j()() + b"]", {3550}),
        ("another resource than the channel takes", lambda: b'{"resourceType":"Basic","code":{"text":"x"}}', {3551}),
        ("an unknown element", _j(password="x"), {3555, 3557}),
        ("an unknown element far inside", _j(name=[{"family": "x", "nick": "y"}]), {3555, 3557}),
        ("an extension of an unknown element", _j(_password={"id": "x"}), {3555, 3557}),
        ("a comment element of DSTU2", _j(fhir_comments=["x"]), {3555, 3556, 3557}),
        ("a gender that does not exist", _j(gender="M"), {3556, 3585}),
        ("a status that does not exist", _j(text={"status": "x", "div": f'<div xmlns="{XHTML}">a</div>'}), {3556, 3585}),
        ("two values for deceased", _j(deceasedDateTime="2020-01-01"), {3555, 3584}),
        ("a boolean in quotes", _j(active="true"), {3555, 3576}),
        ("a number in quotes", _j(multipleBirthInteger="2"), {3555, 3576}),
        ("an integer with a fraction", _raw('"rank": 1', '"rank": 1.5'), {3555, 3576}),
        ("a rank of nought", _raw('"rank": 1', '"rank": 0'), {3555, 3576}),
        ("an empty array", _j(name=[]), {3555, 3580}),
        ("an empty object", _j(maritalStatus={}), {3555, 3580, 3556}),
        ("an empty string", _j(language=""), {3555, 3576}),
        ("a null", _raw('"active": true', '"active": null'), {3555, 3576}),
        ("one object where many stand", _j(name={"family": "x"}), {3555, 3580}),
        ("many where one stands", _j(gender=["male"]), {3555, 3576}),
        ("a null without its extension", _j(name=[{"given": ["a", None]}]), {3555, 3576}),
        ("a day that does not exist", _j(birthDate="1990-02-30"), {3555, 3576}),
        ("a month that does not exist", _j(birthDate="1990-13-01"), {3555, 3576}),
        ("a date with a script", _j(birthDate="<script>"), {3555, 3576}),
        ("no required element", lambda: b'{"resourceType":"Observation","status":"final"}', {3555, 3558}),
        ("an id of 65 characters", _j(id=_BIG_ID), {3556, 3559, 3576}),
        ("an id that leads upwards", _j(id="../../etc/passwd"), {3556, 3559, 3576}),
        ("an id of dots", _j(id=".."), {3559}),
        ("an id with a line end", _j(id="a\n"), {3556, 3559, 3576}),
        ("an element id with blanks", _j(name=[{"id": "a b", "family": "x"}]), {3559}),
        ("a reference to a file", _j(managingOrganization={"reference": "file:///etc/passwd"}), {3577}),
        ("a reference with a script", _j(managingOrganization={"reference": "javascript:alert(1)"}), {3577}),
        ("a reference that leads upwards", _j(managingOrganization={"reference": "http://a/../../Patient/1"}), {3577}),
        ("a reference to a share", _j(managingOrganization={"reference": "\\\\host\\share"}), {3577}),
        ("an extension of a file", _j(extension=[{"url": "file:///c:/x", "valueString": "y"}]), {3578}),
        ("a script as an address", _j(extension=[{"url": "http://a/b", "valueUri": "javascript:alert(1)"}]), {3578}),
        ("a script as a telephone number", _j(telecom=[{"system": "url", "value": "javascript:alert(1)"}]), {3578}),
        ("a photo from a share", _j(photo=[{"url": "\\\\host\\share\\x.png"}]), {3578}),
        ("a photo from a file", _j(photo=[{"contentType": "image/png", "url": "file:///etc/passwd"}]), {3578}),
        ("a photo in a data address", _j(photo=[{"contentType": "image/png", "url": "data:text/html,x"}]), {3578}),
        ("a photo that is a program", _photo(program(), "image/png"), {3582}),
        ("a photo of an unknown kind that is a program", _photo(program(), "image/x-new"), {3582}),
        ("a text that is a program", _photo(program(), "text/plain"), {3582}),
        ("a photo that does not say what it is", _photo(PNG, None), {3583}),
        ("a photo with a kind that is none", _photo(PNG, "png"), {3582}),
        ("bad base64", _j(photo=[{"contentType": "image/png", "data": "a*b="}]), {3581, 3555, 3576}),
        ("base64 that ends too early", _j(photo=[{"contentType": "image/png", "data": "iVBORw0"}]), {3581, 3555}),
        ("a hash that is a file", _j(photo=[{"url": "http://a/b", "hash": base64.b64encode(program()).decode()}]), {3581}),
        ("a script in the narrative", _div("<script>alert(1)</script>"), {3571}),
        ("a frame in the narrative", _div('<iframe src="http://a"/>'), {3571}),
        ("a form in the narrative", _div('<form action="http://a"/>'), {3571}),
        ("a style element in the narrative", _div("<style>*{}</style>"), {3571}),
        ("a drawing in the narrative", _div('<svg xmlns="http://www.w3.org/2000/svg"/>'), {3571}),
        ("an element of no namespace", _div('<p xmlns="">x</p>'), {3571}),
        ("a capital SCRIPT in the narrative", _div("<SCRIPT/>"), {3571}),
        ("onclick in the narrative", _div('<p onclick="x()">x</p>'), {3572}),
        ("a link with a script", _div('<a href="javascript:alert(1)">x</a>'), {3573}),
        ("a link with a script in references", _div('<a href="java&#115;cript:alert(1)">x</a>'), {3573}),
        ("a link with a script over lines", _div('<a href=" java&#10;script:alert(1)">x</a>'), {3573}),
        ("a picture from elsewhere", _div('<img src="http://tracker/x.gif" alt="x"/>'), {3573}),
        ("a picture that is a program", _div(f'<img alt="x" src="data:image/png;base64,{base64.b64encode(program()).decode()}"/>'), {3573}),
        ("a style that fetches", _div('<p style="background:url(http://a/b)">x</p>'), {3574}),
        ("a style that runs", _div('<p style="width:expression(alert(1))">x</p>'), {3574}),
        ("a style with an escape", _div('<p style="background:\\75rl(x)">x</p>'), {3574}),
        ("an ill-formed narrative", _div("<p>x"), {3570}),
        ("a narrative with a DOCTYPE", _j(text={"status": "generated", "div": "<!DOCTYPE div><div/>"}), {3570, 3575}),
        ("a narrative with an entity", _div("&nbsp;"), {3570}),
        ("a comment in the narrative", _div("a<!-- hidden -->b"), {3570}),
        ("an instruction in the narrative", _div("<?php x ?>"), {3570}),
        ("CDATA in the narrative", _div("<![CDATA[<script>]]>"), {3570}),
        ("a narrative 100 levels deep", _div("<b>" * 100 + "</b>" * 100), {3570}),
        ("a narrative that is no div", _j(text={"status": "generated", "div": f'<p xmlns="{XHTML}">x</p>'}), {3575}),
        ("a narrative of no namespace", _div("x", ""), {3575}),
        ("a resource contained in a contained one", _j(contained=[{**_INNER, "contained": [_INNER]}]), {3579}),
        ("a contained resource of another type", _j(contained=[{"resourceType": "Basic", "code": {"text": "x"}}]), {3551}),
        ("a contained thing of no type", _j(contained=[{"id": "x"}]), {3550}),
        ("a script in a contained narrative", _j(contained=[{**_INNER, "text": {"status": "generated", "div": f'<div xmlns="{XHTML}"><script/></div>'}}]), {3571}),
        ("an entry of another type", lambda: json.dumps({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": {"resourceType": "Basic", "code": {"text": "x"}}}]}).encode(), {3551}),
    )
]  # fmt: skip


def xml(inner: str, attributes: str = f'xmlns="{SPACE}"', before: str = "") -> bytes:
    return f"{before}<Patient {attributes}>{inner}</Patient>".encode()


def _x(inner: str, attributes: str = f'xmlns="{SPACE}"', before: str = "") -> Callable[[], bytes]:
    return lambda: xml(inner, attributes, before)


_BILLION: Final = "<!DOCTYPE x [" + '<!ENTITY a "aaaaaaaaaa">' + "".join(
    f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9)
) + "]>"  # fmt: skip

XML_CASES: Final[list[Case]] = [
    (name, make, "fhir xml", expected, BOTH)
    for name, make, expected in (
        ("a DOCTYPE", _x("<active value='true'/>", before="<!DOCTYPE Patient>"), {3561}),
        ("a DOCTYPE from elsewhere", _x("", before='<!DOCTYPE Patient SYSTEM "http://a/x.dtd">'), {3561}),
        ("an entity of a file", _x('<active value="&x;"/>', before='<!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/passwd">]>'), {3561}),
        ("a billion laughs", _x('<active value="&j;"/>', before=_BILLION), {3561}),
        ("an entity that is not declared", _x('<id value="&nbsp;"/>'), {3560}),
        ("a DOCTYPE in UTF-7", lambda: b'<?xml version="1.0" encoding="UTF-7"?>+ADwAIQ-DOCTYPE x+AD4-<Patient/>', {3569}),
        ("UTF-16", lambda: xml("", before='<?xml version="1.0" encoding="UTF-16"?>').decode().encode("utf-16"), {3569}),
        ("UTF-16 without its mark", lambda: xml("").decode().encode("utf-16-be"), {3569}),
        ("GB 18030", lambda: xml('<language value="张"/>', before='<?xml version="1.0" encoding="GB18030"?>').decode().encode("gb18030"), {3569}),
        ("Latin-1 declared", _x("", before='<?xml version="1.0" encoding="ISO-8859-1"?>'), {3569}),
        ("XML 1.1", _x("", before='<?xml version="1.1"?>'), {3569}),
        ("a byte order mark", lambda: b"\xef\xbb\xbf" + xml('<active value="true"/>'), {3569}),
        ("a NUL", _x('<language value="\0"/>'), {3569}),
        ("a bell by reference", _x('<language value="&#7;"/>'), {3560}),
        ("a style sheet", _x("", before='<?xml-stylesheet href="x.xsl"?>'), {3562}),
        ("an instruction inside", _x("<?php x ?>"), {3562}),
        ("a comment", _x("<!-- x --><active value='true'/>"), {3563}),
        ("a comment behind", lambda: xml("") + b"<!-- MZ -->", {3563}),
        ("CDATA", _x("<![CDATA[x]]>"), {3561}),
        ("another namespace", _x("", 'xmlns="urn:hl7-org:v3"'), {3564}),
        ("no namespace", _x("", ""), {3564}),
        ("an element of another namespace", _x('<x:active xmlns:x="urn:x" value="true"/>'), {3564}),
        ("an XInclude", _x('<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/>'), {3567}),
        ("a prefix that is not declared", _x('<x:active value="true"/>'), {3560}),
        ("a schema location", _x('<active value="true"/>', f'xmlns="{SPACE}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="a b"'), {3565}),
        ("an unknown attribute", _x('<active value="true" onclick="x"/>'), {3565}),
        ("a value on a complex type", _x('<name value="x"/>'), {3565}),
        ("text between elements", _x('secret<active value="true"/>'), {3566}),
        ("text in a primitive", _x('<active value="true">x</active>'), {3566}),
        ("an unknown element", _x('<password value="x"/>'), {3567}),
        ("a choice of an unknown type", _x('<deceasedString value="x"/>'), {3567}),
        ("elements out of order", _x('<gender value="male"/><active value="true"/>'), {3568}),
        ("an element twice", _x('<active value="true"/><active value="false"/>'), {3568}),
        ("two values of a choice", _x('<deceasedBoolean value="true"/><deceasedDateTime value="2020"/>'), {3568}),
        ("an empty element", _x("<active/>"), {3580}),
        ("an empty complex element", _x("<name/>"), {3580}),
        ("a boolean that is none", _x('<active value="TRUE"/>'), {3555, 3576}),
        ("a number with a plus", _x('<multipleBirthInteger value="+2"/>'), {3555, 3576}),
        ("a gender that does not exist", _x('<gender value="M"/>'), {3556, 3585}),
        ("an id that leads upwards", _x('<id value="../../etc"/>'), {3556, 3559, 3576}),
        ("a script in the narrative", _x(f'<text><status value="generated"/><div xmlns="{XHTML}"><script/></div></text>'), {3571}),
        ("onclick in the narrative", _x(f'<text><status value="generated"/><div xmlns="{XHTML}" onclick="x">a</div></text>'), {3572}),
        ("a narrative in FHIR's namespace", _x('<text><status value="generated"/><div>a</div></text>'), {3564}),
        ("a resource contained in a contained one", _x("<contained><Patient><contained><Patient><active value='true'/></Patient></contained></Patient></contained>"), {3579}),
        ("two resources in one place", _x("<contained><Patient/><Patient/></contained>"), {3568}),
        ("a photo that is a program", _x(f'<photo><contentType value="image/png"/><data value="{base64.b64encode(program()).decode()}"/></photo>'), {3582}),
        ("100,000 levels", lambda: b"<a>" * 100_000, {3553, 3560}),
        ("a million attributes", lambda: b"<Patient " + b" ".join(b'a%d=""' % n for n in range(1_000_000)) + b"/>", {3554, 3560}),
        ("a value of 11 MB", lambda: xml(f'<language value="{"x" * 11_000_000}"/>'), {3554, 3560}),
        ("an end that is missing", lambda: xml("")[:-3], {3560}),
        ("a second root", lambda: xml("") * 2, {3560}),
        ("text behind the root", lambda: xml("") + b"x", {3560}),
        ("an attribute twice", _x('<active value="true" value="false"/>'), {3560}),
        ("another resource", lambda: b'<Basic xmlns="http://hl7.org/fhir"><code><text value="x"/></code></Basic>', {3551}),
        ("nothing", lambda: b"", {3560}),
    )
]  # fmt: skip

CASES: Final[list[Case]] = [*JSON_CASES, *XML_CASES]
