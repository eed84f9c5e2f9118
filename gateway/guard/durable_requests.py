"""Requests and answers that come to a guard through queues: what both halves of a guard share.

    request of `submit`   judged; nobody waits for an answer, and none passes
    request, large        judged, remembered with its deadline: its answer passes once, in time
    answer, large         of a request that this guard has let pass; judged
    failure               of such a request, told by numbers of a list

The tables are not those of transient requests: a unit that is taken again from its queue is asked again,
which no transient one ever is. They last over restarts of the guard (gateway.guard.asked_file), as queues do.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from gateway.errors import Field, Refused, Unavailable
from gateway.guard.asked_file import WAITS, AskedFile, Noted
from gateway.guard.outstanding import Asked, Outstanding
from gateway.guard.requests import Let, deadline
from gateway.unit.model import CapturedUnit, Manifest
from gateway.unit.number import speak
from gateway.unit.request import (
    MAX_ANSWER_WITHIN_MS,
    Consequence,
    FailureBody,
    RequestBody,
    ResponseBody,
)
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
    """Requests under way, and the unit that brought the answer of each. Safe to call from several threads.

    file: what is known of them over restarts; None: nothing is.
    """

    def __init__(self, file: AskedFile | None = None) -> None:
        super().__init__()
        self._brought: OrderedDict[int, tuple[int, str, str]] = OrderedDict()
        self._bringing = threading.Lock()
        self._file = file
        for noted in file.found if file is not None else ():
            self._known(noted)

    def ask(self, asked: Asked, *, again: bool = False) -> None:
        """See Outstanding. Durable when it returns. Raises Unavailable 4331, too."""
        super().ask(asked, again=again)
        try:
            self._note(asked)
        except Unavailable:
            self.withdraw(asked.number)
            raise

    def bring(
        self, number: int, head: ResponseBody | FailureBody, channel: str, at_s: float
    ) -> None:
        """The unit of this number brings the answer; at_s: of the monotonic clock. Raises Refused 5762 to
        5765, Unavailable 4331. Durable when it returns.

        It may come again, and no other: scanners that were away, or a full disk, give it to us once more.
        """
        brought = (number, channel, head.operation)
        with self._bringing:
            if self._brought.get(head.request) == brought:
                return
            asked = self.waiting(head.request, channel, head.operation)
            if asked is not None:
                self._note(asked, number)
            self.answer(head.request, channel, head.operation, at_s)
            self._brought[head.request] = brought
            while len(self._brought) > _BROUGHT_KEPT:
                self._brought.popitem(last=False)

    def _note(self, asked: Asked, brought_by: int = WAITS) -> None:
        if self._file is not None:
            left_s = asked.until_s - time.monotonic()
            until_ns = max(time.time_ns() + int(left_s * 1e9), 0)
            self._file.note(
                Noted(asked.number, asked.channel, asked.operation, until_ns, brought_by)
            )

    def _known(self, noted: Noted) -> None:
        """From an earlier run. Its time goes on by the clock of this host."""
        if noted.brought_by != WAITS:
            self._brought[noted.request] = noted.brought_by, noted.channel, noted.operation
            self._end(noted.request, answered=True)
            return
        now_s, left_s = time.monotonic(), (noted.until_ns - time.time_ns()) / 1e9
        if left_s <= 0:
            self._end(noted.request, answered=False)
            return
        # Where the clock was set back nobody waits for longer than any request may.
        until_s = now_s + min(left_s, MAX_ANSWER_WITHIN_MS / 1000)
        with suppress(Unavailable):
            asked = Asked(noted.request, noted.channel, noted.operation, now_s, until_s)
            super().ask(asked, again=True)


@dataclass(frozen=True, slots=True)
class Tables:
    """asked: large requests of this side's callers. let_in: of the other side's."""

    asked: Table = field(default_factory=Table)
    let_in: Table = field(default_factory=Table)


def remember(table: Outstanding, unit: CapturedUnit | Manifest, head: RequestBody) -> None:
    """It passes, and its answer may. Raises Refused 5761 (it is answered), Unavailable 5760."""
    # A crash or a full disk between here and the next queue gives the unit to us once more.
    again = table.withdraw(unit.number)
    caller = unit.brought_by if isinstance(unit, CapturedUnit) else ""
    table.ask(deadline(unit.number, unit.channel, head, caller), again=again)


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
