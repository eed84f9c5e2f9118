"""What the guard orders of the child that hands out parts, and what it answers where it cannot go on."""

from __future__ import annotations

import msgspec

from gateway.errors import Field
from gateway.inspection.unsound import Word


class Request(msgspec.Struct, frozen=True, array_like=True):
    """The guard's order. kind: a type. body: a small unit, None where a descriptor lies beside it."""

    kind: str
    size_bytes: int
    body: bytes | None


class Trouble(msgspec.Struct, frozen=True, array_like=True):
    """The only answer there is: what the reader could not go on with."""

    number: int
    word: Word
    fields: dict[str, Field]
