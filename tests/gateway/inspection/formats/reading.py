"""How the tests of formats read a content: all that a check says of it, kept, whatever the format."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, assert_never

from gateway.inspection.content import Content
from gateway.inspection.formats.contract import (
    MAX_TEXT_CHARACTERS,
    FormatLimits,
    Item,
    Text,
)
from gateway.inspection.unsound import Fault, Member, Unsound, Word
from gateway.messages import Text as Message

LIMITS = FormatLimits()
# A Check called by place: one that has no use for the limits names them `_limits`.
ByPlace = Callable[[Content, FormatLimits, Any], Iterator[Item]]


@dataclass(frozen=True, slots=True)
class Reader:
    """One format. profile: where a test names none. texts: of its numbers. words: its faults are of these."""

    profile: object
    texts: Mapping[int, Message]
    words: frozenset[Word]

    def items(
        self,
        check: ByPlace,
        content: bytes,
        profile: object = None,
        limits: FormatLimits = LIMITS,
    ) -> list[Item]:
        """What the check yields, and what it raises as the last fault. Members are read as they come."""
        found: list[Item] = []
        try:
            found.extend(_kept(check(Content.of_bytes(content), limits, profile or self.profile)))
        except Unsound as error:
            found.append(error.fault)
        return found

    def numbers(
        self,
        check: ByPlace,
        content: bytes,
        profile: object = None,
        limits: FormatLimits = LIMITS,
    ) -> set[int]:
        """The numbers of its faults."""
        return numbers_of(self.items(check, content, profile, limits))

    def untold(self, found: list[Item]) -> list[Item]:
        """Items against the contract: a number without a text, another format's word, a piece too long."""
        return [one for one in found if not self._is_told(one)]

    def _is_told(self, one: Item) -> bool:
        match one:
            case Fault():
                return one.number in self.texts and one.word in self.words
            case Text():
                whole = isinstance(one.where, str) and isinstance(one.text, str)
                return whole and len(one.text) <= MAX_TEXT_CHARACTERS
            case Member():
                return isinstance(one.name, str) and all(self._is_told(f) for f in one.faults)
            case _:
                assert_never(one)


def numbers_of(found: list[Item]) -> set[int]:
    return {one.number for one in found if isinstance(one, Fault)}


def bytes_of(found: list[Item]) -> list[bytes]:
    """The members' bytes; to be asked once."""
    return [b"".join(one.chunks) for one in found if isinstance(one, Member)]


def _kept(items: Iterator[Item]) -> Iterator[Item]:
    """A member is read to its end before the next item is asked for, as the walk does it."""
    for one in items:
        yield replace(one, chunks=iter((b"".join(one.chunks),))) if isinstance(one, Member) else one
