"""Values of a unit to bytes: one encoding for each value (MessagePack arrays in field order).

The receiving side reads these bytes with gateway.unit.decode, which shares no code with this module.
"""

from __future__ import annotations

from typing import Final

import msgspec

from gateway.unit.model import CapturedUnit, FileBody, Manifest

# First byte of each encoding: a reader of another version stops at once instead of guessing.
CAPTURED_VERSION: Final = 1
MANIFEST_VERSION: Final = 1

_pack = msgspec.msgpack.Encoder().encode


def encode_captured(unit: CapturedUnit) -> bytes:
    """The queue header of a captured unit. Does no I/O and cannot fail for a value of the type."""
    return _pack(
        [
            CAPTURED_VERSION,
            unit.number,
            unit.channel,
            unit.kind.value,
            unit.captured_at_ns,
            _file(unit.body),
            unit.brought_by,
        ]
    )


def encode_manifest(manifest: Manifest) -> bytes:
    """The manifest as it is signed and sealed."""
    return _pack(
        [
            MANIFEST_VERSION,
            manifest.number,
            manifest.channel,
            manifest.kind.value,
            manifest.lane.value,
            manifest.captured_at_ns,
            manifest.cleared_at_ns,
            manifest.policy_digest,
            _file(manifest.body),
            manifest.body_sha256,
        ]
    )


def _file(body: FileBody) -> list[str | int | bytes]:
    # A file name is bytes to Linux: what is no UTF-8 crosses as bytes and is judged as such.
    return [body.name.encode("utf-8", "surrogateescape"), body.size_bytes, body.modified_ns]
