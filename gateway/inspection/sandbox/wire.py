"""What guard, pre-loaded parent and children say to each other: typed, each message bounded.

    on a child's socket (stream)        u32 big-endian length | msgpack array, first element the tag
      guard -> child    Work            one descriptor beside it if `descriptor`
                        Reply           to an Ask, before anything else
      child -> guard    Hello           closed off; one pidfd beside it; before any unit
                        Ask*  Answer*   in any order, then Done or Failed
    on the parent's socket (packets)    msgpack array alone
      guard -> parent   Begin, then Spawn (socket and scratch beside it), Query
      parent -> guard   Ready or Unready, then Ended to each Query

All that a child says is untrusted: a length is checked before memory is taken for it.
No I/O here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import IntEnum
from typing import Annotated, Final, Protocol, TypeAlias

import msgspec

# A longer answer goes in pieces; a longer question is the caller's to split. Big enough that the cost
# of a message does not show beside its bytes.
MAX_PIECE_BYTES: Final = 1 << 20
# What a request may hold: a small unit's body and the profile of its channel.
MAX_REQUEST_BYTES: Final = 4 << 20
# Tag, names and lengths around the bytes.
_AROUND_BYTES: Final = 1024
MAX_FROM_CHILD_BYTES: Final = MAX_PIECE_BYTES + _AROUND_BYTES
MAX_FROM_GUARD_BYTES: Final = MAX_REQUEST_BYTES + _AROUND_BYTES
# Messages of the parent's socket hold names and numbers only.
MAX_PACKET_BYTES: Final = 16 << 10
# Read at once: below the size from which malloc maps memory anew for each piece.
READ_BYTES: Final = 64 << 10
_LENGTH_BYTES: Final = 4

Name = Annotated[str, msgspec.Meta(max_length=80)]
Count = Annotated[int, msgspec.Meta(ge=0, le=1 << 40)]


class Ask(Protocol):
    """How a job asks the guard something while it works.

    question: MAX_PIECE_BYTES at most. leaf: bytes handed out through the scratch memory, as many as
    its size at most; None for none. Answer: what the guard's on_ask gave.
    """

    def __call__(self, question: bytes, leaf: bytes | memoryview | None = None) -> bytes: ...


# A job: the unit's descriptor (-1 for none; read it with pread), the request, a way to ask; answers out.
# It runs closed off: it opens nothing, starts nothing and imports nothing late.
Job: TypeAlias = Callable[[int, bytes, Ask], Iterator[bytes]]


class Work(msgspec.Struct, frozen=True, array_like=True, tag=1):
    job: Name
    request: bytes
    descriptor: bool


class Reply(msgspec.Struct, frozen=True, array_like=True, tag=2):
    answer: bytes


class Hello(msgspec.Struct, frozen=True, array_like=True, tag=10):
    pid: Count


class Asked(msgspec.Struct, frozen=True, array_like=True, tag=11):
    question: bytes
    leaf_bytes: Count | None


class Answer(msgspec.Struct, frozen=True, array_like=True, tag=12):
    piece: bytes
    more: bool


class Done(msgspec.Struct, frozen=True, array_like=True, tag=13):
    pass


class Why(IntEnum):
    """Why a job gave up: no memory, or an exception that it should have caught."""

    MEMORY = 1
    RAISED = 2


class Failed(msgspec.Struct, frozen=True, array_like=True, tag=14):
    why: Why
    name: Name


class Begin(msgspec.Struct, frozen=True, array_like=True, tag=20):
    memory_bytes: Count
    scratch_bytes: Count


class Spawn(msgspec.Struct, frozen=True, array_like=True, tag=21):
    child: Count
    cpu_s: Count


class Query(msgspec.Struct, frozen=True, array_like=True, tag=22):
    child: Count


class Ready(msgspec.Struct, frozen=True, array_like=True, tag=30):
    jobs: list[Name]
    protections: list[Name]


class Unready(msgspec.Struct, frozen=True, array_like=True, tag=31):
    reason: Name


class Ended(msgspec.Struct, frozen=True, array_like=True, tag=32):
    """wait_status as of waitpid(2); None where no such child was made."""

    child: Count
    wait_status: int | None


ToChild: TypeAlias = Work | Reply
FromChild: TypeAlias = Hello | Asked | Answer | Done | Failed
ToParent: TypeAlias = Begin | Spawn | Query
FromParent: TypeAlias = Ready | Unready | Ended

_encoder: Final = msgspec.msgpack.Encoder()
to_child: Final[msgspec.msgpack.Decoder[ToChild]] = msgspec.msgpack.Decoder(ToChild)
from_child: Final[msgspec.msgpack.Decoder[FromChild]] = msgspec.msgpack.Decoder(FromChild)
to_parent: Final[msgspec.msgpack.Decoder[ToParent]] = msgspec.msgpack.Decoder(ToParent)
from_parent: Final[msgspec.msgpack.Decoder[FromParent]] = msgspec.msgpack.Decoder(FromParent)


class Garbled(Exception):
    """Bytes that are no message of this protocol. Stays inside this package."""


def packet(message: ToParent | FromParent) -> bytes:
    """A message of the parent's socket."""
    return _encoder.encode(message)


def framed(message: ToChild | FromChild) -> bytes:
    """A message of a child's socket, its length before it."""
    body = _encoder.encode(message)
    return len(body).to_bytes(_LENGTH_BYTES, "big") + body


def read_from_child(untrusted_body: bytes) -> FromChild:
    """Raises Garbled and nothing else."""
    try:
        return from_child.decode(untrusted_body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Garbled from error


class Inbox:
    """Bytes of a stream in, bodies of messages out. Holds one message and one read at most."""

    __slots__ = ("_buffer", "_max_bytes")

    def __init__(self, max_bytes: int) -> None:
        self._buffer = bytearray()
        self._max_bytes = max_bytes

    def add(self, untrusted_data: bytes) -> None:
        self._buffer += untrusted_data

    def take(self) -> bytes | None:
        """The next whole body, or None. Raises Garbled for a length beyond the bound."""
        buffer = self._buffer
        if len(buffer) < _LENGTH_BYTES:
            return None
        end = _LENGTH_BYTES + self._announced()
        if len(buffer) < end:
            return None
        body = bytes(buffer[_LENGTH_BYTES:end])
        del buffer[:end]
        return body

    def wanted_bytes(self) -> int:
        """How much to read next: the rest of a long message at once."""
        if len(self._buffer) < _LENGTH_BYTES:
            return READ_BYTES
        return max(READ_BYTES, _LENGTH_BYTES + self._announced() - len(self._buffer))

    @property
    def empty(self) -> bool:
        return not self._buffer

    def _announced(self) -> int:
        size_bytes = int.from_bytes(self._buffer[:_LENGTH_BYTES], "big")
        if size_bytes > self._max_bytes:
            raise Garbled
        return size_bytes


def pieces(answer: bytes) -> Iterator[Answer]:
    """An answer as messages: one for a short one."""
    if len(answer) <= MAX_PIECE_BYTES:
        yield Answer(answer, more=False)
        return
    for start in range(0, len(answer), MAX_PIECE_BYTES):
        end = start + MAX_PIECE_BYTES
        yield Answer(answer[start:end], more=end < len(answer))
