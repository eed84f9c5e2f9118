"""sendmmsg(2) and recvmmsg(2) through ctypes, for links: many messages in one call, no copy between.

Messages are gathered from, and scattered to, headers and symbols where they lie: the address lists are
made once for each buffer. Structures are those of Linux on 64-bit machines (<sys/socket.h>).
"""

from __future__ import annotations

import ctypes
import os
from typing import Any, Final


class IoVec(ctypes.Structure):
    """struct iovec."""

    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


class MsgHdr(ctypes.Structure):
    """struct msghdr."""

    _fields_ = (
        ("name", ctypes.c_void_p),
        ("name_length", ctypes.c_uint32),
        ("iov", ctypes.c_void_p),
        ("iov_count", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_length", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    )


class MMsgHdr(ctypes.Structure):
    """struct mmsghdr: a message and how long it turned out."""

    _fields_ = (("header", MsgHdr), ("length", ctypes.c_uint32))


IOVEC_BYTES: Final = ctypes.sizeof(IoVec)

_LIBC: Final = ctypes.CDLL(None, use_errno=True)
_LIBC.sendmmsg.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int]
_LIBC.recvmmsg.argtypes = [
    ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int, ctypes.c_void_p,
]  # fmt: skip


def iovecs(pieces: list[tuple[int, int]]) -> Any:
    """An array of struct iovec from pairs of address and length."""
    array = (IoVec * len(pieces))()
    for vector, (base, length) in zip(array, pieces, strict=True):
        vector.base, vector.length = base, length
    return array


def send_messages(descriptor: int, messages: Any, count: int) -> None:
    """Send all `count` messages of an array, in as many calls as it takes. Raises OSError."""
    sent = 0
    while sent < count:
        at = ctypes.byref(messages, sent * ctypes.sizeof(MMsgHdr))
        done = _LIBC.sendmmsg(descriptor, at, count - sent, 0)
        if done < 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
        sent += done


def receive_messages(descriptor: int, messages: Any, count: int, flags: int) -> int:
    """Receive up to `count` messages into an array; gives how many. Raises OSError."""
    done: int = _LIBC.recvmmsg(descriptor, messages, count, flags, None)
    if done < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return done
