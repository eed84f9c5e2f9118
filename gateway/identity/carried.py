"""What people carry to a host, checked against what it trusts already before anything is changed. Files.

    certificate of the other host     trust/peers/PLACE-ID.crt
    revocation list                   trust/issuing*.crl, in the place of an older one
    issuing authority and its list    trust/issuing-ID.crt and .crl, where the root signed it
    bundle of epochs                  guard/peer-epochs.bundle, on a host that sends

The root is never taken from a carried file: it is the one thing that all else is checked against.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cryptography import x509

from gateway.errors import GatewayError, Misconfigured
from gateway.identity.authority import load_certificate
from gateway.identity.certificates import (
    Purpose,
    certificate_id,
    ends_at_ns,
    is_for,
    issued_by,
    name_of,
    pem_of,
    read_certificate,
    read_revocations,
    signed_list,
    subject_of,
)
from gateway.identity.epoch import decode_bundle
from gateway.identity.epoch_keys import load_peer_epochs
from gateway.identity.instants import DAY_NS, ns_of, shown
from gateway.identity.keys import PUBLIC_MODE, read_public, replace
from gateway.identity.lane_files import peer_epochs_file
from gateway.identity.names import DeviceName
from gateway.identity.trust import load_trust


@dataclass(frozen=True, slots=True)
class Taken:
    """What a carried file was, and where it lies now. kind: certificate, list, authority or epochs."""

    kind: str
    subject: str
    ends_at_ns: int
    path: Path


def trust(keys: Path, peer: DeviceName, untrusted: bytes, now_ns: int) -> Taken:
    """Take what was carried here: the peer's certificate, its epochs, a list, or an authority with its list.

    Raises Misconfigured 4007, 4008 (epochs that nobody we trust has signed), 7303 (none of these),
    7304, 7305 (made before what this host has) or 7306 (epochs for this host to keep, not to send
    with) and OSError; then nothing is changed.
    """
    has_list = b"BEGIN X509 CRL-----" in untrusted
    if b"BEGIN CERTIFICATE-----" in untrusted:
        if has_list:
            return _trust_authority(keys, untrusted, now_ns)
        return _trust_certificate(keys, peer, untrusted, now_ns)
    if has_list:
        return _trust_list(keys, untrusted, now_ns)
    if untrusted.startswith(b"ferrygate epoch bundle "):
        return _trust_epochs(keys, peer, untrusted, now_ns)
    raise Misconfigured(7303)


def certificate_in(untrusted: bytes) -> x509.Certificate:
    """The certificate in PEM that a carried file begins with. Raises Misconfigured 7303."""
    try:
        return read_certificate(untrusted)
    except ValueError as error:
        raise Misconfigured(7303) from error


def require_ours(keys: Path, certificate: x509.Certificate, name: DeviceName, now_ns: int) -> None:
    """It is a certificate for clearances of that name under our root, in its time, not revoked.

    Raises Misconfigured 7304 and what load_trust raises.
    """
    subject, found = subject_of(certificate), name_of(certificate)
    if found != name:
        raise Misconfigured(7304, subject=subject, expected=name.uri, reason=4113)
    if not is_for(certificate, Purpose.CLEARANCE):
        raise Misconfigured(7304, subject=subject, expected=name.uri, reason=4112)
    if not any(issued_by(certificate, issuer) for _, issuer in _issuers(keys)):
        raise Misconfigured(7304, subject=subject, expected=name.uri, reason=4111)
    trusted = load_trust(keys / "trust", name, [certificate])
    try:
        trusted.signer(certificate_id(certificate), now_ns)
    except GatewayError as error:
        raise Misconfigured(
            7304, subject=subject, expected=name.uri, reason=error.number
        ) from error


def _trust_certificate(keys: Path, peer: DeviceName, untrusted: bytes, now_ns: int) -> Taken:
    certificate = certificate_in(untrusted)
    require_ours(keys, certificate, peer, now_ns)
    name = f"{peer.place}-{certificate_id(certificate).hex()[:8]}.crt"
    path = keys / "trust" / "peers" / name
    replace(path, pem_of(certificate), PUBLIC_MODE)
    return Taken("certificate", subject_of(certificate), ends_at_ns(certificate), path)


def _trust_authority(keys: Path, untrusted: bytes, now_ns: int) -> Taken:
    """Another issuing authority under our root; both come as one file, since neither serves alone."""
    certificate, revocations = certificate_in(untrusted), _list_in(untrusted)
    subject, root = subject_of(certificate), load_certificate(keys / "trust" / "root.crt")
    reason = 0
    if not issued_by(certificate, root):
        reason = 4111
    elif not signed_list(revocations, certificate):
        reason = 4009
    elif now_ns >= ends_at_ns(certificate):
        reason = 4105
    if reason:
        raise Misconfigured(7304, subject=subject, expected="issuing", reason=reason)
    _require_in_order(subject, _made_at(revocations), None, now_ns)
    path = keys / "trust" / f"issuing-{certificate_id(certificate).hex()[:8]}.crt"
    # The list first: an authority without one would keep the guard from starting.
    replace(path.with_suffix(".crl"), pem_of(revocations), PUBLIC_MODE)
    replace(path, pem_of(certificate), PUBLIC_MODE)
    return Taken("authority", subject, ends_at_ns(certificate), path)


def _trust_list(keys: Path, untrusted: bytes, now_ns: int) -> Taken:
    revocations = _list_in(untrusted)
    for path, issuer in _issuers(keys):
        if signed_list(revocations, issuer):
            target, subject = path.with_suffix(".crl"), subject_of(issuer)
            ours = _made_at(_list_in(read_public(target))) if target.exists() else None
            _require_in_order(f"revocation list of {subject}", _made_at(revocations), ours, now_ns)
            replace(target, pem_of(revocations), PUBLIC_MODE)
            ends = revocations.next_update_utc
            return Taken("list", subject, ns_of(ends) if ends else 0, target)
    raise Misconfigured(7304, subject="revocation list", expected="issuing", reason=4009)


def _trust_epochs(keys: Path, peer: DeviceName, untrusted: bytes, now_ns: int) -> Taken:
    path = peer_epochs_file(keys)
    if not path.exists():
        raise Misconfigured(7306)
    new = path.with_name(".peer-epochs.carried")
    replace(new, untrusted, PUBLIC_MODE)
    try:
        bundle = load_peer_epochs(new, load_trust(keys / "trust", peer))
    finally:
        new.unlink(missing_ok=True)
    subject = f"epoch keys of {bundle.receiver}"
    _require_in_order(subject, bundle.issued_at_ns, _epochs_made_at(path), now_ns)
    replace(path, untrusted, PUBLIC_MODE)
    return Taken("epochs", bundle.receiver, bundle.ends_at_ns, path)


def _issuers(keys: Path) -> list[tuple[Path, x509.Certificate]]:
    paths = sorted((keys / "trust").glob("issuing*.crt"))
    return [(path, load_certificate(path)) for path in paths]


def _list_in(untrusted: bytes) -> x509.CertificateRevocationList:
    try:
        return read_revocations(untrusted)
    except ValueError as error:
        raise Misconfigured(7303) from error


def _require_in_order(subject: str, made_ns: int, ours_ns: int | None, now_ns: int) -> None:
    """Not older than ours, and not of a time to come: taken, that one would keep out every right one."""
    if made_ns > now_ns + DAY_NS:
        raise Misconfigured(7304, subject=subject, expected="issuing", reason=4115)
    if ours_ns is not None and made_ns < ours_ns:
        raise Misconfigured(7305, made=shown(made_ns), ours=shown(ours_ns))


def _made_at(revocations: x509.CertificateRevocationList) -> int:
    """Lists are counted by the time at which they were made (authority.revoke)."""
    return ns_of(revocations.last_update_utc)


def _epochs_made_at(path: Path) -> int | None:
    """None for a file that is damaged: any good one is better."""
    try:
        return decode_bundle(read_public(path))[0].issued_at_ns
    except ValueError:
        return None
