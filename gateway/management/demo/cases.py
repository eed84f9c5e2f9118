"""The files of the demo: what each is, and what a gate must do with it.

Nothing hostile lies in the tree: every such file is made when the demo runs.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.management.init import shipped
from gateway.policy.samples import generate_sample, zip_of

SMALL: Final = "lab-reports"
LARGE: Final = "image-archive"
# Enough real images to be convincing, few enough to read the table.
_IMAGES: Final = ("CT_small.dcm", "MR_small.dcm", "SC_rgb.dcm", "JPEG2000.dcm", "rtplan.dcm")

# PS3.5 7.5 and A.4: a length that is not told, an item of a sequence, and the sequence's end.
_UNDEFINED_LENGTH: Final = 0xFFFF_FFFF
_ITEM: Final = b"\xfe\xff\x00\xe0"
_SEQUENCE_END: Final = b"\xfe\xff\xdd\xe0\0\0\0\0"
_EXPLICIT_LITTLE_ENDIAN: Final = b"1.2.840.10008.1.2.1"
_RLE_LOSSLESS: Final = b"1.2.840.10008.1.2.5"


@dataclass(frozen=True, slots=True)
class Case:
    """One file. rule: the word of the policy that must refuse it, "" for one that must arrive."""

    name: str
    content: bytes
    meaning: str
    rule: str = ""
    channel: str = SMALL

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


def good_cases() -> Iterator[Case]:
    """Files that must arrive as they are, byte for byte."""
    samples = shipped("policies") / "samples" / "lab"
    meanings = {
        "report.pdf": "a PDF report",
        "results.csv": "a table of results",
        "image.dcm": "a DICOM image",
        "report.json": "a FHIR DiagnosticReport",
        "result.hl7": "an HL7 v2 result message",
        "day.zip": "a zip of reports and tables",
    }
    for name, meaning in meanings.items():
        yield Case(name, (samples / name).read_bytes(), meaning)
    yield Case("检验报告-0931.pdf", (samples / "report.pdf").read_bytes(), "a Chinese file name")
    for path in _real_images():
        yield Case(path.name, path.read_bytes(), "a real DICOM image (pydicom)", channel=LARGE)


def hostile_cases() -> Iterator[Case]:
    """Files that must never arrive, each with the rule that must refuse it."""
    report = (shipped("policies") / "samples" / "lab" / "report.pdf").read_bytes()
    infected = b"id,result\n1," + generate_sample("eicar") + b"\n2,negative\n"
    yield Case("eicar.csv", infected, "EICAR in a table", "malware")
    yield Case("result.pdf", generate_sample("elf program"), "a Linux program named .pdf", "type")
    yield Case("table.csv", generate_sample("windows program"), "a Windows program", "type")
    yield Case("run.csv", generate_sample("script"), "a shell script", "type")
    yield Case("bomb.zip", generate_sample("zip bomb"), "a zip bomb", "archive")
    yield Case("nested.zip", generate_sample("eicar in a zip"), "EICAR two archives deep", "inside")
    yield Case(
        "locked.zip", generate_sample("encrypted zip"), "an archive with a password", "encrypted"
    )
    yield Case(
        "climb.zip", generate_sample("climbing zip"), "a member named ../../etc/cron.d/x", "name"
    )
    yield Case(
        "mixed.zip",
        zip_of({"report.pdf": report, "a.csv": infected}),
        "EICAR beside a good report",
        "malware",
    )
    yield Case("a\\..\\..\\autorun.pdf", report, "a name that climbs", "name")
    yield Case("report\x1b[2J.pdf", report, "a name with control characters", "name")
    yield Case("report\u202efdp.csv", report, "a name that reads backwards", "name")
    yield Case(
        "both.pdf", report + generate_sample("zip bomb"), "a PDF with a zip behind it", "type"
    )


def write_large(path: Path, size_bytes: int) -> Iterator[int]:
    """Write a valid DICOM file of about size_bytes, yielding what is written so far.

    A multi-frame image of 512 x 512 pixels of 16 bits (PS3.10, PS3.5 7.1.2); frames that one length of
    32 bits cannot tell go as fragments (PS3.5 A.4).
    """
    frame = bytes(range(256)) * (2 * 512 * 512 // 256)
    frames = max(1, size_bytes // len(frame))
    native = frames * len(frame) < _UNDEFINED_LENGTH
    before = b"" if native else _ITEM + len(frame).to_bytes(4, "little")
    written = 0
    with path.open("wb") as file:
        written += file.write(_dicom_head(frames, len(frame), native=native))
        for _ in range(frames):
            written += file.write(before + frame)
            yield written
        if not native:
            file.write(_SEQUENCE_END)


def _dicom_head(frames: int, frame_bytes: int, *, native: bool) -> bytes:
    syntax = _EXPLICIT_LITTLE_ENDIAN if native else _RLE_LOSSLESS
    meta = b"".join(
        (
            _long(0x0002, 0x0001, b"OB", b"\0\1"),
            _short(0x0002, 0x0002, b"UI", b"1.2.840.10008.5.1.4.1.1.7.3"),
            _short(0x0002, 0x0003, b"UI", b"2.25.20261121"),
            _short(0x0002, 0x0010, b"UI", syntax),
            _short(0x0002, 0x0012, b"UI", b"2.25.1"),
        )
    )
    group_length = _short(0x0002, 0x0000, b"UL", len(meta).to_bytes(4, "little"))
    length = frames * frame_bytes if native else _UNDEFINED_LENGTH
    pixels = b"\xe0\x7f\x10\x00" + (b"OW\0\0" if native else b"OB\0\0")
    pixels += length.to_bytes(4, "little")
    if not native:
        pixels += _ITEM + bytes(4)
    return bytes(128) + b"DICM" + group_length + meta + _image(frames) + pixels


def _image(frames: int) -> bytes:
    side = (512).to_bytes(2, "little")
    return b"".join(
        (
            _short(0x0008, 0x0016, b"UI", b"1.2.840.10008.5.1.4.1.1.7.3"),
            _short(0x0008, 0x0018, b"UI", b"2.25.20261121"),
            _short(0x0008, 0x0060, b"CS", b"OT"),
            _short(0x0010, 0x0010, b"PN", b"Demo^Invented"),
            _short(0x0010, 0x0020, b"LO", b"DEMO-1"),
            _short(0x0020, 0x000D, b"UI", b"2.25.2"),
            _short(0x0020, 0x000E, b"UI", b"2.25.3"),
            _short(0x0028, 0x0002, b"US", b"\1\0"),
            _short(0x0028, 0x0004, b"CS", b"MONOCHROME2"),
            _short(0x0028, 0x0008, b"IS", str(frames).encode()),
            _short(0x0028, 0x0010, b"US", side),
            _short(0x0028, 0x0011, b"US", side),
            _short(0x0028, 0x0100, b"US", b"\x10\0"),
            _short(0x0028, 0x0101, b"US", b"\x10\0"),
            _short(0x0028, 0x0102, b"US", b"\x0f\0"),
            _short(0x0028, 0x0103, b"US", b"\0\0"),
        )
    )


def _short(group: int, element: int, vr: bytes, value: bytes) -> bytes:
    """An element with a length of two bytes (PS3.5, table 7.1-2), padded to even length."""
    if len(value) % 2:
        value += b"\0" if vr == b"UI" else b" "
    tag = group.to_bytes(2, "little") + element.to_bytes(2, "little")
    return tag + vr + len(value).to_bytes(2, "little") + value


def _long(group: int, element: int, vr: bytes, value: bytes) -> bytes:
    """An element with a length of four bytes (PS3.5, table 7.1-1)."""
    tag = group.to_bytes(2, "little") + element.to_bytes(2, "little")
    return tag + vr + b"\0\0" + len(value).to_bytes(4, "little") + value


def _real_images() -> list[Path]:
    """Real images where the pydicom package is installed, as it is for development."""
    found = importlib.util.find_spec("pydicom")
    if found is None or found.origin is None:
        return []
    folder = Path(found.origin).parent / "data" / "test_files"
    return [folder / name for name in _IMAGES if (folder / name).is_file()]
