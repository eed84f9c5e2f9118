"""A half of a one-way gate that is loaded with the first channel which needs it, and not before."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Final

from gateway.management.host import Desk
from gateway.management.wiring.half import Half

_IDLE_S: Final = 1.0


class Lazily:
    """Made with the first policy set that has a channel of requests. A step of a process."""

    def __init__(self, desk: Desk, make: Callable[[], Half]) -> None:
        self._desk, self._make = desk, make
        self._made: Half | None = None

    def step(self, now_s: float) -> float:
        if self._made is None:
            self._look()
        if self._made is None:
            return _IDLE_S
        return min((step.step(now_s) for step in self._made.steps), default=_IDLE_S)

    def reload(self) -> None:
        for reload in self._made.reloads if self._made is not None else ():
            reload()

    def close(self) -> None:
        with ExitStack() as closing:
            for close in reversed(self._made.closing if self._made is not None else ()):
                closing.callback(close)

    def half(self) -> Half:
        """This, as a half of its process."""
        return Half(steps=[self], closing=[self.close], reloads=[self.reload])

    def _look(self) -> None:
        policy = self._desk.policy.current()
        if policy is not None and policy.of_requests:
            self._made = self._make()
