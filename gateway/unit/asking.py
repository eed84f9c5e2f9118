"""What an edge connector of requests is: a source that asks through the gate, a sink that performs.

    caller -> Source --Asker.ask--> (guard, ferry, lane, ferry, guard) --> Performer.perform -> peer

Values and Protocols only. The two connectors know neither sockets between processes nor the lane.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from gateway.unit.model import CapturedUnit
from gateway.unit.request import RequestBody, ResponseBody
from gateway.unit.stages import Admitted


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer that both guards have let pass. number: of the unit that brought it."""

    number: int
    head: ResponseBody
    content: bytes


@dataclass(frozen=True, slots=True)
class Performed:
    """What the peer answered, before any guard has seen it. Everything in it is untrusted."""

    head: ResponseBody
    content: bytes


class Asker(Protocol):
    """The gate as the HTTP source sees it."""

    async def ask(self, unit: CapturedUnit, content: bytes) -> Answered:
        """The answer to one request.

        Raises Refused (a guard of either side, by its number), Unavailable (the gate cannot take it now:
        nothing has been performed) and StateUncertain (time is over or a process ended: maybe performed).
        """
        ...


class Performer(Protocol):
    """A sink of requests as the gate sees it."""

    async def perform(self, admitted: Admitted, head: RequestBody) -> Performed:
        """Call the peer once. Raises Refused (never performed, will not fit; with the field `performed`: it
        was, and its answer cannot be taken), Unavailable (never performed: no connection) and StateUncertain
        (sent, and no answer)."""
        ...
