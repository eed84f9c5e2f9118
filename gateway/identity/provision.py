"""The keys of a new gate, laid out so that each host's part can be carried away by itself.

    root/                     root.key, root.crt                       to a safe, on no host
    issuing/                  issuing.key, issuing.crt, issuing.crl    to the person who signs requests
    issuing/issued/           what was signed, by host and serial number
    outer/keys/guard/         signing.key, device.crt, peer-epochs.bundle, journal.key, journal.pub
    outer/keys/ferry/         lane.key, clearance.pub
    outer/keys/trust/         root.crt, issuing.crt, issuing.crl, peers/inner.crt, journals/*.pub
    inner/keys/guard/         signing.key, device.crt, epochs/, journal.key, journal.pub, pseudonym.key
    inner/keys/ferry/         lane.key, clearance.pub
    inner/keys/trust/         root.crt, issuing.crt, issuing.crl, peers/outer.crt, journals/*.pub

A two-way gate has besides, for its export lane (gateway.identity.lane_files):

    outer/keys/guard/epochs/, inner/keys/guard/peer-epochs.bundle
    both: keys/ferry/export-lane.key, keys/ferry/export-clearance.pub

guard/ and ferry/ are for one user each (0700), trust/ for all of the host. No private key of one host
stands in the other's part; a lane key is symmetric and in both.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.errors import Misconfigured
from gateway.identity.authority import (
    Authority,
    issue,
    load_certificate,
    make_request,
    new_issuing,
    new_root,
    revoke,
)
from gateway.identity.certificates import Purpose, pem_of
from gateway.identity.device import CERTIFICATE, SIGNING_KEY, load_guard_identity
from gateway.identity.epoch_keys import BATCH_EPOCHS, generate_epochs
from gateway.identity.issuing import keep_issued
from gateway.identity.keys import PUBLIC_MODE, SECRET_MODE, write_new
from gateway.identity.lane_files import (
    clearance_file,
    epochs_folder,
    lane_key_file,
    peer_epochs_file,
)
from gateway.identity.lane_key import KEY_BYTES
from gateway.identity.names import host_name
from gateway.identity.pseudonym_key import make_pseudonym_key
from gateway.identity.suites import DEFAULT
from gateway.unit.model import Lane, Side

MODES: Final[Mapping[str, tuple[Lane, ...]]] = {
    "one-way": (Lane.IMPORT,),
    "two-way": (Lane.IMPORT, Lane.EXPORT),
}
_PRIVATE_FOLDER: Final = 0o700
_PUBLIC_FOLDER: Final = 0o755
_MAKING: Final = ".provisioning"


@dataclass(frozen=True, slots=True)
class _Ca:
    root: Authority
    issuing: Authority
    revocations: bytes


def provision(
    root_dir: Path,
    gate_name: str,
    mode: str = "one-way",
    *,
    now_ns: int,
    epochs: int = BATCH_EPOCHS,
) -> None:
    """Make root, issuing CA, both hosts' identities, epoch keys and lane key under `root_dir`.

    All or nothing: it is made aside and moved into place. epochs: days that the receiver's batch
    covers. Raises Misconfigured 4006 (a part stands already), 4010 (mode), 4012 (name) and OSError.
    """
    if mode not in MODES:
        raise Misconfigured(4010, mode=mode, known=", ".join(MODES))
    host_name(gate_name, Side.OUTER)
    parts = ["root", "issuing", *(f"{side.value}/keys" for side in Side)]
    for part in parts:
        if (root_dir / part).exists():
            raise Misconfigured(4006, path=str(root_dir / part))
    root_dir.mkdir(parents=True, exist_ok=True)
    making = root_dir / _MAKING
    shutil.rmtree(making, ignore_errors=True)
    _folder(making, _PRIVATE_FOLDER)
    try:
        ca = _make_authorities(making, gate_name, now_ns)
        keys = {side: making / side.value / "keys" for side in Side}
        for side in Side:
            _make_host(keys[side], ca, side, gate_name, now_ns)
            keep_issued(
                making / "issuing", side, load_certificate(keys[side] / "guard" / CERTIFICATE)
            )
        _introduce(keys)
        make_pseudonym_key(keys[Side.INNER] / "guard")
        for lane in MODES[mode]:
            _make_lane(keys, lane, now_ns, epochs)
        for part in parts:
            (root_dir / part).parent.mkdir(exist_ok=True)
            (making / part).rename(root_dir / part)
    finally:
        shutil.rmtree(making, ignore_errors=True)


def _make_authorities(making: Path, gate_name: str, now_ns: int) -> _Ca:
    root = new_root(gate_name, now_ns)
    issuing = new_issuing(root, gate_name, now_ns)
    revocations = pem_of(revoke(issuing, None, [], now_ns))
    for name, authority in (("root", root), ("issuing", issuing)):
        folder = _folder(making / name, _PRIVATE_FOLDER)
        write_new(folder / f"{name}.key", authority.key_pem, SECRET_MODE)
        write_new(folder / f"{name}.crt", pem_of(authority.certificate), PUBLIC_MODE)
    write_new(making / "issuing" / "issuing.crl", revocations, PUBLIC_MODE)
    return _Ca(root, issuing, revocations)


def _make_host(keys: Path, ca: _Ca, side: Side, gate_name: str, now_ns: int) -> None:
    """One host's own keys, its device certificate by request, and the roots of its trust."""
    guard = _folder(keys / "guard", _PRIVATE_FOLDER)
    _folder(keys / "ferry", _PRIVATE_FOLDER)
    trust = _folder(keys / "trust", _PUBLIC_FOLDER)
    signer, name = DEFAULT.new_signer(), host_name(gate_name, side)
    request = make_request(signer, name)
    certificate = issue(ca.issuing, request, name, Purpose.CLEARANCE, now_ns)
    write_new(guard / SIGNING_KEY, signer.pem)
    write_new(guard / CERTIFICATE, pem_of(certificate), PUBLIC_MODE)
    journal = DEFAULT.new_signer()
    write_new(guard / "journal.key", journal.pem)
    write_new(guard / "journal.pub", journal.verifier.pem, PUBLIC_MODE)
    write_new(trust / "root.crt", pem_of(ca.root.certificate), PUBLIC_MODE)
    write_new(trust / "issuing.crt", pem_of(ca.issuing.certificate), PUBLIC_MODE)
    write_new(trust / "issuing.crl", ca.revocations, PUBLIC_MODE)


def _introduce(keys: dict[Side, Path]) -> None:
    """What is public of one host goes to the other: certificate, and both journals' keys."""
    for side in Side:
        trust = keys[side] / "trust"
        peers = _folder(trust / "peers", _PUBLIC_FOLDER)
        journals = _folder(trust / "journals", _PUBLIC_FOLDER)
        for other in Side:
            guard = keys[other] / "guard"
            write_new(
                journals / f"{other.value}.pub", (guard / "journal.pub").read_bytes(), PUBLIC_MODE
            )
            if other is not side:
                certificate = (guard / CERTIFICATE).read_bytes()
                write_new(peers / f"{other.value}.crt", certificate, PUBLIC_MODE)


def _make_lane(keys: dict[Side, Path], lane: Lane, now_ns: int, epochs: int) -> None:
    """A lane: epoch keys at its receiver, their bundle at its sender, lane key and clearance on both."""
    sender = load_guard_identity(keys[lane.sender] / "guard")
    receiver = load_guard_identity(keys[lane.receiver] / "guard")
    folder = _folder(epochs_folder(keys[lane.receiver]), _PRIVATE_FOLDER)
    bundle = generate_epochs(folder, receiver, now_ns, count=epochs)
    write_new(peer_epochs_file(keys[lane.sender]), bundle, PUBLIC_MODE)
    lane_key = os.urandom(KEY_BYTES)
    for side in Side:
        write_new(lane_key_file(keys[side], lane), lane_key)
        clearance = sender.signer.verifier.pem
        write_new(clearance_file(keys[side], lane), clearance, PUBLIC_MODE)


def _folder(path: Path, mode: int) -> Path:
    """A folder with these rights, whatever the umask; parents on the way get them as public."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.mkdir(exist_ok=True)
    path.chmod(mode)
    return path
