"""A session and a connection joined: two tasks, one each way, until either side ends. No protocol of either.

    connection --read--> session.send      read gives the word by which the connection ended
    connection <--write-- session.receive  the session's own word ends it

Used by the source and by the sink; what a connection is, they know.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from gateway.errors import GatewayError, Refused, Unavailable
from gateway.unit.live import Message, Session
from gateway.unit.session import Ending

Write = Callable[[Message], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Over:
    """How it ended. here: by the connection on this side. error: what was wrong with that, if anything."""

    ending: Ending
    here: bool
    error: GatewayError | None = None


class Broken(Exception):
    """The connection has ended on this side. error: what was wrong with it, None for an end in order."""

    def __init__(self, ending: Ending, error: GatewayError | None = None) -> None:
        super().__init__(ending)
        self.ending, self.error = ending, error


async def join(
    session: Session,
    read: Callable[[], Awaitable[Message]],
    write: Write,
    stopped: asyncio.Future[Broken],
    stall_s: float,
) -> Over:
    """Carry messages until one side ends; the session has ended then. Raises nothing but what is a bug.

    read: the next message of the connection; raises Broken. write: raises OSError where nobody is there.
    stopped: the connection is to end for a reason of its keeper. stall_s: for one message to be taken.
    """
    reading = asyncio.ensure_future(_read(session, read))
    writing = asyncio.ensure_future(_write(session, write, stall_s))
    over = Over(Ending.AWAY, True)
    every: set[asyncio.Future[Any]] = {reading, writing, stopped}
    try:
        await asyncio.wait(every, return_when=asyncio.FIRST_COMPLETED)
        if stopped.done() and (stopped.result().error or not (reading.done() or writing.done())):
            broken = stopped.result()
            over = Over(broken.ending, True, broken.error)
        else:
            over = (writing if writing.done() else reading).result()
    finally:
        session.end(over.ending)
        reading.cancel()
        writing.cancel()
        await asyncio.gather(reading, writing, return_exceptions=True)
    return over


async def _read(session: Session, read: Callable[[], Awaitable[Message]]) -> Over:
    try:
        while True:
            session.send(await read())
    except Broken as broken:
        return Over(broken.ending, True, broken.error)
    except Unavailable as error:
        # The guard has gone: its line says so to the session, too.
        return Over(Ending.LOST, False, error)


async def _write(session: Session, write: Write, stall_s: float) -> Over:
    while True:
        got = await session.receive()
        if isinstance(got, Ending):
            return Over(got, False)
        try:
            async with asyncio.timeout(stall_s):
                await write(got)
        except TimeoutError:
            return Over(Ending.TOO_SLOW, True, Refused(6491))
        except OSError:
            return Over(Ending.AWAY, True)
