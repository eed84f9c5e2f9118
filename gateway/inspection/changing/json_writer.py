"""JSON written anew from parts (RFC 8259), persons masked by their paths (FHIR: from their resource on).

    Open Key Leaf ... --order checked--> rule of the place? --> removed, another value, or as it is

An object or array that only held what was removed goes as well (FHIR R4, 2.6.2: none is empty); one that
came empty stays. Numbers under a rule that changes values become strings.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final, assert_never

import msgspec

from gateway.inspection.changing.masker import Masker
from gateway.inspection.changing.naming import CODED, NAMED, NAMING
from gateway.inspection.changing.parts import Close, JsonPart, Key, Leaf, Number, Open
from gateway.inspection.changing.tree_rules import TreeRules
from gateway.inspection.formats.fhir_types import RESOURCES
from gateway.inspection.unsound import Unsound, Word
from gateway.policy.masking import Becomes, MaskRule, Path

MAX_DEPTH: Final = 256
_PIECE_BYTES: Final = 64 << 10
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_LEAST_NUMBER: Final = 7
_encode: Final = msgspec.json.Encoder().encode


@dataclass(slots=True)
class _Level:
    """An object or an array that is open. lead: what is written before its first value. parts: what
    rules masked in it, as the parts of a name."""

    is_array: bool
    place: Path
    rule: MaskRule | None
    lead: bytes
    opened: bool = False
    dropped: bool = False
    count: int = 0
    key: str | None = None
    parts: list[str] = field(default_factory=list)


class JsonWriter:
    """One document. fhir: paths begin at each resource. Raises Unsound 3828 for parts out of order."""

    def __init__(
        self, write: Callable[[bytes], object], word: Word, masker: Masker | None = None
    ) -> None:
        self._write, self._word, self._masker = write, word, masker
        rules = masker.masking.rules if masker is not None else ()
        self._rules = TreeRules(rules, word.value)
        self._levels: list[_Level] = []
        self._skipped: list[str] = []
        self._skipped_key = ""
        self._skipped_in: set[str] = set()
        self._whole = False
        self._held: list[bytes] = []
        self._held_bytes = 0

    def feed(self, part: JsonPart) -> None:
        """The next part."""
        if self._skipped:
            self._skip(part)
            return
        match part:
            case Open():
                self._open(part)
            case Key(name):
                self._key(name)
            case Leaf(value):
                self._leaf(value, "")
            case Number(text):
                if not _NUMBER.fullmatch(text):
                    raise self._wrong()
                self._leaf(None, text)
            case Close():
                self._close()
            case _:
                assert_never(part)

    def end(self) -> None:
        """The document is whole."""
        if self._levels or self._skipped or not self._whole:
            raise self._wrong()
        self._flush()

    def _skip(self, part: JsonPart) -> None:
        """What is inside of something that is removed."""
        match part:
            case Open():
                self._skipped.append(self._skipped_key)
            case Close():
                self._skipped.pop()
            case Key(name):
                self._skipped_key = name
            case Leaf(value) if isinstance(value, str) and self._masker is not None:
                if self._word is not Word.FHIR:
                    self._masker.note_removed(value)
                elif (
                    self._skipped_in | set(self._skipped)
                ) & NAMED and self._skipped_key in NAMING:
                    self._masker.note(value)
                    self._part(value)
            case _:
                pass

    def _open(self, part: Open) -> None:
        place, rule = self._begins()
        if len(self._levels) >= MAX_DEPTH:
            raise self._wrong()
        if rule is not None and rule.becomes is Becomes.REMOVED and self._levels:
            self._drop(rule)
            self._skipped, self._skipped_in = [""], set(place)
            self._skipped_key = place[-1] if place else ""
            return
        lead = self._lead(b"[" if part.is_array else b"{")
        self._levels.append(_Level(part.is_array, place, rule, lead))
        if len(self._levels) == 1:
            self._opened()

    def _key(self, name: str) -> None:
        level = self._levels[-1] if self._levels else None
        if level is None or level.is_array or level.key is not None:
            raise self._wrong()
        level.key = name

    def _leaf(self, value: str | bool | int | None, number: str) -> None:
        _, rule = self._begins()
        level = self._levels[-1] if self._levels else None
        if level is not None and level.key == "resourceType" and self._word is Word.FHIR:
            if level.count or not isinstance(value, str):
                raise self._wrong()
            level.place, rule = (value,), None
        if self._is_fhir_here(level, value):
            raise Unsound(3838, self._word)
        if rule is not None and rule.becomes is Becomes.REMOVED and level is not None:
            self._drop(rule)
            if isinstance(value, str) and self._masker is not None:
                self._masker.note(value)
                self._part(value)
            return
        value, number = self._masked(rule, value, number)
        written = number.encode() if number else self._encoded(value)
        self._put(self._lead(written))
        self._counted()

    def _is_fhir_here(self, level: _Level | None, value: object) -> bool:
        """A resource in what was taken for plain JSON: nobody masks it by its own paths."""
        return (
            self._word is Word.JSON
            and self._masker is not None
            and level is not None
            and level.key == "resourceType"
            and value in RESOURCES
        )

    def _masked(
        self, rule: MaskRule | None, value: str | bool | int | None, number: str
    ) -> tuple[str | bool | int | None, str]:
        """A value as its rule wants it, or without what names a person; a number may be a telephone's."""
        if self._masker is None or isinstance(value, bool) or (value is None and not number):
            return value, number
        text = number or str(value)
        if rule is None:
            if self._is_no_text(value):
                return value, number
            masked = self._masker.text(text)
            return (value, number) if masked == text else (masked, "")
        if self._word is Word.FHIR and rule.becomes is Becomes.PSEUDONYM:
            return self._masker.reference(rule, text), ""
        self._part(text)
        return self._masker.value(rule, text), ""

    def _is_no_text(self, value: object) -> bool:
        """A code of FHIR, or a number too short for a telephone's: clinical content that stays."""
        key = self._levels[-1].key if self._levels else None
        if not isinstance(value, str):
            return len(str(value)) < _LEAST_NUMBER
        return self._word is Word.FHIR and key in CODED

    def _part(self, text: str) -> None:
        """A part of a name, if it is one: in an object `name`, or in a list within one."""
        for level in reversed(self._levels):
            if not level.is_array:
                if level.place[-1:] == ("name",):
                    level.parts.append(text)
                return

    def _begins(self) -> tuple[Path, MaskRule | None]:
        """Place and rule of the value that begins now. Raises Unsound 3828 where none may."""
        if not self._levels:
            if self._whole:
                raise self._wrong()
            return (), None
        level = self._levels[-1]
        if not level.is_array and level.key is None:
            raise self._wrong()
        if level.is_array:
            return level.place, level.rule
        assert level.key is not None
        # `_birthDate` holds what else is said about `birthDate` (FHIR R4, 2.6.2.3): it goes with it.
        name = level.key.removeprefix("_") if self._word is Word.FHIR else level.key
        place = (*level.place, name)
        rule = level.rule or self._rules.of(place)
        if rule is not None and name != level.key:
            rule = replace(rule, becomes=Becomes.REMOVED)
        return place, rule

    def _lead(self, value: bytes) -> bytes:
        """A value behind what must stand before it in the level that is open."""
        if not self._levels:
            return value
        level = self._levels[-1]
        comma = b"," if level.count else b""
        if level.is_array:
            return comma + value
        return comma + self._encoded(level.key) + b":" + value

    def _encoded(self, value: object) -> bytes:
        try:
            return _encode(value)
        except UnicodeEncodeError as error:
            raise self._wrong() from error

    def _put(self, written: bytes) -> None:
        self._opened()
        self._out(written)

    def _opened(self) -> None:
        """All that is open is written, the outermost first."""
        for depth, level in enumerate(self._levels):
            if not level.opened:
                level.opened = True
                self._out(level.lead)
                if depth:
                    self._levels[depth - 1].count += 1

    def _counted(self) -> None:
        if self._levels:
            self._levels[-1].count += 1
            self._levels[-1].key = None
        else:
            self._whole = True

    def _drop(self, rule: MaskRule) -> None:
        level = self._levels[-1]
        level.dropped, level.key = True, None
        if self._masker is not None:
            self._masker.masked[rule.name] += 1

    def _close(self) -> None:
        if not self._levels or self._levels[-1].key is not None:
            raise self._wrong()
        level = self._levels[-1]
        if self._masker is not None:
            self._masker.note_parts(level.parts)
        if not level.opened and level.dropped:
            self._levels.pop()
            self._levels[-1].dropped, self._levels[-1].key = True, None
            return
        self._opened()
        self._levels.pop()
        self._out(b"]" if level.is_array else b"}")
        if self._levels:
            self._levels[-1].key = None
        else:
            self._whole = True

    def _out(self, data: bytes) -> None:
        self._held.append(data)
        self._held_bytes += len(data)
        if self._held_bytes >= _PIECE_BYTES:
            self._flush()

    def _flush(self) -> None:
        if self._held:
            self._write(b"".join(self._held))
            self._held, self._held_bytes = [], 0

    def _wrong(self) -> Unsound:
        return Unsound(3828, self._word, type=self._word.value)
