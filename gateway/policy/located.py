"""A problem with its place in a text file, and how it looks on a plain terminal.

Free of policy words: the host's settings file is read and complained about in the same way.

    10-lab-reports.yaml:27:24  FG-2107  "pdf" does not know "attachment"
        27 |   pdf: has no scripts, attachment or encryption
           |                        ^^^^^^^^^^
        It knows: scripts, attachments, encryption
        Write "attachments".
"""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from gateway.errors import Field, Misconfigured
from gateway.messages import describe, remedy, text_of

# A terminal of 80 columns less the indent and the line number.
_SHOWN_CHARACTERS: Final = 68
# Text 2198: the words before a list of what may be written.
_KNOWS: Final = 2198


@dataclass(frozen=True, slots=True)
class Located:
    """One problem. file: as the person named it. line, column: from 1; line 0 is the whole file.

    width: characters to underline. source: that line of the file. knows: what could stand there.
    number, fields: the catalogue entry that says what happened and what to write.
    """

    file: str
    line: int
    column: int
    width: int
    source: str
    number: int
    fields: Mapping[str, Field] = field(default_factory=dict)
    knows: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """`file:line:column`, or the file alone."""
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


class LocatedErrors(Misconfigured):
    """A file or a set of files that cannot be taken, with every problem found in it."""

    def __init__(self, number: int, problems: Iterable[Located], **fields: Field) -> None:
        self.problems: tuple[Located, ...] = tuple(problems)
        super().__init__(number, **fields)


def show(problem: Located, language: str = "en") -> str:
    """The problem as plain text of one or more lines, without colour and without a last newline."""
    error = Misconfigured(problem.number, **problem.fields)
    number, _, sentence = describe(error, language).partition(" ")
    lines = [f"{problem.place}  {number}  {sentence}"]
    if problem.source:
        lines += _underlined(problem)
    if problem.knows:
        known = text_of(_KNOWS)
        words = f"{known.zh if language == 'zh' else known.en} {', '.join(problem.knows)}"
        lines += textwrap.wrap(words, 76, initial_indent="    ", subsequent_indent="      ")
    if what_to_do := remedy(error, language):
        lines.append(f"    {what_to_do}")
    return "\n".join(lines)


def _underlined(problem: Located) -> list[str]:
    start = max(0, problem.column - 1 - _SHOWN_CHARACTERS * 3 // 4)
    printable = "".join(
        c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in problem.source
    )
    shown = printable[start : start + _SHOWN_CHARACTERS]
    before = _columns(shown[: problem.column - 1 - start])
    marked = _columns(shown[problem.column - 1 - start :][: problem.width])
    gutter = f"{problem.line:>6} | "
    return [
        f"{gutter}{shown}".rstrip(),
        f"{' ' * (len(gutter) - 2)}| {' ' * before}{'^' * max(1, marked)}",
    ]


def _columns(text: str) -> int:
    """Terminal columns: Chinese characters take two (Unicode Standard Annex 11)."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
