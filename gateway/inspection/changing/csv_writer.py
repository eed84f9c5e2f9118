"""A table written anew from its cells (RFC 4180), persons masked by column."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, assert_never

from gateway.inspection.changing.masker import Masker, starred
from gateway.inspection.changing.parts import Cells, CsvPart, Shape
from gateway.inspection.formats.csv import DELIMITERS
from gateway.inspection.text.normalise import normalise
from gateway.inspection.unsound import Unsound, Word
from gateway.policy.masking import MaskRule

_CODECS: Final = frozenset(["utf-8-sig", "utf-16", "gb18030"])
_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
# Records that are searched together: a search has a cost of its own.
_TOGETHER_CHARACTERS: Final = 64 << 10
_WORD: Final = Word.CSV
# A value of a record that is sought in its other cells.
_LEAST_OWN: Final = 2


class CsvWriter:
    """One table. UTF-8 and UTF-16 leave as UTF-8, GB 18030 as itself.

    Raises Unsound 3828 for parts that are none of a table, and where persons are masked 3833 (a column
    of a rule stands twice), 3837 (none stands in it).
    """

    def __init__(self, write: Callable[[bytes], object], masker: Masker | None = None) -> None:
        self._write, self._masker = write, masker
        self._shape: Shape | None = None
        self._quoted = re.compile("")
        self._rules: list[MaskRule | None] = []
        self._waiting: list[list[str]] = []
        self._characters = 0

    def feed(self, part: CsvPart) -> None:
        """The next part: the shape first."""
        match part:
            case Shape(delimiter, codec):
                if self._shape is not None or delimiter not in DELIMITERS or codec not in _CODECS:
                    raise _wrong()
                self._shape = part
                self._quoted = re.compile(f'["\r\n{re.escape(delimiter)}]|^\\s|\\s$')
            case Cells(cells):
                self._record(cells)
            case _:
                assert_never(part)

    def end(self) -> None:
        """The table is whole."""
        if not self._rules:
            raise _wrong()
        self._flush()

    def _record(self, cells: list[str]) -> None:
        if self._shape is None or any(_FORBIDDEN.search(cell) for cell in cells):
            raise _wrong()
        if not self._rules:
            self._rules = self._rules_of(cells)
        elif len(cells) != len(self._rules):
            raise _wrong()
        elif self._masker is not None:
            cells = self._ruled(self._masker, cells)
        self._waiting.append(cells)
        self._characters += sum(map(len, cells))
        if self._characters >= _TOGETHER_CHARACTERS:
            self._flush()

    def _flush(self) -> None:
        """What waits is written: cells that no rule names are searched together, and each by itself."""
        assert self._shape is not None
        if self._masker is not None:
            free = [place for place, rule in enumerate(self._rules) if rule is None]
            texts = [cells[place] for cells in self._waiting for place in free]
            masked = iter(self._masker.texts(texts))
            for cells in self._waiting:
                for place in free:
                    cells[place] = next(masked)
        # A record of one empty cell would be an empty line, which no reader counts.
        lines = (
            self._shape.delimiter.join(map(self._escaped, one)) or '""' for one in self._waiting
        )
        text = "".join(f"{line}\r\n" for line in lines)
        self._write(text.encode("gb18030" if self._shape.codec == "gb18030" else "utf-8"))
        self._waiting, self._characters = [], 0

    def _rules_of(self, names: list[str]) -> list[MaskRule | None]:
        """The rule of each column, by the names of the first record, however they are written."""
        rules = self._masker.masking.rules if self._masker is not None else ()
        by_column = {_plain(column): rule for rule in reversed(rules) for column in rule.columns}
        plain = [_plain(name) for name in names]
        for name in plain:
            if name in by_column and plain.count(name) > 1:
                raise Unsound(3833, _WORD, column=name)
        found = [by_column.get(name) for name in plain]
        if self._masker is not None and not any(found):
            # A table without names in its first record, or about something else.
            raise Unsound(3837, _WORD, count=len(plain))
        return found

    def _ruled(self, masker: Masker, cells: list[str]) -> list[str]:
        """A record as its columns say, and the same values taken out of its other cells."""
        pairs = list(zip(self._rules, cells, strict=True))
        own = [cell.strip() for rule, cell in pairs if rule and len(cell.strip()) >= _LEAST_OWN]
        done: list[str] = []
        for rule, cell in pairs:
            if rule:
                done.append(masker.value(rule, cell))
                continue
            for value in own:
                if value in cell:
                    cell = cell.replace(value, starred(value))
            done.append(cell)
        return done

    def _escaped(self, cell: str) -> str:
        if self._quoted.search(cell) is None:
            return cell
        return '"' + cell.replace('"', '""') + '"'


def _plain(name: str) -> str:
    """The name of a column without what a program or a hand adds to it."""
    return "".join(normalise(name).text.split()).casefold()


def _wrong() -> Unsound:
    return Unsound(3828, _WORD, type=_WORD.value)
