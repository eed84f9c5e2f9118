"""A two-way gate with channels of requests at its real edges: policies, certificates, peers, callers.

    with http_gate(tmp_path) as g:
        reply = g.portal("portal-01").call("GET", "/fhir/DiagnosticReport/test-1")

reports    the example of a report look-up: mTLS and signatures, FHIR answers, places removed
orders     JSON in and out, mTLS
lab        another channel, whose caller has a certificate of the same CA
"""

from __future__ import annotations

import base64
import contextlib
import json
import secrets
import shutil
import socket
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from aiohttp import web

from client.ferrygate_client import Client, HmacKey
from gateway.connectors.request.loop import Beside
from gateway.management.trial import Trial, add_policy
from gateway.unit.model import Side
from tests.gateway.connectors.request.certificates import Authority
from tests.gateway.connectors.request.peer import Peer
from tests.support.channel_text import channel_text
from tests.support.gate import Gate, gate

LOOKUP: Final = Path(__file__).parents[1] / "gateway" / "policy" / "lookup"
REPORTS: Final = "report-lookup"
ORDERS: Final = "orders"
LAB: Final = "lab-orders"
TOKEN: Final = "reader-" + "t" * 24
_ORDERS: Final = """\
operations:
  order:
    call: POST /orders/{id}
    id: text at most 40
    body: json, at most 256 KiB
    answers:
      200: json, at most 256 KiB
      404: empty
  read:
    call: GET /orders/{id}
    id: text at most 40
    body: none
    answers:
      200: json, at most 2 MiB
      404: empty

limits:
  answer_within: WITHIN

tests:
  - name: an order passes
    try: {call: POST /orders/1, json: {a: 1}}
    expect: delivered
"""


def json_channel(name: str, port: int, callers: str, to: str, *, within: str = "3 s") -> str:
    rest = _ORDERS.replace("WITHIN", within)
    return channel_text(name, port, to, rest, callers=f"[{callers}]")


# The kernel may give one twice while nobody listens yet, and two channels would have it.
_GIVEN: Final[set[int]] = set()


def free_port() -> int:
    """One at which nobody listens on loopback, and that was not given before."""
    while True:
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            port = int(one.getsockname()[1])
        if port not in _GIVEN:
            _GIVEN.add(port)
            return port


def files_of(trial: Trial, side: Side, channel: str) -> Path:
    """HOST/requests/CHANNEL, made as an operator makes it."""
    folder = trial.host(side).requests / channel
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def place(file: Path, content: bytes | str | Path) -> None:
    """A file of a channel, for its user alone."""
    if isinstance(content, Path):
        content = content.read_bytes()
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    file.chmod(0o600)


def place_tls(
    trial: Trial,
    channel: str,
    authority: Authority,
    server: tuple[Path, Path],
    *,
    to_peer: bool = True,
) -> None:
    """What a channel needs to listen with mTLS, and to reach a peer of the same authority."""
    outside = files_of(trial, Side.OUTER, channel)
    place(outside / "server.crt", server[0])
    place(outside / "server.key", server[1])
    place(outside / "callers-ca.crt", authority.ca)
    place(outside / "callers.crl", authority.revoked)
    if to_peer:
        place(files_of(trial, Side.INNER, channel) / "peer-ca.crt", authority.ca)


def add_orders(
    trial: Trial, authority: Authority, port: int, peer_port: int, *, within: str = "3 s"
) -> None:
    """ORDERS on both hosts, to a peer without TLS: what the gate sends there is read in clear."""
    text = json_channel(ORDERS, port, "CN=portal-01", f"http: 127.0.0.1:{peer_port}", within=within)
    for side in Side:
        add_policy(trial, side, f"40-{ORDERS}.yaml", text)
    place_tls(trial, ORDERS, authority, authority.server("localhost"), to_peer=False)


def server_context(server: tuple[Path, Path]) -> ssl.SSLContext:
    """What a peer listens with."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*server)
    return context


def listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


class Fhir:
    """A small FHIR server over documents: read by id, search by patient and date."""

    def __init__(self) -> None:
        texts = {p.stem: p.read_text() for p in (LOOKUP / "samples" / "fhir").glob("*.json")}
        report, patient = json.loads(texts["report"]), json.loads(texts["patient"])
        self.documents = {"test-1": report, "not-a-report": patient}

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        if request.path == "/fhir/DiagnosticReport":
            entries = [{"resource": self.documents["test-1"]}]
            found = {"resourceType": "Bundle", "type": "searchset", "total": 1, "entry": entries}
            return self._answer(found)
        document = self.documents.get(request.path.rpartition("/")[2])
        return self._answer(document) if document is not None else web.Response(status=404)

    def _answer(self, document: object) -> web.Response:
        headers = {"Set-Cookie": "inside=1", "X-Powered-By": "inner-fhir-7", "Via": "1.1 10.1.2.3"}
        return web.json_response(document, content_type="application/fhir+json", headers=headers)


async def echo(request: web.Request) -> web.StreamResponse:
    content = await request.read()
    return web.Response(body=content or b'{"a":1}', content_type="application/json")


@dataclass
class HttpGate:
    """The gate under test and what stands around it."""

    gate: Gate
    folder: Path
    authority: Authority
    fhir: Peer
    service: Peer
    ports: Mapping[str, int]
    secret: str
    devices: dict[str, tuple[Path, Path]] = field(default_factory=dict)

    def url(self, channel: str) -> str:
        return f"https://localhost:{self.ports[channel]}"

    def device(self, name: str) -> tuple[Path, Path]:
        if name not in self.devices:
            # The authority names files by the name in them; others of this name may come.
            kept = self.folder / "devices"
            kept.mkdir(exist_ok=True)
            pair = self.authority.device(name)
            self.devices[name] = kept / pair[0].name, kept / pair[1].name
            for file, copy in zip(pair, self.devices[name], strict=True):
                shutil.copy(file, copy)
        return self.devices[name]

    def context(self, device: tuple[Path, Path] | None) -> ssl.SSLContext:
        return self.authority.client_context(device)

    def portal(
        self, name: str = "portal-01", channel: str = REPORTS, again_s: float = 5.0
    ) -> Client:
        """The client file to copy, as a caller of a channel."""
        certificate, key = self.device(name)
        signer = HmacKey(name, self.secret) if channel == REPORTS else None
        return Client(
            self.url(channel),
            ca=str(self.authority.ca),
            certificate=str(certificate),
            certificate_key=str(key),
            signer=signer,
            timeout_s=10.0,
            again_s=again_s,
        )

    def until_listening(self) -> None:
        for port in self.ports.values():
            self.gate.until(partial(listens, port), f"port {port} listens", 20)


@contextlib.contextmanager
def http_gate(folder: Path, *, started: bool = True) -> Iterator[HttpGate]:
    authority = Authority(folder / "ca")
    server = authority.server("localhost")
    tls = server_context(server)
    fhir, service = Peer(Fhir(), tls), Peer(echo, tls)
    ports = {name: free_port() for name in (REPORTS, ORDERS, LAB)}
    secret = base64.b64encode(secrets.token_bytes(32)).decode()
    beside = Beside([fhir, service], "peers")

    def prepare(trial: Trial) -> None:
        lookup = (LOOKUP / "40-report-lookup.yaml").read_text()
        for before, after in (
            ("10.2.9.10:8443", f"127.0.0.1:{ports[REPORTS]}"),
            ("[10.2.9.0/28]", "[127.0.0.0/28]"),
            ("fhir.inner.example:443", f"localhost:{fhir.port}"),
        ):
            assert before in lookup
            lookup = lookup.replace(before, after)
        to = f"https: localhost:{service.port}"
        orders = json_channel(ORDERS, ports[ORDERS], "CN=portal-01, CN=portal-02", to, within="2 s")
        lab = json_channel(LAB, ports[LAB], "CN=lab-01", to)
        for side in Side:
            policies = trial.host(side).policies
            shutil.copytree(LOOKUP / "samples", policies / "samples", dirs_exist_ok=True)
            for text in (lookup, orders, lab):
                name = text.partition("channel: ")[2].split()[0]
                add_policy(trial, side, f"40-{name}.yaml", text)
        for name in ports:
            place_tls(trial, name, authority, server)
        keys = f"portal-01 hmac-sha256 {secret} CN=portal-01\n"
        place(trial.host(Side.OUTER).requests / REPORTS / "keys", keys)
        place(
            trial.host(Side.INNER).requests / REPORTS / "secrets", f"fhir-reader bearer {TOKEN}\n"
        )

    try:
        with gate(folder, "two-way", prepare=prepare, started=started) as made:
            g = HttpGate(made, folder, authority, fhir, service, ports, secret)
            if started:
                g.until_listening()
            yield g
    finally:
        beside.close()
