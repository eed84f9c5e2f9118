"""What an edge of requests has to tell: values for a journal that wiring holds, bounded in number.

    caller.refused   a connection, before any request: who was not let in, from where
    call.refused     a request that got no answer from its peer: caller, address, operation, tries
    call.answered    the same with its status
    call.unknown     no answer in time, perhaps performed
    call.submitted   taken for good; its outcome comes later
    call.dropped     the caller was gone when its answer came
    call.closed      a session of a caller has ended
    peer.refused     what a peer sent in a session cannot cross; the session has ended

The words and their fields stand in gateway.audit.events; wiring makes events of them.

An outsider who is refused a thousand times a second must not fill a journal: of each reason some are told,
and then how many more there were.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from gateway.errors import Field, GatewayError

# In one window, of one reason.
TOLD_AT_MOST: Final = 20
WINDOW_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that happened. number: FG number of the reason, 0 for none. unit: None where none is made."""

    what: str
    channel: str
    number: int = 0
    unit: int | None = None
    fields: Mapping[str, Field] = field(default_factory=dict)


class Teller(Protocol):
    """Where it goes. Called from the loop's thread: takes it and returns at once, raises nothing."""

    def tell(self, told: Told) -> None: ...


@dataclass(slots=True)
class _Window:
    until_s: float
    told: int = 0
    more: int = 0


class Refusals:
    """Refusals of one channel, thinned. One thread; now_s of one clock."""

    def __init__(self, channel: str, teller: Teller, clock: Callable[[], float]) -> None:
        self._channel, self._teller, self._clock = channel, teller, clock
        # A window for each word and number: as many as the catalogue has, whatever comes in.
        self._windows: dict[tuple[str, int], _Window] = {}

    def tell(self, what: str, error: GatewayError, **fields: Field) -> None:
        """Told now, or counted to be told when its window is over."""
        key, now_s = (what, error.number), self._clock()
        window = self._windows.get(key)
        if window is not None and now_s >= window.until_s:
            self._close(key, window)
            window = None
        if window is None:
            window = self._windows[key] = _Window(now_s + WINDOW_S)
        if window.told >= TOLD_AT_MOST:
            window.more += 1
            return
        window.told += 1
        shown = {name: value for name, value in error.fields.items() if name != "channel"}
        self._teller.tell(Told(what, self._channel, error.number, None, {**shown, **fields}))

    def tick(self, *, ending: bool = False) -> None:
        """Say what has been counted and whose window is over."""
        now_s = self._clock()
        for key, window in list(self._windows.items()):
            if ending or now_s >= window.until_s:
                self._close(key, window)

    def _close(self, key: tuple[str, int], window: _Window) -> None:
        if window.more:
            self._teller.tell(Told(key[0], self._channel, key[1], None, {"more": window.more}))
        del self._windows[key]
