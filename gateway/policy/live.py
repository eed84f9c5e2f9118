"""What an operation that is a session may carry: messages of each way, who may open it, for how long. Values.

ward-feed:
  call: WEBSOCKET /ward/{id}
  id: text at most 20
  sends: json following schemas/command.json, at most 4 KiB
  receives: json following schemas/vitals.json, at most 16 KiB
  receives_rate: at most 50 messages/s
  origins: https://portal.outer.example
  sessions: at most 2 a caller, 20 in all
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from gateway.policy.values import Rate

if TYPE_CHECKING:
    from gateway.policy.operations import ContentRule, ValueRule

# Where a file says nothing: what a person at a screen needs.
MESSAGES_A_SECOND: Final = Rate(20, 1.0)
SESSIONS_A_CALLER: Final = 4
SESSIONS_IN_ALL: Final = 64
IDLE_S: Final = 300.0
LONGEST_S: Final = 3600.0
# The header by which the subprotocol crosses; no file can list it among its headers.
SUBPROTOCOL: Final = "sec-websocket-protocol"
# The header by which a client asks for what came after an event; where it is listed, ids cross.
LAST_EVENT_ID: Final = "last-event-id"


class Form(StrEnum):
    """In the place of a method in `call`."""

    WEBSOCKET = "WEBSOCKET"
    EVENTS = "EVENTS"


LIVE_METHODS: Final = tuple(form.value for form in Form)


@dataclass(frozen=True, slots=True)
class MessageRule:
    """Messages of one way. is_text: they are text to the connection (else binary)."""

    content: ContentRule
    is_text: bool
    rate: Rate


@dataclass(frozen=True, slots=True)
class LiveRule:
    """sends: from the caller, receives: to him; None for no message. subprotocols, origins: empty for none.

    events: names of server-sent events that cross. event_id: what their ids must be; None: ids stay behind.
    a_caller, in_all: sessions at once. lines: file lines of the words that judge.
    """

    form: Form
    sends: MessageRule | None
    receives: MessageRule | None
    subprotocols: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    event_id: ValueRule | None = None
    a_caller: int = SESSIONS_A_CALLER
    in_all: int = SESSIONS_IN_ALL
    idle_s: float = IDLE_S
    longest_s: float = LONGEST_S
    lines: Mapping[str, int] = field(default_factory=dict)

    def rule(self, *, from_caller: bool) -> MessageRule | None:
        """Of messages of this way."""
        return self.sends if from_caller else self.receives

    @property
    def contents(self) -> tuple[ContentRule, ...]:
        """Of both ways, where there are some."""
        rules = (self.sends, self.receives)
        return tuple(rule.content for rule in rules if rule is not None)
