"""Is this signer one that we take units from? Answered from bytes that this host holds already.

A one-way lane has no handshake: the peer's certificate was carried here by hand, and a sealed header
names it by its digest. Each way in which it can fail is a number of its own:

    4110 nobody of that digest   4111 foreign       4112 not for clearances   4113 wrong name
    4114 revoked                 4115 not yet       4105 ended                4116 list too old (waits)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography import x509

from gateway.errors import Misconfigured, Refused, Unavailable
from gateway.identity.authority import load_certificate
from gateway.identity.certificates import (
    Purpose,
    begins_at_ns,
    certificate_id,
    ends_at_ns,
    is_for,
    issued_by,
    name_of,
    read_revocations,
    signed_list,
    subject_of,
)
from gateway.identity.instants import ns_of, shown
from gateway.identity.keys import read_public
from gateway.identity.names import DeviceName
from gateway.identity.suite import Verifier
from gateway.identity.suites import DEFAULT


@dataclass(frozen=True, slots=True)
class Issuer:
    """An issuing CA and its newest revocation list."""

    certificate: x509.Certificate
    revocations: x509.CertificateRevocationList


@dataclass(frozen=True, slots=True)
class _Peer:
    """A known certificate and what of its judgement does not hang on the time."""

    subject: str
    verdict: int
    verifier: Verifier | None
    begins_at_ns: int
    ends_at_ns: int
    list_ends_at_ns: int


class Trust:
    """The signers of one name under one root. Immutable: a new list or certificate is a new Trust.

    All signatures are checked once, here; signer() is a look-up and three comparisons.
    """

    def __init__(
        self,
        root: x509.Certificate,
        issuers: Iterable[Issuer],
        peers: Iterable[x509.Certificate],
        expected: DeviceName,
    ) -> None:
        self.expected: Final = expected
        trusted = [issuer for issuer in issuers if _under(root, issuer)]
        self._peers = {certificate_id(c): _judged(c, root, trusted, expected) for c in peers}

    def signer(self, untrusted_id: bytes, at_ns: int) -> Verifier:
        """The key of a signer that may clear units at this time.

        Raises Refused 4110 to 4115 or 4105, Unavailable 4116 (the revocation list is too old to say:
        units wait) and nothing else.
        """
        peer = self._peers.get(untrusted_id)
        if peer is None:
            raise Refused(4110, signer=untrusted_id.hex()[:16])
        if peer.verdict or peer.verifier is None:
            raise Refused(peer.verdict, subject=peer.subject, expected=self.expected.uri)
        if at_ns < peer.begins_at_ns:
            raise Refused(4115, subject=peer.subject, begins=shown(peer.begins_at_ns))
        if at_ns > peer.ends_at_ns:
            raise Refused(4105, subject=peer.subject, ended=shown(peer.ends_at_ns))
        if at_ns > peer.list_ends_at_ns:
            raise Unavailable(4116, ended=shown(peer.list_ends_at_ns))
        return peer.verifier


def load_trust(
    folder: Path, expected: DeviceName, peers: list[x509.Certificate] | None = None
) -> Trust:
    """The trust of a host: root.crt, issuing*.crt with a .crl of the same name, peers/*.crt.

    peers: others than those in the folder, for a look at one that was just carried here.
    Raises Misconfigured 4001, 4004, 4009 (a list is missing or not the issuer's) and nothing else.
    """
    if peers is None:
        peers = [load_certificate(path) for path in sorted((folder / "peers").glob("*.crt"))]
    root = load_certificate(folder / "root.crt")
    issuers = [_load_issuer(path) for path in sorted(folder.glob("issuing*.crt"))]
    if not issuers:
        raise Misconfigured(4001, path=str(folder / "issuing.crt"), reason="no such file")
    return Trust(root, issuers, peers, expected)


def _load_issuer(path: Path) -> Issuer:
    certificate = load_certificate(path)
    list_path = path.with_suffix(".crl")
    try:
        revocations = read_revocations(read_public(list_path))
    except ValueError as error:
        raise Misconfigured(4009, path=str(list_path)) from error
    if not signed_list(revocations, certificate):
        raise Misconfigured(4009, path=str(list_path))
    return Issuer(certificate, revocations)


def _under(root: x509.Certificate, issuer: Issuer) -> bool:
    """The issuer is the root's, and its list is its own."""
    return issued_by(issuer.certificate, root) and signed_list(
        issuer.revocations, issuer.certificate
    )


def _judged(
    certificate: x509.Certificate,
    root: x509.Certificate,
    issuers: list[Issuer],
    expected: DeviceName,
) -> _Peer:
    subject = subject_of(certificate)
    issuer = next((i for i in issuers if issued_by(certificate, i.certificate)), None)
    if issuer is None:
        return _Peer(subject, 4111, None, 0, 0, 0)
    verifier = DEFAULT.verifier_of(certificate)
    verdict = 0
    if verifier is None or not is_for(certificate, Purpose.CLEARANCE):
        verdict = 4112
    elif name_of(certificate) != expected:
        verdict = 4113
    elif issuer.revocations.get_revoked_certificate_by_serial_number(certificate.serial_number):
        verdict = 4114
    chain = (certificate, issuer.certificate, root)
    next_update = issuer.revocations.next_update_utc
    return _Peer(
        subject,
        verdict,
        verifier,
        max(begins_at_ns(link) for link in chain),
        min(ends_at_ns(link) for link in chain),
        ns_of(next_update) if next_update is not None else 0,
    )
