"""A tar's members, header by header (POSIX.1-2008 pax, ustar, GNU long names).

Regular files and folders only: links, devices, sparse files and volumes are refused. The end is two
blocks of zeros and nothing but zeros behind them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gateway.inspection.content import Content
from gateway.inspection.unsound import CHUNK_BYTES, Member, Unsound

BLOCK_BYTES: Final = 512
# Extended headers carry a name or two; more is an attack on our memory.
_MAX_EXTENDED_BYTES: Final = 64 << 10
# Record of zeros that tar writes at the end: 20 blocks by default, up to 1 MiB with -b.
_MAX_PADDING_BYTES: Final = 1 << 20
_KINDS: Final = {b"1": "link", b"2": "link", b"3": "device", b"4": "device", b"6": "pipe",
                 b"S": "sparse file", b"M": "volume", b"V": "volume", b"D": "volume"}  # fmt: skip


def members(content: Content) -> Iterator[Member]:
    """The members of a tar. Raises Unsound 32xx and OSError, nothing else."""
    at = 0
    following: dict[str, str] = {}
    while True:
        block = content.read_at(at, BLOCK_BYTES)
        if block == bytes(BLOCK_BYTES):
            _check_end(content, at)
            return
        kind, raw_name, size = _header(block, at)
        at += BLOCK_BYTES
        if "size" in following and kind not in (b"x", b"g", b"L", b"K"):
            size = _pax_size(following["size"])
        if at + size > content.size_bytes:
            raise Unsound(3201, offset=at)
        after = at + (size + BLOCK_BYTES - 1) // BLOCK_BYTES * BLOCK_BYTES
        if kind in (b"x", b"L"):
            following |= _extended(kind, content, at, size)
        elif kind == b"g":
            _check_global(_extended(b"x", content, at, size))
        elif kind == b"K":
            raise Unsound(3208, member=decode_name(raw_name), kind="link")
        else:
            name = following.get("path") or decode_name(raw_name)
            if kind not in (b"0", b"\x00", b"7", b"5"):
                raise Unsound(3208, member=name, kind=_KINDS.get(kind, "unknown"))
            if kind == b"5" and size:
                raise Unsound(3203, offset=at)
            folder = kind == b"5" and not name.endswith("/")
            yield Member(f"{name}/" if folder else name, content.chunks(at, size, CHUNK_BYTES))
            following = {}
        if content.read_at(at + size, after - at - size).strip(b"\x00"):
            raise Unsound(3203, offset=at + size)
        at = after


def _header(block: bytes, at: int) -> tuple[bytes, bytes, int]:
    """(kind, name, size) of a header block whose sum is right. Raises Unsound 3201."""
    if len(block) < BLOCK_BYTES:
        raise Unsound(3210)
    summed = sum(block[:148]) + sum(block[156:]) + 8 * 0x20
    if _octal(block[148:156], at) != summed:
        raise Unsound(3201, offset=at)
    name = _until_nul(block[:100])
    if block[257:263] == b"ustar\x00" and block[345:500].strip(b"\x00"):
        name = _until_nul(block[345:500]) + b"/" + name
    return block[156:157], name, _octal(block[124:136], at)


def _until_nul(field: bytes) -> bytes:
    """A field up to its end mark; bytes behind it would be another name to a careless reader."""
    name, _, rest = field.partition(b"\x00")
    if rest.strip(b"\x00"):
        raise Unsound(3204, member=decode_name(name))
    return name


def _octal(field: bytes, at: int) -> int:
    if field[:1] == b"\x80":
        return int.from_bytes(field[1:], "big")
    digits = field.strip(b"\x00 ")
    if digits.strip(b"01234567"):
        raise Unsound(3201, offset=at)
    return int(digits or b"0", 8)


def _extended(kind: bytes, content: Content, at: int, size: int) -> dict[str, str]:
    if size > _MAX_EXTENDED_BYTES:
        raise Unsound(3225, size_bytes=size, limit_bytes=_MAX_EXTENDED_BYTES)
    data = content.read_at(at, size)
    if kind == b"L":
        return {"path": decode_name(_until_nul(data))}
    records: dict[str, str] = {}
    while data:
        match = re.match(rb"([1-9][0-9]{0,5}) ", data)
        length = int(match[1]) if match else 0
        record = data[match.end() : length] if match else b""
        key, mark, value = record.partition(b"=")
        if not mark or not record.endswith(b"\n") or length > len(data):
            raise Unsound(3201, offset=at)
        name = key.decode("utf-8", "replace")
        if name in records:
            raise Unsound(3206)
        if name == "linkpath" or name.startswith("GNU.sparse"):
            raise Unsound(3208, member=name, kind="link" if name == "linkpath" else "sparse file")
        records[name] = decode_name(value[:-1])
        data = data[length:]
    return records


def _check_global(records: dict[str, str]) -> None:
    """Global headers may describe the archive, not rename or resize what follows."""
    if {"path", "size"} & records.keys():
        raise Unsound(3204, member=records.get("path", ""))


def _pax_size(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,19}", text):
        raise Unsound(3201)
    return int(text)


def decode_name(raw_name: bytes) -> str:
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw_name.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw_name.decode("utf-8", "surrogateescape")


def _check_end(content: Content, at: int) -> None:
    rest = content.size_bytes - at
    if rest < 2 * BLOCK_BYTES:
        raise Unsound(3210)
    if rest > _MAX_PADDING_BYTES or content.read_at(at, rest).strip(b"\x00"):
        raise Unsound(3203, offset=at)
