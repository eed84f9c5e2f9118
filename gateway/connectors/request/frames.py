"""Frames of a WebSocket before aiohttp reads them: what has one meaning goes on. RFC 6455, 5.2.

 0 1 2 3 4 5 6 7   8 9...15
+-+-+-+-+-------+ +-+-------+ ------------------ ----------- ---------
|F|0|0|0|opcode | |1| 0-125 | length 2 or 8      | mask 4    | payload
+-+-+-+-+-------+ +-+-------+ ------------------ ----------- ---------

    DATA --text or binary, not the last--> JOINED --continuation, the last--> DATA
    control frames between: whole, 125 bytes at most, so many in a time at most; after a close nothing

aiohttp's reader takes frames without a mask and lengths written too long; this one does not. It looks at
headers only, holds 14 bytes, and knows the size of a message before any of it is kept. Pure.
"""

from __future__ import annotations

from typing import Final

from gateway.errors import Refused
from gateway.policy.rate import TokenBucket
from gateway.policy.values import Rate

_CONTINUATION, _TEXT, _BINARY, _CLOSE, _PING, _PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
_KNOWN: Final = frozenset({_CONTINUATION, _TEXT, _BINARY, _CLOSE, _PING, _PONG})
_MOST_CONTROL_BYTES: Final = 125
# Pings are answered, so that each costs us a frame.
CONTROL_RATE: Final = Rate(20, 1.0)
# A message in more pieces is somebody counting our objects.
MOST_PIECES: Final = 1_024


class FrameCheck:
    """The frames of one client. most_bytes: of a message, all its pieces together."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._kept = b""
        self._left = 0
        self._joined = False
        self._message_bytes = 0
        self._pieces = 0
        self._closed = False
        self._controls = TokenBucket(CONTROL_RATE)

    def feed(self, untrusted: bytes, now_s: float) -> None:
        """Look at what comes next. Raises Refused 6486, 6487: nothing of these bytes may go on."""
        at, end = 0, len(untrusted)
        if self._kept:
            untrusted = self._kept + untrusted
            end, self._kept = len(untrusted), b""
        while at < end:
            if self._left:
                step = min(self._left, end - at)
                self._left -= step
                at += step
                continue
            size = self._header(untrusted, at, now_s)
            if not size:
                self._kept = untrusted[at:]
                return
            at += size

    def _header(self, data: bytes, at: int, now_s: float) -> int:
        """Bytes of the header that begins here, 0 where it is not whole."""
        if len(data) - at < 2:
            return 0
        first, second = data[at], data[at + 1]
        opcode, is_last = first & 0x0F, bool(first & 0x80)
        # Before more is waited for.
        if self._closed:
            raise Refused(6486, what="after close")
        if first & 0x70:
            raise Refused(6486, what="reserved bits")
        if opcode not in _KNOWN:
            raise Refused(6486, what="opcode")
        if not second & 0x80:
            raise Refused(6486, what="no mask")
        flag = second & 0x7F
        more = {126: 2, 127: 8}.get(flag, 0)
        size = 2 + more + 4
        if len(data) - at < size:
            return 0
        length = int.from_bytes(data[at + 2 : at + 2 + more], "big") if more else flag
        if (more == 2 and length < 126) or (more == 8 and length < 1 << 16) or length >> 63:
            raise Refused(6486, what="length")
        if opcode >= _CLOSE:
            self._control(opcode, is_last, length, now_s)
        else:
            self._data(opcode, is_last, length)
        self._left = length
        return size

    def _control(self, opcode: int, is_last: bool, length: int, now_s: float) -> None:
        if not is_last or length > _MOST_CONTROL_BYTES:
            raise Refused(6486, what="control frame")
        if self._controls.wait_s(now_s) > 0:
            raise Refused(6486, what="too many control frames")
        self._controls.spend(now_s)
        self._closed = opcode == _CLOSE

    def _data(self, opcode: int, is_last: bool, length: int) -> None:
        if (opcode == _CONTINUATION) is not self._joined:
            raise Refused(6486, what="continuation")
        if opcode != _CONTINUATION:
            self._message_bytes = self._pieces = 0
        self._pieces += 1
        self._message_bytes += length
        if self._message_bytes > self._most_bytes:
            raise Refused(6487, limit=self._most_bytes)
        if self._pieces > MOST_PIECES:
            raise Refused(6486, what="pieces")
        self._joined = not is_last
