"""What the terminal can do, and the few signs that depend on it. Sixteen colours at most.

A colour is never the only sign of anything: a word or a letter always says the same.
In ASCII nothing but ASCII is written: English words, and escapes for what comes from outside.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TextIO

from gateway.management.terminal.width import cut, width, wrap

# A screen of this width is the measure of every text that a command prints.
STANDARD_COLUMNS: Final = 80

# Terminals without UTF-8 or with unknown skills: serial consoles, and what nobody named.
_PAINT: Final = re.compile("\x1b\\[[0-9]+m")
_PLAIN_TERMINALS: Final = ("vt", "dumb", "ansi")


class Colour(StrEnum):
    """The colours used, as SGR parameters of the sixteen (ECMA-48, 8.3.117)."""

    GOOD = "32"
    WARN = "33"
    BAD = "31"
    QUIET = "2"
    NAME = "36"
    HEAD = "1"


@dataclass(frozen=True, slots=True)
class Terminal:
    """columns: width in characters. language: `en` or `zh`. colour, ascii: what may be written."""

    columns: int = STANDARD_COLUMNS
    colour: bool = False
    ascii: bool = False
    language: str = "en"

    def paint(self, text: str, colour: Colour | None) -> str:
        """The text in a colour, where there are colours."""
        if not self.colour or colour is None or not text:
            return text
        return f"\x1b[{colour.value}m{text}\x1b[0m"

    @property
    def ellipsis(self) -> str:
        return "~" if self.ascii else "…"

    def safe(self, text: str) -> str:
        """The text as this terminal may have it: in ASCII everything else becomes an escape."""
        if not self.ascii or text.isascii():
            return text
        return text.replace("…", "~").encode("ascii", "backslashreplace").decode()

    def wrap(self, text: str, indent: str = "") -> list[str]:
        """The text as lines that fit, as this terminal may have it."""
        return wrap(self.safe(text), self.columns, indent)

    def fit(self, line: str) -> str:
        """The line cut to the screen; one that must be cut loses its colour."""
        plain = self.safe(_PAINT.sub("", line))
        return line if width(plain) <= self.columns else cut(plain, self.columns, self.ellipsis)


def language_of(chosen: str | None, environment: Mapping[str, str]) -> str:
    """The language that a person wants: --lang, FERRYGATE_LANG, else the locale's, else English."""
    wanted = chosen or environment.get("FERRYGATE_LANG") or ""
    if not wanted:
        wanted = (
            environment.get("LC_ALL")
            or environment.get("LC_MESSAGES")
            or environment.get("LANG", "")
        )
    return "zh" if wanted.lower().startswith("zh") else "en"


def detect(
    stream: TextIO,
    environment: Mapping[str, str] = os.environ,
    *,
    language: str | None = None,
    ascii_wanted: bool = False,
) -> Terminal:
    """What can be written to this stream. NO_COLOR (any value) is honoured, a pipe gets no colour."""
    is_terminal = _is_terminal(stream)
    kind = environment.get("TERM", "")
    encoding = (getattr(stream, "encoding", None) or "utf-8").lower().replace("-", "")
    plain = (is_terminal and kind.startswith(_PLAIN_TERMINALS)) or encoding not in (
        "utf8",
        "gb18030",
    )
    ascii_only = ascii_wanted or plain
    colour = (
        is_terminal
        and not environment.get("NO_COLOR")
        and kind not in ("", "dumb", "vt100", "vt220")
    )
    return Terminal(
        columns=max(40, shutil.get_terminal_size((STANDARD_COLUMNS, 24)).columns),
        colour=colour,
        ascii=ascii_only,
        language="en" if ascii_only else language_of(language, environment),
    )


def _is_terminal(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except ValueError:
        return False


def standard_error_is_terminal() -> bool:
    return _is_terminal(sys.stderr)
