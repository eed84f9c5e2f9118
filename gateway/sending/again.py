"""What goes over the lane again: who asked for it, and what he is told of it. Values and a Protocol; no I/O.

look() --> next() --> Request --> began() --> sealed() --> announced()
                         | not kept, or not cleared
                         +--> unknown()
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from gateway.ferry.oneway.records import Resolved
from gateway.ferry.reconcile import Wanted


class Requests(Protocol):
    """One who asks: the lists that people bring (resending.py), the opposite lane (returned.py).

    resolved: units behind sendings that were asked for, to be told to the receiver; the caller empties it.
    """

    resolved: list[Resolved]

    def look(self, now_s: float) -> None:
        """Read what has come."""
        ...

    def next(self, limit: int) -> list[Request]:
        """The next units that are asked for, `limit` of them at most."""
        ...

    def unknown(self, request: Request) -> None:
        """The unit is not here any more, is not cleared, or is not the one that he means."""
        ...

    def began(self, request: Request, total_bytes: int) -> None:
        """It goes. total_bytes: of the whole unit."""
        ...

    def sealed(self, request: Request) -> None:
        """All of it is in blocks."""
        ...

    def announced(self, request: Request) -> None:
        """It has gone, and the receiver was told its name."""
        ...

    def settle(self) -> None:
        """The journal is durable: what is done may be forgotten."""
        ...


@dataclass(frozen=True, slots=True)
class Request:
    """One unit, or ranges of it. by: who asked, and is told. source: which of his lists, by name.
    claimed_bytes: how long he says it is, None where he does not."""

    wanted: Wanted
    by: Requests
    source: str = ""
    claimed_bytes: int | None = None
