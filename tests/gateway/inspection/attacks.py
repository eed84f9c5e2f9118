"""The attack table of rows C1, C2 and C3: each attack is made here when a test runs, none is stored.

A line is: what it is, the bytes, the rule that must refuse it on each side. A rule is a problem's word
(`type`, `archive`, `encrypted`, `name`), `malware`, or `is TYPE`: it is seen for what it is, so that a
channel that takes pdf refuses it by type.
"""

# ruff: noqa: E501 - a table of one line a case
from __future__ import annotations

import base64
import io
import struct
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass

from tests.gateway.inspection.packing import (
    RawMember,
    bmp,
    bz,
    dicom,
    elf,
    encrypted_zip,
    gif,
    gz,
    java,
    jpeg,
    mach_o,
    mp4,
    nested,
    ofd,
    ole2,
    ooxml,
    overlapping_zip,
    pdf,
    pe,
    png,
    raw_zip,
    tar_of,
    xz,
    zero_gz,
    zip64_of,
    zip_of,
)
from tests.support.clamav import eicar


@dataclass(frozen=True)
class Attack:
    """name: of the unit as it arrives."""

    what: str
    make: Callable[[], bytes]
    rule: str
    name: str = "report.pdf"


_TEXT = b"a plain text of some length\n"
_SCRIPT_PDF = b"2 0 obj\n<< /S /JavaScript /JS (app.alert(1)) >>\nendobj\n"


def _link_zip() -> bytes:
    return raw_zip([RawMember(b"passwd", b"/etc/passwd", attributes=0o120777 << 16)])


def _tar_with(kind: bytes, target: str = "") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        info = tarfile.TarInfo("x")
        info.type, info.linkname = kind, target
        archive.addfile(info)
    return buffer.getvalue()


def _pax_tar(**records: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        info = tarfile.TarInfo("good.txt")
        info.size = 5
        info.pax_headers = dict(records)
        archive.addfile(info, io.BytesIO(b"hello"))
    return buffer.getvalue()


def _eocd_in_comment() -> bytes:
    """Two end records that both reach the end: which of two directories counts?"""
    hidden = raw_zip([RawMember(b"evil.exe", pe())])
    return raw_zip([RawMember(b"good.txt", _TEXT)], comment=hidden)


def _quine_like() -> bytes:
    """Not the quine itself: archives within archives beyond any limit."""
    return nested(_TEXT, "x.txt", 40)


def _wide_bomb() -> bytes:
    inner = zip_of({"zeros": bytes(4 << 20)})
    return zip_of({f"{number}.zip": inner for number in range(40)})


def _lying_size() -> bytes:
    return raw_zip([RawMember(b"a.txt", bytes(300_000), method=8, size=10)])


def _late_eicar() -> bytes:
    """What ClamAV misses behind 210 MB of zeros, in a zip that packs it to 200 KB."""
    buffer = io.BytesIO()
    archive = zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1)
    with archive, archive.open("late.bin", "w") as member:
        for _ in range(210):
            member.write(bytes(1_000_000))
        member.write(eicar())
    return buffer.getvalue()


def _unicode_path_zip() -> bytes:
    second = b"\x01" + struct.pack("<I", 0) + b"evil.exe"
    extra = struct.pack("<HH", 0x7075, len(second)) + second
    return raw_zip([RawMember(b"good.txt", _TEXT, extra=extra)])


def _nul_tar_name() -> bytes:
    data = bytearray(tar_of({"good.txt": b"hello"}))
    data[9:17] = b"evil.exe"
    data[148:156] = b" " * 8
    data[148:156] = b"%06o\0 " % sum(data[:512])
    return bytes(data)


def _flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]


def _member_named(name: str | bytes) -> Callable[[], bytes]:
    raw = name.encode() if isinstance(name, str) else name
    flags = 0 if raw.isascii() else 0x800
    return lambda: raw_zip([RawMember(raw, _TEXT, flags=flags)])


DISGUISED = (
    Attack("ELF named .pdf", elf, "is elf program"),
    Attack("PE named .pdf", pe, "is windows program"),
    Attack("Mach-O named .pdf", mach_o, "is mach-o program"),
    Attack("Java class named .pdf", java, "is java class"),
    Attack("shell script named .csv", lambda: b"#!/bin/sh\nrm -rf /\n", "is script", "x.csv"),
    Attack("batch file named .txt", lambda: b"@ECHO OFF\r\ndel *.*\r\n", "is script", "x.txt"),
    Attack("PowerShell in text", lambda: b"$x = 1\nInvoke-Expression $y\n", "is script", "x.txt"),
    Attack("VBScript in text", lambda: b'Set s = CreateObject("WScript.Shell")\n', "is script", "x.txt"),
    Attack("PHP named .xml", lambda: b"<?php system($_GET[0]); ?>", "is script", "x.xml"),
    Attack("web page named .xml", lambda: b"<!-- x --><HTML><script>1</script></HTML>", "is html", "x.xml"),
    Attack("XHTML named .xml", lambda: b"<?xml version='1.0'?><html xmlns='h'/>", "is html", "x.xml"),
    Attack("jar named .docx", lambda: zip_of({"META-INF/MANIFEST.MF": b"x", "A.class": java()}), "is zip", "x.docx"),
    Attack("zip named .ofd", lambda: ofd(b"<OFD xmlns='other'/>"), "is zip", "x.ofd"),
    Attack("two documents in one", lambda: ooxml("word/document.xml", extra={"xl/workbook.xml": b"<x/>"}), "is zip"),
    Attack("XML in UTF-7", lambda: b'<?xml version="1.0" encoding="UTF-7"?><a/>', "is text", "x.xml"),
    Attack("NUL in text", lambda: b"id,name\n1,a\0b\n", "is unknown", "x.csv"),
    Attack("MLLP frame in HL7", lambda: b"MSH|^~\\&|A|B\rPID|1\x1c\r\x0bMSH|^~\\&|", "is unknown", "x.hl7"),
)  # fmt: skip

POLYGLOTS = (
    Attack("MZ before PDF", lambda: b"MZ" + bytes(62) + pdf(), "type"),
    Attack("junk before PDF", lambda: b"some words\n" + pdf(), "type"),
    Attack("PDF with a zip behind", lambda: pdf() + zip_of({"a": _TEXT}), "type"),
    Attack("PDF with bytes behind", lambda: pdf() + b"\x90" * 64, "type"),
    Attack("PDF cut short", lambda: pdf()[:-7], "type"),
    Attack("PDF in a zip's comment room", lambda: raw_zip([RawMember(b"a", _TEXT)], prefix=b"%PDF-1.4\n%%EOF\n"), "type"),
    Attack("GIF and zip", lambda: gif(zip_of({"a": _TEXT})), "type", "x.gif"),
    Attack("GIF and script", lambda: b"GIF89a/*" + bytes(8) + b"*/=1;alert(1);", "type", "x.gif"),
    Attack("PNG with bytes behind", lambda: png(b"<?php"), "type", "x.png"),
    Attack("PNG and zip", lambda: png(zip_of({"a": _TEXT})), "type", "x.png"),
    Attack("JPEG with bytes behind", lambda: jpeg(b"Rar!\x1a\x07\x00" + bytes(32)), "type", "x.jpg"),
    Attack("JPEG in JPEG's tail", lambda: jpeg(elf() + b"\xff\xd9"), "type", "x.jpg"),
    Attack("BMP with bytes behind", lambda: bmp(pe()), "type", "x.bmp"),
    Attack("MP4 with bytes behind", lambda: mp4() + b"junk junk junk", "type", "x.mp4"),
    Attack("PE in a DICOM preamble", lambda: dicom(pe()[:128]), "type", "x.dcm"),
    Attack("script in a DICOM preamble", lambda: dicom(b"#!/bin/sh\nsh -c id\n"), "type", "x.dcm"),
    Attack("PDF in a DICOM preamble", lambda: dicom(bytes(20) + b"%PDF-1.4 1 0 obj"), "type", "x.dcm"),
    Attack("deflated DICOM", lambda: dicom(syntax=b"1.2.840.10008.1.2.1.99"), "type", "x.dcm"),
    Attack("DICOM and zip", lambda: dicom() + zip_of({"a": _TEXT}), "type", "x.dcm"),
    Attack("text with a PDF in it", lambda: b"hello\n%PDF-1.7 1 0 obj\n", "type", "x.txt"),
    Attack("macros in a docx", lambda: ooxml("word/document.xml", extra={"word/vbaProject.bin": ole2("VBA")}), "type", "x.docx"),
    Attack("macros by another name", lambda: ooxml("xl/workbook.xml", "application/vnd.ms-excel.sheet.macroEnabled.main+xml"), "type", "x.xlsx"),
    Attack("program in a docx", lambda: ooxml("word/document.xml", extra={"word/media/image1.png": pe()}), "type", "x.docx"),
    Attack("program in an OFD", lambda: ofd(extra={"Doc_0/Attachs/a.dat": elf()}), "type", "x.ofd"),
)  # fmt: skip

ARCHIVES = (
    Attack("program before a zip", lambda: raw_zip([RawMember(b"a")], prefix=pe()), "is windows program", "x.zip"),
    Attack("zeros before a zip", lambda: raw_zip([RawMember(b"a")], prefix=bytes(64), shifted=False), "type", "x.zip"),
    Attack("two zips in one", lambda: zip_of({"good": _TEXT}) + zip_of({"evil": pe()}), "archive", "x.zip"),
    Attack("two ends in one zip", _eocd_in_comment, "archive", "x.zip"),
    Attack("zip without directory", lambda: raw_zip([RawMember(b"a", eicar())], directory=False), "archive", "x.zip"),
    Attack("bytes between members", lambda: raw_zip([RawMember(b"a"), RawMember(b"b")], between=elf()), "archive", "x.zip"),
    Attack("bytes before the directory", lambda: raw_zip([RawMember(b"a")], before_directory=elf()), "archive", "x.zip"),
    Attack("bytes behind a zip", lambda: raw_zip([RawMember(b"a")], suffix=b"\x90" * 30), "archive", "x.zip"),
    Attack("overlapping members", lambda: overlapping_zip(50), "archive", "x.zip"),
    Attack("two names for one member", lambda: raw_zip([RawMember(b"good.txt", local_name=b"evil.exe")]), "archive", "x.zip"),
    Attack("two sums for one member", lambda: raw_zip([RawMember(b"a", local_crc=1)]), "archive", "x.zip"),
    Attack("two methods for one member", lambda: raw_zip([RawMember(b"a", local_method=8)]), "archive", "x.zip"),
    Attack("wrong sum", lambda: raw_zip([RawMember(b"a", crc=7, local_crc=7)]), "archive", "x.zip"),
    Attack("lying size", _lying_size, "archive", "x.zip"),
    Attack("lying descriptor", lambda: raw_zip([RawMember(b"a", flags=8, descriptor=b"PK\x07\x08" + bytes(13))]), "archive", "x.zip"),
    Attack("one name twice", lambda: raw_zip([RawMember(b"a.txt"), RawMember(b"A.TXT", b"other")]), "archive", "x.zip"),
    Attack("second name in an extra field", _unicode_path_zip, "archive", "x.zip"),
    Attack("count is a lie", lambda: raw_zip([RawMember(b"a"), RawMember(b"b")], count=1), "archive", "x.zip"),
    Attack("one volume of several", lambda: raw_zip([RawMember(b"a")], disk=3), "archive", "x.zip"),
    Attack("unknown method", lambda: raw_zip([RawMember(b"a", method=14)]), "archive", "x.zip"),
    Attack("link in a zip", _link_zip, "archive", "x.zip"),
    Attack("folder with content", lambda: raw_zip([RawMember(b"a/", elf())]), "archive", "x.zip"),
    Attack("many zips in each other", _quine_like, "archive", "x.zip"),
    Attack("zip bomb", lambda: zip_of({"zeros": bytes(64 << 20)}), "archive", "x.zip"),
    Attack("bomb of many zips", _wide_bomb, "archive", "x.zip"),
    Attack("too many files", lambda: raw_zip([RawMember(b"%d" % n, b"") for n in range(1001)]), "archive", "x.zip"),
    Attack("gzip bomb", lambda: zero_gz(300 << 20), "archive", "x.gz"),
    Attack("bzip2 bomb", lambda: bz(bytes(64 << 20)), "archive", "x.bz2"),
    Attack("xz bomb", lambda: xz(bytes(64 << 20)), "archive", "x.xz"),
    Attack("xz that wants a gigabyte", lambda: xz(b"abc", 1 << 30), "archive", "x.xz"),
    Attack("bytes behind gzip", lambda: gz(_TEXT) + elf(), "archive", "x.gz"),
    Attack("zeros behind gzip", lambda: gz(_TEXT) + bytes(64), "archive", "x.gz"),
    Attack("bytes behind bzip2", lambda: bz(_TEXT) + elf(), "archive", "x.bz2"),
    Attack("bytes behind xz", lambda: xz(_TEXT) + elf(), "archive", "x.xz"),
    Attack("cut gzip", lambda: gz(_TEXT * 100)[:-5], "archive", "x.gz"),
    Attack("gzip with a wrong sum", lambda: _flipped(gz(_TEXT), -6), "archive", "x.gz"),
    Attack("symbolic link in a tar", lambda: _tar_with(tarfile.SYMTYPE, "/etc/passwd"), "archive", "x.tar"),
    Attack("hard link in a tar", lambda: _tar_with(tarfile.LNKTYPE, "y"), "archive", "x.tar"),
    Attack("device in a tar", lambda: _tar_with(tarfile.CHRTYPE), "archive", "x.tar"),
    Attack("pipe in a tar", lambda: _tar_with(tarfile.FIFOTYPE), "archive", "x.tar"),
    Attack("bytes behind a tar", lambda: tar_of({"a": _TEXT}) + elf(), "archive", "x.tar"),
    Attack("damaged header within a tar", lambda: _flipped(tar_of({"a": _TEXT, "b": _TEXT}), 1024 + 120), "archive", "x.tar"),
    Attack("two sizes for one member of a tar", lambda: _pax_tar(size="1"), "archive", "x.tar"),
    Attack("tar without end", lambda: tar_of({"a": _TEXT})[:1024], "archive", "x.tar"),
    Attack("bytes behind a name in a tar", _nul_tar_name, "archive", "x.tar"),
    Attack("sparse file in a tar", lambda: _pax_tar(**{"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "x", "GNU.sparse.realsize": "9"}), "archive", "x.tar"),
    Attack("7z", lambda: b"7z\xbc\xaf\x27\x1c\0\x04" + bytes(40), "archive", "x.7z"),
    Attack("rar", lambda: b"Rar!\x1a\x07\x01\x00" + bytes(40), "archive", "x.rar"),
    Attack("encrypted zip", encrypted_zip, "encrypted", "x.zip"),
    Attack("AES zip", lambda: raw_zip([RawMember(b"a", method=99, flags=1)]), "encrypted", "x.zip"),
    Attack("encrypted zip in a tar.gz", lambda: gz(tar_of({"x.zip": encrypted_zip()})), "encrypted", "x.tgz"),
    Attack("docx with a password", lambda: ole2("EncryptedPackage"), "encrypted", "x.docx"),
    Attack("PDF with a password", lambda: pdf(trailer=b"/Encrypt 5 0 R "), "encrypted"),
)  # fmt: skip

NAMES = (
    Attack("member that climbs", _member_named("../../etc/cron.d/x"), "name", "x.zip"),
    Attack("member that climbs later", _member_named("a/../../x"), "name", "x.zip"),
    Attack("absolute member", _member_named("/etc/passwd"), "name", "x.zip"),
    Attack("member with backslash", _member_named("..\\..\\windows\\x"), "name", "x.zip"),
    Attack("member with drive", _member_named("C:/windows/x"), "name", "x.zip"),
    Attack("member with NUL", _member_named(b"good.txt\0.exe"), "name", "x.zip"),
    Attack("member with control", _member_named("a\x1b[2Jb"), "name", "x.zip"),
    Attack("member right to left", _member_named("report\u202efdp.exe"), "name", "x.zip"),
    Attack("member isolated", _member_named("report\u2066fdp\u2069.exe"), "name", "x.zip"),
    Attack("member too long", _member_named("a" * 300), "name", "x.zip"),
    Attack("member in tar climbs", lambda: tar_of({"../x": _TEXT}), "name", "x.tar"),
    Attack("absolute member in tar", lambda: tar_of({"/x": _TEXT}), "name", "x.tar"),
    Attack("name in gzip climbs", lambda: gz(_TEXT).replace(b"\x1f\x8b\x08\x00", b"\x1f\x8b\x08\x08", 1)[:10] + b"../../x\0" + gz(_TEXT)[10:], "name", "x.gz"),
    Attack("name with control", lambda: _TEXT, "name", "a\nb.txt"),
    Attack("name right to left", lambda: _TEXT, "name", "report\u202efdp.txt"),
    Attack("name with zero width", lambda: _TEXT, "name", "re\u200bport.txt"),
    Attack("name with a path", lambda: _TEXT, "name", "../x.txt"),
    Attack("name with backslash", lambda: _TEXT, "name", "a\\b.txt"),
    Attack("hidden name", lambda: _TEXT, "name", ".bashrc"),
    Attack("name like an option", lambda: _TEXT, "name", "-rf"),
    Attack("name not UTF-8", lambda: _TEXT, "name", "a\udcff.txt"),
    Attack("name with trailing dot", lambda: _TEXT, "name", "a.txt."),
    Attack("name with trailing blank", lambda: _TEXT, "name", "a.txt "),
)  # fmt: skip

MALWARE = (
    Attack("EICAR", eicar, "malware", "x.txt"),
    Attack("EICAR behind text", lambda: _TEXT * 50 + eicar(), "malware", "x.txt"),
    Attack("EICAR in a zip", lambda: zip_of({"a.txt": eicar()}), "malware", "x.zip"),
    Attack("EICAR five zips deep", lambda: nested(eicar(), "a.txt", 5), "malware", "x.zip"),
    Attack("EICAR in a zip64", lambda: zip64_of("a.txt", eicar()), "malware", "x.zip"),
    Attack("EICAR in tar.gz", lambda: gz(tar_of({"a.txt": eicar()})), "malware", "x.tgz"),
    Attack("EICAR in tar.xz", lambda: xz(tar_of({"a.txt": eicar()})), "malware", "x.txz"),
    Attack("EICAR in bzip2", lambda: bz(eicar()), "malware", "x.bz2"),
    Attack("EICAR in a docx", lambda: ooxml("word/document.xml", extra={"word/x.bin": eicar()}), "malware", "x.docx"),
    Attack("EICAR in UTF-16", lambda: eicar().decode().encode("utf-16"), "malware", "x.txt"),
    Attack("PDF that runs a script", lambda: pdf(_SCRIPT_PDF + b"3 0 obj\n<< /OpenAction 2 0 R >>\nendobj\n"), "malware"),
    Attack("PDF that launches", lambda: pdf(b"2 0 obj\n<< /S /Launch /F (x.exe) >>\nendobj\n"), "malware"),
    Attack("PDF with a program", lambda: pdf(b"2 0 obj\nstream\n" + pe() + b"endstream\nendobj\n"), "malware"),
    Attack("DICOM with a program", lambda: dicom() + pe(), "malware", "x.dcm"),
    Attack("RTF with an object", lambda: b"{\\rtf1{\\object\\objdata 0105}}", "malware", "x.rtf"),
    Attack("Word macro", lambda: ole2("_VBA_PROJECT") + b"Sub AutoOpen()\n", "malware", "x.doc"),
    Attack("DDE field", lambda: ooxml("word/document.xml", extra={"word/a.xml": b"<w:instrText>DDEAUTO c:\\x</w:instrText>"}), "malware", "x.docx"),
    Attack("encoded PowerShell", lambda: b"powershell.exe -nop -enc " + base64.b64encode(bytes(60)) + b"\n", "malware", "x.txt"),
)  # fmt: skip

SLOW_MALWARE = (Attack("EICAR behind 210 MB of zeros", _late_eicar, "malware", "x.zip"),)
