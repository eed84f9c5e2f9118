"""Requests from caller to peer: HTTP at both real edges of a two-way gate of six processes.

    request.c16.rate     requests/s of 16 callers; beside it the same callers asking the service directly
    request.c16.p99      ms of the same calls
    request.c64.rate     the same of 64 callers

A JSON of 700 bytes goes in and comes back, held against a JSON Schema and recorded by both guards each way;
no TLS, over loopback. Every request is signed (HMAC): a channel without TLS knows its callers by that. What
as many processes reach that do nothing but pass it on (bench.bare_chain) stands beside it as `bare_chain`.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench.bare_chain import bare_chain
from bench.gate import used_of
from bench.http_ends import CONTENT, KEY
from bench.record import Record, Tell, record
from gateway.management.trial import Trial, add_policy, make_trial, running
from gateway.unit.model import Side

MANY: Final = 6_000
# Without a gate as many take a third of a second, which other work on the machine changes twofold.
_DIRECT: Final = 5 * MANY
CHANNEL: Final = "bench-orders"
SCHEMA: Final = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "required": ["id", "items"],
    "additionalProperties": False,
    "properties": {
        "id": {"type": "string", "maxLength": 64},
        "items": {
            "type": "array",
            "maxItems": 64,
            "items": {
                "type": "object",
                "required": ["code", "value", "unit"],
                "additionalProperties": False,
                "properties": {
                    "code": {"type": "string", "pattern": "^[A-Z][0-9]{3}$"},
                    "value": {"type": "number", "minimum": 0},
                    "unit": {"type": "string", "maxLength": 16},
                },
            },
        },
    },
}
_POLICY: Final = """\
channel: {channel}
purpose: Figures of requests.
owner: whoever measures
carries: requests
lanes: {{request: import, response: export}}
grade: 3

from:
  listens: http on 127.0.0.1:{port}
  callers: [key {key}]
  signed: every request

to:
  http: 127.0.0.1:{peer}

operations:
  order:
    call: POST /orders/{{id}}
    id: text at most 40
    body: json following schemas/order.json, at most 64 KiB
    answers:
      200: json following schemas/order.json, at most 64 KiB

limits:
  answer_within: 5 s

tests:
  - name: an order passes
    try: {{call: POST /orders/1, json: {{id: a, items: []}}}}
    expect: delivered
"""


@dataclass(frozen=True, slots=True)
class Load:
    """What callers saw: requests/s, and ms sorted."""

    rate: float
    took_ms: list[float]

    def share(self, of: float) -> float:
        return self.took_ms[min(len(self.took_ms) - 1, int(len(self.took_ms) * of))]


def through(tell: Tell, many: int = MANY) -> Iterator[Record]:
    """The figures of one running gate."""
    secret = base64.b64encode(secrets.token_bytes(32)).decode()
    with service() as peer, request_gate(peer, secret) as (trial, port):
        until_answered(port, secret)
        for callers in (16, 64):
            first = load_of(peer, callers, _DIRECT, "")
            load_of(port, callers, many // 6, secret)
            before, begun_s = used_of(trial), time.perf_counter()
            load = load_of(port, callers, many, secret)
            took_s = time.perf_counter() - begun_s
            after, load_1m = used_of(trial), os.getloadavg()[0]
            # Once more: where the two differ much, the machine was not ours alone, nor was the figure.
            second = load_of(peer, callers, _DIRECT, "")
            with bare_chain(peer) as bare_port:
                until_answered(bare_port, "")
                bare = load_of(bare_port, callers, many, "")
            direct = Load((first.rate + second.rate) / 2, sorted(first.took_ms + second.took_ms))
            parameters: dict[str, Any] = {
                "callers": callers,
                "requests": many,
                "size_bytes": len(CONTENT),
                "schema": True,
                "signed": "hmac-sha256",
                "tls": False,
                "p50_ms": round(load.share(0.5), 2),
                "p99_ms": round(load.share(0.99), 2),
                "bare_chain": {
                    "rate": round(bare.rate),
                    "p50_ms": round(bare.share(0.5), 2),
                    "p99_ms": round(bare.share(0.99), 2),
                    "share_of_rate": round(load.rate / bare.rate, 3),
                },
                "direct_rates": [round(first.rate), round(second.rate)],
                "direct_p50_ms": round(direct.share(0.5), 2),
                "direct_p99_ms": round(direct.share(0.99), 2),
                "processors_used": {
                    name: round((used.cpu_s - before[name].cpu_s) / took_s, 2)
                    for name, used in sorted(after.items())
                    if name in before
                },
                "cores": os.cpu_count(),
                "load": round(load_1m, 1),
            }
            tell("requests over HTTP", callers, 64)
            beside = ("the same callers and service without a gate", direct.rate)
            name = f"request.c{callers}.rate"
            yield record(name, load.rate, "requests/s", parameters, peer=beside)
            if callers == 16:
                beside = (beside[0], direct.share(0.99))
                yield record("request.c16.p99", load.share(0.99), "ms", parameters, peer=beside)


@contextmanager
def service() -> Iterator[int]:
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.http_ends", "peer"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        if process.stdout is None:
            raise RuntimeError("no output")
        yield int(process.stdout.readline())
    finally:
        process.terminate()
        process.wait()


@contextmanager
def request_gate(peer: int, secret: str, rate: str = "") -> Iterator[tuple[Trial, int]]:
    """rate: of both lanes, as gate.yaml says it; else the trial's."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = int(one.getsockname()[1])
    text = _POLICY.format(channel=CHANNEL, port=port, peer=peer, key=KEY)
    with tempfile.TemporaryDirectory(prefix="ferrygate-bench-") as folder:
        trial = make_trial(Path(folder) / "gate", "two-way", rate=rate)
        for side in Side:
            schemas = trial.host(side).policies / "schemas"
            schemas.mkdir(exist_ok=True)
            (schemas / "order.json").write_text(json.dumps(SCHEMA), encoding="utf-8")
            add_policy(trial, side, f"40-{CHANNEL}.yaml", text)
        own = trial.host(Side.OUTER).requests / CHANNEL
        own.mkdir(mode=0o700, parents=True)
        (own / "keys").touch(mode=0o600)
        (own / "keys").write_text(f"{KEY} hmac-sha256 {secret}\n", encoding="ascii")
        with running(trial):
            yield trial, port


def until_answered(port: int, secret: str, within_s: float = 30.0) -> None:
    until_s = time.monotonic() + within_s
    while True:
        try:
            load_of(port, 1, 1, secret)
        except subprocess.CalledProcessError:
            if time.monotonic() > until_s:
                raise
            time.sleep(0.3)
        else:
            return


def load_of(port: int, callers: int, count: int, secret: str) -> Load:
    """Raises CalledProcessError where an answer is not what it must be."""
    words = ["callers", str(port), str(callers), str(count), *([secret] if secret else [])]
    done = subprocess.run(
        [sys.executable, "-m", "bench.http_ends", *words],
        capture_output=True,
        text=True,
        check=True,
    )
    said = json.loads(done.stdout)
    return Load(said["rate"], said["took_ms"])
