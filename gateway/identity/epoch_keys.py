"""Epoch keys on disk: the receiver's private halves, and the bundle on the sender's host.

guard/epochs/20261121T000000Z.bundle    what was signed and carried out; stays, to name old epochs
guard/epochs/<16 hex digits>.key        the private half of one epoch; erased after its grace
guard/peer-epochs.bundle                on the sender's host
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Final

from gateway.errors import GatewayError, Misconfigured, Refused, Unavailable
from gateway.identity.device import GuardIdentity
from gateway.identity.epoch import (
    Epoch,
    EpochBundle,
    bundle_holds,
    decode_bundle,
    encode_bundle,
)
from gateway.identity.instants import DAY_NS, SECOND_NS, shown, utc
from gateway.identity.keys import (
    PUBLIC_MODE,
    erase,
    read_public,
    read_secret,
    sync_folder,
    write_new,
)
from gateway.identity.suite import EpochPrivate
from gateway.identity.suites import DEFAULT, suite_of
from gateway.identity.trust import Trust

# A stolen key opens a day. 400 of them: a year between two walks with the bundle, and a month late.
PERIOD_NS: Final = DAY_NS
BATCH_EPOCHS: Final = 400
# A unit may lie in a queue over a long weekend before it is opened.
GRACE_NS: Final = 7 * DAY_NS
# Two hosts without a common clock: a sender a day ahead is taken, one further ahead is not.
_AHEAD_NS: Final = DAY_NS


# Keys end day by day; more of them at once means a gate that was off for long, or a wrong clock.
MOST_AT_ONCE: Final = 8


class EpochKeys:
    """The receiver's private epoch keys, read when first needed. Safe to call from several threads."""

    def __init__(self, folder: Path, grace_ns: int = GRACE_NS) -> None:
        """Read the bundles of `folder`. Raises Misconfigured 4001, 4007 and nothing else."""
        self._folder = folder
        self._grace_ns = grace_ns
        bundles = [_read_bundle(path)[0] for path in sorted(folder.glob("*.bundle"))]
        if not bundles:
            raise Misconfigured(4001, path=str(folder / "*.bundle"), reason="no such file")
        self._epochs = {e.identifier: e for bundle in bundles for e in bundle.epochs}
        self._keys: dict[bytes, EpochPrivate] = {}
        self._lock = threading.Lock()

    def private(self, untrusted_id: bytes, at_ns: int) -> EpochPrivate:
        """The key of an epoch that a sealed header names.

        Raises Refused 4201 (no epoch of ours), 4202 (its time and grace are past: the key is erased),
        4203 (not begun) and Misconfigured 4001 to 4003 (its file is missing or not in order).
        """
        epoch = self._epochs.get(untrusted_id)
        if epoch is None:
            raise Refused(4201, epoch=untrusted_id.hex())
        if at_ns >= epoch.ends_at_ns + self._grace_ns:
            raise Refused(4202, epoch=untrusted_id.hex(), ended=shown(epoch.ends_at_ns))
        if at_ns < epoch.begins_at_ns - _AHEAD_NS:
            raise Refused(4203, epoch=untrusted_id.hex(), begins=shown(epoch.begins_at_ns))
        with self._lock:
            key = self._keys.get(untrusted_id)
            if key is None:
                key = self._keys[untrusted_id] = self._read(epoch)
        return key

    def purge(self, now_ns: int) -> int:
        """Erase the private keys whose grace is past; gives their number.

        Raises Unavailable 4209 and erases nothing where it would be more than a gate switched off for
        a week explains: erasing cannot be undone, and a clock can be wrong. Raises OSError.
        """
        ended = [e for e in self._epochs.values() if now_ns >= e.ends_at_ns + self._grace_ns]
        standing = sum(_key_path(self._folder, epoch).exists() for epoch in ended)
        if standing > MOST_AT_ONCE:
            raise Unavailable(4209, count=standing, folder=str(self._folder))
        erased = 0
        for epoch in ended:
            with self._lock:
                self._keys.pop(epoch.identifier, None)
            path = _key_path(self._folder, epoch)
            if path.exists():
                erase(path)
                erased += 1
        if erased:
            sync_folder(self._folder)
        return erased

    @property
    def ends_at_ns(self) -> int:
        """When the last epoch of all bundles ends."""
        return max(epoch.ends_at_ns for epoch in self._epochs.values())

    def _read(self, epoch: Epoch) -> EpochPrivate:
        path = _key_path(self._folder, epoch)
        try:
            key = DEFAULT.load_epoch(read_secret(path))
        except ValueError as error:
            raise Misconfigured(4003, path=str(path), expected="private epoch key") from error
        if key.public != epoch.public:
            raise Misconfigured(4003, path=str(path), expected="private epoch key")
        return key


def generate_epochs(
    folder: Path,
    identity: GuardIdentity,
    now_ns: int,
    *,
    begins_at_ns: int | None = None,
    period_ns: int = PERIOD_NS,
    count: int = BATCH_EPOCHS,
) -> bytes:
    """Make a batch of epoch keys in `folder` and give the signed bundle for the sender.

    The first epoch begins at the last whole period before `begins_at_ns` (now, where nothing is
    said; the end of the batch before, where one is prolonged). Keys are durable before the bundle is
    written. Raises Misconfigured 4006 (that batch stands already) and OSError.
    """
    first_ns = (now_ns if begins_at_ns is None else begins_at_ns) // period_ns * period_ns
    path = folder / f"{utc(first_ns):%Y%m%dT%H%M%SZ}.bundle"
    if path.exists():  # before the keys: without a bundle nobody would ever erase them
        raise Misconfigured(4006, path=str(path))
    keys = [DEFAULT.new_epoch() for _ in range(count)]
    epochs = tuple(
        Epoch(first_ns + place * period_ns, first_ns + (place + 1) * period_ns, key.public)
        for place, key in enumerate(keys)
    )
    bundle = EpochBundle(
        identity.name.uri,
        DEFAULT.number,
        now_ns // SECOND_NS * SECOND_NS,
        identity.identifier,
        epochs,
    )
    for epoch, key in zip(epochs, keys, strict=True):
        write_new(_key_path(folder, epoch), key.pem, name_durable=False)
    sync_folder(folder)
    data = encode_bundle(bundle, identity.signer)
    # From here a sender may use these keys: every private half is on disk.
    write_new(path, data, PUBLIC_MODE)
    return data


def load_peer_epochs(path: Path, trust: Trust) -> EpochBundle:
    """The receiver's bundle on the sender's host, verified.

    The receiver's certificate must have been good on the day on which it signed and must not be
    revoked; the bundle may outlive it. Raises Misconfigured 4001, 4007 (not a bundle), 4008 (nobody
    whom this host trusts signed it) and nothing else.
    """
    bundle, signature = _read_bundle(path)
    if bundle.receiver != trust.expected.uri:
        raise Misconfigured(4008, path=str(path), reason=4113)
    try:
        verifier = trust.signer(bundle.signer, bundle.issued_at_ns)
    except GatewayError as error:
        raise Misconfigured(4008, path=str(path), reason=error.number) from error
    if not bundle_holds(bundle, signature, verifier):
        raise Misconfigured(4008, path=str(path), reason=4306)
    return bundle


def _read_bundle(path: Path) -> tuple[EpochBundle, bytes]:
    try:
        bundle, signature = decode_bundle(read_public(path))
    except ValueError as error:
        raise Misconfigured(4007, path=str(path)) from error
    if suite_of(bundle.suite) is None:
        raise Misconfigured(4007, path=str(path))
    return bundle, signature


def _key_path(folder: Path, epoch: Epoch) -> Path:
    return folder / f"{epoch.identifier.hex()}.key"
