"""JSON written anew from parts (RFC 8259), persons masked by their paths (FHIR: from their resource on).

    Open Key Leaf ... --order checked--> rule of the place? --> removed, another value, or as it is

An object or array that only held what was removed goes as well. Numbers under a rule that changes values
become strings.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final, assert_never

from gateway.inspection.changing.json_levels import JsonLevels, Level
from gateway.inspection.changing.masker import Masker
from gateway.inspection.changing.naming import CODED, NAMED, NAMING
from gateway.inspection.changing.parts import Close, JsonPart, Key, Leaf, Number, Open
from gateway.inspection.changing.tree_rules import TreeRules
from gateway.inspection.formats.fhir_types import RESOURCES
from gateway.inspection.unsound import Unsound, Word
from gateway.policy.masking import Becomes, MaskRule, Path

_PIECE_BYTES: Final = 64 << 10
_LEAST_NUMBER: Final = 7


@dataclass(slots=True, kw_only=True)
class _Level(Level):
    """parts: what rules masked in it, as the parts of a name."""

    place: Path
    rule: MaskRule | None
    parts: list[str] = field(default_factory=list)


class JsonWriter:
    """One document. fhir: paths begin at each resource. Raises Unsound 3828 for parts out of order."""

    def __init__(
        self, write: Callable[[bytes], object], word: Word, masker: Masker | None = None
    ) -> None:
        self._write, self._word, self._masker = write, word, masker
        rules = masker.masking.rules if masker is not None else ()
        self._rules = TreeRules(rules, word.value)
        self._levels: JsonLevels[_Level] = JsonLevels(self._out, word)
        self._skipped: list[str] = []
        self._skipped_key = ""
        self._skipped_in: set[str] = set()
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
                self._levels.key(name)
            case Leaf(value):
                self._leaf(value, "")
            case Number(text):
                self._leaf(None, self._levels.checked_number(text))
            case Close():
                self._close()
            case _:
                assert_never(part)

    def end(self) -> None:
        """The document is whole."""
        if self._skipped or not self._levels.is_whole:
            raise self._levels.wrong()
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
        self._levels.check_depth()
        if rule is not None and rule.becomes is Becomes.REMOVED and self._levels.open:
            self._drop(rule)
            self._skipped, self._skipped_in = [""], set(place)
            self._skipped_key = place[-1] if place else ""
            return
        self._levels.begin(_Level(part.is_array, place=place, rule=rule))

    def _leaf(self, value: str | bool | int | None, number: str) -> None:
        _, rule = self._begins()
        level = self._levels.innermost()
        if level is not None and level.key == "resourceType" and self._word is Word.FHIR:
            if level.count or not isinstance(value, str):
                raise self._levels.wrong()
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
        self._levels.value(number.encode() if number else self._levels.encoded(value))

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
        level = self._levels.innermost()
        key = level.key if level is not None else None
        if not isinstance(value, str):
            return len(str(value)) < _LEAST_NUMBER
        return self._word is Word.FHIR and key in CODED

    def _part(self, text: str) -> None:
        """A part of a name, if it is one: in an object `name`, or in a list within one."""
        for level in reversed(self._levels.open):
            if not level.is_array:
                if level.place[-1:] == ("name",):
                    level.parts.append(text)
                return

    def _begins(self) -> tuple[Path, MaskRule | None]:
        """Place and rule of the value that begins now. Raises Unsound 3828 where none may."""
        level = self._levels.around()
        if level is None:
            return (), None
        if level.key is None:
            return level.place, level.rule
        # `_birthDate` holds what else is said about `birthDate` (FHIR R4, 2.6.2.3): it goes with it.
        name = level.key.removeprefix("_") if self._word is Word.FHIR else level.key
        place = (*level.place, name)
        rule = level.rule or self._rules.of(place)
        if rule is not None and name != level.key:
            rule = replace(rule, becomes=Becomes.REMOVED)
        return place, rule

    def _drop(self, rule: MaskRule) -> None:
        self._levels.drop()
        if self._masker is not None:
            self._masker.masked[rule.name] += 1

    def _close(self) -> None:
        level = self._levels.close()
        if self._masker is not None:
            self._masker.note_parts(level.parts)

    def _out(self, data: bytes) -> None:
        self._held.append(data)
        self._held_bytes += len(data)
        if self._held_bytes >= _PIECE_BYTES:
            self._flush()

    def _flush(self) -> None:
        if self._held:
            self._write(b"".join(self._held))
            self._held, self._held_bytes = [], 0
