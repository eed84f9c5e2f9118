"""Sources and sinks of an edge, as the policy set in force wants them. Belongs to one asyncio loop.

want(channels) --> each channel: as it stands    --> left alone, connections and all
                                 new or changed  --> opened; one that it takes the place of drains
                                 not any more    --> no new connection, what is under way ends
                                 not to be opened--> alarm, tried again every few seconds
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from gateway.audit.event import Status
from gateway.errors import GatewayError, Misconfigured
from gateway.management.wiring.request_files import marks_of
from gateway.policy.model import Channel

# A file that was put in its place, or an address that has come up, is noticed so soon.
_AGAIN_S: Final = 2.0
# One that ends has the address until its socket is closed: at once, but in another task.
_TAKEN: Final = 6396
_FREE_WITHIN_S: Final = 1.0


class End(Protocol):
    """A source or a sink that runs. close() lets what is under way end, within a time of its own."""

    async def close(self) -> None: ...


class Opening(Protocol):
    """Opens a channel's end on this side."""

    async def __call__(self, channel: Channel) -> End:
        """Raises Misconfigured and nothing else."""
        ...


@dataclass(frozen=True, slots=True)
class _Standing:
    """An end, and what it was made of."""

    end: End
    channel: Channel
    marks: object


class Ends:
    """folder: HOST/requests. begin: is told the channels before any of them is opened."""

    def __init__(
        self,
        folder: Path,
        opening: Opening,
        begin: Callable[[Iterable[Channel]], None],
        status: Status,
    ) -> None:
        self._folder, self._opening, self._begin, self._status = folder, opening, begin, status
        self._wanted: dict[str, Channel] = {}
        self._changed = asyncio.Event()
        # Set once one of them stands.
        self.some = asyncio.Event()
        self._is_reloaded = False
        self._standing: dict[str, _Standing] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._alarms: set[int] = set()

    async def want(self, channels: Iterable[Channel]) -> None:
        """These and no others, soon. Their files are looked at anew."""
        self._wanted = {channel.name: channel for channel in channels}
        self._is_reloaded = True
        self._changed.set()

    async def run(self) -> None:
        """Keep them as they are wanted until cancelled; then close all."""
        try:
            while True:
                self._changed.clear()
                await self._apply()
                with suppress(TimeoutError):
                    async with asyncio.timeout(_AGAIN_S):
                        await self._changed.wait()
        finally:
            for name in list(self._standing):
                self._close(name)
            await asyncio.gather(*self._closing, return_exceptions=True)

    async def _apply(self) -> None:
        is_reloaded, self._is_reloaded = self._is_reloaded, False
        wanted = self._wanted
        if is_reloaded:
            self._begin(wanted.values())
            for name, one in list(self._standing.items()):
                same = wanted.get(name) == one.channel and self._marks(name) == one.marks
                if not same:
                    self._close(name)
        troubles: list[tuple[str, GatewayError]] = []
        for name, channel in wanted.items():
            if name not in self._standing:
                try:
                    marks = self._marks(name)
                    self._standing[name] = _Standing(await self._open(channel), channel, marks)
                    self.some.set()
                except Misconfigured as error:
                    troubles.append((name, error))
        self._show(troubles)

    async def _open(self, channel: Channel) -> End:
        until_s = asyncio.get_running_loop().time() + _FREE_WITHIN_S
        while True:
            try:
                return await self._opening(channel)
            except Misconfigured as error:
                waits = error.number == _TAKEN and bool(self._closing)
                if not waits or asyncio.get_running_loop().time() > until_s:
                    raise
            await asyncio.sleep(0.02)

    def _close(self, name: str) -> None:
        task = asyncio.get_running_loop().create_task(self._standing.pop(name).end.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    def _marks(self, name: str) -> object:
        return marks_of(self._folder / name)

    def _show(self, troubles: Iterable[tuple[str, GatewayError]]) -> None:
        standing: set[int] = set()
        for channel, error in troubles:
            if error.number not in standing:
                self._status.raise_alarm(error.number, **{"channel": channel, **error.fields})
            standing.add(error.number)
        for number in self._alarms - standing:
            self._status.clear_alarm(number)
        self._alarms = standing
