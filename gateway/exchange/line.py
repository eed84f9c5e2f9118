"""One end of a connection between two processes of a side, for threads: it comes back by itself. I/O.

    Listening (the guard)    accept --> one neighbour at a time; a later one takes the place of the earlier
    Calling (the ferry)      connect --> serve --> broken --> again, within a quarter of a second

A thread reads and gives whole frames to `on_frames`; send() is called by any thread. A neighbour that
sends what is no frame is cut off, and may call again.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from gateway.errors import Refused, Unavailable
from gateway.exchange.frames import Frame, FrameKind, FrameReader
from gateway.exchange.outgoing import Outgoing
from gateway.exchange.sockets import call, listen, ready, send_all

_READ_BYTES: Final = 256 << 10
# Whole again within a second of the neighbour's return; four failing calls a second cost nothing.
_AGAIN_S: Final = 0.1

OnFrames = Callable[[list[Frame]], None]
Trouble = Callable[[Refused | None], None]


def _ignore(*_: object) -> None:
    """Nobody wants to know."""


class _Line:
    """What both ends share: the connection of the moment.

    on_trouble: a neighbour was cut off (Refused), or a good one has come (None). on_lost: he has gone;
    called once a connection, and before anything of the next one.
    """

    def __init__(
        self,
        path: Path,
        user: int | None,
        kinds: frozenset[FrameKind],
        on_frames: OnFrames,
        on_trouble: Trouble,
        on_lost: Callable[[], None],
    ) -> None:
        self._path, self._user, self._kinds = path, user, kinds
        self._on_frames, self._on_trouble, self._on_lost = on_frames, on_trouble, on_lost
        self._stop = threading.Event()
        self._lock = threading.Lock()
        # One connection is lost, told as lost and all, before the next one is the line.
        self._turn = threading.Lock()
        self._connection: socket.socket | None = None
        self._outgoing: Outgoing | None = None
        self._threads: list[threading.Thread] = []

    @property
    def is_connected(self) -> bool:
        return self._outgoing is not None

    def send(self, frames: Sequence[bytes]) -> None:
        """Hand frames to the neighbour. Raises Unavailable 5768 (not there), 5769 (takes nothing) where he
        has no byte of them, and StateUncertain 5777 where he may."""
        outgoing = self._outgoing
        if outgoing is None:
            raise Unavailable(5768)
        outgoing.put(frames)

    def _begin(self, name: str, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _use(self, connection: socket.socket) -> None:
        """From here on this connection is the line; one before it ends."""

        def write(data: bytes, until_s: float) -> None:
            try:
                send_all(connection, data, until_s)
            except OSError:
                _end(connection)
                raise

        with self._turn:
            before = self._connection
            if before is not None:
                self._lose(before)
            with self._lock:
                self._connection, self._outgoing = connection, Outgoing(write)
        self._on_trouble(None)

    def _lose(self, connection: socket.socket) -> None:
        """The line has ended with this connection, if it has not before. Called with the turn held."""
        with self._lock:
            if self._connection is not connection:
                return
            self._connection = self._outgoing = None
        _end(connection)
        self._on_lost()

    def _serve(self, connection: socket.socket) -> None:
        """Read until it breaks."""
        reader = FrameReader(self._kinds)
        try:
            while data := connection.recv(_READ_BYTES):
                if frames := reader.take(data):
                    self._on_frames(frames)
        except OSError:
            pass
        except Refused as refused:
            self._on_trouble(refused)
        finally:
            _end(connection)
            with self._turn:
                self._lose(connection)
            connection.close()

    def close(self) -> None:
        """End the line and its threads."""
        self._stop.set()
        with self._lock:
            connection = self._connection
        if connection is not None:
            _end(connection)
        for thread in self._threads:
            thread.join(timeout=2.0)


class Listening(_Line):
    """The guard's end. path: of the socket; its folder is there. Raises Misconfigured 5780."""

    def __init__(
        self,
        path: Path,
        user: int | None,
        kinds: frozenset[FrameKind],
        on_frames: OnFrames = _ignore,
        on_trouble: Trouble = _ignore,
        on_lost: Callable[[], None] = _ignore,
    ) -> None:
        super().__init__(path, user, kinds, on_frames, on_trouble, on_lost)
        self._ear = listen(path)
        self._begin(f"listen {path.name}", self._accept)

    def close(self) -> None:
        _end(self._ear)
        super().close()
        self._ear.close()

    def _accept(self) -> None:
        while not self._stop.is_set():
            try:
                connection, _ = self._ear.accept()
            except OSError:
                if self._stop.wait(_AGAIN_S):
                    return
                continue
            try:
                ready(connection, self._user)
            except (OSError, Refused) as error:
                connection.close()
                if isinstance(error, Refused):
                    self._on_trouble(error)
                continue
            self._use(connection)
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            thread.name = f"read {self._path.name}"
            thread.start()


class Calling(_Line):
    """The end of a neighbour of the guard."""

    def __init__(
        self,
        path: Path,
        user: int | None,
        kinds: frozenset[FrameKind],
        on_frames: OnFrames = _ignore,
        on_trouble: Trouble = _ignore,
        on_lost: Callable[[], None] = _ignore,
    ) -> None:
        super().__init__(path, user, kinds, on_frames, on_trouble, on_lost)
        self._begin(f"call {path.name}", self._call)

    def _call(self) -> None:
        while not self._stop.is_set():
            try:
                connection = call(self._path, self._user)
            except Refused as refused:
                self._on_trouble(refused)
            except OSError:
                pass
            else:
                self._use(connection)
                self._serve(connection)
            self._stop.wait(_AGAIN_S)


def _end(connection: socket.socket) -> None:
    """Wake whoever reads from it."""
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
