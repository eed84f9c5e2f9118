"""What is known of one call, and its last line in the journal; its words stand in telling.py. No sockets.

begin --> Asked, which fills while the call is served --> told: answered, submitted, dropped, closed
                                                      +-> failed: refused, unknown
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gateway.connectors.request.answer import Said, failure
from gateway.connectors.request.asking import Tries
from gateway.connectors.request.entry import Entry
from gateway.connectors.request.telling import Refusals, Teller, Told
from gateway.errors import Field, GatewayError, StateUncertain, Unavailable


@dataclass(slots=True)
class Asked:
    """What is known of a call so far. caller: "" while he is not known. began_s: of the journal's clock."""

    caller: str
    address: str
    began_s: float
    tries: Tries
    operation: str = ""

    @property
    def whose(self) -> str:
        """The caller whose uploads these are: by his address where nothing else is known of him."""
        return self.caller or self.address

    def fields(self, now_s: float, **more: Field) -> dict[str, Field]:
        """What its line says, and more. now_s: of the journal's clock."""
        took_ms = round((now_s - self.began_s) * 1000)
        return {
            "caller": self.caller,
            "address": self.address,
            "operation": self.operation,
            "tries": self.tries.count,
            "answer_ms": took_ms,
            **more,
        }


class CallJournal:
    """The calls of one channel. One thread; clock: seconds that do not go back."""

    def __init__(
        self, channel: str, teller: Teller, refusals: Refusals, clock: Callable[[], float]
    ) -> None:
        self._channel, self._teller, self._refusals, self._clock = channel, teller, refusals, clock

    def begin(self, entry: Entry) -> Asked:
        """A call that has come on this connection. Nothing is told of it yet."""
        name = entry.caller.name if entry.caller is not None else ""
        return Asked(name, str(entry.address), self._clock(), Tries())

    def tell(self, what: str, asked: Asked, number: int = 0, **more: Field) -> None:
        """A line. what: a word of telling.py. number: FG number of the reason, 0 for none."""
        fields = asked.fields(self._clock(), **more)
        self._teller.tell(Told(what, self._channel, number, asked.tries.unit, fields))

    def dropped(self, asked: Asked) -> None:
        """Its caller was gone when its answer came."""
        self.tell("call.dropped", asked, 6373)

    def failed(self, error: Exception, asked: Asked) -> Said:
        """What a caller is told instead of an answer; the journal has been told."""
        if isinstance(error, GatewayError):
            self._tell_failure(error, asked)
            return failure(error, asked.tries.unit)
        trouble = Unavailable(6372, fault=type(error).__name__)
        self._tell_failure(trouble, asked)
        return failure(trouble, asked.tries.unit, status=500)

    def _tell_failure(self, error: GatewayError, asked: Asked) -> None:
        if isinstance(error, StateUncertain):
            self.tell("call.unknown", asked, error.number)
        elif asked.tries.unit is not None:
            self.tell("call.refused", asked, error.number)
        else:
            # Nothing of it was asked: an outsider can have as many of these as he likes.
            self._refusals.tell("call.refused", error, caller=asked.caller, address=asked.address)
