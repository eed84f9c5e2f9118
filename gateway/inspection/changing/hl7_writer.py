"""HL7 version 2 written anew from its fields, persons masked by field, component and subcomponent (2.5)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, assert_never

from gateway.inspection.changing.masker import Masker
from gateway.inspection.changing.parts import Codec, Fields, Hl7Part
from gateway.inspection.formats.hl7 import CHARACTER_SETS, SEPARATORS, unescaped
from gateway.inspection.unsound import Unsound, Word
from gateway.policy.masking import Becomes, MaskRule

_NAME: Final = re.compile(r"[A-Z][A-Z0-9]{2}")
_FORBIDDEN: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f|]")
_CODECS: Final = frozenset(CHARACTER_SETS.values())
_ESCAPED: Final = str.maketrans(
    {"|": "\\F\\", "^": "\\S\\", "&": "\\T\\", "~": "\\R\\", "\\": "\\E\\"}
)
_WORD: Final = Word.HL7


class Hl7Writer:
    """One message. Raises Unsound 3828 for parts that are none of a message."""

    def __init__(self, write: Callable[[bytes], object], masker: Masker | None = None) -> None:
        self._write, self._masker = write, masker
        self._codec = ""
        self._segments = 0
        self._rules: dict[tuple[str, int], list[tuple[int, int, MaskRule]]] = {}
        for rule in masker.masking.rules if masker is not None else ():
            for one in rule.fields:
                found = self._rules.setdefault((one.segment, one.number), [])
                found.append((one.component, one.subcomponent, rule))

    def feed(self, part: Hl7Part) -> None:
        """The next part: the codec first, then the header's segment."""
        match part:
            case Codec(name):
                if self._codec or name not in _CODECS:
                    raise _wrong()
                self._codec = name
            case Fields(fields):
                self._segment(fields)
            case _:
                assert_never(part)

    def end(self) -> None:
        """The message is whole."""
        if not self._segments:
            raise _wrong()

    def _segment(self, parts: list[str]) -> None:
        name, *fields = parts
        header = name == "MSH"
        bad = any(_FORBIDDEN.search(field) for field in fields) or not _NAME.fullmatch(name)
        if bad or header != (not self._segments) or not self._codec:
            raise _wrong()
        if header and (not fields or fields[0] != SEPARATORS[1:]):
            raise _wrong()
        # Of MSH the first field is the separator itself, the second the other four.
        first = 2 if header else 1
        written = [
            field if header and place == 0 else self._field(name, place + first, field)
            for place, field in enumerate(fields)
        ]
        self._segments += 1
        try:
            self._write("|".join([name, *written]).encode(self._codec) + b"\r")
        except UnicodeEncodeError as error:
            raise _wrong() from error

    def _field(self, segment: str, number: int, text: str) -> str:
        rules = self._rules.get((segment, number))
        if self._masker is None or not text or (rules is None and len(text) < 6):
            return text
        if rules is None:
            return "~".join(self._searched(one) for one in text.split("~"))
        for repetition in text.split("~"):
            # A name in parts stands whole in a text: 李^一 is 李一.
            self._masker.note(unescaped(repetition.replace("^", "").replace("&", "")))
        for component, subcomponent, rule in rules:
            text = self._masked(rule, component, subcomponent, text)
        return text

    def _masked(self, rule: MaskRule, component: int, subcomponent: int, text: str) -> str:
        if not component and rule.becomes is Becomes.REMOVED:
            assert self._masker is not None
            for part in re.split(r"[\^&~]", text):
                self._masker.value(rule, unescaped(part))
            return '""' if text == '""' else ""
        return "~".join(
            "^".join(
                "&".join(
                    self._value(rule, sub, is_first=bool(component) or (c, s) == (1, 1))
                    if component in (0, c) and subcomponent in (0, s)
                    else sub
                    for s, sub in enumerate(one.split("&"), 1)
                )
                for c, one in enumerate(repetition.split("^"), 1)
            )
            for repetition in text.split("~")
        )

    def _value(self, rule: MaskRule, text: str, *, is_first: bool) -> str:
        """`\"\"` says that there is no value any more (2.5.3): nothing to be masked."""
        assert self._masker is not None
        if not text or text == '""':
            return text
        masked = self._masker.value if is_first else self._masker.rest
        return masked(rule, unescaped(text)).translate(_ESCAPED)

    def _searched(self, repetition: str) -> str:
        """What names a person in any other text; escapes stay where nothing is found."""
        assert self._masker is not None
        parts = re.split(r"([\^&])", repetition)
        for at in range(0, len(parts), 2):
            plain = unescaped(parts[at])
            masked = self._masker.text(plain)
            if masked != plain:
                parts[at] = masked.translate(_ESCAPED)
        return "".join(parts)


def _wrong() -> Unsound:
    return Unsound(3828, _WORD, type="hl7 v2")
