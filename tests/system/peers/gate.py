"""One two-way gate for all of these services: channels imported where a description is there to import."""

from __future__ import annotations

import base64
import contextlib
import json
import re
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import requests as http
from aiohttp import web

from gateway.connectors.request.loop import Beside
from gateway.management.cli import main
from gateway.management.trial import Trial, add_policy
from gateway.unit.model import Side
from tests.gateway.connectors.request.certificates import Authority
from tests.gateway.connectors.request.peer import Handler, Peer
from tests.gateway.management.soap_service import Service, wsdl
from tests.support.gate import Gate, gate
from tests.support.http_gate import (
    files_of,
    free_port,
    listens,
    place,
    place_tls,
    server_context,
)
from tests.system.peers import dicomweb, fhir, orders

ORDERS: Final = "orders"
SOAP: Final = "soap-orders"
FHIR: Final = "fhir"
PACS: Final = "pacs"
NAMES: Final = (ORDERS, SOAP, FHIR, PACS)
# The channel of the README, and its program.
FIRST: Final = "first"
README: Final = Path(__file__).parents[3] / "README.md"
# Below which path each service stands; the gate leaves it out, as the policy's `base_path` says.
BASES: Final = {ORDERS: "/v1", SOAP: "/ws/orders", FHIR: "/r4", PACS: "/dicom-web"}


@dataclass
class Peers:
    """Gate, services, and how both are reached."""

    gate: Gate
    authority: Authority
    device: tuple[Path, Path]
    wsdl: Path
    ports: dict[str, int]
    peers: dict[str, Peer]
    orders: orders.Orders
    fhir: fhir.FhirServer
    archive: dicomweb.Archive
    first_keys: str

    def direct(self, channel: str) -> str:
        return f"https://localhost:{self.peers[channel].port}{BASES[channel]}"

    def through(self, channel: str) -> str:
        # The whole path of a SOAP call stands in its operation.
        path = BASES[channel] if channel == SOAP else ""
        return f"https://localhost:{self.ports[channel]}{path}"

    def session(self) -> http.Session:
        """Python requests as anybody has it, with a device's certificate."""
        session = http.Session()
        session.trust_env = False
        session.verify = str(self.authority.ca)
        session.cert = (str(self.device[0]), str(self.device[1]))
        return session


def of_readme(kind: str, word: str, page: Path = README) -> str:
    """The block of this kind on the page that has this word in it."""
    blocks: list[str] = re.findall(
        rf"^```{kind}\n(.*?)^```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    return next(block for block in blocks if word in block)


async def hello(request: web.Request) -> web.StreamResponse:
    if request.path != "/hello.json":
        return web.Response(status=404)
    return web.json_response({"said": "by the service inside"})


def _imported(folder: Path, channel: str, what: str, source: Path) -> str:
    """The channel file that the program writes from a description."""
    status = main(
        ["policy", what, str(source), "--channel", channel, "--to", str(folder), "--json"]
    )
    assert status == 0, what
    return next(folder.glob(f"[0-9][0-9]-{channel}.yaml")).read_text("utf-8")


def _at(text: str, port: int) -> str:
    """What a person fills in where the import says REVIEW."""
    for before, after in (
        ("https on 127.0.0.1:8443", f"https on 127.0.0.1:{port}"),
        ("CN=nobody", "CN=portal-01"),
    ):
        assert before in text
        text = text.replace(before, after)
    return text


@contextlib.contextmanager
def peers_gate(folder: Path) -> Iterator[Peers]:
    authority = Authority(folder / "ca")
    server = authority.server("localhost")
    tls = server_context(server)
    placed, records, archive = orders.Orders(), fhir.FhirServer(), dicomweb.Archive()
    services: dict[str, Handler] = {
        ORDERS: placed, SOAP: Service().answer, FHIR: records, PACS: archive,
    }  # fmt: skip
    peers = {name: Peer(handler, tls) for name, handler in services.items()}
    first = Peer(hello)
    ports = {name: free_port() for name in (*NAMES, FIRST)}
    beside = Beside([*peers.values(), first], "peers")
    first_keys = f"me hmac-sha256 {base64.b64encode(secrets.token_bytes(32)).decode()}\n"
    described = folder / "described"
    (described / "set").mkdir(parents=True)

    def prepare(trial: Trial) -> None:
        at = {name: f"https://localhost:{peer.port}{BASES[name]}" for name, peer in peers.items()}
        (described / "openapi.json").write_text(json.dumps(orders.description(at[ORDERS])))
        (described / "orders.wsdl").write_text(wsdl(at[SOAP]), "utf-8")
        imported = described / "set"
        texts = {
            ORDERS: _at(
                _imported(imported, ORDERS, "import-openapi", described / "openapi.json"),
                ports[ORDERS],
            ),
            SOAP: _at(
                _imported(imported, SOAP, "import-wsdl", described / "orders.wsdl"), ports[SOAP]
            ),
            FHIR: fhir.channel(ports[FHIR], peers[FHIR].port),
            PACS: dicomweb.channel(ports[PACS], peers[PACS].port),
            FIRST: of_readme("yaml", "channel: first")
            .replace("127.0.0.1:8090", f"127.0.0.1:{ports[FIRST]}")
            .replace("127.0.0.1:8091", f"127.0.0.1:{first.port}"),
        }
        place(files_of(trial, Side.OUTER, FIRST) / "keys", first_keys)
        for side in Side:
            policies = trial.host(side).policies
            for name in ("schemas", "samples"):
                if (imported / name).is_dir():
                    shutil.copytree(imported / name, policies / name, dirs_exist_ok=True)
            for name, text in texts.items():
                add_policy(trial, side, f"60-{name}.yaml", text)
        for name in NAMES:
            place_tls(trial, name, authority, server)

    try:
        with gate(folder, "two-way", prepare=prepare) as made:
            g = Peers(
                made, authority, authority.device("portal-01"), described / "orders.wsdl", ports,
                peers, placed, records, archive, first_keys,
            )  # fmt: skip
            for port in ports.values():
                made.until(partial(listens, port), f"port {port} listens", 20)
            yield g
    finally:
        beside.close()
