"""What becomes of a unit at a guard: it passes, leaves, waits, or ends there. Values; no I/O."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from gateway.audit.event import Event
from gateway.errors import Field
from gateway.spool.model import Entry, Taken
from gateway.unit.model import Stage


@dataclass(frozen=True, slots=True)
class Passed:
    """The unit goes on: what the next queue gets, and the fields of its event."""

    entry: Entry
    channel: str
    fields: Mapping[str, Field] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Exit:
    """The unit leaves: REFUSED, HELD or CORRUPT, with the number of its reason.

    beside: a second event about the same, with the same fields; "" for none.
    """

    stage: Stage
    number: int
    channel: str = ""
    fields: Mapping[str, Field] = field(default_factory=dict)
    beside: str = ""


@dataclass(frozen=True, slots=True)
class Wait:
    """The unit stays. delay_s: when to ask again. number: 0 where waiting is as it should be."""

    delay_s: float
    number: int = 0
    channel: str = ""
    fields: Mapping[str, Field] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ended:
    """A unit of the gate's own: it has said what it had to say, and goes no further. events: of that. entry:
    what the next queue is told of it, None for nothing."""

    events: Sequence[Event]
    entry: Entry | None = None


Outcome = Passed | Exit | Wait
Work = Callable[[Taken], Outcome]
# With those of the gate's own, which no other part of a guard meets.
AnyOutcome = Outcome | Ended
AnyWork = Callable[[Taken], AnyOutcome]
