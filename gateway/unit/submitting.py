"""What the durable way of requests is to the two edges: through the queues, in a gate of one lane too.

    source --Submitter.submit--> (captured ... admitted) --> BodyPerformer.perform_body --> peer
    source <--Submitter.answered-- (admitted ... captured) <-------- answer, where one is asked for

Contents are bytes or a file; nobody on this way reads a file into memory as a whole. A channel of `submit`
asks for no answer: its outcome is told by receipt. Values and Protocols only.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from gateway.unit.model import CapturedUnit
from gateway.unit.request import RequestBody, ResponseBody
from gateway.unit.stages import Admitted, Body


@dataclass(frozen=True, slots=True)
class AnsweredBody:
    """An answer that both guards have let pass. number: of the unit that brought it.

    body: bytes, or a file of the queue that stays until Submitter.served() is called.
    """

    number: int
    head: ResponseBody
    body: Body


@dataclass(frozen=True, slots=True)
class PerformedBody:
    """What the peer answered, before any guard has seen it. Everything in it is untrusted.

    content: bytes, or a closed file in the staging folder that perform_body was given.
    """

    head: ResponseBody
    content: bytes | Path


class Submitter(Protocol):
    """The durable way as a source sees it. Belongs to the loop of the source."""

    def staging(self) -> Path:
        """A folder for contents under construction, on the queue's file system; emptied at start."""
        ...

    async def submit(self, unit: CapturedUnit, content: bytes | Path) -> None:
        """The request is durable when this returns; from here the caller may forget it.

        content: a file is a closed one in staging(); it is taken over, also where this raises. Raises
        Refused (it is of no form that crosses: nothing is kept), Unavailable (nothing is kept) and
        StateUncertain 6422 (nobody knows whether it is), nothing else.
        """
        ...

    async def answered(self, number: int, until_s: float) -> AnsweredBody:
        """The answer to the unit of this number, which was submitted by this process; once.

        until_s: of the loop's clock. Raises as Asker.ask: Refused (a guard of either side; with the
        field `performed`: the answer did not pass), Unavailable (not performed), StateUncertain (time is
        over, or nothing is known). Whoever got an answer calls served().
        """
        ...

    def served(self, answer: AnsweredBody) -> None:
        """The caller has it, or has gone: from here the queue may forget it and its file. No I/O here."""
        ...


class BodyPerformer(Protocol):
    """A sink of requests whose contents may be files."""

    async def perform_body(
        self, admitted: Admitted, head: RequestBody, staging: Path
    ) -> PerformedBody:
        """Call the peer once. staging: where a large answer becomes a file. Raises as Performer.perform;
        then no file stays."""
        ...
