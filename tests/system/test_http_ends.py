"""Sources and sinks follow policy and files: what lacks something stands alone, what stands is left alone."""

from __future__ import annotations

import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.management.layout import Role
from gateway.unit.model import Side
from tests.support.gate import gate, table
from tests.support.http_gate import LAB, ORDERS, HttpGate, http_gate, place

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]
CALL = b"GET /orders/1 HTTP/1.1\r\nHost: gate\r\n\r\n"


@pytest.fixture(scope="module")
def g(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpGate]:
    with http_gate(tmp_path_factory.mktemp("http-ends")) as made:
        made.device("portal-01")
        made.device("lab-01")
        yield made


def connected(g: HttpGate) -> ssl.SSLSocket:
    plain = socket.create_connection(("127.0.0.1", g.ports[ORDERS]), 5)
    tls = g.context(g.device("portal-01"))
    return tls.wrap_socket(plain, server_hostname="localhost")


def asked_on(stream: ssl.SSLSocket) -> bytes:
    stream.sendall(CALL)
    return stream.recv(65536)


def reload(g: HttpGate, side: Side) -> None:
    assert g.gate.signal(side, Role.EDGE, signal.SIGHUP)


@pytest.mark.parametrize(
    ("side", "name", "number"),
    [
        (Side.OUTER, "server.key", 6400),
        (Side.OUTER, "callers-ca.crt", 6401),
        (Side.OUTER, "callers.crl", 6402),
        (Side.INNER, "peer-ca.crt", 6405),
    ],
)
def test_a_channel_without_its_file_raises_an_alarm_and_the_others_go_on(
    g: HttpGate, side: Side, name: str, number: int
) -> None:
    file = g.gate.trial.host(side).requests / LAB / name
    content = file.read_bytes()
    with connected(g) as stream:
        assert b" 200 " in asked_on(stream)
        file.unlink()
        try:
            reload(g, side)
            g.gate.until(lambda: number in g.gate.alarms(side), "the alarm stands", 15)
            # The connection of another channel was there before, and is there still.
            assert b" 200 " in asked_on(stream)
        finally:
            place(file, content)
        g.gate.until(lambda: number not in g.gate.alarms(side), "it is taken up again", 15)
    with g.portal("lab-01", LAB) as lab:
        assert lab.call("GET", "/orders/1").status == 200


def test_a_changed_and_a_removed_channel_touch_no_other(g: HttpGate) -> None:
    files = [g.gate.trial.host(side).policies / f"40-{LAB}.yaml" for side in Side]
    texts = [file.read_text() for file in files]
    with connected(g) as stream:
        assert b" 200 " in asked_on(stream)
        for file in files:
            file.unlink()
        for side in Side:
            for role in (Role.GUARD, Role.EDGE):
                assert g.gate.signal(side, role, signal.SIGHUP)

        def listens() -> bool:
            with socket.socket() as one:
                return one.connect_ex(("127.0.0.1", g.ports[LAB])) == 0

        g.gate.until(lambda: not listens(), "it listens no more", 15)
        assert b" 200 " in asked_on(stream)
        for file, text in zip(files, texts, strict=True):
            file.write_text(text)
        for side in Side:
            for role in (Role.GUARD, Role.EDGE):
                assert g.gate.signal(side, role, signal.SIGHUP)
        g.gate.until(listens, "it listens again", 15)
        assert b" 200 " in asked_on(stream)


def test_plain_http_listens_on_loopback_only(g: HttpGate) -> None:
    from gateway.errors import Misconfigured
    from gateway.management.wiring.request_files import listening_of
    from gateway.policy.load import load_set

    host = g.gate.trial.host(Side.OUTER)
    file = host.policies / "50-plain.yaml"
    text = (
        (host.policies / f"40-{ORDERS}.yaml")
        .read_text()
        .replace("channel: orders", "channel: plain")
    )
    text = text.replace(f"https on 127.0.0.1:{g.ports[ORDERS]}", "http on 192.0.2.1:8080")
    text = text.replace("[CN=portal-01, CN=portal-02]", "[key portal-01]\n  signed: every request")
    file.write_text(text)
    try:
        channel = next(c for c in load_set(host.policies).of_requests if c.name == "plain")
        with pytest.raises(Misconfigured) as found:
            listening_of(channel, host.requests / "plain", {})
        assert found.value.number == 6407
    finally:
        file.unlink()


def test_an_edge_of_a_one_way_gate_loads_no_http(tmp_path: Path) -> None:
    with gate(tmp_path, "one-way") as made:
        made.drop("a.csv", table(2000))
        made.until_inside({"a.csv"})
        for side in Side:
            pid = made.pid(side, Role.EDGE)
            loaded = Path(f"/proc/{pid}/maps").read_text()
            # The parser in C is a library of its own: it stands in the map of whoever has loaded it.
            assert "_http_parser" not in loaded
    for host in ("outer", "inner"):
        code = (
            f"import {host}.edge, sys; names = ('aiohttp', 'gateway.connectors.request')\n"
            "assert not [name for name in sys.modules if name.startswith(names)]"
        )
        subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_an_edge_that_uses_it_has_the_parser_mapped(g: HttpGate) -> None:
    """What the test before looks for is there where it must be."""
    maps = Path(f"/proc/{g.gate.pid(Side.OUTER, Role.EDGE)}/maps").read_text()
    assert "_http_parser" in maps
