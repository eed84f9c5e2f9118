"""Schemas of several files and namespaces: both sides hold documents to all of them; nothing is fetched."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from gateway.errors import Misconfigured
from gateway.inspection.formats.xml_schema import outline_of
from gateway.inspection.receiving.formats.xml_schema import OwnSchema
from gateway.inspection.sending.formats.xml_schema import LibxmlSchema
from gateway.policy.load import load_set
from tests.gateway.guard.contents import channel_of, numbers
from tests.gateway.policy.request_text import LOOKUP
from tests.support.sides import Sides

HEAD = (
    '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:a="urn:a" xmlns:b="urn:b"'
    ' targetNamespace="urn:{}" elementFormDefault="{}">{}</xs:schema>'
)
TYPES = """\
<xs:complexType name="Who"><xs:sequence><xs:element name="id" type="b:Id"/>
  <xs:element ref="b:note" minOccurs="0"/></xs:sequence><xs:attribute ref="b:kind"/></xs:complexType>
<xs:simpleType name="Id"><xs:restriction base="xs:string"><xs:enumeration value="p-1"/>
  <xs:enumeration value="p-2"/></xs:restriction></xs:simpleType>
<xs:element name="note" type="xs:string"/><xs:attribute name="kind" type="xs:int"/>"""
MAIN = """\
<xs:import namespace="urn:b" schemaLocation="b.xsd"/><xs:include schemaLocation="a2.xsd"/>
<xs:element name="Order"><xs:complexType><xs:sequence><xs:element name="who" type="b:Who"/>
  <xs:element name="more" type="a:More"/></xs:sequence></xs:complexType></xs:element>"""
MORE = """\
<xs:complexType name="More"><xs:complexContent><xs:extension base="a:Least"><xs:sequence>
  <xs:element name="count" type="xs:int"/></xs:sequence></xs:extension></xs:complexContent></xs:complexType>
<xs:complexType name="Least"><xs:sequence><xs:element name="at" type="xs:date"/></xs:sequence>
</xs:complexType>"""
BACK = '<xs:import namespace="urn:a" schemaLocation="a.xsd"/>'
SCHEMAS = {
    "schemas/a.xsd": HEAD.format("a", "qualified", MAIN),
    "schemas/a2.xsd": HEAD.format("a", "qualified", MORE),
    # It refers back, and its elements are not qualified.
    "schemas/b.xsd": HEAD.format("b", "unqualified", BACK + TYPES),
}
ORDER = (
    '<o:Order xmlns:o="urn:a" xmlns:b="urn:b"><o:who b:kind="1"><id>p-1</id><b:note>x</b:note></o:who>'
    "<o:more><o:at>2026-01-05</o:at><o:count>2</o:count></o:more></o:Order>"
)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("", "", {0}),
        ("p-1", "p-3", {3612}),
        ("<id>p-1</id>", "<o:id>p-1</o:id>", {3612, 3613}),
        ('b:kind="1"', 'b:kind="x"', {3612}),
        ('b:kind="1"', 'kind="1"', {3612, 3613}),
        ("<b:note>x</b:note>", "<o:note>x</o:note>", {3612, 3613}),
        ("<o:at>2026-01-05</o:at>", "", {3612}),
        ("<o:count>2</o:count>", "<o:count>two</o:count>", {3612}),
        ("o:Order", "o:Other", {3612, 3613}),
    ],
)
def test_a_document_is_held_to_all_of_its_namespaces(
    sides: Sides, before: str, after: str, expected: set[int]
) -> None:
    channel = channel_of("xml following schemas/a.xsd", SCHEMAS)
    content = ORDER.replace(before, after) if before else ORDER
    assert all(number in expected for number in numbers(sides, channel, content.encode()))


def test_a_message_of_another_namespace_is_held_to_it_too(sides: Sides) -> None:
    channel = channel_of("soap 1.1 of note following schemas/a.xsd", SCHEMAS)
    envelope = '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>{}</s:Body></s:Envelope>'
    assert numbers(sides, channel, envelope.format('<note xmlns="urn:b">x</note>').encode()) == (
        0,
        0,
    )
    wrong = envelope.format('<note xmlns="urn:b"><id/></note>')
    assert all(numbers(sides, channel, wrong.encode()))


@pytest.mark.parametrize(
    ("named", "line"),
    [
        ('<xs:import namespace="urn:b" schemaLocation="http://127.0.0.1:{port}/b.xsd"/>', 3528),
        ('<xs:import namespace="urn:b" schemaLocation="//127.0.0.1:{port}/b.xsd"/>', 3528),
        ('<xs:import namespace="urn:b" schemaLocation="../schemas/b.xsd"/>', 3528),
        ('<xs:import namespace="urn:b" schemaLocation="/etc/passwd"/>', 3528),
        ('<xs:import namespace="urn:b" schemaLocation="file:///etc/passwd"/>', 3528),
        ('<xs:import namespace="urn:b"/>', 3528),
        ('<xs:import namespace="urn:c" schemaLocation="b.xsd"/>', 3528),
        ('<xs:include schemaLocation="b.xsd"/>', 3528),
        ('<xs:include schemaLocation="c.xsd"/>', 3528),
        ('<xs:import namespace="urn:b" schemaLocation="none.xsd"/>', 3528),
        ('<xs:redefine schemaLocation="a2.xsd"/>', 3528),
        ('<xs:import namespace="urn:b" schemaLocation="broken.xsd"/>', 3527),
    ],
)
def test_nothing_is_fetched_and_what_is_meant_must_be_there(named: str, line: int) -> None:
    parts = {"b.xsd": SCHEMAS["schemas/b.xsd"], "broken.xsd": "<a",
             "c.xsd": SCHEMAS["schemas/b.xsd"].replace('targetNamespace="urn:b"', "")}  # fmt: skip
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.05)
        port = listener.getsockname()[1]
        text = HEAD.format("a", "qualified", named.format(port=port) + '<xs:element name="A"/>')
        with pytest.raises(Misconfigured) as caught:
            outline = outline_of(text, "schemas/a.xsd", parts)
            LibxmlSchema(outline)
            OwnSchema(outline)
        assert caught.value.number == line
        with pytest.raises(TimeoutError):
            listener.accept()


def test_libxml_asks_nobody_else_whatever_the_outline_let_through() -> None:
    """The second lock: a location that the first did not see ends as a schema that cannot be built."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.05)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/b.xsd"
        outline = outline_of(SCHEMAS["schemas/a2.xsd"].replace(
            "</xs:schema>", '<xs:element name="A"/></xs:schema>'), "a2.xsd")  # fmt: skip
        for named in (url, "/etc/hostname", "b.xsd"):
            outline.text = HEAD.format(
                "a", "qualified", f'<xs:include schemaLocation="{named}"/><xs:element name="A"/>'
            )
            with pytest.raises(Misconfigured) as caught:
                LibxmlSchema(outline)
            assert caught.value.number == 3529
        with pytest.raises(TimeoutError):
            listener.accept()


def test_a_set_takes_them_from_its_folder_and_a_change_of_any_is_another_schema(
    tmp_path: Path,
) -> None:
    (tmp_path / "schemas").mkdir()
    for path, text in SCHEMAS.items():
        (tmp_path / path).write_text(text)
    operation = "    body: json, at most 1 KiB\n"
    policy = LOOKUP.replace(operation, "    body: xml following schemas/a.xsd, at most 1 KiB\n")
    tests = "tests:\n  - name: a\n    try: {call: DELETE /x}\n    expect: refused by operations\n"
    (tmp_path / "40-test.yaml").write_text(policy + tests)

    def digest() -> str:
        channel = load_set(tmp_path).channels["report-lookup"]
        assert channel.requests is not None
        content = channel.requests.operations["order"].content
        assert content is not None
        demand = next(
            getattr(one.rule, "demand", None) for one in content.conditions if one.word == "xml"
        )
        assert demand is not None and demand.schema is not None
        assert dict(demand.schema.parts).keys() == {"b.xsd", "a2.xsd"}
        return str(demand.schema.sha256)

    before = digest()
    (tmp_path / "schemas/b.xsd").write_text(SCHEMAS["schemas/b.xsd"].replace("p-2", "p-9"))
    assert digest() != before
