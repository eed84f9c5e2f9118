"""What a channel seeks in the texts of its files, and what it demands of formats.

    Channel --> Looking --> demands, texts wanted      for whoever reads the files (format_reader)
                       \\-> Search: texts in, Hit out   (texts_sought: kind, name, first place, count)
                              \\-> CodeSearch          what stands at a place and does not count in its list

A channel that asks for neither costs nothing.
"""

from __future__ import annotations

import threading
from datetime import datetime
from typing import TYPE_CHECKING, cast

from gateway.inspection.order import Order
from gateway.inspection.text.coded_places import CodeSearch, codes_of
from gateway.policy.facts import UnpackLimits
from gateway.policy.model import Channel

if TYPE_CHECKING:
    from gateway.inspection.text.search import Searcher, SearchPlan
    from gateway.inspection.texts_sought import Search


class Looking:
    """What one channel wants. Safe to use from several threads.

    Raises Misconfigured 3951 to 3967 (a list of words or patterns that cannot be used) at once.
    """

    def __init__(self, channel: Channel) -> None:
        self.demands = channel.formats
        self.sought = channel.sought
        self._plan = _plan_of(channel)
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
        from gateway.inspection.texts_sought import Search

        day = at.astimezone(self._zone).date()
        codes = CodeSearch(self._codes, day) if self._codes else None
        return Search(None if self._plan is None else self._searcher(self._plan), codes)

    def _searcher(self, plan: SearchPlan) -> Searcher:
        """One a thread: it is used by one at a time."""
        searcher = getattr(self._local, "searcher", None)
        if searcher is None:
            from gateway.inspection.text.search import Searcher

            searcher = self._local.searcher = Searcher(plan)
        return cast("Searcher", searcher)


def _plan_of(channel: Channel) -> SearchPlan | None:
    """None where it seeks nothing; else the search is loaded now, before the first unit."""
    sought = channel.sought
    if not (sought.identifiers or sought.words or sought.patterns):
        return None
    from gateway.inspection.texts_sought import plan_of

    plan = plan_of(channel)
    return plan if plan.identifiers or plan.word_lists or plan.patterns else None
