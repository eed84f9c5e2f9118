"""Untrusted bytes to values of a unit: strict, bounded, one encoding for each value.

Whatever the bytes, the answer is a value or Refused 1080 (malformed). A value whose own encoding
would differ from the bytes is refused too: nothing hides in a second spelling.

The typed part stands in the middle of both encodings. Which forms it may have hangs on the kind:

    files, rows, stream   [name, size, time]            no tag: as units of one-way gates ever were
    requests              [1, request ...] | [2, response ...] | [3, failure ...] | [5, batch ...]
    requests (sessions)   [6, opened ...] | [7, message ...] | [8, alive ...] | [9, end ...]
    outcomes              [4, count, size]              the content: gateway.unit.outcomes
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from gateway.errors import Refused
from gateway.unit.model import (
    MAX_NAME_BYTES,
    CapturedUnit,
    FileBody,
    Kind,
    Lane,
    Manifest,
    UnitBody,
)
from gateway.unit.number import MAX_NUMBER
from gateway.unit.outcomes import MAX_OUTCOMES, MAX_OUTCOMES_BYTES, OutcomesBody
from gateway.unit.request import (
    MAX_ANSWER_WITHIN_MS,
    MAX_BATCH_UNITS,
    MAX_CONTENT_BYTES,
    MAX_FIELD_BYTES,
    MAX_FIELDS,
    MAX_LARGE_BYTES,
    MAX_OPERATION_BYTES,
    BatchBody,
    Consequence,
    FailureBody,
    RequestBody,
    ResponseBody,
)
from gateway.unit.session_form import Alive, End, Message, Opened

# A manifest is names, numbers, a digest, and of a request the fields that its operation lists. With all
# that a head holds it stays below what a clearance is looked for in (docs/SEALING.md: 16 KiB).
MAX_ENCODED_BYTES: Final = 8192
# A manifest says more of the same unit: digests, times, a lane. What is taken in must fit there too.
MAX_CAPTURED_BYTES: Final = MAX_ENCODED_BYTES - 256

_Number = Annotated[int, Meta(ge=0, le=MAX_NUMBER)]
_WORD: Final = r"^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?\Z"
_ChannelName = Annotated[str, Meta(pattern=_WORD, max_length=64)]
_TimeNs = Annotated[int, Meta(ge=0, le=(1 << 63) - 1)]
_Size = Annotated[int, Meta(ge=0, le=(1 << 63) - 1)]
_Digest = Annotated[bytes, Meta(min_length=32, max_length=32)]
_Hex = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
_Name = Annotated[bytes, Meta(min_length=1, max_length=MAX_NAME_BYTES)]
_Version = Annotated[int, Meta(ge=1, le=1)]
_Subject = Annotated[str, Meta(max_length=256)]

_Operation = Annotated[str, Meta(pattern=_WORD, max_length=MAX_OPERATION_BYTES)]
# RFC 9110 section 5.6.2, token; the names of FHIR and DICOMweb parameters are such too.
_FieldName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~:-]{1,64}\Z")]
# No control character ends a field on the far side.
_FieldValue = Annotated[str, Meta(pattern=r"^[^\x00-\x1f\x7f]*\Z", max_length=MAX_FIELD_BYTES)]
_Fields = Annotated[tuple[tuple[_FieldName, _FieldValue], ...], Meta(max_length=MAX_FIELDS)]
# RFC 6838 section 4.2, restricted names.
_MediaType = Annotated[
    str, Meta(pattern=r"^(?:[a-z0-9][a-z0-9!#$&^_.+-]{0,62}/[a-z0-9][a-z0-9!#$&^_.+-]{0,62})?\Z")
]
# Who holds contents in memory has a limit of its own (gateway.exchange.frames).
_ContentSize = Annotated[int, Meta(ge=0, le=MAX_LARGE_BYTES)]


class _Request(msgspec.Struct, array_like=True, tag=1, forbid_unknown_fields=True):
    operation: _Operation
    path: _Fields
    query: _Fields
    headers: _Fields
    content_type: _MediaType
    size_bytes: _ContentSize
    answer_within_ms: Annotated[int, Meta(ge=1, le=MAX_ANSWER_WITHIN_MS)]

    def value(self) -> RequestBody:
        return RequestBody(
            self.operation,
            self.path,
            self.query,
            self.headers,
            self.content_type,
            self.size_bytes,
            self.answer_within_ms,
        )


class _Response(msgspec.Struct, array_like=True, tag=2, forbid_unknown_fields=True):
    request: _Number
    operation: _Operation
    status: Annotated[int, Meta(ge=200, le=599)]
    headers: _Fields
    content_type: _MediaType
    size_bytes: _ContentSize

    def value(self) -> ResponseBody:
        return ResponseBody(
            self.request,
            self.operation,
            self.status,
            self.headers,
            self.content_type,
            self.size_bytes,
        )


class _Failure(msgspec.Struct, array_like=True, tag=3, forbid_unknown_fields=True):
    request: _Number
    operation: _Operation
    number: Annotated[int, Meta(ge=1000, le=9999)]
    consequence: Consequence

    def value(self) -> FailureBody:
        return FailureBody(self.request, self.operation, self.number, self.consequence)


class _Batch(msgspec.Struct, array_like=True, tag=5, forbid_unknown_fields=True):
    units: Annotated[int, Meta(ge=2, le=MAX_BATCH_UNITS)]
    size_bytes: Annotated[int, Meta(ge=0, le=MAX_CONTENT_BYTES)]

    def value(self) -> BatchBody:
        return BatchBody(self.units, self.size_bytes)


class _Outcomes(msgspec.Struct, array_like=True, tag=4, forbid_unknown_fields=True):
    count: Annotated[int, Meta(ge=1, le=MAX_OUTCOMES)]
    size_bytes: Annotated[int, Meta(ge=1, le=MAX_OUTCOMES_BYTES)]

    def value(self) -> OutcomesBody:
        return OutcomesBody(self.count, self.size_bytes)


class _File(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    name: _Name
    size_bytes: _Size
    modified_ns: _TimeNs

    def value(self) -> FileBody:
        name = self.name.decode("utf-8", "surrogateescape")
        return FileBody(name, self.size_bytes, self.modified_ns)


_file = msgspec.msgpack.Decoder(_File)
_exchanged = msgspec.msgpack.Decoder(
    _Request | _Response | _Failure | _Batch | Opened | Message | Alive | End
)
_BODIES: Final[Mapping[Kind, msgspec.msgpack.Decoder[Any]]] = {
    Kind.FILES: _file,
    Kind.ROWS: _file,
    Kind.STREAM: _file,
    Kind.REQUESTS: _exchanged,
    Kind.OUTCOMES: msgspec.msgpack.Decoder(_Outcomes),
}
_captured = msgspec.msgpack.Decoder(
    tuple[_Version, _Number, _ChannelName, Kind, _TimeNs, msgspec.Raw, _Subject]
)
_manifest = msgspec.msgpack.Decoder(
    tuple[_Version, _Number, _ChannelName, Kind, Lane, _TimeNs, _TimeNs, _Hex, msgspec.Raw, _Digest]
)
_pack = msgspec.msgpack.Encoder().encode


def decode_captured(untrusted_bytes: bytes) -> CapturedUnit:
    """A captured unit's header. Raises Refused 1080 and nothing else."""
    value = _strict(_captured, untrusted_bytes, MAX_CAPTURED_BYTES)
    _, number, channel, kind, at_ns, untrusted_body, subject = value
    body = _body(kind, untrusted_body)
    return CapturedUnit(number, channel, kind, at_ns, body, subject)


def decode_manifest(untrusted_bytes: bytes) -> Manifest:
    """A manifest. Raises Refused 1080 and nothing else."""
    value = _strict(_manifest, untrusted_bytes, MAX_ENCODED_BYTES)
    _, number, channel, kind, lane, captured_ns, cleared_ns, policy, untrusted_body, digest = value
    body = _body(kind, untrusted_body)
    return Manifest(number, channel, kind, lane, captured_ns, cleared_ns, policy, body, digest)


def decode_batch(untrusted_bytes: bytes, units: int) -> list[tuple[Manifest, bytes]]:
    """The manifests and contents of a batch. Raises Refused 1080 and nothing else."""
    found: list[tuple[Manifest, bytes]] = []
    at, size_bytes = 0, len(untrusted_bytes)
    while at < size_bytes:
        lengths = untrusted_bytes[at : at + 6]
        head_at = at + 6
        content_at = head_at + int.from_bytes(lengths[:2], "big")
        at = content_at + int.from_bytes(lengths[2:], "big")
        if len(lengths) < 6 or at > size_bytes or len(found) == units:
            raise Refused(1080, size_bytes=size_bytes)
        manifest = decode_manifest(untrusted_bytes[head_at:content_at])
        found.append((manifest, untrusted_bytes[content_at:at]))
    if len(found) != units:
        raise Refused(1080, size_bytes=size_bytes)
    return found


def _body(kind: Kind, untrusted_body: msgspec.Raw) -> UnitBody:
    body: UnitBody = _strict(_BODIES[kind], bytes(untrusted_body), MAX_ENCODED_BYTES).value()
    return body


def _strict(decoder: msgspec.msgpack.Decoder[Any], untrusted_bytes: bytes, limit: int) -> Any:
    if len(untrusted_bytes) > limit:
        raise Refused(1080, size_bytes=len(untrusted_bytes))
    try:
        value = decoder.decode(untrusted_bytes)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(1080, size_bytes=len(untrusted_bytes)) from error
    if _pack(value) != untrusted_bytes:
        raise Refused(1080, size_bytes=len(untrusted_bytes))
    return value
