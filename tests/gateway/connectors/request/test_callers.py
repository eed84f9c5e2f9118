"""Who may call: device certificates, addresses, names; each refusal has a number of its own."""

from __future__ import annotations

import ipaddress
import ssl
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from client.ferrygate_client import Client
from gateway.connectors.request.settings import Listening, ServerTls
from gateway.connectors.request.subject import Caller, Callers, is_named
from gateway.connectors.request.telling import Told
from gateway.errors import Misconfigured
from tests.gateway.connectors.request.certificates import Authority
from tests.gateway.connectors.request.harness import (
    PLAIN,
    MemoryAsker,
    Running,
    exchange,
    problem_in,
    running,
    status_of,
)

HERE = ipaddress.ip_network("127.0.0.0/8")
ELSEWHERE = ipaddress.ip_network("10.9.0.0/24")
CALL = b"GET /fhir/DiagnosticReport/r-1 HTTP/1.1\r\nHost: gate\r\nConnection: close\r\n\r\n"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    made = Authority(tmp_path_factory.mktemp("ca"))
    made.server()
    return made


def listening(authority: Authority, callers: Callers | None = None, **tls: object) -> Listening:
    certificate, key = (
        authority.folder / "server-localhost.pem",
        authority.folder / "server-localhost.key",
    )
    settings = ServerTls(certificate, key, authority.ca, authority.revoked)
    known = callers or Callers(
        (Caller("CN=portal-01"), Caller("CN=portal-02", (ELSEWHERE,))),
        (),
        {"CN=lab-01": "lab-orders"},
    )
    return replace(PLAIN, tls=replace(settings, **tls), callers=known)  # type: ignore[arg-type]


def foreign(authority: Authority, tmp_path: Path) -> tuple[Path, Path]:
    return Authority(tmp_path / "other", "other CA").device("portal-01")


def revoked(authority: Authority, tmp_path: Path) -> tuple[Path, Path]:
    device = authority.device("portal-09")
    authority.revoke("portal-09")
    return device


CASES: dict[str, tuple[Callable[[Authority, Path], tuple[Path, Path] | None], int]] = {
    "none": (lambda a, t: None, 6340),
    "foreign": (foreign, 6341),
    "expired": (lambda a, t: a.device("portal-01", expired=True), 6342),
    "revoked": (revoked, 6343),
    "not yet valid": (lambda a, t: a.device("portal-01", early=True), 6344),
    "a server's": (lambda a, t: a.server("portal-01"), 6344),
    "wrong name": (lambda a, t: a.device("portal-77"), 6345),
    "wrong address": (lambda a, t: a.device("portal-02"), 6346),
    "another channel's": (lambda a, t: a.device("lab-01"), 6347),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_2])
def test_each_certificate_that_is_not_good_has_its_own_reason(
    authority: Authority, tmp_path: Path, case: str, version: ssl.TLSVersion
) -> None:
    make, number = CASES[case]
    context = authority.client_context(make(authority, tmp_path))
    context.maximum_version = version
    asker = MemoryAsker()
    with running(listening(authority, allow_tls_1_2=True), asker) as gate:
        answer = try_to_call(gate, context)
        told = wait_for(gate, "caller.refused")
    authority.revoke()
    assert [one.number for one in told] == [number]
    assert told[0].fields["address"] == "127.0.0.1"
    assert asker.asked == []
    if number in (6345, 6346, 6347):
        assert problem_in(answer)["number"] == f"FG-{number}"
        assert status_of(answer) == 403
    else:
        assert answer == b""


def try_to_call(gate: Running, context: ssl.SSLContext) -> bytes:
    try:
        return exchange(gate.port, CALL, tls=context)
    except (ssl.SSLError, ConnectionError):
        return b""


def wait_for(gate: Running, what: str) -> list[Told]:
    until_s = time.monotonic() + 5
    while time.monotonic() < until_s:
        told = [one for one in gate.journal.told if one.what == what]
        if told:
            return told
        time.sleep(0.02)
    raise AssertionError(f"nothing was told of {what}")


def test_a_good_certificate_is_a_caller(authority: Authority) -> None:
    asker = MemoryAsker()
    context = authority.client_context(authority.device("portal-01", more="A hospital"))
    with running(listening(authority), asker) as gate:
        assert status_of(exchange(gate.port, CALL, tls=context)) == 200
    assert [unit.brought_by for unit, _ in asker.asked] == ["CN=portal-01"]
    told = next(one for one in gate.journal.told if one.what == "call.answered")
    assert told.fields["caller"] == "CN=portal-01"
    assert told.fields["address"] == "127.0.0.1"
    assert told.unit == asker.asked[0][0].number


def test_tls_1_2_and_plain_http_are_turned_away_with_their_reason(authority: Authority) -> None:
    context = authority.client_context(authority.device("portal-01"))
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with running(listening(authority)) as gate:
        assert try_to_call(gate, context) == b""
        assert b"HTTP/1.1 200" not in exchange(gate.port, CALL)
        deadline_s = time.monotonic() + 5
        while len(gate.journal.told) < 2 and time.monotonic() < deadline_s:
            time.sleep(0.02)
    assert gate.journal.numbers("caller.refused") == [6348, 6348]
    assert len({one.fields["reason"] for one in gate.journal.told}) == 2


def test_a_revocation_ends_connections_and_is_in_force_without_a_restart(
    authority: Authority,
) -> None:
    certificate, key = authority.device("portal-01")
    authority.revoke()
    with running(listening(authority)) as gate:
        url = f"https://localhost:{gate.port}"
        with Client(
            url,
            ca=str(authority.ca),
            certificate=str(certificate),
            certificate_key=str(key),
            again_s=0.0,
        ) as caller:
            assert caller.call("GET", "/fhir/DiagnosticReport/r-1").status == 200
            assert gate.source.connections == 1
            authority.revoke("portal-01")
            until_s = time.monotonic() + 6
            while gate.source.connections and time.monotonic() < until_s:
                time.sleep(0.05)
            assert gate.source.connections == 0
            with pytest.raises((OSError, ssl.SSLError)):
                caller.call("POST", "/fhir/DiagnosticReport", b"{}", "application/json")
            assert [one.number for one in wait_for(gate, "caller.refused")] == [6343]
    authority.revoke()


def test_a_stale_revocation_list_lets_nobody_in(authority: Authority) -> None:
    context = authority.client_context(authority.device("portal-01"))
    authority.revoke(stale=True)
    with running(listening(authority)) as gate:
        assert try_to_call(gate, context) == b""
        assert [one.number for one in wait_for(gate, "caller.refused")] == [6349]
    authority.revoke()


def test_without_certificates_an_address_that_is_not_listed_gets_no_connection() -> None:
    with running(replace(PLAIN, callers=Callers((), (ELSEWHERE,)))) as gate:
        assert exchange(gate.port, CALL) == b""
        assert gate.journal.numbers("caller.refused") == [6346]
    with running(replace(PLAIN, callers=Callers((), (HERE,)))) as gate:
        assert status_of(exchange(gate.port, CALL)) == 200


def test_a_revocation_list_with_a_certificate_in_it_is_not_taken(
    authority: Authority, tmp_path: Path
) -> None:
    mixed = tmp_path / "mixed.pem"
    mixed.write_bytes(authority.revoked.read_bytes() + authority.ca.read_bytes())
    with pytest.raises(Misconfigured) as caught, running(listening(authority, revoked=mixed)):
        pass
    assert caught.value.number == 6395


@pytest.mark.parametrize(
    ("name", "subject", "holds"),
    [
        ("CN=a", [("commonName", "a")], True),
        ("CN=a", [("commonName", "A")], False),
        ("CN=a", [("commonName", "a\x00b")], False),
        ("CN=a", [("commonName", "a"), ("organizationName", "o")], True),
        ("CN=a", [("commonName", "a"), ("commonName", "b")], False),
        ("CN=a, O=o", [("commonName", "a"), ("organizationName", "o")], True),
        ("CN=a, O=o", [("commonName", "a")], False),
        ("CN=a, O=o", [("commonName", "a"), ("organizationName", "p")], False),
        ("O=o", [("commonName", "a"), ("organizationName", "o")], False),
        ("key a", [("commonName", "key a")], False),
        ("CN=a", [], False),
    ],
)
def test_names_are_exact(name: str, subject: list[tuple[str, str]], holds: bool) -> None:
    assert is_named(name, [[one] for one in subject]) is holds
