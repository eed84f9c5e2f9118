"""What was found in a normal text, and where: the small types that the searches share. No I/O."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

# Between texts that are searched as one: nothing that is found reaches over a form feed.
BORDER: Final = "\f"


class Identifier(StrEnum):
    """As policy files, hits and audit events name them."""

    IDENTITY_NUMBER = "identity-number"
    OLD_IDENTITY_NUMBER = "identity-number-15"
    MOBILE = "mobile"
    LANDLINE = "landline"
    BANK_CARD = "bank-card"
    PASSPORT = "passport"
    TRAVEL_PERMIT = "travel-permit"
    MEDICAL_RECORD = "medical-record"
    ADDRESS = "address"
    EMAIL = "email"


@dataclass(frozen=True, slots=True)
class Found:
    """Characters start to end of a normal text, and what they are."""

    name: Identifier
    start: int
    end: int


class TooMany(Exception):
    """More was found at once than is kept. Stays inside this package."""


class Bytes:
    """Places in UTF-8 as places in the text; asked from left to right, the whole costs one pass."""

    def __init__(self, utf8: bytes, characters: int) -> None:
        self._utf8 = utf8
        self._plain = len(utf8) == characters
        self._byte = self._character = 0

    def character(self, byte: int) -> int:
        """byte: where a character begins."""
        if self._plain:
            return byte
        if byte < self._byte:
            self._byte = self._character = 0
        self._character += len(self._utf8[self._byte : byte].decode("utf-8", "replace"))
        self._byte = byte
        return self._character


# Of a text before a number: so much may announce it.
_CONTEXT_CHARACTERS: Final = 24


class Around:
    """What stands before a place and belongs to it: the name of its field, and its text so far.

    field_at: the name of the field in which a place of the text stands.
    """

    def __init__(self, text: str, field_at: Callable[[int], str]) -> None:
        self._text, self._field_at = text, field_at

    def announces(self, words: re.Pattern[str], start: int) -> bool:
        """Whether one of the words stands shortly before, or in the name of the field."""
        begin = max(0, start - _CONTEXT_CHARACTERS)
        begin = max(begin, self._text.rfind(BORDER, begin, start) + 1)
        return bool(words.search(self._text, begin, start) or words.search(self._field_at(start)))
