"""Fields of a docx while its part is read twice: which of them do harm, and where one is open.

    begin 1 .. begin 2 .. instruction .. end 2 .. separate 1 .. result .. end 1

The first reading numbers the fields and judges each when its instruction is whole; the second counts along
and asks whether what it sees is the instruction of a bad one. No parser here.
"""

from __future__ import annotations

from typing import Final

from gateway.inspection.formats.ooxml_reaching import MAX_FIELD_CHARACTERS, field_trouble
from gateway.inspection.unsound import Unsound, Word

INSTRUCTIONS: Final = frozenset(["instrText", "delInstrText"])
_MAX_DEPTH: Final = 64


class FieldCount:
    """The fields of one part. bad: numbers of those that reach out, known once the part has been read."""

    def __init__(self) -> None:
        self.bad: set[int] = set()
        self._count = 0
        # Number and instruction of each that is open; None once it is whole.
        self._open: list[tuple[int, list[str] | None]] = []
        self._size = 0

    def mark(self, kind: str) -> None:
        """A w:fldChar. Raises Unsound 3866."""
        if kind == "begin":
            if len(self._open) >= _MAX_DEPTH:
                raise Unsound(3866, Word.OOXML, what="fields in fields", limit=_MAX_DEPTH)
            if self._open and (outer := self._open[-1][1]) is not None:
                # What a nested field comes to is not known: no word may be made of it.
                outer.append("\0")
            self._count += 1
            self._open.append((self._count, []))
        elif self._open:
            number = self._judged()
            if kind == "end":
                self._open.pop()
            else:
                self._open[-1] = (number, None)

    def instruction(self, text: str) -> None:
        """Characters of an instruction."""
        if self._open and (parts := self._open[-1][1]) is not None:
            parts.append(text)
            self._size += len(text)
            if self._size > MAX_FIELD_CHARACTERS:
                self.bad.add(self._open[-1][0])
                parts.clear()

    def end(self) -> None:
        """The part is read: a field that has not ended is none."""
        self.bad.update(number for number, _ in self._open)

    def is_instruction_of(self, bad: set[int], *, above: int = 0) -> bool:
        """Whether what stands here is computed into the instruction of one of these.

        above: so many of the innermost that are open do not count.
        """
        outer = self._open[: len(self._open) - above]
        return any(number in bad and parts is not None for number, parts in outer)

    @property
    def in_instruction(self) -> bool:
        """Whether an instruction may stand here."""
        return bool(self._open) and self._open[-1][1] is not None

    def _judged(self) -> int:
        number, parts = self._open[-1]
        if parts is not None:
            whole = "".join(parts)
            self._size -= len(whole.replace("\0", ""))
            if field_trouble(whole):
                self.bad.add(number)
        return number
