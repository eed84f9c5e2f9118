"""What an edge connector of sessions is: a source that opens them through the gate, a sink that attends them.

    caller <--> source <--Session--> (guard, ferry, lane, ferry, guard) <--Session--> sink <--> peer

Values and Protocols only, as gateway.unit.asking has them for requests.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from gateway.unit.model import CapturedUnit
from gateway.unit.request import RequestBody
from gateway.unit.session import Ending
from gateway.unit.stages import Admitted


@dataclass(frozen=True, slots=True)
class Message:
    """One message. content: UTF-8 where is_text. event, event_id: of a server-sent event, "" for none."""

    content: bytes
    is_text: bool = True
    event: str = ""
    event_id: str = ""


class Session(Protocol):
    """The half of a session that an edge has: what it sends goes through both guards."""

    @property
    def number(self) -> int:
        """Of the unit that opened it."""
        ...

    async def receive(self) -> Message | Ending:
        """The next message that both guards have let pass, in order; or why there are no more."""
        ...

    def send(self, message: Message) -> None:
        """Hand a message to the guard. Nothing happens after the end. Raises Unavailable 5768, 5769."""
        ...

    def end(self, ending: Ending) -> None:
        """No more messages. The first word counts."""
        ...


class Opener(Protocol):
    """The gate as a source of sessions sees it."""

    async def open(self, unit: CapturedUnit) -> Session:
        """Open a session on the far side. Raises as Asker.ask."""
        ...


class Attendant(Protocol):
    """A sink of sessions as the gate sees it."""

    async def attend(
        self, admitted: Admitted, head: RequestBody, opened: Callable[[], Session]
    ) -> None:
        """Connect to the peer, say `opened` once it has agreed, then carry messages until either end.

        Before `opened` it raises as Performer.perform; after it nothing.
        """
        ...
