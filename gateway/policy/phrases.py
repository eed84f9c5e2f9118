"""The grammar of single values: numbers with obligatory units, and words of a closed list.

Every reader takes a text and gives a value, or raises Misread with the part that is wrong and what
to write instead. Free of policy words: the host's settings file uses the same sizes and durations.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NoReturn

from gateway.errors import Field

SIZE_UNITS: Final = {
    "byte": 1,
    "bytes": 1,
    "KiB": 1 << 10,
    "MiB": 1 << 20,
    "GiB": 1 << 30,
    "TiB": 1 << 40,
}
DURATION_UNITS: Final = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
# What people write for the units above, so that the answer can be the line to write.
_MEANT: Final = {
    "b": "bytes", "k": "KiB", "kb": "KiB", "kib": "KiB", "m": "MiB", "mb": "MiB", "mib": "MiB",
    "g": "GiB", "gb": "GiB", "gib": "GiB", "t": "TiB", "tb": "TiB", "tib": "TiB",
    "sec": "s", "secs": "s", "second": "s", "seconds": "s", "minute": "min", "minutes": "min",
    "mins": "min", "hour": "h", "hours": "h", "hr": "h", "day": "d", "days": "d", "msec": "ms",
}  # fmt: skip
_QUANTITY: Final = re.compile(r"(?P<number>[0-9][0-9,._]*)(?P<gap> *)(?P<unit>[^\W\d_]*)")
_NUMBER: Final = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+")
# Nothing here is counted in more; keeps every product far inside 63 bits.
_MAX_DIGITS: Final = 12


class Misread(Exception):
    """A value that the grammar does not know.

    start, width: the wrong part, in characters of the text. knows: what may stand there.
    write: the fields `write` of the message; number: its entry in the catalogue.
    """

    def __init__(
        self,
        number: int,
        /,
        start: int = 0,
        width: int = 0,
        knows: Iterable[str] = (),
        **fields: Field,
    ) -> None:
        super().__init__(number, fields)
        self.number = number
        self.start = start
        self.width = width
        self.knows = tuple(knows)
        self.fields = fields


@dataclass(frozen=True, slots=True)
class Size:
    """So many bytes, and how the file says it."""

    size_bytes: int
    text: str


def did_you_mean(untrusted_word: str, known: Iterable[str], likeness: float = 0.6) -> str:
    """The known word that is nearest, or "" where none is near. likeness: 1 for the same word."""
    # Comparing takes time with the length; a word of ours has less than 40 characters.
    near = difflib.get_close_matches(untrusted_word[:60], tuple(known), n=1, cutoff=likeness)
    return near[0] if near else ""


def read_word(text: str, known: Iterable[str]) -> str:
    """A word of a closed list. Raises Misread 2107 and nothing else."""
    words = tuple(known)
    if text in words:
        return text
    if near := did_you_mean(text, words):
        raise Misread(2107, 0, len(text), words, text=text, write=near)
    raise Misread(2118, 0, len(text), words, text=text)


def read_number(text: str, low: int, high: int, start: int = 0) -> int:
    """A whole number, with or without commas at the thousands, from low to high.

    Raises Misread 2119 (not a number) or 2123 (out of its range) and nothing else.
    """
    if not _NUMBER.fullmatch(text) or len(text) > _MAX_DIGITS + 4:
        raise Misread(2119, start, len(text), text=text, write=f"{low:,}")
    number = int(text.replace(",", ""))
    if not low <= number <= high:
        raise Misread(2123, start, len(text), value=number, low=low, high=high)
    return number


def read_size(text: str, start: int = 0) -> Size:
    """`20 MiB`. Raises Misread 2110, 2119, 2120 and nothing else."""
    amount, unit = _quantity(text, start, SIZE_UNITS, "MiB")
    return Size(int(amount * SIZE_UNITS[unit]), text)


def read_duration(text: str, start: int = 0) -> float:
    """`5 s`: seconds. Raises Misread 2110, 2119, 2120 and nothing else."""
    amount, unit = _quantity(text, start, DURATION_UNITS, "s")
    return amount * DURATION_UNITS[unit]


def say_size(size_bytes: int) -> str:
    """A size as people and policy files say it: `412 KiB`, `1.5 MiB`, `0 bytes`, `1 byte`."""
    if size_bytes < 1024:
        return "1 byte" if size_bytes == 1 else f"{size_bytes} bytes"
    size = float(size_bytes)
    for unit in ("KiB", "MiB", "GiB"):
        size /= 1024
        if size < 1023.95:
            return f"{size:.0f} {unit}" if size >= 10 or size == int(size) else f"{size:.1f} {unit}"
    return f"{size / 1024:,.1f} TiB"


def _quantity(text: str, start: int, units: Iterable[str], usual: str) -> tuple[int, str]:
    known = tuple(units)
    match = _QUANTITY.fullmatch(text)
    if (
        match is None
        or not _NUMBER.fullmatch(match["number"])
        or len(match["number"]) > _MAX_DIGITS
    ):
        write = f"20 {usual}" if match is None else f"{_digits(match['number'])} {usual}"
        raise Misread(2119, start, len(text), knows=known, text=text, write=write)
    amount = int(match["number"].replace(",", ""))
    if not match["unit"]:
        raise Misread(2110, start, len(text), knows=known, text=text, write=f"{amount:,} {usual}")
    if match["unit"] not in known:
        _wrong_unit(match, start, known, amount)
    if not match["gap"]:
        write = f"{amount:,} {match['unit']}"
        raise Misread(2120, start, len(text), knows=known, text=text, write=write)
    return amount, match["unit"]


def _wrong_unit(match: re.Match[str], start: int, known: tuple[str, ...], amount: int) -> NoReturn:
    unit = match["unit"]
    meant = _MEANT.get(unit.lower(), "")
    near = meant if meant in known else did_you_mean(unit, known) or known[-1]
    width = len(unit)
    write = f"{amount:,} {near}"
    raise Misread(2120, start + match.start("unit"), width, known, text=unit, write=write)


def _digits(text: str) -> str:
    digits = re.sub(r"[^0-9].*", "", text.replace(",", ""))[:_MAX_DIGITS]
    return f"{int(digits):,}" if digits else "20"
