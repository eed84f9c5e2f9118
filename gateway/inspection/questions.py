"""What a sandbox's child says while it takes a unit apart: typed, bounded, and never believed.

Texts     some texts                                       -> nothing
Visit     a content to be scanned: in the scratch memory,
          or the guard's file that it was written to       -> nothing
NewFile   room for a leaf too large for memory             -> its number, 4 bytes
Append    its next bytes, in the scratch memory            -> nothing
ReadFile  some bytes of it                                 -> the bytes
CloseFile it is done with                                  -> nothing
"""

from __future__ import annotations

from typing import Annotated, Final, TypeAlias

import msgspec

from gateway.inspection.formats.contract import Text
from gateway.inspection.order import Found, Order

Number = Annotated[int, msgspec.Meta(ge=0, le=1 << 20)]
Bytes = Annotated[int, msgspec.Meta(ge=0, le=1 << 44)]
# What a message of texts may hold: far below the limit of a question, whatever the characters.
TEXTS_CHARACTERS: Final = 128 << 10


class Texts(msgspec.Struct, frozen=True, array_like=True, tag=1):
    texts: list[Text]


class Visit(msgspec.Struct, frozen=True, array_like=True, tag=2):
    path: str
    file: Number | None


class NewFile(msgspec.Struct, frozen=True, array_like=True, tag=3):
    pass


class Append(msgspec.Struct, frozen=True, array_like=True, tag=4):
    file: Number


class ReadFile(msgspec.Struct, frozen=True, array_like=True, tag=5):
    file: Number
    size_bytes: Bytes
    offset: Bytes


class CloseFile(msgspec.Struct, frozen=True, array_like=True, tag=6):
    file: Number


class Request(msgspec.Struct, frozen=True, array_like=True):
    """The guard's order. body: a small unit, None where a descriptor lies beside it."""

    order: Order
    size_bytes: int
    body: bytes | None


class Together(msgspec.Struct, frozen=True, array_like=True):
    """One order for several small units: with neither texts nor visits, so that nothing is asked."""

    order: Order
    bodies: list[bytes]


Question: TypeAlias = Texts | Visit | NewFile | Append | ReadFile | CloseFile

_encoder: Final = msgspec.msgpack.Encoder()
decode_question: Final[msgspec.msgpack.Decoder[Question]] = msgspec.msgpack.Decoder(Question)
decode_request: Final = msgspec.msgpack.Decoder(Request)
decode_together: Final = msgspec.msgpack.Decoder(Together)
decode_found: Final = msgspec.msgpack.Decoder(Found)


def encode(message: Question | Request | Together | Found) -> bytes:
    """A message as bytes."""
    return _encoder.encode(message)
