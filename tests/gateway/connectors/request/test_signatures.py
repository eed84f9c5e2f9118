"""Signed requests: what the client signs is taken once; anything else is refused by its own number."""

from __future__ import annotations

import base64
import hashlib
import re
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from client.ferrygate_client import Client, Ed25519Key, HmacKey, signed_headers
from gateway.connectors.request.head import read_head
from gateway.connectors.request.secret_files import Algorithm, Key, read_credential, read_keys
from gateway.connectors.request.settings import Listening
from gateway.connectors.request.signature import Signatures, Signing
from gateway.connectors.request.subject import Caller, Callers
from gateway.errors import GatewayError, Misconfigured
from tests.gateway.connectors.request.harness import (
    PLAIN,
    MemoryAsker,
    exchange,
    problem_in,
    running,
    status_of,
)

SECRET = base64.b64encode(bytes(range(32))).decode()
# Long past at the start of each test, so that signatures of now are after it.
EARLIER_S = -1000.0
TARGET = "/fhir/DiagnosticReport?patient=a%20b&date=2026-01-05"


class RealKeys:
    """What wiring gives from gateway.identity."""

    def holds(self, public_key: bytes, signature: bytes, message: bytes) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
        except InvalidSignature:
            return False
        return True


def signatures(now_s: float, signing: Signing | None = None) -> Signatures:
    keys = {"portal-01": Key(Algorithm.HMAC_SHA256, bytes(range(32)), "key portal-01")}
    return Signatures(keys, signing or Signing(), now_s + EARLIER_S, None)


def head(method: str = "GET", target: str = TARGET, **headers: str) -> bytes:
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"{method} {target} HTTP/1.1\r\nHost: gate\r\n{lines}\r\n".encode()


def signed(content: bytes = b"", target: str = TARGET, at_s: float | None = None) -> dict[str, str]:
    signer = HmacKey("portal-01", SECRET)
    made = signed_headers(signer, "GET", target, content, clock=lambda: at_s or time.time())
    return {name.replace("-", "_"): value for name, value in made.items()}


def number_of(check: Callable[[], object]) -> int:
    with pytest.raises(GatewayError) as caught:
        check()
    return caught.value.number


def test_what_the_client_signs_holds_once() -> None:
    now_s = time.time()
    checker, made = signatures(now_s), read_head(head(**signed()))
    assert checker.check(made, now_s).caller == "key portal-01"
    assert number_of(lambda: checker.check(made, now_s + 1)) == 6355
    # Past its window it is too old, and its nonce may be forgotten.
    assert number_of(lambda: checker.check(made, now_s + 100)) == 6354


def test_the_base_is_that_of_the_standard() -> None:
    """RFC 9421 section 2.5, computed here by hand."""
    headers = signed(b"{}", "/x")
    made = read_head(head(target="/x", **headers))
    parameters = headers["Signature_Input"].removeprefix("gate=")
    digest = base64.b64encode(hashlib.sha256(b"{}").digest()).decode()
    base = (
        '"@method": GET\n"@path": /x\n"@query": ?\n'
        f'"content-digest": sha-256=:{digest}:\n"@signature-params": {parameters}'
    )
    from gateway.connectors.request.signature import signed_text

    assert signed_text(made, headers["Content_Digest"], parameters) == base.encode()


@pytest.mark.parametrize(
    ("change", "number"),
    [
        (lambda h: {k: v for k, v in h.items() if k != "Signature"}, 6350),
        (lambda h: {k: v for k, v in h.items() if k != "Content_Digest"}, 6350),
        (lambda h: {**h, "Signature": h["Signature"].replace("gate=", "sig1=")}, 6351),
        (lambda h: {**h, "Signature": "gate=:AAAA:"}, 6351),
        (lambda h: {**h, "Signature": "gate=:" + "A" * 43 + "=:"}, 6353),
        (lambda h: {**h, "Signature": "gate=:" + "A" * 42 + "B=:"}, 6351),
        (lambda h: {**h, "Signature_Input": h["Signature_Input"] + ";alg=rsa"}, 6351),
        (lambda h: {**h, "Signature_Input": h["Signature_Input"] + ';tag="x"'}, 6351),
        (lambda h: {**h, "Signature_Input": h["Signature_Input"].replace('"@query" ', "")}, 6351),
        (lambda h: {**h, "Signature_Input": h["Signature_Input"] + ";created=1"}, 6351),
        (lambda h: {**h, "Signature_Input": h["Signature_Input"] + ", b=()"}, 6351),
        (lambda h: {**h, "Signature_Input": re.sub('nonce="[^"]*', 'nonce="a', h["Signature_Input"])}, 6351),
        (lambda h: {**h, "Signature_Input": re.sub("[0-9]{10}", "9999999999", h["Signature_Input"])}, 6353),
        (lambda h: {**h, "Signature_Input": h["Signature_Input"].replace("portal-01", "portal-02")}, 6352),
        (lambda h: {**h, "Content_Digest": "sha-256=:" + "A" * 43 + "=:"}, 6353),
        (lambda h: {**h, "Content_Digest": "md5=:" + "A" * 43 + "=:"}, 6351),
    ],
)  # fmt: skip
def test_what_is_changed_is_refused(
    change: Callable[[dict[str, str]], dict[str, str]], number: int
) -> None:
    now_s = time.time()
    made = read_head(head(**change(signed())))
    assert number_of(lambda: signatures(now_s).check(made, now_s)) == number


@pytest.mark.parametrize("at_s", [-61, 3, -3600, 3600])
def test_a_time_out_of_the_window_is_refused(at_s: float) -> None:
    now_s = float(int(time.time()))
    made = read_head(head(**signed(at_s=now_s + at_s)))
    assert number_of(lambda: signatures(now_s).check(made, now_s)) == 6354


def test_other_method_path_and_query_do_not_hold() -> None:
    now_s = time.time()
    for method, target in (("DELETE", TARGET), ("GET", "/fhir/X"), ("GET", TARGET + "&x=1")):
        made = read_head(head(method, target, **signed()))
        assert number_of(lambda made=made: signatures(now_s).check(made, now_s)) == 6353  # type: ignore[misc]


def test_what_was_signed_before_the_start_waits() -> None:
    """An earlier run may have taken it: its nonces are gone with it."""
    now_s = float(int(time.time()))
    checker = Signatures(
        {"portal-01": Key(Algorithm.HMAC_SHA256, bytes(range(32)), "c")}, Signing(), now_s, None
    )
    assert number_of(lambda: checker.check(read_head(head(**signed(at_s=now_s))), now_s)) == 6359
    assert checker.check(read_head(head(**signed(at_s=now_s + 3))), now_s + 3).caller == "c"


def test_nonces_are_bounded_and_none_is_forgotten_early() -> None:
    now_s = time.time()
    checker = signatures(now_s, Signing(most_nonces=3))
    first = read_head(head(**signed()))
    checker.check(first, now_s)
    for _ in range(2):
        checker.check(read_head(head(**signed())), now_s)
    assert number_of(lambda: checker.check(read_head(head(**signed())), now_s)) == 6357
    assert number_of(lambda: checker.check(first, now_s)) == 6355
    later_s = now_s + 70
    assert checker.check(read_head(head(**signed(at_s=later_s))), later_s)


def keys_file(folder: Path, text: str, mode: int = 0o600) -> Path:
    file = folder / "keys"
    file.write_text(text)
    file.chmod(mode)
    return file


def listening(file: Path, *callers: str) -> Listening:
    known = Callers(tuple(Caller(name) for name in callers))
    return replace(PLAIN, keys=file, callers=known, signing=Signing(ahead_s=0.0))


def test_signed_calls_over_a_real_connection(tmp_path: Path) -> None:
    private = Ed25519PrivateKey.generate()
    public = base64.b64encode(private.public_key().public_bytes_raw()).decode()
    file = keys_file(
        tmp_path,
        f"# callers\nportal-01 hmac-sha256 {SECRET}\nportal-02 ed25519 {public} CN=portal-02\n",
    )
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    asker = MemoryAsker()
    settings = listening(file, "key portal-01", "CN=portal-02")
    with running(settings, asker, public=RealKeys()) as gate:
        time.sleep(1.1)
        url = f"http://127.0.0.1:{gate.port}"
        signer: HmacKey | Ed25519Key = HmacKey("portal-01", SECRET)
        with Client(url, signer=signer) as caller:
            assert caller.call("GET", "/fhir/DiagnosticReport/r-1").status == 200
            reply = caller.call("POST", "/fhir/DiagnosticReport", b'{"a": 1}', "application/json")
            assert reply.status == 200
            assert reply.unit
        with Client(url, signer=Ed25519Key("portal-02", pem)) as caller:
            assert caller.call("GET", "/fhir/DiagnosticReport?patient=p-1").status == 200
        with Client(url, signer=Ed25519Key("portal-01", pem)) as caller:
            assert caller.call("GET", "/fhir/DiagnosticReport/r-1").json()["number"] == "FG-6353"
        with Client(url) as caller:
            reply = caller.call("GET", "/fhir/DiagnosticReport/r-1")
            assert (reply.status, reply.json()["number"]) == (401, "FG-6350")
            assert reply.headers["www-authenticate"] == "Signature"
        # The same bytes a second time, and another body under the same signature.
        said = signed_headers(HmacKey("portal-01", SECRET), "POST", "/fhir/DiagnosticReport", b"{}")
        lines = "".join(f"{name}: {value}\r\n" for name, value in said.items())
        start = "POST /fhir/DiagnosticReport HTTP/1.1\r\nHost: gate\r\nConnection: close\r\n"
        rest = "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n"
        once = f"{start}{lines}{rest}".encode()
        assert status_of(exchange(gate.port, once + b"{}")) == 200
        assert problem_in(exchange(gate.port, once + b"{}"))["number"] == "FG-6355"
        said = signed_headers(HmacKey("portal-01", SECRET), "POST", "/fhir/DiagnosticReport", b"{}")
        lines = "".join(f"{name}: {value}\r\n" for name, value in said.items())
        changed = f"{start}{lines}{rest}".encode() + b"[]"
        assert problem_in(exchange(gate.port, changed))["number"] == "FG-6356"
    assert [unit.brought_by for unit, _ in asker.asked] == [
        "key portal-01",
        "key portal-01",
        "CN=portal-02",
        "key portal-01",
    ]


def test_a_key_that_the_channel_does_not_name_is_no_caller(tmp_path: Path) -> None:
    file = keys_file(tmp_path, f"portal-01 hmac-sha256 {SECRET}\n")
    settings = listening(file, "key other")
    with running(settings) as gate:
        time.sleep(1.1)
        signer = HmacKey("portal-01", SECRET)
        with Client(f"http://127.0.0.1:{gate.port}", signer=signer) as caller:
            reply = caller.call("GET", "/fhir/DiagnosticReport/r-1")
            assert (reply.status, reply.json()["number"]) == (403, "FG-6345")


@pytest.mark.parametrize(
    ("text", "mode", "number"),
    [
        (f"portal-01 hmac-sha256 {SECRET}\n", 0o640, 6393),
        (f"portal-01 hmac-sha256 {SECRET}\n", 0o604, 6393),
        ("portal-01 hmac-sha256 c2hvcnQ=\n", 0o600, 6394),
        ("portal-01 hmac-md5 c2hvcnQ=\n", 0o600, 6394),
        ("portal-01 ed25519 c2hvcnQ=\n", 0o600, 6394),
        ("portal-01\n", 0o600, 6394),
        (f"a hmac-sha256 {SECRET}\na hmac-sha256 {SECRET}\n", 0o600, 6394),
    ],
)
def test_a_file_of_keys_is_strict(tmp_path: Path, text: str, mode: int, number: int) -> None:
    file = keys_file(tmp_path, text, mode)
    assert number_of(lambda: read_keys(file)) == number


def test_a_file_of_keys_is_no_link(tmp_path: Path) -> None:
    file = keys_file(tmp_path, f"portal-01 hmac-sha256 {SECRET}\n")
    link = tmp_path / "link"
    link.symlink_to(file)
    assert number_of(lambda: read_keys(link)) == 6393


def test_ed25519_without_its_verification_does_not_start(tmp_path: Path) -> None:
    file = keys_file(tmp_path, f"portal-01 ed25519 {SECRET}\n")
    with pytest.raises(Misconfigured) as caught, running(listening(file)):
        pass
    assert caught.value.number == 6398


def test_secrets_of_sinks(tmp_path: Path) -> None:
    file = keys_file(
        tmp_path,
        "fhir bearer abc\nlab basic u p:w\npacs header X-Api-Key k\n",
    )
    assert read_credential(file, "fhir").value == "Bearer abc"
    assert read_credential(file, "lab").value == "Basic " + base64.b64encode(b"u:p:w").decode()
    assert read_credential(file, "pacs").header == "X-Api-Key"
    assert "abc" not in repr(read_credential(file, "fhir"))
    assert number_of(lambda: read_credential(file, "none")) == 6397
    file = keys_file(tmp_path, "x header Host other\n")
    assert number_of(lambda: read_credential(file, "x")) == 6394
