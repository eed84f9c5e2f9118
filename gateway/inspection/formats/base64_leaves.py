"""Files in base64 inside a string: found by how they begin, decoded piece by piece.

    "TVqQAAMAAAAEAAAA..."                    the whole string
    "data:image/png;base64,iVBORw0KGgo..."   behind a prefix, in a page, in JSON inside a string
    "VFZxUUFBTUFBQUFF..."                    base64 of base64, a few times

A hash or an identifier in base64 (or in hexadecimal, whose letters are base64 too) is no file: only what
begins as a file does, or what the profile declares, becomes a member. Shared: both sides must find the same.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Final

from gateway.inspection.unsound import CHUNK_BYTES, Fault, Member

# Shorter ones hold no file that could do harm: the smallest programs need more than 48 bytes.
LEAST_CHARACTERS: Final = 64
# Base64 of base64: deeper than this nobody decodes, and each level is a pass over the data.
MAX_LAYERS: Final = 4
_RUN: Final = re.compile(r"(?:[A-Za-z0-9+/_-]{4,}(?:\\?[\\rn\s]+(?=[A-Za-z0-9+/_-]{60}))?)+={0,2}")
_LETTERS: Final = re.compile(r"[A-Za-z0-9+/_\-=\s]*")
_BLANKS: Final = re.compile(r"\\[rn]|\s+")
# How a file begins: programs, archives, documents, pictures, scripts, objects of common serialisers.
MARKS: Final = (
    b"MZ", b"\x7fELF", b"\xca\xfe\xba\xbe", b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf",
    b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe", b"\0asm", b"dex\n",
    b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08", b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c", b"\x1f\x8b\x08",
    b"\xfd7zXZ\0", b"BZh", b"(\xb5/\xfd", b"MSCF", b"ITSF", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    b"%PDF-", b"{\\rtf", b"%!PS", b"\x89PNG\r\n", b"GIF8", b"\xff\xd8\xff", b"II*\0", b"MM\0*",
    b"RIFF", b"OggS", b"ID3", b"\0\0\0\x18ftyp", b"\0\0\0\x1cftyp", b"\0\0\0 ftyp", b"L\0\0\0\x01\x14\x02\0",
    b"#!", b"<?xml", b"<!DOCTYPE", b"<html", b"<script", b"<svg", b"<?php", b"@echo", b"X5O!",
    b"\xac\xed\0\x05", b"\x80\x04\x95", b"\x80\x05\x95", b"\0\x01\0\0\0\xff\xff\xff\xff",
)  # fmt: skip
_SMALL: Final = tuple(m.lower() for m in MARKS)


def begins_as_file(head: bytes) -> bool:
    """Whether bytes begin as a file of a known kind does; blanks before text are skipped."""
    head = head.lstrip(b" \t\r\n\xef\xbb\xbf")[:16]
    return head.startswith(MARKS) or head.lower().startswith(_SMALL) or head[4:8] == b"ftyp"


def members_in(where: str, text: str, *, declared: bool = False) -> Iterator[Member]:
    """Each file that a string holds in base64. declared: the whole string is one, however it begins."""
    if declared:
        made = decoded(text)
        if made is not None:
            yield member(where, made)
        return
    if len(text) < LEAST_CHARACTERS:
        return
    if _LETTERS.fullmatch(text):
        yield from _member_of(where, text)
        return
    for run in _RUN.finditer(text):
        if len(run[0]) >= LEAST_CHARACTERS:
            yield from _member_of(where, run[0])


def _member_of(where: str, run: str) -> Iterator[Member]:
    for _ in range(MAX_LAYERS):
        start = _loose(run[:128])
        if begins_as_file(start):
            yield member(where, _loose(run))
            return
        if (
            len(run) < LEAST_CHARACTERS
            or not start.isascii()
            or not _LETTERS.fullmatch(start.decode())
        ):
            return
        run = _loose(run).decode("latin-1")


def _loose(run: str) -> bytes:
    """Decoded as far as it goes: what a careless reader would make of it."""
    letters = _BLANKS.sub("", run).rstrip("=").replace("-", "+").replace("_", "/")
    return base64.b64decode(letters[: len(letters) - (len(letters) % 4 == 1)] + "==")


def decoded(text: str) -> bytes | None:
    """Strict base64 (RFC 4648, section 4), blanks allowed between; None where it is not."""
    try:
        return binascii.a2b_base64(_WHITE.sub("", text), strict_mode=True)
    except (binascii.Error, ValueError):
        return None


_WHITE: Final = re.compile(r"[ \t\r\n]+")


def member(where: str, data: bytes, suffix: str = "bin", faults: tuple[Fault, ...] = ()) -> Member:
    """Decoded bytes as a member, named by the place where it stood."""
    name = re.sub(r"[^A-Za-z0-9.\[\]_-]", "_", where.lstrip("$.")) or "value"
    pieces = (data[at : at + CHUNK_BYTES] for at in range(0, len(data), CHUNK_BYTES))
    return Member(f"{name[-120:]}.{suffix}", pieces, faults=faults)
