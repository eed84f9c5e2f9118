"""Root, issuing CA, devices by request: OpenSSL accepts what is right, and only that."""

from __future__ import annotations

import subprocess
from base64 import encodebytes
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.errors import Misconfigured
from gateway.identity.authority import (
    Authority,
    issue,
    make_request,
    new_issuing,
    new_root,
    open_authority,
    revoke,
)
from gateway.identity.certificates import Purpose, is_for, name_of, pem_of, signed_list
from gateway.identity.instants import DAY_NS, SECOND_NS
from gateway.identity.names import DeviceName
from gateway.identity.suites import DEFAULT
from tests.support.keys import NOW_NS

NAME = DeviceName("hospital-a", "outer")


@pytest.fixture(scope="module")
def root() -> Authority:
    return new_root("hospital-a", NOW_NS)


@pytest.fixture(scope="module")
def issuing(root: Authority) -> Authority:
    return new_issuing(root, "hospital-a", NOW_NS)


def device(issuing: Authority, purpose: Purpose = Purpose.CLEARANCE) -> x509.Certificate:
    request = make_request(DEFAULT.new_signer(), NAME)
    return issue(issuing, request, NAME, purpose, NOW_NS)


def openssl(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    at = str(NOW_NS // SECOND_NS)
    command = ["openssl", "verify", "-x509_strict", "-attime", at, *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def write(folder: Path, **certificates: x509.Certificate | x509.CertificateRevocationList) -> None:
    for name, certificate in certificates.items():
        (folder / name).write_bytes(pem_of(certificate))


def test_openssl_accepts_the_chain_in_strict_mode(
    tmp_path: Path, root: Authority, issuing: Authority
) -> None:
    write(tmp_path, root=root.certificate, issuing=issuing.certificate)
    for purpose in Purpose:
        write(tmp_path, device=device(issuing, purpose))
        result = openssl(tmp_path, "-CAfile", "root", "-untrusted", "issuing", "device")
        assert result.returncode == 0, result.stderr
    result = openssl(tmp_path, "-CAfile", "root", "issuing")
    assert result.returncode == 0, result.stderr


def test_openssl_sees_a_revoked_certificate(
    tmp_path: Path, root: Authority, issuing: Authority
) -> None:
    good, bad = device(issuing), device(issuing)
    revocations = revoke(issuing, None, [bad.serial_number], NOW_NS)
    write(tmp_path, root=root.certificate, issuing=issuing.certificate, crl=revocations)
    write(tmp_path, good=good, bad=bad)
    checks = ["-CAfile", "root", "-untrusted", "issuing", "-crl_check", "-CRLfile", "crl"]
    assert openssl(tmp_path, *checks, "good").returncode == 0
    assert "certificate revoked" in openssl(tmp_path, *checks, "bad").stderr


def test_a_device_cannot_issue(tmp_path: Path, root: Authority, issuing: Authority) -> None:
    below = new_issuing(issuing, "too-deep", NOW_NS)
    leaf = device(below)
    (tmp_path / "chain").write_bytes(pem_of(issuing.certificate) + pem_of(below.certificate))
    write(tmp_path, root=root.certificate, leaf=leaf)
    result = openssl(tmp_path, "-CAfile", "root", "-untrusted", "chain", "leaf")
    assert result.returncode != 0
    assert "path length" in result.stderr


def test_a_device_certificate_says_name_purpose_and_ninety_days(issuing: Authority) -> None:
    certificate = device(issuing)
    assert name_of(certificate) == NAME
    assert is_for(certificate, Purpose.CLEARANCE)
    assert not is_for(certificate, Purpose.CLIENT)
    lasts = certificate.not_valid_after_utc.timestamp() - NOW_NS // SECOND_NS
    assert lasts == 90 * DAY_NS // SECOND_NS
    critical = {type(e.value) for e in certificate.extensions if e.critical}
    assert critical == {x509.BasicConstraints, x509.KeyUsage, x509.ExtendedKeyUsage}


def test_a_list_keeps_what_the_list_before_held(issuing: Authority, root: Authority) -> None:
    first = revoke(issuing, None, [11], NOW_NS)
    second = revoke(issuing, first, [12, 11], NOW_NS + DAY_NS)
    assert sorted(r.serial_number for r in second) == [11, 12]
    assert signed_list(second, issuing.certificate)
    assert not signed_list(second, root.certificate)


def test_a_request_for_another_name_is_not_signed(issuing: Authority) -> None:
    request = make_request(DEFAULT.new_signer(), DeviceName("hospital-a", "inner"))
    with pytest.raises(Misconfigured) as caught:
        issue(issuing, request, NAME, Purpose.CLEARANCE, NOW_NS)
    assert caught.value.number == 4011


def test_a_request_changed_on_the_way_is_not_signed(issuing: Authority) -> None:
    request = x509.load_pem_x509_csr(make_request(DEFAULT.new_signer(), NAME))
    der = bytearray(request.public_bytes(Encoding.DER))
    der[-1] ^= 1
    pem = b"-----BEGIN CERTIFICATE REQUEST-----\n" + encodebytes(bytes(der))
    pem += b"-----END CERTIFICATE REQUEST-----\n"
    for untrusted in (pem, b"", b"nothing", pem[:80]):
        with pytest.raises(Misconfigured) as caught:
            issue(issuing, untrusted, NAME, Purpose.CLEARANCE, NOW_NS)
        assert caught.value.number == 4011


def test_an_authority_is_opened_from_its_folder(tmp_path: Path, root: Authority) -> None:
    (tmp_path / "root.key").write_bytes(root.key_pem)
    (tmp_path / "root.key").chmod(0o600)
    write(tmp_path, **{"root.crt": root.certificate})
    assert open_authority(tmp_path, "root").certificate == root.certificate
    write(tmp_path, **{"root.crt": new_root("other", NOW_NS).certificate})
    with pytest.raises(Misconfigured) as caught:
        open_authority(tmp_path, "root")
    assert caught.value.number == 4005


@pytest.mark.parametrize("name", ["", "-a", "a-", "A", "a b", "a/b", "a.b", "a" * 53, "医院"])
def test_what_cannot_be_a_name_is_said(name: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        DeviceName(name, "outer")
    assert caught.value.number == 4012
