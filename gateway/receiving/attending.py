"""Requests that open sessions, to an Attendant: it connects, and carries messages until either end.

ADMITTED --> Attendant.attend --> opened() --> LIVE "opened" --> guard; then messages both ways
                  | Refused, Unavailable, StateUncertain before it --> failure, as of any request
                  | anything else is a bug: told as such; the session ends, or is never opened
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Container, Mapping
from contextlib import suppress
from typing import Final

from gateway.errors import GatewayError, Unavailable
from gateway.exchange.edge_sessions import EdgeSession, EdgeSessions
from gateway.receiving.faults import Unknown
from gateway.unit.live import Attendant, Session
from gateway.unit.model import Manifest
from gateway.unit.request import RequestBody
from gateway.unit.session import Ending, OpenedBody
from gateway.unit.stages import Admitted

# Sessions that an edge attends at once; the guards hold no more either.
MAX_ATTENDED: Final = 1_024
Fail = Callable[[Manifest, RequestBody, GatewayError], None]


class Attending:
    """attendants: by channel, with the names of its operations that are sessions. unknown: what is told of a
    bug in one of them. Belongs to one loop."""

    def __init__(
        self,
        sessions: EdgeSessions,
        attendants: Mapping[str, tuple[Attendant, Container[str]]],
        unknown: Unknown,
        most: int = MAX_ATTENDED,
    ) -> None:
        self._unknown = unknown
        self._sessions, self._attendants, self._most = sessions, attendants, most
        self._tasks: set[asyncio.Task[None]] = set()

    def take(self, admitted: Admitted, head: RequestBody, fail: Fail) -> bool:
        """A request of the guard. False: it opens no session. fail: tells why there is none."""
        attendant, names = self._attendants.get(admitted.manifest.channel, (None, ()))
        if attendant is None or head.operation not in names:
            return False
        if len(self._tasks) >= self._most:
            fail(admitted.manifest, head, Unavailable(5760, most=self._most))
            return True
        task = asyncio.get_running_loop().create_task(self._attend(admitted, head, attendant, fail))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return True

    def close(self) -> None:
        """Give up what is under way."""
        for task in self._tasks:
            task.cancel()

    async def _attend(
        self, admitted: Admitted, head: RequestBody, attendant: Attendant, fail: Fail
    ) -> None:
        manifest = admitted.manifest
        begun: list[EdgeSession] = []

        def opened() -> Session:
            session = self._sessions.begin(manifest.number, manifest.channel, head.operation)
            begun.append(session)
            with suppress(Unavailable):
                # A guard that has gone is noticed by its line, which ends the session.
                self._sessions.send(manifest.channel, OpenedBody(manifest.number, head.operation))
            return session

        try:
            await attendant.attend(admitted, head, opened)
        except GatewayError as error:
            if not begun:
                fail(manifest, head, error)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if begun or task is None or task.cancelling():
                raise
            # Something that it waited for was cancelled, and not by us: a bug as any other.
            fail(manifest, head, self._unknown(manifest, head.operation, RuntimeError("cancelled")))
        except Exception as error:  # noqa: BLE001 a bug: told, and its session's alone
            unknown = self._unknown(manifest, head.operation, error)
            if not begun:
                fail(manifest, head, unknown)
        finally:
            for session in begun:
                session.end(Ending.LOST)
