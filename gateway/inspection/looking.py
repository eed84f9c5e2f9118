"""What a channel seeks in the texts of its files, and what it demands of formats.

    Channel --> Looking --> demands, texts wanted      for whoever reads the files (format_reader)
                       \\-> Search: texts in, Hit out   (kind, name, first place, count)
                              \\-> CodeSearch          what stands at a place and does not count in its list

A channel that asks for neither costs nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, cast

from gateway.inspection.formats.contract import Text
from gateway.inspection.order import Order
from gateway.inspection.text.coded_places import CodeSearch, codes_of
from gateway.inspection.text.found import Identifier
from gateway.inspection.text.patterns import read_patterns
from gateway.inspection.text.search import Kind as HitKind
from gateway.inspection.text.search import Searcher, SearchPlan
from gateway.inspection.text.words import read_words
from gateway.policy.facts import Hit, UnpackLimits
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


class Looking:
    """What one channel wants. Safe to use from several threads.

    Raises Misconfigured 3951 to 3967 (a list of words or patterns that cannot be used) at once.
    """

    def __init__(self, channel: Channel) -> None:
        self.demands = channel.formats
        self.sought = channel.sought
        plan = _plan_of(channel)
        self._plan = plan if plan.identifiers or plan.word_lists or plan.patterns else None
        self._codes = codes_of(channel)
        self._zone = channel.zone
        self._local = threading.local()
        self._read_as, self._name = channel.read_as, channel.name
        self._order: Order | None = None

    def order(
        self, name: str, limits: UnpackLimits, wanted: frozenset[str] | None, *, thorough: bool
    ) -> Order:
        """What is asked of whoever takes a unit apart; the last one again where it is the same."""
        made, asked = self._order, (name, limits, wanted, thorough)
        if made is None or (made.name, made.limits, made.wanted, made.thorough) != asked:
            made = Order(
                name, self._name, limits, wanted, thorough, dict(self.demands),
                texts=self.texts, values=self.values, read_as=self._read_as,
            )  # fmt: skip
            self._order = made
        return made

    @property
    def texts(self) -> bool:
        """Whether all texts are wanted."""
        return self._plan is not None

    @property
    def values(self) -> bool:
        """Whether the values at places are wanted."""
        return bool(self._codes)

    def search(self, at: datetime) -> Search | None:
        """A search over the texts of one unit, None where nothing is sought.

        at: with its zone; codes must be valid on that day in the channel's own zone.
        """
        if not self.texts and not self.values:
            return None
        day = at.astimezone(self._zone).date()
        codes = CodeSearch(self._codes, day) if self._codes else None
        return Search(None if self._plan is None else self._searcher(self._plan), codes)

    def _searcher(self, plan: SearchPlan) -> Searcher:
        """One a thread: it is used by one at a time."""
        searcher = getattr(self._local, "searcher", None)
        if searcher is None:
            searcher = self._local.searcher = Searcher(plan)
        return cast(Searcher, searcher)


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


def _plan_of(channel: Channel) -> SearchPlan:
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
