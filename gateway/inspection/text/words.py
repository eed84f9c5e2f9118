"""Word lists of a site, and the search for all their words at once.

    list file --read_words--> WordList --WordSearch--> FoundWord

Every word is found, wherever it stands and whatever overlaps it: Chinese has no borders between words.
A list may ask that its words stand as whole words; then a letter or digit at an end of a word must not be
next to another (Chinese characters do not count). ASCII case is folded by the engine, other letters by
the normal form, which words go through as texts do (normalise.py): so a word in full-width letters, or
with blanks between its characters, is the word.

Engine: Hyperscan, literals only (2 to 4 GB/s at 1,000 words, 1 to 2 at 10,000; the next best, a packed
Aho-Corasick automaton, reached 0.5). It scans UTF-8: in GB18030 a word would be found in the middle of two
others. No I/O. One thread at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import hyperscan

from gateway.errors import Misconfigured
from gateway.inspection.text.found import BORDER, TooMany
from gateway.inspection.text.lines import lines
from gateway.inspection.text.normalise import normalise

# Ten thousand words of ten characters are 300 kB.
MAX_LIST_BYTES: Final = 8 << 20
MAX_WORDS: Final = 100_000
MAX_WORD_CHARACTERS: Final = 128
# Of one call, whole words or not: 30 MiB. More is a text made of the words of the list.
_MOST_AT_ONCE: Final = 1 << 18
# One letter is in every text; one Chinese character may be a word (癌).
_LEAST_ASCII_CHARACTERS: Final = 2
# The normal form keeps these full-width ones as they are: a word is looked for in both writings.
_WIDE: Final = str.maketrans(",:;()!?~%+=<>", "，：；（）！？～％＋＝＜＞")
_NARROW: Final = str.maketrans("，：；（）！？～％＋＝＜＞", ",:;()!?~%+=<>")


@dataclass(frozen=True, slots=True)
class Word:
    """text: as written. line: in the list file."""

    text: str
    line: int


@dataclass(frozen=True, slots=True)
class WordList:
    """name: as policies call it. path: for messages."""

    name: str
    path: str
    words: tuple[Word, ...]
    whole_words: bool = False


@dataclass(frozen=True, slots=True)
class FoundWord:
    """Characters start to end of the normal text are this word."""

    list_name: str
    word: Word
    start: int
    end: int


def read_words(name: str, path: str, text: str, *, whole_words: bool = False) -> WordList:
    """The text of a list: one word a line, # before comments; a word twice counts once.

    Raises Misconfigured 3951, 3953 to 3957 with file and line, and nothing else.
    """
    found: dict[str, Word] = {}
    for line in lines(path, text, MAX_LIST_BYTES):
        if len(line.text) > MAX_WORD_CHARACTERS:
            raise Misconfigured(
                3953,
                path=path,
                line=line.number,
                characters=len(line.text),
                most=MAX_WORD_CHARACTERS,
            )
        form = normalise(line.text).text.strip()
        if not form or BORDER in form:
            raise Misconfigured(3954, path=path, line=line.number)
        if form.isascii() and len(form) < _LEAST_ASCII_CHARACTERS:
            raise Misconfigured(3955, path=path, line=line.number, word=line.text)
        # The engine takes a capital for its small letter, and both widths are looked for.
        found.setdefault(form.lower().translate(_NARROW), Word(line.text, line.number))
        if len(found) > MAX_WORDS:
            raise Misconfigured(3956, path=path, line=line.number, most=MAX_WORDS)
    if not found:
        raise Misconfigured(3957, path=path)
    return WordList(name, path, tuple(found.values()), whole_words)


class WordSearch:
    """All words of some lists. Building takes about 15 us a word; nothing changes afterwards."""

    def __init__(self, lists: Sequence[WordList]) -> None:
        """Raises Misconfigured 3958 where the engine cannot be built, and nothing else."""
        self._entries = [
            (one, word, form)
            for one in lists
            for word in one.words
            for form in _writings(normalise(word.text).text.strip())
        ]
        self._bytes = [len(form) for _, _, form in self._entries]
        self._database = hyperscan.Database()
        count = len(self._entries)
        if not count:
            return
        try:
            self._database.compile(
                expressions=[form for _, _, form in self._entries],
                ids=list(range(count)),
                elements=count,
                flags=[hyperscan.HS_FLAG_CASELESS] * count,
                literal=True,
            )
        except hyperscan.error as error:
            raise Misconfigured(3958, words=count, reason=str(error)) from error

    def find(self, text: str, utf8: bytes) -> Iterator[FoundWord]:
        """Words in a normal text and its UTF-8, by their ends. Raises TooMany, and nothing else."""
        if not self._entries:
            return
        found: list[tuple[int, int]] = []
        keep = found.append

        def take(entry: int, _start: int, end: int, _flags: int, _context: object) -> bool | None:
            keep((end, entry))
            return len(found) >= _MOST_AT_ONCE or None

        try:
            self._database.scan(utf8, match_event_handler=take)
        except hyperscan.ScanTerminated as stopped:
            raise TooMany from stopped
        found.sort()
        # Every place where a word is written so is among them, by its end: so it is the next such place,
        # and is found sooner than characters are counted.
        ends: dict[str, tuple[int, int]] = {}
        end = 0
        for end_byte, entry in found:
            one, word, form = self._entries[entry]
            written = utf8[end_byte - len(form) : end_byte].decode()
            known_byte, known = ends.get(written, (0, 0))
            if known_byte != end_byte:
                begin = max(end, known + 1) - len(written)
                known = text.find(written, max(0, begin)) + len(written)
                ends[written] = end_byte, known
            end = known
            start = end - len(written)
            if not one.whole_words or _is_whole(text, start, end):
                yield FoundWord(one.name, word, start, end)


def _writings(form: str) -> set[bytes]:
    """The UTF-8 of a word, and where it has punctuation that has two widths, of both."""
    return {form.encode(), form.translate(_WIDE).encode(), form.translate(_NARROW).encode()}


def _is_whole(text: str, start: int, end: int) -> bool:
    return not (start and _borders(text[start]) and _borders(text[start - 1])) and not (
        end < len(text) and _borders(text[end - 1]) and _borders(text[end])
    )


# Scripts written without blanks; the first character of what follows the letters with borders.
_FIRST_WITHOUT_BORDERS: Final = "\u2e80"


def _borders(character: str) -> bool:
    """Whether it is a letter or digit of a script that parts its words."""
    return character.isalnum() and character < _FIRST_WITHOUT_BORDERS
