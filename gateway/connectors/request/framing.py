"""Where one request ends: bytes of a connection in, the bytes of exactly one request out.

    HEAD --CRLF CRLF--> LENGTH n --> WHOLE
                  |---> SIZE -> DATA n -> AFTER -> SIZE ... -> LAST -> WHOLE      RFC 9112 section 7.1

It reads before the parser of aiohttp does and lets nothing on to it that it has not understood itself; what
is behind the end of a request stays here until that is answered, so that answers cannot change places.
Chunks have no extensions and no trailers here. Pure: holds at most one head.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from gateway.connectors.request.head import (
    MAX_HEAD_BYTES,
    MAX_LINE_BYTES,
    Head,
    read_head,
    read_request_line,
)
from gateway.errors import Refused

# Eight digits count to 4 GiB, more than any channel takes.
_SIZE: Final = re.compile(rb"[0-9A-Fa-f]{1,8}")
# A line end that is none, or a byte that no text has.
_BROKEN: Final = re.compile(rb"(?<!\r)\n|\r(?=[^\n])|\0")
_END: Final = b"\r\n\r\n"


class _State(Enum):
    HEAD = auto()
    LENGTH = auto()
    SIZE = auto()
    DATA = auto()
    AFTER = auto()
    LAST = auto()
    WHOLE = auto()


@dataclass(slots=True)
class Framing:
    """The reader of one request. most_bytes: above this a body is refused while it comes in. websockets:
    it may open one.

    head: once it is complete. whole: everything of the request has been passed on.
    """

    most_bytes: int
    websockets: bool = False
    head: Head | None = None
    _state: _State = _State.HEAD
    _kept: bytes = b""
    _line_read: bool = False
    _left: int = 0
    _seen: int = 0

    @property
    def whole(self) -> bool:
        return self._state is _State.WHOLE

    @property
    def begun(self) -> bool:
        """Whether any byte of the request has come."""
        return bool(self._kept) or self._state is not _State.HEAD

    def feed(self, untrusted_bytes: bytes) -> tuple[bytes, bytes]:
        """What may be passed on of this request, and what is behind its end.

        Raises Refused 6301 to 6325, 6480, 6481 and nothing else; then nothing of these bytes is passed on.
        """
        passed: list[bytes] = []
        rest = untrusted_bytes
        while rest and not self.whole:
            rest = self._step(rest, passed)
        return b"".join(passed), rest

    def _step(self, data: bytes, passed: list[bytes]) -> bytes:
        if self._state is _State.HEAD:
            return self._head(data, passed)
        if self._state in (_State.LENGTH, _State.DATA):
            taken, rest = data[: self._left], data[self._left :]
            passed.append(taken)
            self._left -= len(taken)
            if not self._left:
                self._state = _State.WHOLE if self._state is _State.LENGTH else _State.AFTER
            return rest
        return self._line(data, passed)

    def _head(self, data: bytes, passed: list[bytes]) -> bytes:
        # The end may lie across the seam; what was searched before is not searched again.
        start = max(0, len(self._kept) - len(_END) + 1)
        kept = self._kept + data
        end = kept.find(_END, start)
        if end < 0:
            self._check_unfinished(kept, len(data))
            self._kept = kept
            return b""
        end += len(_END)
        head = read_head(kept[:end], websockets=self.websockets)
        if head.length is not None and head.length > self.most_bytes:
            raise Refused(6325, limit=self.most_bytes)
        self.head, self._kept = head, b""
        passed.append(kept[:end])
        if head.length is None:
            self._state = _State.SIZE
        else:
            self._left = head.length
            self._state = _State.LENGTH if head.length else _State.WHOLE
        return kept[end:]

    def _check_unfinished(self, kept: bytes, fresh: int) -> None:
        """Say early what the end of the head could not make good any more: nobody waits for it in vain."""
        if len(kept) > MAX_HEAD_BYTES:
            raise Refused(6312, limit=MAX_HEAD_BYTES)
        if _BROKEN.search(kept, max(0, len(kept) - fresh - 1)):
            raise Refused(6310)
        if not self._line_read:
            line = kept.find(b"\r\n")
            if line < 0 and len(kept) > MAX_LINE_BYTES:
                raise Refused(6305, limit=MAX_LINE_BYTES)
            if line >= 0:
                read_request_line(kept[:line])
                self._line_read = True

    def _line(self, data: bytes, passed: list[bytes]) -> bytes:
        """A line of the chunked coding: a size, or the empty one after data and after the last chunk."""
        kept = self._kept + data
        # "ffffffff" CRLF is the longest.
        end = kept.find(b"\r\n", 0, 10)
        if end < 0:
            if len(kept) >= 10 or not re.fullmatch(rb"[0-9A-Fa-f]*\r?", kept):
                raise Refused(6317)
            self._kept = kept
            return b""
        line, self._kept = kept[:end], b""
        if self._state is _State.SIZE:
            self._size(line)
        elif line:
            raise Refused(6317)
        else:
            self._state = _State.SIZE if self._state is _State.AFTER else _State.WHOLE
        passed.append(kept[: end + 2])
        return kept[end + 2 :]

    def _size(self, line: bytes) -> None:
        if not _SIZE.fullmatch(line):
            raise Refused(6317)
        self._left = int(line, 16)
        self._seen += self._left
        if self._seen > self.most_bytes:
            raise Refused(6325, limit=self.most_bytes)
        self._state = _State.DATA if self._left else _State.LAST
