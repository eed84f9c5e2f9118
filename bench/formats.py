"""What a format is to the figures: files of a size that are all right, and the plain library beside it.

    FORMATS[name].make(size_bytes) -> a file, about as large as asked    the same bytes in every run
    FORMATS[name].plain(file)      -> everything in it read once by the library alone, nothing judged
    FORMATS[name].types, .line     -> what a channel says that takes it and reads it to its end

Numbers and pixels are drawn from one seed, so that nothing packs better than such files do. A letter and a
fixed-layout document of 100 KiB and more are half text and half a picture, as a report with a scan is.
"""

from __future__ import annotations

import csv
import io
import json
import random
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import pikepdf
import pydicom
from lxml import etree
from PIL import Image
from pydicom.dataset import FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, SecondaryCaptureImageStorage

from bench.contents import SMALL_BYTES
from tests.corpus import ofd as ofd_files
from tests.corpus import ooxml as office
from tests.corpus.xml import document as clinical

_SEED: Final = 20_261_121
_ANALYTES: Final = ("glucose", "sodium", "potassium", "血红蛋白", "creatinine", "尿素")


@dataclass(frozen=True, slots=True)
class Format:
    """make: a file of about so many bytes. library: what `plain` is called. plain: reads a whole file.

    types: the channel's. line: of the format, and what else an archive needs, by semicolons.
    """

    make: Callable[[int], bytes]
    library: str
    plain: Callable[[bytes], object]
    types: str
    line: str


def _grown(make: Callable[[int], bytes], size_bytes: int) -> bytes:
    """What comes near to a size, of a maker that counts its parts: more of them pack better."""
    few, count, size = len(make(1)), 65, len(make(65))
    for _ in range(2):
        count = max(2, round((count - 1) * (size_bytes - few) / (size - few)) + 1)
        size = len(make(count))
    return make(count)


def _noise(pixels: int) -> bytes:
    return random.Random(_SEED).randbytes(pixels)


def _png(size_bytes: int) -> bytes:
    """Noise does not pack: a byte a pixel."""
    side = max(8, int((size_bytes - 200) ** 0.5))
    file = io.BytesIO()
    Image.frombytes("L", (side, side), _noise(side * side)).save(file, "PNG", compress_level=1)
    return file.getvalue()


def _result(chance: random.Random) -> tuple[str, str]:
    return chance.choice(_ANALYTES), f"{chance.randrange(10**6) / 1000:.3f}"


def _json(size_bytes: int) -> bytes:
    row = {"id": 7, "name": "glucose", "value": 5.25, "flags": [True, None, "文"]}
    return json.dumps([row] * max(1, size_bytes // 75), ensure_ascii=False).encode()


_PATIENT: Final = {
    "resourceType": "Patient",
    "id": "a1",
    "gender": "male",
    "birthDate": "1970-01-01",
    "name": [{"family": "Li", "given": ["Yi"]}],
}


def _fhir(size_bytes: int) -> bytes:
    entry = [{"resource": _PATIENT}] * max(1, size_bytes // 154)
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entry}).encode()


def _fhir_xml(size_bytes: int) -> bytes:
    entry = (
        "<entry><resource><Patient><id value='a1'/><name><family value='Li'/><given value='Yi'/></name>"
        "<gender value='male'/><birthDate value='1970-01-01'/></Patient></resource></entry>"
    )
    entries = entry * max(1, size_bytes // len(entry))
    return (
        f"<Bundle xmlns='http://hl7.org/fhir'><type value='collection'/>{entries}</Bundle>".encode()
    )


def _xml(size_bytes: int) -> bytes:
    row = "<row id='7'><name>glucose</name><value unit='mmol/l'>5.25</value></row>"
    return f"<rows>{row * max(1, size_bytes // len(row))}</rows>".encode()


def _cda(size_bytes: int) -> bytes:
    chance = random.Random(_SEED)
    sections: list[str] = []
    size = len(clinical(national=False).encode())
    while not sections or size < size_bytes:
        rows = "".join(
            f"<tr><td>{analyte}</td><td>{value}</td><td>mmol/l</td></tr>"
            for analyte, value in (_result(chance) for _ in range(20))
        )
        made = (
            "<component><section><code code='30954-2' codeSystem='2.16.840.1.113883.6.1'/>"
            f"<title>检验</title><text><table><tbody>{rows}</tbody></table></text></section></component>"
        )
        sections.append(made)
        size += len(made.encode())
    body = f"<structuredBody>{''.join(sections)}</structuredBody>"
    return clinical(body, national=False).encode()


def _hl7(size_bytes: int) -> bytes:
    head = "MSH|^~\\&|LAB|H|HIS|H|20261121120000||ORU^R01|1|P|2.4\rPID|1||7||Li^Yi\rOBR|1|||GLU^glucose\r"
    # A message of a megabyte is one of long texts, not of twenty thousand results.
    text = "No focal lesion, 5.25 mmol/l\\.br\\" * max(1, size_bytes // 30_000)
    rows = max(2, (size_bytes - len(head)) // (len(text) + 26))
    return (head + "".join(f"OBX|{n}|TX|RPT^r||{text}||||||F\r" for n in range(1, rows))).encode()


def _csv(size_bytes: int) -> bytes:
    row = "00001-007,glucose,5.250,mmol/l\n"
    return ("sample,analyte,value,unit\n" + row * max(2, size_bytes // len(row))).encode()


def _dicom(size_bytes: int) -> bytes:
    """A secondary capture of one frame (PS3.3 A.8.1), its pixels at the end as they are."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    meta.MediaStorageSOPInstanceUID = UID("2.25.20261121")
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = UID("2.25.1")
    one = pydicom.Dataset()
    one.file_meta = meta
    one.SpecificCharacterSet = "ISO_IR 192"
    one.SOPClassUID, one.SOPInstanceUID = SecondaryCaptureImageStorage, "2.25.20261121"
    one.StudyInstanceUID, one.SeriesInstanceUID = "2.25.2", "2.25.3"
    one.StudyDate, one.StudyTime, one.Modality = "20261121", "083000", "OT"
    one.PatientName, one.PatientID, one.PatientSex = "张^三", "0001", "M"
    one.PatientBirthDate, one.AccessionNumber, one.StudyID = "19700101", "A1", "1"
    one.ReferringPhysicianName, one.ConversionType = "李^主任", "WSD"
    one.SeriesNumber, one.InstanceNumber, one.StudyDescription = 1, 1, "Chest"
    one.SamplesPerPixel, one.PhotometricInterpretation = 1, "MONOCHROME2"
    one.BitsAllocated, one.BitsStored, one.HighBit, one.PixelRepresentation = 16, 12, 11, 0
    one.Columns = 32
    one.Rows = max(1, (size_bytes - 1_000) // 64)
    if one.Rows > 256:
        one.Columns = one.Rows = int(((size_bytes - 1_000) // 2) ** 0.5)
    noise = bytearray(_noise(2 * one.Rows * one.Columns))
    noise[1::2] = bytes(high & 15 for high in noise[1::2])
    one.PixelData = bytes(noise)
    one["PixelData"].VR = "OW"
    file = io.BytesIO()
    pydicom.dcmwrite(file, one, enforce_file_format=True)
    return file.getvalue()


def _jpeg(size_bytes: int) -> bytes:
    def drawn(rows: int) -> bytes:
        file = io.BytesIO()
        picture = Image.frombytes("L", (1024, 8 * rows), _noise(1024 * 8 * rows))
        if size_bytes <= SMALL_BYTES:
            picture = picture.crop((0, 0, 64, 8 * rows))
        picture.save(file, "JPEG", quality=75)
        return file.getvalue()

    return _grown(drawn, size_bytes)


def _tiff(size_bytes: int) -> bytes:
    side = int((size_bytes - 200) ** 0.5)
    file = io.BytesIO()
    Image.frombytes("L", (side, side), _noise(side * side)).save(file, "TIFF")
    return file.getvalue()


def _pdf(size_bytes: int) -> bytes:
    """Pages of forty lines of text each, their streams packed."""

    def written(pages: int) -> bytes:
        chance = random.Random(_SEED)
        with pikepdf.Pdf.new() as pdf:
            font = pdf.make_indirect(
                pikepdf.Dictionary(
                    Type=pikepdf.Name.Font,
                    Subtype=pikepdf.Name.Type1,
                    BaseFont=pikepdf.Name.Helvetica,
                    Encoding=pikepdf.Name.WinAnsiEncoding,
                )
            )
            for _ in range(pages):
                lines = " ".join(
                    f"1 0 0 1 72 {780 - 18 * line} Tm (sodium {_result(chance)[1]} mmol/l, sample"
                    f" {chance.randrange(10**9)}) Tj"
                    for line in range(40)
                )
                page = pdf.add_blank_page(page_size=(595, 842))
                page.obj.Contents = pdf.make_stream(f"BT /F1 12 Tf {lines} ET".encode())
                page.obj.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=font))
            file = io.BytesIO()
            pdf.save(file, deterministic_id=True, fix_metadata_version=False)
            return file.getvalue()

    return _grown(written, size_bytes)


def _docx(size_bytes: int) -> bytes:
    more = _scan("word/media/image1.png", size_bytes)

    def written(paragraphs: int) -> bytes:
        chance = random.Random(_SEED)
        body = "".join(office.p(*_result(chance), "mmol/l") for _ in range(paragraphs))
        return office.packed(office.docx(body, more=more))

    return _grown(written, size_bytes)


def _xlsx(size_bytes: int) -> bytes:
    def written(rows: int) -> bytes:
        chance = random.Random(_SEED)
        cells = "".join(
            f"<row r='{row}'>"
            + "".join(
                f"<c r='{column}{row}'><v>{_result(chance)[1]}</v></c>" for column in "ABCDEF"
            )
            + "</row>"
            for row in range(9, 9 + rows)
        )
        return office.packed(office.xlsx(cells))

    return _grown(written, size_bytes)


def _ofd(size_bytes: int) -> bytes:
    more = _scan("Doc_0/Res/a.png", size_bytes)

    def written(pages: int) -> bytes:
        chance = random.Random(_SEED)
        files = ofd_files.ofd(more=more)
        named = "".join(
            f"<ofd:Page ID='{number}' BaseLoc='Pages/Page_{number}/Content.xml'/>"
            for number in range(100, 100 + pages)
        )
        files["Doc_0/Document.xml"] = files["Doc_0/Document.xml"].replace(
            b"</ofd:Pages>", f"{named}</ofd:Pages>".encode()
        )
        for number in range(100, 100 + pages):
            lines = (" ".join(_result(chance)) for _ in range(40))
            said = "".join(ofd_files.text(10, 6 * line, one) for line, one in enumerate(lines))
            files[f"Doc_0/Pages/Page_{number}/Content.xml"] = ofd_files.page(said)
        return office.packed(files)

    return _grown(written, size_bytes)


def _zip(size_bytes: int) -> bytes:
    """Tables of 500 records."""

    def written(tables: int) -> bytes:
        chance = random.Random(_SEED)
        rows = 500 if size_bytes > SMALL_BYTES else 10
        return office.packed(
            {
                f"{number}.csv": "".join(
                    f"{line:05},{','.join(_result(chance))},mmol/l\n" for line in range(rows)
                ).encode()
                for number in range(tables)
            }
        )

    return _grown(written, size_bytes)


def _scan(name: str, size_bytes: int) -> dict[str, bytes]:
    return {name: _png(size_bytes // 2)} if size_bytes > SMALL_BYTES else {}


def _decoded(data: bytes) -> None:
    with Image.open(io.BytesIO(data), formats=["PNG", "JPEG", "TIFF"]) as image:
        image.load()


def _elements(data: bytes) -> None:
    for element in pydicom.dcmread(io.BytesIO(data)).iterall():
        _ = element.value


def _objects(data: bytes) -> None:
    with pikepdf.open(io.BytesIO(data)) as pdf:
        for one in pdf.objects:
            if isinstance(one, pikepdf.Stream):
                one.read_bytes()


def _parts(data: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            part = archive.read(name)
            if part.startswith(b"<"):
                etree.fromstring(part)


def _records(data: bytes) -> int:
    return sum(1 for _ in csv.reader(io.StringIO(data.decode())))


def _fields(data: bytes) -> list[list[bytes]]:
    return [segment.split(b"|") for segment in data.split(b"\r")]


def _tree(data: bytes) -> Any:
    return etree.fromstring(data)


_LXML: Final = "lxml"
_PILLOW: Final = "Pillow, every pixel"
_PARTS: Final = "zipfile and lxml, every part"
_WHOLE: Final = "image: whole"
_OFFICE: Final = "ooxml: plain"
FORMATS: Final[dict[str, Format]] = {
    "json": Format(_json, "json.loads", json.loads, "json", "json: well formed"),
    "fhir": Format(_fhir, "json.loads", json.loads, "fhir json", "fhir: any resource"),
    "fhirxml": Format(_fhir_xml, _LXML, _tree, "fhir xml", "fhir: any resource"),
    "xml": Format(_xml, _LXML, _tree, "xml", "xml: well formed"),
    "cda": Format(_cda, _LXML, _tree, "cda", "cda: follows CDA R2"),
    "hl7": Format(_hl7, "split at its separators", _fields, "hl7 v2", "hl7: any message"),
    "csv": Format(_csv, "csv.reader", _records, "csv", "csv: any columns"),
    "dicom": Format(_dicom, "pydicom, every element", _elements, "dicom", "dicom: any object"),
    "png": Format(_png, _PILLOW, _decoded, "png", _WHOLE),
    "jpeg": Format(_jpeg, _PILLOW, _decoded, "jpeg", _WHOLE),
    "tiff": Format(_tiff, _PILLOW, _decoded, "tiff", _WHOLE),
    "pdf": Format(_pdf, "pikepdf, every object", _objects, "pdf", "pdf: plain"),
    "docx": Format(_docx, _PARTS, _parts, "docx", _OFFICE),
    "xlsx": Format(_xlsx, _PARTS, _parts, "xlsx", _OFFICE),
    "ofd": Format(_ofd, _PARTS, _parts, "ofd", "ofd: plain"),
    "zip": Format(
        _zip, "zipfile, every member", _parts, "zip or csv", "inside: csv; csv: any columns"
    ),
}
