"""The other type reader of the sending side: libmagic's opinion, then our second look at it.

libmagic knows no OFD, FHIR, CDA or HL7 v2, calls a DICOM object with a TIFF preamble a TIFF, and
guesses at scripts; its answer counts for formats of bytes and for JSON, the second look decides the
rest. Home of python-magic; a handle of libmagic is not thread-safe: one for each thread.
"""

from __future__ import annotations

import threading
from typing import Final

import magic

from gateway.errors import Unavailable
from gateway.inspection.content import Content
from gateway.inspection.sending.second_look import look_again

_WORDS: Final = {
    "application/pdf": "pdf",
    "image/png": "png",
    "image/jpeg": "jpeg",
    "image/gif": "gif",
    "image/tiff": "tiff",
    "image/bmp": "bmp",
    "image/x-ms-bmp": "bmp",
    "application/gzip": "gzip",
    "application/x-gzip": "gzip",
    "application/x-tar": "tar",
    "application/x-gtar": "tar",
    "application/x-7z-compressed": "7z",
    "application/x-rar": "rar",
    "application/vnd.rar": "rar",
    "application/x-bzip2": "bzip2",
    "application/x-xz": "xz",
    "application/x-ole-storage": "ole2",
    "application/CDFV2": "ole2",
    "application/encrypted": "ole2",
    "application/msword": "ole2",
    "application/vnd.ms-excel": "ole2",
    "application/vnd.ms-powerpoint": "ole2",
    "application/vnd.ms-outlook": "ole2",
    "application/vnd.ms-office": "ole2",
    "application/x-msi": "ole2",
    "application/x-executable": "elf program",
    "application/x-pie-executable": "elf program",
    "application/x-sharedlib": "elf program",
    "application/x-object": "elf program",
    "application/x-coredump": "elf program",
    "application/x-dosexec": "windows program",
    "application/vnd.microsoft.portable-executable": "windows program",
    "application/x-mach-binary": "mach-o program",
    "application/x-java-applet": "java class",
    "text/rtf": "rtf",
    "application/rtf": "rtf",
    "video/mp4": "mp4",
    "application/dicom": "dicom",
    "application/json": "json",
    "application/zip": "zip",
    "application/java-archive": "zip",
    "application/epub+zip": "zip",
    "application/vnd.android.package-archive": "zip",
}
_ZIP_FAMILIES: Final = (
    "application/vnd.openxmlformats-",
    "application/vnd.oasis.opendocument.",
    "application/vnd.sun.xml.",
)

# Guessing at the language of a text takes libmagic 1 ms for 4 KiB, and nobody here asks for it.
_NO_CHECK_TEXT: Final = 0x0020000  # magic.h
_FLAGS: Final = magic.MAGIC_MIME_TYPE | _NO_CHECK_TEXT

_local = threading.local()


def read_word(content: Content) -> str:
    """The word of the type table for a content. Reads head and tail; raises OSError, Unavailable."""
    head = content.head
    if not head:
        return "empty"
    kind = _ask(head)
    if kind.startswith(_ZIP_FAMILIES):
        return look_again(content, "zip")
    return look_again(content, _WORDS.get(kind, ""))


def _ask(head: bytes) -> str:
    """libmagic's MIME type for the first bytes. Raises Unavailable 3313 where it has no answer."""
    try:
        handle = getattr(_local, "handle", None)
        if handle is None:
            handle = _local.handle = magic.magic_open(_FLAGS)
            magic.magic_load(handle, None)
        answer = magic.magic_buffer(handle, head)
    except magic.MagicException as error:
        raise Unavailable(3313, problem=str(error)[:80]) from error
    return answer.decode("latin-1") if isinstance(answer, bytes) else str(answer)
