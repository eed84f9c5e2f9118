"""Sealing: a cleared unit to the bytes that the link carries (docs/SEALING.md).

    header | encapsulation | sealed manifest | clearance | segment 0 | segment 1 | ... | last segment
    ^^^^^^^^^^^^^^^^^^ signed ^^^^^^^^^^^^^^               ^^^ 1 MiB of the body and a tag each ^^^

Every size is known before the body is read, so the body is read once: it is hashed and encrypted in
one pass behind a hole, and the head, which holds its digest, is written into the hole at the end. A
crash leaves a file that begins with zeros and opens nowhere.

Nothing of gateway.receiving is used here, and nothing of this module there.
"""

from __future__ import annotations

import hashlib
import os
import struct
import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, Final

from gateway.errors import Unavailable
from gateway.identity.device import GuardIdentity
from gateway.identity.epoch import Epoch, EpochBundle
from gateway.identity.instants import SECOND_NS, shown
from gateway.identity.keys import sign
from gateway.identity.layout import (
    CLEARANCE_CONTEXT,
    ENCAPSULATION_CONTEXT,
    FORMAT_VERSION,
    HEADER_BYTES,
    LANE_CODES,
    MAGIC,
    ROLE_MANIFEST,
    SALT_BYTES,
    TAG_BYTES,
)
from gateway.identity.suite import Suite, UnitCipher
from gateway.identity.suites import SUITES
from gateway.sending.segments import (
    changed,
    seal_stream,
    sealed_segments,
    segment_count,
    write_all,
)
from gateway.unit.encode import encode_manifest
from gateway.unit.model import Lane, Manifest
from gateway.unit.stages import Cleared

_HEADER: Final = struct.Struct(">4sBBBxQQQHHH2x8s32s16s")
# The group that may read a sealed file is the ferry's; what is in it is closed to both.
SEALED_MODE: Final = 0o640


@dataclass(frozen=True, slots=True)
class Renewal:
    """How long one encapsulation serves. Its secret lies in the sender's memory that long."""

    units: int = 4096
    seconds: int = 600


@dataclass(slots=True)
class _Run:
    """One encapsulation and the secret behind it; never written, so a restart begins another."""

    secret: bytes
    encapsulation: bytes
    epoch: Epoch
    begun_ns: int
    units: int = 0


@dataclass(frozen=True, slots=True)
class _Begun:
    """A unit of which everything is fixed but its manifest's content and its clearance."""

    header: bytes
    encapsulation: bytes
    cipher: UnitCipher
    head_bytes: int


class Sealer:
    """Seals the cleared units of one lane. Safe to call from several threads."""

    def __init__(
        self,
        identity: GuardIdentity,
        bundle: EpochBundle,
        lane: Lane,
        renewal: Renewal | None = None,
    ) -> None:
        self._identity = identity
        self._bundle = bundle
        self._lane = lane
        self._renewal = renewal or Renewal()
        self._suite: Suite = SUITES[bundle.suite]
        self._run: _Run | None = None
        self._lock = threading.Lock()

    def seal_bytes(self, cleared: Cleared) -> tuple[bytes, Manifest]:
        """An inline unit, sealed whole in memory. Does no I/O.

        Raises Unavailable 4204 (no epoch key for this time), 4117 (our certificate is not valid
        now), Refused 4321 (the body is not as long as it was when it was judged), nothing else.
        """
        body = cleared.body.read()
        if len(body) != cleared.unit.body.size_bytes:
            raise changed(cleared, len(body))
        manifest = self._manifest(cleared, hashlib.sha256(body).digest())
        begun = self._begin(manifest)
        return b"".join(
            [self._head(begun, manifest), *sealed_segments(begun.cipher, body)]
        ), manifest

    def seal_file(self, cleared: Cleared, target: Path) -> Manifest:
        """A unit in a file, sealed into the new file `target` in one pass (8 MiB of memory).

        What lies under `target` is left over from a try before and is replaced. On any error no
        file stays. The content is not yet durable: the queue sees to that when it takes the file.
        Raises as seal_bytes, and Unavailable 4331 (a file cannot be read or written).
        """
        try:
            target.unlink(missing_ok=True)
            descriptor = os.open(
                target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600
            )
            with os.fdopen(descriptor, "wb", buffering=0), cleared.body.open() as body:
                os.fchmod(descriptor, SEALED_MODE)
                return self._stream(cleared, body, descriptor)
        except OSError as error:
            target.unlink(missing_ok=True)
            raise Unavailable(4331, path=str(target), reason=str(error.strerror)) from error
        except BaseException:
            target.unlink(missing_ok=True)
            raise

    def _stream(self, cleared: Cleared, body: BinaryIO, sealed: int) -> Manifest:
        # Header and lengths do not hang on the digest, which is known last: begin without it.
        draft = self._manifest(cleared, bytes(32))
        begun = self._begin(draft)
        os.lseek(sealed, begun.head_bytes, os.SEEK_SET)
        manifest = replace(draft, body_sha256=seal_stream(begun.cipher, cleared, body, sealed))
        # From here the file opens at the receiver.
        write_all(sealed, memoryview(self._head(begun, manifest)), at=0)
        return manifest

    def _manifest(self, cleared: Cleared, body_sha256: bytes) -> Manifest:
        unit = cleared.unit
        return Manifest(
            number=unit.number,
            channel=unit.channel,
            kind=unit.kind,
            lane=self._lane,
            captured_at_ns=unit.captured_at_ns,
            cleared_at_ns=cleared.cleared_at_ns,
            policy_digest=cleared.policy_digest,
            body=unit.body,
            body_sha256=body_sha256,
        )

    def _begin(self, manifest: Manifest) -> _Begun:
        """The header of a unit and the cipher that hangs on it. The salt is new each time, so that
        a unit sealed twice (a retry, a resend) never meets one key with two manifests."""
        run = self._run_at(manifest.cleared_at_ns)
        size_bytes = manifest.body.size_bytes
        manifest_bytes = len(encode_manifest(manifest)) + TAG_BYTES
        clearance_bytes = self._suite.signature_bytes
        head_bytes = HEADER_BYTES + len(run.encapsulation) + manifest_bytes + clearance_bytes
        header = _HEADER.pack(
            MAGIC,
            FORMAT_VERSION,
            self._suite.number,
            LANE_CODES[self._lane],
            manifest.number,
            head_bytes + size_bytes + TAG_BYTES * segment_count(size_bytes),
            size_bytes,
            len(run.encapsulation),
            manifest_bytes,
            clearance_bytes,
            run.epoch.identifier,
            self._identity.identifier,
            os.urandom(SALT_BYTES),
        )
        cipher = self._suite.unit_cipher(run.secret, header)
        return _Begun(header, run.encapsulation, cipher, head_bytes)

    def _head(self, begun: _Begun, manifest: Manifest) -> bytes:
        """Header, encapsulation, sealed manifest and the guard's clearance over the three."""
        sealed_manifest = begun.cipher.seal(0, ROLE_MANIFEST, encode_manifest(manifest))
        cleared = begun.header + begun.encapsulation + sealed_manifest
        return cleared + sign(self._identity.signer, CLEARANCE_CONTEXT, cleared)

    def _run_at(self, at_ns: int) -> _Run:
        """The encapsulation for a unit cleared at this time, a new one where the last is used up."""
        if not self._identity.begins_at_ns <= at_ns <= self._identity.ends_at_ns:
            ended = shown(self._identity.ends_at_ns)
            raise Unavailable(4117, subject=self._identity.name.uri, ended=ended)
        with self._lock:
            run = self._run
            if run is None or not self._serves(run, at_ns):
                run = self._run = self._new_run(self._bundle.at(at_ns), at_ns)
            run.units += 1
            return run

    def _serves(self, run: _Run, at_ns: int) -> bool:
        young = abs(at_ns - run.begun_ns) < self._renewal.seconds * SECOND_NS
        in_epoch = run.epoch.begins_at_ns <= at_ns < run.epoch.ends_at_ns
        return young and in_epoch and run.units < self._renewal.units

    def _new_run(self, epoch: Epoch, at_ns: int) -> _Run:
        # Bound to suite, lane, signer and epoch: nobody can put his own name under a secret of ours.
        info = ENCAPSULATION_CONTEXT + bytes((self._suite.number, LANE_CODES[self._lane]))
        info += epoch.identifier + self._identity.identifier
        try:
            secret, encapsulation = self._suite.encapsulate(epoch.public, info)
        except ValueError as error:
            raise Unavailable(4206, receiver=self._bundle.receiver) from error
        return _Run(secret, encapsulation, epoch, at_ns)
