"""The segments of a received body, opened each in its place. Written without gateway.sending."""

from __future__ import annotations

import os
from typing import Final

from gateway.errors import Refused
from gateway.identity.digest import StreamDigest
from gateway.identity.layout import ROLE_LAST_SEGMENT, ROLE_SEGMENT, SEGMENT_BYTES, TAG_BYTES
from gateway.identity.suite import UnitCipher
from gateway.receiving.head import SealedHead
from gateway.spool.page_cache import ReadBehind, WriteBehind
from gateway.unit.number import speak

# Segments a pass, as buffers: 4 MiB sealed, twice 4 MiB plain.
_PASS_SEGMENTS: Final = 4
_SEALED_SEGMENT_BYTES: Final = SEGMENT_BYTES + TAG_BYTES


def open_segments(cipher: UnitCipher, head: SealedHead, untrusted: memoryview) -> bytes:
    """Step 8 in memory."""
    pieces = []
    for place in range(head.segments):
        start = place * _SEALED_SEGMENT_BYTES
        sealed = untrusted[start : start + _SEALED_SEGMENT_BYTES]
        piece = cipher.open(place, _role_of(place, head), sealed)
        if piece is None:
            raise Refused(4311, unit=speak(head.number), segment=place)
        pieces.append(piece)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def open_stream(cipher: UnitCipher, head: SealedHead, sealed: int, opened: int) -> bytes:
    """Step 8 from file to file; gives the SHA-256 of what was written."""
    incoming = memoryview(bytearray(_PASS_SEGMENTS * _SEALED_SEGMENT_BYTES))
    plain, other = (memoryview(bytearray(_PASS_SEGMENTS * SEGMENT_BYTES)) for _ in range(2))
    left_bytes = head.body_bytes + head.segments * TAG_BYTES
    read = ReadBehind(sealed)
    with StreamDigest() as digest, WriteBehind(opened) as written:
        for first in range(0, head.segments, _PASS_SEGMENTS):
            untrusted = incoming[: min(left_bytes, len(incoming))]
            _fill(sealed, untrusted, head)
            left_bytes -= len(untrusted)
            length = _decrypt_pass(cipher, head, untrusted, plain, first)
            digest.take(plain[:length])
            _put(opened, plain[:length])
            written.wrote(length)
            read.passed(head.head_bytes + first * _SEALED_SEGMENT_BYTES)
            plain, other = other, plain
        written.finish()
        return digest.finish()


def _decrypt_pass(
    cipher: UnitCipher, head: SealedHead, untrusted: memoryview, plain: memoryview, first: int
) -> int:
    """Open the segments in `untrusted` one after another into `plain`; gives the bytes opened."""
    opened_bytes = 0
    for index, start in enumerate(range(0, len(untrusted), _SEALED_SEGMENT_BYTES)):
        piece = untrusted[start : start + _SEALED_SEGMENT_BYTES]
        end = opened_bytes + len(piece) - TAG_BYTES
        role = _role_of(first + index, head)
        if not cipher.open_into(first + index, role, piece, plain[opened_bytes:end]):
            raise Refused(4311, unit=speak(head.number), segment=first + index)
        opened_bytes = end
    return opened_bytes


def _role_of(place: int, head: SealedHead) -> int:
    return ROLE_LAST_SEGMENT if place == head.segments - 1 else ROLE_SEGMENT


def _fill(descriptor: int, view: memoryview, head: SealedHead) -> None:
    while view:
        got = os.readv(descriptor, [view])
        if not got:
            # Shorter than when it was measured: somebody cut the file under our hands.
            raise Refused(4303, declared_bytes=head.head_bytes + head.body_bytes, size_bytes=0)
        view = view[got:]


def _put(descriptor: int, view: memoryview) -> None:
    while view:
        view = view[os.write(descriptor, view) :]
