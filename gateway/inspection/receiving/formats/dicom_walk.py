"""The structure of a DICOM data set, element by element, with nothing but the standard in hand.

    explicit   tag 4 | VR 2 | length 2 | value             tag 4 | VR 2 | 00 00 | length 4 | value
    implicit   tag 4 | length 4 | value
    sequence   item (FFFE,E000) length 4 | data set | [item end]   ...   [sequence end (FFFE,E0DD) 0]

PS3.5, section 7. A stack of our own instead of recursion; every length is held against what is around
it before a byte of the value is read. What the values say is judged in dicom.py.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final, NamedTuple

from gateway.inspection.content import Content
from gateway.inspection.formats.dicom import (
    ITEM,
    ITEM_END,
    LONG_VRS,
    PIXELS,
    SEQUENCE_END,
    SHORT_VRS,
    UNDEFINED,
    shown_tag,
    unsound,
)
from gateway.inspection.formats.dicom_dictionary import vrs_of

_WINDOW_BYTES: Final = 64 << 10
_LONG: Final = {vr.encode(): vr for vr in LONG_VRS}
_SHORT: Final = {vr.encode(): vr for vr in SHORT_VRS}
# Sequences that hold pixels of the same codestream and overlays of the same groups are not told apart
# by their groups: only the groups that no data set may have are refused.
_NO_GROUPS: Final = frozenset([0x0000, 0x0001, 0x0003, 0x0005, 0x0007, 0xFFFF, 0xFFFE])


class Kind(Enum):
    """What is met. An element with items is SEQUENCE; fragments follow PIXELS."""

    ELEMENT = 1
    FRAGMENTS = 2
    SEQUENCE = 3
    ITEM = 4
    ITEM_END = 5
    SEQUENCE_END = 6


class Seen(NamedTuple):
    """where: path and tag, as in `(0040,A730)[0].(0040,A160)`. at, length: of the value."""

    kind: Kind
    tag: int
    vr: str
    at: int
    length: int
    where: str


@dataclass(slots=True)
class _Level:
    """One data set (tag 0) or sequence that is open. end: -1 for undefined. bound: never passed."""

    tag: int
    end: int
    bound: int
    where: str
    implicit: bool
    last: int = -1
    items: int = 0


class Window:
    """Small reads from a content without one call to the kernel each."""

    __slots__ = ("_at", "_buffer", "content")

    def __init__(self, content: Content) -> None:
        self.content = content
        self._at = 0
        self._buffer = content.memory if content.memory is not None else b""

    def read(self, at: int, size: int) -> bytes:
        start = at - self._at
        if start < 0 or start + size > len(self._buffer):
            if size > _WINDOW_BYTES or self.content.memory is not None:
                return self.content.read_at(at, size)
            self._buffer, self._at, start = self.content.read_at(at, _WINDOW_BYTES), at, 0
        return self._buffer[start : start + size]


class Walk:
    """One pass. `at` is where the next header stands; a caller that reads fragments moves it on."""

    __slots__ = ("_big", "_depth", "_elements", "_stack", "at", "window")

    def __init__(
        self, content: Content, start: int, implicit: bool, big: bool, depth: int, elements: int
    ) -> None:
        self.window = Window(content)
        self.at = start
        self._big = big
        self._depth = depth
        self._elements = elements
        size = content.size_bytes
        self._stack = [_Level(0, size, size, "", implicit)]

    @property
    def bound(self) -> int:
        """Where the innermost definite length around ends."""
        return self._stack[-1].bound

    @property
    def is_top(self) -> bool:
        return len(self._stack) == 1

    def events(self) -> Iterator[Seen]:
        """Everything up to the end of the content. Raises Unsound 3905 to 3909, 3919, 3920, 3922."""
        while self._stack:
            level = self._stack[-1]
            if level.tag:
                yield self._in_sequence(level)
            elif self.at == level.end:
                self._stack.pop()
                if self._stack:
                    yield Seen(Kind.ITEM_END, ITEM, "", self.at, 0, level.where)
            else:
                yield self._in_set(level)

    def _in_sequence(self, level: _Level) -> Seen:
        if self.at == level.end:
            self._stack.pop()
            return Seen(Kind.SEQUENCE_END, level.tag, "SQ", self.at, 0, level.where)
        tag, length = self._delimiter(level)
        if tag == SEQUENCE_END and level.end < 0 and length == 0:
            self._stack.pop()
            return Seen(Kind.SEQUENCE_END, level.tag, "SQ", self.at, 0, level.where)
        if tag != ITEM:
            raise unsound(3920, tag=level.where, offset=self.at - 8)
        self._count()
        end = -1 if length == UNDEFINED else self.at + length
        if end > level.bound:
            self._too_long("(FFFE,E000)", self.at - 8, length, level.bound - self.at)
        where = f"{level.where}[{level.items}]"
        level.items += 1
        self._stack.append(_Level(0, end, level.bound if end < 0 else end, where, level.implicit))
        return Seen(Kind.ITEM, ITEM, "", self.at, length, where)

    def _in_set(self, level: _Level) -> Seen:
        head = self._header(level, 8)
        group, element = struct.unpack_from(">HH" if self._big else "<HH", head)
        tag = group << 16 | element
        if tag == ITEM_END and level.end < 0:
            if head[4:8] != b"\0\0\0\0":
                raise unsound(3920, tag=level.where, offset=self.at)
            self.at += 8
            self._stack.pop()
            return Seen(Kind.ITEM_END, ITEM, "", self.at, 0, level.where)
        where = f"{level.where}.{shown_tag(tag)}" if level.where else shown_tag(tag)
        if group in _NO_GROUPS or (group == 2 and self.is_top):
            raise unsound(3922, tag=where, offset=self.at)
        if tag <= level.last:
            raise unsound(3919, tag=where, offset=self.at)
        level.last = tag
        self._count()
        vr, length, header_bytes = self._vr_and_length(level, head, tag, where)
        start = self.at + header_bytes
        if length != UNDEFINED and length > level.bound - start:
            self._too_long(where, self.at, length, level.bound - start)
        self.at = start
        return self._element(level, tag, vr, length, where)

    def _element(self, level: _Level, tag: int, vr: str, length: int, where: str) -> Seen:
        """A sequence is opened, fragments are left to the caller, a value is passed over."""
        at = self.at
        if length == UNDEFINED:
            if tag == PIXELS and vr in ("OB", "OW"):
                return Seen(Kind.FRAGMENTS, tag, vr, at, length, where)
            # Undefined length with UN: implicit little endian within, whatever is around (6.2.2).
            if vr not in ("SQ", "UN"):
                raise unsound(3909, tag=where, vr=vr, offset=at)
            return self._open(level, tag, -1, where, vr == "UN")
        nested = vr == "SQ" or (vr == "UN" and self._holds_items(tag, length))
        if nested:
            return self._open(level, tag, at + length, where, vr == "UN")
        self.at += length
        return Seen(Kind.ELEMENT, tag, vr, at, length, where)

    def _holds_items(self, tag: int, length: int) -> bool:
        """A value without a VR that is a sequence: by the dictionary, or as its first bytes say."""
        if vrs_of(tag) == ("SQ",):
            return True
        return length >= 8 and self.window.read(self.at, 4) == b"\xfe\xff\x00\xe0"

    def _open(self, level: _Level, tag: int, end: int, where: str, implicit: bool) -> Seen:
        if implicit and self._big:
            raise unsound(3909, tag=where, vr="UN", offset=self.at)
        # Half of the levels are sequences, half their items.
        if len(self._stack) // 2 + 1 > self._depth:
            raise unsound(3907, limit=self._depth, offset=self.at)
        bound = level.bound if end < 0 else end
        self._stack.append(_Level(tag, end, bound, where, level.implicit or implicit))
        return Seen(Kind.SEQUENCE, tag, "SQ", self.at, 0, where)

    def _vr_and_length(
        self, level: _Level, head: bytes, tag: int, where: str
    ) -> tuple[str, int, int]:
        """The VR, the length of the value and the size of the header."""
        known = vrs_of(tag)
        order = ">" if self._big else "<"
        if level.implicit:
            vr = known[0] if known else "LO" if _is_creator(tag) else "UN"
            return vr, struct.unpack_from(order + "I", head, 4)[0], 8
        short = _SHORT.get(head[4:6])
        if short is not None:
            vr, length, size = short, struct.unpack_from(order + "H", head, 6)[0], 8
        else:
            long = _LONG.get(head[4:6])
            if long is None or head[6:8] != b"\0\0":
                raise unsound(3909, tag=where, vr=repr(head[4:6])[2:-1], offset=self.at)
            vr, size = long, 12
            length = struct.unpack_from(order + "I", self._header(level, 12), 8)[0]
        if known and vr not in known and vr != "UN" and not _is_same_kind(vr, known):
            raise unsound(3909, tag=where, vr=vr, offset=self.at)
        return vr, length, size

    def _delimiter(self, level: _Level) -> tuple[int, int]:
        head = self._header(level, 8)
        group, element, length = struct.unpack(">HHI" if self._big else "<HHI", head)
        self.at += 8
        return group << 16 | element, length

    def _header(self, level: _Level, size: int) -> bytes:
        left = level.bound - self.at
        head = self.window.read(self.at, size)
        if left < size or len(head) < size:
            if self.is_top:
                raise unsound(3906, size_bytes=max(left, 0))
            raise unsound(3905, tag=level.where, offset=self.at, length=size, left=max(left, 0))
        return head

    def _count(self) -> None:
        self._elements -= 1
        if self._elements < 0:
            raise unsound(3908, offset=self.at)

    def _too_long(self, where: str, offset: int, length: int, left: int) -> None:
        raise unsound(3905, tag=where, offset=offset, length=length, left=left)


def _is_creator(tag: int) -> bool:
    """(gggg,0010-00FF) of an odd group reserves a block of private tags (PS3.5, 7.8.1)."""
    return bool(tag >> 16 & 1) and 0x10 <= tag & 0xFFFF <= 0xFF


def _is_same_kind(vr: str, known: tuple[str, ...]) -> bool:
    """Bulk of another word size, and signed for unsigned: met everywhere, and hides nothing."""
    return any({vr, other} <= kind for other in known for kind in _KINDS)


_KINDS: Final = (frozenset(["OB", "OW"]), frozenset(["US", "SS"]), frozenset(["UL", "SL"]))
