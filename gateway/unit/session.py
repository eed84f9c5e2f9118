"""The typed parts of a session: two connections that the gate joins by messages, one on each side.

    (RequestBody)  opens it; its unit's number is the session's for ever
    OpenedBody     the far side has its connection: sequence 0 of the way back
    MessageBody    one message, with its place among those of its way: 1, 2, 3 ...
    AliveBody      the guard of a side still knows the session: the place that comes next
    EndBody        the last of its way, with a word of a list

Only OpenedBody and MessageBody reach an edge as such, and EndBody as its word. No frame, no ping, no close
code and no text of a connection crosses.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

# A message is held whole by every process on its way, many at a time.
MAX_MESSAGE_BYTES: Final = 1 << 20
# At the fastest rate that a policy can name this lasts for longer than any session.
MAX_SEQUENCE: Final = (1 << 32) - 1
# The name and the id of a server-sent event.
MAX_EVENT_CHARACTERS: Final = 64
MAX_EVENT_ID_CHARACTERS: Final = 256


class Ending(StrEnum):
    """Why a session ended, as the other side is told it.

    DONE: in order. AWAY: the connection over there broke. REFUSED: a message did not pass. TOO_MANY: more
    messages than the policy takes. TOO_SLOW: they were not taken off in time. IDLE, OVER: the times of the
    policy. LOST: a message was lost, or a process of the gate has ended: it can be tried again.
    """

    DONE = "done"
    AWAY = "away"
    REFUSED = "refused"
    TOO_MANY = "too many"
    TOO_SLOW = "too slow"
    IDLE = "idle"
    OVER = "over"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class OpenedBody:
    """The answer to a request that opens a session. session: number of the unit that asked."""

    session: int
    operation: str

    @property
    def sequence(self) -> int:
        """Before all messages of its way."""
        return 0

    @property
    def size_bytes(self) -> int:
        """It has no content."""
        return 0


@dataclass(frozen=True, slots=True)
class MessageBody:
    """One message; its content follows. Everything in it is untrusted until a guard judges.

    sequence: from 1, without a gap. is_text: UTF-8, and goes on as such. event, event_id: of a server-sent
    event, "" for none.
    """

    session: int
    operation: str
    sequence: int
    is_text: bool
    event: str
    event_id: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class AliveBody:
    """Said now and then, so that a lost message is missed although none follows. sequence: the next one."""

    session: int
    operation: str
    sequence: int

    @property
    def size_bytes(self) -> int:
        """It has no content."""
        return 0


@dataclass(frozen=True, slots=True)
class EndBody:
    """The last of its way. sequence: that of the next message, had there been one."""

    session: int
    operation: str
    sequence: int
    ending: Ending

    @property
    def size_bytes(self) -> int:
        """It has no content."""
        return 0


SessionBody = OpenedBody | MessageBody | AliveBody | EndBody
