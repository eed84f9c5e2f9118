"""Certificates of the gate: what they say (RFC 5280) and how they are made and read. No files here.

root (P-384, offline, 20 years)  CA, keyCertSign, cRLSign
  +- issuing (P-384, 5 years)    CA, path length 0
       +- device (90 days)       digitalSignature, one critical purpose, one URI as its name
"""

from __future__ import annotations

import hashlib
from enum import Enum
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gateway.identity.instants import ns_of
from gateway.identity.names import DeviceName, parse_uri


class Purpose(Enum):
    """What a device certificate is for; each is refused where another is asked."""

    # Under the enterprise number for documentation (RFC 5612) until the owner registers one.
    CLEARANCE = x509.ObjectIdentifier("1.3.6.1.4.1.32473.7.1")
    CLIENT = ExtendedKeyUsageOID.CLIENT_AUTH
    SERVER = ExtendedKeyUsageOID.SERVER_AUTH


_USAGES: Final = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


def certificate_id(certificate: x509.Certificate) -> bytes:
    """SHA-256 over the DER bytes: how a sealed header names its signer."""
    return hashlib.sha256(certificate.public_bytes(Encoding.DER)).digest()


def pem_of(value: x509.Certificate | x509.CertificateRevocationList) -> bytes:
    return value.public_bytes(Encoding.PEM)


def read_certificate(untrusted_pem: bytes) -> x509.Certificate:
    """One certificate in PEM. Raises ValueError and nothing else."""
    try:
        certificate = x509.load_pem_x509_certificate(untrusted_pem)
        # Extensions are parsed late: ask now, so that a broken one is noticed here.
        _ = certificate.extensions, certificate.subject, certificate.issuer
    except (x509.DuplicateExtension, x509.InvalidVersion, UnsupportedAlgorithm) as error:
        raise ValueError("not a certificate of this kind") from error
    return certificate


def read_revocations(untrusted_pem: bytes) -> x509.CertificateRevocationList:
    """One revocation list in PEM. Raises ValueError and nothing else."""
    try:
        revocations = x509.load_pem_x509_crl(untrusted_pem)
        _ = revocations.issuer, revocations.next_update_utc, len(revocations)
    except (x509.DuplicateExtension, x509.InvalidVersion, UnsupportedAlgorithm) as error:
        raise ValueError("not a revocation list of this kind") from error
    return revocations


def issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether the issuer's key signed the certificate and the issuer may sign certificates."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError, TypeError, UnsupportedAlgorithm):
        return False
    return _is_authority(issuer)


def signed_list(revocations: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    """Whether a revocation list is the issuer's."""
    key = issuer.public_key()
    if revocations.issuer != issuer.subject or not isinstance(key, EllipticCurvePublicKey):
        return False
    try:
        return revocations.is_signature_valid(key)
    except (TypeError, ValueError, UnsupportedAlgorithm):
        return False


def is_for(certificate: x509.Certificate, purpose: Purpose) -> bool:
    """Whether a device certificate is for this purpose and for nothing else."""
    extensions = certificate.extensions
    try:
        basic = extensions.get_extension_for_class(x509.BasicConstraints).value
        usage = extensions.get_extension_for_class(x509.KeyUsage).value
        purposes = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return False
    return not basic.ca and usage.digital_signature and list(purposes) == [purpose.value]


def name_of(certificate: x509.Certificate) -> DeviceName | None:
    """The device that a certificate names: its one URI, None where there is none or another."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return None
    uris = [name.value for name in names if isinstance(name, x509.UniformResourceIdentifier)]
    return parse_uri(uris[0]) if len(uris) == len(list(names)) == 1 else None


def subject_of(certificate: x509.Certificate) -> str:
    """The common name, for people."""
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else certificate.subject.rfc4514_string()


def ends_at_ns(certificate: x509.Certificate) -> int:
    return ns_of(certificate.not_valid_after_utc)


def begins_at_ns(certificate: x509.Certificate) -> int:
    return ns_of(certificate.not_valid_before_utc)


def usage(*allowed: str) -> x509.KeyUsage:
    """A key usage with these bits set (RFC 5280, 4.2.1.3)."""
    return x509.KeyUsage(**{name: name in allowed for name in _USAGES})


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        basic = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
        bits = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return False
    return basic.ca and bits.key_cert_sign
