"""`masking.yaml` to values: every error at once, with its line (as the channels' files are read).

masking: What leaves about a person.       a sentence for people
fields:
  number of the person:                    a name of one's own
    becomes: pseudonym
    fhir: Patient.identifier.value         one place, or a list of them
in_text: identity numbers and mobile numbers
dicom: PS3.15 basic profile, dates shifted
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final, TypeVar

from gateway.errors import Field as MessageField
from gateway.policy.document import Document, Entries, Items, Node, Scalar, read_document
from gateway.policy.identifiers import IDENTIFIERS
from gateway.policy.located import Located
from gateway.policy.masking import Becomes, Dates, Field, Masking, MaskRule, Path
from gateway.policy.phrases import Misread, read_word
from gateway.policy.texts import read_free_text

T = TypeVar("T")

_TOP: Final = ("masking", "fields", "in_text", "dicom")
_STEP: Final = r"(?:\*\*?|[A-Za-z_][A-Za-z0-9_-]{0,79})"
_FHIR: Final = re.compile(rf"(?:\*|[A-Z][A-Za-z]+)(?:\.{_STEP})+")
_JSON: Final = re.compile(rf"{_STEP}(?:\.{_STEP})*")
_XML: Final = re.compile(rf"{_STEP}(?:/{_STEP})*(?:/@[A-Za-z_][A-Za-z0-9_-]{{0,79}})?")
_HL7: Final = re.compile(
    r"([A-Z][A-Z0-9]{2})-([1-9][0-9]{0,2})(?:\.([1-9][0-9]?))?(?:\.([1-9][0-9]?))?"
)
_TAG: Final = re.compile(r"\(([0-9A-Fa-f]{4}),([0-9A-Fa-f]{4})\)")
_PROFILE: Final = re.compile(r"PS3\.15 basic profile(?:, dates (removed|shifted|kept))?")
_BETWEEN: Final = re.compile(r", *| and ")
MAX_PLACES: Final = 2_000
_PATIENT_ID: Final = 0x00100020
_EXAMPLES: Final = {
    "fhir": "Patient.identifier.value", "json": "patient.name", "cda": "**/patient/name",
    "xml": "report/patient/@name", "hl7": "PID-5", "csv": "patient_name", "dicom": "(0010,0020)",
}  # fmt: skip


def read_masking(file: str, untrusted_bytes: bytes) -> tuple[Masking | None, tuple[Located, ...]]:
    """The rules of a file, or None and every problem of it. Raises nothing, does no I/O."""
    reading = read_document(file, untrusted_bytes)
    if reading.document is None:
        return None, reading.problems
    reader = _Reader(reading.document)
    masking = reader.masking()
    problems = sorted((*reading.problems, *reader.problems), key=lambda p: (p.line, p.column))
    return (None if problems else masking), tuple(problems)


class _Reader:
    def __init__(self, document: Document) -> None:
        self._document = document
        self.problems: list[Located] = []
        self._places = 0

    def masking(self) -> Masking:
        top = self._document.top
        for key, _ in top.entries:
            if key.text not in _TOP:
                self._complain(key, 2260, _TOP, word=key.text)
        says = self._one(top, "masking", read_free_text, obligatory=True) or ""
        rules = tuple(self._rules(top))
        in_text = self._many(top.get("in_text"), self._identifier)
        line = next((key.line for key, _ in top.entries if key.text == "in_text"), 0)
        dates = self._one(top, "dicom", _dates) or Dates.SHIFTED
        if not rules and not in_text and not self.problems:
            self._complain(top, 2261)
        return Masking(says, rules, frozenset(in_text), line, dates)

    def _rules(self, top: Entries) -> Iterator[MaskRule]:
        fields = top.get("fields")
        if fields is None:
            return
        if not isinstance(fields, Entries):
            self._complain(fields, 2262)
            return
        for key, node in fields.entries:
            if isinstance(node, Entries):
                yield self._rule(key, node)
            else:
                self._complain(node, 2262)

    def _rule(self, key: Scalar, node: Entries) -> MaskRule:
        for word, _ in node.entries:
            if word.text != "becomes" and word.text not in _EXAMPLES:
                self._complain(word, 2260, ("becomes", *_EXAMPLES), word=word.text)
        becomes = self._one(node, "becomes", _becomes, obligatory=True) or Becomes.REMOVED
        forms = {"fhir": (_FHIR, "."), "json": (_JSON, "."), "cda": (_XML, "/"), "xml": (_XML, "/")}
        paths: dict[str, tuple[Path, ...]] = {}
        for format_word, (form, mark) in forms.items():
            read = partial(_path, word=format_word, form=form, mark=mark)
            if found := self._places_of(node, format_word, read):
                paths[format_word] = found
        rule = MaskRule(
            key.text,
            becomes,
            key.line,
            paths,
            self._places_of(node, "hl7", _field),
            self._places_of(node, "csv", _column),
            self._places_of(node, "dicom", _tag),
        )
        if not (paths or rule.fields or rule.columns or rule.tags):
            self._complain(key, 2263, name=key.text)
        allowed = becomes is Becomes.REMOVED or (
            becomes is Becomes.PSEUDONYM and set(rule.tags) == {_PATIENT_ID}
        )
        if rule.tags and not allowed:
            self._complain(key, 2264, name=key.text, becomes=becomes.value)
        return rule

    def _places_of(self, node: Entries, word: str, item: Callable[[str], T]) -> tuple[T, ...]:
        return self._many(node.get(word), item, split=False)

    def _many(
        self, node: Node | None, item: Callable[[str], T], *, split: bool = True
    ) -> tuple[T, ...]:
        if node is None:
            return ()
        scalars: tuple[Node, ...] = node.items if isinstance(node, Items) else (node,)
        read: list[T] = []
        for scalar in scalars:
            if not isinstance(scalar, Scalar):
                self._complain(scalar, 2262)
                continue
            texts = _BETWEEN.split(scalar.text) if split else [scalar.text]
            for text in texts:
                value = self._read(scalar, text, item)
                if value is not None:
                    read.append(value)
        self._places += len(read)
        if self._places > MAX_PLACES:
            self._complain(node, 2265, limit=MAX_PLACES)
        return tuple(read)

    def _one(
        self, node: Entries, word: str, item: Callable[[str], T], *, obligatory: bool = False
    ) -> T | None:
        value = node.get(word)
        if value is None:
            if obligatory:
                self._complain(node, 2266, word=word)
            return None
        if not isinstance(value, Scalar):
            self._complain(value, 2262)
            return None
        return self._read(value, value.text, item)

    def _read(self, node: Scalar, text: str, item: Callable[[str], T]) -> T | None:
        try:
            return item(text)
        except Misread as error:
            start = max(0, node.text.find(text)) + error.start
            width = error.width or len(text)
            found = self._document.problem(
                node, error.number, start, width, error.knows, **error.fields
            )
            self.problems.append(found)
            return None

    def _identifier(self, text: str) -> str:
        return read_word(text, IDENTIFIERS)

    def _complain(
        self, node: Node, number: int, knows: tuple[str, ...] = (), /, **fields: MessageField
    ) -> None:
        self.problems.append(self._document.problem(node, number, 0, 0, knows, **fields))


def _becomes(text: str) -> Becomes:
    return Becomes(read_word(text, tuple(Becomes)))


def _dates(text: str) -> Dates:
    found = _PROFILE.fullmatch(text)
    if found is None:
        write = "PS3.15 basic profile, dates shifted"
        raise Misread(2107, 0, len(text), (write,), text=text, write=write)
    return Dates(found[1] or Dates.SHIFTED)


def _path(text: str, word: str, form: re.Pattern[str], mark: str) -> Path:
    if not form.fullmatch(text) or text.count("**") > 3:
        raise _no_place(text, word)
    return tuple(text.split(mark))


def _field(text: str) -> Field:
    found = _HL7.fullmatch(text)
    if found is None:
        raise _no_place(text, "hl7")
    return Field(found[1], int(found[2]), int(found[3] or 0), int(found[4] or 0))


def _column(text: str) -> str:
    if not text.strip() or len(text) > 200:
        raise _no_place(text, "csv")
    return text.strip()


def _tag(text: str) -> int:
    found = _TAG.fullmatch(text)
    if found is None:
        raise _no_place(text, "dicom")
    return int(found[1] + found[2], 16)


def _no_place(text: str, word: str) -> Misread:
    return Misread(2267, 0, len(text), text=text, word=word, write=_EXAMPLES[word])
