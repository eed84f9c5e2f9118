"""Requests end to end: callers and peers as they are, a two-way gate of real processes between them."""

from __future__ import annotations

import json
import os
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests as http

from client.ferrygate_client import HmacKey, signed_headers
from gateway.audit.status import read_status
from gateway.management.layout import Role
from gateway.unit.model import Side
from tests.gateway.connectors.request.certificates import Authority
from tests.gateway.connectors.request.harness import exchange, problem_in, status_of
from tests.support.http_gate import LAB, ORDERS, REPORTS, TOKEN, HttpGate, http_gate, place

pytestmark = [pytest.mark.system, pytest.mark.timeout(240)]

READ = "/fhir/DiagnosticReport/test-1"
# Nothing of these may be found at a peer.
MARKERS = ("caller-cookie-7781", "outer-host-name", "198.51.100.77", "127.0.0.1", "CN=", "portal")


@pytest.fixture(scope="module")
def g(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpGate]:
    with http_gate(tmp_path_factory.mktemp("http")) as made:
        # Signatures of before the source's start are not taken (2 s).
        with made.portal() as portal:
            made.gate.until(
                lambda: portal.call("GET", READ).status == 200, "signatures are taken", 20
            )
        yield made


def test_a_report_is_read_and_what_the_policy_removes_is_gone(g: HttpGate) -> None:
    g.fhir.seen.clear()
    with g.portal() as portal:
        reply = portal.call("GET", READ)
        assert reply.status == 200, reply.content
        report = reply.json()
        assert (report["resourceType"], report["id"]) == ("DiagnosticReport", "test-1")
        assert report["subject"] == {"reference": "Patient/p-1"}
        assert "performer" not in report
        assert not {"set-cookie", "x-powered-by", "via"} & set(reply.headers)
        listed = portal.call("GET", "/fhir/DiagnosticReport?patient=p-1&date=2026-01-05")
        assert listed.status == 200 and listed.json()["entry"], listed.content
        assert portal.call("GET", "/fhir/DiagnosticReport/nobody").status == 404
        for target, status in (
            ("/fhir/Patient/p-1", 404),
            ("/fhir/DiagnosticReport?name=li", 400),
            ("/fhir/DiagnosticReport/../Patient/1", 400),
        ):
            assert portal.call("GET", target).status == status, target
        assert (
            portal.call("POST", "/fhir/DiagnosticReport", b"{}", "application/json").status == 404
        )
    assert [(one.method, one.raw) for one in g.fhir.seen] == [
        ("GET", READ),
        ("GET", "/fhir/DiagnosticReport?patient=p-1&date=2026-01-05"),
        ("GET", "/fhir/DiagnosticReport/nobody"),
    ]
    assert all(("Authorization", f"Bearer {TOKEN}") in one.headers for one in g.fhir.seen)


def test_an_answer_of_another_resource_type_is_refused(g: HttpGate) -> None:
    with g.portal() as portal:
        reply = portal.call("GET", "/fhir/DiagnosticReport/not-a-report")
    assert reply.status == 502
    assert b"Patient" not in reply.content
    g.gate.until(lambda: g.gate.events(Side.INNER, "answer.refused"), "the inner guard refuses it")
    refused = g.gate.events(Side.INNER, "answer.refused")[-1]
    assert refused.fields["word"] == "answers"


def test_requests_unsigned_or_repeated_are_refused(g: HttpGate) -> None:
    context = g.context(g.device("portal-01"))
    plain = f"GET {READ} HTTP/1.1\r\nHost: gate\r\nConnection: close\r\n".encode()
    answer = exchange(g.ports[REPORTS], plain + b"\r\n", tls=context)
    assert (status_of(answer), problem_in(answer)["number"]) == (401, "FG-6350")
    signed = signed_headers(HmacKey("portal-01", g.secret), "GET", READ)
    lines = "".join(f"{name}: {value}\r\n" for name, value in signed.items()).encode()
    assert status_of(exchange(g.ports[REPORTS], plain + lines + b"\r\n", tls=context)) == 200
    answer = exchange(g.ports[REPORTS], plain + lines + b"\r\n", tls=context)
    assert status_of(answer) == 401


def test_curl_and_python_requests_call_unchanged_but_for_the_address(
    g: HttpGate, tmp_path: Path
) -> None:
    certificate, key = g.device("portal-01")
    g.service.seen.clear()
    order = json.dumps({"test": "CBC", "for": "p-1"})
    curl = subprocess.run(
        ["curl", "-sS", "--cacert", g.authority.ca, "--cert", certificate, "--key", key,
         "-H", "Content-Type: application/json", "-H", "Cookie: caller-cookie-7781",
         "-H", "X-Forwarded-For: 198.51.100.77", "-H", "X-Trace: outer-host-name",
         "-w", "\n%{http_code}", "--data-binary", order, f"{g.url(ORDERS)}/orders/1"],
        capture_output=True, text=True, timeout=20, check=False,
    )  # fmt: skip
    assert curl.stdout == f"{order}\n200", (curl.stdout, curl.stderr)
    with http.Session() as session:
        session.cert, session.verify = (str(certificate), str(key)), str(g.authority.ca)
        session.trust_env = False
        session.cookies.set("session", "caller-cookie-7781")
        session.headers["Forwarded"] = "for=198.51.100.77;host=outer-host-name"
        for count in range(5):
            url = f"{g.url(ORDERS)}/orders/{count}"
            posted = session.post(url, json={"n": count}, timeout=10)
            assert (posted.status_code, posted.json()) == (200, {"n": count})
            assert session.get(url, timeout=10).json() == {"a": 1}
    assert len(g.service.seen) == 11
    for seen in g.service.seen:
        assert [v for n, v in seen.headers if n == "Host"] == [f"localhost:{g.service.port}"]
        text = f"{seen.raw} {seen.headers} {seen.content!r}"
        assert [marker for marker in MARKERS if marker in text] == []
        assert {n for n, _ in seen.headers} <= {
            "Host", "Accept", "Accept-Encoding", "Content-Type", "Content-Length"
        }  # fmt: skip


def foreign(g: HttpGate, tmp_path: Path) -> tuple[Path, Path]:
    return Authority(tmp_path / "other", "other CA").device("portal-01")


def revoked(g: HttpGate, tmp_path: Path) -> tuple[Path, Path]:
    device = g.authority.device("portal-09")
    g.authority.revoke("portal-09")
    list_of_channel = g.gate.trial.host(Side.OUTER).requests / ORDERS / "callers.crl"
    list_of_channel.write_bytes(g.authority.revoked.read_bytes())
    # Looked at every two seconds.
    time.sleep(2.8)
    return device


CERTIFICATES: dict[
    str, tuple[Callable[[HttpGate, Path], tuple[Path, Path] | None], str, str, int]
] = {
    "none": (lambda g, t: None, ORDERS, "127.0.0.1", 6340),
    "foreign": (foreign, ORDERS, "127.0.0.1", 6341),
    "expired": (
        lambda g, t: g.authority.device("portal-01", expired=True), ORDERS, "127.0.0.1", 6342,
    ),
    "revoked": (revoked, ORDERS, "127.0.0.1", 6343),
    "wrong name": (lambda g, t: g.device("portal-77"), ORDERS, "127.0.0.1", 6345),
    "right name, wrong address": (
        lambda g, t: g.device("portal-02"), REPORTS, "127.0.0.99", 6346,
    ),
    "another channel's": (lambda g, t: g.device("lab-01"), ORDERS, "127.0.0.1", 6347),
    "another channel's, there": (lambda g, t: g.device("portal-02"), LAB, "127.0.0.1", 6347),
}  # fmt: skip


@pytest.mark.parametrize("case", CERTIFICATES)
def test_each_certificate_that_is_not_good_has_its_own_reason_in_the_journal(
    g: HttpGate, tmp_path: Path, case: str
) -> None:
    make, channel, address, number = CERTIFICATES[case]
    context = g.context(make(g, tmp_path))
    before, seen = len(g.gate.events(Side.OUTER, "caller.refused")), len(g.service.seen)
    call = b"GET /orders/1 HTTP/1.1\r\nHost: gate\r\nConnection: close\r\n\r\n"
    answer = b""
    try:
        with (
            socket.create_connection(
                ("127.0.0.1", g.ports[channel]), 5, source_address=(address, 0)
            ) as plain,
            context.wrap_socket(plain, server_hostname="localhost") as stream,
        ):
            stream.sendall(call)
            answer = stream.recv(65536)
    except (ssl.SSLError, ConnectionError):
        pass
    g.gate.until(
        lambda: len(g.gate.events(Side.OUTER, "caller.refused")) > before,
        "it is in the journal",
        10,
    )
    told = g.gate.events(Side.OUTER, "caller.refused")[before:]
    assert [(one.number, one.channel) for one in told] == [(number, channel)]
    assert told[0].fields["address"] == address
    assert status_of(answer) in (0, 403)
    assert len(g.service.seen) == seen


def test_each_call_stands_in_the_journal_of_the_edge(g: HttpGate) -> None:
    with g.portal(channel=ORDERS) as portal:
        reply = portal.call("GET", "/orders/5")
    assert reply.status == 200

    def answered() -> list[str]:
        return [str(r.fields["caller"]) for r in g.gate.events(Side.OUTER, "call.answered")]

    g.gate.until(lambda: "CN=portal-01" in answered(), "the call is in the journal", 5)
    assert g.gate.cli(Side.OUTER, "audit", "verify").returncode == 0


@pytest.mark.parametrize("side", list(Side))
def test_who_is_woken_drives_out_no_other_process_of_the_gate(g: HttpGate, side: Side) -> None:
    found = {one.process: one.pid for one in read_status(g.gate.trial.host(side).run)}
    policies = {role: os.sched_getscheduler(found[role]) for role in Role}
    assert policies == dict.fromkeys(Role, os.SCHED_BATCH)


@pytest.mark.parametrize("side", list(Side))
def test_doctor_knows_the_files_of_channels(g: HttpGate, side: Side) -> None:
    def found() -> list[tuple[str, int]]:
        answer = g.gate.cli(side, "doctor", "--json")
        findings = json.loads(answer.stdout)["hosts"][0]["findings"]
        return [(o["state"], o["number"]) for o in findings if o["check"] == "requests"]

    assert found() == [("ok", 6410)]
    name = "server.crt" if side is Side.OUTER else "peer-ca.crt"
    file = g.gate.trial.host(side).requests / LAB / name
    content = file.read_bytes()
    try:
        file.unlink()
        assert found() == [("stop", 6400 if side is Side.OUTER else 6405), ("ok", 6410)]
    finally:
        place(file, content)
