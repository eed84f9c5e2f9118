"""The certification authority: root, issuing CA, device certificates by request, revocation lists.

Requests and certificates are bytes in PEM, carried as files: neither CA needs a network. The root key
signs issuing CAs and nothing else, and lies on no host of the gate.

    device: make_request --- CSR by file ---> issuing: issue --- certificate by file ---> device
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.hashes import SHA384
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from gateway.errors import Misconfigured
from gateway.identity.certificates import Purpose, read_certificate, usage
from gateway.identity.instants import DAY_NS, SECOND_NS, utc
from gateway.identity.keys import read_public, read_secret
from gateway.identity.names import DeviceName
from gateway.identity.suite import Signer

ROOT_DAYS: Final = 20 * 365
ISSUING_DAYS: Final = 5 * 365
# Keys change within 90 days (001, 8.2.2).
DEVICE_DAYS: Final = 90
# As long as the certificates it speaks of: both are carried by the same hand on the same walk.
REVOCATION_DAYS: Final = 90
# Two hosts without a common clock: a certificate made now holds on one that is an hour behind.
_BACKDATED_NS: Final = 3600 * SECOND_NS


@dataclass(frozen=True, slots=True)
class Authority:
    """A CA: its key and its certificate."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def new_root(gate: str, now_ns: int) -> Authority:
    """A self-signed root. Draws its key from the system; no other I/O."""
    key = ec.generate_private_key(ec.SECP384R1())
    subject = _subject(f"{gate} root")
    builder = _builder(subject, subject, key.public_key(), now_ns, ROOT_DAYS)
    return Authority(key, _as_authority(builder, key, None).sign(key, SHA384()))


def new_issuing(root: Authority, gate: str, now_ns: int) -> Authority:
    """An issuing CA under the root, which may sign devices only (path length 0)."""
    key = ec.generate_private_key(ec.SECP384R1())
    issuer = root.certificate.subject
    subject = _subject(f"{gate} issuing")
    builder = _builder(subject, issuer, key.public_key(), now_ns, ISSUING_DAYS)
    builder = _as_authority(builder, key, 0).add_extension(_issuer_key(root), critical=False)
    return Authority(key, builder.sign(root.key, SHA384()))


def open_authority(folder: Path, name: str) -> Authority:
    """The CA of a folder (`name`.key, `name`.crt). Raises Misconfigured 4001 to 4005."""
    key_path, path = folder / f"{name}.key", folder / f"{name}.crt"
    try:
        key = load_pem_private_key(read_secret(key_path), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise Misconfigured(4003, path=str(key_path), expected="private CA key") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise Misconfigured(4003, path=str(key_path), expected="private CA key")
    certificate = load_certificate(path)
    if certificate.public_key() != key.public_key():
        raise Misconfigured(4005, path=str(path), key=str(key_path))
    return Authority(key, certificate)


def load_certificate(path: Path) -> x509.Certificate:
    """A certificate's file. Raises Misconfigured 4001, 4004 (not a certificate)."""
    try:
        return read_certificate(read_public(path))
    except ValueError as error:
        raise Misconfigured(4004, path=str(path)) from error


def make_request(signer: Signer, name: DeviceName) -> bytes:
    """A certificate signing request in PEM (RFC 2986) for the device's own key."""
    key = load_pem_private_key(signer.pem, password=None)
    builder = x509.CertificateSigningRequestBuilder().subject_name(_subject(name.common_name))
    builder = builder.add_extension(_names(name), critical=False)
    return builder.sign(key, None).public_bytes(Encoding.PEM)  # type: ignore[arg-type]


def issue(
    issuing: Authority,
    untrusted_request: bytes,
    name: DeviceName,
    purpose: Purpose,
    now_ns: int,
    days: int = DEVICE_DAYS,
) -> x509.Certificate:
    """A device certificate for the key of a request.

    Of the request only the key is taken: name and purpose are what the person at the CA says, and
    the request must ask for that name. Raises Misconfigured 4011 and nothing else.
    """
    key = _requested_key(untrusted_request, name)
    subject = _subject(name.common_name)
    builder = _builder(subject, issuing.certificate.subject, key, now_ns, days)
    for extension, critical in (
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (usage("digital_signature"), True),
        (x509.ExtendedKeyUsage([purpose.value]), True),
        (_names(name), False),
        (x509.SubjectKeyIdentifier.from_public_key(key), False),
        (_issuer_key(issuing), False),
    ):
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(issuing.key, SHA384())


def revoke(
    issuing: Authority,
    previous: x509.CertificateRevocationList | None,
    serials: Sequence[int],
    now_ns: int,
    days: int = REVOCATION_DAYS,
) -> x509.CertificateRevocationList:
    """The next revocation list: what the previous one held, and these serial numbers."""
    builder = x509.CertificateRevocationListBuilder().issuer_name(issuing.certificate.subject)
    builder = builder.last_update(utc(now_ns - _BACKDATED_NS))
    builder = builder.next_update(utc(now_ns + days * DAY_NS))
    kept = list(previous) if previous is not None else []
    for revoked in kept:
        builder = builder.add_revoked_certificate(revoked)
    for serial in set(serials) - {revoked.serial_number for revoked in kept}:
        made = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(utc(now_ns))
        builder = builder.add_revoked_certificate(made.build())
    # Lists are counted by their time: the next is later, whichever machine made the last.
    builder = builder.add_extension(x509.CRLNumber(now_ns // SECOND_NS), critical=False)
    builder = builder.add_extension(_issuer_key(issuing), critical=False)
    return builder.sign(issuing.key, SHA384())


def _requested_key(untrusted_request: bytes, name: DeviceName) -> CertificatePublicKeyTypes:
    try:
        request = x509.load_pem_x509_csr(untrusted_request)
        holds = request.is_signature_valid
        asked = request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        key = request.public_key()
    except (ValueError, x509.ExtensionNotFound, x509.DuplicateExtension, UnsupportedAlgorithm) as e:
        raise Misconfigured(4011, name=name.uri) from e
    if not holds or asked != _names(name):
        raise Misconfigured(4011, name=name.uri)
    return key


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: CertificatePublicKeyTypes,
    now_ns: int,
    days: int,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(utc(now_ns - _BACKDATED_NS))
        .not_valid_after(utc(now_ns + days * DAY_NS))
    )


def _as_authority(
    builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey, path_length: int | None
) -> x509.CertificateBuilder:
    basic = x509.BasicConstraints(ca=True, path_length=path_length)
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    builder = builder.add_extension(basic, critical=True)
    builder = builder.add_extension(usage("key_cert_sign", "crl_sign"), critical=True)
    return builder.add_extension(identifier, critical=False)


def _issuer_key(authority: Authority) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key())


def _subject(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _names(name: DeviceName) -> x509.SubjectAlternativeName:
    return x509.SubjectAlternativeName([x509.UniformResourceIdentifier(name.uri)])
