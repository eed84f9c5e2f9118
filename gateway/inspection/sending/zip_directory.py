"""A zip's table of contents, read strictly: one end record, one directory, every byte accounted for.

    | local header, name, extra, data (, descriptor) | ... | central directory | (zip64) | end |
    0                                                      ^ start             ^ end_at    size

Two unpackers that look at different ends of a zip see different files; so whatever has more than one
reading is refused here (APPNOTE.TXT 6.3.10, sections 4.3 and 4.4). Data are read elsewhere.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from gateway.inspection.content import Content
from gateway.inspection.unsound import MAX_DIRECTORY_BYTES, Unsound

_END: Final = struct.Struct("<4sHHHHIIH")
_LOCATOR: Final = struct.Struct("<4sIQI")
_END64: Final = struct.Struct("<4sQHHIIQQQQ")
_CENTRAL: Final = struct.Struct("<4sBBHHHHHIIIHHHHHII")
_UNIX: Final = 3
_FILE_KINDS: Final = {0o120000: "link", 0o020000: "device", 0o060000: "device", 0o010000: "pipe",
                      0o140000: "socket"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Directory:
    """Where the central directory lies and how many entries it claims."""

    start: int
    size_bytes: int
    count: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the central directory. raw_name: bytes as they stand there."""

    raw_name: bytes
    name: str
    flags: int
    method: int
    crc: int
    packed_bytes: int
    size_bytes: int
    offset: int

    @property
    def is_folder(self) -> bool:
        return self.name.endswith("/")


def find_directory(content: Content) -> Directory:
    """The one end record, at the very end. Raises Unsound 3203, 3210, 3211, 3212; OSError."""
    tail = content.tail
    base = content.size_bytes - len(tail)
    ends = []
    at = tail.find(b"PK\x05\x06")
    while at >= 0:
        if len(tail) - at >= 22 and at + 22 + int.from_bytes(
            tail[at + 20 : at + 22], "little"
        ) == len(tail):
            ends.append(at)
        at = tail.find(b"PK\x05\x06", at + 1)
    if not ends:
        raise Unsound(3210)
    if len(ends) > 1:
        raise Unsound(3211, count=len(ends))
    _, disk, first_disk, here, count, size, start, _ = _END.unpack_from(tail, ends[0])
    if disk not in (0, 0xFFFF) or first_disk not in (0, 0xFFFF) or here != count:
        raise Unsound(3212)
    end_at = base + ends[0]
    if content.read_at(end_at - 20, 4) == b"PK\x06\x07":
        return _find_zip64(content, end_at)
    if start + size != end_at:
        raise Unsound(3203, offset=min(start + size, end_at))
    return Directory(start, size, count)


def _find_zip64(content: Content, end_at: int) -> Directory:
    _, _, record_at, disks = _LOCATOR.unpack(content.read_at(end_at - 20, 20))
    record = content.read_at(record_at, _END64.size)
    if len(record) < _END64.size or record[:4] != b"PK\x06\x06" or disks > 1:
        raise Unsound(3212)
    _, length, _, _, disk, first_disk, here, count, size, start = _END64.unpack(record)
    if disk or first_disk or here != count:
        raise Unsound(3212)
    if record_at + 12 + length != end_at - 20 or start + size != record_at:
        raise Unsound(3203, offset=record_at)
    return Directory(start, size, count)


def read_directory(
    content: Content, max_bytes: int, max_count: int
) -> tuple[Directory, list[Entry]]:
    """All entries in the order of their data. Raises Unsound 32xx and OSError, nothing else.

    max_bytes, max_count: checked before anything of the directory is read.
    """
    directory = find_directory(content)
    if directory.size_bytes > min(max_bytes, MAX_DIRECTORY_BYTES):
        raise Unsound(3225, size_bytes=directory.size_bytes, limit_bytes=max_bytes)
    if directory.count > max_count:
        raise Unsound(3222, count=directory.count, limit=max_count)
    table = content.read_at(directory.start, directory.size_bytes)
    entries, at = [], 0
    for _ in range(directory.count):
        entry, at = _entry(table, at)
        entries.append(entry)
    if at != len(table) or len(table) != directory.size_bytes:
        raise Unsound(3203, offset=directory.start + at)
    names = {entry.raw_name.rstrip(b"/").lower() for entry in entries}
    if len(names) != len(entries):
        raise Unsound(3206)
    entries.sort(key=lambda entry: entry.offset)
    return directory, entries


def _entry(table: bytes, at: int) -> tuple[Entry, int]:
    if len(table) - at < _CENTRAL.size:
        raise Unsound(3201)
    (mark, _, made_by, _, flags, method, _, _, crc, packed, size, name_bytes, extra_bytes,
     comment_bytes, disk, _, attributes, offset) = _CENTRAL.unpack_from(table, at)  # fmt: skip
    at += _CENTRAL.size
    end = at + name_bytes + extra_bytes + comment_bytes
    if mark != b"PK\x01\x02" or end > len(table):
        raise Unsound(3201)
    raw_name = table[at : at + name_bytes]
    extra = table[at + name_bytes : at + name_bytes + extra_bytes]
    fields = extra_fields(extra)
    name = decode_name(raw_name, flags)
    if disk not in (0, 0xFFFF):
        raise Unsound(3212)
    _check_second_name(fields, name)
    kind = _FILE_KINDS.get(attributes >> 16 & 0o170000) if made_by == _UNIX else None
    if kind is not None:
        raise Unsound(3208, member=name, kind=kind)
    size, packed, offset = _wide(fields.get(1, b""), size, packed, offset)
    entry = Entry(raw_name, name, flags, method, crc, packed, size, offset)
    # Java writes folders as deflated nothing: two bytes.
    if entry.is_folder and (size or packed > 2):
        raise Unsound(3203, offset=offset)
    return entry, end


def _wide(field: bytes, size: int, packed: int, offset: int) -> tuple[int, int, int]:
    """Zip64 extended information (4.5.3): 64-bit values for those that are full of ones."""
    values = []
    for value in (size, packed, offset):
        if value == 0xFFFFFFFF:
            if len(field) < 8:
                raise Unsound(3201)
            value, field = int.from_bytes(field[:8], "little"), field[8:]
        values.append(value)
    return values[0], values[1], values[2]


def extra_fields(extra: bytes) -> dict[int, bytes]:
    """Extra fields by number (4.5.1). Raises Unsound 3201, 3206 (one number twice)."""
    fields: dict[int, bytes] = {}
    while len(extra) >= 4:
        number, length = int.from_bytes(extra[:2], "little"), int.from_bytes(extra[2:4], "little")
        if 4 + length > len(extra):
            raise Unsound(3201)
        if number in fields and number in (1, 0x7075):
            raise Unsound(3206)
        fields[number] = extra[4 : 4 + length]
        extra = extra[4 + length :]
    if extra.strip(b"\x00"):
        raise Unsound(3201)
    return fields


def decode_name(raw_name: bytes, flags: int) -> str:
    """A name by its flag: UTF-8, or what Chinese and Western Windows write without one."""
    encodings = ("utf-8",) if flags & 0x800 else ("utf-8", "gb18030", "cp437")
    for encoding in encodings:
        try:
            return raw_name.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw_name.decode("utf-8", "surrogateescape")


def _check_second_name(fields: dict[int, bytes], name: str) -> None:
    """Info-ZIP's Unicode path (4.6.9): some unpackers follow it instead of the name."""
    second = fields.get(0x7075)
    if second is not None and second[5:].decode("utf-8", "replace") != name:
        raise Unsound(3209, member=name)
