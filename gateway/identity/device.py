"""A host's own identity: its signing key and the device certificate over it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.errors import Misconfigured
from gateway.identity.authority import load_certificate
from gateway.identity.certificates import begins_at_ns, certificate_id, ends_at_ns, name_of
from gateway.identity.keys import load_signer
from gateway.identity.names import DeviceName
from gateway.identity.suite import Signer
from gateway.identity.suites import DEFAULT

SIGNING_KEY: Final = "signing.key"
CERTIFICATE: Final = "device.crt"


@dataclass(frozen=True, slots=True)
class GuardIdentity:
    """Who this guard is. identifier: SHA-256 of its certificate, as sealed headers name it."""

    name: DeviceName
    signer: Signer
    identifier: bytes
    begins_at_ns: int
    ends_at_ns: int


def load_guard_identity(folder: Path) -> GuardIdentity:
    """The identity in `folder` (signing.key, device.crt).

    Raises Misconfigured 4001 (a file is missing), 4002 (key readable by others), 4003, 4004 (not what
    they should be), 4005 (the certificate is not over this key) and nothing else. An ended
    certificate loads: sealing says so unit by unit, and `doctor` days before.
    """
    try:
        return _load(folder)
    except Misconfigured as error:
        if error.number != 4005:
            raise
        # Two files are read one after the other, and `pki install` may have switched in between.
        return _load(folder)


def _load(folder: Path) -> GuardIdentity:
    signer = load_signer(folder / SIGNING_KEY)
    certificate = load_certificate(folder / CERTIFICATE)
    verifier, name = DEFAULT.verifier_of(certificate), name_of(certificate)
    if verifier is None or verifier.pem != signer.verifier.pem:
        raise Misconfigured(4005, path=str(folder / CERTIFICATE), key=str(folder / SIGNING_KEY))
    if name is None:
        raise Misconfigured(4004, path=str(folder / CERTIFICATE))
    identifier = certificate_id(certificate)
    return GuardIdentity(
        name, signer, identifier, begins_at_ns(certificate), ends_at_ns(certificate)
    )
