"""What a two-way gate adds to an acceptor, as that sees it. A Protocol; a one-way gate has none of it.

The part itself (opposite.py) is loaded by the wiring of two-way gates alone.
"""

from __future__ import annotations

from typing import Protocol

from gateway.ferry.oneway.account import Account
from gateway.ferry.oneway.happenings import Returned


class OppositeLane(Protocol):
    """The lane that leads back. Neither call blocks."""

    def tell(self, account: Account, session: int | None, now_s: float) -> None:
        """Say what this lane misses, where it is time. session: of its sender, None before the first."""
        ...

    def heard(self, returned: Returned) -> None:
        """A block about the opposite lane has come."""
        ...
