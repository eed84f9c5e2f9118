"""What the other side's guard tells of units that went there: held to a rule, then only recorded.

received unit --number of the gate's own? no--> the work on all other units
     | yes
opened, verified --> kind, count, size, units of this side only --> one event `outcome` each; it ends here
                         | no
                         +--> Refused 5743, set aside
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final

from gateway.audit.event import Event
from gateway.errors import Field, Refused
from gateway.guard.outcome import AnyOutcome, Ended, Exit, Work
from gateway.receiving.verify import Opener
from gateway.spool.model import Entry, Taken
from gateway.unit.encode import encode_manifest
from gateway.unit.model import Kind, Manifest, Stage
from gateway.unit.outcomes import (
    CHANNEL,
    OutcomesBody,
    UnitOutcome,
    What,
    decode_outcomes,
    is_own_number,
)

OUTCOME: Final = "outcome"
HEARD: Final = "outcomes.heard"
_NS: Final = 10**9


class OutcomesHeard:
    """`work` of a receiving guard, with the units of outcomes taken out. Safe to call from several threads.

    is_ours: whether a number is one that this side gives. tells: whether the edge is told, too: it has
    receipts to settle.
    """

    def __init__(
        self,
        work: Work,
        opener: Opener,
        is_ours: Callable[[int], bool],
        tells: Callable[[], bool] = lambda: False,
    ) -> None:
        self._work, self._opener, self._is_ours = work, opener, is_ours
        self._tells = tells

    def use(self, opener: Opener) -> None:
        """Open with this one from the next unit on."""
        self._opener = opener

    def __call__(self, taken: Taken) -> AnyOutcome:
        """The work on a unit, or the events of a unit of outcomes. Raises what `work` raises."""
        if not is_own_number(taken.number):
            return self._work(taken)
        if taken.body.path is not None:
            raise Refused(5743, what="size")
        try:
            manifest, content = self._opener.open_bytes(taken.body.read(), taken.number)
        except Refused as error:
            return Exit(Stage.CORRUPT, error.number, fields=error.fields)
        events = _events(manifest.number, self.outcomes(manifest, content))
        entry = Entry(taken.number, encode_manifest(manifest), content) if self._tells() else None
        return Ended(events, entry)

    def outcomes(self, manifest: Manifest, content: bytes) -> tuple[UnitOutcome, ...]:
        """The outcomes of a verified unit. Raises Refused 5743, 1080 and nothing else. No I/O."""
        said = manifest.body
        if manifest.kind is not Kind.OUTCOMES or manifest.channel != CHANNEL:
            raise Refused(5743, what="kind")
        if not isinstance(said, OutcomesBody) or said.size_bytes != len(content):
            raise Refused(5743, what="size")
        if self._is_ours(manifest.number):
            raise Refused(5743, what="number")
        outcomes = decode_outcomes(content)
        if len(outcomes) != said.count:
            raise Refused(5743, what="count")
        if not all(self._is_ours(one.unit) for one in outcomes):
            raise Refused(5743, what="unit")
        # An honest guard says whole seconds; anything finer is more than what became of it.
        if not all(_is_plain(one) for one in outcomes):
            raise Refused(5743, what="time or reason")
        return outcomes


def _is_plain(one: UnitOutcome) -> bool:
    is_well = one.what in (What.DELIVERED, What.RELEASED)
    return one.at_ns % _NS == 0 and not (is_well and one.reason)


def _events(number: int, outcomes: Sequence[UnitOutcome]) -> list[Event]:
    at_ns = time.time_ns()
    heard = Event(HEARD, at_ns, number, fields={"outcomes": len(outcomes)})
    return [heard, *(_event(one, at_ns) for one in outcomes)]


def _event(one: UnitOutcome, at_ns: int) -> Event:
    fields: dict[str, Field] = {"became": one.what.word, "there_at_ns": one.at_ns}
    reason = one.reason
    if one.what is What.PERFORMED and reason < 1000:
        fields["status"], reason = reason, 0
    return Event(OUTCOME, at_ns, one.unit, number=reason, fields=fields)
