"""A WSDL becomes a channel: what zeep and the service say to each other passes, and nothing else does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import zeep
from zeep.exceptions import Fault

from gateway.errors import Refused
from gateway.management.cli import main
from gateway.policy.load import load_set
from gateway.policy.model import Channel
from gateway.policy.request_judges import judge_request, judge_response
from gateway.policy.routes import match
from gateway.unit.request import RequestBody, ResponseBody
from tests.gateway.guard.contents import numbers
from tests.gateway.management.soap_service import SPACE, Exchange, Service, running, wsdl
from tests.support.sides import Sides


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, Any, str]:
    status = main(["policy", *map(str, arguments), "--json"])
    said = capsys.readouterr()
    return status, json.loads(said.out) if said.out else {}, said.err


def imported(
    folder: Path, capsys: pytest.CaptureFixture[str], document: str
) -> tuple[Channel, Any]:
    """The channel of a document, after `policy check` has passed, its tests among them."""
    source = folder / "orders.wsdl"
    source.write_text(document, "utf-8")
    (folder / "set").mkdir()
    status, data, err = run(capsys, "import-wsdl", source, "--to", folder / "set")
    assert status == 0, err
    status, checked, err = run(capsys, "check", folder / "set")
    assert status == 0, checked or err
    return load_set(folder / "set").channels["orders"], data


def spoken(service: Service, document: Path, port: str = "soapP") -> list[Exchange]:
    """What zeep, unchanged, and the service say to each other in three calls, one of them a fault."""
    client = zeep.Client(str(document))
    orders = client.bind("OrderService", port)
    item = {"code": "718-7", "count": 2, "unit": "g"}
    assert orders.PlaceOrder(patient="p-1", priority="urgent", item=[item], picture=b"xy") == 7
    assert orders.GetState(number=7) == "done"
    if port == "soapP":
        with pytest.raises(Fault):
            orders.PlaceOrder(patient="nobody", priority="routine", item=[item])
    return service.exchanges


def request_of(channel: Channel, one: Exchange) -> RequestBody:
    headers = {name: (value,) for name, value in one.headers.items()}
    operation = match(channel, "POST", "/ws/orders", headers).operation
    fields = tuple((n, one.headers[n]) for n in operation.headers)
    media_type = one.headers["content-type"].partition(";")[0]
    return RequestBody(operation.name, (), (), fields, media_type, len(one.content), 5_000)


def judged(sides: Sides, channel: Channel, one: Exchange) -> tuple[str, bool, tuple[int, int]]:
    """Operation of a call, whether its head and its answer's pass, and what both sides say of its body."""
    head = request_of(channel, one)
    assert channel.requests is not None
    operation = channel.requests.operations[head.operation]
    size = len(one.answer)
    answer = ResponseBody(1, operation.name, one.status, (), one.answer_type, size)
    passes = all(
        verdict.deciding is None
        for verdict in (judge_request(channel, head), judge_response(channel, operation, answer))
    )
    return head.operation, passes, numbers(sides, channel, one.content, head.operation)


def test_what_zeep_and_the_service_say_passes_and_their_operations_are_told_apart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], sides: Sides
) -> None:
    with running() as service:
        document = wsdl(service.address)
        channel, data = imported(tmp_path, capsys, document)
        exchanges = spoken(service, tmp_path / "orders.wsdl")
    assert data["operations"] == ["place-order", "get-state"]
    assert [judged(sides, channel, one) for one in exchanges] == [
        ("place-order", True, (0, 0)),
        ("get-state", True, (0, 0)),
        ("place-order", True, (0, 0)),
    ]
    for one in exchanges:
        name = request_of(channel, one).operation
        assert answered(sides, channel, name, one.status, one.answer) == (0, 0)
    # The port of version 1.2 at the same path is told, not dropped.
    assert {note["number"] for note in data["notes"]} == {2383}


def answered(
    sides: Sides, channel: Channel, name: str, status: int, content: bytes
) -> tuple[int, int]:
    """What both sides say of an answer's content: judged as the body of an operation that takes it."""
    from dataclasses import replace

    assert channel.requests is not None
    operation = channel.requests.operations[name]
    taking = replace(operation, content=operation.answers[status].content)
    requests = replace(channel.requests, operations={name: taking})
    return numbers(sides, replace(channel, requests=requests), content, name)


def test_what_the_service_does_not_describe_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], sides: Sides
) -> None:
    with running() as service:
        channel, _ = imported(tmp_path, capsys, wsdl(service.address))
        place, state, _ = spoken(service, tmp_path / "orders.wsdl")
    # Another operation's message under this action, on both sides.
    assert numbers(sides, channel, state.content, "place-order") == (3614, 3614)
    assert numbers(sides, channel, place.content, "get-state") == (3614, 3614)
    wrong = place.content.replace(b"urgent", b"soon")
    assert numbers(sides, channel, wrong, "place-order") == (3612, 3612)
    foreign = place.content.replace(b"priority", b"password")
    assert all(numbers(sides, channel, foreign, "place-order"))
    declared = b"<!DOCTYPE a>" + place.content.partition(b"?>\n")[2]
    assert numbers(sides, channel, declared, "place-order") == (3602, 3602)
    included = b'<x:Include xmlns:x="http://www.w3.org/2004/08/xop/include" href="cid:1"/>'
    xop = place.content.replace(b"eHk=", included)
    assert xop != place.content
    assert numbers(sides, channel, xop, "place-order") == (3614, 3614)
    for action in ('"urn:other"', f"{SPACE}/PlaceOrder", ""):
        with pytest.raises(Refused) as refused:
            match(channel, "POST", "/ws/orders", {"soapaction": (action,)})
        assert refused.value.fields["word"] == "soapaction"
    with pytest.raises(Refused):
        match(channel, "GET", "/ws/orders?wsdl", {})
    # A service that tells its inside in a fault is not heard.
    trace = b"<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Body><e:Fault><faultcode>a" \
            b"</faultcode><faultstring>b</faultstring><detail><t>at java</t></detail></e:Fault></e:Body>" \
            b"</e:Envelope>"  # fmt: skip
    assert all(answered(sides, channel, "place-order", 500, trace))


def test_calls_of_version_12_are_one_operation_for_each_path_and_that_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], sides: Sides
) -> None:
    with running() as service:
        document = wsdl(service.address, versions=("soap12",))
        channel, data = imported(tmp_path, capsys, document)
        exchanges = spoken(service, tmp_path / "orders.wsdl", "soap12P")
    assert [judged(sides, channel, one)[1:] for one in exchanges] == [(True, (0, 0))] * 2
    assert [note["number"] for note in data["notes"]] == [2382]


def test_what_cannot_be_said_is_told_with_its_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = wsdl("https://orders.inner.example/ws/orders", versions=("soap",), more="legacy")
    document = document.replace(
        "<definitions ", '<definitions xmlns:p="http://www.w3.org/ns/ws-policy" '
    )
    document = document.replace(
        "<types>", '<p:Policy/><import namespace="urn:a" location="a.xsd"/><types>'
    )
    document = document.replace(
        '<soap:body use="literal"/></input>',
        '<soap:body use="literal"/><soap:header message="tns:Fault" part="token" use="literal"/></input>',
        1,
    )
    channel, data = imported(tmp_path, capsys, document)
    assert channel.requests is not None
    assert channel.requests.sink.tls
    assert (channel.requests.sink.host, channel.requests.sink.port) == ("orders.inner.example", 443)
    told = [(note["number"], note["operation"]) for note in data["notes"]]
    assert sorted(told, key=str) == [
        (2370, None),
        (2372, "place-order"),
        (2376, None),
        (2376, None),
    ]
    text = (tmp_path / "set/10-orders.yaml").read_text("utf-8")
    for word in ("Legacy", "soap:header token", "ws-policy", "import a.xsd"):
        assert word in text


def test_a_schema_that_needs_another_is_told_and_the_envelope_is_asked_all_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], sides: Sides
) -> None:
    document = wsdl("http://orders.inner.example/ws/orders", versions=("soap",)).replace(
        'name="patient" type="xs:string"', 'name="patient" type="o:Patient" xmlns:o="urn:other"'
    )
    document = document.replace(
        'XMLSchema"/>\n', 'XMLSchema"/><xs:import namespace="urn:other"/>\n', 1
    )
    channel, data = imported(tmp_path, capsys, document)
    assert {2371, 2384} <= {note["number"] for note in data["notes"]}
    good = (tmp_path / "set/samples/orders-place-order.xml").read_bytes()
    assert numbers(sides, channel, good, "place-order") == (0, 0)
    assert numbers(sides, channel, good.replace(b"PlaceOrder", b"GetState"), "place-order") == (
        3614,
        3614,
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("<definitions", "<!DOCTYPE definitions><definitions"),
        lambda text: text.replace(
            "<definitions", '<!DOCTYPE d [<!ENTITY a SYSTEM "file:///etc/passwd">]><definitions'
        ).replace("OrderService", "&a;"),
        lambda text: text.replace("<types>", "<?run it?><types>"),
        lambda text: text.replace("</definitions>", ""),
        lambda text: text.replace("<types>", "<a>" * 100 + "<types>"),
        lambda text: text.replace("definitions", "description"),
        lambda text: text.replace("<types>", "<q:a/><types>"),
        lambda text: "",
        lambda text: "\x00",
    ],
)  # fmt: skip
def test_what_is_no_wsdl_is_refused_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: Any
) -> None:
    source = tmp_path / "orders.wsdl"
    source.write_text(change(wsdl("http://orders.inner.example/ws")), "utf-8")
    (tmp_path / "set").mkdir()
    status, _, err = run(capsys, "import-wsdl", source, "--to", tmp_path / "set")
    assert status == 78
    assert "2380" in err
    assert list((tmp_path / "set").iterdir()) == []


def test_a_document_without_a_call_that_can_be_said_makes_no_channel(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "orders.wsdl"
    (tmp_path / "set").mkdir()
    for address in ("jms://queue", "http://orders.inner.example/ws?x=1"):
        source.write_text(wsdl(address), "utf-8")
        status, _, err = run(capsys, "import-wsdl", source, "--to", tmp_path / "set")
        assert status == 78
        assert "2381" in err


TYPES = """\
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:types" xmlns:t="urn:types"
    elementFormDefault="{form}">
  <xs:simpleType name="Priority"><xs:restriction base="xs:string">
    <xs:enumeration value="routine"/><xs:enumeration value="urgent"/></xs:restriction></xs:simpleType>
  <xs:complexType name="Item"><xs:sequence><xs:element name="code" type="xs:string"/>
    <xs:element name="count" type="xs:int" minOccurs="0"/></xs:sequence>
    <xs:attribute name="unit" type="xs:string" use="required"/></xs:complexType>
</xs:schema>"""
BASE = f"""\
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="{SPACE}"
    elementFormDefault="qualified">
  <xs:complexType name="Base"><xs:sequence><xs:element name="patient" type="xs:string"/></xs:sequence>
  </xs:complexType></xs:schema>"""


def in_four_files(folder: Path, address: str, form: str) -> str:
    """The document as large services have it: definitions, schemas and types in files of their own."""
    whole = wsdl(address, versions=("soap",))
    head, rest = whole.split("<!-- a comment -->", 1)
    abstract, bound = rest.split("<binding", 1)
    begin, end = (
        abstract.index("  <xs:simpleType"),
        abstract.index('  <xs:element name="PlaceOrder">'),
    )
    named = (
        '  <xs:import namespace="urn:types" schemaLocation="types.xsd"/>\n'
        '  <xs:include schemaLocation="./base.xsd"/>\n'
    )
    # Imports and includes come first.
    start = abstract.index("  <xs:import")
    abstract = abstract[:start] + named + abstract[start:begin] + abstract[end:]
    for name in ("Priority", "Item"):
        abstract = abstract.replace(f"tns:{name}", f"t:{name}")
    abstract = abstract.replace("<xs:schema", '<xs:schema xmlns:t="urn:types"')
    (folder / "abstract.wsdl").write_text(f"{head}{abstract}</definitions>", "utf-8")
    (folder / "types.xsd").write_text(TYPES.format(form=form), "utf-8")
    (folder / "base.xsd").write_text(BASE, "utf-8")
    return f'{head}<import namespace="{SPACE}" location="abstract.wsdl"/><binding{bound}'


@pytest.mark.parametrize("form", ["qualified", "unqualified"])
def test_a_document_in_several_files_and_namespaces_becomes_one_channel(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], sides: Sides, form: str
) -> None:
    with running() as service:
        document = in_four_files(tmp_path, service.address, form)
        channel, data = imported(tmp_path, capsys, document)
        exchanges = spoken(service, tmp_path / "orders.wsdl")
    assert data["notes"] == []
    assert data["files"][:3] == [f"schemas/orders{n}.xsd" for n in ("", "-2", "-3")]
    assert [judged(sides, channel, one)[1:] for one in exchanges] == [(True, (0, 0))] * 3
    place = exchanges[0].content
    for wrong in (
        place.replace(b"urgent", b"soon"),
        place.replace(b">2<", b">two<"),
        place.replace(b"unit=", b"size="),
    ):
        assert wrong != place
        assert all(numbers(sides, channel, wrong, "place-order"))


@pytest.mark.parametrize(
    "location", ["http://127.0.0.1:1/a.wsdl", "../abstract.wsdl", "/etc/passwd"]
)
def test_what_is_not_beside_a_document_is_not_sought(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], location: str
) -> None:
    document = wsdl("http://orders.inner.example/ws/orders", versions=("soap",))
    document = document.replace(
        "<types>", f'<import namespace="urn:a" location="{location}"/><types>'
    )
    (tmp_path / "abstract.wsdl").write_text(document, "utf-8")
    folder = tmp_path / "below"
    folder.mkdir()
    _, data = imported(folder, capsys, document)
    told = [note["fields"]["what"] for note in data["notes"] if note["number"] == 2376]
    assert told == [f"import {location}"]
