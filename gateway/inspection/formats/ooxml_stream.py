"""The parts of an office document while its zip is read: each a content that is read once, forwards.

    Member.chunks --> PartStream (what was read last, and one piece more) --Content--> a parser

A part of a hundred megabytes costs the memory of a few pieces. Who reads backwards finds nothing: the head
of a content stays with it, and parsers go forwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from gateway.inspection.content import Content
from gateway.inspection.formats.contract import Item
from gateway.inspection.formats.xml import Follower
from gateway.inspection.unsound import Member

# What a side gives: its unpacker of zips, and its parser of XML.
Members = Callable[[str, Content, str, int], Iterator[Member]]
Watching = Callable[[Content, Follower], Iterator[Item]]
# No office program writes more; whoever needs more sends an archive.
MAX_PARTS: Final = 20_000
# Longer than any part: its length is known when its end is read.
_UNKNOWN_BYTES: Final = 1 << 62


class PartStream:
    """One part, read forwards. Its content knows its length once the last byte is read."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._held = bytearray()
        self._base = 0
        self.content: Final = Content.of_reader(self._read, _UNKNOWN_BYTES)
        self._ended = False

    def drain(self) -> None:
        """Read what is left, so that lengths and sums are compared. Raises what the chunks raise."""
        for _ in self._chunks:
            pass

    def _read(self, size: int, offset: int) -> bytes:
        gone = offset - self._base
        if gone < 0:
            raise RuntimeError("a part is read forwards")
        # Asked for what is behind the end, the last piece stays: it may be asked for once more.
        if self._ended and gone >= len(self._held):
            return b""
        del self._held[:gone]
        self._base = offset
        # One byte more than is asked for: the last piece must be known as the last one.
        while not self._ended and len(self._held) <= size:
            chunk = next(self._chunks, None)
            if chunk is None:
                self._ended = True
                self.content.size_bytes = self._base + len(self._held)
            else:
                self._held += chunk
        return bytes(self._held[:size])


def parts(members: Members, content: Content) -> Iterator[tuple[Member, PartStream]]:
    """Each part in the order of its data; what nobody has read of it is read before the next.

    Folders are left out. Raises Unsound 32xx and OSError.
    """
    for member in members("zip", content, "", MAX_PARTS):
        if member.name.endswith("/"):
            for _ in member.chunks:
                pass
            continue
        stream = PartStream(member.chunks)
        yield member, stream
        stream.drain()
