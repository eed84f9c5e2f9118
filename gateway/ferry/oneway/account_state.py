"""What of an account survives a restart of the receiving ferry, as its state file holds it. No I/O."""

from __future__ import annotations

import msgspec

from gateway.ferry.oneway.missing import MissingSequences, MissingUnit
from gateway.ferry.oneway.sessions import SessionState


class AccountState(msgspec.Struct, frozen=True):
    """All that must survive a restart. unlisted: sendings that are missing and found no room."""

    sessions: list[SessionState] = msgspec.field(default_factory=list)
    units: list[MissingUnit] = msgspec.field(default_factory=list)
    sequences: list[MissingSequences] = msgspec.field(default_factory=list)
    unlisted: int = 0
