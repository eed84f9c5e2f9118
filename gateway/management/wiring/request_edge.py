"""Requests in an edge: sources where callers are, sinks where peers are, one thread.

    callers --> HttpSource --> asker --+                              two-way gates
               |                       +-- EdgeExchange --> guard
    peers <----|-- HttpSink <-performer+
               |      +<------- FarEnd <-- queue `admitted`           what is durable, in every gate
               +--> NearEnd --> queue `captured`

A channel's source is on the side that sends its request lane. The HTTP library is loaded with the first
channel that needs it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Container, Iterable, MutableMapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gateway.audit.event import Status
from gateway.connectors.numbering import UnitNumbers
from gateway.connectors.request.loop import Beside, Kept
from gateway.connectors.request.settings import Calling
from gateway.errors import Misconfigured
from gateway.management.host import Desk
from gateway.management.process import Step
from gateway.management.wiring.half import Half
from gateway.management.wiring.request_ends import End, Ends
from gateway.management.wiring.request_files import calling_of, listening_of
from gateway.management.wiring.request_journal import JournalTeller
from gateway.management.wiring.request_large import large_of
from gateway.policy.model import Channel
from gateway.policy.routes import match
from gateway.unit.asking import Performed, Performer
from gateway.unit.live import Attendant
from gateway.unit.model import Lane, Side
from gateway.unit.request import RequestBody
from gateway.unit.stages import Admitted
from gateway.unit.submitting import PerformedBody

if TYPE_CHECKING:
    from gateway.connectors.request.large import Large
    from gateway.connectors.request.live_sink import LiveSink
    from gateway.connectors.request.sink import HttpSink
    from gateway.management.wiring.request_far import FarEnd
    from gateway.management.wiring.request_near import NearEnd
    from gateway.management.wiring.transient_edge import EdgeExchange
    from gateway.sending.receipts import Receipts

# What a peer is doing when its channel ends may come to its end, within the time of a source.
_DRAIN_S: Final = 5.0
Attendants = MutableMapping[str, tuple[Attendant, Container[str]]]


@dataclass(frozen=True, slots=True)
class Durable:
    """The durable way of an edge. near: where it has sources. far: where it has sinks. receipts: where
    outcomes come back."""

    near: NearEnd | None = None
    far: FarEnd | None = None
    receipts: Receipts | None = None


def requesting(desk: Desk, sends: Lane, numbers: UnitNumbers, durable: Durable) -> Half:
    """The half of an edge of a two-way gate for requests: first of its halves, so that what is under way
    ends while the others still stand. numbers: of this host; they are taken in another thread too."""
    from gateway.management.wiring.transient_edge import EdgeExchange

    performers: dict[str, Performer] = {}
    attendants: Attendants = {}
    if durable.far is None:
        raise RuntimeError("an edge of a two-way gate has the far end, too")
    exchange = EdgeExchange(
        desk.host.folder, performers, numbers.next, desk.status(sends), durable.far.faults.unknown,
        attendants,
    )  # fmt: skip
    return _requesting(
        desk, desk.status(sends), numbers.next, durable, exchange, performers, attendants
    )


def requesting_one_way(desk: Desk, next_number: Callable[[], int], durable: Durable) -> Half:
    """The same of a gate of one lane: what is durable alone."""
    return _requesting(desk, desk.board, next_number, durable, None, {}, {})


def _requesting(
    desk: Desk,
    status: Status,
    next_number: Callable[[], int],
    durable: Durable,
    exchange: EdgeExchange | None,
    performers: MutableMapping[str, Performer],
    attendants: Attendants,
) -> Half:
    host = desk.host
    teller = JournalTeller(desk.journal)
    opening = _Opening(
        host.settings.side, host.folder.requests, exchange, performers, attendants, next_number,
        teller, durable, host.folder.uploads, host.settings.reserve_bytes,
    )  # fmt: skip
    ends = Ends(host.folder.requests, opening, opening.begin, status)
    parts = [Kept(ends.run)]
    if exchange is not None:
        run = exchange.run

        async def exchanging() -> None:
            # Who has nothing to ask and nothing to perform is not the guard's neighbour.
            await ends.some.wait()
            await run()

        parts.insert(0, Kept(exchanging))
    beside = Beside(parts)
    near, far = durable.near, durable.far
    steps: list[Step] = [beside, teller]
    closing: list[Callable[[], None]] = [beside.close, teller.close]
    if far is not None:
        far.use(beside)
        steps += [far.due, far.faults]
        closing.insert(0, far.due.close)
        closing.append(far.faults.close)
    if near is not None:
        steps.append(near.queued)
        closing.insert(0, near.queued.close)

    def want() -> None:
        policy = desk.policy.current()
        beside.call(ends.want(policy.of_requests if policy is not None else ()))

    want()
    return Half(steps=steps, closing=closing, reloads=[want])


class _Opening:
    """Opens a channel's source or sink. Everything here belongs to the loop of the ends."""

    def __init__(
        self,
        side: Side,
        folder: Path,
        exchange: EdgeExchange | None,
        performers: MutableMapping[str, Performer],
        attendants: Attendants,
        next_number: Callable[[], int],
        teller: JournalTeller,
        durable: Durable,
        uploads: Path,
        reserve_bytes: int,
    ) -> None:
        self._side, self._folder, self._exchange = side, folder, exchange
        self._performers, self._attendants = performers, attendants
        self._next, self._teller, self._durable = next_number, teller, durable
        self._uploads, self._reserve_bytes = uploads, reserve_bytes
        # Of all channels, so that a caller in the wrong place is told from a stranger. Kept up to date in
        # place: a change of one channel touches no source of another.
        self._callers: dict[str, str] = {}
        self._large: dict[str, Large] = {}

    def begin(self, channels: Iterable[Channel]) -> None:
        """These channels are in force from here on."""
        self._callers.clear()
        for channel in channels:
            if channel.requests is not None:
                self._callers |= dict.fromkeys(channel.requests.source.callers, channel.name)

    async def __call__(self, channel: Channel) -> End:
        is_source = channel.lane.sender is self._side
        end = self._durable.near if is_source else self._durable.far
        if end is None or (self._exchange is None and not _is_submit(channel)):
            raise Misconfigured(6409, channel=channel.name)
        if is_source:
            return await self._source(channel)
        return await self._sink(channel)

    async def _source(self, channel: Channel) -> End:
        listening = listening_of(channel, self._folder / channel.name, self._callers)
        from gateway.connectors.request.gate import Gate
        from gateway.connectors.request.source import HttpSource
        from gateway.identity.raw_keys import RawKeys

        near, is_submit, exchange = self._durable.near, _is_submit(channel), self._exchange
        gate = Gate(
            partial(match, channel), self._number, self._teller,
            exchange.asker if exchange is not None else None, near,
            self._durable.receipts if is_submit else None,
            large_of(channel, near, self._uploads, self._reserve_bytes, self._large),
            exchange.opener if exchange is not None else None,
        )  # fmt: skip
        source = HttpSource(listening, gate, RawKeys())
        await source.start()
        return source

    async def _sink(self, channel: Channel) -> End:
        calling = calling_of(channel, self._folder / channel.name)
        from gateway.connectors.request.sink import HttpSink

        # Large answers wait in the staging folder of a queue.
        disk = replace(calling.disk, reserve_bytes=self._reserve_bytes)
        sink = HttpSink(replace(calling, disk=disk))
        await sink.start()
        attendant = await self._attend(channel.name, calling)

        async def close() -> None:
            await sink.close()
            if attendant is not None:
                await attendant.close()

        made = _Draining(sink, close, lambda: self._forget(channel.name, made, attendant))
        if not _is_submit(channel):
            self._performers[channel.name] = made
        if self._durable.far is not None:
            self._durable.far.open(channel.name, made)
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
        if self._durable.far is not None:
            self._durable.far.forget(name, one)
        if attendant is not None and self._attendants.get(name, (None,))[0] is attendant:
            del self._attendants[name]

    def _number(self) -> int:
        self._teller.check()
        return self._next()


def _is_submit(channel: Channel) -> bool:
    return channel.requests is not None and channel.requests.submit


class _Draining:
    """A performer whose close() waits for what is under way."""

    def __init__(
        self,
        performer: HttpSink,
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

    async def perform_body(
        self, admitted: Admitted, head: RequestBody, staging: Path
    ) -> PerformedBody:
        self._under_way += 1
        try:
            return await self._performer.perform_body(admitted, head, staging)
        finally:
            self._under_way -= 1

    async def close(self) -> None:
        self._forget()
        loop = asyncio.get_running_loop()
        until_s = loop.time() + _DRAIN_S
        while self._under_way and loop.time() < until_s:
            await asyncio.sleep(0.02)
        await self._close()
