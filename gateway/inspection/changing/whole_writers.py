"""DICOM objects and images written anew: what they are made of is gathered first, and bounded."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, assert_never

import msgspec

from gateway.inspection.changing.masker import Masker
from gateway.inspection.changing.parts import Bytes, BytesPart, FrameHead
from gateway.inspection.content import Content
from gateway.inspection.formats.contract import FormatLimits
from gateway.inspection.formats.dicom import BurnedIn, DicomProfile
from gateway.inspection.formats.dicom_deidentify import Dates as DicomDates
from gateway.inspection.formats.dicom_deidentify import DeidentifyRules, deidentify
from gateway.inspection.formats.dicom_rebuild import rebuild_dicom
from gateway.inspection.formats.dicom_values import DicomObject
from gateway.inspection.formats.image import ImageProfile
from gateway.inspection.formats.image_rebuild import Frame, Picture, rebuild_image
from gateway.inspection.unsound import Unsound, Word
from gateway.policy.masking import Becomes, Dates, MaskRule

_PATIENT_ID: Final = 0x00100020
_PATIENT_NAME: Final = 0x00100010
# Values are a few kilobytes, and of empty ones a byte becomes sixty: pixels are ranges of the source.
_MAX_DICOM_BYTES: Final = 8 << 20
MAX_PIXEL_BYTES: Final = 64 << 20
_MAX_FRAMES: Final = 1_000
_LIMITS: Final = FormatLimits()
_PROFILE: Final = DicomProfile(burned_in=BurnedIn.PASS, strict_values=False)
_DATES: Final = {
    Dates.REMOVED: DicomDates.REMOVE,
    Dates.SHIFTED: DicomDates.SHIFT,
    Dates.KEPT: DicomDates.KEEP,
}
_values: Final = msgspec.msgpack.Decoder(DicomObject)


class DicomWriter:
    """One object. source: the file that ranges point into. Raises Unsound 3828, 3903 to 3928."""

    def __init__(
        self, write: Callable[[bytes], object], source: Content, masker: Masker | None, key: bytes
    ) -> None:
        self._write, self._source = write, source
        self._masker, self._key = masker, key
        self._held = bytearray()

    def feed(self, part: BytesPart) -> None:
        """The next part."""
        if not isinstance(part, Bytes):
            raise Unsound(3828, Word.DICOM, type="dicom")
        self._held += part.data
        if len(self._held) > _MAX_DICOM_BYTES:
            raise Unsound(3831, Word.DICOM, limit_bytes=_MAX_DICOM_BYTES)

    def end(self) -> None:
        """The object is whole: it is written."""
        try:
            values = _values.decode(self._held)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Unsound(3828, Word.DICOM, type="dicom") from error
        self._held = bytearray()
        if self._masker is not None:
            _note(self._masker, values)
            values = deidentify(values, _rules(self._masker, self._key))
            self._masker.masked["PS3.15"] += 1
        for piece in rebuild_dicom(values, self._source, _PROFILE, _LIMITS):
            self._write(piece)


def _note(masker: Masker, values: DicomObject) -> None:
    """Number and name, which the name of the file may not hold either."""
    masker.begin()
    for element in values.data:
        if element.tag in (_PATIENT_ID, _PATIENT_NAME) and isinstance(element.value, bytes):
            for codec in ("utf-8", "gb18030"):
                text = element.value.decode(codec, "ignore").strip("\0 ")
                masker.note(text)
                masker.note_parts([part for part in re.split(r"[=^]", text) if part])
    masker.seek(must=False)


def _rules(masker: Masker, key: bytes) -> DeidentifyRules:
    rules = masker.masking.rules
    number = next((rule for rule in rules if _is_number(rule)), None)
    removed = {t for rule in rules if rule.becomes is Becomes.REMOVED for t in rule.tags}
    return DeidentifyRules(
        key,
        _DATES[masker.masking.dates],
        remove=frozenset(removed),
        number=None if number is None else lambda text: masker.pseudonym(number, text),
    )


def _is_number(rule: MaskRule) -> bool:
    return rule.becomes is Becomes.PSEUDONYM and _PATIENT_ID in rule.tags


class ImageWriter:
    """One image of any number of frames; kind: its type. Raises Unsound 3828, 3831, 3930 to 3949."""

    def __init__(self, write: Callable[[bytes], object], kind: str) -> None:
        self._write, self._kind = write, kind
        self._heads: list[FrameHead] = []
        self._pixels: list[bytearray] = []
        self._size_bytes = 0

    def feed(self, part: BytesPart) -> None:
        """The next part: a frame's head before its pixels."""
        match part:
            case FrameHead():
                if len(self._heads) >= _MAX_FRAMES:
                    raise self._wrong()
                self._heads.append(part)
                self._pixels.append(bytearray())
            case Bytes(data):
                self._size_bytes += len(data)
                if self._size_bytes > MAX_PIXEL_BYTES:
                    raise Unsound(3831, Word.IMAGE, limit_bytes=MAX_PIXEL_BYTES)
                if not self._pixels:
                    raise self._wrong()
                self._pixels[-1] += data
            case _:
                assert_never(part)

    def end(self) -> None:
        """The image is whole: it is written."""
        if {head.kind for head in self._heads} != {self._kind}:
            raise self._wrong()
        frames = tuple(
            Frame(head.mode, head.width, head.height, bytes(pixels), head.shown_ms)
            for head, pixels in zip(self._heads, self._pixels, strict=True)
        )
        self._pixels.clear()
        self._write(rebuild_image(Picture(self._kind, frames), ImageProfile()))

    def _wrong(self) -> Unsound:
        return Unsound(3828, Word.IMAGE, type="image")
