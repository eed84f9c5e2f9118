"""Clients and services as they are, with a gate between them: the same answers as without it.

Each conversation is held with the service itself, then through the gate; nothing of the client differs but
the address. What may differ is DIFFERS.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import requests as http
import zeep.helpers
from zeep.exceptions import Fault
from zeep.transports import Transport

from tests.system.peers import dicomweb
from tests.system.peers.gate import (
    FHIR,
    FIRST,
    ORDERS,
    PACS,
    README,
    SOAP,
    Peers,
    of_readme,
    peers_gate,
)

pytestmark = [pytest.mark.system, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def g(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peers]:
    with peers_gate(tmp_path_factory.mktemp("peers")) as made:
        yield made


Heard = tuple[int, dict[str, str], Any]


# Headers that the gate writes itself, or that no policy of these lists: the difference to a direct call. A
# header of content is not among them.
DIFFERS: Final = frozenset(
    ["server", "date", "cache-control", "ferrygate-unit", "set-cookie", "x-served-by", "x-powered-by",
     "content-length", "content-encoding", "transfer-encoding", "vary"]
)  # fmt: skip


def heard(answer: http.Response) -> Heard:
    """What a client makes of an answer: status, headers, content as JSON where it is some."""
    headers = {k.lower(): v for k, v in answer.headers.items() if k.lower() not in DIFFERS}
    # UTF-8 is what JSON is (RFC 8259, 8.1); the parameter says nothing and does not cross.
    kind = headers.pop("content-type", "").replace("; charset=utf-8", "")
    if answer.request.method == "HEAD":
        # Of an answer without content: it is the type of what is not there.
        kind = ""
    content: Any = answer.content
    if "json" in kind and content:
        content = answer.json()
    if kind.startswith("multipart/"):
        # Quoted or not is the same value; a line end before the first part is a preamble of nothing.
        kind, content = kind.replace('"', ""), answer.content.removeprefix(b"\r\n")
    return answer.status_code, headers | {"content-type": kind}, content


def orders_conversation(session: http.Session, base: str) -> list[Heard]:
    def call(method: str, path: str, **more: Any) -> None:
        said.append(heard(session.request(method, base + path, timeout=15, **more)))

    said: list[Heard] = []
    order = {"patient": "李四", "items": [{"code": "718-7", "count": 2}], "price": 1.10}
    call("GET", "/orders")
    call("GET", "/orders", params={"patient": "张三 Wang/Li", "state": "open"})
    call("GET", "/orders", params={"tag": ["a b", "c&d=e", "50%", "+"], "patient": "x+y"})
    call("GET", "/orders", cookies={"tenant": "t-9", "session": "not listed"})
    call("GET", "/orders/o-1")
    call("GET", "/orders/o-1", headers={"If-None-Match": '"o-1-1"'})
    call("GET", "/orders/none")
    call("HEAD", "/orders/o-1")
    call("HEAD", "/orders/none")
    call("POST", "/orders", json=order)
    call("POST", "/orders", data=iter([json.dumps(order).encode()]),
         headers={"Content-Type": "application/json; charset=UTF-8"})  # fmt: skip
    call("POST", "/orders", json={**order, "patient": "nobody"})
    call("PUT", "/orders/o-2", json={**order, "items": []})
    call("POST", "/orders/o-2/send")
    call("DELETE", "/orders/o-2")
    call("DELETE", "/orders/o-2")
    return said


def test_python_requests_with_a_service_that_has_an_openapi_document(g: Peers) -> None:
    with g.session() as session:
        g.orders.clear()
        direct = orders_conversation(session, g.direct(ORDERS))
        g.orders.clear()
        g.peers[ORDERS].seen.clear()
        through = orders_conversation(session, g.through(ORDERS))
    cookies = [
        value for one in g.peers[ORDERS].seen for name, value in one.headers if name == "Cookie"
    ]
    assert cookies == ["tenant=t-9"]
    assert through == direct
    assert [status for status, _, _ in direct] == [
        200, 200, 200, 200, 200, 304, 404, 200, 404, 201, 201, 422, 200, 202, 204, 404,
    ]  # fmt: skip


def curl(g: Peers, *arguments: str | Path) -> tuple[str, bytes]:
    """Status and content type as curl says them, and the content."""
    ran = subprocess.run(
        ["curl", "-sS", "--compressed", "--cacert", g.authority.ca, "--cert", g.device[0],
         "--key", g.device[1], "-w", "\n%{http_code} %{content_type}", *arguments],
        capture_output=True, timeout=30, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    content, _, said = ran.stdout.rpartition(b"\n")
    return said.decode().replace("; charset=utf-8", ""), content


def test_curl_reads_and_uploads(g: Peers, tmp_path: Path) -> None:
    upload = tmp_path / "order.json"
    items = [{"code": f"A-{n}", "count": 1} for n in range(50)]
    upload.write_text(json.dumps({"patient": "p-1", "items": items}))
    heard: dict[str, list[tuple[str, bytes]]] = {}
    for way, base in (("direct", g.direct(ORDERS)), ("through", g.through(ORDERS))):
        g.orders.clear()
        json_type = ("-H", "Content-Type: application/json")
        heard[way] = [
            curl(g, f"{base}/orders/o-1"),
            curl(g, "-G", "--data-urlencode", "patient=张三 Wang/Li", f"{base}/orders"),
            curl(g, *json_type, "--data-binary", f"@{upload}", f"{base}/orders"),
            curl(g, *json_type, "-T", upload, f"{base}/orders/o-2"),
            curl(g, "-X", "DELETE", f"{base}/orders/o-2"),
        ]
    assert heard["through"] == heard["direct"]
    assert heard["direct"][0][0] == "200 application/json"


def soap_conversation(g: Peers, address: str) -> list[Any]:
    """zeep by the service's own document; the address is the argument that it has for that."""
    client = zeep.Client(
        str(g.wsdl), transport=Transport(session=g.session(), operation_timeout=15)
    )
    space = client.wsdl.services["OrderService"].ports["soapP"].binding.name.namespace
    orders = client.create_service(f"{{{space}}}soapB", address)
    item = {"code": "718-7", "count": 2, "unit": "g"}
    placed = orders.PlaceOrder(patient="p-1", priority="urgent", item=[item], picture=b"xy")
    state = orders.GetState(number=placed)
    with pytest.raises(Fault) as fault:
        orders.PlaceOrder(patient="nobody", priority="routine", item=[item])
    detail = zeep.helpers.serialize_object(fault.value.detail)
    return [placed, state, fault.value.code, fault.value.message, detail[0][0].text]


def test_zeep_with_a_soap_service(g: Peers) -> None:
    direct = soap_conversation(g, g.direct(SOAP))
    assert soap_conversation(g, g.through(SOAP)) == direct
    assert direct == [7, "done", "e:Client", "refused", "no such patient"]


def fhir_conversation(session: http.Session, base: str) -> list[Heard]:
    def call(method: str, path: str, said_as: str = "application/fhir+json", **more: Any) -> Any:
        headers = {"Accept": "application/fhir+json", **more.pop("headers", {})}
        if "json" in more:
            more["data"] = json.dumps(more.pop("json")).encode()
            headers["Content-Type"] = said_as
        said.append(
            heard(session.request(method, base + path, timeout=15, headers=headers, **more))
        )
        return said[-1][2]

    said: list[Heard] = []
    patient = call("GET", "/Patient/p-1")
    call("GET", "/Patient/p-1", headers={"If-None-Match": 'W/"1"'})
    call("GET", "/Patient/none")
    for place in ("/Patient/example", "/Patient/f201", "/Observation/f001"):
        call("GET", place)
    call(
        "GET",
        "/Patient",
        params={"name": "张", "birthdate": ["ge1980-01-01", "ge1985"], "_count": 5},
    )
    identifier = "urn:oid:2.16.156.10011.1.3|110101199003070011"
    call("GET", "/Patient", params={"identifier": identifier})
    call("GET", "/Patient", params={"name": "nobody of this name"})
    observation = call("GET", "/Observation/f001")
    made = call(
        "POST", "/Observation", json=observation, headers={"Prefer": "return=representation"}
    )
    call("GET", f"/Observation/{made['id']}")
    call("POST", "/Observation", said_as="application/fhir+json; charset=utf-8", json=observation)
    call("PUT", "/Patient/p-1", json={**patient, "active": False}, headers={"If-Match": 'W/"1"'})
    call("PUT", "/Patient/p-1", json=patient, headers={"If-Match": 'W/"1"'})
    entries = [
        {"fullUrl": "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e1", "resource": observation,
         "request": {"method": "POST", "url": "Observation"}},
        {"resource": patient, "request": {"method": "PUT", "url": "Patient/p-1"}},
    ]  # fmt: skip
    call("POST", "/", json={"resourceType": "Bundle", "type": "transaction", "entry": entries})
    return said


def without_addresses(said: list[Heard], base: str) -> list[Heard]:
    """What the channel says that it changes: links and fullUrl go, a location loses its address."""
    changed: list[Heard] = []
    for status, headers, content in said:
        if "location" in headers:
            headers = headers | {"location": headers["location"].removeprefix(base)}
        if isinstance(content, dict) and content["resourceType"] == "Bundle":
            entries = [
                {k: v for k, v in one.items() if k != "fullUrl"} for one in content.get("entry", ())
            ]
            content = {k: v for k, v in content.items() if k not in ("link", "entry")}
            content |= {"entry": entries} if entries else {}
        changed.append((status, headers, content))
    return changed


def test_a_fhir_server_is_read_searched_and_written(g: Peers) -> None:
    with g.session() as session:
        g.fhir.clear()
        direct = fhir_conversation(session, g.direct(FHIR))
        g.fhir.clear()
        through = fhir_conversation(session, g.through(FHIR))
    assert through == without_addresses(direct, g.direct(FHIR))
    assert f"localhost:{g.peers[FHIR].port}" not in repr(through)
    statuses = [status for status, _, _ in direct]
    assert statuses[:3] == [200, 304, 404] and statuses[6:] == [
        200, 200, 200, 200, 201, 200, 201, 200, 412, 200,
    ]  # fmt: skip


def test_the_first_request_of_the_readme(g: Peers, tmp_path: Path) -> None:
    """Its channel is one of this gate; its program runs as it stands, beside a copy of the client file."""
    shutil.copy(README.parent / "client" / "ferrygate_client.py", tmp_path)
    (tmp_path / "first.keys").write_text(g.first_keys)
    program = of_readme("python", "ferrygate_client").replace("8090", str(g.ports[FIRST]))
    (tmp_path / "first.py").write_text(program)

    def said() -> str:
        ran = subprocess.run(
            [sys.executable, "first.py"], cwd=tmp_path, capture_output=True, text=True, timeout=30,
            check=False,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    # Signatures of before the start, and of 2 s behind it, are to come again.
    g.gate.until(
        lambda: said().startswith("200 {'said': 'by the service inside'} unit "), "200", 20
    )


def test_both_readmes_have_the_same_first_request() -> None:
    page = README.with_name("README.zh.md")
    for kind, word in (("yaml", "channel: first"), ("python", "ferrygate_client"), ("sh", ".two")):
        assert of_readme(kind, word) == of_readme(kind, word, page)


def dicomweb_conversation(g: Peers, session: http.Session, base: str) -> list[Heard]:
    def call(method: str, path: str, **more: Any) -> Any:
        said.append(heard(session.request(method, base + path, timeout=20, **more)))
        return said[-1][2]

    said: list[Heard] = []
    found = call("GET", "/studies", params={"PatientID": "p-1", "limit": 10, "StudyDate": "20260101-",
                 "includefield": ["00081030", "PatientName"]},
                 headers={"Accept": "application/dicom+json"})  # fmt: skip
    call("GET", "/studies")
    study = found[0]["0020000D"]["Value"][0]
    call("GET", f"/studies/{study}/metadata")
    call(
        "GET",
        f"/studies/{study}",
        headers={"Accept": 'multipart/related; type="application/dicom"'},
    )
    call("GET", "/studies/1.2.3")
    # As clients write a multipart: with a line end before it, and without one.
    for before in (b"\r\n", b""):
        kind = 'multipart/related; type="application/dicom"; boundary="of-the-viewer"'
        content = dicomweb.parts(
            dicomweb.instance(4712),
            dicomweb.instance(4713),
            before=before,
            boundary="of-the-viewer",
        )
        call("POST", "/studies", data=content, headers={"Content-Type": kind})
    return said


def test_a_viewer_searches_retrieves_and_stores_in_an_archive(g: Peers) -> None:
    with g.session() as session:
        g.archive.clear()
        direct = dicomweb_conversation(g, session, g.direct(PACS))
        g.archive.clear()
        through = dicomweb_conversation(g, session, g.through(PACS))
    assert [status for status, _, _ in direct] == [200, 204, 200, 200, 404, 200, 200]
    assert through == direct
