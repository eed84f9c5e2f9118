"""Which characters the normal form changes, drops or moves: the tables behind normalise.py, built from
the Unicode data of the interpreter at first use. No I/O.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import hyperscan

# In nearly every line of a Chinese record; nothing that is searched for hides behind them.
KEPT: Final = "，：；（）！？～％＋＝＜＞…℃\u3000"
# Between the cells of a row that are searched as one text (`row_text`); never taken out.
CELL: Final = "\x1f"
# Ordering what combines costs the square of its number (UAX 15 D4 allows 30).
_MOST_COMBINING: Final = 64
# What people put between the characters of a word so that a search does not see it.
GAP: Final = " \t\r\n\u3000-_*.·•・|~+/" + CELL
MOST_GAP: Final = 4
# Default_Ignorable_Code_Point beyond general category Cf (UAX 44, DerivedCoreProperties).
_IGNORABLE_BEYOND_CF: Final = (
    (0x034F, 0x034F),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x2065, 0x2065),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFFA0, 0xFFA0),
    (0xFFF0, 0xFFF8),
    (0xE0000, 0xE0FFF),
)
# Controls that are a blank or a border to a reader, and ours between cells.
_SEEN_CONTROLS: Final = "\t\n\x0b\x0c\r\x85" + CELL
# Planes and blocks without a character that the form changes: not looked through at start.
_UNCHANGED: Final = (
    (0x3400, 0x9FFF),
    (0xAC00, 0xD7A3),
    (0xD800, 0xF8FF),
    (0x17000, 0x1AFFF),
    (0x20000, 0x2F7FF),
    (0x2FA20, 0xDFFFF),
    (0xF0000, 0x10FFFF),
)

_IDEOGRAPH_RANGES: Final = (
    (0x3007, 0x3007),
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0x20000, 0x323AF),
)
# The inside of a character class of `re`.
IDEOGRAPHS: Final = "\u3007\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U000323af"
_BEYOND_BMP: Final = 0x10000
_ALL_BEYOND_BMP: Final = (_BEYOND_BMP, 0x10FFFF)
# Where nearly all characters of Chinese records lie. Of these the screen knows exactly which ones the form
# changes; any other one is looked at: so its class has 30 ranges, not 900, and is three times as fast.
_COMMON: Final = (
    (0x09, 0x7E),
    (0xA0, 0xFF),
    (0x03B1, 0x03C9),
    (0x0430, 0x044F),
    (0x2010, 0x203B),
    (0x2100, 0x214F),
    (0x2190, 0x22FF),
    (0x2500, 0x266F),
    (0x3000, 0x3030),
    (0x3041, 0x30FE),
    (0x3400, 0x9FFF),
    (0xAC00, 0xD7A3),
    (0xFF01, 0xFF5E),
)


def form(text: str) -> str:
    """The form of a text without ignorable characters and without KEPT ones."""
    composed = unicodedata.normalize("NFKC", text)
    folded = "".join(_folded(c) for c in composed)
    return unicodedata.normalize("NFKC", folded)


def _folded(character: str) -> str:
    if character.isascii():
        return character
    digit = unicodedata.decimal(character, None)
    return character.casefold() if digit is None else str(digit)


@dataclass(frozen=True, slots=True)
class Classes:
    """Characters by what happens to them.

    table: each that becomes another one. second: goes with the one before, or away. joins: that, and
    what becomes such a one. screen: where there may be any. one_run, moving_run: stretches that may
    be such. cluster: exactly what is replaced as one.
    """

    table: dict[int, str]
    second: frozenset[str]
    joins: frozenset[str]
    screen: _Screen
    one_run: re.Pattern[str]
    moving_run: re.Pattern[str]
    cluster: re.Pattern[str]


def prepare() -> None:
    """Builds the tables (about 0.1 s) at a moment of the caller's choice: before a fork, for one."""
    classes()


class _Screen:
    """Passes over UTF-8 at half a GB/s: where a character may stand that the form changes, where a gap."""

    def __init__(self, characters: Iterable[str]) -> None:
        common = {chr(code) for first, last in _COMMON for code in range(first, last + 1)}
        unchanged = common - set(characters)
        rest = (chr(code) for code in range(_BEYOND_BMP) if chr(code) not in unchanged)
        suspects = f"[{_hyperscan_class([*_ranges(rest), _ALL_BEYOND_BMP])}]"
        ideograph = f"[{_hyperscan_class(_IDEOGRAPH_RANGES)}]"
        gap = "".join(f"\\x{{{ord(c):x}}}" for c in GAP)
        gaps = f"{ideograph}[{gap}]{{1,{MOST_GAP}}}{ideograph}"
        self._both = _Pass(suspects, gaps)
        self._gaps = _Pass(gaps)

    def look(self, utf8: bytes) -> tuple[list[int] | None, list[int] | None]:
        """Where suspects end, and where the ideographs behind gaps do, in order; None where they are many."""
        suspects, gaps = _ends(self._both, utf8)
        return suspects, gaps

    def gaps(self, utf8: bytes) -> list[int] | None:
        """The second of the two alone."""
        return _ends(self._gaps, utf8)[0]


class _Pass:
    """Some expressions, looked for in one pass by any thread: each has a scratch space of its own.

    The engine lets go of the interpreter's lock; one space used by two at once is an error.
    """

    def __init__(self, *expressions: str) -> None:
        self.count = len(expressions)
        self._here = threading.local()
        self._database = hyperscan.Database()
        self._database.compile(
            expressions=[one.encode() for one in expressions],
            ids=list(range(self.count)),
            elements=self.count,
            flags=[hyperscan.HS_FLAG_UTF8] * self.count,
        )

    def scan(self, utf8: bytes, take: Callable[[int, int, int, int, object], bool | None]) -> None:
        """Raises hyperscan.ScanTerminated where `take` says so."""
        scratch = getattr(self._here, "scratch", None)
        if scratch is None:
            scratch = self._here.scratch = hyperscan.Scratch(self._database)
        self._database.scan(utf8, match_event_handler=take, scratch=scratch)


def _ends(wanted: _Pass, utf8: bytes) -> list[list[int] | None]:
    """Of each expression where its matches end."""
    count = wanted.count
    most = _FEW + len(utf8) // _FEW
    ends: list[list[int]] = [[] for _ in range(count)]

    def take(which: int, _start: int, end: int, _flags: int, _context: object) -> bool | None:
        found = ends[which]
        found.append(end)
        # Where there is much of one, what there is of the other is no longer certain either.
        return len(found) > most or None

    try:
        wanted.scan(utf8, take)
    except hyperscan.ScanTerminated:
        return [None] * count
    return list(ends)


# One in so many bytes: above it, going through the whole is quicker than from one to the next.
_FEW: Final = 32


@lru_cache(1)
def classes() -> Classes:
    dropped, combining = ignorable(), _combining()
    table: dict[int, str] = {}
    several: set[str] = set()
    second = set(dropped)
    for code in _looked_through():
        character = chr(code)
        if character in dropped or character in KEPT:
            continue
        if unicodedata.combining(character) or character in combining:
            second.add(character)
            continue
        normal = form(character)
        if len(normal) == 1 and normal != character:
            table[code] = normal
        elif len(normal) > 1:
            several.add(character)
    one, behind, moving = set(map(chr, table)), _class(second), second | several
    return Classes(
        table,
        frozenset(second),
        frozenset(second | {chr(code) for code, normal in table.items() if normal in second}),
        _Screen(one | moving),
        re.compile(f"[{_quick_class(one)}]+"),
        re.compile(f"[{_quick_class(moving)}]+"),
        re.compile(f"(?s:.)[{behind}]{{1,{_MOST_COMBINING}}}|[{_class(several)}]|[{behind}]"),
    )


@lru_cache(1)
def ignorable() -> frozenset[str]:
    found = {chr(code) for first, last in _IGNORABLE_BEYOND_CF for code in range(first, last + 1)}
    found |= {
        chr(code)
        for code in _looked_through()
        if unicodedata.category(chr(code)) in ("Cf", "Cc") and chr(code) not in _SEEN_CONTROLS
    }
    return frozenset(found)


@lru_cache(1)
def _combining() -> frozenset[str]:
    """Characters that join the one before although they are not marked as combining: the second
    halves of canonical pairs, and the vowels and finals of Hangul (Unicode, 3.12)."""
    found = {
        chr(code)
        for first, last in ((0x1161, 0x1175), (0x11A8, 0x11C2))
        for code in range(first, last + 1)
    }
    for code in _looked_through():
        parts = unicodedata.decomposition(chr(code)).split()
        if len(parts) == 2 and not parts[0].startswith("<"):
            found.add(chr(int(parts[1], 16)))
    return frozenset(found)


@lru_cache(1)
def _looked_through() -> tuple[int, ...]:
    codes: list[int] = []
    begin = 0
    for first, last in _UNCHANGED:
        codes.extend(range(begin, first))
        begin = last + 1
    return tuple(code for code in codes if unicodedata.category(chr(code)) != "Cn")


def _ranges(characters: Iterable[str]) -> list[tuple[int, int]]:
    ranges: list[tuple[int, int]] = []
    for code in sorted(map(ord, characters)):
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1] = (ranges[-1][0], code)
        else:
            ranges.append((code, code))
    return ranges


def _class(characters: Iterable[str]) -> str:
    """The inside of a character class of `re`."""
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in _ranges(characters))


def _quick_class(characters: Iterable[str]) -> str:
    """The same, with all characters beyond the first plane in it: the engine has a bit for each
    of the first plane and goes through a list of ranges for the others, fifty times slower."""
    return _class(c for c in characters if ord(c) < _BEYOND_BMP) + "\\U00010000-\\U0010ffff"


def _hyperscan_class(ranges: Iterable[tuple[int, int]]) -> str:
    return "".join(f"\\x{{{first:x}}}-\\x{{{last:x}}}" for first, last in ranges)
