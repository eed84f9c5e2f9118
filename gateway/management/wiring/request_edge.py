"""Requests in an edge of a two-way gate: sources where callers are, sinks where peers are, one thread.

    callers --> HttpSource --> asker --+
                                       +-- EdgeExchange --> guard
    peers <---- HttpSink <-- performer-+

A channel's source is on the side that sends its request lane. The HTTP library is loaded with the first
channel that needs it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Container, Iterable, MutableMapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gateway.connectors.numbering import UnitNumbers
from gateway.connectors.request.loop import Beside, Kept
from gateway.connectors.request.settings import Calling
from gateway.errors import Misconfigured
from gateway.management.host import Desk
from gateway.management.wiring.half import Half
from gateway.management.wiring.request_ends import End, Ends
from gateway.management.wiring.request_files import calling_of, listening_of
from gateway.management.wiring.request_journal import JournalTeller
from gateway.management.wiring.transient_edge import EdgeExchange
from gateway.policy.model import Channel
from gateway.policy.routes import match
from gateway.unit.asking import Performed, Performer
from gateway.unit.live import Attendant
from gateway.unit.model import Lane, Side
from gateway.unit.request import RequestBody
from gateway.unit.stages import Admitted

if TYPE_CHECKING:
    from gateway.connectors.request.live_sink import LiveSink

# What a peer is doing when its channel ends may come to its end, within the time of a source.
_DRAIN_S: Final = 5.0
Attendants = MutableMapping[str, tuple[Attendant, Container[str]]]


def requesting(desk: Desk, sends: Lane, numbers: UnitNumbers) -> Half:
    """The half of an edge for requests: first of its halves, so that what is under way ends while the
    others still stand. numbers: of this host; they are taken in another thread too."""
    host, status = desk.host, desk.status(sends)
    teller = JournalTeller(desk.journal)
    performers: dict[str, Performer] = {}
    attendants: Attendants = {}
    exchange = EdgeExchange(host.folder, performers, numbers.next, status, attendants)
    opening = _Opening(
        host.settings.side, host.folder.requests, exchange, performers, attendants, numbers.next,
        teller,
    )  # fmt: skip
    ends = Ends(host.folder.requests, opening, opening.begin, status)

    async def exchanging() -> None:
        # Who has nothing to ask and nothing to perform is not the guard's neighbour.
        await ends.some.wait()
        await exchange.run()

    beside = Beside([Kept(exchanging), Kept(ends.run)])

    def want() -> None:
        policy = desk.policy.current()
        beside.call(ends.want(policy.of_requests if policy is not None else ()))

    want()
    return Half(steps=[beside, teller], closing=[beside.close, teller.close], reloads=[want])


class _Opening:
    """Opens a channel's source or sink. Everything here belongs to the loop of the ends."""

    def __init__(
        self,
        side: Side,
        folder: Path,
        exchange: EdgeExchange,
        performers: MutableMapping[str, Performer],
        attendants: Attendants,
        next_number: Callable[[], int],
        teller: JournalTeller,
    ) -> None:
        self._side, self._folder, self._exchange = side, folder, exchange
        self._performers, self._attendants = performers, attendants
        self._next, self._teller = next_number, teller
        # Of all channels, so that a caller in the wrong place is told from a stranger. Kept up to date in
        # place: a change of one channel touches no source of another.
        self._callers: dict[str, str] = {}

    def begin(self, channels: Iterable[Channel]) -> None:
        """These channels are in force from here on."""
        self._callers.clear()
        for channel in channels:
            if channel.requests is not None:
                self._callers |= dict.fromkeys(channel.requests.source.callers, channel.name)

    async def __call__(self, channel: Channel) -> End:
        if channel.requests is not None and channel.requests.submit:
            raise Misconfigured(6409, channel=channel.name)
        if channel.lane.sender is self._side:
            return await self._source(channel)
        return await self._sink(channel)

    async def _source(self, channel: Channel) -> End:
        listening = listening_of(channel, self._folder / channel.name, self._callers)
        from gateway.connectors.request.service import Gate
        from gateway.connectors.request.source import HttpSource
        from gateway.identity.raw_keys import RawKeys

        gate = Gate(
            partial(match, channel), self._number, self._teller, self._exchange.asker,
            opener=self._exchange.opener,
        )  # fmt: skip
        source = HttpSource(listening, gate, RawKeys())
        await source.start()
        return source

    async def _sink(self, channel: Channel) -> End:
        calling = calling_of(channel, self._folder / channel.name)
        from gateway.connectors.request.sink import HttpSink

        sink = HttpSink(calling)
        await sink.start()
        attendant = await self._attend(channel.name, calling)

        async def close() -> None:
            await sink.close()
            if attendant is not None:
                await attendant.close()

        made = _Draining(sink, close, lambda: self._forget(channel.name, made, attendant))
        self._performers[channel.name] = made
        return made

    async def _attend(self, name: str, calling: Calling) -> LiveSink | None:
        """What attends the sessions of a channel, where it has some."""
        operations = {one.name for one in calling.operations.values() if one.live is not None}
        if not operations:
            return None
        from gateway.connectors.request.live_sink import LiveSink

        attendant = LiveSink(calling, self._teller)
        await attendant.start()
        self._attendants[name] = attendant, operations
        return attendant

    def _forget(self, name: str, one: _Draining, attendant: LiveSink | None) -> None:
        # A successor may have its name already.
        if self._performers.get(name) is one:
            del self._performers[name]
        if attendant is not None and self._attendants.get(name, (None,))[0] is attendant:
            del self._attendants[name]

    def _number(self) -> int:
        self._teller.check()
        return self._next()


class _Draining:
    """A performer whose close() waits for what is under way."""

    def __init__(
        self,
        performer: Performer,
        close: Callable[[], Awaitable[None]],
        forget: Callable[[], None],
    ) -> None:
        self._performer, self._close, self._forget = performer, close, forget
        self._under_way = 0

    async def perform(self, admitted: Admitted, head: RequestBody) -> Performed:
        self._under_way += 1
        try:
            return await self._performer.perform(admitted, head)
        finally:
            self._under_way -= 1

    async def close(self) -> None:
        self._forget()
        loop = asyncio.get_running_loop()
        until_s = loop.time() + _DRAIN_S
        while self._under_way and loop.time() < until_s:
            await asyncio.sleep(0.02)
        await self._close()
