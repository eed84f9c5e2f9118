"""Events of a guard's two halves told apart: of which lane the unit was that was let in or left. No I/O.

A unit that an edge captures under a number of the other side's would look like one that came from there.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from gateway.audit.event import Event, Recorder
from gateway.unit.model import Lane

FIELD: Final = "lane"
_WORDS: Final = frozenset({"admitted", "refused", "held", "corrupt"})


class OfLane:
    """A Recorder for one lane's half of a guard of a two-way gate."""

    def __init__(self, recorder: Recorder, lane: Lane) -> None:
        self._recorder, self._lane = recorder, lane

    def record(self, event: Event) -> None:
        if event.what in _WORDS:
            event = replace(event, fields={**event.fields, FIELD: self._lane.value})
        self._recorder.record(event)

    def commit(self) -> None:
        """Raises as the journal does."""
        self._recorder.commit()
