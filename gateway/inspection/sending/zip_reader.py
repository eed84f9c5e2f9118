"""A zip's members, read strictly: local headers against the directory, no gap, no overlap, no rest.

The directory is gateway.inspection.sending.zip_directory's. Data are inflated piece by piece; length
and CRC are compared when a member ends.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import Final

from gateway.inspection.content import Content
from gateway.inspection.sending.zip_directory import (
    Directory,
    Entry,
    extra_fields,
    read_directory,
)
from gateway.inspection.unsound import (
    CHUNK_BYTES,
    MAX_DIRECTORY_BYTES,
    PACKED_BYTES,
    Fault,
    Member,
    Unsound,
    Word,
)

_LOCAL: Final = struct.Struct("<4sHHHHHIIIHH")
# Bit 0: encrypted; 6: strongly; 13: the directory itself (4.4.4).
_ENCRYPTED: Final = 1 << 0 | 1 << 6 | 1 << 13
_DESCRIPTOR: Final = 1 << 3
_STORED, _DEFLATED = 0, 8
# WinZip's AES marks its members by this method; the real one stands in an extra field.
_AES: Final = 99


def read_names(content: Content, max_directory_bytes: int) -> frozenset[str]:
    """The names in a zip's directory. Raises Unsound 32xx and OSError."""
    _, entries = read_directory(content, max_directory_bytes, 1 << 16)
    return frozenset(entry.name for entry in entries)


def read_document_part(content: Content, name: str, limit_bytes: int) -> bytes:
    """One part of a document, whole. Raises Unsound 32xx (also where it is longer); OSError."""
    directory, entries = read_directory(content, MAX_DIRECTORY_BYTES, 1 << 16)
    entry = next((entry for entry in entries if entry.name == name), None)
    if entry is None or entry.size_bytes > limit_bytes or entry.flags & _ENCRYPTED:
        raise Unsound(3201)
    data_at, _ = _data_range(content, entry, directory)
    return b"".join(_data(content, entry, data_at))


def members(content: Content, max_count: int) -> Iterator[Member]:
    """The members of a zip in the order of their data. Raises Unsound 32xx and OSError."""
    directory, entries = read_directory(content, MAX_DIRECTORY_BYTES, max_count)
    expected = 0
    ranges: list[tuple[Entry, int]] = []
    for entry in entries:
        if entry.offset != expected:
            number = 3205 if entry.offset < expected else 3203
            raise Unsound(number, offset=min(entry.offset, expected))
        data_at, expected = _data_range(content, entry, directory)
        ranges.append((entry, data_at))
    if expected != directory.start:
        raise Unsound(3203 if expected < directory.start else 3205, offset=expected)
    for entry, data_at in ranges:
        if entry.is_folder:
            yield Member(entry.name, iter(()))
        elif entry.flags & _ENCRYPTED or entry.method == _AES:
            fault = Fault(Word.ENCRYPTED, 3231)
            yield Member(entry.name, iter(()), encrypted=True, faults=(fault,))
        else:
            yield Member(entry.name, _data(content, entry, data_at))


def _data_range(content: Content, entry: Entry, directory: Directory) -> tuple[int, int]:
    """Where the data of an entry begin, and where whatever follows must begin."""
    header = content.read_at(entry.offset, _LOCAL.size)
    if len(header) < _LOCAL.size or header[:4] != b"PK\x03\x04":
        raise Unsound(3204, member=entry.name)
    (_, _, flags, method, _, _, crc, packed, size, name_bytes, extra_bytes) = _LOCAL.unpack(header)
    rest = content.read_at(entry.offset + _LOCAL.size, name_bytes + extra_bytes)
    if rest[:name_bytes] != entry.raw_name or flags != entry.flags or method != entry.method:
        raise Unsound(3204, member=entry.name)
    fields = extra_fields(rest[name_bytes:])
    if 0x7075 in fields and fields[0x7075][5:].decode("utf-8", "replace") != entry.name:
        raise Unsound(3209, member=entry.name)
    size, packed = _wide_local(fields.get(1), size, packed)
    said = (crc, packed, size)
    known = (entry.crc, entry.packed_bytes, entry.size_bytes)
    if said != known and not (flags & _DESCRIPTOR and said in ((0, 0, 0), (crc, 0, 0))):
        raise Unsound(3204, member=entry.name)
    data_at = entry.offset + _LOCAL.size + name_bytes + extra_bytes
    end = data_at + entry.packed_bytes
    if flags & _DESCRIPTOR:
        end += _descriptor_bytes(content, entry, end)
    if end > directory.start:
        raise Unsound(3205, offset=directory.start)
    return data_at, end


def _wide_local(field: bytes | None, size: int, packed: int) -> tuple[int, int]:
    if size != 0xFFFFFFFF and packed != 0xFFFFFFFF:
        return size, packed
    if field is None or len(field) < 16:
        raise Unsound(3201)
    # In a local header both stand there or none does (4.5.3).
    return int.from_bytes(field[:8], "little"), int.from_bytes(field[8:16], "little")


def _descriptor_bytes(content: Content, entry: Entry, at: int) -> int:
    """Length of the data descriptor (4.3.9): with or without its mark, with 4 or 8 byte sizes."""
    found = content.read_at(at, 24)
    for mark in (b"PK\x07\x08", b""):
        for width in ("II", "QQ"):
            try:
                expected = mark + struct.pack(
                    f"<I{width}", entry.crc, entry.packed_bytes, entry.size_bytes
                )
            except struct.error:
                continue
            if found.startswith(expected):
                return len(expected)
    raise Unsound(3204, member=entry.name)


def _data(content: Content, entry: Entry, data_at: int) -> Iterator[bytes]:
    """The plain bytes of an entry in pieces of CHUNK_BYTES at most."""
    if entry.method == _STORED and entry.packed_bytes == entry.size_bytes:
        pieces = content.chunks(data_at, entry.packed_bytes, CHUNK_BYTES)
    elif entry.method == _DEFLATED:
        pieces = _inflated(content.chunks(data_at, entry.packed_bytes, PACKED_BYTES), entry.name)
    else:
        raise Unsound(3207, member=entry.name, method=entry.method)
    size = crc = 0
    for piece in pieces:
        size += len(piece)
        if size > entry.size_bytes:
            raise Unsound(3204, member=entry.name)
        crc = zlib.crc32(piece, crc)
        yield piece
    if size != entry.size_bytes or crc != entry.crc:
        raise Unsound(3201, member=entry.name)


def _inflated(packed: Iterator[bytes], member: str) -> Iterator[bytes]:
    """A raw deflate stream (RFC 1951) that ends exactly where its data end. Raises Unsound 3201."""
    engine = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        for piece in packed:
            if engine.eof:
                raise Unsound(3203, member=member, offset=0)
            plain = engine.decompress(piece, CHUNK_BYTES)
            yield plain
            # A full piece may mean that more is ready although all input is used.
            while engine.unconsumed_tail or (len(plain) == CHUNK_BYTES and not engine.eof):
                plain = engine.decompress(engine.unconsumed_tail, CHUNK_BYTES)
                yield plain
    except zlib.error as error:
        raise Unsound(3201, member=member) from error
    if not engine.eof:
        raise Unsound(3201, member=member)
    if engine.unused_data:
        raise Unsound(3203, member=member, offset=0)
