"""The receiving ferry's way to the opposite lane, in a gate of two: what it misses goes there, and what comes
here about that lane is handed on. No I/O: both ends are callables of the wiring.

    account --tell()--> Telling --bodies--> say      the dispatcher of the opposite lane
    link --> Returned --heard()-----------> hear     the same one, about what it has sent itself
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gateway.ferry.oneway.account import Account
from gateway.ferry.oneway.happenings import Returned
from gateway.ferry.twoway.telling import Telling


class Opposite:
    """say: control blocks for the opposite lane. hear: (session, untrusted body) about it. Neither blocks."""

    def __init__(
        self,
        telling: Telling,
        say: Callable[[Sequence[bytes]], None],
        hear: Callable[[int, bytes], None],
    ) -> None:
        self._telling, self._say, self._hear = telling, say, hear

    def tell(self, account: Account, session: int | None, now_s: float) -> None:
        """Say what this lane misses, where it is time. session: of its sender, None before the first."""
        if session is None:
            return
        bodies = self._telling.bodies(account, session, now_s)
        if bodies:
            self._say(bodies)

    def heard(self, returned: Returned) -> None:
        """A block about the opposite lane; read by who has sent that lane."""
        self._hear(returned.session, returned.body)
