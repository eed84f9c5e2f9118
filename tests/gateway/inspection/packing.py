"""Containers and files made by hand for tests: zips byte by byte, tars, documents, images."""

from __future__ import annotations

import binascii
import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


def zip_of(members: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An ordinary zip."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return buffer.getvalue()


@dataclass
class RawMember:
    """One zip member, each field as it shall stand in local header and directory."""

    name: bytes
    data: bytes = b"hello"
    flags: int = 0
    method: int = 0
    packed: bytes | None = None
    crc: int | None = None
    size: int | None = None
    local_name: bytes | None = None
    local_crc: int | None = None
    local_method: int | None = None
    local_flags: int | None = None
    extra: bytes = b""
    local_extra: bytes = b""
    made_by: int = 3
    attributes: int = 0o100644 << 16
    descriptor: bytes = b""
    offset: int | None = None


def raw_zip(
    members: Sequence[RawMember],
    *,
    prefix: bytes = b"",
    between: bytes = b"",
    before_directory: bytes = b"",
    suffix: bytes = b"",
    comment: bytes = b"",
    directory: bool = True,
    count: int | None = None,
    disk: int = 0,
    shifted: bool = True,
) -> bytes:
    """A zip as its parts say, right or wrong. shifted: offsets count the prefix."""
    out = bytearray(prefix)
    table = bytearray()
    base = 0 if shifted else len(prefix)
    for number, member in enumerate(members):
        if number:
            out += between
        packed = member.data if member.packed is None else member.packed
        if member.method == 8 and member.packed is None:
            engine = zlib.compressobj(9, zlib.DEFLATED, -15)
            packed = engine.compress(member.data) + engine.flush()
        crc = zlib.crc32(member.data) if member.crc is None else member.crc
        size = len(member.data) if member.size is None else member.size
        offset = len(out) - base if member.offset is None else member.offset
        local = member.name if member.local_name is None else member.local_name
        zeroed = bool(member.descriptor)
        out += struct.pack(
            "<4sHHHHHIIIHH",
            b"PK\x03\x04",
            20,
            member.flags if member.local_flags is None else member.local_flags,
            member.method if member.local_method is None else member.local_method,
            0,
            0x21,
            0 if zeroed else crc if member.local_crc is None else member.local_crc,
            0 if zeroed else len(packed),
            0 if zeroed else size,
            len(local),
            len(member.local_extra),
        )
        out += local + member.local_extra + packed + member.descriptor
        table += struct.pack(
            "<4sBBHHHHHIIIHHHHHII",
            b"PK\x01\x02",
            20,
            member.made_by,
            20,
            member.flags,
            member.method,
            0,
            0x21,
            crc,
            len(packed),
            size,
            len(member.name),
            len(member.extra),
            0,
            0,
            0,
            member.attributes,
            offset,
        )
        table += member.name + member.extra
    out += before_directory
    if not directory:
        return bytes(out)
    start = len(out) - base
    entries = len(members) if count is None else count
    out += table
    out += struct.pack(
        "<4sHHHHIIH", b"PK\x05\x06", disk, disk, entries, entries, len(table), start, len(comment)
    )
    return bytes(out) + comment + suffix


def overlapping_zip(copies: int) -> bytes:
    """Many directory entries for one local header: a few bytes that unpack to many."""
    packed = raw_zip([RawMember(b"a", b"\0" * 200_000, method=8)])
    start = packed.index(b"PK\x01\x02")
    entry = packed[start : packed.rindex(b"PK\x05\x06")]
    table = b"".join(entry[:46] + bytes([0x61 + i]) for i in range(copies))
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, copies, copies, len(table), start, 0)
    return packed[:start] + table + end


def zip64_of(name: str, data: bytes) -> bytes:
    """A zip whose member has zip64 sizes in its local header, as Python writes it when asked."""
    buffer = io.BytesIO()
    archive = zipfile.ZipFile(buffer, "w")
    with archive, archive.open(zipfile.ZipInfo(name), "w", force_zip64=True) as member:
        member.write(data)
    return buffer.getvalue()


def streamed_zip(members: Mapping[str, bytes]) -> bytes:
    """A zip written to a pipe: sizes stand in data descriptors."""

    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def tell(self) -> int:
            raise io.UnsupportedOperation

    buffer = Pipe()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def tar_of(members: Mapping[str, bytes], **fields: object) -> bytes:
    """An ordinary tar; fields are set on every member."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            for field, value in fields.items():
                setattr(info, field, value)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def gz(data: bytes, name: str = "") -> bytes:
    buffer = io.BytesIO()
    with gzip.GzipFile(name, "wb", fileobj=buffer, mtime=0) as stream:
        stream.write(data)
    return buffer.getvalue()


def zero_gz(size_bytes: int) -> bytes:
    """So many zeros as a gzip file, made without holding them."""
    engine = zlib.compressobj(9, zlib.DEFLATED, 31)
    piece = bytes(1 << 20)
    out = [engine.compress(piece) for _ in range(size_bytes >> 20)]
    return b"".join(out) + engine.flush()


def bz(data: bytes) -> bytes:
    return bz2.compress(data)


def xz(data: bytes, dictionary_bytes: int = 1 << 20) -> bytes:
    filters = [{"id": lzma.FILTER_LZMA2, "dict_size": dictionary_bytes}]
    return lzma.compress(data, lzma.FORMAT_XZ, filters=filters)


def nested(data: bytes, name: str, levels: int) -> bytes:
    for level in range(levels):
        data = zip_of({name: data})
        name = f"{level}.zip"
    return data


def encrypted_zip(name: str = "secret.txt", data: bytes = b"12345678901234567890") -> bytes:
    """A member with the encryption bit set; the bytes are as good as any."""
    return raw_zip([RawMember(name.encode(), data, flags=1, packed=bytes(12) + data)])


def png(extra: bytes = b"", colour: bytes = b"\xff\0\0") -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", binascii.crc32(body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))
    data = chunk(b"IDAT", zlib.compress(b"\0" + colour))
    return b"\x89PNG\r\n\x1a\n" + head + data + chunk(b"IEND", b"") + extra


def gif(extra: bytes = b"") -> bytes:
    return (
        b"GIF89a\x01\0\x01\0\x80\0\0\xff\xff\xff\0\0\0"
        b"\x2c\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0;" + extra
    )


def jpeg(extra: bytes = b"") -> bytes:
    """Segments as a decoder walks them; what they hold is of no matter here."""
    app0 = b"\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0"
    scan = b"\xff\xda\0\x08\x01\x01\0\0\x3f\0" + b"\x12\xff\x00\x34" * 8
    return b"\xff\xd8" + app0 + scan + b"\xff\xd9" + extra


def bmp(extra: bytes = b"") -> bytes:
    pixels = bytes(4)
    size = 14 + 40 + len(pixels)
    head = b"BM" + struct.pack("<IHHI", size, 0, 0, 54)
    return head + struct.pack("<IiiHHIIiiII", 40, 1, 1, 1, 24, 0, 4, 0, 0, 0, 0) + pixels + extra


def mp4() -> bytes:
    ftyp = b"\0\0\0\x18ftypisom\0\0\x02\0isommp41"
    return ftyp + b"\0\0\0\x08free" + b"\0\0\0\x10mdat" + bytes(8)


def tiff() -> bytes:
    return b"II*\0\x08\0\0\0" + b"\x01\0" + b"\0\x01\x03\0\x01\0\0\0\x01\0\0\0" + bytes(4)


def elf() -> bytes:
    """The header of a Linux program (ELF64, x86-64)."""
    return b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x02\0\x3e\0\x01\0\0\0" + bytes(40) + b"\x90" * 64


def pe() -> bytes:
    """The headers of a Windows program."""
    dos = b"MZ" + bytes(58) + struct.pack("<I", 64)
    stub = b"This program cannot be run in DOS mode.\r\r\n$"
    return dos + b"PE\0\0" + b"\x64\x86" + bytes(18) + b"\x0b\x02" + bytes(240) + stub


def mach_o() -> bytes:
    return b"\xcf\xfa\xed\xfe\x07\0\0\x01\x03\0\0\0\x02\0\0\0" + bytes(64)


def java() -> bytes:
    return b"\xca\xfe\xba\xbe\0\0\0\x34\0\x10" + bytes(40)


def ole2(stream: str = "WordDocument") -> bytes:
    """A compound file: header, one sector of FAT, one of directory."""
    head = bytearray(512)
    head[:8] = bytes.fromhex("d0cf11e0a1b11ae1")
    struct.pack_into("<HHHHH", head, 24, 0x3E, 3, 0xFFFE, 9, 6)
    struct.pack_into("<III", head, 44, 1, 1, 0)
    struct.pack_into("<III", head, 56, 4096, 0xFFFFFFFE, 0)
    struct.pack_into("<I", head, 76, 0)
    fat = struct.pack("<II", 0xFFFFFFFD, 0xFFFFFFFE) + b"\xff" * 504
    return bytes(head) + fat + _directory(["Root Entry", stream])


def _directory(names: Sequence[str]) -> bytes:
    out = b""
    for number, name in enumerate(names):
        raw = name.encode("utf-16-le")
        kind = 5 if number == 0 else 2
        entry = raw.ljust(64, b"\0") + struct.pack("<HBB", len(raw) + 2, kind, 1)
        out += entry.ljust(128, b"\0")
    return out.ljust(512, b"\0")


def pdf(body: bytes = b"", trailer: bytes = b"") -> bytes:
    """A small PDF by hand, right enough for readers of signatures."""
    return (
        b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\n" + body + b"trailer\n<< /Root 1 0 R "
        + trailer + b">>\nstartxref\n0\n%%EOF\n"
    )  # fmt: skip


def dicom(preamble: bytes = bytes(128), syntax: bytes = b"1.2.840.10008.1.2.1") -> bytes:
    """A file header of DICOM with one element of data."""
    uid = syntax + b"\0" * (len(syntax) % 2)
    meta = b"\x02\0\x10\0UI" + struct.pack("<H", len(uid)) + uid
    length = b"\x02\0\0\0UL\x04\0" + struct.pack("<I", len(meta))
    return preamble.ljust(128, b"\0") + b"DICM" + length + meta + b"\x10\0\x10\0PN\x04\0A^B "


_TYPES = (
    '<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/'
    'package/2006/content-types"><Override PartName="/{part}" ContentType="{kind}"/></Types>'
)


def ooxml(part: str, kind: str = "main+xml", extra: Mapping[str, bytes] | None = None) -> bytes:
    """A document by its main part: word/document.xml, xl/workbook.xml, ppt/presentation.xml."""
    members = {
        "[Content_Types].xml": _TYPES.format(part=part, kind=kind).encode(),
        "_rels/.rels": b'<?xml version="1.0"?><Relationships xmlns="r"/>',
        part: b'<?xml version="1.0"?><document xmlns="d"><body/></document>',
    }
    return zip_of({**members, **(extra or {})})


def ofd(root: bytes | None = None, extra: Mapping[str, bytes] | None = None) -> bytes:
    """An OFD (GB/T 33190) with its root part."""
    root = root or (
        b'<?xml version="1.0" encoding="UTF-8"?><ofd:OFD xmlns:ofd="http://www.ofdspec.org/2016" '
        b'Version="1.1" DocType="OFD"><ofd:DocBody><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot>'
        b"</ofd:DocBody></ofd:OFD>"
    )
    return zip_of({"OFD.xml": root, "Doc_0/Document.xml": b"<d/>", **(extra or {})})
