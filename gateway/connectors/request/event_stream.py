"""Server-sent events: a peer's stream to messages, and messages to a stream of our own. Pure.

    event: vitals        id: 17        data: {"pulse": 71}        (empty line: the event is whole)

WHATWG HTML, 9.2.5 and 9.2.6, read strictly: UTF-8, known fields, bounded events. Comments and `retry` end
here; an event without data is none, as the standard has it.
"""

from __future__ import annotations

import re
from typing import Final

from gateway.errors import Refused
from gateway.unit.live import Message
from gateway.unit.session import MAX_EVENT_CHARACTERS, MAX_EVENT_ID_CHARACTERS

MEDIA_TYPE: Final = "text/event-stream"
# What a browser waits before it comes again; the peer's own `retry` says something of the peer only.
RETRY_MS: Final = 3_000
OPENING: Final = b"retry: %d\n\n" % RETRY_MS
KEEP: Final = b": \n\n"
_ENDS_LINE: Final = re.compile(r"[\r\n\0]")
# What a name can be on its way (gateway.unit.session_form), and in a policy.
_NAME: Final = re.compile(r"[A-Za-z0-9._-]*")
# Of one event, beside its data: names of fields, comments that keep the connection.
_MORE_BYTES: Final = 16 << 10


class EventReader:
    """The stream of one peer. most_bytes: of the data of an event."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._line = bytearray()
        self._after_cr = False
        self._is_first = True
        self._data: list[bytes] = []
        self._data_bytes = 0
        self._seen_bytes = 0
        self._event = self._id = ""

    def feed(self, untrusted: bytes) -> list[Message]:
        """The events that these bytes complete. Raises Refused 6487, 6488, 6490; nothing more can be read."""
        found: list[Message] = []
        if self._after_cr and untrusted:
            # CR LF is one end of a line, also across two reads.
            self._after_cr = False
            if untrusted[:1] == b"\n":
                untrusted = untrusted[1:]
        untrusted = untrusted.replace(b"\r\n", b"\n")
        self._after_cr = untrusted[-1:] == b"\r"
        *ended, rest = untrusted.replace(b"\r", b"\n").split(b"\n")
        for part in ended:
            self._grow(part)
            line, self._line = bytes(self._line), bytearray()
            self._take(line, found)
        self._grow(rest)
        return found

    def _grow(self, part: bytes) -> None:
        self._seen_bytes += len(part) + 1
        if self._seen_bytes > self._most_bytes + _MORE_BYTES:
            raise Refused(6487, limit=self._most_bytes)
        self._line += part

    def _take(self, line: bytes, found: list[Message]) -> None:
        if self._is_first:
            self._is_first = False
            line = line.removeprefix(b"\xef\xbb\xbf")
        if not line:
            self._end(found)
            return
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        match name:
            case b"data":
                self._data.append(value)
                self._data_bytes += len(value) + 1
                if self._data_bytes - 1 > self._most_bytes:
                    raise Refused(6487, limit=self._most_bytes)
            case b"event":
                self._event = _text(value, MAX_EVENT_CHARACTERS, "event")
                if not _NAME.fullmatch(self._event):
                    raise Refused(6490, what="event")
            case b"id":
                self._id = _text(value, MAX_EVENT_ID_CHARACTERS, "id")
            case b"" | b"retry":
                if not self._data:
                    self._seen_bytes = 0
            case _:
                raise Refused(6490, what="field")

    def _end(self, found: list[Message]) -> None:
        data, event, event_id = b"\n".join(self._data), self._event, self._id
        self._data, self._data_bytes, self._seen_bytes = [], 0, 0
        self._event = self._id = ""
        if not data:
            return
        try:
            data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise Refused(6488) from error
        found.append(Message(data, True, event, event_id))


def written_event(message: Message) -> bytes:
    """A message as an event. RuntimeError for a name or id that would be more than one line: no guard lets
    such pass."""
    if _ENDS_LINE.search(message.event + message.event_id):
        raise RuntimeError("an event of several lines")
    lines = [b"data: " + part for part in _lines(message.content)]
    if message.event_id:
        lines.insert(0, b"id: " + message.event_id.encode("utf-8"))
    if message.event:
        lines.insert(0, b"event: " + message.event.encode("utf-8"))
    return b"\n".join(lines) + b"\n\n"


def _lines(content: bytes) -> list[bytes]:
    # A lone CR ends a line for every reader: data cannot carry it, and none of it becomes a field.
    return content.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")


def _text(value: bytes, most: int, what: str) -> str:
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refused(6488) from error
    if len(text) > most or not text.isprintable():
        raise Refused(6490, what=what)
    return text
