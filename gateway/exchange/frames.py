"""A frame between two processes of a side: its bytes, and a reader that believes none of them. No I/O.

 0        4      5      8        16           20       22            23     24
+--------+------+------+--------+------------+--------+-------------+------+------+---------+
| length | kind | zero | number | head bytes | reason | consequence | zero | head | content |
+--------+------+------+--------+------------+--------+-------------+------+------+---------+
numbers big-endian; length: of all behind it; number: of the unit, or of the request that it is about

CAPTURED   edge -> guard    head: captured unit    content: what it carries
SEALED     guard <-> ferry                         content: the sealed unit
ADMITTED   guard -> edge    head: manifest         content: what it carries
FAILED     guard -> edge    reason: FG number and what is known of the request; nothing else
LIVE       edge <-> guard   number: of the session   head: captured unit, or manifest   content: a message
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from gateway.errors import Refused
from gateway.unit.decode import MAX_CAPTURED_BYTES, MAX_ENCODED_BYTES
from gateway.unit.number import MAX_NUMBER
from gateway.unit.request import MAX_CONTENT_BYTES, Consequence

# Content, what sealing adds to it (a tag each MiB, a head of 16 KiB), or a head of our own.
MAX_FRAME_BYTES: Final = MAX_CONTENT_BYTES + (32 << 10)

_FRAME: Final = struct.Struct("!IBBHQIHBB")
_LENGTH_BYTES: Final = 4
HEADER_BYTES: Final = _FRAME.size
_REST_BYTES: Final = HEADER_BYTES - _LENGTH_BYTES


class FrameKind(IntEnum):
    """What a frame holds."""

    CAPTURED = 1
    SEALED = 2
    ADMITTED = 3
    FAILED = 4
    LIVE = 5


# What stands before the content, as gateway.unit.decode takes it; where there is none, none.
_MAX_HEAD_BYTES: Final = {
    FrameKind.CAPTURED: MAX_CAPTURED_BYTES,
    FrameKind.SEALED: 0,
    # A body that was written anew may say its size with more bytes.
    FrameKind.ADMITTED: MAX_ENCODED_BYTES + 64,
    FrameKind.FAILED: 0,
    FrameKind.LIVE: MAX_ENCODED_BYTES + 64,
}
_KINDS: Final = {int(kind): kind for kind in FrameKind}
_CODES: Final = {
    Consequence.REFUSED: 1,
    Consequence.UNAVAILABLE: 2,
    Consequence.UNCERTAIN: 3,
    Consequence.ANSWER_REFUSED: 4,
}
_CONSEQUENCES: Final = {code: consequence for consequence, code in _CODES.items()}


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame as it came. head and content are the neighbour's words until they are decoded."""

    kind: FrameKind
    number: int
    head: bytes
    content: bytes
    reason: int = 0
    consequence: Consequence | None = None

    @property
    def size_bytes(self) -> int:
        """What it takes in memory while it waits."""
        return HEADER_BYTES + len(self.head) + len(self.content)


def encode_frame(kind: FrameKind, number: int, content: bytes, head: bytes = b"") -> bytes:
    """The bytes of a frame. RuntimeError for one that is too long: whoever makes it looks before."""
    length = _REST_BYTES + len(head) + len(content)
    if length > MAX_FRAME_BYTES or len(head) > _MAX_HEAD_BYTES[kind]:
        raise RuntimeError(f"a frame of {length} bytes, its head of {len(head)}")
    return b"".join((_FRAME.pack(length, kind, 0, 0, number, len(head), 0, 0, 0), head, content))


def encode_failed(request: int, reason: int, consequence: Consequence) -> bytes:
    """The frame that says why a request has no answer."""
    code = _CODES[consequence]
    return _FRAME.pack(_REST_BYTES, FrameKind.FAILED, 0, 0, request, 0, reason, code, 0)


class FrameReader:
    """Bytes of one connection in, whole frames out. kinds: those that may come here."""

    def __init__(self, kinds: frozenset[FrameKind]) -> None:
        self._kinds = kinds
        self._buffer = bytearray()

    def take(self, untrusted: bytes) -> list[Frame]:
        """The frames that these bytes complete.

        Raises Refused 5767: no frame of this connection, and nothing behind it can be read either. Holds
        one frame that has been begun and what was given.
        """
        buffer, frames, at = self._buffer, list[Frame](), 0
        buffer += untrusted
        end = len(buffer)
        while end - at >= HEADER_BYTES:
            behind = at + _LENGTH_BYTES + self._length(buffer, at)
            if behind > end:
                break
            _, kind, _, _, number, head_bytes, reason, code, _ = _FRAME.unpack_from(buffer, at)
            head_at = at + HEADER_BYTES
            head = bytes(buffer[head_at : head_at + head_bytes])
            content = bytes(buffer[head_at + head_bytes : behind])
            consequence = _CONSEQUENCES.get(code)
            frames.append(Frame(_KINDS[kind], number, head, content, reason, consequence))
            at = behind
        del buffer[:at]
        return frames

    def _length(self, buffer: bytearray, at: int) -> int:
        """The length that a header says, before anything is kept for it. Raises Refused 5767."""
        length, kind, one, two, number, head_bytes, reason, code, three = _FRAME.unpack_from(
            buffer, at
        )
        if not _REST_BYTES <= length <= MAX_FRAME_BYTES or head_bytes > length - _REST_BYTES:
            raise Refused(5767, what="length")
        known = _KINDS.get(kind)
        if known is None or known not in self._kinds or number > MAX_NUMBER or one or two or three:
            raise Refused(5767, what="kind or number")
        if head_bytes > _MAX_HEAD_BYTES[known]:
            raise Refused(5767, what="head")
        if known is FrameKind.FAILED:
            fits = 1000 <= reason <= 9999 and code in _CONSEQUENCES and length == _REST_BYTES
        else:
            fits = not reason and not code
        if not fits:
            raise Refused(5767, what="reason")
        return int(length)
