"""What a source of requests needs of its gate, given by wiring; the units that its requests become."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from gateway.connectors.request.large import Large
from gateway.connectors.request.receipts import Receipts
from gateway.connectors.request.telling import Teller
from gateway.connectors.request.typed import Match
from gateway.unit.asking import Asker
from gateway.unit.live import Opener
from gateway.unit.model import CapturedUnit, Kind
from gateway.unit.request import RequestBody


class BytesSubmitter(Protocol):
    """Of gateway.unit.submitting.Submitter what a channel needs that answers with a receipt: bytes alone."""

    async def submit(self, unit: CapturedUnit, content: bytes) -> None:
        """The request is durable when this returns. Raises Refused, Unavailable and StateUncertain."""
        ...


@dataclass(frozen=True, slots=True)
class Gate:
    """What a source needs of its gate. asker or submitter: by what the channel is. opener: for sessions.

    next_number: a number that no unit has had; raises Unavailable; called from the loop's thread.
    large: where a channel has operations of large contents.
    receipts: None where no outcome ever comes back.
    """

    match: Match
    next_number: Callable[[], int]
    teller: Teller
    asker: Asker | None = None
    submitter: BytesSubmitter | None = None
    receipts: Receipts | None = None
    large: Large | None = None
    opener: Opener | None = None

    def unit(self, channel: str, caller: str, body: RequestBody) -> CapturedUnit:
        """A request as a unit with a number of its own, captured now. Raises as next_number."""
        number = self.next_number()
        return CapturedUnit(number, channel, Kind.REQUESTS, time.time_ns(), body, caller)
