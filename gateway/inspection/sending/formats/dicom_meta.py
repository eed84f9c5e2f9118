"""Group 2 as pydicom reads it: complete, in order, as long as it says (PS3.10, 7.1)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from pydicom.dataelem import RawDataElement
from pydicom.filereader import data_element_generator

from gateway.inspection.formats.dicom import (
    META_BYTES,
    META_NEEDED,
    DicomProfile,
    is_uid,
    shown_tag,
    unsound,
)
from gateway.inspection.sending.formats.dicom_reader import known_vrs
from gateway.inspection.sending.formats.dicom_stream import StrictStream

_START: Final = 132
_GROUP_LENGTH_BYTES: Final = 12
_PRIVATE: Final = frozenset([0x00020100, 0x00020102])


@dataclass(frozen=True, slots=True)
class FileMeta:
    """Values by tag, as text without padding; where the data set begins."""

    values: dict[int, str]
    end: int

    @property
    def sop_class(self) -> str:
        return self.values[0x00020002]

    @property
    def sop_instance(self) -> str:
        return self.values[0x00020003]

    @property
    def transfer_syntax(self) -> str:
        return self.values[0x00020010]


def read_file_meta(stream: StrictStream, profile: DicomProfile) -> FileMeta:
    """Raises Unsound 3902, 3903, 3905, 3911, 3917, 3924 and nothing else of its own."""
    raw, end = _elements(stream)
    order = [int(element.tag) for element in raw]
    by_tag = {int(element.tag): element for element in raw}
    missing = [tag for tag in META_NEEDED if tag not in by_tag or not by_tag[tag].value]
    if missing:
        raise unsound(3902, tag=shown_tag(missing[0]), reason="missing")
    if order != sorted(set(order)):
        raise unsound(3903, tag=shown_tag(order[0]), reason="order")
    if (by_tag[0x00020000].value or b"") != struct.pack("<I", end - _START - _GROUP_LENGTH_BYTES):
        raise unsound(3903, tag="(0002,0000)", reason="length")
    if by_tag[0x00020001].value != b"\x00\x01":
        raise unsound(3903, tag="(0002,0001)", reason="version")
    return FileMeta({tag: _text(tag, by_tag[tag], profile) for tag in order}, end)


def _elements(stream: StrictStream) -> tuple[list[RawDataElement], int]:
    """Reads not a byte beyond META_BYTES."""
    stream.seek(_START)
    found: list[RawDataElement] = []
    try:
        elements = data_element_generator(
            stream,  # type: ignore[arg-type]
            False,
            True,
            stop_when=_is_beyond,
        )
        for element in elements:
            if not isinstance(element, RawDataElement) or stream.tell() > _START + META_BYTES:
                raise unsound(3903, tag=shown_tag(int(element.tag)), reason="length")
            found.append(element)
    except (ArithmeticError, LookupError, OSError, TypeError, ValueError, struct.error) as error:
        if stream.refusal is not None:
            raise stream.refusal from None
        raise unsound(3903, tag="(0002,0000)", reason=type(error).__name__) from None
    return found, stream.tell()


def _is_beyond(tag: int, _: str | None, length: int) -> bool:
    return int(tag) >> 16 != 2 or length > META_BYTES


def _text(tag: int, element: RawDataElement, profile: DicomProfile) -> str:
    if known_vrs(tag) != [element.VR]:
        raise unsound(3903, tag=shown_tag(tag), reason="VR")
    if tag in _PRIVATE and not profile.private_elements:
        raise unsound(3917, tag=shown_tag(tag))
    value = bytes(element.value or b"")
    if len(value) % 2:
        raise unsound(3910, tag=shown_tag(tag), vr=str(element.VR), length=len(value))
    text = value.decode("latin_1").rstrip("\x00")
    if element.VR == "UI" and not is_uid(text):
        raise unsound(3911, tag=shown_tag(tag), value=text)
    if element.VR in ("SH", "AE") and not (text.isascii() and text.isprintable()):
        raise unsound(3924, tag=shown_tag(tag), code="")
    return text
