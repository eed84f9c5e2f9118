"""A DICOM object as typed values: what the sandbox hands out, and what is written anew from it.

    DicomObject
      transfer_syntax, sop_class, sop_instance
      data: elements    Element(tag, vr, bytes)             a value, held; words little endian
                        Element(tag, vr, Range)             a long value: where it lies in the source
                        Element(tag, vr, Fragments)         encapsulated pixels: a range for each fragment
                        Element(tag, vr, tuple of items)    a sequence; an item is a tuple of elements

Pixels are never held: a film of a gigabyte is a dozen kilobytes of values and one range.
Both readers fill the same Builder; nothing here reads or writes bytes of a file.
"""

from __future__ import annotations

from typing import Final

import msgspec

from gateway.inspection.formats.dicom import (
    HELD_BYTES,
    WORD_BYTES,
    unsound,
)
from gateway.inspection.formats.dicom_dictionary import vrs_of


class Range(msgspec.Struct, frozen=True, tag="range"):
    """Bytes of the source. word_bytes: 1, or the size of words to be turned round (big endian)."""

    at: int
    length: int
    word_bytes: int = 1


class Fragments(msgspec.Struct, frozen=True, tag="fragments"):
    """frames: of each frame, its fragments."""

    frames: tuple[tuple[Range, ...], ...]


class Items(msgspec.Struct, frozen=True, tag="items"):
    """A sequence."""

    items: tuple[tuple[Element, ...], ...]


class Element(msgspec.Struct, frozen=True):
    """value: bytes without their padding to even length where they are text."""

    tag: int
    vr: str
    value: bytes | Range | Fragments | Items


Elements = tuple[Element, ...]


class DicomObject(msgspec.Struct, frozen=True):
    """One object. The three UIDs stand in group 2, which is written anew."""

    transfer_syntax: str
    sop_class: str
    sop_instance: str
    data: Elements


# All values of an object that are held, together: headers of the largest multi-frame objects.
MAX_VALUES_BYTES: Final = 64 << 20
_SIGNED_PIXELS: Final = 0x00280103


class Builder:
    """Puts elements together as a reader meets them. Raises Unsound 3925."""

    def __init__(self, big: bool, implicit: bool) -> None:
        self._big = big
        self._implicit = implicit
        self._open: list[list[Element]] = [[]]
        self._sequences: list[tuple[int, list[Elements]]] = []
        self._held_bytes = 0
        self._signed = False

    def wants(self, length: int) -> bool:
        """Whether a value of this length is to be given as bytes."""
        return length <= HELD_BYTES

    def value(self, tag: int, vr: str, value: bytes) -> None:
        vr = self._settled(tag, vr)
        self._held_bytes += len(value) + 32
        if self._held_bytes > MAX_VALUES_BYTES:
            limit = MAX_VALUES_BYTES
            raise unsound(3925, tag="*", size_bytes=self._held_bytes, limit_bytes=limit)
        word = WORD_BYTES.get(vr, 1)
        if vr == "AT":
            word = 2
        if self._big and word > 1:
            value = turned_round(value, word)
        if tag == _SIGNED_PIXELS:
            self._signed = value == b"\x01\x00"
        self._open[-1].append(Element(tag, vr, value))

    def range(self, tag: int, vr: str, at: int, length: int) -> None:
        vr = self._settled(tag, vr)
        word = WORD_BYTES.get(vr, 1) if self._big else 1
        self._open[-1].append(Element(tag, vr, Range(at, length, word)))

    def fragments(self, tag: int, frames: list[list[tuple[int, int]]]) -> None:
        ranges = tuple(tuple(Range(at, length) for at, length in frame) for frame in frames)
        self._open[-1].append(Element(tag, "OB", Fragments(ranges)))

    def sequence(self, tag: int) -> None:
        self._sequences.append((tag, []))

    def item(self) -> None:
        self._open.append([])

    def item_end(self) -> None:
        self._sequences[-1][1].append(tuple(self._open.pop()))

    def sequence_end(self) -> None:
        tag, items = self._sequences.pop()
        self._open[-1].append(Element(tag, "SQ", Items(tuple(items))))

    def built(self) -> Elements:
        return tuple(self._open[0])

    def _settled(self, tag: int, vr: str) -> str:
        """One VR where the source left it open: unknown by name, implicit with a choice."""
        known = vrs_of(tag)
        if vr == "UN" and known and "SQ" not in known:
            vr = known[0]
        if known == ("OB", "OW") and self._implicit:
            return "OW"
        if known[:2] == ("US", "SS") and self._implicit:
            return "SS" if self._signed else "US"
        return vr


def turned_round(value: bytes, word_bytes: int) -> bytes:
    """Each word's bytes the other way round; the value is a whole number of words."""
    turned = bytearray(len(value))
    for place in range(word_bytes):
        turned[place::word_bytes] = value[word_bytes - 1 - place :: word_bytes]
    return bytes(turned)
