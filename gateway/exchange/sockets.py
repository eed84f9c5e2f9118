"""Unix sockets between two processes of a side: where they lie, who may come, who is at the other end. I/O.

    HOST/sockets/edge/     guard.sock              the guard's; group of the edge may enter
    HOST/sockets/ferry/    out.sock, in.sock       the guard's; group of the ferry may enter

The guard listens, its neighbours call. Folder and socket let in the two processes' users only; whoever is
at the other end is looked at all the same (SO_PEERCRED, unix(7)).
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import stat
import struct
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from gateway.errors import Misconfigured, Refused
from gateway.exchange.outgoing import NothingTaken

_MODE: Final = 0o660
# Two neighbours come at most: the one of today and the one that follows it.
_BACKLOG: Final = 2
_CREDENTIALS: Final = struct.Struct("3i")
# One batch of small frames; a larger one is written in several calls.
_BUFFER_BYTES: Final = 1 << 20


def owner_of(folder: Path) -> int | None:
    """The user that a process has, told by a folder of its own that its neighbours can see (its journal);
    None where there is none yet."""
    try:
        return folder.stat().st_uid
    except OSError:
        return None


def listen(path: Path) -> socket.socket:
    """A socket that neighbours call at. What an earlier run left under the name goes.

    Raises Misconfigured 5780 (the folder cannot be used, or something else has the name).
    """
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with contextlib.suppress(FileNotFoundError):
            if not stat.S_ISSOCK(path.lstat().st_mode):
                raise Misconfigured(5780, path=str(path), reason="EEXIST")
            path.unlink()
        with _short(path) as name:
            made.bind(name)
        path.chmod(_MODE)
        made.listen(_BACKLOG)
    except OSError as error:
        made.close()
        raise Misconfigured(5780, path=str(path), reason=error.strerror or "") from error
    except Misconfigured:
        made.close()
        raise
    return made


def call(path: Path, user: int | None) -> socket.socket:
    """A connection to the neighbour that listens there. user: whose it must be.

    Raises OSError (nobody there) and Refused 5781 (somebody else).
    """
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with _short(path) as name:
            made.connect(name)
        ready(made, user)
    except BaseException:
        made.close()
        raise
    return made


def ready(connection: socket.socket, user: int | None) -> None:
    """Set a new connection up. user: whose the other end must be, None where that is not known.

    Raises Refused 5781 and OSError.
    """
    found = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    _, uid, _ = _CREDENTIALS.unpack(found)
    if user is not None and uid != user:
        raise Refused(5781, uid=uid, expected=user)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER_BYTES)


def send_all(connection: socket.socket, data: bytes, until_s: float) -> None:
    """Write all of it before a time of the monotonic clock, whatever the other end takes in drops.

    Raises OSError: NothingTaken where it failed, or was too late, before the first byte.
    """
    left = memoryview(data)
    try:
        while left:
            left = left[_send_some(connection, left, until_s) :]
    except OSError as error:
        if len(left) == len(data):
            raise NothingTaken(error.errno, error.strerror) from error
        raise


def _send_some(connection: socket.socket, data: memoryview, until_s: float) -> int:
    """How much was taken, at least a byte. Raises OSError: TimeoutError where it is too late."""
    wait = select.poll()
    wait.register(connection, select.POLLOUT)
    while True:
        try:
            return connection.send(data, socket.MSG_DONTWAIT)
        except BlockingIOError:
            wait_s = until_s - time.monotonic()
            if wait_s <= 0 or not wait.poll(wait_s * 1000):
                raise TimeoutError from None


@contextlib.contextmanager
def _short(path: Path) -> Iterator[str]:
    """A name of the socket that fits into an address (108 bytes), however deep its folder lies."""
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
