"""Types by structure, for the receiving side: every format that could claim a content is asked.

The sending side looks at first bytes; here each recogniser follows the format's own skeleton (chunks,
boxes, directories, cross-references), lenient about where it begins and strict about where it ends.
A content that more than one recogniser claims is refused: it would be two files to two readers.
"""

from __future__ import annotations

import re
import struct
from typing import Final

from gateway.inspection.content import Content
from gateway.inspection.receiving import zip_reader
from gateway.inspection.receiving.skeletons import end_faults
from gateway.inspection.receiving.text_structure import first_element, text_word
from gateway.inspection.unsound import (
    MAX_DOCUMENT_DIRECTORY_BYTES,
    MAX_ROOT_PART_BYTES,
    Fault,
    Reading,
    Unsound,
    Word,
)

_PDF_MARK_BYTES: Final = 1024
_MP4_BRANDS: Final = b"isom iso2 iso3 iso4 iso5 iso6 mp41 mp42 avc1 dash".split()
# A first block, or none at all: the digits of pi, or of its root.
_BZIP2_FIRST: Final = (bytes.fromhex("314159265359"), bytes.fromhex("177245385090"))
_OFD_ROOTS: Final = ("http://www.ofdspec.org/2016}OFD", "http://www.ofdspec.org}OFD")


def read_type(content: Content) -> Reading:
    """What a content is. Raises OSError and nothing else."""
    if not content.size_bytes:
        return Reading("empty")
    word = _claimed(content)
    if not word:
        word = text_word(content)
    faults = [*_second_claims(word, content), *end_faults(word, content)]
    if word == "zip":
        word = _document(content)
    elif word == "dicom":
        faults += _dicom_faults(content.head)
    elif word == "ole2" and _is_encrypted_package(content):
        faults.append(Fault(Word.ENCRYPTED, 3232, {"type": word}))
    elif word == "pdf" and _pdf_is_encrypted(content):
        faults.append(Fault(Word.ENCRYPTED, 3233, {"type": word}))
    return Reading(word, tuple(faults))


def _claimed(content: Content) -> str:
    """The format that a content follows from its first byte on, "" for none of bytes."""
    head = content.head
    if len(head) >= 132 and head[128:132] == b"DICM":
        return "dicom"
    match head[0]:
        case 0x25 if head[:5] == b"%PDF-":
            return "pdf"
        case 0x89 if head[1:8] == b"PNG\r\n\x1a\n":
            return "png"
        case 0xFF if head[1:3] == b"\xd8\xff":
            return "jpeg"
        case 0x47 if head[1:6] in (b"IF87a", b"IF89a"):
            return "gif"
        case 0x49 | 0x4D if _is_tiff(head):
            return "tiff"
        case 0x4D if head[1:2] == b"Z" and _is_program(content):
            return "windows program"
        case 0x42:
            return _bitmap_or_bzip2(head)
        case 0x50 if head[1:2] == b"K" and head[2:4] in (b"\x03\x04", b"\x05\x06"):
            return "zip"
        case 0x1F if head[1:3] == b"\x8b\x08":
            return "gzip"
        case 0x37 if head[1:6] == b"z\xbc\xaf\x27\x1c":
            return "7z"
        case 0x52 if head[1:7] == b"ar!\x1a\x07\x00" or head[1:8] == b"ar!\x1a\x07\x01\x00":
            return "rar"
        case 0xFD if head[1:6] == b"7zXZ\x00":
            return "xz"
        case 0xD0 if head[1:8] == b"\xcf\x11\xe0\xa1\xb1\x1a\xe1":
            return "ole2"
        case 0x7B if head[1:5] == b"\\rtf":
            return "rtf"
        case _:
            pass
    return _program(head) or _by_offset(head)


def _program(head: bytes) -> str:
    if head[:4] == b"\x7fELF":
        return "elf program"
    number = int.from_bytes(head[:4], "big") if len(head) >= 8 else 0
    if number in (0xFEEDFACE, 0xFEEDFACF, 0xCEFAEDFE, 0xCFFAEDFE):
        return "mach-o program"
    if number == 0xCAFEBABE:
        # Java's first release wrote version 45; no Mach-O has so many architectures.
        return "java class" if struct.unpack_from(">H", head, 6)[0] >= 45 else "mach-o program"
    return ""


def _by_offset(head: bytes) -> str:
    if head[4:8] == b"ftyp":
        return "mp4" if head[8:12] in _MP4_BRANDS else "unknown"
    return "tar" if _is_tar(head) else ""


def _is_tiff(head: bytes) -> bool:
    return (
        struct.unpack_from("<H", head, 2)[0] == 42
        if head[:2] == b"II" and len(head) > 3
        else (head[:4] == b"MM\x00*")
    )


def _is_program(content: Content) -> bool:
    """A DOS header leads to another one, or is itself no text."""
    field = content.read_at(60, 4)
    if len(field) == 4:
        signature = content.read_at(struct.unpack("<I", field)[0], 2)
        if signature in (b"PE", b"NE", b"LE", b"LX"):
            return True
    return text_word(content) == "unknown"


def _bitmap_or_bzip2(head: bytes) -> str:
    levelled = head[:3] == b"BZh" and 0x31 <= (head[3:4] or b"\0")[0] <= 0x39
    if levelled and head[4:10] in _BZIP2_FIRST:
        return "bzip2"
    if head[:2] == b"BM" and len(head) >= 26:
        reserved, _, header = struct.unpack_from("<III", head, 6)
        if reserved == 0 and header in (12, 40, 64, 108, 124):
            return "bmp"
    return ""


def _is_tar(head: bytes) -> bool:
    block = head[:512]
    if len(block) < 512 or block[0] == 0:
        return False
    match = re.fullmatch(rb"[\x00 ]*([0-7]{1,7})[\x00 ]*", block[148:156])
    return match is not None and int(match[1], 8) == sum(block) + 256 - sum(block[148:156])


def _second_claims(word: str, content: Content) -> list[Fault]:
    """Another format in a place where lenient readers look for it."""
    faults = []
    if word not in ("pdf", "zip", "tar", "dicom"):
        at = content.head[:_PDF_MARK_BYTES].find(b"%PDF-")
        if at >= 0:
            faults.append(Fault(Word.TYPE, 3110, {"type": word, "second": "pdf", "offset": at}))
    if word not in ("zip", "tar", "gzip", "bzip2", "xz"):
        end_at = _zip_behind(content, word == "ole2")
        if end_at is not None:
            faults.append(Fault(Word.TYPE, 3111, {"type": word, "offset": end_at}))
    return faults


def _zip_behind(content: Content, only_at_end: bool) -> int | None:
    """Where an end of a zip stands that has a table of contents right before it."""
    tail = content.tail
    offset = content.size_bytes - len(tail)
    for match in re.finditer(rb"PK\x05\x06", tail):
        record = tail[match.start() : match.start() + 22]
        if len(record) < 22:
            continue
        count, size = struct.unpack_from("<HI", record, 10)
        comment = struct.unpack_from("<H", record, 20)[0]
        if only_at_end and match.start() + 22 + comment != len(tail):
            continue
        if size == 0xFFFFFFFF:
            return offset + match.start()
        if count and content.read_at(offset + match.start() - size, 4) == b"PK\x01\x02":
            return offset + match.start()
    return None


def _document(content: Content) -> str:
    """zip, or the one document whose main part it holds."""
    try:
        names = zip_reader.names(content, MAX_DOCUMENT_DIRECTORY_BYTES)
        if "OFD.xml" in names:
            part = zip_reader.read_part(content, "OFD.xml", MAX_ROOT_PART_BYTES)
            if first_element(part) in _OFD_ROOTS:
                return "ofd"
    except Unsound:
        return "zip"
    mains = {"word/document.xml": "docx", "xl/workbook.xml": "xlsx", "ppt/presentation.xml": "pptx"}
    kinds = [word for part, word in mains.items() if part in names]
    return kinds[0] if len(kinds) == 1 and "[Content_Types].xml" in names else "zip"


def _dicom_faults(head: bytes) -> list[Fault]:
    faults = []
    # A byte or two of an old scanner are no second file; the first sixteen must be empty.
    written = [at for at, byte in enumerate(head[:128]) if byte]
    if written and not _is_tiff(head) and (written[0] < 16 or len(written) > 4):
        faults.append(Fault(Word.TYPE, 3114, {"type": "dicom"}))
    # (0002,0010) Transfer Syntax UID, explicit little endian as all of group 2 (PS3.10, 7.1).
    at = head.find(b"\x02\x00\x10\x00UI", 132, 4096)
    length = struct.unpack_from("<H", head, at + 6)[0] if 0 <= at <= len(head) - 8 else 0
    if head[at + 8 : at + 8 + length].rstrip(b"\x00 ") == b"1.2.840.10008.1.2.1.99":
        faults.append(Fault(Word.TYPE, 3115, {"type": "dicom"}))
    return faults


def _is_encrypted_package(content: Content) -> bool:
    """A compound file's directory begins in the sector that offset 48 names (MS-CFB 2.2)."""
    if len(content.head) < 76:
        return False
    shift, first = (
        struct.unpack_from("<H", content.head, 30)[0],
        struct.unpack_from("<I", content.head, 48)[0],
    )
    entries = content.read_at((first + 1) << min(shift, 20), 1 << 16)
    wanted = b"\x00".join(bytes([c]) for c in b"EncryptedPackage")
    return wanted in entries


def _pdf_is_encrypted(content: Content) -> bool:
    ends = content.tail if content.headed else content.head + content.tail
    at = ends.find(b"/Encrypt")
    while at >= 0:
        if not ends[at + 8 : at + 9].strip(b" \t\r\n\x0c[<0123456789"):
            return True
        at = ends.find(b"/Encrypt", at + 1)
    return False
