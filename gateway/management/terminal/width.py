"""Columns that a text takes on a terminal: Chinese characters take two. No I/O."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator


def width(text: str) -> int:
    """Terminal columns of a text without escape sequences (Unicode Standard Annex 11)."""
    if text.isascii():
        return len(text)
    return sum(_columns(character) for character in text)


def pad(text: str, columns: int, *, right: bool = False) -> str:
    """The text filled with blanks to so many columns; a longer one is left as it is."""
    blanks = " " * max(0, columns - width(text))
    return blanks + text if right else text + blanks


def cut(text: str, columns: int, mark: str = "…") -> str:
    """The text in at most so many columns; what is cut ends with the mark."""
    if width(text) <= columns:
        return text
    room = columns - width(mark)
    if room <= 0:
        return mark[:columns]
    kept, used = [], 0
    for character in text:
        used += _columns(character)
        if used > room:
            break
        kept.append(character)
    return "".join(kept).rstrip() + mark


def wrap(text: str, columns: int, indent: str = "") -> list[str]:
    """The text in lines of at most so many columns, each begun with the indent.

    Lines break at blanks and beside Chinese characters; a word longer than a line is broken.
    """
    lines: list[str] = []
    line, used, room = "", 0, max(8, columns - width(indent))
    for piece in _pieces(text):
        while width(piece) > room:
            head = _head(piece, room - used)
            lines.append(indent + line + head)
            piece, line, used = piece[len(head) :], "", 0
        if used + width(piece.rstrip()) > room:
            lines.append(indent + line.rstrip())
            line, used = "", 0
            piece = piece.lstrip()
        line += piece
        used += width(piece)
    if line.strip() or not lines:
        lines.append(indent + line.rstrip())
    return lines


def _head(piece: str, room: int) -> str:
    used = 0
    for index, character in enumerate(piece):
        used += _columns(character)
        if used > room:
            return piece[:index]
    return piece


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


# What must not begin a line: it goes with the character before it.
_CLOSING = frozenset("，。、；：！？）》」』”’,.;:)")


def _pieces(text: str) -> Iterator[str]:
    """Words with the blanks behind them; each wide character with what must stay with it."""
    piece = ""
    for character in text:
        begins = piece and (
            (piece[-1] == " " and character != " ")
            or ((_columns(character) == 2 or _columns(piece[-1]) == 2) and character != " ")
        )
        if begins and character not in _CLOSING:
            yield piece
            piece = ""
        piece += character
    if piece:
        yield piece
