"""Values of a unit to bytes: one encoding for each value (MessagePack arrays in field order).

The receiving side reads these bytes with gateway.unit.decode, which shares no code with this module.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Final, assert_never

import msgspec

from gateway.unit.model import CapturedUnit, FileBody, Manifest, UnitBody
from gateway.unit.outcomes import OutcomesBody
from gateway.unit.request import BatchBody, FailureBody, Fields, RequestBody, ResponseBody
from gateway.unit.session import AliveBody, EndBody, MessageBody, OpenedBody

# First byte of each encoding: a reader of another version stops at once instead of guessing.
CAPTURED_VERSION: Final = 1
MANIFEST_VERSION: Final = 1
# First element of a typed part that is not a file's, which begins with its name.
REQUEST_TAG: Final = 1
RESPONSE_TAG: Final = 2
FAILURE_TAG: Final = 3
OUTCOMES_TAG: Final = 4
BATCH_TAG: Final = 5
OPENED_TAG: Final = 6
MESSAGE_TAG: Final = 7
ALIVE_TAG: Final = 8
END_TAG: Final = 9

# Before each unit of a batch, big-endian: bytes of its manifest, bytes of its content.
_LENGTHS: Final = struct.Struct("!HI")
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
            _body(unit.body),
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
            _body(manifest.body),
            manifest.body_sha256,
        ]
    )


def encode_batch(units: Sequence[tuple[Manifest, bytes]]) -> bytes:
    """The content of a batch: for each unit the lengths of manifest and content, then both."""
    pieces: list[bytes] = []
    for manifest, content in units:
        head = encode_manifest(manifest)
        pieces += (_LENGTHS.pack(len(head), len(content)), head, content)
    return b"".join(pieces)


def _body(body: UnitBody) -> list[object]:
    match body:
        case FileBody(name, size_bytes, modified_ns):
            # A file name is bytes to Linux: what is no UTF-8 crosses as bytes and is judged as such.
            return [name.encode("utf-8", "surrogateescape"), size_bytes, modified_ns]
        case RequestBody():
            return [
                REQUEST_TAG,
                body.operation,
                _fields(body.path),
                _fields(body.query),
                _fields(body.headers),
                body.content_type,
                body.size_bytes,
                body.answer_within_ms,
            ]
        case ResponseBody():
            return [
                RESPONSE_TAG,
                body.request,
                body.operation,
                body.status,
                _fields(body.headers),
                body.content_type,
                body.size_bytes,
            ]
        case FailureBody():
            return [
                FAILURE_TAG,
                body.request,
                body.operation,
                body.number,
                body.consequence.value,
            ]
        case BatchBody():
            return [BATCH_TAG, body.units, body.size_bytes]
        case OutcomesBody():
            return [OUTCOMES_TAG, body.count, body.size_bytes]
        case OpenedBody():
            return [OPENED_TAG, body.session, body.operation]
        case MessageBody():
            return [
                MESSAGE_TAG,
                body.session,
                body.operation,
                body.sequence,
                body.is_text,
                body.event,
                body.event_id,
                body.size_bytes,
            ]
        case AliveBody():
            return [ALIVE_TAG, body.session, body.operation, body.sequence]
        case EndBody():
            return [END_TAG, body.session, body.operation, body.sequence, body.ending.value]
        case _:
            assert_never(body)


def _fields(fields: Fields) -> list[list[str]]:
    return [[name, value] for name, value in fields]
