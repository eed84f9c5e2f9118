"""The body of a unit, encrypted in segments: STREAM over AES-256-GCM, whatever the suite says it is.

    plain   | 1 MiB | 1 MiB | ... | 1 byte to 1 MiB |        an empty body: one empty segment
    sealed  | 1 MiB + tag | 1 MiB + tag | ... | rest + tag |
    nonce     0, SEGMENT    1, SEGMENT   ...    n, LAST

A segment opens only in its place, and only the last one as the last: nothing can be cut, swapped or
put in. The head of a unit is gateway.sending.seal's.
"""

from __future__ import annotations

import os
from typing import BinaryIO, Final, Protocol, cast

from gateway.errors import Refused
from gateway.identity.digest import StreamDigest
from gateway.identity.layout import ROLE_LAST_SEGMENT, ROLE_SEGMENT, SEGMENT_BYTES, TAG_BYTES
from gateway.identity.suite import UnitCipher
from gateway.spool.page_cache import ReadBehind, WriteBehind
from gateway.unit.stages import Cleared

# Segments a pass: long enough that handing over to the hashing thread costs nothing.
_PASS_SEGMENTS: Final = 4


class _ReadsInto(Protocol):
    def readinto(self, buffer: memoryview) -> int | None: ...


def sealed_segments(cipher: UnitCipher, body: bytes) -> list[bytes]:
    """A body in memory as its sealed segments."""
    if len(body) <= SEGMENT_BYTES:
        return [cipher.seal(0, ROLE_LAST_SEGMENT, body)]
    view, last = memoryview(body), segment_count(len(body)) - 1
    return [
        cipher.seal(place, _role(place, last), view[place * SEGMENT_BYTES :][:SEGMENT_BYTES])
        for place in range(last + 1)
    ]


def seal_stream(cipher: UnitCipher, cleared: Cleared, body: BinaryIO, sealed: int) -> bytes:
    """Read the body once; write its segments where `sealed` stands; give its SHA-256. Raises OSError."""
    size_bytes = cleared.unit.body.size_bytes
    last = segment_count(size_bytes) - 1
    # Two buffers: one is hashed in its thread while the other is read, encrypted and written.
    buffers = [memoryview(bytearray(_PASS_SEGMENTS * SEGMENT_BYTES)) for _ in range(2)]
    out = memoryview(bytearray(_PASS_SEGMENTS * (SEGMENT_BYTES + TAG_BYTES)))
    read = ReadBehind(body.fileno())
    with StreamDigest() as digest, WriteBehind(sealed) as written:
        for first in range(0, last + 1, _PASS_SEGMENTS):
            offset = first * SEGMENT_BYTES
            plain = buffers[0][: min(size_bytes - offset, len(buffers[0]))]
            if (got := _read_full(body, plain)) < len(plain):
                raise changed(cleared, offset + got)
            digest.take(plain)
            length = _encrypt_pass(cipher, plain, out, first, last)
            write_all(sealed, out[:length])
            written.wrote(length)
            read.passed(offset)
            buffers.reverse()
        if body.read(1):
            raise changed(cleared, size_bytes + 1)
        written.finish()
        return digest.finish()


def _encrypt_pass(
    cipher: UnitCipher, plain: memoryview, out: memoryview, first: int, last: int
) -> int:
    """Encrypt the segments in `plain` one after another into `out`; gives the bytes written."""
    written = 0
    for place in range(first, min(first + _PASS_SEGMENTS, last + 1)):
        piece = plain[(place - first) * SEGMENT_BYTES :][:SEGMENT_BYTES]
        end = written + len(piece) + TAG_BYTES
        cipher.seal_into(place, _role(place, last), piece, out[written:end])
        written = end
    return written


def segment_count(size_bytes: int) -> int:
    """An empty body is one empty segment, so that every unit has a last one."""
    return max(1, -(-size_bytes // SEGMENT_BYTES))


def _role(place: int, last: int) -> int:
    return ROLE_LAST_SEGMENT if place == last else ROLE_SEGMENT


def _read_full(body: BinaryIO, view: memoryview) -> int:
    """Fill the view from the stream; less only at its end."""
    filled = 0
    reads = cast(_ReadsInto, body)
    while filled < len(view):
        got = reads.readinto(view[filled:])
        if not got:
            break
        filled += got
    return filled


def write_all(descriptor: int, data: memoryview, at: int | None = None) -> None:
    """Write all of it, at an offset or where the file stands: one call may take less."""
    while data:
        count = os.write(descriptor, data) if at is None else os.pwrite(descriptor, data, at)
        at = None if at is None else at + count
        data = data[count:]


def changed(cleared: Cleared, size_bytes: int) -> Refused:
    return Refused(4321, size_bytes=size_bytes, judged_bytes=cleared.unit.body.size_bytes)
