"""The receiving guard's judgement of requests and answers that come through the queue `received`.

That each comes once is the queues': a number that `received` or `admitted` has had is a duplicate. A request
that is older than their memory may have been performed, and is refused.
"""

from __future__ import annotations

from collections.abc import Callable

from gateway.errors import Refused
from gateway.guard.durable_judge import Answering, DurableJudge
from gateway.guard.durable_requests import Judged, Tables, request_fields, with_fields
from gateway.guard.requests import RequestJudge
from gateway.guard.told import of_far_side
from gateway.unit.model import Lane, Manifest
from gateway.unit.number import speak
from gateway.unit.request import RequestBody
from gateway.unit.stages import Body


class DurableAdmitter:
    """The judge of one lane. Safe to call from several threads for different units.

    tables: of this guard, None in a gate of one lane: there only requests of submit pass. forgot: whether the
    queue `admitted` cannot say any more if it has had a number.
    """

    def __init__(
        self,
        lane: Lane,
        judge: RequestJudge,
        tables: Tables | None,
        forgot: Callable[[int], bool] = lambda _: False,
    ) -> None:
        answering = None if tables is None else Answering(tables.let_in, tables.asked)
        self._judge = DurableJudge(lane, judge, answering, of_far_side)
        self._forgot = forgot

    def __call__(self, manifest: Manifest, body: Body) -> Judged:
        """A verified unit of Kind.REQUESTS. Raises Refused (with fields for the journal), Unavailable."""
        head = manifest.body
        if isinstance(head, RequestBody) and self._forgot(manifest.number):
            unfit = Refused(5766, unit=speak(manifest.number))
            raise with_fields(unfit, request_fields(head))
        return self._judge(manifest, body)
