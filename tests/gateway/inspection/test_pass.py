"""Honest files of every type of the table pass on both sides, and are seen as what they are."""

# ruff: noqa: E501 - a table of one line a case
from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pikepdf
import pydicom
import pytest
from PIL import Image

from gateway.inspection.chain import Inspector, Role, bytes_body, file_body
from gateway.inspection.here import inspector_here
from gateway.policy.facts import UnpackLimits
from gateway.policy.filetypes import FILE_TYPES
from tests.gateway.inspection import packing as p

AT = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
LIMITS = UnpackLimits()

_CSV = '编号,姓名,科室\r\n1,张三,内科\r\n2,李四,"外科,二病区"\r\n'
_HL7 = (
    "MSH|^~\\&|LIS|LAB|HIS|WARD|20261121093000||ORU^R01|42|P|2.5.1\r"
    "PID|1||000123^^^H^MR||ZHANG^SAN||19800101|M\r"
    "OBX|1|NM|718-7^HGB^LN||132|g/L|120-160|N|||F\r"
)
_CDA = (
    '<?xml version="1.0" encoding="{0}"?>\n<!-- 病历概要 -->\n'
    '<ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
    "<title>病历概要</title><recordTarget><patientRole><patient><name>张三</name></patient>"
    "</patientRole></recordTarget></ClinicalDocument>\n"
)
_FHIR_XML = (
    '<?xml version="1.0" encoding="UTF-8"?><Patient xmlns="http://hl7.org/fhir"><id value="p1"/>'
    '<text><status value="generated"/><div xmlns="http://www.w3.org/1999/xhtml">张三</div></text></Patient>'
)
_FHIR = {"resourceType": "Observation", "status": "final", "valueQuantity": {"value": 6.30}}


def _pdf(**save: Any) -> bytes:
    with pikepdf.new() as document:
        for _ in range(3):
            document.add_blank_page()
        buffer = io.BytesIO()
        document.save(buffer, **save)
    return buffer.getvalue()


def _image(kind: str, **save: Any) -> bytes:
    image = Image.effect_noise((90, 60), 80).convert("L" if kind == "GIF" else "RGB")
    buffer = io.BytesIO()
    image.save(buffer, kind, **save)
    return buffer.getvalue()


_GOOD: tuple[tuple[str, str, bytes], ...] = (
    ("pdf", "pdf", _pdf()),
    ("pdf linearized", "pdf", _pdf(linearize=True)),
    ("pdf with object streams", "pdf", _pdf(object_stream_mode=pikepdf.ObjectStreamMode.generate)),
    ("csv in UTF-8", "csv", _CSV.encode()),
    ("csv with a byte order mark", "csv", _CSV.encode("utf-8-sig")),
    ("csv in GB18030", "csv", _CSV.encode("gb18030")),
    ("csv with tabs", "csv", _CSV.replace(",", "\t").encode()),
    ("csv with semicolons", "csv", b"a;b\n1;2\n3;4\n"),
    ("csv of some size", "csv", b"id,value,note\n" + b"".join(b"%d,%d,\xe5\xa5\xbd\n" % (n, n) for n in range(30_000))),
    ("text", "text", "今日无异常。\n下次复诊:周五。\n".encode()),
    ("text in GBK", "text", "今日无异常。\n".encode("gbk")),
    ("text in UTF-16", "text", "今日无异常。\n".encode("utf-16")),
    ("ini file", "text", b"[section]\nkey = value\n[other]\n"),
    ("lines of JSON", "text", b'{"a": 1}\n{"a": 2}\n'),
    ("hl7", "hl7 v2", _HL7.encode()),
    ("hl7 in GB18030", "hl7 v2", _HL7.replace("ZHANG", "张").encode("gb18030")),
    ("hl7 batch", "hl7 v2", b"FHS|^~\\&|A\rBHS|^~\\&|A\r" + _HL7.encode()),
    ("json", "json", b'[{"a": [1, 2.5, null]}]\n'),
    ("json with a byte order mark", "json", b'\xef\xbb\xbf{"a": "b"}'),
    ("fhir json", "fhir json", json.dumps(_FHIR).encode()),
    ("fhir bundle of 3 MiB", "fhir json", json.dumps({"resourceType": "Bundle", "entry": [{"resource": _FHIR}] * 35_000}).encode()),
    ("fhir xml", "fhir xml", _FHIR_XML.encode()),
    ("fhir xml with a prefix", "fhir xml", b'<f:Patient xmlns:f="http://hl7.org/fhir"><f:id value="1"/></f:Patient>'),
    ("cda", "cda", _CDA.format("UTF-8").encode()),
    ("cda in GB18030", "cda", _CDA.format("GB18030").encode("gb18030")),
    ("cda with a style sheet and a mark", "cda", "\ufeff".encode() + _CDA.format("utf-8").replace("<!--", "<?xml-stylesheet href='a.xsl'?><!--").encode()),
    ("xml", "xml", b"<a b='1'><c/></a>\n"),
    ("xml with a document type", "xml", b"<?xml version='1.0'?>\n<!DOCTYPE a [<!ELEMENT a (#PCDATA)>]>\n<a>x</a>"),
    ("xml in UTF-16", "xml", "<?xml version='1.0' encoding='UTF-16'?><a>好</a>".encode("utf-16")),
    ("html", "html", b"<!DOCTYPE html>\n<html><body>x</body></html>"),
    ("rtf", "rtf", b"{\\rtf1\\ansi hello}"),
    ("dicom", "dicom", p.dicom()),
    ("dicom with a TIFF preamble", "dicom", p.dicom(b"II*\0\x08\0\0\0")),
    ("png", "png", _image("PNG")),
    ("jpeg", "jpeg", _image("JPEG", quality=90)),
    ("progressive jpeg with a comment", "jpeg", _image("JPEG", progressive=True, comment=b"\xff\xd9 in a comment")),
    ("gif", "gif", _image("GIF")),
    ("gif by hand", "gif", p.gif()),
    ("tiff", "tiff", _image("TIFF")),
    ("bmp", "bmp", _image("BMP")),
    ("mp4", "mp4", p.mp4()),
    ("docx", "docx", p.ooxml("word/document.xml")),
    ("xlsx", "xlsx", p.ooxml("xl/workbook.xml", extra={"xl/worksheets/sheet1.xml": b"<s/>"})),
    ("pptx", "pptx", p.ooxml("ppt/presentation.xml", extra={"ppt/media/image1.png": p.png()})),
    ("ofd", "ofd", p.ofd()),
    ("ofd without a year", "ofd", p.ofd(b'<?xml version="1.0"?><ofd:OFD xmlns:ofd="http://www.ofdspec.org" Version="1.0"/>')),
    ("old Word document", "ole2", p.ole2()),
    ("zip", "zip", p.zip_of({"a.csv": _CSV.encode(), "b/": b"", "b/c.pdf": _pdf()})),
    ("zip of stored files", "zip", p.zip_of({"a.pdf": _pdf(), "b.zip": p.zip_of({"c.txt": b"x"})}, 0)),
    ("zip64", "zip", p.zip64_of("a.csv", _CSV.encode())),
    ("zip from a pipe", "zip", p.streamed_zip({"a.csv": _CSV.encode() * 9, "b": b"", "c.txt": b"x"})),
    ("zip with a name in GBK", "zip", p.raw_zip([p.RawMember("检验报告.txt".encode("gbk"))])),
    ("zip with a name in UTF-8", "zip", p.zip_of({"检验报告.txt": b"x"})),
    ("zip with a comment", "zip", p.raw_zip([p.RawMember(b"a")], comment=b"made by hand")),
    ("empty zip", "zip", p.zip_of({})),
    ("tar", "tar", p.tar_of({"a.csv": _CSV.encode(), "b.txt": b"x" * 511})),
    ("tar with a long name", "tar", p.tar_of({"folder/" * 20 + "报告.txt": b"x"})),
    ("tar of a folder", "tar", p.tar_of({"./a": b"x"})),
    ("gzip", "gzip", p.gz(_CSV.encode(), "a.csv")),
    ("gzip of two members", "gzip", p.gz(b"a,b\n") + p.gz(b"1,2\n")),
    ("gzip of a tar", "gzip", p.gz(p.tar_of({"a": b"x"}))),
    ("bzip2", "bzip2", p.bz(_CSV.encode()) + p.bz(b"more")),
    ("xz", "xz", p.xz(_CSV.encode()) + p.xz(b"more")),
    ("gzip of nothing", "gzip", p.gz(b"")),
    ("program for Linux", "elf program", p.elf()),
    ("program for Windows", "windows program", p.pe()),
    ("program for macOS", "mach-o program", p.mach_o()),
    ("java class", "java class", p.java()),
    ("script", "script", b"#!/usr/bin/env python3\nprint(1)\n"),
    ("text that begins as programs do", "text", b"MZ is how programs begin.\n"),
    ("noise", "unknown", bytes(range(256)) * 4),
    ("nothing", "empty", b""),
)  # fmt: skip
# What has no archive reader here is a problem for any channel, however honest.
_NEVER_PASS = {"7z", "rar"}


@pytest.fixture(params=list(Role), ids=str)
def inspector(request: pytest.FixtureRequest, tmp_path: Path) -> Inspector:
    return inspector_here(request.param, [], tmp_path)


@pytest.mark.parametrize(
    ("what", "word", "data"), _GOOD, ids=lambda v: v if isinstance(v, str) else ""
)
def test_an_honest_file_is_what_it_is(
    inspector: Inspector, what: str, word: str, data: bytes
) -> None:
    facts = inspector.examine(bytes_body(data), "report.bin", AT, LIMITS)
    assert (facts.leaves[0].type, facts.problems) == (word, ())


def test_every_type_of_the_table_has_an_honest_file() -> None:
    assert {word for _, word, _ in _GOOD} | _NEVER_PASS == {t.word for t in FILE_TYPES}


# Not whole, not DICOM files, or of the deflated syntax, which nobody can look into.
_NOT_WHOLE = {"image_dfl.dcm"}


def test_the_dicom_files_of_pydicom_pass(inspector: Inspector) -> None:
    seen, wrong = 0, []
    for path in sorted((Path(pydicom.__file__).parent / "data" / "test_files").rglob("*.dcm")):
        if path.name in _NOT_WHOLE or not _is_part_10(path):
            continue
        seen += 1
        facts = inspector.examine(file_body(path), path.name, AT, LIMITS)
        if facts.leaves[0].type != "dicom" or facts.problems:
            wrong.append((path.name, facts.leaves[0].type, facts.problems))
    assert not wrong
    assert seen > 60


def _is_part_10(path: Path) -> bool:
    try:
        pydicom.dcmread(path, stop_before_pixels=True)
    except (pydicom.errors.InvalidDicomError, OSError, ValueError, EOFError):
        return False
    return path.read_bytes()[128:132] == b"DICM"


def test_members_of_archives_are_leaves_and_parts_of_documents_are_not(
    inspector: Inspector,
) -> None:
    data = p.zip_of(
        {"inner.zip": p.zip_of({"a.csv": _CSV.encode()}), "b.docx": p.ooxml("word/document.xml")}
    )
    facts = inspector.examine(bytes_body(data), "x.zip", AT, LIMITS)
    assert [(leaf.path, leaf.type) for leaf in facts.leaves] == [
        ("x.zip", "zip"),
        ("x.zip > inner.zip", "zip"),
        ("x.zip > inner.zip > a.csv", "csv"),
        ("x.zip > b.docx", "docx"),
    ]


def test_an_encrypted_member_is_named_and_the_others_are_looked_at(inspector: Inspector) -> None:
    data = p.raw_zip(
        [p.RawMember(b"open.txt", b"hello"), p.RawMember(b"shut.txt", b"x" * 20, flags=1)]
    )
    facts = inspector.examine(bytes_body(data), "x.zip", AT, LIMITS)
    assert [leaf.path for leaf in facts.leaves] == ["x.zip", "x.zip > open.txt", "x.zip > shut.txt"]
    assert [(p.word, p.where) for p in facts.problems] == [("encrypted", "x.zip > shut.txt")]


@pytest.mark.parametrize(
    "name", ["报告 2026-11-21 (最终).pdf", "a.b.c", "_x", "é.txt", "x" * 255, "A+B=C,D@E.csv"]
)
def test_an_honest_name_passes(inspector: Inspector, name: str) -> None:
    assert not inspector.examine(bytes_body(b"hello\n"), name, AT, LIMITS).problems
