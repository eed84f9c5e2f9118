"""The edge's end of the connection to its guard, for asyncio: it comes back by itself. I/O.

    run() --> connect --> frames to on_frame --> broken: on_lost --> again, within a quarter of a second

send() gathers what one turn of the loop hands over into one write. Everything here belongs to one loop.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Final

from gateway.errors import Refused, Unavailable
from gateway.exchange.frames import Frame, FrameKind, FrameReader
from gateway.exchange.outgoing import MAX_WAITING_BYTES
from gateway.exchange.sockets import call

_AGAIN_S: Final = 0.1
FROM_GUARD: Final = frozenset({FrameKind.ADMITTED, FrameKind.FAILED, FrameKind.LIVE})


class GuardLine:
    """path: of the guard's socket. user: the guard's, None where that is not known.

    on_frame: called for each frame that comes. on_lost: called when the connection has broken.
    on_trouble: who answers there is not the guard, or says what is no frame.
    """

    def __init__(
        self,
        path: Path,
        user: int | None,
        on_frame: Callable[[Frame], None],
        on_lost: Callable[[], None],
        on_trouble: Callable[[Refused], None],
    ) -> None:
        self._path, self._user = path, user
        self._on_frame, self._on_lost, self._on_trouble = on_frame, on_lost, on_trouble
        self._transport: asyncio.Transport | None = None
        self._waiting: list[bytes] = []
        self.connected = asyncio.Event()

    def send(self, frame: bytes) -> None:
        """Hand a frame to the guard. Raises Unavailable 5768 (not there), 5769 (takes nothing)."""
        transport = self._transport
        if transport is None or transport.is_closing():
            raise Unavailable(5768)
        waiting_bytes = transport.get_write_buffer_size()
        if waiting_bytes > MAX_WAITING_BYTES:
            raise Unavailable(5769, waiting_bytes=waiting_bytes)
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._flush)
        self._waiting.append(frame)

    async def run(self) -> None:
        """Keep the connection until cancelled."""
        while True:
            with contextlib.suppress(OSError):
                try:
                    await self._once()
                except Refused as refused:
                    self._on_trouble(refused)
            await asyncio.sleep(_AGAIN_S)

    async def _once(self) -> None:
        """One connection from its beginning to its end. Raises OSError and Refused 5781, 5767."""
        connection = call(self._path, self._user)
        connection.setblocking(False)
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[None] = loop.create_future()
        reader = FrameReader(FROM_GUARD)
        try:
            transport, _ = await loop.create_unix_connection(
                lambda: _Protocol(reader, self._on_frame, ended), sock=connection
            )
        except BaseException:
            connection.close()
            raise
        self._transport = transport
        self.connected.set()
        try:
            await ended
        finally:
            self._transport = None
            self._waiting.clear()
            self.connected.clear()
            transport.abort()
            self._on_lost()

    def _flush(self) -> None:
        frames, self._waiting = self._waiting, []
        if self._transport is not None and frames:
            self._transport.write(frames[0] if len(frames) == 1 else b"".join(frames))


class _Protocol(asyncio.Protocol):
    def __init__(
        self, reader: FrameReader, on_frame: Callable[[Frame], None], ended: asyncio.Future[None]
    ) -> None:
        self._reader, self._on_frame, self._ended = reader, on_frame, ended

    def data_received(self, data: bytes) -> None:
        try:
            for frame in self._reader.take(data):
                self._on_frame(frame)
        except Refused as refused:
            if not self._ended.done():
                self._ended.set_exception(refused)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._ended.done():
            self._ended.set_result(None)
