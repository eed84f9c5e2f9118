"""Group 2 of a DICOM file, the only part whose encoding is always the same: explicit little endian.

    132  (0002,0000) UL 4 = bytes up to the end of group 2
         (0002,0001) OB 00 01     (0002,0002) UI class     (0002,0003) UI instance
         (0002,0010) UI transfer syntax     (0002,0012) UI implementation     ... optional ones

PS3.10, table 7.1-1. Complete, in order, each once, ending where it says.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from gateway.inspection.content import Content
from gateway.inspection.formats.dicom import (
    META_BYTES,
    META_NEEDED,
    DicomProfile,
    is_uid,
    shown_tag,
    unsound,
)
from gateway.inspection.formats.dicom_dictionary import VRS

_START: Final = 132
_PRIVATE: Final = (0x00020100, 0x00020102)


@dataclass(frozen=True, slots=True)
class Meta:
    """end: offset of the data set's first byte. The others: UIDs without their padding."""

    end: int
    sop_class: str
    sop_instance: str
    transfer_syntax: str


def read_meta(content: Content, profile: DicomProfile) -> Meta:
    """Raises Unsound 3902, 3903, 3905, 3911, 3917 and nothing else of its own."""
    data = content.read_at(0, _START + 12 + META_BYTES)
    values: dict[int, bytes] = {}
    at, last = _START, 0
    while data[at : at + 2] == b"\x02\x00":
        tag, vr, value, at = _element(data, at, content.size_bytes)
        if tag <= last:
            raise unsound(3903, tag=shown_tag(tag), reason="order")
        if VRS.get(tag) != (vr,):
            raise unsound(3903, tag=shown_tag(tag), reason="VR")
        if tag in _PRIVATE and not profile.private_elements:
            raise unsound(3917, tag=shown_tag(tag))
        values[tag], last = value, tag
    _judge(values, at)
    uids = [values[tag].rstrip(b"\0").decode("latin_1") for tag in (0x20002, 0x20003, 0x20010)]
    return Meta(at, *uids)


def _element(data: bytes, at: int, size_bytes: int) -> tuple[int, str, bytes, int]:
    if len(data) < at + 12:
        raise unsound(3905, tag="(0002,xxxx)", offset=at, length=12, left=size_bytes - at)
    group, element = struct.unpack_from("<HH", data, at)
    tag, vr = group << 16 | element, data[at + 4 : at + 6].decode("latin_1")
    if vr in ("OB", "UR", "UT", "UN"):
        length, start = struct.unpack_from("<I", data, at + 8)[0], at + 12
    else:
        length, start = struct.unpack_from("<H", data, at + 6)[0], at + 8
    if length > len(data) - start or length % 2:
        raise unsound(3905, tag=shown_tag(tag), offset=at, length=length, left=size_bytes - start)
    return tag, vr, data[start : start + length], start + length


def _judge(values: dict[int, bytes], end: int) -> None:
    for tag in META_NEEDED:
        if not values.get(tag):
            raise unsound(3902, tag=shown_tag(tag), reason="missing")
    length = values[0x00020000]
    if len(length) != 4 or int.from_bytes(length, "little") != end - _START - 12:
        raise unsound(3903, tag="(0002,0000)", reason="length")
    if values[0x00020001] != b"\x00\x01":
        raise unsound(3903, tag="(0002,0001)", reason="version")
    for tag, value in values.items():
        text = value.rstrip(b"\0").decode("latin_1")
        if VRS[tag] == ("UI",) and not is_uid(text):
            raise unsound(3911, tag=shown_tag(tag), value=text)
        if VRS[tag] in (("SH",), ("AE",)) and not (value.isascii() and text.isprintable()):
            raise unsound(3924, tag=shown_tag(tag), code="")
