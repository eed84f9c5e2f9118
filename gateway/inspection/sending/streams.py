"""gzip, bzip2 and xz for the sending side: one member each, read piece by piece to its exact end.

gzip: our own header reader (RFC 1952) over raw deflate. Several gzip members in a row are one file,
as gzip itself has it; anything else behind the end is refused.
"""

from __future__ import annotations

import bz2
import lzma
import struct
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

# xz -9 asks for 65 MiB; a dictionary of 4 GiB is allowed by the format and by nobody else.
XZ_MEMORY_BYTES: Final = 80 << 20
_SUFFIXES: Final = {"gzip": (".gz", ".tgz"), "bzip2": (".bz2", ".tbz2"), "xz": (".xz", ".txz")}
_MAX_HEADER_BYTES: Final = 4096


def members(word: str, content: Content, outer_name: str) -> Iterator[Member]:
    """The one file in a compressed file, named after it. Raises Unsound 32xx and OSError."""
    name = inner_name(word, outer_name)
    match word:
        case "gzip":
            yield Member(name, _gunzipped(content), faults=_gzip_name_faults(content))
        case "bzip2":
            yield Member(name, _decompressed(content, bz2.BZ2Decompressor))
        case _:
            yield Member(name, _decompressed(content, _xz))


def inner_name(word: str, outer_name: str) -> str:
    """report.csv.gz holds report.csv, x.tgz holds x.tar."""
    last = outer_name.rpartition("/")[2]
    plain, tarred = _SUFFIXES[word]
    if last.lower().endswith(tarred):
        return f"{last[: -len(tarred)]}.tar"
    return (
        last[: -len(plain)]
        if last.lower().endswith(plain) and len(last) > len(plain)
        else "content"
    )


def _xz() -> lzma.LZMADecompressor:
    return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=XZ_MEMORY_BYTES)


class _Engine(Protocol):
    """What bz2's and lzma's decompressors have in common."""

    @property
    def eof(self) -> bool: ...

    @property
    def needs_input(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


def _decompressed(content: Content, make: Callable[[], _Engine]) -> Iterator[bytes]:
    """Streams one behind the other, as bzip2 and xz themselves read them; no rest."""
    engine, streams = make(), 1
    try:
        for packed in content.chunks(piece_bytes=PACKED_BYTES):
            data = packed
            while data or not (engine.needs_input or engine.eof):
                if engine.eof:
                    engine, streams = make(), streams + 1
                    _check_streams(streams)
                yield engine.decompress(data, CHUNK_BYTES)
                data = engine.unused_data if engine.eof else b""
    except (OSError, EOFError, lzma.LZMAError) as error:
        raise Unsound(3201) from error
    if not engine.eof:
        raise Unsound(3201)


def _check_streams(count: int) -> None:
    if count > MAX_STREAMS:
        raise Unsound(3222, count=count, limit=MAX_STREAMS)


def _gunzipped(content: Content) -> Iterator[bytes]:
    at = streams = 0
    while at < content.size_bytes:
        streams += 1
        _check_streams(streams)
        at += _header_bytes(content, at)
        engine = zlib.decompressobj(-zlib.MAX_WBITS)
        crc = size = used = 0
        try:
            for packed in content.chunks(at, piece_bytes=PACKED_BYTES):
                for piece in _inflated(engine, packed):
                    crc, size = zlib.crc32(piece, crc), size + len(piece)
                    yield piece
                used += len(packed) - len(engine.unused_data)
                if engine.eof:
                    break
        except zlib.error as error:
            raise Unsound(3201) from error
        trailer = content.read_at(at + used, 8)
        if not engine.eof or trailer != struct.pack("<II", crc, size & 0xFFFFFFFF):
            raise Unsound(3201)
        at += used + 8


def _inflated(engine: zlib._Decompress, packed: bytes) -> Iterator[bytes]:
    data = packed
    while True:
        plain = engine.decompress(data, CHUNK_BYTES)
        yield plain
        data = engine.unconsumed_tail
        # A full piece may mean that more is ready although all input is used.
        if engine.eof or (not data and len(plain) < CHUNK_BYTES):
            return


def _header_bytes(content: Content, at: int) -> int:
    """Length of a gzip header (RFC 1952, 2.3). Raises Unsound 3201, 3203 (behind a first member)."""
    header = content.read_at(at, _MAX_HEADER_BYTES)
    if len(header) < 10 or header[:3] != b"\x1f\x8b\x08" or header[3] & 0xE0:
        raise Unsound(3203 if at else 3201, offset=at)
    flags, length = header[3], 10
    if flags & 4:
        length += 2 + int.from_bytes(header[10:12], "little")
    for bit in (8, 16):
        if flags & bit:
            end = header.find(b"\x00", length)
            if end < 0:
                raise Unsound(3201, offset=at)
            length = end + 1
    length += 2 if flags & 2 else 0
    if length > len(header):
        raise Unsound(3201, offset=at)
    return length


def _gzip_name_faults(content: Content) -> tuple[Fault, ...]:
    """`gunzip -N` follows the name in the header."""
    header = content.read_at(0, _MAX_HEADER_BYTES)
    if len(header) < 10 or not header[3] & 8:
        return ()
    start = 12 + int.from_bytes(header[10:12], "little") if header[3] & 4 else 10
    name = header[start:].partition(b"\x00")[0]
    return judge_member_name(name.decode("utf-8", "surrogateescape")) if name else ()
