"""Whose units are taken: each way not to be trusted has a number of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from gateway.errors import Misconfigured, Refused, Unavailable
from gateway.identity.authority import (
    Authority,
    issue,
    load_certificate,
    make_request,
    new_issuing,
    new_root,
    open_authority,
    revoke,
)
from gateway.identity.certificates import Purpose, certificate_id, issued_by, pem_of
from gateway.identity.instants import DAY_NS
from gateway.identity.names import DeviceName
from gateway.identity.suites import DEFAULT
from gateway.identity.trust import Issuer, Trust, load_trust
from gateway.unit.model import Side
from tests.support.keys import NOW_NS, GateKeys

OUTER = DeviceName("hospital-a", "outer")


def certificate_of(
    issuing: Authority, name: DeviceName = OUTER, purpose: Purpose = Purpose.CLEARANCE
) -> tuple[bytes, bytes]:
    """A new device certificate: PEM and identifier."""
    certificate = issue(issuing, make_request(DEFAULT.new_signer(), name), name, purpose, NOW_NS)
    return pem_of(certificate), certificate_id(certificate)


@pytest.fixture
def folder(tmp_path: Path, gate: GateKeys) -> Path:
    """A copy of the inner host's trust, to be spoilt."""
    return Path(shutil.copytree(gate.trust_folder(Side.INNER), tmp_path / "trust"))


@pytest.fixture
def issuing(gate: GateKeys) -> Authority:
    return open_authority(gate.root / "issuing", "issuing")


def verdict(folder: Path, identifier: bytes, at_ns: int = NOW_NS) -> int:
    with pytest.raises((Refused, Unavailable)) as caught:
        load_trust(folder, OUTER).signer(identifier, at_ns)
    return caught.value.number


def test_the_other_guard_of_the_gate_is_trusted(gate: GateKeys) -> None:
    identity = gate.identity(Side.OUTER)
    verifier = gate.trust(Side.INNER).signer(identity.identifier, NOW_NS)
    assert verifier.pem == identity.signer.verifier.pem


def test_a_certificate_that_nobody_carried_here_is_unknown(
    folder: Path, issuing: Authority
) -> None:
    _, identifier = certificate_of(issuing)
    assert verdict(folder, identifier) == 4110


def test_a_certificate_of_another_root_is_foreign(folder: Path) -> None:
    # The same names, another key.
    other_root = new_root("hospital-a", NOW_NS)
    other = new_issuing(other_root, "hospital-a", NOW_NS)
    pem, identifier = certificate_of(other)
    (folder / "peers" / "other.crt").write_bytes(pem)
    assert verdict(folder, identifier) == 4111


def test_an_issuing_ca_of_another_root_lends_no_trust(folder: Path) -> None:
    other = new_issuing(new_root("hospital-a", NOW_NS), "hospital-a", NOW_NS)
    pem, identifier = certificate_of(other)
    (folder / "peers" / "other.crt").write_bytes(pem)
    (folder / "issuing-2.crt").write_bytes(pem_of(other.certificate))
    (folder / "issuing-2.crl").write_bytes(pem_of(revoke(other, None, [], NOW_NS)))
    assert verdict(folder, identifier) == 4111


def test_a_second_issuing_ca_of_our_root_does(folder: Path, gate: GateKeys) -> None:
    second = new_issuing(open_authority(gate.root / "root", "root"), "hospital-a", NOW_NS)
    pem, identifier = certificate_of(second)
    (folder / "peers" / "new.crt").write_bytes(pem)
    assert verdict(folder, identifier) == 4111
    (folder / "issuing-2.crt").write_bytes(pem_of(second.certificate))
    (folder / "issuing-2.crl").write_bytes(pem_of(revoke(second, None, [], NOW_NS)))
    verifier = load_trust(folder, OUTER).signer(identifier, NOW_NS)
    its_own = DEFAULT.verifier_of(load_certificate(folder / "peers" / "new.crt"))
    assert its_own is not None
    assert verifier.pem == its_own.pem


def test_a_device_certificate_cannot_stand_as_issuing_ca(issuing: Authority) -> None:
    # A device signs a certificate with its own key: the signature holds, the right is missing.
    device_key, victim = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    signer = DEFAULT.load_signer(
        device_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    device = issue(issuing, make_request(signer, OUTER), OUTER, Purpose.CLEARANCE, NOW_NS)
    forged = (
        x509.CertificateBuilder()
        .subject_name(device.subject)
        .issuer_name(device.subject)
        .public_key(victim.public_key())
        .serial_number(1)
        .not_valid_before(device.not_valid_before_utc)
        .not_valid_after(device.not_valid_after_utc)
        .sign(device_key, None)
    )
    forged.verify_directly_issued_by(device)
    assert not issued_by(forged, device)
    assert issued_by(device, issuing.certificate)


@pytest.mark.parametrize("purpose", [Purpose.CLIENT, Purpose.SERVER])
def test_a_certificate_for_a_channel_clears_nothing(
    folder: Path, issuing: Authority, purpose: Purpose
) -> None:
    pem, identifier = certificate_of(issuing, purpose=purpose)
    (folder / "peers" / "front.crt").write_bytes(pem)
    assert verdict(folder, identifier) == 4112


@pytest.mark.parametrize(
    "name", [DeviceName("hospital-a", "inner"), DeviceName("hospital-b", "outer")], ids=str
)
def test_a_certificate_of_another_name_is_refused(
    folder: Path, issuing: Authority, name: DeviceName
) -> None:
    pem, identifier = certificate_of(issuing, name)
    (folder / "peers" / "other.crt").write_bytes(pem)
    assert verdict(folder, identifier) == 4113


def test_a_revoked_certificate_is_refused(folder: Path, gate: GateKeys, issuing: Authority) -> None:
    certificate = load_certificate(folder / "peers" / "outer.crt")
    revocations = revoke(issuing, None, [certificate.serial_number], NOW_NS)
    (folder / "issuing.crl").write_bytes(pem_of(revocations))
    assert verdict(folder, certificate_id(certificate)) == 4114


def test_time_is_judged_at_each_unit(folder: Path, gate: GateKeys) -> None:
    identifier = gate.identity(Side.OUTER).identifier
    assert verdict(folder, identifier, NOW_NS - DAY_NS) == 4115
    assert verdict(folder, identifier, NOW_NS + 91 * DAY_NS) == 4105
    load_trust(folder, OUTER).signer(identifier, NOW_NS + 90 * DAY_NS)


def test_with_a_list_too_old_units_wait(folder: Path, gate: GateKeys, issuing: Authority) -> None:
    short = revoke(issuing, None, [], NOW_NS, days=10)
    (folder / "issuing.crl").write_bytes(pem_of(short))
    identifier = gate.identity(Side.OUTER).identifier
    with pytest.raises(Unavailable) as caught:
        load_trust(folder, OUTER).signer(identifier, NOW_NS + 11 * DAY_NS)
    assert caught.value.number == 4116


def test_without_a_list_of_the_issuing_ca_nothing_starts(folder: Path, issuing: Authority) -> None:
    other = new_issuing(new_root("hospital-a", NOW_NS), "hospital-a", NOW_NS)
    for content in (pem_of(revoke(other, None, [], NOW_NS)), b"", b"nothing"):
        (folder / "issuing.crl").write_bytes(content)
        with pytest.raises(Misconfigured) as caught:
            load_trust(folder, OUTER)
        assert caught.value.number == 4009
    (folder / "issuing.crl").unlink()
    with pytest.raises(Misconfigured) as caught:
        load_trust(folder, OUTER)
    assert caught.value.number == 4001


def test_a_list_that_is_not_the_issuers_gives_no_trust(gate: GateKeys, issuing: Authority) -> None:
    other = new_issuing(new_root("hospital-a", NOW_NS), "hospital-a", NOW_NS)
    root = open_authority(gate.root / "root", "root").certificate
    wrong = Issuer(issuing.certificate, revoke(other, None, [], NOW_NS))
    peer = load_certificate(gate.trust_folder(Side.INNER) / "peers" / "outer.crt")
    with pytest.raises(Refused) as caught:
        Trust(root, [wrong], [peer], OUTER).signer(certificate_id(peer), NOW_NS)
    assert caught.value.number == 4111


def test_rubbish_among_the_peers_is_said_with_its_path(folder: Path) -> None:
    (folder / "peers" / "x.crt").write_bytes(b"-----BEGIN CERTIFICATE-----\nAAAA\n")
    with pytest.raises(Misconfigured) as caught:
        load_trust(folder, OUTER)
    assert caught.value.number == 4004
    assert str(caught.value.fields["path"]).endswith("peers/x.crt")
