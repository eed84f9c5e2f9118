"""Opening: untrusted bytes from the link to a manifest and a body, or Refused.

Written from docs/SEALING.md without a line of gateway.sending. In this order, each with its number:

     1  header       magic, zeros, unit number (4301); version and suite (4302); every size,
                     against each other and against what is there (4303)
     2  lane         the one that this guard receives (4304); unit number, where expected (4305)
     3  signer       known, ours, for clearances, of the right name, not revoked, in its time
                     (4110 to 4115, 4105; 4116 waits)
     4  clearance    the signature over header, encapsulation and sealed manifest (4306)
     5  epoch        ours, not erased, begun (4201 to 4203)
     6  secret       the encapsulation opens with that epoch's key (4307)
     7  manifest     opens (4308), is a manifest (4309), says the same as the header (4310)
     8  body         each segment opens in its place (4311)
     9  digest       SHA-256 of the body is the manifest's (4312)

Until 4 nothing but a look-up and one signature check was spent on a stranger's bytes; nothing of a body
leaves before 9.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from gateway.errors import Misconfigured, Refused, Unavailable
from gateway.identity.epoch_keys import EpochKeys
from gateway.identity.keys import verify
from gateway.identity.layout import (
    CLEARANCE_CONTEXT,
    ENCAPSULATION_CONTEXT,
    LANE_CODES,
    MAX_HEAD_BYTES,
    ROLE_MANIFEST,
)
from gateway.identity.suite import UnitCipher
from gateway.identity.trust import Trust
from gateway.receiving.head import SealedHead, parse_head
from gateway.receiving.segments import open_segments, open_stream
from gateway.unit.decode import decode_manifest
from gateway.unit.model import Lane, Manifest
from gateway.unit.number import speak

# Encapsulations whose secret is kept: a sender uses one for thousands of units.
_SECRETS_KEPT: Final = 16
_OPENED_MODE: Final = 0o600


class Received(NamedTuple):
    """An opened unit whose body is in memory."""

    manifest: Manifest
    body: bytes


class Opener:
    """Opens the received units of one lane. Safe to call from several threads.

    trust: whose clearances count. epochs: our private epoch keys. clock: nanoseconds since 1970.
    """

    def __init__(
        self,
        lane: Lane,
        trust: Trust,
        epochs: EpochKeys,
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        self._lane = lane
        self._trust = trust
        self._epochs = epochs
        self._clock = clock
        self._secrets: OrderedDict[bytes, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def open_bytes(self, untrusted: bytes, number: int | None = None) -> Received:
        """A whole sealed unit in memory. number: what it came as, where the caller knows that.

        Raises Refused (the numbers above), Unavailable 4116, 4001 to 4003 (the key of a living epoch is
        not in its folder) and nothing else. No I/O but that key's file, once.
        """
        head = parse_head(untrusted[:MAX_HEAD_BYTES], len(untrusted))
        manifest, cipher = self._verified(head, number)
        body = open_segments(cipher, head, memoryview(untrusted)[head.head_bytes :])
        _check_digest(manifest, hashlib.sha256(body).digest())
        return Received(manifest, body)

    def open_file(self, untrusted_path: Path, target: Path, number: int | None = None) -> Manifest:
        """A sealed unit in a file; its body goes to the new file `target` (mode 0600).

        While it is written, `target` lies in the guard's own staging folder and is nobody's body:
        it is one when this returns, and is gone when this raises. Memory: 16 MiB.
        Raises as open_bytes, and Unavailable 4331 (a file cannot be read or written).
        """
        try:
            target.unlink(missing_ok=True)
            sealed = os.open(untrusted_path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(sealed, "rb", buffering=0):
                return self._open_stream(sealed, target, number)
        except OSError as error:
            target.unlink(missing_ok=True)
            raise Unavailable(4331, path=str(target), reason=str(error.strerror)) from error
        except BaseException:
            target.unlink(missing_ok=True)
            raise

    def look_bytes(self, untrusted: bytes) -> Manifest:
        """What a sealed unit says of itself, its body unopened: steps 1 to 7, and nothing may be admitted by
        it. Raises as open_bytes."""
        head = parse_head(untrusted[:MAX_HEAD_BYTES], len(untrusted))
        return self._verified(head, None)[0]

    def look_file(self, untrusted_path: Path) -> Manifest:
        """The same of one in a file. Raises as open_file."""
        try:
            sealed = os.open(untrusted_path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(sealed, "rb", buffering=0):
                size_bytes = os.fstat(sealed).st_size
                head = parse_head(os.pread(sealed, MAX_HEAD_BYTES, 0), size_bytes)
        except OSError as error:
            path, reason = str(untrusted_path), str(error.strerror)
            raise Unavailable(4331, path=path, reason=reason) from error
        return self._verified(head, None)[0]

    def purge(self, now_ns: int) -> int:
        """Erase the epoch keys whose grace is past, and every secret kept; gives their number.

        For once an hour. Raises OSError.
        """
        with self._lock:
            self._secrets.clear()
        return self._epochs.purge(now_ns)

    def _open_stream(self, sealed: int, target: Path, number: int | None) -> Manifest:
        head = parse_head(os.pread(sealed, MAX_HEAD_BYTES, 0), os.fstat(sealed).st_size)
        manifest, cipher = self._verified(head, number)
        os.lseek(sealed, head.head_bytes, os.SEEK_SET)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        opened = os.open(target, flags, _OPENED_MODE)
        with os.fdopen(opened, "wb", buffering=0):
            digest = open_stream(cipher, head, sealed, opened)
        _check_digest(manifest, digest)
        # From here the body may be judged: it is the one that the peer's guard has cleared.
        return manifest

    def _verified(self, head: SealedHead, number: int | None) -> tuple[Manifest, UnitCipher]:
        """Steps 2 to 7: everything but the body."""
        at_ns = self._clock()
        if head.header[6] != LANE_CODES[self._lane]:
            raise Refused(4304, lane=head.header[6], expected=self._lane.value)
        if number is not None and head.number != number:
            raise Refused(4305, unit=speak(head.number), expected=speak(number))
        verifier = self._trust.signer(head.signer, at_ns)
        signed = head.header + head.encapsulation + head.sealed_manifest
        if not verify(verifier, CLEARANCE_CONTEXT, head.clearance, signed):
            raise Refused(4306, unit=speak(head.number))
        cipher = head.suite.unit_cipher(self._secret(head, at_ns), head.header)
        return self._manifest(head, cipher), cipher

    def _secret(self, head: SealedHead, at_ns: int) -> bytes:
        """Steps 5 and 6. The epoch is asked each time: a kept secret does not outlive its key."""
        try:
            key = self._epochs.private(head.epoch, at_ns)
        except Misconfigured as error:
            # One key's file is not in order: the units of its epoch wait, all others go on.
            raise Unavailable(error.number, **error.fields) from error
        info = ENCAPSULATION_CONTEXT + head.header[5:7] + head.epoch + head.signer
        known_as = info + head.encapsulation
        with self._lock:
            if (kept := self._secrets.get(known_as)) is not None:
                self._secrets.move_to_end(known_as)
                return kept
        secret = head.suite.decapsulate(key, head.encapsulation, info)
        if secret is None:
            raise Refused(4307, unit=speak(head.number))
        with self._lock:
            self._secrets[known_as] = secret
            while len(self._secrets) > _SECRETS_KEPT:
                self._secrets.popitem(last=False)
        return secret

    def _manifest(self, head: SealedHead, cipher: UnitCipher) -> Manifest:
        encoded = cipher.open(0, ROLE_MANIFEST, head.sealed_manifest)
        if encoded is None:
            raise Refused(4308, unit=speak(head.number))
        try:
            manifest = decode_manifest(encoded)
        except Refused as error:
            raise Refused(4309, unit=speak(head.number)) from error
        said = (manifest.number, manifest.lane, manifest.body.size_bytes)
        if said != (head.number, self._lane, head.body_bytes):
            raise Refused(4310, unit=speak(head.number), claimed=speak(manifest.number))
        return manifest


def _check_digest(manifest: Manifest, body_sha256: bytes) -> None:
    """Step 9."""
    if not hmac.compare_digest(manifest.body_sha256, body_sha256):
        raise Refused(4312, unit=speak(manifest.number))
