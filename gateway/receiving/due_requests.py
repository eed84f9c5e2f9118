"""A request that is to be performed: by which terms, and what the journal says when it is done with. No I/O.

    performed   request.performed, delivered            its status, or why its answer was not taken
    lost        (request.unknown,) refused              not performed, or nobody knows

The words `delivered` and `refused` are the stages of a unit; the others say what they mean for a request.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from gateway.audit.event import Event
from gateway.errors import Field, GatewayError, Refused, Unavailable
from gateway.unit.model import Stage
from gateway.unit.request import RequestBody
from gateway.unit.stages import Admitted

UNKNOWN: Final = 6423


@dataclass(frozen=True, slots=True)
class Terms:
    """What the policy in force says of one operation. waits_s: for a peer that is away."""

    is_submitted: bool
    is_repeatable: bool
    waits_s: float
    is_ordered: bool = True

    @property
    def may_repeat(self) -> bool:
        """One that a caller waits for is repeated by his own edge, or not at all."""
        return self.is_repeatable and self.is_submitted


@dataclass(slots=True)
class Due:
    """One request in hand. in_memory: bytes of its body. away_s: the last pause for a peer that was away.

    is_answered: its answer is durable in the queue that leads back.
    """

    admitted: Admitted
    head: RequestBody
    terms: Terms
    in_memory: int
    away_s: float = 0.0
    began_s: float = 0.0
    is_answered: bool = False

    @property
    def number(self) -> int:
        return self.admitted.manifest.number

    @property
    def channel(self) -> str:
        return self.admitted.manifest.channel


@dataclass(slots=True)
class End:
    """What is to be said of one, then to the queue. reason: 0 for an acknowledgement."""

    due: Due
    reason: int
    events: list[Event] = field(default_factory=list)


def performed(due: Due, result: int, tries: int, at_ns: int, *, again: bool) -> End:
    """The peer has performed it. result: its status, or the FG number of why its answer was not taken."""
    status, reason = (result, 0) if result < 1000 else (0, result)
    repeated: dict[str, Field] = {"again": 1} if again else {}
    told: dict[str, Field] = {"operation": due.head.operation, "tries": tries, "status": status}
    if due.began_s:
        told["ms"] = round((time.monotonic() - due.began_s) * 1000, 1)
    manifest = due.admitted.manifest
    digest = manifest.body_sha256.hex()
    mark = f"{due.number}\n{due.head.operation}\n{status}\n{digest}"
    delivered: dict[str, Field] = {
        "name": due.head.operation,
        "size_bytes": due.head.size_bytes,
        "sha256": digest,
        "receipt": sha256(mark.encode()).hexdigest()[:16],
        "proof": "status",
        "status": status,
        "captured_at_ns": manifest.captured_at_ns,
    }
    words = (("request.performed", told), (Stage.DELIVERED.value, delivered))
    events = [
        Event(what, at_ns, due.number, due.channel, reason, fields | repeated)
        for what, fields in words
    ]
    return End(due, 0, events)


def lost(due: Due, error: GatewayError, tries: int, at_ns: int, *, again: bool) -> End:
    """It was not performed, or nobody knows: it is set aside."""
    fields: dict[str, Field] = {"operation": due.head.operation, "tries": tries}
    if again:
        fields["again"] = 1
    events, reason = [], error.number
    if not isinstance(error, Refused | Unavailable):
        events.append(Event("request.unknown", at_ns, due.number, due.channel, reason, fields))
        reason = UNKNOWN
    told: dict[str, Field] = {"name": due.head.operation, **error.fields, **fields}
    events.append(Event(Stage.REFUSED.value, at_ns, due.number, due.channel, reason, told))
    return End(due, reason, events)
