"""The head of a sealed unit, read from untrusted bytes: sizes and places, nothing believed yet.

Written from the table of docs/SEALING.md. Cryptography and order of checks are gateway.receiving.verify's.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from gateway.errors import Refused
from gateway.identity.layout import (
    FORMAT_VERSION,
    HEADER_BYTES,
    MAGIC,
    MAX_BODY_BYTES,
    SEGMENT_BYTES,
    TAG_BYTES,
)
from gateway.identity.suite import Suite
from gateway.identity.suites import suite_of
from gateway.unit.decode import MAX_ENCODED_BYTES
from gateway.unit.number import MAX_NUMBER

_FIELDS: Final = struct.Struct(">4sBBBBQQQHHHH8s32s16s")


@dataclass(frozen=True, slots=True)
class SealedHead:
    """A head that is well formed; its clearance is not yet verified."""

    header: bytes
    suite: Suite
    number: int
    body_bytes: int
    segments: int
    epoch: bytes
    signer: bytes
    encapsulation: bytes
    sealed_manifest: bytes
    clearance: bytes
    head_bytes: int


def parse_head(untrusted: bytes, total_bytes: int) -> SealedHead:
    """Step 1. untrusted: the first MAX_HEAD_BYTES of total_bytes. Raises Refused 4301 to 4303."""
    if len(untrusted) < HEADER_BYTES or untrusted[:4] != MAGIC:
        raise Refused(4301, size_bytes=total_bytes)
    header = untrusted[:HEADER_BYTES]
    (
        _, version, suite_number, _, zero, number, declared_bytes, body_bytes,
        encapsulation_bytes, manifest_bytes, clearance_bytes, reserved, epoch, signer, _,
    ) = _FIELDS.unpack(header)  # fmt: skip
    suite = suite_of(suite_number)
    if version != FORMAT_VERSION or suite is None:
        raise Refused(4302, version=version, suite=suite_number)
    if zero or reserved or number > MAX_NUMBER:
        raise Refused(4301, size_bytes=total_bytes)
    segments = max(1, (body_bytes + SEGMENT_BYTES - 1) // SEGMENT_BYTES)
    head_bytes = HEADER_BYTES + encapsulation_bytes + manifest_bytes + clearance_bytes
    fits = (
        body_bytes <= MAX_BODY_BYTES
        and encapsulation_bytes == suite.encapsulation_bytes
        and clearance_bytes == suite.signature_bytes
        and TAG_BYTES < manifest_bytes <= MAX_ENCODED_BYTES + TAG_BYTES
        and head_bytes <= len(untrusted)
        and declared_bytes == head_bytes + body_bytes + segments * TAG_BYTES == total_bytes
    )
    if not fits:
        raise Refused(4303, declared_bytes=declared_bytes, size_bytes=total_bytes)
    manifest_at = HEADER_BYTES + encapsulation_bytes
    clearance_at = manifest_at + manifest_bytes
    return SealedHead(
        header=header,
        suite=suite,
        number=number,
        body_bytes=body_bytes,
        segments=segments,
        epoch=epoch,
        signer=signer,
        encapsulation=untrusted[HEADER_BYTES:manifest_at],
        sealed_manifest=untrusted[manifest_at:clearance_at],
        clearance=untrusted[clearance_at:head_bytes],
        head_bytes=head_bytes,
    )
