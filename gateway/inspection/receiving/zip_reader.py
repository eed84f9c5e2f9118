"""A zip's members by the standard library's zipfile, with a cross-check of what zipfile takes on trust.

zipfile alone opens a zip behind a program, sees only the last of several zips in one file, reads
overlapping entries, cuts names at a NUL and holds any directory in memory. So the end record is read
before zipfile is asked, and afterwards the entries must fill the file from its first byte to its last.
"""

from __future__ import annotations

import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import Final

from gateway.inspection.content import Content
from gateway.inspection.unsound import (
    CHUNK_BYTES,
    MAX_DIRECTORY_BYTES,
    Fault,
    Member,
    Unsound,
    Word,
)

_END_BYTES: Final = 22
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# A descriptor behind the data: sum and two sizes of 4 or 8 bytes, with or without its mark.
_DESCRIPTORS: Final = (12, 16, 20, 24)
# zipfile has no one exception for what it cannot read.
ZIP_ERRORS: Final = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    ValueError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    IndexError,
    OverflowError,
)


def names(content: Content, max_directory_bytes: int) -> list[str]:
    """The names in the table of contents, as zipfile shows them. Raises Unsound 32xx and OSError."""
    _check_sizes(content, max_directory_bytes, 1 << 16)
    try:
        with content.stream() as stream, zipfile.ZipFile(stream) as archive:
            return archive.namelist()
    except ZIP_ERRORS as error:
        raise Unsound(3201) from error


def read_part(content: Content, name: str, limit_bytes: int) -> bytes:
    """The beginning of one part of a document. Raises Unsound 32xx and OSError."""
    _check_sizes(content, MAX_DIRECTORY_BYTES, 1 << 16)
    try:
        with (
            content.stream() as stream,
            zipfile.ZipFile(stream) as archive,
        ):
            entry = archive.getinfo(name)
            # zipfile reads the other methods without a bound of memory.
            if entry.compress_type not in _METHODS:
                raise Unsound(3207, member=name, method=entry.compress_type)
            with archive.open(entry) as part:
                return part.read(limit_bytes)
    except (*ZIP_ERRORS, KeyError) as error:
        raise Unsound(3201) from error


def members(content: Content, max_count: int) -> Iterator[Member]:
    """The members of a zip. Raises Unsound 32xx and OSError, nothing else."""
    count = _check_sizes(content, MAX_DIRECTORY_BYTES, max_count)
    with content.stream() as stream:
        try:
            archive = zipfile.ZipFile(stream)
        except ZIP_ERRORS as error:
            raise Unsound(3201) from error
        with archive:
            entries = sorted(archive.infolist(), key=lambda entry: entry.header_offset)
            if len(entries) != count:
                raise Unsound(3203, offset=archive.start_dir)
            _check_filled(content, archive, entries)
            for entry in entries:
                yield _member(archive, entry)


def _check_sizes(content: Content, max_bytes: int, max_count: int) -> int:
    """What the last end record claims, before zipfile reads the directory into memory: its count."""
    tail = content.tail
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < _END_BYTES:
        raise Unsound(3210)
    disk, first_disk, here, count, size = struct.unpack_from("<HHHHI", tail, at + 4)
    if disk not in (0, 0xFFFF) or first_disk not in (0, 0xFFFF) or here != count:
        raise Unsound(3212)
    if count == 0xFFFF or size == 0xFFFFFFFF:
        # The zip64 record usually stands right before its locator; zipfile looks only there.
        record = tail.rfind(b"PK\x06\x06", 0, at)
        if record < 0 or len(tail) - record < 56:
            raise Unsound(3212)
        count, size = struct.unpack_from("<QQ", tail, record + 32)
    if count > max_count:
        raise Unsound(3222, count=count, limit=max_count)
    if size > max_bytes:
        raise Unsound(3225, size_bytes=size, limit_bytes=max_bytes)
    if len(tail) - at != _END_BYTES + int.from_bytes(tail[at + 20 : at + 22], "little"):
        raise Unsound(3203, offset=content.size_bytes - len(tail) + at + _END_BYTES)
    return int(count)


def _check_filled(
    content: Content, archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]
) -> None:
    """Entries from byte 0 to the directory, each right behind the other, and the end at the end."""
    seen: set[str] = set()
    ends = {0}
    for entry in entries:
        folded = entry.orig_filename.rstrip("/").casefold()
        if folded in seen:
            raise Unsound(3206)
        seen.add(folded)
        _check_at(entry.header_offset, ends)
        ends = _possible_ends(content, entry)
    _check_at(archive.start_dir, ends)
    directory_bytes = sum(
        46 + len(_raw_name(entry)) + len(entry.extra) + len(entry.comment) for entry in entries
    )
    behind = content.size_bytes - archive.start_dir - directory_bytes
    # Behind the directory: the end record, and with zip64 a record and a locator before it.
    if behind - len(archive.comment) not in (_END_BYTES, _END_BYTES + 56 + 20):
        raise Unsound(3203, offset=archive.start_dir + directory_bytes)


def _check_at(offset: int, ends: set[int]) -> None:
    if offset not in ends:
        raise Unsound(3205 if offset < min(ends) else 3203, offset=min(offset, *ends))


def _possible_ends(content: Content, entry: zipfile.ZipInfo) -> set[int]:
    """Where an entry may end: known but for the form of its descriptor."""
    header = content.read_at(entry.header_offset, 30)
    if len(header) < 30 or header[:4] != b"PK\x03\x04":
        raise Unsound(3204, member=entry.filename)
    flags, method = struct.unpack_from("<HH", header, 6)
    crc, packed, size, name_bytes, extra_bytes = struct.unpack_from("<IIIHH", header, 14)
    if flags != entry.flag_bits or method != entry.compress_type:
        raise Unsound(3204, member=entry.filename)
    rest = content.read_at(entry.header_offset + 30, name_bytes + extra_bytes)
    if rest[:name_bytes] != _raw_name(entry):
        raise Unsound(3204, member=entry.filename)
    _check_other_names(entry, rest[name_bytes:])
    end = entry.header_offset + 30 + name_bytes + extra_bytes + entry.compress_size
    if flags & 8:
        return {end + length for length in _DESCRIPTORS}
    wide = 0xFFFFFFFF in (packed, size)
    if crc != entry.CRC or (not wide and (packed, size) != (entry.compress_size, entry.file_size)):
        raise Unsound(3204, member=entry.filename)
    return {end}


def _raw_name(entry: zipfile.ZipInfo) -> bytes:
    return entry.orig_filename.encode("utf-8" if entry.flag_bits & 0x800 else "cp437")


def _check_other_names(entry: zipfile.ZipInfo, local_extra: bytes) -> None:
    """An Info-ZIP Unicode path (extra field 0x7075) must not say another name."""
    for extra in (entry.extra, local_extra):
        at = 0
        while at + 4 <= len(extra):
            number, length = struct.unpack_from("<HH", extra, at)
            if number == 0x7075 and extra[at + 9 : at + 4 + length] != _shown(entry).encode(
                "utf-8", "surrogateescape"
            ):
                raise Unsound(3209, member=entry.filename)
            at += 4 + length


def _shown(entry: zipfile.ZipInfo) -> str:
    """The name as a person is to read it: without the UTF-8 flag it may be Chinese Windows'."""
    if entry.flag_bits & 0x800 or entry.orig_filename.isascii():
        return entry.orig_filename
    raw = _raw_name(entry)
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            pass
    return entry.orig_filename


def _member(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Member:
    name, mode = _shown(entry), entry.external_attr >> 16
    if entry.create_system == 3 and stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise Unsound(3208, member=name, kind="link" if stat.S_ISLNK(mode) else "device")
    if name.endswith("/"):
        if entry.file_size or entry.compress_size not in (0, 2):
            raise Unsound(3203, offset=entry.header_offset)
        return Member(name, iter(()))
    if entry.flag_bits & 0x2041 or entry.compress_type == 99:
        fault = Fault(Word.ENCRYPTED, 3231)
        return Member(name, iter(()), encrypted=True, faults=(fault,))
    if entry.compress_type not in _METHODS:
        raise Unsound(3207, member=name, method=entry.compress_type)
    return Member(name, _data(archive, entry, name))


def _data(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str) -> Iterator[bytes]:
    """zipfile compares length and CRC when the end is reached."""
    size = 0
    try:
        with archive.open(entry) as stream:
            while piece := stream.read(CHUNK_BYTES):
                size += len(piece)
                yield piece
    except ZIP_ERRORS as error:
        raise Unsound(3201, member=name) from error
    if size != entry.file_size:
        raise Unsound(3201, member=name)
