"""Our own type reader: the first bytes of each format, then text forms. Knows nothing of libmagic.

offset 0     most formats, by a table on their first two bytes
offset 4     ftyp: ISO base media (ISO/IEC 14496-12)
offset 128   DICM: DICOM part 10, whatever the preamble pretends
offset 257   tar header of POSIX.1-1988, proved by its checksum
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Final

from gateway.inspection.content import Content
from gateway.inspection.sending.text_forms import looks_like_text, text_word, xml_root
from gateway.inspection.sending.zip_reader import read_document_part, read_names
from gateway.inspection.unsound import MAX_DOCUMENT_DIRECTORY_BYTES, MAX_ROOT_PART_BYTES, Unsound

_SIGNATURES: Final = (
    (b"%PDF-", "pdf"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\x1f\x8b\x08", "gzip"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!\x1a\x07\x00", "rar"),
    (b"Rar!\x1a\x07\x01\x00", "rar"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole2"),
    (b"\x7fELF", "elf program"),
    (b"\xfe\xed\xfa\xce", "mach-o program"),
    (b"\xfe\xed\xfa\xcf", "mach-o program"),
    (b"\xce\xfa\xed\xfe", "mach-o program"),
    (b"\xcf\xfa\xed\xfe", "mach-o program"),
    (b"{\\rtf", "rtf"),
)


def _by_first_two() -> Mapping[bytes, tuple[tuple[bytes, str], ...]]:
    table: dict[bytes, tuple[tuple[bytes, str], ...]] = {}
    for signature, word in _SIGNATURES:
        table[signature[:2]] = (*table.get(signature[:2], ()), (signature, word))
    return table


_TABLE: Final = _by_first_two()
# Brands of ISO/IEC 14496-12 and -14 that are films; stills (heic) and QuickTime are something else.
_MP4_BRANDS: Final = frozenset(
    [b"isom", b"iso2", b"iso3", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"dash"]
)
_BMP_HEADER_BYTES: Final = (12, 40, 64, 108, 124)
_NEW_EXECUTABLES: Final = (b"PE", b"NE", b"LE", b"LX")
# 0xCAFEBABE is a Mach-O for several machines, or Java: Java's oldest major version is 45.
_OLDEST_JAVA: Final = 45
_OFD_SPACES: Final = ("http://www.ofdspec.org/2016", "http://www.ofdspec.org")
_MAIN_PARTS: Final = {
    "word/document.xml": "docx",
    "xl/workbook.xml": "xlsx",
    "ppt/presentation.xml": "pptx",
}


def read_word(content: Content) -> str:
    """The word of the type table for a content. Reads head, tail and a zip's directory; OSError."""
    head = content.head
    if not head:
        return "empty"
    if head[128:132] == b"DICM":
        return "dicom"
    for signature, word in _TABLE.get(head[:2], ()):
        if head.startswith(signature):
            return _document_word(content) if word == "zip" else word
    return _by_shape(content, head) or text_word(content)


def _by_shape(content: Content, head: bytes) -> str:
    """Formats whose first bytes alone prove too little; "" for none of them."""
    if head[:2] == b"MZ":
        return "windows program" if _is_dos_program(content, head) else ""
    if head[:3] == b"BZh" and head[3:4] in b"123456789" and head[4:10] in _BZIP2_BLOCKS:
        return "bzip2"
    if head[:4] == b"\xca\xfe\xba\xbe" and len(head) >= 8:
        major = int.from_bytes(head[6:8], "big")
        return "java class" if major >= _OLDEST_JAVA else "mach-o program"
    if head[4:8] == b"ftyp":
        return "mp4" if head[8:12] in _MP4_BRANDS else "unknown"
    if head[:2] == b"BM" and _is_bitmap(head):
        return "bmp"
    return "tar" if len(head) >= 512 and _is_tar_header(head[:512]) else ""


# A first block (pi), or the end of an empty stream (square root of pi).
_BZIP2_BLOCKS: Final = (b"1AY&SY", b"\x17\x72\x45\x38\x50\x90")


def _is_dos_program(content: Content, head: bytes) -> bool:
    if len(head) >= 64:
        offset = int.from_bytes(head[60:64], "little")
        if content.read_at(offset, 2) in _NEW_EXECUTABLES:
            return True
    return not looks_like_text(content)


def _is_bitmap(head: bytes) -> bool:
    if len(head) < 26:
        return False
    return head[6:10] == bytes(4) and struct.unpack_from("<I", head, 14)[0] in _BMP_HEADER_BYTES


def _is_tar_header(block: bytes) -> bool:
    """POSIX.1-1988 ustar, and its forerunners: the sum over the block with blanks for the sum."""
    field = block[148:156].strip(b"\x00 ")
    if not 0 < len(field) <= 7 or field.strip(b"01234567") or not block[0]:
        return False
    return sum(block) - sum(block[148:156]) + 8 * 0x20 == int(field, 8)


def _document_word(content: Content) -> str:
    """zip, or the document that a zip holds: told by its table of contents."""
    try:
        names = read_names(content, MAX_DOCUMENT_DIRECTORY_BYTES)
        if "OFD.xml" in names:
            root = xml_root(read_document_part(content, "OFD.xml", MAX_ROOT_PART_BYTES))
            if root is not None and root.local == "OFD" and root.space in _OFD_SPACES:
                return "ofd"
    except Unsound:
        return "zip"
    if "[Content_Types].xml" in names:
        found = {word for part, word in _MAIN_PARTS.items() if part in names}
        if len(found) == 1:
            return found.pop()
    return "zip"
