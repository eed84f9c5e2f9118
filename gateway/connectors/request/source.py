"""The HTTP source of one channel: its door, its connections, its service, and the time that each may take.

Door -> Entry -> aiohttp -> Service -> Asker
         ^ sweep: what takes too long ends
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import Final

from aiohttp import web

from gateway.connectors.request.answer import written
from gateway.connectors.request.door import Door
from gateway.connectors.request.entry import Entry, State
from gateway.connectors.request.gate import Gate
from gateway.connectors.request.head import Head
from gateway.connectors.request.parser import check_parser
from gateway.connectors.request.secret_files import Algorithm, read_keys
from gateway.connectors.request.service import Service
from gateway.connectors.request.settings import Listening
from gateway.connectors.request.signature import PublicKeys, Signatures
from gateway.connectors.request.telling import Refusals
from gateway.errors import Misconfigured, Refused

# How often time limits are looked at; a limit is exact to this.
SWEEP_S: Final = 0.25
# How often files of certificates are looked at.
_LOOK_S: Final = 2.0
# Body bytes that aiohttp holds before it stops reading.
_READ_BYTES: Final = 64 * 1024
# A month: no connection lives as long.
_NEVER_S: Final = 30 * 86_400.0
# For what still comes of a body whose answer is written already.
_LINGER_S: Final = 1.0


class HttpSource:
    """A source of requests. start() and close() in one loop; everything else it does by itself."""

    def __init__(self, listening: Listening, gate: Gate, public: PublicKeys | None = None) -> None:
        """public: verification of Ed25519, where callers have such keys. No I/O."""
        self._listening, self._gate, self._public = listening, gate, public
        self.patience = listening.patience
        self.most_body_bytes = listening.most_body_bytes
        self.websockets = listening.websockets and gate.opener is not None
        self._refusals = Refusals(listening.channel, gate.teller, time.monotonic)
        self._entries: dict[web.RequestHandler, Entry] = {}
        self._door = Door(listening, self._refusals, self._entry, self._has_room)
        self._sweeping: asyncio.Task[None] | None = None
        self._answering: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        """The port that it listens on. RuntimeError before start."""
        return self._door.port

    @property
    def connections(self) -> int:
        return len(self._entries)

    @property
    def under_way(self) -> int:
        """Requests that have been let in and have no answer yet, and sessions."""
        return self._service.under_way

    async def start(self) -> None:
        """Listen. Raises Misconfigured 6392 to 6396, 6398, 6399 and nothing else."""
        check_parser()
        listening = self._listening
        self._service = Service(listening, self._gate, self._signatures(), self._refusals)
        self._server = web.Server(
            self._handle,
            access_log=None,
            auto_decompress=False,
            # The sweep ends idle connections: aiohttp does not see those that are small and whole.
            keepalive_timeout=_NEVER_S,
            lingering_time=_LINGER_S,
            read_bufsize=_READ_BYTES,
        )
        self._door.open()
        self._sweeping = asyncio.get_running_loop().create_task(self._sweep())

    async def close(self) -> None:
        """Stop listening, let what is under way end within its time, then let go of everything."""
        if self._sweeping is None:
            return
        loop, sweeping, self._sweeping = asyncio.get_running_loop(), self._sweeping, None
        self._service.stopping = True
        await self._door.close()
        until_s = loop.time() + self.patience.stop_s
        while loop.time() < until_s and (self._busy() or self._service.under_way):
            await asyncio.sleep(0.02)
        sweeping.cancel()
        for entry in list(self._entries.values()):
            entry.abort()
        # Asked while their callers were gone: the time is over for them too.
        for task in self._answering:
            task.cancel()
        await asyncio.gather(*self._answering, return_exceptions=True)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._server.shutdown(0.1), 1.0)
        self._refusals.tick(ending=True)

    def refused(self, error: Refused, entry: Entry) -> None:
        """An entry could not take what came."""
        name = entry.caller.name if entry.caller is not None else ""
        self._refusals.tell("call.refused", error, caller=name, address=str(entry.address))

    def gone(self, entry: Entry) -> None:
        self._entries.pop(entry.inner, None)

    def is_plain(self, head: Head) -> bool:
        return self._service.is_plain(head)

    def answer_whole(self, content: bytes, entry: Entry) -> None:
        """A request that is plain, and all of it."""
        task = asyncio.get_running_loop().create_task(self._answer_whole(content, entry))
        self._answering.add(task)

    async def _answer_whole(self, content: bytes, entry: Entry) -> None:
        try:
            said = await self._service.answer_whole(content, entry)
            if said is not None:
                ends = said.closes or entry.retiring or not entry.head.keep_alive
                entry.say(written(said, ends=ends), ends=ends)
        except BaseException:
            entry.abort()
            raise
        finally:
            # Not by a callback of the task's: that would be one more turn of the loop for each request.
            task = asyncio.current_task()
            if task is not None:
                self._answering.discard(task)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        entry = self._entries.get(request.protocol)
        if entry is None:
            raise ConnectionResetError
        return await self._service.answer(request, entry)

    def _entry(self) -> Entry:
        entry = Entry(self, self._server(), self._door.identify)
        self._entries[entry.inner] = entry
        return entry

    def _has_room(self, handshakes: int) -> bool:
        return len(self._entries) + handshakes < self._listening.most_connections

    def _signatures(self) -> Signatures | None:
        listening = self._listening
        if listening.keys is None:
            return None
        keys = read_keys(listening.keys)
        if self._public is None and any(k.algorithm is Algorithm.ED25519 for k in keys.values()):
            raise Misconfigured(6398, channel=listening.channel)
        return Signatures(keys, listening.signing, time.time(), self._public)

    def _busy(self) -> bool:
        """Whether a connection has something under way; those that have not end."""
        busy = False
        for entry in list(self._entries.values()):
            entry.retire()
            busy = busy or entry.state in (State.BODY, State.ANSWERING)
        return busy

    async def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        look_s = loop.time() + _LOOK_S
        while True:
            await asyncio.sleep(SWEEP_S)
            now_s = loop.time()
            for entry in list(self._entries.values()):
                entry.tick(now_s)
            self._refusals.tick()
            if now_s >= look_s:
                look_s = now_s + _LOOK_S
                if self._gate.large is not None and self._gate.large.uploads is not None:
                    self._gate.large.uploads.sweep()
                if self._door.renew():
                    for entry in list(self._entries.values()):
                        entry.retire()
