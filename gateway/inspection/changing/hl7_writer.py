"""HL7 version 2 written anew from its fields, persons masked by field, component and subcomponent (2.5)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
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
# Component, subcomponent (0: all of them), and the rule of the place.
Places = Sequence[tuple[int, int, MaskRule]]


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
        masker, rules = self._masker, self._rules.get((segment, number), ())
        if masker is None or not text:
            return text
        repetitions = text.split("~")
        for repetition in repetitions if rules else ():
            masker.note_parts([unescaped(one) for one in re.split(r"[\^&]", repetition) if one][:3])
        whole = next((rule for component, _, rule in rules if not component), None)
        if whole is not None and whole.becomes is Becomes.REMOVED:
            for part in re.split(r"[\^&~]", text):
                masker.note_removed(unescaped(part))
            masker.masked[whole.name] += 1
            return '""' if text == '""' else ""
        return "~".join(self._repetition(masker, rules, one) for one in repetitions)

    def _repetition(self, masker: Masker, rules: Places, text: str) -> str:
        """Each subcomponent by the rule that names it, any other searched."""
        components = []
        for c, component in enumerate(text.split("^"), 1):
            subs = []
            for s, sub in enumerate(component.split("&"), 1):
                found = next((one for one in rules if one[0] in (0, c) and one[1] in (0, s)), None)
                if found is None:
                    subs.append(self._searched(masker, sub))
                else:
                    subs.append(
                        self._value(found[2], sub, is_first=bool(found[0]) or (c, s) == (1, 1))
                    )
            components.append("&".join(subs))
        return "^".join(components)

    def _value(self, rule: MaskRule, text: str, *, is_first: bool) -> str:
        """`\"\"` says that there is no value any more (2.5.3): nothing to be masked."""
        assert self._masker is not None
        if not text or text == '""':
            return text
        masked = self._masker.value if is_first else self._masker.rest
        return masked(rule, unescaped(text)).translate(_ESCAPED)

    def _searched(self, masker: Masker, text: str) -> str:
        """What names a person in any other text; escapes stay where nothing is found."""
        plain = unescaped(text)
        masked = masker.text(plain)
        return text if masked == plain else masked.translate(_ESCAPED)


def _wrong() -> Unsound:
    return Unsound(3828, _WORD, type="hl7 v2")
