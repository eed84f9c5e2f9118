"""One normal form for everything that is searched, and the way back to where it stood.

    original  身<ZWSP>份 证１１０１０５ …
       | 1 one for one      full-width, other scripts' digits, capitals beyond ASCII: no place moves
       | 2 clusters         invisible characters go, what combines is combined, Ⅱ becomes II: places move
       | 3 gaps             blanks and joiners between two ideographs go: places move
    normal    身份证110105 …

The form is NFKC (UAX 15) after the default ignorable characters (UAX 44) and the controls are taken out,
with every decimal digit (Nd) as 0-9 and letters beyond ASCII folded. Three things are not as in NFKC, and
on purpose: ASCII letters keep their case (the engines fold them for nothing); the full-width punctuation
of every Chinese record (KEPT, ℃ too) stays, or no Chinese text would be on the fast path; and at most 64
characters combine with one (UAX 15 D4 says 30), because their ordering costs the square of their number.
Chinese numerals are not touched here: 三 is a word first; `runs` reads them as digits.

Most texts are in normal form already: two passes of Hyperscan say so, and nothing is copied. Where they
find little, only that is looked at; where they find much, the whole is, at some MB/s.
What is searched for, and where, stands elsewhere. No I/O.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from gateway.inspection.text.characters import (
    CELL,
    GAP,
    IDEOGRAPHS,
    KEPT,
    MOST_GAP,
    classes,
    form,
    ignorable,
    prepare,
)

__all__ = ["CELL", "IDEOGRAPHS", "KEPT", "Moved", "Normal", "normalise", "prepare"]

# What a gap is made of, its two ideographs included.
_OF_A_GAP: Final = re.compile(f"[{IDEOGRAPHS}{re.escape(GAP)}]")
# A text repeats its Ⅱ, ① and é.
_CACHED: Final = 4096
_CACHED_CHARACTERS: Final = 8
# Two ideographs and what may stand between them, at most four bytes a character.
_GAP_BYTES: Final = 4 * (MOST_GAP + 2)


@dataclass(frozen=True, slots=True)
class Moved:
    """Places that one step moved: stretch k of the result came from stretch k of what it was made of.

    Between stretches every place is shifted by the same amount. All four are as long as each other and
    in order; a stretch of the result may be empty.
    """

    result_start: array[int]
    result_end: array[int]
    source_start: array[int]
    source_end: array[int]

    def start(self, place: int) -> int:
        """Where the character at this place of the result began."""
        k = bisect_right(self.result_end, place)
        # Stretches that end at or before the place lie behind it.
        if k < len(self.result_start) and self.result_start[k] <= place:
            return self.source_start[k]
        return place + self._shift(k - 1)

    def end(self, place: int) -> int:
        """Where the character before this place of the result ended."""
        k = bisect_right(self.result_end, place - 1)
        if k < len(self.result_start) and self.result_start[k] <= place - 1:
            return self.source_end[k]
        return place + self._shift(k - 1)

    def _shift(self, k: int) -> int:
        return self.source_end[k] - self.result_end[k] if k >= 0 else 0


@dataclass(frozen=True, slots=True)
class Normal:
    """A text in normal form. utf8: the same, an unpaired surrogate as `?`. original: what it was made
    of. moved: the steps, first one first."""

    text: str
    utf8: bytes
    original: str
    moved: tuple[Moved, ...] = ()

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The characters of the original that stand behind `text[start:end]`, which is not empty.

        Invisible characters behind the last one are not of it.
        """
        for step in reversed(self.moved):
            start, end = step.start(start), step.end(end)
        if self.moved:
            while end > start + 1 and self.original[end - 1] in ignorable():
                end -= 1
            while start < end - 1 and self.original[start] in ignorable():
                start += 1
        return start, end


def normalise(text: str) -> Normal:
    """The normal form of any text, unpaired surrogates too. Raises nothing. One thread at a time."""
    known = classes()
    edits = _Edits(text, text.encode("utf-8", "replace"))
    moved: list[Moved] = []
    suspects, gaps = known.screen.look(edits.utf8)
    apart = True
    if suspects is None:
        edits, apart = _clusters(known.one_run.sub(_translated, text)), False
    elif suspects:
        apart = _windows(edits, suspects)
    changed, utf8 = edits.finish(moved)
    # What was changed and is of no gap leaves the gaps as they were, but for their places.
    gaps = edits.shifted(gaps) if apart else known.screen.gaps(utf8)
    edits = _Edits(changed, utf8)
    if gaps is None:
        edits = _every_gap(changed)
    elif gaps:
        _gaps(edits, gaps)
    changed, utf8 = edits.finish(moved)
    return Normal(changed, utf8, text, tuple(moved))


def _translated(match: re.Match[str]) -> str:
    return match[0].translate(classes().table)


def _windows(edits: _Edits, ends: list[int]) -> bool:
    """Steps 1 and 2 where there is little to do: each row of suspects, with what it combines with.

    Gives whether nothing of it was or is an ideograph, a blank or a joiner: then no gap came or went.

    ends: of all suspects in UTF-8. A suspect is therefore the next of its kind in the text, which is
    found sooner than characters are counted.
    """
    text, utf8, joins = edits.source, edits.utf8, classes().joins
    place, k, apart = -1, 0, True
    while k < len(ends):
        begin = place = text.find(_character_before(utf8, ends[k]), place + 1)
        while k + 1 < len(ends) and _character_before(utf8, ends[k + 1]) == text[place + 1]:
            if len(text[place + 1].encode()) != ends[k + 1] - ends[k]:
                break
            place += 1
            k += 1
        if begin and text[begin] in joins:
            begin -= 1
        window = text[begin : place + 1]
        found = _cached_window(window) if len(window) <= _CACHED_CHARACTERS else _window(window)
        edits.replace_all(begin, ends[k], found)
        apart = apart and found.is_apart
        k += 1
    return apart


def _character_before(utf8: bytes, end: int) -> str:
    start = end - 1
    while utf8[start] & 0xC0 == 0x80:
        start -= 1
    return utf8[start:end].decode()


@dataclass(frozen=True, slots=True)
class _Window:
    """What becomes of a few characters: what is replaced in them, and the whole in UTF-8.

    is_apart: they are nothing that a gap is made of, and do not become it, nor go away from between.
    """

    edits: tuple[tuple[int, int, str], ...]
    size_bytes: int
    becomes: bytes
    is_apart: bool


@lru_cache(_CACHED)
def _cached_window(window: str) -> _Window:
    return _window(window)


def _window(window: str) -> _Window:
    edits, done = _edits_of(window), 0
    pieces: list[str] = []
    for start, stop, by in edits:
        pieces += (window[done:start], by)
        done = stop
    changed = "".join((*pieces, window[done:]))
    return _Window(
        edits,
        len(window.encode("utf-8", "replace")),
        changed.encode("utf-8", "replace"),
        bool(changed) and _OF_A_GAP.search(window + changed) is None,
    )


def _edits_of(window: str) -> tuple[tuple[int, int, str], ...]:
    """What steps 1 and 2 replace, in order."""
    changed = classes().one_run.sub(_translated, window)
    edits, done = [], 0
    for start, stop, by in (*_cluster_edits(changed), (len(window), len(window), "")):
        edits += [
            (place, place + 1, changed[place])
            for place in range(done, start)
            if changed[place] != window[place]
        ]
        if stop > start:
            edits.append((start, stop, by))
        done = stop
    return tuple(edits)


def _clusters(text: str) -> _Edits:
    """Step 2 of a whole text."""
    edits = _Edits(text, None)
    for start, stop, by in _cluster_edits(text):
        edits.replace(start, stop, by)
    return edits


def _cluster_edits(text: str) -> Iterator[tuple[int, int, str]]:
    """A cluster is a character with all that combines with it, or one that becomes several."""
    known, done = classes(), 0
    for run in known.moving_run.finditer(text):
        # What combines does so with the character before the run.
        begin = max(done, run.start() - 1) if run[0][0] in known.second else run.start()
        for cluster in known.cluster.finditer(text, begin, run.end()):
            yield cluster.start(), cluster.end(), _normal_cluster(cluster[0])
            done = cluster.end()


def _gaps(edits: _Edits, ends: list[int]) -> None:
    """Step 3. ends: of all ideographs behind a gap, in UTF-8; they are found in the text as suspects are."""
    text, utf8, place = edits.source, edits.utf8, 0
    for end in ends:
        tail = utf8[max(0, end - _GAP_BYTES) : end].decode("utf-8", "ignore")
        gap = len(tail) - 1
        while tail[gap - 1] in GAP:
            gap -= 1
        size = len(tail) - 1 - gap
        start = text.find(tail[gap - 1 :], place) + 1
        place = start + size
        end_byte = end - len(tail[-1].encode())
        edits.replace(start, place, "")
        edits.replace_bytes(end_byte - len(tail[gap:-1].encode()), end_byte, b"")


def _every_gap(text: str) -> _Edits:
    """Step 3 of a whole text."""
    edits = _Edits(text, None)
    for match in _GAPS.finditer(text):
        edits.replace(match.start(), match.end(), "")
    return edits


class _Edits:
    """A text being made of another: stretches replaced from left to right, in its UTF-8 too where that
    is given; otherwise it is encoded anew."""

    def __init__(self, source: str, utf8: bytes | None) -> None:
        self.source = source
        self.utf8 = utf8 or b""
        self._encodes = utf8 is None
        self._pieces: list[str] = []
        self._bytes: list[bytes] = []
        self._done = self._done_bytes = self._length = 0
        self._moved = Moved(*(array("I") for _ in range(4)))
        self._shifts: list[tuple[int, int]] = []

    def replace(self, start: int, end: int, by: str) -> None:
        moved = self._moved
        self._pieces += (self.source[self._done : start], by)
        self._length += start - self._done
        moved.result_start.append(self._length)
        self._length += len(by)
        moved.result_end.append(self._length)
        moved.source_start.append(start)
        moved.source_end.append(end)
        self._done = end

    def replace_bytes(self, start: int, end: int, by: bytes) -> None:
        self._bytes += (self.utf8[self._done_bytes : start], by)
        self._done_bytes = end

    def replace_all(self, begin: int, end_byte: int, window: _Window) -> None:
        """begin: of the window in the text. end_byte: its end in UTF-8."""
        for start, stop, by in window.edits:
            self.replace(begin + start, begin + stop, by)
        self.replace_bytes(end_byte - window.size_bytes, end_byte, window.becomes)
        self._shifts.append((end_byte, len(window.becomes) - window.size_bytes))

    def shifted(self, ends: list[int] | None) -> list[int] | None:
        """Places in the UTF-8 that this began with, none of them in a window, as places in the new one."""
        if ends is None or not self._shifts:
            return ends
        result: list[int] = []
        by, k = 0, 0
        for end in ends:
            while k < len(self._shifts) and self._shifts[k][0] <= end:
                by += self._shifts[k][1]
                k += 1
            result.append(end + by)
        return result

    def finish(self, moved: list[Moved]) -> tuple[str, bytes]:
        """The new text and its UTF-8; what moved is added to the list."""
        text, utf8 = self.source, self.utf8
        if self._pieces:
            self._pieces.append(self.source[self._done :])
            text = "".join(self._pieces)
            moved.append(self._moved)
        if self._encodes:
            return text, text.encode("utf-8", "replace")
        if self._bytes:
            self._bytes.append(self.utf8[self._done_bytes :])
            utf8 = b"".join(self._bytes)
        return text, utf8


@lru_cache(_CACHED)
def _normal_cluster(cluster: str) -> str:
    dropped = ignorable()
    seen = "".join(c for c in cluster if c not in dropped)
    if seen and seen[0] in KEPT:
        return seen[0] + form(seen[1:])
    return form(seen)


# It begins with a set of characters and looks behind itself only then: five times as fast.
_GAPS: Final = re.compile(
    f"[{re.escape(GAP)}](?<=[{IDEOGRAPHS}].)[{re.escape(GAP)}]{{0,{MOST_GAP - 1}}}"
    f"(?=[{IDEOGRAPHS}])",
    re.DOTALL,
)
