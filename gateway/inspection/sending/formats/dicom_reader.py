"""pydicom as a reader, and an account of every byte that it read: the only home of pydicom.

    pydicom says   element at 340, value of 12 bytes
    we add up      340 + 8 + 12 = 360, where the next one must begin

pydicom forgives much: two elements of one tag, an item longer than its sequence, a delimiter with a
length. Whatever it forgives leaves a gap or an overlap in the account, and that is refused.
"""

from __future__ import annotations

import logging
import struct
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from pydicom import config
from pydicom.charset import convert_encodings, decode_bytes
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import RawDataElement
from pydicom.encaps import generate_frames
from pydicom.errors import InvalidDicomError
from pydicom.filereader import data_element_generator, read_sequence

from gateway.inspection.formats.dicom import (
    CODECS,
    HELD_BYTES,
    LONG_VRS,
    PIXELS,
    SHORT_VRS,
    UNDEFINED,
    shown_tag,
    unsound,
)
from gateway.inspection.sending.formats.dicom_stream import StrictStream
from gateway.inspection.unsound import Unsound

# It warns and logs where it forgives; here the account refuses instead.
warnings.filterwarnings("ignore", module=r"pydicom\..*")
logging.getLogger("pydicom").setLevel(logging.CRITICAL + 1)

# What pydicom raises over bytes that it cannot read.
_TROUBLE: Final = (
    *(
        ArithmeticError,
        AttributeError,
        EOFError,
        InvalidDicomError,
        LookupError,
        NotImplementedError,
    ),
    *(OSError, RuntimeError, struct.error, TypeError, ValueError),
)
_DELIMITER: Final = {"item": b"\xfe\xff\x0d\xe0", "sequence": b"\xfe\xff\xdd\xe0"}
# Lines and tabs bring back the first character set (PS3.5, 6.1.2.5.3).
_DELIMITERS: Final = {0x09, 0x0A, 0x0C, 0x0D}
_KINDS: Final = ({"OB", "OW"}, {"US", "SS"}, {"UL", "SL"})


class Met(NamedTuple):
    """One thing that pydicom read. what: "element", "fragments", "sequence", "sequence end",
    "item", "item end".

    value: bytes of an element up to HELD_BYTES, None for a longer one; it lies at `at`.
    """

    what: str
    tag: int
    vr: str
    at: int
    length: int
    where: str
    value: bytes | None = None


@dataclass(slots=True)
class Account:
    """Where the next byte must belong to something."""

    at: int

    def expect(self, at: int, tag: int) -> None:
        if at != self.at:
            raise unsound(3919, tag=shown_tag(tag), offset=self.at)


class Reader:
    """One pass over a data set. Raises Unsound, and OSError of the content, and nothing else."""

    def __init__(self, stream: StrictStream, implicit: bool, big: bool, depth: int) -> None:
        self._stream = stream
        self._implicit = implicit
        self._big = big
        self._depth = depth
        self._order = ">" if big else "<"
        self._fragments: int | None = None
        self.account = Account(0)

    def read(self, start: int) -> Iterator[Met]:
        """Everything from start to the end of the content. The caller passes fragments over by
        `resume`."""
        self.account.at = start
        last = -1
        while True:
            self._stream.seek(self.account.at)
            elements = data_element_generator(
                self._stream,  # type: ignore[arg-type]
                self._implicit,
                not self._big,
                stop_when=self._is_fragments,
                defer_size=HELD_BYTES,
            )
            while (element := self._guarded(lambda: next(elements, None))) is not None:  # noqa: B023
                last = self._ascending(int(element.tag), last)
                yield from self._one(element, "", self._implicit, 1)
            if self._fragments is None:
                break
            last = self._ascending(PIXELS, last)
            yield from self._stop_at_fragments()
        if self.account.at != self._stream.content.size_bytes:
            left = self._stream.content.size_bytes - self.account.at
            raise unsound(3906, size_bytes=left)

    def resume(self, at: int) -> None:
        """Where the data set goes on behind fragments."""
        self.account.at = at

    def frames(self, at: int, count: int) -> Iterator[bytes]:
        """Frames of the fragments at an offset, as pydicom puts them together."""
        self._stream.seek(at)
        endianness = self._order
        frames = generate_frames(
            self._stream,
            number_of_frames=count,
            endianness=endianness,
        )
        while (frame := self._guarded(lambda: next(frames, None))) is not None:
            position = self._stream.tell()
            yield frame
            self._stream.seek(position)

    def _is_fragments(self, tag: int, vr: str | None, length: int) -> bool:
        if int(tag) == PIXELS and length == UNDEFINED:
            self._fragments = int(tag)
            return True
        return False

    def _stop_at_fragments(self) -> Iterator[Met]:
        head = self._stream.peek(self.account.at, 12)
        if self._implicit or head[4:6] not in (b"OB", b"OW") or head[6:8] != b"\0\0":
            raise unsound(3909, tag=shown_tag(PIXELS), vr="", offset=self.account.at)
        self._fragments = None
        self.account.at += 12
        before = self.account.at
        vr = head[4:6].decode()
        yield Met("fragments", PIXELS, vr, before, UNDEFINED, shown_tag(PIXELS))
        if self.account.at == before:
            raise RuntimeError("fragments were not passed over")

    def _guarded(self, step: Callable[[], Any]) -> Any:
        """One step of pydicom, its exceptions turned into ours."""
        try:
            return step()
        except Unsound:
            raise
        except (RecursionError, *_TROUBLE) as error:
            if self._stream.refusal is not None:
                raise self._stream.refusal from None
            if _is_recursion(error):
                raise unsound(3907, limit=self._depth, offset=self._stream.tell()) from None
            raise unsound(3929, reason=type(error).__name__, offset=self._stream.tell()) from None

    def _one(self, element: Any, prefix: str, implicit: bool, depth: int) -> Iterator[Met]:
        tag = int(element.tag)
        where = prefix + shown_tag(tag)
        vr = self._vr(element, where, implicit)
        at = element.value_tell if isinstance(element, RawDataElement) else element.file_tell
        self.account.expect(at - (8 if implicit or vr in SHORT_VRS else 12), tag)
        self.account.at = at
        if not isinstance(element, RawDataElement):
            yield from self._sequence(tag, where, element.value, vr == "UN" or implicit, depth, -1)
            return
        if element.length == UNDEFINED:
            yield from self._inner_fragments(element, vr, where)
            return
        if self._is_sequence(element, vr):
            nested = vr == "UN" or implicit
            items = self._items_at(at, element.length, nested)
            yield from self._sequence(tag, where, items, nested, depth, at + element.length)
            self._stream.seek(at + element.length)
            return
        self.account.at = at + element.length
        value = element.value if element.value is not None or element.length else b""
        yield Met("element", tag, vr, at, element.length, where, value)

    def _inner_fragments(self, element: RawDataElement, vr: str, where: str) -> Iterator[Met]:
        """Encapsulated pixels within a sequence (icons): pydicom has read past them."""
        at = element.value_tell
        if int(element.tag) != PIXELS or vr not in ("OB", "OW"):
            raise unsound(3909, tag=where, vr=vr, offset=at)
        position = self._stream.tell()
        yield Met("fragments", PIXELS, vr, at, UNDEFINED, where)
        if self.account.at <= at:
            raise RuntimeError("fragments were not passed over")
        self._stream.seek(position)

    def _items_at(self, at: int, length: int, implicit: bool) -> Any:
        """Items of a sequence of defined length; none for one without a byte."""
        self._stream.seek(at)
        return self._guarded(
            lambda: read_sequence(
                self._stream,  # type: ignore[arg-type]
                implicit,
                not self._big,
                length,
                "iso8859",
            )
        )

    def _sequence(
        self, tag: int, where: str, items: Any, implicit: bool, depth: int, end: int
    ) -> Iterator[Met]:
        """Each item's header, elements and delimiter, added up. end: -1 for undefined length."""
        if depth > self._depth:
            raise unsound(3907, limit=self._depth, offset=self.account.at)
        yield Met("sequence", tag, "SQ", self.account.at, 0, where)
        for number, item in enumerate(items or ()):
            start = self.account.at
            self.account.expect(item.file_tell, tag)
            head = self._stream.peek(start, 8)
            group, element, length = struct.unpack(self._order + "HHI", head)
            if (group, element) != (0xFFFE, 0xE000):
                raise unsound(3920, tag=where, offset=start)
            path = f"{where}[{number}]"
            yield Met("item", 0, "", start, length, path)
            self.account.at = start + 8
            last = -1
            # values() hands them out as they were read, in that order; anything else converts.
            for inner in list(item.values()):
                last = self._ascending(int(inner.tag), last)
                yield from self._one(inner, path + ".", implicit, depth + 1)
            if length == UNDEFINED:
                self._delimiter("item", where)
            elif self.account.at != start + 8 + length:
                left = self.account.at - start - 8
                raise unsound(3905, tag=path, offset=start, length=length, left=left)
            yield Met("item end", 0, "", self.account.at, 0, path)
        if end < 0:
            self._delimiter("sequence", where)
        elif self.account.at != end:
            raise unsound(3920, tag=where, offset=self.account.at)
        yield Met("sequence end", tag, "SQ", self.account.at, 0, where)

    def _delimiter(self, kind: str, where: str) -> None:
        head = self._stream.peek(self.account.at, 8)
        mark = _DELIMITER[kind]
        if self._big:
            mark = mark[1::-1] + mark[:1:-1]
        if head != mark + b"\0\0\0\0":
            raise unsound(3920, tag=where, offset=self.account.at)
        self.account.at += 8

    def _ascending(self, tag: int, last: int) -> int:
        if tag <= last:
            raise unsound(3919, tag=shown_tag(tag), offset=self.account.at)
        return tag

    def _is_sequence(self, element: RawDataElement, vr: str) -> bool:
        if vr == "SQ":
            return True
        if vr != "UN" or not element.length:
            return False
        if known_vrs(int(element.tag)) == ["SQ"]:
            return True
        return element.length >= 8 and (
            self._stream.peek(element.value_tell, 4) == b"\xfe\xff\x00\xe0"
        )

    def _vr(self, element: Any, where: str, implicit: bool) -> str:
        """The VR as it stands in the file, or the dictionary's; refused where the two quarrel."""
        tag = int(element.tag)
        raw = isinstance(element, RawDataElement)
        at = element.value_tell if raw else element.file_tell
        known = known_vrs(tag)
        if implicit:
            if raw and element.VR is not None and not element.is_implicit_VR:
                raise unsound(3909, tag=where, vr=str(element.VR), offset=at)
            return known[0] if known else "LO" if _is_creator(tag) else "UN"
        written = str(element.VR) if raw else _written_vr(self._stream.peek(at - 8, 2))
        if written not in SHORT_VRS and written not in LONG_VRS:
            raise unsound(3909, tag=where, vr=written, offset=at)
        if raw and element.is_implicit_VR:
            raise unsound(3909, tag=where, vr=written, offset=at)
        if written in LONG_VRS and self._stream.peek(at - 6, 2) != b"\0\0":
            raise unsound(3909, tag=where, vr=written, offset=at)
        fits = not known or written == "UN" or written in known
        if not fits and not any({written, other} <= kind for other in known for kind in _KINDS):
            raise unsound(3909, tag=where, vr=written, offset=at)
        return written


def known_vrs(tag: int) -> list[str]:
    """The VRs of pydicom's dictionary, [] for a tag that it does not know."""
    try:
        return dictionary_VR(tag).split(" or ")
    except KeyError:
        # Group lengths are retired and still met everywhere (PS3.5, 7.2).
        return ["UL"] if not tag & 0xFFFF and not tag >> 16 & 1 else []


def _written_vr(two: bytes) -> str:
    return two.decode("latin_1")


def _is_creator(tag: int) -> bool:
    return bool(tag >> 16 & 1) and 0x10 <= tag & 0xFFFF <= 0xFF


def encodings_of(terms: list[str]) -> list[str]:
    """Python's names for terms of (0008,0005) that are on our list. Raises Unsound 3912."""
    if len(terms) == 1:
        return [CODECS[terms[0]]]
    try:
        with config.strict_reading():
            encodings = convert_encodings(terms)
    except (LookupError, ValueError):
        raise unsound(3912, value="\\".join(terms)) from None
    # pydicom reads the default repertoire as Latin 1.
    return ["ascii" if CODECS[terms[0]] == "ascii" else encodings[0], *encodings[1:]]


def decoded(value: bytes, encodings: list[str], where: str) -> str:
    """A value as characters. Raises Unsound 3913 and nothing else."""
    if value.isascii() and b"\x1b" not in value:
        return value.decode("ascii")
    try:
        with config.strict_reading():
            text = decode_bytes(value, encodings, _DELIMITERS)
            # pydicom leaves the escape of GB 2312 standing in what it decodes.
            return text.replace("\x1b$)A", "") if "iso_ir_58" in encodings else text
    except (ValueError, LookupError):
        raise unsound(3913, tag=where, set=encodings[0], offset=0) from None


def _is_recursion(error: BaseException | None) -> bool:
    """Also where pydicom met the end of the stack and says something else."""
    while error is not None and not isinstance(error, RecursionError):
        error = error.__context__
    return error is not None
