"""A channel of `submit` at the real edges of a gate: JSON orders with certificates, a peer that counts."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from client.ferrygate_client import Client, Reply
from gateway.connectors.request.loop import Beside
from gateway.management.trial import Trial, add_policy
from gateway.unit.model import Side
from tests.gateway.connectors.request.certificates import Authority
from tests.gateway.connectors.request.peer import Peer
from tests.support.channel_text import TWO_WAY, channel_text
from tests.support.gate import Gate, gate
from tests.support.http_gate import free_port, listens, place_tls, server_context

CHANNEL = "orders-in"
ONE_WAY = "{request: import}"
_OPERATIONS = """\
submit: yes

operations:
  order:
    call: POST /orders/{id}
    id: text at most 40
    body: json, at most 2 MiB
    answers:
      201: json, at most 64 KiB
      422: empty
  replace:
    call: PUT /orders/{id}
    id: text at most 40
    body: json, at most 256 KiB
    answers:
      200: json, at most 64 KiB

limits:
  answer_within: 2 s

tests:
  - name: an order passes
    try: {call: POST /orders/1, json: {a: 1}}
    expect: delivered
"""


def policy(port: int, peer: int, lanes: str) -> str:
    callers = "[CN=portal-01, CN=portal-02]"
    to = f"https: localhost:{peer}"
    return channel_text(CHANNEL, port, to, _OPERATIONS, callers=callers, lanes=lanes)


@dataclass
class Orders:
    """The peer: counts what it is asked. Ids that begin with `bad` get 422, with `slow` no answer."""

    asked: list[str] = field(default_factory=list)

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        name = request.path.rpartition("/")[2]
        content = await request.read()
        json.loads(content)
        self.asked.append(name)
        if name.startswith("slow"):
            await asyncio.sleep(30)
        if name.startswith("bad"):
            return web.Response(status=422)
        status = 201 if request.method == "POST" else 200
        return web.json_response({"size": len(content)}, status=status)

    def counts(self) -> Counter[str]:
        return Counter(self.asked)


@dataclass
class Submit:
    """A gate with this channel, and what stands around it."""

    gate: Gate
    folder: Path
    authority: Authority
    orders: Orders
    port: int
    devices: dict[str, tuple[Path, Path]] = field(default_factory=dict)

    def client(self, name: str = "portal-01") -> Client:
        if name not in self.devices:
            kept = self.folder / "devices"
            kept.mkdir(exist_ok=True)
            pair = self.authority.device(name)
            self.devices[name] = kept / pair[0].name, kept / pair[1].name
            for file, copy in zip(pair, self.devices[name], strict=True):
                shutil.copy(file, copy)
        certificate, key = self.devices[name]
        return Client(
            f"https://localhost:{self.port}",
            ca=str(self.authority.ca),
            certificate=str(certificate),
            certificate_key=str(key),
            timeout_s=15.0,
        )

    def send(self, name: str, content: object = None, method: str = "POST") -> Reply:
        body = json.dumps(content if content is not None else {"order": name}).encode()
        with self.client() as portal:
            return portal.call(method, f"/orders/{name}", body, "application/json")

    def submit(self, name: str, content: object = None, method: str = "POST") -> str:
        """Gives the receipt."""
        reply = self.send(name, content, method)
        assert reply.status == 202, reply.content
        return str(reply.json()["receipt"])

    def listens(self) -> bool:
        return listens(self.port)


@contextmanager
def submit_gate(folder: Path, mode: str) -> Iterator[Submit]:
    authority = Authority(folder / "ca")
    server = authority.server("localhost")
    tls = server_context(server)
    orders = Orders()
    peer, port = Peer(orders, tls), free_port()
    beside = Beside([peer], "peer")
    lanes = TWO_WAY if mode == "two-way" else ONE_WAY

    def prepare(trial: Trial) -> None:
        text = policy(port, peer.port, lanes)
        for side in Side:
            add_policy(trial, side, f"40-{CHANNEL}.yaml", text)
        place_tls(trial, CHANNEL, authority, server)

    try:
        with gate(folder, mode, prepare=prepare) as made:
            one = Submit(made, folder, authority, orders, port)
            made.until(one.listens, "the source listens", 30)
            yield one
    finally:
        beside.close()
