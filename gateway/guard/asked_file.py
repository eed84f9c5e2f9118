"""Large requests that a guard has let pass, on disk: their answers pass also when the guard starts anew. I/O.

    ask ----> [request, channel, operation, until, waits]     on disk before the request goes on
    bring --> [request, channel, operation, until, brought]   on disk before its answer does
    start --> the last record of each, but those long over

Records are framed (gateway.spool.framed), their payload is MessagePack. Appended to, written anew at start
and when it has grown. A torn end is what a crash leaves; what stands behind damage is forgotten, and those
answers are refused, as all were without this file.
"""

from __future__ import annotations

import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from gateway.errors import StateUncertain, Unavailable
from gateway.spool.disk import RealDisk, replace
from gateway.spool.framed import framed, unframed
from gateway.unit.number import MAX_NUMBER

# As many as a table keeps, of those under way and of those that were answered.
_MOST: Final = 16_384
# Kept to say why a further answer does not pass.
_OVER_NS: Final = 600 * 10**9
_MOST_BYTES: Final = 8 << 20
# In place of the number of an answer: there is none yet.
WAITS: Final = -1

_Number = Annotated[int, Meta(ge=0, le=MAX_NUMBER)]
_Answer = Annotated[int, Meta(ge=WAITS, le=MAX_NUMBER)]
_Name = Annotated[str, Meta(max_length=200)]


class Noted(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """until_ns: since 1970. brought_by: the number of the unit with the answer, WAITS for none."""

    request: _Number
    channel: _Name
    operation: _Name
    until_ns: Annotated[int, Meta(ge=0, le=(1 << 63) - 1)]
    brought_by: _Answer = WAITS


class AskedFile:
    """Safe to call from several threads. found: what stood there, in the order in which it was asked."""

    def __init__(self, path: Path, now_ns: Callable[[], int] = time.time_ns) -> None:
        """Raises OSError: the file or its folder is not the guard's."""
        self._path, self._now_ns = path, now_ns
        self._lock = threading.Lock()
        self._rows: OrderedDict[int, Noted] = OrderedDict()
        self._fd, self._bytes = -1, 0
        self._unsure = ""
        self._read()
        self._write_anew()
        self.found = list(self._rows.values())

    def note(self, noted: Noted) -> None:
        """Durable when it returns. Raises Unavailable 4331 (nothing of it counts, nor is on disk) and
        StateUncertain 4331: nobody knows whether it is on disk, the process must end."""
        content = _record(noted)
        with self._lock:
            if self._unsure:
                raise StateUncertain(4331, path=str(self._path), reason=self._unsure)
            self._write(content)
            try:
                os.fdatasync(self._fd)
            except OSError as error:
                # Asking the kernel again proves nothing.
                raise self._uncertain(error) from error
            # From here a guard that starts anew knows it.
            self._bytes += len(content)
            self._keep(noted)

    def _write(self, content: bytes) -> None:
        """Behind what is there; what was written in part is taken back: it would hide all behind it."""
        try:
            if self._fd < 0 or self._bytes + len(content) > _MOST_BYTES:
                self._write_anew()
            if os.write(self._fd, content) != len(content):
                raise OSError(0, "a record was written in part")
        except OSError as error:
            try:
                if self._fd >= 0:
                    os.ftruncate(self._fd, self._bytes)
            except OSError as second:
                raise self._uncertain(second) from error
            reason = error.strerror or ""
            raise Unavailable(4331, path=str(self._path), reason=reason) from error

    def _uncertain(self, error: OSError) -> StateUncertain:
        self._unsure = error.strerror or "EIO"
        return StateUncertain(4331, path=str(self._path), reason=self._unsure)

    def close(self) -> None:
        with self._lock:
            self._let_go()

    def _let_go(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
        self._fd = -1

    def _keep(self, noted: Noted) -> None:
        self._rows.pop(noted.request, None)
        self._rows[noted.request] = noted
        if len(self._rows) > _MOST:
            self._rows.popitem(last=False)

    def _read(self) -> None:
        try:
            with self._path.open("rb") as stream:
                content = stream.read(2 * _MOST_BYTES)
        except FileNotFoundError:
            return
        with suppress(msgspec.DecodeError):
            for payload, _ in unframed(content):
                self._keep(_noted.decode(payload))

    def _write_anew(self) -> None:
        over_ns = self._now_ns() - _OVER_NS
        for request, noted in list(self._rows.items()):
            if noted.until_ns < over_ns:
                del self._rows[request]
        content = b"".join(map(_record, self._rows.values()))
        # Where the rest fails nobody knows whether this one still has a name: the next note begins here.
        self._let_go()
        replace(RealDisk(), self._path, content)
        self._fd = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        self._bytes = len(content)


_noted = msgspec.msgpack.Decoder(Noted)


def _record(noted: Noted) -> bytes:
    return framed(msgspec.msgpack.encode(noted))
