"""Numbers in runs of digits: identity, mobile, landline and card numbers, however they are parted.

    run       digits with at most three joiners between two, 11 digits or more       (RE2)
    groups    110105 | 19491231 | 002              what joiners part
    window    groups i to j: a number begins and ends where a group does             (here)

A number is looked for in every window, so nothing that stands before it hides it; of two that overlap the
longer one is told. Digits are 0-9 and Chinese numerals (〇一二, 壹贰叁, 幺): eleven in a row are no prose.
Joiners are blanks, line ends, dashes, dots, slashes, brackets and the border of a cell. An identity number
may be parted in any way, its check character answers for it; the others only in the usual groups, or
alone (nothing of the same kind of joiner goes on before or behind). No I/O.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from gateway.inspection.text.expressions import compiled
from gateway.inspection.text.found import BORDER, Around, Bytes, Found, Identifier
from gateway.inspection.text.normalise import CELL
from gateway.inspection.text.numbering import (
    area_digits,
    is_bank_card,
    is_identity_number,
    is_mobile,
    is_old_identity_number,
)

RUN_NAMES: Final = frozenset(
    {
        Identifier.IDENTITY_NUMBER,
        Identifier.OLD_IDENTITY_NUMBER,
        Identifier.MOBILE,
        Identifier.LANDLINE,
        Identifier.BANK_CARD,
    }
)
# 幺 is how a one is said on the telephone.
_NUMERALS: Final = str.maketrans(
    "〇零○一二三四五六七八九幺壹贰叁肆伍陆柒捌玖", "0001234567891123456789"
)
DIGIT: Final = "[0-9〇零○一二三四五六七八九幺壹贰叁肆伍陆柒捌玖]"
_JOINER: Final = "[ \\t\\r\\n\\x1f_./()（）·・•\u3000‐-―−~～-]"
_MOST_JOINERS: Final = 3
# The shortest number that is looked for here is a mobile one, the longest a card of 19 digits.
_LEAST_DIGITS: Final = 11
_MOST_DIGITS: Final = 19

_RUN: Final = compiled(f"{DIGIT}(?:{_JOINER}{{0,{_MOST_JOINERS}}}{DIGIT}){{{_LEAST_DIGITS - 1},}}")
_GROUP: Final = re.compile("[0-9]+")
# X, and what looks like it: Cyrillic, Greek (both folded by then), the sign of multiplication.
_X: Final = re.compile(f"{_JOINER}{{0,{_MOST_JOINERS}}}[Xxхχ×](?![0-9A-Za-z])")

_IDENTITY_WORDS: Final = re.compile(
    "身份证|身分证|证件|公民身份|居民证|identity|id.?card|id.?n|sfz|national.?id", re.IGNORECASE
)
# The country, and the 0 that was dialled before a mobile number of another place.
_LEADS: Final = ("0086", "86", "0")

# Kinds of joiners, as bits: what may part which number hangs on them.
_LINE, _CELL, _DOT, _SLASH, _BLANK, _DASH, _OTHER = (1 << k for k in range(7))
_KIND: Final = {
    **dict.fromkeys("\r\n", _LINE),
    CELL: _CELL,
    ".": _DOT,
    "/": _SLASH,
    **dict.fromkeys(" \t\u3000", _BLANK),
    **dict.fromkeys("-‐‑‒–—―−_~～", _DASH),
}
# A dot or a slash parts decimals, dates and versions too; a line end parts everything.
_STRICT: Final = _DOT | _SLASH

# Digits of the groups in which people write a mobile number.
_MOBILE_FORMS: Final = frozenset({(11,), (3, 4, 4), (3, 8), (7, 4), (3, 3, 5), (3, 2, 3, 3)})
_MOBILE_STRICT_FORM: Final = (3, 4, 4)
# Of a number that is split over cells; shorter cells are counts and ages.
_SPLIT_LEAST: Final = 3
_CARD_GROUP: Final = 4
# No form has more: 4-4-4-4-3 of a card, six cells of three digits. More of them must stand alone.
_MOST_PARTS: Final = 5
_IDENTITY_DIGITS: Final = frozenset({17, 18})
# Country, area, and a local number in two.
_LANDLINE_PARTS: Final = 4
_LANDLINE_LEAST: Final = 2
# Rows that are searched together are parted by a form feed (search.py).
_CELL_BORDERS: Final = CELL + BORDER + "\n"


def find_in_runs(
    text: str, utf8: bytes, wanted: frozenset[Identifier], around: Around
) -> Iterator[Found]:
    """Numbers of the wanted kinds in a normal text and its UTF-8, in order. Raises nothing."""
    places = Bytes(utf8, len(text))
    for match in _RUN.finditer(utf8):
        start, end = places.character(match.start()), places.character(match.end())
        yield from _longest(_Run(text, start, end, around).find(wanted))


def _longest(found: Iterator[Found]) -> Iterator[Found]:
    """Without those that lie within or reach into one that began before them, or is longer."""
    done = 0
    for one in sorted(found, key=lambda f: (f.start, -f.end)):
        if one.start >= done:
            done = one.end
            yield one


class _Run:
    """One run: its digits as ASCII, its groups, and what kinds of joiners stand between them.

    A window is named by its first and last group and by the kinds of the joiners between them.
    """

    def __init__(self, text: str, start: int, end: int, around: Around) -> None:
        self._text, self._around = text, around
        written = text[start:end]
        if not written.isascii():
            written = written.translate(_NUMERALS)
        groups = list(_GROUP.finditer(written))
        self._digits = "".join(match[0] for match in groups)
        # Of each group where it stands in the text; of its first digit, which of the run it is.
        self._spans = [(start + match.start(), start + match.end()) for match in groups]
        self._index = [0]
        for match in groups:
            self._index.append(self._index[-1] + match.end() - match.start())
        # Gap k is the one before group k; there is none before the first and behind the last.
        gaps = ["", *(written[a.end() : b.start()] for a, b in pairwise(groups)), ""]
        self._kinds = [_kinds(gap) for gap in gaps]
        self._decimal = [gap == "." for gap in gaps]

    def find(self, wanted: frozenset[Identifier]) -> Iterator[Found]:
        index, count = self._index, len(self._spans)
        for first in range(count):
            begin, kinds = index[first], 0
            for last in range(first, count):
                size = index[last + 1] - begin
                if size > _MOST_DIGITS:
                    break
                if size >= _LEAST_DIGITS and (
                    size in _IDENTITY_DIGITS
                    or last - first <= _MOST_PARTS
                    or not self._goes_on(first, last, kinds)
                ):
                    found = self._window(self._digits[begin : begin + size], first, last, kinds)
                    if found is not None and found.name in wanted:
                        yield found
                kinds |= self._kinds[last + 1]

    def _window(self, digits: str, first: int, last: int, kinds: int) -> Found | None:
        """The number that a window is; cheap and telling questions first."""
        size = len(digits)
        start, end = self._spans[first][0], self._spans[last][1]
        if size == 18 and is_identity_number(digits):
            return Found(Identifier.IDENTITY_NUMBER, start, end)
        if size == 17 and is_identity_number(digits + "X"):
            x = _X.match(self._text, end)
            if x is not None:
                return Found(Identifier.IDENTITY_NUMBER, start, x.end())
        if kinds & _LINE or not self._stands_alone(first, last):
            return None
        lead = next((lead for lead in _LEADS if digits.startswith(lead)), "")
        if is_mobile(digits[len(lead) :]):
            if self._mobile_form(first, last, kinds, len(lead)):
                glued = len(lead) if self._size(first) > len(lead) else 0
                return Found(Identifier.MOBILE, start + glued, end)
        elif lead and self._landline_form(first, last, kinds):
            if area_digits("0" + digits.removeprefix(lead).removeprefix("0")):
                return Found(Identifier.LANDLINE, start, end)
        elif self._card_form(first, last, kinds) and is_bank_card(digits):
            return Found(Identifier.BANK_CARD, start, end)
        elif (
            size == 15
            and is_old_identity_number(digits)
            and self._around.announces(_IDENTITY_WORDS, start)
        ):
            return Found(Identifier.OLD_IDENTITY_NUMBER, start, end)
        return None

    def _size(self, group: int) -> int:
        return self._index[group + 1] - self._index[group]

    def _sizes(self, first: int, last: int) -> list[int]:
        return [self._size(group) for group in range(first, last + 1)]

    def _goes_on(self, first: int, last: int, kinds: int) -> bool:
        """Whether joiners of the kinds of a window join further digits to it."""
        return bool(kinds & (self._kinds[first] | self._kinds[last + 1]))

    def _stands_alone(self, first: int, last: int) -> bool:
        """Not a part of a decimal, a dotted identifier, or a word of letters and digits."""
        if self._decimal[first] or self._decimal[last + 1]:
            return False
        start, end = self._spans[first][0], self._spans[last][1]
        before = self._text[start - 1] if start else ""
        return not (_is_latin(before) and _is_latin(self._text[end : end + 1]))

    def _mobile_form(self, first: int, last: int, kinds: int, lead: int) -> bool:
        """lead: digits of a country code or a 0 before the number."""
        if first == last:
            return True
        if self._size(first) == lead:
            # Without its code the number is a window of its own.
            return False
        if kinds & _CELL:
            return self._whole_cells(first, last)
        sizes = self._sizes(first, last)
        sizes[0] -= lead
        if kinds & _STRICT:
            return tuple(sizes) == _MOBILE_STRICT_FORM and not self._goes_on(first, last, kinds)
        return not self._goes_on(first, last, kinds) or tuple(sizes) in _MOBILE_FORMS

    def _landline_form(self, first: int, last: int, kinds: int) -> bool:
        """In one piece, or parted behind the area code and into no more than two behind that."""
        if first == last:
            return True
        if kinds & _STRICT or last - first >= _LANDLINE_PARTS:
            return False
        return min(self._sizes(first + 1, last)) >= _LANDLINE_LEAST

    def _card_form(self, first: int, last: int, kinds: int) -> bool:
        if first == last:
            return True
        if kinds & _STRICT:
            return False
        if kinds & _CELL:
            return self._whole_cells(first, last)
        return not self._goes_on(first, last, kinds) or all(
            self._size(group) == _CARD_GROUP for group in range(first, last)
        )

    def _whole_cells(self, first: int, last: int) -> bool:
        """Whether a window that is split over cells begins and ends with one, in parts of some size."""
        start, end = self._spans[first][0], self._spans[last][1]
        return (
            (not start or self._text[start - 1] in _CELL_BORDERS)
            and (end == len(self._text) or self._text[end] in _CELL_BORDERS)
            and min(self._sizes(first, last)) >= _SPLIT_LEAST
        )


def _kinds(gap: str) -> int:
    kinds = 0
    for character in gap:
        kinds |= _KIND.get(character, _OTHER)
    return kinds


def _is_latin(character: str) -> bool:
    return character.isascii() and character.isalpha()
