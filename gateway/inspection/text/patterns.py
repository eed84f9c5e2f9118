"""Patterns of a site: regular expressions in RE2's syntax, checked when they are read.

One a line, `name = expression`; # before comments. They are matched against the normal
form (normalise.py): digits are 0-9, full-width letters ASCII, invisible characters are gone, letters beyond
ASCII are folded. ASCII keeps its case (write (?i)), and ，：；（）！？～％＋＝＜＞ keep their width (write
[:：]). `^` and `$` are the borders of a text, of a line with (?m). What reaches over a form feed or more than
4,096 characters, is not found whole. No I/O.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from gateway.errors import Misconfigured
from gateway.inspection.text.expressions import (
    MOST_INSTRUCTIONS,
    Expression,
    NotAnExpression,
    compiled,
)
from gateway.inspection.text.found import BORDER, Bytes
from gateway.inspection.text.lines import lines

MAX_PATTERN_FILE_BYTES: Final = 1 << 20
# Each is one pass over every text.
MAX_PATTERNS: Final = 200
MAX_PATTERN_CHARACTERS: Final = 2_000
_LINE: Final = re.compile(
    r"(?P<name>[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?)\s*=\s*(?P<expression>.*)"
)
# \C is one byte, whatever character it is of: a match could begin inside one.
_ONE_BYTE: Final = re.compile(r"(?<!\\)(?:\\\\)*\\C")
_BORDER: Final = BORDER.encode()


@dataclass(frozen=True, slots=True)
class Pattern:
    """name: as policies and hits call it."""

    name: str
    expression: str
    compiled: Expression = field(repr=False, compare=False)


def read_patterns(path: str, text: str) -> tuple[Pattern, ...]:
    """The patterns of a file, in its order.

    Raises Misconfigured 3951, 3960 to 3967 with file and line, and nothing else.
    """
    found: dict[str, Pattern] = {}
    for line in lines(path, text, MAX_PATTERN_FILE_BYTES):
        match = _LINE.fullmatch(line.text)
        if match is None or not match["expression"]:
            raise Misconfigured(3960, path=path, line=line.number, text=line.text)
        if match["name"] in found:
            raise Misconfigured(3961, path=path, line=line.number, name=match["name"])
        found[match["name"]] = pattern(match["name"], match["expression"], path, line.number)
        if len(found) > MAX_PATTERNS:
            raise Misconfigured(3966, path=path, line=line.number, most=MAX_PATTERNS)
    if not found:
        raise Misconfigured(3967, path=path)
    return tuple(found.values())


def pattern(name: str, expression: str, path: str, line: int) -> Pattern:
    """One pattern. Raises Misconfigured 3962 to 3965, and nothing else."""
    if len(expression) > MAX_PATTERN_CHARACTERS or _ONE_BYTE.search(expression):
        raise Misconfigured(3962, path=path, line=line, name=name, most=MAX_PATTERN_CHARACTERS)
    try:
        made = compiled(expression)
    except NotAnExpression as said:
        raise Misconfigured(3963, path=path, line=line, name=name, reason=str(said)) from None
    size = max(made.programsize, made.reverseprogramsize)
    if size > MOST_INSTRUCTIONS:
        raise Misconfigured(
            3964, path=path, line=line, name=name, instructions=size, most=MOST_INSTRUCTIONS
        )
    if made.search(b"") is not None:
        raise Misconfigured(3965, path=path, line=line, name=name)
    return Pattern(name, expression, made)


def find_pattern(one: Pattern, text: str, utf8: bytes) -> Iterator[tuple[int, int]]:
    """(start, end) of every match in a normal text and its UTF-8; empty ones are none. Raises nothing."""
    places, begin = Bytes(utf8, len(text)), 0
    for stretch in utf8.split(_BORDER):
        for match in one.compiled.finditer(stretch):
            if match.end() > match.start():
                yield (
                    places.character(begin + match.start()),
                    places.character(begin + match.end()),
                )
        begin += len(stretch) + len(_BORDER)
