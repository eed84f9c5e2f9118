"""XML written anew from events, persons masked by path; the writing itself is xml_writer's.

xml    what is removed leaves no trace
cda    what is removed says so: nullFlavor="MSK" (HL7 V3 NullFlavor, masked)
fhir   paths begin at each resource and name elements, whose value is an attribute; no element is left empty
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final, assert_never

from gateway.inspection.changing.masker import Masker
from gateway.inspection.changing.naming import CODED, NAMED, NAMING
from gateway.inspection.changing.tree_rules import TreeRules
from gateway.inspection.formats.cda import SPACE as CDA_SPACE
from gateway.inspection.formats.fhir_types import RESOURCES
from gateway.inspection.formats.fhir_xml import FHIR_SPACE
from gateway.inspection.formats.xml_events import Chars, End, Start, XmlEvent
from gateway.inspection.formats.xml_writer import XmlWriter
from gateway.inspection.unsound import Unsound, Word
from gateway.policy.masking import Becomes, MaskRule, Path

# Of the characters between two tags, which are masked together.
_MAX_TEXT_CHARACTERS: Final = 40 << 20
_MASKED: Final = ("nullFlavor", "MSK")
_CDA_CODED: Final = frozenset(
    ["code", "codeSystem", "codeSystemName", "unit", "use", "root", "classCode", "moodCode", "typeCode",
     "nullFlavor", "type", "schemaLocation", "mediaType", "representation"]
)  # fmt: skip


@dataclass(slots=True)
class _Element:
    """An element that is open. waiting: not written yet, as it may stay empty."""

    name: str
    place: Path
    rule: MaskRule | None
    attributes: list[tuple[str, str]] = field(default_factory=list)
    waiting: bool = True
    dropped: bool = False
    narrative: bool = False
    parts: list[str] = field(default_factory=list)
    names_rule: bool = False


class XmlMasked:
    """One document. Raises Unsound 3828, 3862 to 3864."""

    def __init__(
        self, write: Callable[[bytes], object], word: Word, masker: Masker | None = None
    ) -> None:
        self._out = XmlWriter(write, word=word)
        self._word, self._masker = word, masker
        rules = masker.masking.rules if masker is not None else ()
        self._rules = TreeRules(rules, word.value)
        self._open: list[_Element] = []
        self._skipped: list[str] = []
        self._text: list[str] = []
        self._characters = 0

    def feed(self, event: XmlEvent) -> None:
        """The next event."""
        if isinstance(event, Chars):
            self._gather(event.text)
            return
        self._say_text()
        if self._skipped:
            self._skip(event)
            return
        match event:
            case Start(name, attributes):
                self._start(name, attributes)
            case End():
                self._end()
            case _:
                assert_never(event)

    def _skip(self, event: XmlEvent) -> None:
        """What is inside of something that is removed."""
        if isinstance(event, Start):
            self._skipped.append(_local(event.name))
            self._note(event.attributes)
        else:
            self._skipped.pop()

    def _note(self, attributes: Iterable[tuple[str, str]]) -> None:
        for key, value in attributes:
            if self._masker is None or _is_space(key):
                continue
            if self._word is not Word.FHIR:
                self._masker.note_removed(value)
            elif NAMED & set(self._skipped) and self._skipped[-1] in NAMING:
                self._masker.note(value)

    def end(self) -> None:
        """The document is whole."""
        self._say_text()
        self._out.end()

    def _gather(self, text: str) -> None:
        if self._skipped:
            if self._word is not Word.FHIR and self._masker is not None:
                self._masker.note_removed(text)
            return
        self._text.append(text)
        self._characters += len(text)
        if self._characters > _MAX_TEXT_CHARACTERS:
            raise Unsound(3828, self._word, type=self._word.value)

    def _start(self, name: str, attributes: list[tuple[str, str]]) -> None:
        above = self._open[-1] if self._open else None
        local = _local(name)
        self._refuse_others(attributes)
        place = self._place(above, local)
        own = self._rules.of(place)
        rule = (above.rule if above else None) or own
        if rule is not None and rule.becomes is Becomes.REMOVED and above is not None:
            self._remove(name, attributes, rule, above)
            return
        narrative = above is not None and (above.narrative or local == "div")
        element = _Element(name, place, rule, narrative=narrative)
        if above is not None and above.rule is not None:
            # Of one value, in parts: 李 and 一 below one name.
            element.parts = above.parts
        element.names_rule = own is not None
        element.attributes = [
            pair for key, value in attributes if (pair := self._attribute(element, key, value))
        ]
        self._open.append(element)
        if self._word is not Word.FHIR or narrative or _says(element.attributes):
            self._written()

    def _place(self, above: _Element | None, local: str) -> Path:
        if above is None:
            # FHIR's paths begin with the resource, the others' with the outermost element.
            return (local,)
        starts = self._word is Word.FHIR and local in RESOURCES and local[:1].isupper()
        return (local,) if starts else (*above.place, local)

    def _remove(
        self, name: str, attributes: list[tuple[str, str]], rule: MaskRule, above: _Element
    ) -> None:
        if self._masker is not None:
            self._masker.masked[rule.name] += 1
        self._skipped = [_local(name)]
        if self._word is Word.FHIR:
            value = dict(attributes).get("value", "")
            if value and self._masker is not None:
                self._masker.note(value)
                above.parts.append(value)
        else:
            self._note(attributes)
        if self._word is Word.CDA:
            spaces = [(key, value) for key, value in attributes if _is_space(key)]
            self._written()
            self._out.start(name, [*spaces, _MASKED])
            self._out.close()
        else:
            above.dropped = True

    def _attribute(self, element: _Element, key: str, value: str) -> tuple[str, str] | None:
        """An attribute as it is written, None where it goes."""
        if self._masker is None or _is_space(key):
            return key, value
        named = self._rules.of((*element.place, f"@{_local(key)}"))
        whole = element.rule if self._word is Word.FHIR and key == "value" else None
        rule = named or whole
        if rule is None:
            return key, value if self._is_code(element, key) else self._masker.text(value)
        if rule.becomes is Becomes.REMOVED:
            self._masker.value(rule, value)
            return None
        if self._word is Word.FHIR and self._open and key == "value":
            self._open[-1].parts.append(value)
        return key, self._value(rule, value)

    def _is_code(self, element: _Element, key: str) -> bool:
        """What is coded names nobody, and must stay what it is."""
        if self._word is Word.FHIR:
            return key == "url" or element.place[-1] in CODED
        return self._word is Word.CDA and _local(key) in _CDA_CODED

    def _refuse_others(self, attributes: list[tuple[str, str]]) -> None:
        """A resource or a clinical document in what was taken for other XML: its paths are not these."""
        own = {Word.FHIR: FHIR_SPACE, Word.CDA: CDA_SPACE}.get(self._word, "")
        for key, value in attributes if self._masker is not None else ():
            if _is_space(key) and value in (FHIR_SPACE, CDA_SPACE) and value != own:
                raise Unsound(3838, self._word)

    def _value(self, rule: MaskRule, value: str) -> str:
        """A reference of FHIR keeps what stands before the number."""
        assert self._masker is not None
        if self._word is Word.FHIR and rule.becomes is Becomes.PSEUDONYM:
            return self._masker.reference(rule, value)
        return self._masker.value(rule, value)

    def _say_text(self) -> None:
        """The characters since the last tag."""
        if not self._text:
            return
        text, self._text, self._characters = "".join(self._text), [], 0
        element = self._open[-1] if self._open else None
        if element is None:
            if text.strip():
                raise Unsound(3828, self._word, type=self._word.value)
            return
        if self._word is Word.FHIR and not element.narrative and text.isspace():
            return
        if self._masker is not None:
            text = self._masked(self._masker, element, text)
        self._written()
        self._out.chars(text)

    def _masked(self, masker: Masker, element: _Element, text: str) -> str:
        if element.rule is None:
            return masker.text(text)
        if not text.strip():
            return text
        element.parts.append(text)
        first = len(element.parts) == 1
        return masker.value(element.rule, text) if first else masker.rest(element.rule, text)

    def _written(self) -> None:
        """All that is open is written, the outermost first."""
        for element in self._open:
            if element.waiting:
                self._out.start(element.name, element.attributes)
                element.waiting = False

    def _end(self) -> None:
        if not self._open:
            raise Unsound(3828, self._word, type=self._word.value)
        element = self._open[-1]
        fhir_name = self._word is Word.FHIR and element.place[-1:] == ("name",)
        if self._masker is not None and (element.names_rule or fhir_name):
            self._masker.note_parts([part.strip() for part in element.parts])
        if element.waiting and element.dropped and len(self._open) > 1:
            self._open.pop()
            self._open[-1].dropped = True
            return
        self._written()
        self._open.pop()
        self._out.close()


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _is_space(key: str) -> bool:
    """A declaration of a namespace, and not an attribute whose name begins so."""
    return key == "xmlns" or key.startswith("xmlns:")


def _says(attributes: list[tuple[str, str]]) -> bool:
    """Whether an element says something by its attributes."""
    return any(not _is_space(key) for key, _ in attributes)
