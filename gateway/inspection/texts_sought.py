"""The texts of one unit, searched as they come: for identifiers, lists of words, patterns, codes at places.

    texts in --> Hit out   (kind, name, first place, count)

What it loads is large (tables of characters, engines of patterns): only a channel that seeks something does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from gateway.inspection.formats.contract import Text
from gateway.inspection.text.coded_places import CodeSearch
from gateway.inspection.text.found import Identifier
from gateway.inspection.text.patterns import read_patterns
from gateway.inspection.text.search import Kind as HitKind
from gateway.inspection.text.search import Searcher, SearchPlan
from gateway.inspection.text.words import read_words
from gateway.policy.facts import Hit
from gateway.policy.model import Channel

# Texts are searched together up to here; a search has a cost of its own.
_TOGETHER_CHARACTERS: Final = 64 << 10
_IDENTIFIERS: Final[Mapping[str, tuple[Identifier, ...]]] = {
    "identity numbers": (Identifier.IDENTITY_NUMBER, Identifier.OLD_IDENTITY_NUMBER),
    "mobile numbers": (Identifier.MOBILE,),
    "telephone numbers": (Identifier.LANDLINE,),
    "bank cards": (Identifier.BANK_CARD,),
    "passports": (Identifier.PASSPORT, Identifier.TRAVEL_PERMIT),
    "record numbers": (Identifier.MEDICAL_RECORD,),
    "addresses": (Identifier.ADDRESS,),
    "e-mail addresses": (Identifier.EMAIL,),
}


def identifiers_of(words: frozenset[str]) -> frozenset[Identifier]:
    """What these words of a policy look for."""
    return frozenset(one for word in words for one in _IDENTIFIERS[word])


_WORD_OF: Final = {one.value: word for word, ones in _IDENTIFIERS.items() for one in ones}
_KINDS: Final = {
    HitKind.IDENTIFIER: "identifier", HitKind.WORD: "word", HitKind.PATTERN: "pattern",
}  # fmt: skip


@dataclass(slots=True)
class Search:
    """The texts of one unit, searched as they come. overflowed: some of it was not looked at."""

    searcher: Searcher | None
    codes: CodeSearch | None = None
    found: dict[tuple[str, str], Hit] = field(default_factory=dict)
    overflowed: bool = False
    _waiting: list[Text] = field(default_factory=list)
    _characters: int = 0

    def add(self, text: Text) -> None:
        """One more text; where: its whole path."""
        if self.codes is not None:
            self.codes.add(text)
        if self.searcher is None:
            return
        self._waiting.append(text)
        self._characters += len(text.text)
        if self._characters >= _TOGETHER_CHARACTERS:
            self._search()

    def hits(self) -> tuple[Hit, ...]:
        """Each thing that was found, with its first place and how often."""
        self._search()
        return (*self.found.values(), *(self.codes.hits() if self.codes is not None else ()))

    def _search(self) -> None:
        if self.searcher is None:
            return
        texts, self._waiting, self._characters = self._waiting, [], 0
        for hit in self.searcher.search(texts):
            kind = _KINDS.get(hit.kind)
            if kind is None:
                self.overflowed = True
                continue
            name = _WORD_OF.get(hit.name, hit.name).partition(":")[0]
            before = self.found.get((kind, name))
            self.found[kind, name] = (
                Hit(kind, name, hit.where, hit.shown)
                if before is None
                else replace(before, count=before.count + 1)
            )


def plan_of(channel: Channel) -> SearchPlan:
    """What a channel seeks. Raises Misconfigured 3951 to 3967."""
    sought, lists = channel.sought, channel.lists
    words = tuple(
        read_words(name, lists[name].path, lists[name].text) for name in sorted(sought.words)
    )
    patterns = tuple(
        replace(one, name=f"{name}:{one.name}")
        for name in sorted(sought.patterns)
        for one in read_patterns(lists[name].path, lists[name].text)
    )
    return SearchPlan(identifiers_of(sought.identifiers), words, patterns)
