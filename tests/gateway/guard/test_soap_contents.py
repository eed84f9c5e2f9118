"""A SOAP message is one envelope with the one message of its operation, by its schema; on both sides."""

from __future__ import annotations

import pytest

from gateway.policy.model import Channel
from tests.gateway.guard.contents import channel_of, numbers
from tests.gateway.policy.request_text import LOOKUP, read_requests
from tests.support.sides import Sides

SPACE = "urn:example:orders"
SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP12 = "http://www.w3.org/2003/05/soap-envelope"
XSD = f"""\
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="{SPACE}" xmlns="{SPACE}"
    elementFormDefault="qualified">
  <xs:element name="Place"><xs:complexType><xs:sequence>
    <xs:element name="code"><xs:simpleType><xs:restriction base="xs:string">
      <xs:enumeration value="a"/><xs:enumeration value="b"/></xs:restriction></xs:simpleType></xs:element>
    <xs:element name="data" type="xs:base64Binary" minOccurs="0"/>
  </xs:sequence></xs:complexType></xs:element>
  <xs:element name="Cancel"><xs:complexType><xs:sequence>
    <xs:element name="number" type="xs:int"/></xs:sequence></xs:complexType></xs:element>
</xs:schema>
"""
SCHEMAS = {"schemas/orders.xsd": XSD}
PLACE = f'<Place xmlns="{SPACE}"><code>a</code></Place>'
CANCEL = f'<Cancel xmlns="{SPACE}"><number>1</number></Cancel>'
FAULT = "<s:Fault><faultcode>s:Server</faultcode><faultstring>no</faultstring></s:Fault>"


def envelope(body: str, space: str = SOAP11, before: str = "", more: str = "") -> bytes:
    return (
        f'<s:Envelope xmlns:s="{space}"{more}>{before}<s:Body>{body}</s:Body></s:Envelope>'.encode()
    )


@pytest.fixture(scope="module")
def place() -> Channel:
    return channel_of("soap 1.1 of Place following schemas/orders.xsd", SCHEMAS)


@pytest.mark.parametrize(
    "content",
    [
        envelope(PLACE),
        b'<?xml version="1.0" encoding="utf-8"?>\n' + envelope(f"\n {PLACE}\n "),
        # As many programs write it where they have nothing to say.
        envelope(PLACE, before="<s:Header/>"),
        envelope(PLACE, more=' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'),
        envelope(
            f'<o:Place xmlns:o="{SPACE}"><o:code>b</o:code><o:data>aGFsbG8=</o:data></o:Place>'
        ),
    ],
)
def test_the_message_of_the_operation_passes(sides: Sides, place: Channel, content: bytes) -> None:
    assert numbers(sides, place, content) == (0, 0)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (envelope(CANCEL), {3614}),
        (envelope(PLACE + PLACE), {3614}),
        (envelope(""), {3614}),
        (envelope(FAULT), {3614}),
        (envelope(PLACE, SOAP12), {3614}),
        (envelope(PLACE, before="<s:Header><x/></s:Header>"), {3614}),
        (envelope(PLACE, before="text"), {3614}),
        (envelope(PLACE + "text"), {3614}),
        (envelope(PLACE, more=f' s:encodingStyle="{SOAP11}"'), {3614}),
        (envelope(PLACE).replace(b"s:Body", b"s:Head"), {3614}),
        (envelope(PLACE).replace(b"</s:Envelope>", b"<s:Body/></s:Envelope>"), {3614}),
        (PLACE.encode(), {3614}),
        (f'<s:Envelope xmlns:s="{SOAP11}"/>'.encode(), {3614}),
        (b"<!DOCTYPE a>" + envelope(PLACE), {3602}),
        (b'<!DOCTYPE a [<!ENTITY b "c">]>' + envelope(PLACE), {3602}),
        (b"<?go on?>" + envelope(PLACE), {3603}),
        (envelope(PLACE.replace("a</code>", "c</code>")), {3612}),
        (envelope(PLACE.replace("code>", "kode>")), {3612, 3613}),
        (envelope(PLACE.replace(SPACE, "urn:other")), {3612, 3613}),
        (envelope(PLACE.replace("<code>", '<code x="1">')), {3612, 3613}),
        (
            envelope(PLACE.replace("</Place>", '<data><x:Include xmlns:x="http://www.w3.org/2004/08/xop/'
                                   'include" href="cid:1"/></data></Place>')),
            {3614},
        ),
        (envelope(PLACE)[:-3], {3600, 3201, 2201}),
    ],
)  # fmt: skip
def test_anything_else_is_refused_by_both_sides(
    sides: Sides, place: Channel, content: bytes, expected: set[int]
) -> None:
    assert set(numbers(sides, place, content)) <= expected


def test_an_operation_of_version_12_may_take_several_messages(sides: Sides) -> None:
    channel = channel_of("soap 1.2 of Place or Cancel following schemas/orders.xsd", SCHEMAS)
    assert numbers(sides, channel, envelope(CANCEL, SOAP12)) == (0, 0)
    assert numbers(sides, channel, envelope(PLACE, SOAP12)) == (0, 0)
    assert numbers(sides, channel, envelope(PLACE)) == (3614, 3614)
    assert channel.requests is not None
    content = channel.requests.operations["post"].content
    assert content is not None
    assert content.media_types == ("application/soap+xml",)


@pytest.mark.parametrize(
    ("detail", "plain", "described"),
    [
        ("", 0, 0),
        ("<detail/>", 0, 0),
        ("<faultactor>urn:x</faultactor>", 0, 0),
        (f"<detail>{CANCEL}</detail>", 3614, 0),
        (f"<detail>{CANCEL.replace('1', 'x')}</detail>", 3614, 3612),
        (f"<detail>{CANCEL}{CANCEL}</detail>", 3614, 3614),
        ("<detail>at java.lang.Thread.run</detail>", 3614, 3614),
        ("<detail><trace>at java</trace></detail>", 3614, None),
        ("<other/>", 3614, 3614),
        ("<faultactor><a/></faultactor>", 3614, 3614),
    ],
)
def test_a_fault_has_a_detail_of_the_schema_or_none(
    sides: Sides, detail: str, plain: int, described: int | None
) -> None:
    content = envelope(FAULT.replace("</s:Fault>", f"{detail}</s:Fault>"))
    assert numbers(sides, channel_of("soap 1.1 fault"), content) == (plain, plain)
    line = "soap 1.1 fault following schemas/orders.xsd"
    said = numbers(sides, channel_of(line, SCHEMAS), content)
    assert all(said) if described is None else said == (described, described)
    assert numbers(sides, channel_of(line, SCHEMAS), envelope(PLACE)) == (3614, 3614)


def test_a_fault_of_version_12(sides: Sides) -> None:
    fault = (
        "<s:Fault><s:Code><s:Value>s:Receiver</s:Value></s:Code><s:Reason>"
        '<s:Text xml:lang="en">no</s:Text></s:Reason></s:Fault>'
    )
    channel = channel_of("soap 1.2 fault")
    assert numbers(sides, channel, envelope(fault, SOAP12)) == (0, 0)
    assert numbers(sides, channel, envelope(fault.replace("s:Text", "s:Fext"), SOAP12)) == (
        3614,
        3614,
    )
    assert numbers(sides, channel_of("soap fault"), envelope(fault, SOAP12)) == (0, 0)


@pytest.mark.parametrize(
    ("line", "number"),
    [("soap 1.1 following schemas/none.xsd", 2241), ("soap 1.3", 2124), ("soap of", 2124),
     ("soap 1.1 of a:b", 2124), ("soap 1.1 fault of Place", 2124), ("soap fault, at most 9 entries", 2315)],
)  # fmt: skip
def test_a_line_that_says_nothing_clear_is_refused_when_it_is_read(line: str, number: int) -> None:
    _, problems = read_requests(LOOKUP.replace("body: json, at most 1 KiB", f"body: {line}"))
    assert [problem.number for problem in problems] == [number]
