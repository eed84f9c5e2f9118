"""Requests and answers that come to a guard through queues: what both halves of a guard share. Values.

    request of `submit`   judged; nobody waits for an answer, and none passes
    request, large        judged, remembered with its deadline: its answer passes once, in time
    answer, large         of a request that this guard has let pass; judged
    failure               of such a request, told by numbers of a list

The tables are of this process alone, and not those of transient requests: a unit that is taken again from its
queue is asked again, which no transient one ever is.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

from gateway.errors import Field, Refused
from gateway.guard.outstanding import Outstanding
from gateway.guard.requests import Let, deadline
from gateway.unit.model import CapturedUnit, Manifest
from gateway.unit.number import speak
from gateway.unit.request import Consequence, FailureBody, RequestBody, ResponseBody
from gateway.unit.stages import Body

# As many as a table keeps of requests that were answered.
_BROUGHT_KEPT: Final = 8_192


@dataclass(frozen=True, slots=True)
class Judged:
    """A unit that may go on: its typed part and its body, which may not be those that it came with."""

    head: RequestBody | ResponseBody | FailureBody
    body: Body
    policy_digest: str
    fields: dict[str, Field]


class Table(Outstanding):
    """Requests under way, and the unit that brought the answer of each. Safe to call from several threads."""

    def __init__(self) -> None:
        super().__init__()
        self._brought: OrderedDict[int, tuple[int, str, str]] = OrderedDict()
        self._bringing = threading.Lock()

    def bring(
        self, number: int, head: ResponseBody | FailureBody, channel: str, at_s: float
    ) -> None:
        """The unit of this number brings the answer; at_s: of the monotonic clock. Raises Refused 5762 to
        5765.

        It may come again, and no other: scanners that were away, or a full disk, give it to us once more.
        """
        brought = (number, channel, head.operation)
        with self._bringing:
            if self._brought.get(head.request) == brought:
                return
            self.answer(head.request, channel, head.operation, at_s)
            self._brought[head.request] = brought
            while len(self._brought) > _BROUGHT_KEPT:
                self._brought.popitem(last=False)


@dataclass(frozen=True, slots=True)
class Tables:
    """asked: large requests of this side's callers. let_in: of the other side's."""

    asked: Table = field(default_factory=Table)
    let_in: Table = field(default_factory=Table)


def remember(table: Outstanding, unit: CapturedUnit | Manifest, head: RequestBody) -> None:
    """It passes, and its answer may. Raises Refused 5761 (it is answered), Unavailable 5760."""
    # A crash or a full disk between here and the next queue gives the unit to us once more.
    table.withdraw(unit.number)
    table.ask(deadline(unit.number, unit.channel, head))


def request_fields(head: RequestBody) -> dict[str, Field]:
    """What the journal keeps of a request on its way: the words of a unit, never a value of it."""
    return {
        "name": head.operation,
        "size_bytes": head.size_bytes,
        "type": head.content_type or "none",
        "operation": head.operation,
    }


def answer_fields(head: ResponseBody) -> dict[str, Field]:
    """The same of an answer. request: the number of what it answers, as people say it."""
    return {
        "name": head.operation,
        "size_bytes": head.size_bytes,
        "type": head.content_type or "none",
        "operation": head.operation,
        "status": head.status,
        "request": speak(head.request),
    }


def judged_fields(let: Let) -> dict[str, Field]:
    """Under which set, and how many lines were asked."""
    return {"policy": let.policy_digest[:12], "checks": let.checks}


def with_fields(error: Refused, fields: dict[str, Field]) -> Refused:
    """The same refusal, with what the journal keeps of its unit."""
    return Refused(error.number, **{**fields, **error.fields})


def refused_answer(head: ResponseBody, error: Refused) -> FailureBody:
    """What the caller is told instead of an answer that does not pass."""
    return FailureBody(head.request, head.operation, error.number, Consequence.ANSWER_REFUSED)
