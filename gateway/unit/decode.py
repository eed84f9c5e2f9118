"""Untrusted bytes to values of a unit: strict, bounded, one encoding for each value.

Whatever the bytes, the answer is a value or Refused 1080 (malformed). A value whose own encoding
would differ from the bytes is refused too: nothing hides in a second spelling.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from gateway.errors import Refused
from gateway.unit.model import MAX_NAME_BYTES, CapturedUnit, FileBody, Kind, Lane, Manifest
from gateway.unit.number import MAX_NUMBER

# A manifest is names, numbers and a digest; anything longer is not one of ours.
MAX_ENCODED_BYTES: Final = 4096

_Number = Annotated[int, Meta(ge=0, le=MAX_NUMBER)]
_ChannelName = Annotated[
    str, Meta(pattern=r"^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$", max_length=64)
]
_TimeNs = Annotated[int, Meta(ge=0, le=(1 << 63) - 1)]
_Size = Annotated[int, Meta(ge=0, le=(1 << 63) - 1)]
_Digest = Annotated[bytes, Meta(min_length=32, max_length=32)]
_Hex = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
_Name = Annotated[bytes, Meta(min_length=1, max_length=MAX_NAME_BYTES)]
_Version = Annotated[int, Meta(ge=1, le=1)]
_File = tuple[_Name, _Size, _TimeNs]
_Subject = Annotated[str, Meta(max_length=256)]

_captured = msgspec.msgpack.Decoder(
    tuple[_Version, _Number, _ChannelName, Kind, _TimeNs, _File, _Subject]
)
_manifest = msgspec.msgpack.Decoder(
    tuple[_Version, _Number, _ChannelName, Kind, Lane, _TimeNs, _TimeNs, _Hex, _File, _Digest]
)
_pack = msgspec.msgpack.Encoder().encode


def decode_captured(untrusted_bytes: bytes) -> CapturedUnit:
    """A captured unit's header. Raises Refused 1080 and nothing else."""
    _, number, channel, kind, at_ns, file, subject = _strict(_captured, untrusted_bytes)
    return CapturedUnit(number, channel, kind, at_ns, _file(file), subject)


def decode_manifest(untrusted_bytes: bytes) -> Manifest:
    """A manifest. Raises Refused 1080 and nothing else."""
    _, number, channel, kind, lane, captured_ns, cleared_ns, policy, file, digest = _strict(
        _manifest, untrusted_bytes
    )
    return Manifest(
        number, channel, kind, lane, captured_ns, cleared_ns, policy, _file(file), digest
    )


def _strict(decoder: msgspec.msgpack.Decoder[Any], untrusted_bytes: bytes) -> Any:
    if len(untrusted_bytes) > MAX_ENCODED_BYTES:
        raise Refused(1080, size_bytes=len(untrusted_bytes))
    try:
        value = decoder.decode(untrusted_bytes)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(1080, size_bytes=len(untrusted_bytes)) from error
    if _pack(value) != untrusted_bytes:
        raise Refused(1080, size_bytes=len(untrusted_bytes))
    return value


def _file(file: tuple[bytes, int, int]) -> FileBody:
    name, size_bytes, modified_ns = file
    return FileBody(name.decode("utf-8", "surrogateescape"), size_bytes, modified_ns)
