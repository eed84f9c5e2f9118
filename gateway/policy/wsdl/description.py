"""A WSDL 1.1 document as the calls that it describes: SOAP 1.1 and 1.2 over HTTP, document/literal.

    service > port --binding--> binding > operation --type--> portType > operation --message--> message > part

Source: WSDL 1.1 (W3C Note, 2001), 2 and 3; the binding for SOAP 1.2 (W3C Member Submission, 2006). What is
found and cannot be said goes to the notes, with its name. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from gateway.errors import Misconfigured
from gateway.policy.openapi.notes import Notes, NotExpressible
from gateway.policy.wsdl.gathering import WSDL, XSD, gather
from gateway.policy.wsdl.tree import Name, Node

__all__ = ["WSDL", "XSD", "SoapCall", "Wsdl", "read_wsdl"]
SOAP: Final = {
    "http://schemas.xmlsoap.org/wsdl/soap/": "1.1",
    "http://schemas.xmlsoap.org/wsdl/soap12/": "1.2",
}
_HTTP: Final = frozenset(
    ["http://schemas.xmlsoap.org/soap/http", "http://www.w3.org/2003/05/soap/bindings/HTTP/", ""]
)
_POLICIES: Final = "ws-policy"


@dataclass(frozen=True, slots=True)
class SoapCall:
    """One operation of one port. version: `1.1` or `1.2`. request, response: the element of the message,
    None for an answer that has none. faults: elements of details."""

    name: str
    version: str
    origin: str
    path: str
    action: str
    request: Name
    response: Name | None
    faults: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class Wsdl:
    """title: of the service. calls: in the order of the document. schemas: those that stand in it."""

    title: str
    calls: tuple[SoapCall, ...]
    schemas: tuple[Node, ...]


def read_wsdl(
    file: str, root: Node, notes: Notes, beside: Callable[[str], Node | None] = lambda _: None
) -> Wsdl:
    """Raises Misconfigured 2380 (no WSDL 1.1) and nothing else; what cannot be said is noted.

    beside: a document of the same folder by its bare name, None for none; raises Misconfigured 2380, 2104.
    """
    if root.name != (WSDL, "definitions"):
        raise Misconfigured(2380, file=file, what=f"<{root.raw[:60]}>")
    gathered = gather(root, beside)
    for location in gathered.missing:
        notes.add(2376, "", what=f"import {location}"[:70])
    documents, schemas = gathered.documents, gathered.schemas
    reader = _Reader(documents, notes)
    services = [service for one in documents for service in one.of(WSDL, "service")]
    calls = [call for service in services for call in reader.calls(service)]
    named = {node.name[0] for one in documents for node in one.walk()}
    for space in sorted(space for space in named if _POLICIES in space):
        notes.add(2376, "", what=space[:70])
    title = services[0].attributes.get("name", "") if services else ""
    return Wsdl(title or root.attributes.get("name", ""), tuple(calls), tuple(schemas))


class _Reader:
    def __init__(self, documents: Sequence[Node], notes: Notes) -> None:
        self._notes = notes
        self._named = {
            (kind, one.attributes.get("targetNamespace", ""), node.attributes.get("name", "")): node
            for one in documents
            for kind in ("binding", "portType", "message")
            for node in one.of(WSDL, kind)
        }

    def calls(self, service: Node) -> Iterator[SoapCall]:
        """Those of every port of SOAP; any other port is noted."""
        for port in service.of(WSDL, "port"):
            name = port.attributes.get("name", "")[:60]
            try:
                version, origin, path = _address(port)
                binding = self._of("binding", port, "binding")
                yield from self._of_binding(binding, version, origin, path)
            except NotExpressible as error:
                self._notes.add(2383, "", name=name, what=error.what[:80])

    def _of_binding(
        self, binding: Node, version: str, origin: str, path: str
    ) -> Iterator[SoapCall]:
        soap = _soap(binding, "binding", version)
        if soap.attributes.get("transport", "") not in _HTTP:
            raise NotExpressible(soap.attributes["transport"])
        usual = soap.attributes.get("style", "document")
        kind = self._of("portType", binding, "type")
        described = {one.attributes.get("name", ""): one for one in kind.of(WSDL, "operation")}
        for operation in binding.of(WSDL, "operation"):
            name = operation.attributes.get("name", "")[:60]
            try:
                if name not in described:
                    raise NotExpressible(f"portType/{name}")
                said = _soap(operation, "operation", version)
                if said.attributes.get("style", usual) != "document":
                    raise NotExpressible("rpc")
                self._check_body(name, operation, version)
                action = said.attributes.get("soapAction", "")
                yield self._call(described[name], name, version, origin, path, action)
            except NotExpressible as error:
                self._notes.add(2370, "", operation=name, what=error.what[:80])

    def _check_body(self, name: str, operation: Node, version: str) -> None:
        """Literal bodies without attachments; headers are told, and do not cross."""
        for side in operation.of(WSDL, "input", "output"):
            for part in side.children:
                known = SOAP.get(part.name[0]) == version
                if known and part.name[1] == "header":
                    what = f"soap:header {part.attributes.get('part', '')}"[:60]
                    self._notes.add(2372, name, name=what, what=side.name[1])
                elif known and part.name[1] == "body":
                    if part.attributes.get("use", "literal") != "literal":
                        raise NotExpressible("encoded")
                elif part.name != (WSDL, "documentation"):
                    raise NotExpressible(part.raw)

    def _call(
        self, operation: Node, name: str, version: str, origin: str, path: str, action: str
    ) -> SoapCall:
        sides = [one.name[1] for one in operation.children if one.name[1] in ("input", "output")]
        if sides[:1] != ["input"]:
            raise NotExpressible(" ".join(sides) or "no input")
        elements = {
            side.name[1]: self._element(side) for side in operation.of(WSDL, "input", "output")
        }
        faults = tuple(self._element(fault) for fault in operation.of(WSDL, "fault"))
        request = elements["input"]
        return SoapCall(
            name, version, origin, path, action, request, elements.get("output"), faults
        )

    def _element(self, side: Node) -> Name:
        """The element of the one part of a message. Raises NotExpressible."""
        message = self._of("message", side, "message")
        parts = list(message.of(WSDL, "part"))
        if len(parts) != 1:
            raise NotExpressible(f"{len(parts)} parts")
        element = parts[0].attributes.get("element")
        name = parts[0].qname(element) if element else None
        if name is None:
            raise NotExpressible(f"part {parts[0].attributes.get('name', '')}: no element")
        return name

    def _of(self, kind: str, node: Node, attribute: str) -> Node:
        """What an attribute names. Raises NotExpressible where it is not in the document."""
        text = node.attributes.get(attribute, "")
        name = node.qname(text)
        found = self._named.get((kind, *name)) if name else None
        if found is None:
            raise NotExpressible(f"{kind} {text}")
        return found


def _soap(node: Node, word: str, version: str) -> Node:
    for space, known in SOAP.items():
        found = node.first(space, word)
        if found is not None and known == version:
            return found
    raise NotExpressible(f"soap:{word}")


def _address(port: Node) -> tuple[str, str, str]:
    """Version, origin and path of a port. Raises NotExpressible."""
    for space, version in SOAP.items():
        found = port.first(space, "address")
        if found is None:
            continue
        location = found.attributes.get("location", "")
        try:
            parts = urlsplit(location)
            number = parts.port
        except ValueError:
            raise NotExpressible(location) from None
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query:
            raise NotExpressible(location)
        number = number or (443 if parts.scheme == "https" else 80)
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        return version, f"{parts.scheme}://{host}:{number}", parts.path or "/"
    raise NotExpressible("no address of SOAP")
