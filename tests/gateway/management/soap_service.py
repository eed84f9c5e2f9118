"""A SOAP service with its WSDL, over real HTTP on loopback: what a hospital's ordering system looks like."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree import ElementTree

from aiohttp import web

SPACE = "http://orders.example/ws/2026"
SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP12 = "http://www.w3.org/2003/05/soap-envelope"

SCHEMA = f"""\
<xs:schema targetNamespace="{SPACE}" elementFormDefault="qualified">
  <xs:import namespace="http://www.w3.org/2001/XMLSchema"/>
  <xs:annotation><xs:documentation>Orders &amp; their state.</xs:documentation></xs:annotation>
  <xs:simpleType name="Priority"><xs:restriction base="xs:string">
    <xs:enumeration value="routine"/><xs:enumeration value="urgent"/></xs:restriction></xs:simpleType>
  <xs:complexType name="Item"><xs:sequence>
    <xs:element name="code" type="xs:string"/><xs:element name="count" type="xs:int" minOccurs="0"/>
  </xs:sequence><xs:attribute name="unit" type="xs:string" use="required"/></xs:complexType>
  <xs:complexType name="Base"><xs:sequence><xs:element name="patient" type="xs:string"/></xs:sequence>
  </xs:complexType>
  <xs:element name="PlaceOrder"><xs:complexType><xs:complexContent><xs:extension base="tns:Base"><xs:sequence>
    <xs:element name="priority" type="tns:Priority"/>
    <xs:element name="item" type="tns:Item" maxOccurs="unbounded"/>
    <xs:element name="picture" type="xs:base64Binary" minOccurs="0"/>
  </xs:sequence></xs:extension></xs:complexContent></xs:complexType></xs:element>
  <xs:element name="PlaceOrderResponse"><xs:complexType><xs:sequence>
    <xs:element name="number" type="xs:int"/></xs:sequence></xs:complexType></xs:element>
  <xs:element name="GetState"><xs:complexType><xs:sequence>
    <xs:element name="number" type="xs:int"/></xs:sequence></xs:complexType></xs:element>
  <xs:element name="GetStateResponse"><xs:complexType><xs:sequence>
    <xs:element name="state" type="xs:string"/></xs:sequence></xs:complexType></xs:element>
  <xs:element name="OrderFault"><xs:complexType><xs:sequence>
    <xs:element name="reason" type="xs:string"/></xs:sequence></xs:complexType></xs:element>
</xs:schema>"""


def _message(name: str, element: str) -> str:
    return f'<message name="{name}"><part name="parameters" element="tns:{element}"/></message>'


def _operation(name: str, fault: str = "") -> str:
    return (
        f'<operation name="{name}"><input message="tns:{name}In"/><output message="tns:{name}Out"/>'
        f"{fault}</operation>"
    )


def _bound(name: str, soap: str, more: str = "") -> str:
    body = f'<{soap}:body use="literal"/>'
    return (
        f'<operation name="{name}"><{soap}:operation soapAction="{SPACE}/{name}"/>'
        f"<input>{body}</input><output>{body}</output>{more}</operation>"
    )


def wsdl(address: str, *, versions: tuple[str, ...] = ("soap", "soap12"), more: str = "") -> str:
    """The document, with a port for each version. more: operations of the portType, and their bindings."""
    fault = '<fault name="f" message="tns:Fault"/>'
    bindings = "".join(
        f'<binding name="{soap}B" type="tns:Orders"><{soap}:binding style="document"'
        f' transport="http://schemas.xmlsoap.org/soap/http"/>'
        + _bound(
            "PlaceOrder", soap, f'<fault name="f"><{soap}:fault name="f" use="literal"/></fault>'
        )
        + _bound("GetState", soap)
        + (_bound("Legacy", soap).replace('use="literal"', 'use="encoded"') if more else "")
        + "</binding>"
        for soap in versions
    )
    ports = "".join(
        f'<port name="{soap}P" binding="tns:{soap}B"><{soap}:address location="{address}"/></port>'
        for soap in versions
    )
    return f"""<?xml version="1.0" encoding="utf-8"?>
<definitions name="Orders" targetNamespace="{SPACE}" xmlns="http://schemas.xmlsoap.org/wsdl/"
    xmlns:tns="{SPACE}" xmlns:xs="http://www.w3.org/2001/XMLSchema"
    xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:soap12="http://schemas.xmlsoap.org/wsdl/soap12/">
<!-- a comment --><types>{SCHEMA}</types>
{_message("PlaceOrderIn", "PlaceOrder")}{_message("PlaceOrderOut", "PlaceOrderResponse")}
{_message("GetStateIn", "GetState")}{_message("GetStateOut", "GetStateResponse")}
{_message("LegacyIn", "GetState")}{_message("LegacyOut", "GetStateResponse")}{_message("Fault", "OrderFault")}
<portType name="Orders">{_operation("PlaceOrder", fault)}{_operation("GetState")}
{_operation("Legacy") if more else ""}</portType>
{bindings}<service name="OrderService">{ports}</service></definitions>"""


@dataclass
class Exchange:
    """One call as it was on the wire."""

    headers: dict[str, str]
    content: bytes
    status: int
    answer_type: str
    answer: bytes


@dataclass
class Service:
    """A running service. exchanges: what it has been asked and has answered."""

    address: str = ""
    exchanges: list[Exchange] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        content = await request.read()
        root = ElementTree.fromstring(content)
        space = root.tag[1:].partition("}")[0]
        message = root[0][0]
        name = message.tag.rpartition("}")[2]
        status, body = 200, ""
        if name == "PlaceOrder":
            if message.findtext(f"{{{SPACE}}}patient") == "nobody":
                status, body = 500, self._fault(space)
            else:
                body = (
                    f'<PlaceOrderResponse xmlns="{SPACE}"><number>7</number></PlaceOrderResponse>'
                )
        elif name == "GetState":
            body = f'<GetStateResponse xmlns="{SPACE}"><state>done</state></GetStateResponse>'
        answer = f'<e:Envelope xmlns:e="{space}"><e:Body>{body}</e:Body></e:Envelope>'.encode()
        media = "text/xml" if space == SOAP11 else "application/soap+xml"
        headers = {k.lower(): v for k, v in request.headers.items()}
        self.exchanges.append(Exchange(headers, content, status, media, answer))
        return web.Response(body=answer, status=status, content_type=media, charset="utf-8")

    @staticmethod
    def _fault(space: str) -> str:
        detail = f'<OrderFault xmlns="{SPACE}"><reason>no such patient</reason></OrderFault>'
        return (
            "<e:Fault><faultcode>e:Client</faultcode><faultstring>refused</faultstring>"
            f"<detail>{detail}</detail></e:Fault>"
        )


@contextlib.contextmanager
def running(path: str = "/ws/orders") -> Iterator[Service]:
    """The service on a port of its own, in a thread with a loop of its own."""
    service, loop, ready = Service(), asyncio.new_event_loop(), threading.Event()
    stop = asyncio.Event()

    async def serve() -> None:
        app = web.Application()
        app.router.add_post(path, service.answer)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        service.address = f"http://127.0.0.1:{port}{path}"
        ready.set()
        await stop.wait()
        await runner.cleanup()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield service
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()
