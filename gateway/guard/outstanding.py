"""Requests that a guard has let pass and that wait for their answer. Pure: time comes in.

    ask() --> waiting --answer()--> answered --(forgotten in time)--> gone
                 |                      |
                 | deadline             +-- answer() again: twice 5764
                 v
               late: told once by expire(); answer() after it: 5763

Both guards of a gate have one, each for what it has seen itself. An answer passes only for a request that
waits here, once, in time, of its channel and operation; anything else is Refused, by its own number. A
channel, and a caller of it, have as many here as they leave free (gateway.exchange.at_once).
"""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from gateway.errors import Refused, Unavailable
from gateway.exchange.at_once import AtOnce
from gateway.unit.number import speak

# A caller's edge holds far fewer; what is above waits for nobody.
MAX_WAITING: Final = 4_096
# Answered and late ones are kept only to say which of the two a further answer is.
_ENDED_KEPT: Final = 8_192


@dataclass(frozen=True, slots=True)
class Asked:
    """One request. began_s, until_s: seconds of the monotonic clock of this process. caller: "" where it is
    not known."""

    number: int
    channel: str
    operation: str
    began_s: float
    until_s: float
    caller: str = ""


class Outstanding:
    """The table. Safe to call from several threads."""

    def __init__(self, most: int = MAX_WAITING) -> None:
        self._room = AtOnce(most)
        self._waiting: OrderedDict[int, Asked] = OrderedDict()
        self._ended: OrderedDict[int, bool] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._waiting)

    def ask(self, asked: Asked, *, again: bool = False) -> None:
        """A request passes. again: it waited here before, and has its place whatever the share of others.

        Raises Refused 5761 (its number came before), Unavailable 5760 (too many).
        """
        with self._lock:
            if asked.number in self._waiting or asked.number in self._ended:
                raise Refused(5761, unit=speak(asked.number))
            if again and len(self._room) < self._room.most:
                self._room.count(asked.channel, asked.caller)
            elif not self._room.enter(asked.channel, asked.caller):
                raise Unavailable(5760, most=self._room.most)
            self._waiting[asked.number] = asked

    def answer(self, request: int, channel: str, operation: str, now_s: float) -> Asked:
        """An answer comes: the request that it is for, which is answered from here on.

        Raises Refused 5762 (no such request), 5763 (late), 5764 (answered before), 5765 (of another
        channel or operation; the request goes on waiting).
        """
        with self._lock:
            asked = self._waiting.get(request)
            if asked is None:
                was_answered = self._ended.get(request)
                if was_answered is None:
                    raise Refused(5762, request=speak(request))
                raise Refused(5764 if was_answered else 5763, request=speak(request))
            if (asked.channel, asked.operation) != (channel, operation):
                raise Refused(5765, request=speak(request), asked=asked.operation, told=operation)
            self._leave(request)
            if now_s > asked.until_s:
                self._end(request, answered=False)
                raise Refused(5763, request=speak(request))
            self._end(request, answered=True)
            return asked

    def waits(self, request: int, channel: str, operation: str) -> bool:
        """Whether this request of this channel and operation waits for its answer."""
        return self.waiting(request, channel, operation) is not None

    def waiting(self, request: int, channel: str, operation: str) -> Asked | None:
        """The request, where it waits."""
        with self._lock:
            asked = self._waiting.get(request)
        is_it = asked is not None and (asked.channel, asked.operation) == (channel, operation)
        return asked if is_it else None

    def withdraw(self, number: int) -> bool:
        """The request did not pass after all: it was handed to nobody. Whether it waited."""
        with self._lock:
            return self._leave(number)

    def expire(self, now_s: float) -> list[Asked]:
        """Requests whose time is over without an answer, each told once."""
        with self._lock:
            late = [asked for asked in self._waiting.values() if now_s > asked.until_s]
            for asked in late:
                self._leave(asked.number)
                self._end(asked.number, answered=False)
            return late

    def give_up(self) -> list[Asked]:
        """All that wait, told once: whoever would have answered, or was to be told, has ended."""
        return self.expire(math.inf)

    def _leave(self, number: int) -> bool:
        asked = self._waiting.pop(number, None)
        if asked is not None:
            self._room.leave(asked.channel, asked.caller)
        return asked is not None

    def _end(self, number: int, *, answered: bool) -> None:
        self._ended[number] = answered
        while len(self._ended) > _ENDED_KEPT:
            self._ended.popitem(last=False)
