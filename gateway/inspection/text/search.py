"""One search for all that a channel asks for, built once from a plan.

    Text, Text, Text ...  --joined-->  block of 131,072 characters  --normalise-->  identifiers
                                                                                   words
    long Text  --cut-->  blocks, each 4,096 characters into the next               patterns  --> Hit

Short texts (fields of a message, cells of a table) are searched together, parted by a form feed over which
nothing is found; a long one in blocks at fixed places, a hit belonging to the block in which it begins. So a
text gives the same hits in one piece or in many, and what is held is one block, whatever the size.

What is found in a text of a content is about people: a Hit says where it is and shows enough to recognise
it, never the value. A caller that masks takes the places. No I/O. One thread at a time.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Final

from gateway.inspection.formats.contract import TEXT_OVERLAP_CHARACTERS, Text
from gateway.inspection.text.found import BORDER, Around, Identifier, TooMany
from gateway.inspection.text.identifiers import find_identifiers
from gateway.inspection.text.normalise import CELL, Normal, normalise
from gateway.inspection.text.patterns import Pattern, find_pattern
from gateway.inspection.text.shown import SHOWN, length, line_of
from gateway.inspection.text.words import WordList, WordSearch

# The next one shares a thirtieth of it. What looks far ahead for nothing looks no further than this.
BLOCK_CHARACTERS: Final = 1 << 17
# Before a block: what announces a number, and the levels of an address.
_LEFT_CHARACTERS: Final = 256
MOST_HITS: Final = 10_000


class Kind(StrEnum):
    IDENTIFIER = "identifier"
    WORD = "word"
    PATTERN = "pattern"
    # More than the plan's most_hits: the search ended here, and the rest is not looked at.
    OVERFLOW = "overflow"


@dataclass(frozen=True, slots=True)
class Hit:
    """Something that a channel asks for, at characters start to end of the text as it was given.

    name: the identifier, the word list or the pattern. where: of the text. shown: for people and the
    audit, never the value: of numbers what the field leaves to see (110***********002X, 138****5678,
    card 622202*********7890, landline 010******56, passport E*****678, a***@example.cn, 浙江省***), of a
    word its line in the list, of a pattern and a medical record number how long it is.
    """

    kind: Kind
    name: str
    where: str
    start: int
    end: int
    shown: str


@dataclass(frozen=True, slots=True)
class SearchPlan:
    """What is searched for. medical_records: the site's patterns of Identifier.MEDICAL_RECORD.

    most_hits: of one call of search, or one stream.
    """

    identifiers: frozenset[Identifier] = frozenset()
    word_lists: tuple[WordList, ...] = ()
    patterns: tuple[Pattern, ...] = ()
    medical_records: tuple[Pattern, ...] = ()
    most_hits: int = MOST_HITS


def row_text(where: str, cells: Iterable[str]) -> Text:
    """The cells of a row as one text, so that a value split over cells is found.

    Places are those of the cells joined by one CELL character each.
    """
    return Text(where, CELL.join(cells))


@dataclass(frozen=True, slots=True)
class _Part:
    """A text or a stretch of one in a block.

    begin: in the block. shift: from a place in the block to one in the text. own_start, own_end: places
    in the text; a hit that begins there is this block's.
    """

    number: int
    where: str
    begin: int
    shift: int
    own_start: int
    own_end: int


class Searcher:
    """Built once (about 0.2 s with ten thousand words), used for every text of a channel."""

    def __init__(self, plan: SearchPlan, *, block_characters: int = BLOCK_CHARACTERS) -> None:
        """Raises Misconfigured 3958 (the words cannot be built), and nothing else."""
        self.plan: Final = plan
        self.block_characters: Final = block_characters
        self._words = WordSearch(plan.word_lists)

    def search(self, texts: Iterable[Text]) -> Iterator[Hit]:
        """Hits in the order of the texts and of their places. Raises nothing of its own.

        The last one may be of Kind.OVERFLOW: what follows was not looked at, and a caller that masks
        or forbids must not go on as if nothing were there.
        """
        return (hit for _, hit in self.search_numbered(texts))

    def search_numbered(self, texts: Iterable[Text]) -> Iterator[tuple[int, Hit]]:
        """The same, each with the number of its text, from 0."""
        return self._bounded(
            hits for parts, text in self._blocks(texts) for hits in self._search(parts, text)
        )

    def stream(self, where: str) -> Stream:
        """A search of one text that comes in pieces, cut anywhere."""
        return Stream(self, where)

    def _bounded(self, hits: Iterator[tuple[int, Hit]]) -> Iterator[tuple[int, Hit]]:
        for count, (number, hit) in enumerate(hits):
            if hit.kind is Kind.OVERFLOW or count >= self.plan.most_hits:
                yield number, Hit(Kind.OVERFLOW, "overflow", hit.where, hit.start, hit.start, "")
                return
            yield number, hit

    def _blocks(self, texts: Iterable[Text]) -> Iterator[tuple[list[_Part], str]]:
        parts: list[_Part] = []
        pieces: list[str] = []
        size = 0
        for number, text in enumerate(texts):
            length = len(text.text)
            if parts and size + length > self.block_characters:
                yield parts, BORDER.join(pieces)
                parts, pieces, size = [], [], 0
            if length > self.block_characters:
                yield from self._cut(number, text)
                continue
            # A hit is not empty, so one that begins before the end is the text's.
            parts.append(_Part(number, text.where, size, -size, 0, max(1, length)))
            pieces.append(text.text)
            size += length + len(BORDER)
        if parts:
            yield parts, BORDER.join(pieces)

    def _cut(self, number: int, text: Text) -> Iterator[tuple[list[_Part], str]]:
        for start in range(0, len(text.text), self.block_characters):
            begin = max(0, start - _LEFT_CHARACTERS)
            end = start + self.block_characters
            part = _Part(number, text.where, 0, begin, start, end)
            yield [part], text.text[begin : end + TEXT_OVERLAP_CHARACTERS]

    def _search(self, parts: list[_Part], text: str) -> Iterator[tuple[int, Hit]]:
        """Hits of one block, in order."""
        block = _Block(parts, normalise(text))
        try:
            found = list(islice(self._found(block), self.plan.most_hits + 1))
        except TooMany:
            part = parts[0]
            where = Hit(Kind.OVERFLOW, "overflow", part.where, part.own_start, part.own_start, "")
            found = [(part.number, where)]
        found.sort(key=lambda f: (f[0], f[1].start, f[1].end, f[1].kind, f[1].name, f[1].shown))
        return iter(found)

    def _found(self, block: _Block) -> Iterator[tuple[int, Hit]]:
        normal, plan = block.normal, self.plan
        if plan.identifiers:
            around = Around(normal.text, block.where)
            for one in find_identifiers(normal.text, normal.utf8, plan.identifiers, around):
                shown = SHOWN[one.name]
                yield from block.hit(Kind.IDENTIFIER, one.name.value, one.start, one.end, shown)
        for word in self._words.find(normal.text, normal.utf8):
            shown = line_of(word.word.line)
            yield from block.hit(Kind.WORD, word.list_name, word.start, word.end, shown)
        for pattern in plan.patterns:
            for start, end in find_pattern(pattern, normal.text, normal.utf8):
                yield from block.hit(Kind.PATTERN, pattern.name, start, end, length)
        for pattern in plan.medical_records:
            for start, end in find_pattern(pattern, normal.text, normal.utf8):
                name = Identifier.MEDICAL_RECORD.value
                yield from block.hit(Kind.IDENTIFIER, name, start, end, length)


class Stream:
    """The hits of one text that comes in pieces, with places in the whole; at most two blocks are held."""

    def __init__(self, searcher: Searcher, where: str) -> None:
        self._searcher, self._where = searcher, where
        self._pieces: list[str] = []
        self._held = 0
        self._begin = 0
        self._start = 0
        self._count = 0
        self._over = False

    def feed(self, piece: str) -> list[Hit]:
        """Hits that are now certain. Raises nothing."""
        self._pieces.append(piece)
        self._held += len(piece)
        needed = self._searcher.block_characters + TEXT_OVERLAP_CHARACTERS
        if self._begin + self._held < self._start + needed:
            return []
        return self._search(at_end=False)

    def close(self) -> list[Hit]:
        """The last hits; the stream has ended."""
        return self._search(at_end=True)

    def _search(self, *, at_end: bool) -> list[Hit]:
        text = "".join(self._pieces)
        size, end = self._searcher.block_characters, self._begin + len(text)
        hits: list[Hit] = []
        while self._start < end and (at_end or self._start + size + TEXT_OVERLAP_CHARACTERS <= end):
            first = max(0, self._start - _LEFT_CHARACTERS)
            last = self._start + size + TEXT_OVERLAP_CHARACTERS
            part = _Part(0, self._where, 0, first, self._start, self._start + size)
            hits += self._taken(part, text[first - self._begin : last - self._begin])
            self._start += size
        kept = max(0, self._start - _LEFT_CHARACTERS)
        self._pieces = [text[kept - self._begin :]]
        self._held = len(self._pieces[0])
        self._begin = max(self._begin, kept)
        return hits

    def _taken(self, part: _Part, text: str) -> Iterator[Hit]:
        if self._over:
            return
        for _, hit in self._searcher._search([part], text):
            self._count += 1
            if hit.kind is Kind.OVERFLOW or self._count > self._searcher.plan.most_hits:
                self._over = True
                yield Hit(Kind.OVERFLOW, "overflow", hit.where, hit.start, hit.start, "")
                return
            yield hit


class _Block:
    """A normal form with what its places mean."""

    def __init__(self, parts: list[_Part], normal: Normal) -> None:
        self.normal = normal
        self._parts = parts
        self._begins = [part.begin for part in parts]

    def where(self, place: int) -> str:
        return self._part(self.normal.span(place, place + 1)[0]).where

    def _part(self, place: int) -> _Part:
        return self._parts[bisect_right(self._begins, place) - 1]

    def hit(
        self, kind: Kind, name: str, start: int, end: int, shown: Callable[[str], str]
    ) -> Iterator[tuple[int, Hit]]:
        """The hit at these places of the normal form, where it is this block's."""
        first, last = self.normal.span(start, end)
        part = self._part(last - 1)
        # What combines may take the border before a text with it.
        first = max(first, part.begin) + part.shift
        if part.own_start <= first < part.own_end:
            value = self.normal.text[start:end]
            yield part.number, Hit(kind, name, part.where, first, last + part.shift, shown(value))
