"""What a DICOM value must be once it is read: forms of text, lengths, how many bytes the pixels have.

Rules of PS3.5 (6.1, 6.2, 8.1) and PS3.3 (C.7.6.3) as pure functions. Both sides judge by them what
each has read with its own reader; nothing here finds an element or decodes a character.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from gateway.inspection.formats.contract import MAX_TEXT_CHARACTERS, TEXT_OVERLAP_CHARACTERS, Text
from gateway.inspection.formats.dicom import (
    BURNED_IN,
    MAX_CHARACTERS,
    MAX_FRAMES,
    OTHER_CODECS,
    PARAGRAPH_VRS,
    PIXEL_FACTS,
    WORD_BYTES,
    BurnedIn,
    DicomProfile,
    fault,
    is_uid,
    shown_tag,
)
from gateway.inspection.unsound import Fault


def _listed(one: str, longest: int) -> re.Pattern[str]:
    """Values of one form, parted by backslashes, each no longer than the VR allows; linear."""
    value = rf"(?=[^\\]{{0,{longest}}}(?:\\|\Z))(?:{one})?"
    return re.compile(rf"{value}(?:\\{value})*+", re.ASCII)


_FORMS: Final[Mapping[str, re.Pattern[str]]] = MappingProxyType(
    {
        "AE": _listed(r"[ -\[\]-~]*+", 16),
        "AS": _listed(r"[0-9]{3}[DWMY]", 4),
        "CS": _listed(r"[A-Z0-9_ ]*+", 16),
        # Ten characters with dots are the form of ACR-NEMA, kept readable by PS3.5.
        "DA": _listed(r"[0-9]{8} *|[0-9]{4}\.[0-9]{2}\.[0-9]{2}", 10),
        "DS": _listed(r" *[+-]?(?:[0-9]+\.?[0-9]*+|\.[0-9]+)(?:[Ee][+-]?[0-9]+)? *", 16),
        "DT": _listed(r"[0-9]{4,14}(?:\.[0-9]{1,6})?(?:[+-][0-9]{4})? *", 26),
        "IS": _listed(r" *[+-]?[0-9]+ *", 12),
        "TM": _listed(r"[0-9]{2}(?::?[0-9]{2}(?::?[0-9]{2}(?:\.[0-9]{1,6})?)?)? *", 16),
    }
)
# C0 and C1: none of them is a character that a person reads; ESC is gone after decoding.
_CONTROLS: Final = re.compile("[\x00-\x1f\x7f-\x9f]")
# Tab, line feed, form feed and carriage return stand in paragraphs (PS3.5, 6.1.3).
_PARAGRAPH_CONTROLS: Final = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f]")


def text_fault(where: str, vr: str, text: str, strict: bool) -> Fault | None:
    """What is wrong with a text value, decoded and without its padding."""
    found = (_PARAGRAPH_CONTROLS if vr in PARAGRAPH_VRS else _CONTROLS).search(text)
    if found:
        return fault(3924, tag=where, code=f"0x{ord(found[0]):02X}")
    if not strict or not text:
        return None
    form = _FORMS.get(vr)
    if form is not None:
        return None if form.fullmatch(text) else fault(3927, tag=where, vr=vr, value=text)
    longest = _longest(vr, text)
    if longest > MAX_CHARACTERS.get(vr, 64 if vr == "PN" else 1 << 32):
        return fault(3910, tag=where, vr=vr, length=longest)
    return None


def _longest(vr: str, text: str) -> int:
    """Characters of the longest value; of a name, of its longest component group (6.2, PN)."""
    if vr in PARAGRAPH_VRS or vr == "UR":
        return len(text)
    parts = re.split(r"[\\=]", text) if vr == "PN" else text.split("\\")
    return max(len(part.strip(" ")) for part in parts)


def uid_fault(where: str, text: str) -> Fault | None:
    """UIDs, parted by backslashes."""
    for uid in text.split("\\"):
        if uid and not is_uid(uid):
            return fault(3911, tag=where, value=uid)
    return None


def length_fault(where: str, vr: str, length: int) -> Fault | None:
    """Even, and a multiple of the VR's word."""
    if length % (WORD_BYTES.get(vr, 2)):
        return fault(3910, tag=where, vr=vr, length=length)
    return None


def texts_of(where: str, text: str) -> Iterator[Text]:
    """One text, in overlapping pieces if it is long."""
    if len(text) <= MAX_TEXT_CHARACTERS:
        yield Text(where, text)
        return
    step = MAX_TEXT_CHARACTERS - TEXT_OVERLAP_CHARACTERS
    for start in range(0, len(text) - TEXT_OVERLAP_CHARACTERS, step):
        yield Text(where, text[start : start + MAX_TEXT_CHARACTERS])


def other_readings(where: str, value: bytes, declared: str) -> Iterator[Text]:
    """The same bytes as another character set: a false declaration hides no word."""
    if value.isascii():
        return
    for codec in OTHER_CODECS:
        try:
            text = value.decode(codec)
        except UnicodeDecodeError:
            continue
        if text != declared:
            yield from texts_of(where, text)


def hidden_text(where: str, value: bytes) -> Iterator[Text]:
    """A binary value that reads as text from end to end, and is more than a handful of bytes."""
    bare = value.strip(b"\x00 ")
    if len(bare) < 4 or b"\x00" in bare[:64]:
        return
    for codec in OTHER_CODECS:
        try:
            text = bare.decode(codec)
        except UnicodeDecodeError:
            continue
        if not _PARAGRAPH_CONTROLS.search(text):
            yield from texts_of(where, text)
            return


@dataclass(slots=True)
class PixelFacts:
    """What the elements before the pixels say of them; by tag, as integers (photometric: text)."""

    numbers: dict[int, int] = field(default_factory=dict)
    photometric: str = ""

    def take_number(self, tag: int, value: bytes) -> None:
        """An unsigned short of group 0028, little endian here; refused later if it is missing."""
        if len(value) == 2:
            self.numbers[tag] = int.from_bytes(value, "little")

    def take_text(self, tag: int, text: str) -> None:
        if tag == 0x00280004:
            self.photometric = text.strip()
        elif tag == 0x00280008 and re.fullmatch(r" *\+?[0-9]{1,10} *", text):
            self.numbers[tag] = int(text)

    @property
    def frames(self) -> int:
        return self.numbers.get(0x00280008, 1)

    @property
    def rows(self) -> int:
        return self.numbers.get(0x00280010, 0)

    @property
    def columns(self) -> int:
        return self.numbers.get(0x00280011, 0)

    def complete(self) -> bool:
        """Whether rows, columns, bits and samples are said, and none of them is nought."""
        needed = PIXEL_FACTS - {0x00280004, 0x00280008}
        return all(self.numbers.get(tag) for tag in needed) and 0 < self.frames <= MAX_FRAMES

    def native_bytes(self, bits: int | None = None) -> int:
        """Bytes of all frames, unpadded; bits: of one sample, where the element itself says it."""
        samples = self.numbers[0x00280002]
        allocated = self.numbers[0x00280100] if bits is None else bits
        if self.photometric in ("YBR_FULL_422", "YBR_PARTIAL_422") and samples == 3:
            # Two luminances share one pair of chrominances (PS3.3, C.7.6.3.1.2).
            samples = 2
        return (self.rows * self.columns * samples * allocated * self.frames + 7) // 8


def pixel_faults(
    facts: PixelFacts, length: int, max_pixels: int, bits: int | None = None
) -> list[Fault]:
    """Native pixels: as many bytes as their header makes them, padded to even."""
    if not facts.complete():
        return [fault(3915)]
    if facts.rows * facts.columns > max_pixels:
        return [fault(3925, tag="(7FE0,0010)", size_bytes=length, limit_bytes=max_pixels)]
    needed = facts.native_bytes(bits)
    if length != needed + needed % 2:
        return [fault(3914, size_bytes=length, needed_bytes=needed)]
    return []


def overlay_fault(group: int, facts: Mapping[int, int], length: int) -> Fault | None:
    """An overlay plane has one bit for each of its pixels (PS3.3, C.9.2)."""
    base = group << 16
    rows, columns = facts.get(base | 0x10, 0), facts.get(base | 0x11, 0)
    needed = (rows * columns * facts.get(base | 0x15, 1) + 7) // 8
    if facts.get(base | 0x100, 1) == 1 and length not in (needed + needed % 2, needed + needed % 4):
        return fault(3923, tag=shown_tag(base | 0x3000), size_bytes=length, needed_bytes=needed)
    return None


def burned_in_fault(profile: DicomProfile, said: str) -> Fault | None:
    """(0028,0301), "" where it is missing."""
    if profile.burned_in is BurnedIn.PASS or said == "NO":
        return None
    if said == "YES" or profile.burned_in is BurnedIn.REQUIRE_NO:
        return fault(3921, tag=shown_tag(BURNED_IN), value=said)
    return None
