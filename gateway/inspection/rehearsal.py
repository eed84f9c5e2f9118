"""A rehearsal before the curtain closes: each reader reads one small content of each form.

A child of the sandbox opens no file, so whatever a library loads late (codecs, tables, databases) must be
there before. What is still missing afterwards makes a unit be refused, never pass.
"""

from __future__ import annotations

import bz2
import codecs
import contextlib
import encodings
import gzip
import io
import lzma
import pkgutil
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from typing import Final

from gateway.inspection.content import Content
from gateway.inspection.order import Order
from gateway.inspection.take_apart import Readers, take_apart
from gateway.policy.facts import UnpackLimits
from gateway.policy.filetypes import FORMATS
from gateway.policy.values import FormatDemand, SchemaText

_FHIR: Final = "http://hl7.org/fhir"
_XHTML: Final = "http://www.w3.org/1999/xhtml"
_DIV: Final = f'<div xmlns="{_XHTML}"><p>a &amp; b</p></div>'
_TEXTS: Final = (
    '{"a": [1, 2.5, true, null, "文"]}',
    '{"resourceType": "Patient", "id": "a", "birthDate": "2000-01-01", "text": {"status": "generated", '
    f'"div": "{_DIV.replace(chr(34), chr(39))}"}}, "photo": [{{"data": "aGFsbG8="}}]}}',
    f'<Patient xmlns="{_FHIR}"><id value="a"/><text><status value="generated"/>{_DIV}</text></Patient>',
    '<?xml version="1.0" encoding="GB18030"?><a b="c">文</a>',
    '<ClinicalDocument xmlns="urn:hl7-org:v3"><title>文</title></ClinicalDocument>',
    "MSH|^~\\&|A|B|C|D|20260101120000||ADT^A01|1|P|2.4|||||CHN|GB 18030-2000\rPID|1||7||李^一\r",
    "id,name\n1,李\n2,王\n",
    "plain text 文\n",
)
_XSD: Final = (
    '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="a">'
    '<xs:complexType mixed="true"><xs:attribute name="b"><xs:simpleType>'
    '<xs:restriction base="xs:string"><xs:pattern value="[a-c]+"/>'
    "</xs:restriction></xs:simpleType></xs:attribute></xs:complexType></xs:element></xs:schema>"
)
_OWN_SCHEMAS: Final = {
    "json": FormatDemand(
        "", (), SchemaText("a.json", '{"properties": {"a": {"type": "array"}}}', "rehearsal")
    ),
    "xml": FormatDemand("", (), SchemaText("a.xsd", _XSD, "rehearsal")),
}
_CODECS: Final = ("utf-8", "gb18030", "utf-16")


def rehearse(readers: Readers) -> None:
    """Take every sample apart, with all that can be asked for. Raises Unavailable 3313 (no libmagic)."""
    load_codecs()
    demands = {word: FormatDemand("") for word in FORMATS}
    demands |= _OWN_SCHEMAS
    for sample in _samples():
        for wanted in (demands, {}):
            order = Order(
                "a",
                "",
                UnpackLimits(),
                demands=wanted,
                texts=bool(wanted),
                visits=True,
                values=bool(wanted),
            )
            take_apart(readers, order, Content.of_bytes(sample), _NoRoom(), _Nobody())


def load_codecs() -> None:
    """Every codec of the standard library: which one a content names nobody knows before."""
    for module in pkgutil.iter_modules(encodings.__path__):
        with contextlib.suppress(LookupError, ImportError):
            codecs.lookup(module.name)


def samples_of() -> Iterator[tuple[str, bytes]]:
    """Some of the samples with the types that they are of."""
    kinds = ("json", "fhir json", "fhir xml", "xml", "cda", "hl7 v2", "csv")
    for kind, text in zip(kinds, _TEXTS, strict=False):
        yield kind, text.encode("gb18030" if "GB" in text else "utf-8")
    yield "dicom", _dicom("PN", "李^一".encode("gb18030"))


def _samples() -> Iterator[bytes]:
    texts = [text.encode(codec, "replace") for text in _TEXTS for codec in _CODECS]
    yield from texts
    yield gzip.compress(texts[0])
    yield bz2.compress(texts[0])
    yield lzma.compress(texts[0])
    yield _tar(texts[0])
    yield _zip("a.txt", texts[0])
    yield _zip("文.txt".encode("gb18030").decode("cp437"), texts[0])
    yield _png()
    yield from (
        _dicom(vr, value) for vr, value in (("PN", "李^一".encode("gb18030")), ("UI", b"1.2\0"))
    )


def _tar(data: bytes) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as made:
        entry = tarfile.TarInfo("a.txt")
        entry.size = len(data)
        made.addfile(entry, io.BytesIO(data))
    return file.getvalue()


def _zip(name: str, data: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr(zipfile.ZipInfo(name), data)
    return file.getvalue()


def _png() -> bytes:
    """One grey pixel (PNG 1.2, 11.2)."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        rest = kind + data
        return struct.pack(">I", len(data)) + rest + struct.pack(">I", zlib.crc32(rest))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"\0\0")
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


def _dicom(vr: str, value: bytes) -> bytes:
    """A file header and two elements, explicit VR little endian (PS3.10, 7.1)."""
    version = struct.pack("<HH2sHI", 0x0002, 0x0001, b"OB", 0, 2) + b"\0\1"
    instance = _element(0x0002, 0x0003, "UI", b"1.2.3.4\0")
    syntax = _element(0x0002, 0x0010, "UI", b"1.2.840.10008.1.2.1\0")
    writer = _element(0x0002, 0x0012, "UI", b"1.2.3.4\0")
    storage = _element(0x0002, 0x0002, "UI", b"1.2.840.10008.5.1.4.1.1.7\0")
    group_2 = version + storage + instance + syntax + writer
    length = _element(0x0002, 0x0000, "UL", struct.pack("<I", len(group_2)))
    charset = _element(0x0008, 0x0005, "CS", b"GB18030 ")
    patient = _element(
        0x0010, 0x0010 if vr == "PN" else 0x0020, vr, value + b" " * (len(value) % 2)
    )
    return bytes(128) + b"DICM" + length + group_2 + charset + patient


def _element(group: int, element: int, vr: str, value: bytes) -> bytes:
    return struct.pack("<HH2sH", group, element, vr.encode(), len(value)) + value


class _NoRoom:
    """No sample is large."""

    def spill(self, held: list[bytes], rest: Iterator[bytes]) -> Content:
        raise RuntimeError("a rehearsal's sample is small")


class _Nobody:
    """Listens, and keeps nothing."""

    def begin(self) -> None:
        pass

    def text(self, text: object) -> None:
        pass

    def visit(self, content: Content, path: str) -> None:
        pass
