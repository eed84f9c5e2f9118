"""Epoch keys in public: the bundle that a receiver signs and a sender picks from by date.

    receiver: batch of key pairs, one a period --- public bundle, by hand ---> sender
    sender:   the key of the day it seals on       receiver: erases each private key when its day is
              over and the grace is past (gateway.identity.epoch_keys)

A key stolen from the receiver opens the units of the epochs that are not yet erased, and no older
one. The bundle is text, so that a person can see what he carries:

    ferrygate epoch bundle 1
    receiver: ferrygate://hospital-a/inner
    suite: 1
    issued: 2026-11-21T00:00:00Z
    signer: <64 hex digits, SHA-256 of the receiver's device certificate>
    2026-11-21T00:00:00Z 2026-11-22T00:00:00Z <public key, base64>
    ...
    signature: <base64, over all lines before>

Bytes in, values out; no I/O.
"""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from gateway.errors import Unavailable
from gateway.identity.instants import shown, stamp, unstamp
from gateway.identity.keys import sign, verify
from gateway.identity.layout import EPOCH_BUNDLE_CONTEXT
from gateway.identity.suite import Signer, Verifier

EPOCH_ID_BYTES: Final = 8
# Four hours each for three years; a longer list is not one of ours.
MAX_EPOCHS: Final = 8192
_FIRST_LINE: Final = "ferrygate epoch bundle 1"


@dataclass(frozen=True, slots=True)
class Epoch:
    """One public key and the time in which senders use it: from begins up to, not with, ends."""

    begins_at_ns: int
    ends_at_ns: int
    public: bytes

    @property
    def identifier(self) -> bytes:
        """How a sealed header names it: the first 8 bytes of SHA-256 over the public key."""
        return hashlib.sha256(self.public).digest()[:EPOCH_ID_BYTES]


@dataclass(frozen=True, slots=True)
class EpochBundle:
    """The epochs of one receiver, ascending, not overlapping, at least one."""

    receiver: str
    suite: int
    issued_at_ns: int
    signer: bytes
    epochs: tuple[Epoch, ...]

    def at(self, at_ns: int) -> Epoch:
        """The epoch of an instant. Raises Unavailable 4204 (none: units wait) and nothing else."""
        place = bisect_right(self.epochs, at_ns, key=lambda epoch: epoch.begins_at_ns) - 1
        if place < 0 or at_ns >= self.epochs[place].ends_at_ns:
            first, last = self.epochs[0].begins_at_ns, self.epochs[-1].ends_at_ns
            raise Unavailable(4204, begins=shown(first), ended=shown(last), receiver=self.receiver)
        return self.epochs[place]

    @property
    def ends_at_ns(self) -> int:
        return self.epochs[-1].ends_at_ns


def encode_bundle(bundle: EpochBundle, signer: Signer) -> bytes:
    """The bundle as it is carried. signer: the receiver's signing key."""
    text = _text(bundle)
    signature = sign(signer, EPOCH_BUNDLE_CONTEXT, text)
    return text + b"signature: " + b64encode(signature) + b"\n"


def decode_bundle(untrusted: bytes) -> tuple[EpochBundle, bytes]:
    """A bundle and its signature, not yet verified. Raises ValueError and nothing else."""
    try:
        lines = untrusted.decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        raise ValueError("not ASCII") from error
    if not 8 <= len(lines) <= MAX_EPOCHS + 7:
        raise ValueError("too short or too long")
    bundle = EpochBundle(
        receiver=_after("receiver: ", lines[1]),
        suite=_small_number(_after("suite: ", lines[2])),
        issued_at_ns=unstamp(_after("issued: ", lines[3])),
        signer=bytes.fromhex(_after("signer: ", lines[4])),
        epochs=tuple(_epoch(line) for line in lines[5:-2]),
    )
    signature = b64decode(_after("signature: ", lines[-2]), validate=True)
    # One spelling for each bundle: what was read, written again, is what was read.
    if _text(bundle) + b"signature: " + b64encode(signature) + b"\n" != untrusted:
        raise ValueError("not in the one spelling of a bundle")
    _check_order(bundle.epochs)
    return bundle, signature


def bundle_holds(bundle: EpochBundle, untrusted_signature: bytes, verifier: Verifier) -> bool:
    """Whether the receiver's key signed these epochs."""
    return verify(verifier, EPOCH_BUNDLE_CONTEXT, untrusted_signature, _text(bundle))


def _text(bundle: EpochBundle) -> bytes:
    lines = [
        _FIRST_LINE,
        f"receiver: {bundle.receiver}",
        f"suite: {bundle.suite}",
        f"issued: {stamp(bundle.issued_at_ns)}",
        f"signer: {bundle.signer.hex()}",
    ]
    for epoch in bundle.epochs:
        key = b64encode(epoch.public).decode("ascii")
        lines.append(f"{stamp(epoch.begins_at_ns)} {stamp(epoch.ends_at_ns)} {key}")
    return ("\n".join(lines) + "\n").encode("ascii")


def _epoch(untrusted_line: str) -> Epoch:
    begins, ends, key = untrusted_line.split(" ")
    return Epoch(unstamp(begins), unstamp(ends), b64decode(key, validate=True))


def _after(word: str, untrusted_line: str) -> str:
    if not untrusted_line.startswith(word):
        raise ValueError(f"no line {word!r}")
    return untrusted_line.removeprefix(word)


def _small_number(untrusted_text: str) -> int:
    if len(untrusted_text) > 3:
        raise ValueError("not a suite")
    return int(untrusted_text)


def _check_order(epochs: tuple[Epoch, ...]) -> None:
    for epoch in epochs:
        if epoch.begins_at_ns >= epoch.ends_at_ns:
            raise ValueError("an epoch ends before it begins")
    for one, next_one in pairwise(epochs):
        if one.ends_at_ns > next_one.begins_at_ns:
            raise ValueError("epochs overlap")
