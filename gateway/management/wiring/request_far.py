"""The durable way at the edge of a sink: requests of the queue `admitted`, performed in the sinks' loop."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from pathlib import Path
from typing import Final

from gateway.audit.event import Status
from gateway.connectors.request.loop import Beside
from gateway.errors import Refused, StateUncertain, Unavailable
from gateway.management.host import Desk
from gateway.management.layout import Role
from gateway.receiving.durable_performing import Answering, DurablePerformer, Terms
from gateway.receiving.faults import Faults
from gateway.receiving.performed_marks import PerformedMarks
from gateway.spool.model import QueueReader, Taken
from gateway.unit.request import RequestBody
from gateway.unit.stages import Admitted
from gateway.unit.submitting import BodyPerformer, PerformedBody

# A sink ends by itself; this is for one that does not.
_GRACE_S: Final = 1.0


class FarEnd:
    """The queue's end for requests, and the sinks that perform them. staging: for large answers."""

    def __init__(
        self,
        desk: Desk,
        queue: QueueReader,
        status: Status,
        staging: Path,
        answering: Answering | None = None,
    ) -> None:
        """Raises Misconfigured 6426, Unavailable 6425."""
        self._desk, self._staging = desk, staging
        # Of the loop that use() names.
        self._performers: dict[str, BodyPerformer] = {}
        self._beside: Beside | None = None
        self.faults = Faults(desk.journal, status)
        marks = PerformedMarks(desk.host.folder.state_of(Role.EDGE) / "performed-requests")
        self.due = DurablePerformer(
            queue,
            marks,
            self._begin,
            self._terms,
            desk.journal,
            status,
            self.faults.unknown,
            answering,
        )

    def use(self, beside: Beside) -> None:
        """Where the performers run."""
        self._beside = beside

    def open(self, name: str, performer: BodyPerformer) -> None:
        """A channel's sink stands. In the loop."""
        self._performers[name] = performer

    def forget(self, name: str, performer: BodyPerformer) -> None:
        """A sink ends; one that has its place already stays."""
        known = self._performers.get(name)
        if known is performer:
            del self._performers[name]

    def take(self, taken: Taken, admitted: Admitted) -> None:
        """A unit of the queue that is no file. Raises Refused 1080 for what is no request."""
        head = admitted.manifest.body
        if not isinstance(head, RequestBody):
            raise Refused(1080, size_bytes=len(taken.header))
        self.due.take(taken, admitted, head)

    def _begin(self, admitted: Admitted, head: RequestBody) -> Future[PerformedBody]:
        if self._beside is None:
            raise RuntimeError("no loop to perform in")
        return self._beside.begin(self._performed(admitted, head))

    async def _performed(self, admitted: Admitted, head: RequestBody) -> PerformedBody:
        known = self._performers.get(admitted.manifest.channel)
        if known is None:
            raise Unavailable(5774, channel=admitted.manifest.channel)
        try:
            async with asyncio.timeout(head.answer_within_ms / 1000 + _GRACE_S):
                return await known.perform_body(admitted, head, self._staging)
        except TimeoutError as error:
            raise StateUncertain(5772) from error

    def _terms(self, name: str, operation: str) -> Terms | None:
        policy = self._desk.policy.current()
        channel = policy.channels.get(name) if policy is not None else None
        requests = channel.requests if channel is not None else None
        known = requests.operations.get(operation) if requests is not None else None
        if requests is None or known is None:
            return None
        return Terms(requests.submit, known.repeatable, requests.waits_s, requests.in_order)
