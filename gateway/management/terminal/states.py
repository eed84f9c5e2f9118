"""Letter, word and colour of each state, the same on every screen."""

from __future__ import annotations

from typing import Final

from gateway.management.terminal.screen import Colour, Terminal
from gateway.management.terminal.words import say

_LETTERS: Final = {
    "captured": ("C", None),
    "cleared": ("L", None),
    "sent": ("S", Colour.NAME),
    "received": ("V", None),
    "admitted": ("A", None),
    "delivered": ("D", Colour.GOOD),
    "refused": ("R", Colour.BAD),
    "deferred": ("W", Colour.WARN),
    "held": ("H", Colour.WARN),
    "corrupt": ("X", Colour.BAD),
    "ok": ("O", Colour.GOOD),
    "look": ("?", Colour.WARN),
    "stop": ("!", Colour.BAD),
    "running": ("O", Colour.GOOD),
    "silent": ("?", Colour.WARN),
    "stopped": ("!", Colour.BAD),
    "unknown": ("-", None),
}


def state(terminal: Terminal, word: str) -> str:
    """`R refused`, without colour: a table colours the cell with `colour_of`."""
    return f"{_LETTERS.get(word, ('-', None))[0]} {say(terminal, word)}"


def letter(word: str) -> str:
    return _LETTERS.get(word, ("-", None))[0]


def colour_of(word: str) -> Colour | None:
    return _LETTERS.get(word, ("-", None))[1]
