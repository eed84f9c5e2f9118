"""The sections of a policy file to values, each read by its row of the table of words.

Knows the shape of a section (keys, lists, several words in one text) and nothing of what the values
mean together; that is `build`'s and `trials`'.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar, cast

from gateway.errors import Field
from gateway.policy.lists import EntryList
from gateway.policy.located import Located
from gateway.policy.masking import Masking
from gateway.policy.model import Section
from gateway.policy.nodes import Broken, Document, Entries, Items, Node, Scalar
from gateway.policy.parts import LATER
from gateway.policy.phrases import Misread, did_you_mean
from gateway.policy.request_words import request_words_of
from gateway.policy.values import SchemaText
from gateway.policy.words import words_of
from gateway.policy.written_words import Word
from gateway.unit.model import Kind

T = TypeVar("T")

_BETWEEN: Final = re.compile(r", *| +or +| +and +")


# Words of the one kind of channel that mean nothing to the other.
_ONLY_FILES: Final = {
    section: words_of(section).keys() - request_words_of(section).keys() for section in Section
}
_ONLY_FILES[Section.CHANNEL] |= {
    "passes_if", "held_if", "refused_if", "counted_if", "also_at_receiver",
}  # fmt: skip
_ONLY_REQUESTS: Final = {
    section: request_words_of(section).keys() - words_of(section).keys() for section in Section
}
_ONLY_REQUESTS[Section.CHANNEL] |= {"lanes", Section.OPERATIONS.value}


@dataclass(frozen=True, slots=True)
class Found:
    """A value and where it stands. text: as it was written."""

    value: object
    key: Scalar
    node: Node
    text: str


@dataclass(slots=True)
class Sheet:
    """What has been read of a file so far: values by section and word, and every problem."""

    document: Document
    lists: Mapping[str, EntryList]
    masking: Masking | None = None
    schemas: Mapping[str, SchemaText] = field(default_factory=dict)
    problems: list[Located] = field(default_factory=list)
    found: dict[Section, dict[str, Found]] = field(default_factory=dict)

    def value(self, section: Section, word: Word[T]) -> T | None:
        """The value of a word, None where the file does not say it."""
        found = self.found.get(section, {}).get(word.name)
        return cast("T", found.value) if found else None

    def at(self, section: Section, word: Word[Any]) -> Found | None:
        return self.found.get(section, {}).get(word.name)

    def complain(
        self, node: Node, number: int, start: int = 0, width: int = 0, **fields: Field
    ) -> None:
        self.problems.append(self.document.problem(node, number, start, width, (), **fields))

    def suggest(self, node: Node, number: int, knows: tuple[str, ...], **fields: Field) -> None:
        self.problems.append(self.document.problem(node, number, 0, 0, knows, **fields))


def read_entries(
    sheet: Sheet,
    section: Section,
    node: Entries,
    also: tuple[str, ...] = (),
    of_kind: Mapping[str, Word[Any]] | None = None,
) -> dict[str, Found]:
    """The values of one mapping; problems go on the sheet. also: words that are read elsewhere.

    of_kind: the words of this section where the channel carries something else than files.
    """
    known = words_of(section) if of_kind is None else of_kind
    found: dict[str, Found] = {}
    meant: set[str] = set()
    for key, value in node.entries:
        if key.text in also:
            continue
        word = known.get(key.text)
        if word is None:
            meant.add(_unknown(sheet, section, key, (*known, *also), of_files=of_kind is None))
            continue
        read = _read_value(sheet, word, key, value)
        if read is not None:
            found[key.text] = read
    for word in known.values():
        # A misspelt word is one problem: it is not missing besides.
        if word.obligatory and word.name not in meant and node.get(word.name) is None:
            sheet.complain(
                node,
                2174,
                0,
                1,
                word=word.name,
                section=section.value,
                write=f"{word.name}: {word.example}",
            )
    return found


def _unknown(
    sheet: Sheet, section: Section, key: Scalar, known: tuple[str, ...], *, of_files: bool
) -> str:
    """Complain about a key that is no word here; gives the word that it was meant to be, or ""."""
    text = key.text
    if text in (_ONLY_REQUESTS if of_files else _ONLY_FILES)[section]:
        kind = Kind.REQUESTS if of_files else Kind.FILES
        sheet.complain(key, 2301, word=text, kind=kind.value)
        return ""
    if text in LATER[section]:
        sheet.complain(key, 2121, word=text, section=section.value)
        return ""
    if home := _home_of(text, section):
        sheet.complain(key, 2171, word=text, section=section.value, home=home)
        return ""
    near = did_you_mean(text, known)
    if near:
        sheet.suggest(key, 2101, known, word=text, section=section.value, write=near)
    else:
        sheet.suggest(key, 2199, known, word=text, section=section.value)
    return near


def _home_of(text: str, section: Section) -> str:
    """Another section that has this word."""
    for other in Section:
        if other not in (section, Section.TESTS, Section.TRY) and text in words_of(other):
            return other.value
    return ""


def _read_value(sheet: Sheet, word: Word[Any], key: Scalar, node: Node) -> Found | None:
    if isinstance(node, Broken):
        return None
    pieces = _pieces(sheet, word, node)
    if pieces is None:
        return None
    values: list[object] = []
    for at, start, text in pieces:
        try:
            values.append(word.item(text))
        except Misread as error:
            _misread(sheet, word, at, start, text, error)
    if len(values) < len(pieces):
        return None
    text = node.text if isinstance(node, Scalar) else ", ".join(text for _, _, text in pieces)
    return Found(word.join(tuple(values)), key, node, text)


def _pieces(sheet: Sheet, word: Word[Any], node: Node) -> list[tuple[Scalar, int, str]] | None:
    """The single texts of a value: (scalar, start in it, text)."""
    if isinstance(node, Scalar):
        return _split(node) if word.splits else [(node, 0, node.text)]
    if not isinstance(node, Items) or not word.many:
        sheet.complain(node, 2173, word=word.name, write=f"{word.name}: {word.example}")
        return None
    if not node.items or not all(isinstance(item, Scalar) for item in node.items):
        if not any(isinstance(item, Broken) for item in node.items):
            sheet.complain(node, 2173, word=word.name, write=f"{word.name}: {word.example}")
        return None
    return [(item, 0, item.text) for item in node.items if isinstance(item, Scalar)]


def _split(node: Scalar) -> list[tuple[Scalar, int, str]]:
    pieces: list[tuple[Scalar, int, str]] = []
    start = 0
    for match in _BETWEEN.finditer(node.text):
        pieces.append((node, start, node.text[start : match.start()]))
        start = match.end()
    return [*pieces, (node, start, node.text[start:])]


def _misread(
    sheet: Sheet, word: Word[Any], node: Scalar, start: int, text: str, error: Misread
) -> None:
    # A value over several lines is pointed at as a whole.
    plain = "\n" not in node.text
    at = start + error.start if plain else 0
    width = (error.width or len(text)) if plain else 1
    fields: dict[str, Field] = {"word": word.name, **error.fields}
    sheet.problems.append(
        sheet.document.problem(node, error.number, at, width, error.knows, **fields)
    )
