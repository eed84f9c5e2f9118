"""What libmagic cannot tell: OFD, OOXML by its parts, DICOM under a preamble, programs in disguise.

Parses with the standard library (zipfile, and expat, csv in gateway.inspection.sending.parsed_text)
where our own signature reader scans by hand.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from typing import Final

from gateway.inspection.content import Content
from gateway.inspection.sending.parsed_text import form_of, root_of, text_of
from gateway.inspection.unsound import MAX_DOCUMENT_DIRECTORY_BYTES, MAX_ROOT_PART_BYTES

# libmagic also calls by these names what two bytes or fewer suggest: DOS programs without a header,
# objects of old Unixes. One random file in a hundred is such, and some begin as Chinese text does.
_BEGINNINGS: Final[dict[str, bytes | tuple[bytes, ...]]] = {
    "windows program": b"MZ",
    "elf program": b"\x7fELF",
    "gzip": b"\x1f\x8b\x08",
    "mach-o program": (b"\xca\xfe", b"\xfe\xed\xfa", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe"),
}


def look_again(content: Content, word: str) -> str:
    """The final word of this reader. word: what libmagic's answer means, "" for nothing of ours."""
    head = content.head
    if head[128:132] == b"DICM" and word in ("", "tiff", "windows program", "dicom"):
        return "dicom"
    if word == "zip" or (word == "" and head[:4] in (b"PK\x03\x04", b"PK\x05\x06")):
        return _packed_word(content)
    if word in _BEGINNINGS and not head.startswith(_BEGINNINGS[word]):
        word = ""
    if head[:2] == b"MZ" and word in ("", "windows program"):
        return _program_word(content, head)
    if word == "bmp" and head[6:10] != bytes(4):
        word = ""
    if word not in ("", "json"):
        return word
    text = text_of(content)
    return "unknown" if text is None else form_of(text, content)


def _program_word(content: Content, head: bytes) -> str:
    """MZ begins programs, and now and then a plain text."""
    new_header = struct.unpack_from("<I", head, 60)[0] if len(head) >= 64 else 0
    if new_header and content.read_at(new_header, 2) in (b"PE", b"NE", b"LE", b"LX"):
        return "windows program"
    text = text_of(content)
    return "windows program" if text is None else form_of(text, content)


def _packed_word(content: Content) -> str:
    """zip, or the document that it is: by zipfile, if its table of contents is a document's."""
    at = content.tail.rfind(b"PK\x05\x06")
    if at < 0 or len(content.tail) - at < 22:
        return "zip"
    if struct.unpack_from("<I", content.tail, at + 12)[0] > MAX_DOCUMENT_DIRECTORY_BYTES:
        return "zip"
    try:
        with content.stream() as stream, zipfile.ZipFile(stream) as archive:
            names = set(archive.namelist())
            if "OFD.xml" in names and _is_ofd(archive):
                return "ofd"
    # zipfile has no one exception for what it cannot read (RuntimeError: encrypted).
    except (zipfile.BadZipFile, ValueError, EOFError, RuntimeError, struct.error, zlib.error,
            NotImplementedError, IndexError, OverflowError):  # fmt: skip
        return "zip"
    if "[Content_Types].xml" not in names:
        return "zip"
    kinds = [
        word
        for word, part in (
            ("docx", "word/document.xml"),
            ("xlsx", "xl/workbook.xml"),
            ("pptx", "ppt/presentation.xml"),
        )
        if part in names
    ]
    return kinds[0] if len(kinds) == 1 else "zip"


def _is_ofd(archive: zipfile.ZipFile) -> bool:
    entry = archive.getinfo("OFD.xml")
    # zipfile reads the other methods without a bound of memory, and raises what it likes.
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return False
    with archive.open(entry) as part:
        root = root_of(part.read(MAX_ROOT_PART_BYTES).decode("utf-8", "replace"))
    return root in (("http://www.ofdspec.org/2016", "OFD"), ("http://www.ofdspec.org", "OFD"))
