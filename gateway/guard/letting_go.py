"""What threads of a guard have done with transient units: into the journal, then to the edge and the ferry.

    finish() --> what others have done meanwhile too --> record all, commit once --> release all

Nothing is let go that is not in the journal, on disk: a killed guard has performed or answered nothing that
nobody knows of. Whoever has done something finishes it, if nobody is at it: one commit and one seal serve all
that is done by then.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final, Protocol

from gateway.audit.event import Event, Recorder, Status
from gateway.errors import Refused, StateUncertain, Unavailable
from gateway.guard.requests import Unsealed

NotLetGo = Refused | Unavailable | StateUncertain


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one frame.

    events: for the journal. frame: for the edge, b"" for none. unsealed: for the other side. otherwise:
    called where it could not be let go: what then. Unavailable (the journal or the neighbour takes nothing),
    Refused: nobody has it. StateUncertain: it broke off while it was handed over, and somebody may have it.
    """

    events: tuple[Event, ...] = ()
    frame: bytes = b""
    unsealed: Unsealed | None = None
    otherwise: Callable[[NotLetGo], Done] | None = None


Send = Callable[[Sequence[bytes]], None]


class Seal(Protocol):
    """Seals units for the other side, several under one clearance where they fit."""

    def __call__(self, units: Sequence[Unsealed]) -> list[bytes]:
        """Frames for the ferry. Raises Refused and Unavailable: none of these is sealed then."""
        ...


class LettingGo:
    """to_edge, to_ferry: raise as a line does. Safe to call from several threads."""

    def __init__(
        self, to_edge: Send, to_ferry: Send, seal: Seal, recorder: Recorder, status: Status
    ) -> None:
        self._to_edge, self._to_ferry, self._seal = to_edge, to_ferry, seal
        self._recorder, self._status = recorder, status
        self._done: deque[Done] = deque()
        self._finishing = threading.Lock()

    def __len__(self) -> int:
        """How much is done and has not gone."""
        return len(self._done)

    def add(self, done: Sequence[Done]) -> None:
        """It goes with what is finished next."""
        self._done += done

    def finish(self, done: Sequence[Done]) -> None:
        """Journal, then let go. What others have done meanwhile goes with the same commit."""
        self.add(done)
        while self._done:
            if not self._finishing.acquire(blocking=False):
                # Whoever holds it looks again before it lets go of it.
                return
            try:
                self._finish_all()
            finally:
                self._finishing.release()

    def _finish_all(self) -> None:
        batch: list[Done] = []
        while self._done:
            batch.append(self._done.popleft())
        if not batch:
            return
        try:
            for one in batch:
                for event in one.events:
                    self._recorder.record(event)
                    self._status.count(_COUNTERS.get(event.what, "transient_events_total"))
            self._recorder.commit()
        except Unavailable as error:
            self._tell(self._not_let_go(batch, error))
            return
        # From here it is in the journal, and may be performed or answered.
        told = [*self._let_go(batch)]
        if told:
            self._tell(told)

    def _let_go(self, batch: Sequence[Done]) -> list[Done]:
        """To the edge and to the ferry; gives what is to be done about those that could not go."""
        instead: list[Done] = []
        for_edge = [one for one in batch if one.frame]
        if for_edge:
            try:
                self._to_edge([one.frame for one in for_edge])
            except (Unavailable, StateUncertain) as error:
                instead += self._not_let_go(for_edge, error)
        for_ferry = [one for one in batch if one.unsealed is not None]
        if for_ferry:
            try:
                sealed = self._seal([one.unsealed for one in for_ferry if one.unsealed is not None])
                self._to_ferry(sealed)
            except (Refused, Unavailable, StateUncertain) as error:
                # Several go in one seal: what is uncertain of one is uncertain of all.
                instead += self._not_let_go(for_ferry, error)
        return instead

    def _not_let_go(self, batch: Sequence[Done], error: NotLetGo) -> list[Done]:
        self._status.count("transient_not_let_go_total", len(batch))
        return [one.otherwise(error) for one in batch if one.otherwise is not None]

    def _tell(self, told: Sequence[Done]) -> None:
        """Whoever waits for what was not let go, if he is there; else his edge's own clock tells him."""
        with suppress(Unavailable):
            for one in told:
                for event in one.events:
                    self._recorder.record(event)
        untold = self._let_go([replace(one, otherwise=None) for one in told])
        if untold:
            raise RuntimeError("told twice")


_COUNTERS: Final = {
    "request.passed": "requests_passed_total",
    "request.refused": "requests_refused_total",
    "request.unanswered": "requests_unanswered_total",
    "answer.passed": "answers_passed_total",
    "answer.refused": "answers_refused_total",
    "answer.failed": "answers_failed_total",
    "session.opened": "sessions_opened_total",
    "session.ended": "sessions_ended_total",
    "message.refused": "messages_refused_total",
}
