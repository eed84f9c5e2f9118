"""gzip, bzip2 and xz for the receiving side: headers and sums are read by the engines themselves.

The engines (zlib, libbz2, liblzma) are the sending side's too: there is one of each. What differs is
everything around them.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import Final, Protocol

from gateway.inspection.content import Content
from gateway.inspection.names import judge_member_name
from gateway.inspection.unsound import (
    CHUNK_BYTES,
    MAX_STREAMS,
    PACKED_BYTES,
    Fault,
    Member,
    Unsound,
)

_ENDINGS: Final = {
    "gzip": {".gz": "", ".tgz": ".tar"},
    "bzip2": {".bz2": "", ".tbz2": ".tar"},
    "xz": {".xz": "", ".txz": ".tar"},
}
_XZ_MEMORY_BYTES: Final = 80 << 20
# 16 more than the largest window: zlib itself reads the gzip header.
_GZIP_WINDOW: Final = 16 + zlib.MAX_WBITS


class _Engine(Protocol):
    """A decompressor of bz2 or lzma."""

    @property
    def eof(self) -> bool: ...

    @property
    def needs_input(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


def members(word: str, content: Content, outer_name: str) -> Iterator[Member]:
    """The one file in a compressed file. Raises Unsound 32xx and OSError."""
    name = _plain_name(word, outer_name)
    match word:
        case "gzip":
            yield Member(name, _gzip(content), faults=_stored_name_faults(content))
        case "bzip2":
            yield Member(name, _engine(bz2.BZ2Decompressor, content))
        case _:
            yield Member(name, _engine(_new_xz, content))


def _plain_name(word: str, outer_name: str) -> str:
    last = outer_name.split("/")[-1]
    for ending, instead in _ENDINGS[word].items():
        stem = last[: -len(ending)]
        if stem and last[-len(ending) :].lower() == ending:
            return stem + instead
    return "content"


def _gzip(content: Content) -> Iterator[bytes]:
    """zlib reads header, sum and length itself (RFC 1952); anything behind a member is the next."""
    streams, engine = 0, zlib.decompressobj(_GZIP_WINDOW)
    try:
        for packed in content.chunks(piece_bytes=PACKED_BYTES):
            data, full = packed, False
            while data or full:
                if engine.eof:
                    engine, streams = zlib.decompressobj(_GZIP_WINDOW), streams + 1
                    _check_streams(streams)
                plain = engine.decompress(data, CHUNK_BYTES)
                yield plain
                full = len(plain) == CHUNK_BYTES and not engine.eof
                data = engine.unused_data if engine.eof else engine.unconsumed_tail
    except zlib.error as error:
        raise Unsound(3201) from error
    if not engine.eof:
        raise Unsound(3201)


def _engine(make: Callable[[], _Engine], content: Content) -> Iterator[bytes]:
    """One stream behind the other until nothing is left; what is no stream is an error."""
    streams, rest = 0, b""
    pieces = content.chunks(piece_bytes=PACKED_BYTES)
    while rest or (rest := next(pieces, b"")):
        streams += 1
        _check_streams(streams)
        engine = make()
        try:
            while not engine.eof:
                if engine.needs_input and not rest:
                    rest = next(pieces, b"")
                    if not rest:
                        raise Unsound(3201)
                yield engine.decompress(rest, CHUNK_BYTES)
                rest = b""
        except (lzma.LZMAError, OSError, EOFError) as error:
            raise Unsound(3201) from error
        rest = engine.unused_data
    if not streams:
        raise Unsound(3201)


def _check_streams(count: int) -> None:
    if count > MAX_STREAMS:
        raise Unsound(3222, count=count, limit=MAX_STREAMS)


def _new_xz() -> _Engine:
    # By the one-shot engine: LZMAFile offers no memory limit.
    return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY_BYTES)


def _stored_name_faults(content: Content) -> tuple[Fault, ...]:
    """The name that `gunzip -N` would give the file."""
    header = content.read_at(0, 4096)
    flags = header[3] if len(header) > 10 else 0
    at = 10
    if flags & 0x04:
        at += 2 + header[10] + (header[11] << 8 if len(header) > 11 else 0)
    if not flags & 0x08 or at >= len(header):
        return ()
    name = header[at : header.find(0, at)] if header.find(0, at) > at else b""
    return judge_member_name(name.decode("utf-8", "surrogateescape")) if name else ()
