"""What a description says and a policy file cannot: told, and written as a comment, never passed over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.errors import Field


@dataclass(frozen=True, slots=True)
class Note:
    """number, fields: entry of the catalogue. operation: where it belongs, "" for the whole document."""

    number: int
    operation: str
    fields: Mapping[str, Field] = field(default_factory=dict)


@dataclass(slots=True)
class Notes:
    """The notes of one document, each once."""

    made: list[Note] = field(default_factory=list)

    def add(self, number: int, operation: str, /, **fields: Field) -> None:
        note = Note(number, operation, fields)
        if note not in self.made:
            self.made.append(note)

    def move(self, said: str, operation: str) -> None:
        """Notes under the document's name of an operation stand under the channel's from now on."""
        for at, note in enumerate(self.made):
            if note.operation == said:
                self.made[at] = Note(note.number, operation, note.fields)

    def of(self, operation: str) -> list[Note]:
        """Those of one operation, or of the document as a whole ("")."""
        return [note for note in self.made if note.operation == operation]


class NotExpressible(Exception):
    """An operation that no policy file can say. what: the part of it, as the document writes it."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what
