"""The desk of whoever signs requests: the folder of the issuing authority on an offline machine. Files.

    issuing.key  issuing.crt     the authority
    issuing.crl                  its newest revocation list
    issuing.pem                  certificate and first list in one, to be carried to the hosts; where it is
                                 not the gate's first authority
    issued/SIDE-SERIAL.crt       every certificate that was signed, to be found when it is to be revoked

Nothing of a host lies here, and nothing here reaches a host but by hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography import x509

from gateway.errors import Misconfigured
from gateway.identity.authority import (
    Authority,
    issue,
    load_certificate,
    new_issuing,
    open_authority,
    revoke,
)
from gateway.identity.certificates import (
    Purpose,
    ends_at_ns,
    pem_of,
    read_revocations,
    signed_list,
    subject_of,
)
from gateway.identity.instants import ns_of, shown
from gateway.identity.keys import PUBLIC_MODE, read_public, replace, write_new
from gateway.identity.names import host_name
from gateway.unit.model import Side

NAME: Final = "issuing"
_SUFFIX: Final = " issuing"
_ROOT_SUFFIX: Final = " root"


@dataclass(frozen=True, slots=True)
class Issued:
    """One certificate that was signed here. name: as the file in issued/ and `pki revoke` say it."""

    name: str
    path: Path
    serial: int
    ends_at_ns: int
    revoked: bool


def new_authority(root_folder: Path, folder: Path, now_ns: int) -> tuple[Path, int]:
    """Another issuing authority of the gate, in a new folder: (what to carry to the hosts, when it ends).

    root_folder: with root.key, brought out for this. Raises Misconfigured 4001 to 4005 (the root), 4006
    (the folder stands already), 7308 (the root's time is over) and OSError.
    """
    root = open_authority(root_folder, "root")
    _require_in_time(root, now_ns)
    made = new_issuing(root, subject_of(root.certificate).removesuffix(_ROOT_SUFFIX), now_ns)
    revocations = pem_of(revoke(made, None, [], now_ns))
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError as error:
        raise Misconfigured(4006, path=str(folder)) from error
    write_new(folder / f"{NAME}.key", made.key_pem)
    write_new(folder / f"{NAME}.crl", revocations, PUBLIC_MODE)
    write_new(folder / f"{NAME}.crt", pem_of(made.certificate), PUBLIC_MODE)
    path = folder / f"{NAME}.pem"
    write_new(path, pem_of(made.certificate) + revocations, PUBLIC_MODE)
    return path, ends_at_ns(made.certificate)


def sign_request(folder: Path, untrusted_request: bytes, side: Side, now_ns: int) -> Path:
    """A certificate for a host's request; kept in issued/ and given as that file.

    The name is the gate's of this authority and the side that the person says. Raises Misconfigured
    4001 to 4005 (the authority), 7308 (its time is over), 4011 (the request asks for something else)
    and OSError.
    """
    issuing = open_authority(folder, NAME)
    _require_in_time(issuing, now_ns)
    name = host_name(_gate_of(issuing), side)
    certificate = issue(issuing, untrusted_request, name, Purpose.CLEARANCE, now_ns)
    return keep_issued(folder, side, certificate)


def keep_issued(folder: Path, side: Side, certificate: x509.Certificate) -> Path:
    """Remember a signed certificate. Raises Misconfigured 4006, OSError."""
    issued = folder / "issued"
    issued.mkdir(mode=0o755, exist_ok=True)
    path = issued / f"{side.value}-{f'{certificate.serial_number:040x}'[:8]}.crt"
    write_new(path, pem_of(certificate), PUBLIC_MODE)
    return path


def issued_in(folder: Path) -> list[Issued]:
    """All that was signed here, by name. Raises Misconfigured 4001 to 4005, 4009."""
    revocations = _revocations(folder, open_authority(folder, NAME))
    found = []
    for path in sorted((folder / "issued").glob("*.crt")):
        certificate = load_certificate(path)
        serial = certificate.serial_number
        revoked = revocations.get_revoked_certificate_by_serial_number(serial) is not None
        found.append(Issued(path.stem, path, serial, ends_at_ns(certificate), revoked))
    return found


def new_list(folder: Path, serials: Sequence[int], now_ns: int) -> tuple[Path, int, int]:
    """The next revocation list with these serial numbers besides: (file, how many, when it ends).

    Raises Misconfigured 4001 to 4005, 4009 and OSError.
    """
    issuing = open_authority(folder, NAME)
    made = revoke(issuing, _revocations(folder, issuing), serials, now_ns)
    path = folder / f"{NAME}.crl"
    replace(path, pem_of(made))
    next_update = made.next_update_utc
    return path, len(made), ns_of(next_update) if next_update is not None else 0


def _revocations(folder: Path, issuing: Authority) -> x509.CertificateRevocationList:
    """The newest list. A damaged one is no reason to begin again from none: it would forgive."""
    path = folder / f"{NAME}.crl"
    try:
        found = read_revocations(read_public(path))
    except ValueError as error:
        raise Misconfigured(4009, path=str(path)) from error
    if not signed_list(found, issuing.certificate):
        raise Misconfigured(4009, path=str(path))
    return found


def _require_in_time(issuing: Authority, now_ns: int) -> None:
    """No host would take what is signed after the end."""
    ends_ns = ends_at_ns(issuing.certificate)
    if now_ns >= ends_ns:
        raise Misconfigured(7308, subject=subject_of(issuing.certificate), ended=shown(ends_ns))


def _gate_of(issuing: Authority) -> str:
    return subject_of(issuing.certificate).removesuffix(_SUFFIX)
