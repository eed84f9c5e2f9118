"""What is open of a JSON document (RFC 8259) that is written anew from parts: order, commas, empty ones.

    begin --value, drop, begin--> ... --close--> "[1,2]", or nothing where all that it held was dropped

An object or array is written with its first value; one of which all was dropped goes as well (FHIR R4,
2.6.2: none is empty), one that came empty stays. What is dropped, and what a value becomes, the writers say.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

import msgspec

from gateway.inspection.unsound import Unsound, Word

# As deep as any content that inspection lets pass.
_MAX_DEPTH: Final = 256
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_encode: Final = msgspec.json.Encoder().encode


@dataclass(slots=True)
class Level:
    """An object or array that is open. lead: what is written before its first value.

    opened: it has been written. dropped: something in it went. count: of what is written in it.
    """

    is_array: bool
    lead: bytes = b""
    opened: bool = False
    dropped: bool = False
    count: int = 0
    key: str | None = None


L = TypeVar("L", bound=Level)


class JsonLevels(Generic[L]):
    """Of one document. write: takes its bytes, in order. Raises Unsound 3828 for what is out of order."""

    def __init__(self, write: Callable[[bytes], object], word: Word) -> None:
        self._write, self._word = write, word
        # The outermost first.
        self.open: list[L] = []
        # The outermost value has ended.
        self.is_whole = False

    def innermost(self) -> L | None:
        return self.open[-1] if self.open else None

    def key(self, name: str) -> None:
        """The key of the next value."""
        level = self.innermost()
        if level is None or level.is_array or level.key is not None:
            raise self.wrong()
        level.key = name

    def around(self) -> L | None:
        """What the value that begins now stands in; None for the outermost."""
        level = self.innermost()
        out_of_order = self.is_whole if level is None else not level.is_array and level.key is None
        if out_of_order:
            raise self.wrong()
        return level

    def check_depth(self) -> None:
        """One more may be open."""
        if len(self.open) >= _MAX_DEPTH:
            raise self.wrong()

    def begin(self, level: L) -> None:
        """An object or array. The outermost is written whatever becomes of what it holds."""
        level.lead = self._lead(b"[" if level.is_array else b"{")
        self.open.append(level)
        if len(self.open) == 1:
            self._opened()

    def value(self, written: bytes) -> None:
        """Any other value, as it is to stand there."""
        lead = self._lead(written)
        self._opened()
        self._write(lead)
        if self.open:
            self.open[-1].count += 1
        self._ended()

    def drop(self) -> None:
        """The value that begins now, within another, is not written."""
        self.open[-1].dropped, self.open[-1].key = True, None

    def close(self) -> L:
        """The innermost, which has ended."""
        level = self.innermost()
        if level is None or level.key is not None:
            raise self.wrong()
        if not level.opened and level.dropped:
            self.open.pop()
            self.drop()
            return level
        self._opened()
        self.open.pop()
        self._write(b"]" if level.is_array else b"}")
        self._ended()
        return level

    def encoded(self, value: object) -> bytes:
        """A text, truth, whole number or null."""
        try:
            return _encode(value)
        except UnicodeEncodeError as error:
            raise self.wrong() from error

    def checked_number(self, text: str) -> str:
        """The digits of a number, which are written as they are."""
        if not _NUMBER.fullmatch(text):
            raise self.wrong()
        return text

    def wrong(self) -> Unsound:
        return Unsound(3828, self._word, type=self._word.value)

    def _lead(self, value: bytes) -> bytes:
        """A value behind what must stand before it in the level that is open."""
        level = self.innermost()
        if level is None:
            return value
        comma = b"," if level.count else b""
        name = b"" if level.is_array else self.encoded(level.key) + b":"
        return comma + name + value

    def _opened(self) -> None:
        """All that is open is written, the outermost first."""
        for depth, level in enumerate(self.open):
            if not level.opened:
                level.opened = True
                self._write(level.lead)
                if depth:
                    self.open[depth - 1].count += 1

    def _ended(self) -> None:
        if self.open:
            self.open[-1].key = None
        else:
            self.is_whole = True
