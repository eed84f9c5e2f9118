"""The child's end: takes a unit apart where nothing can be opened, and tells the guard by questions.

A leaf of up to 16 MiB stands in the child's memory; a larger one is written to a file that the guard
keeps for it, and read from there piece by piece.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Final

from gateway.inspection.content import Content
from gateway.inspection.formats.contract import TEXT_OVERLAP_CHARACTERS, Text
from gateway.inspection.order import Order
from gateway.inspection.questions import (
    TEXTS_CHARACTERS,
    Append,
    CloseFile,
    NewFile,
    ReadFile,
    Texts,
    Visit,
    decode_request,
    decode_together,
    encode,
)
from gateway.inspection.sandbox.wire import MAX_PIECE_BYTES, Ask, Job
from gateway.inspection.take_apart import Readers, take_apart

# Several may be open at once, each level of an archive one; a child has 1 GiB.
_MEMORY_BYTES: Final = 16 << 20
# As much as the scratch memory holds at least (SandboxSettings.scratch_bytes).
SCRATCH_BYTES: Final = 1 << 20
# Keys of data stand in the place of a text, and may be as long as their author likes.
_WHERE_CHARACTERS: Final = 2048


def taking_apart(readers: Readers) -> Job:
    """The job of a sandbox: one unit with these readers."""

    def job(descriptor: int, request: bytes, ask: Ask) -> Iterator[bytes]:
        asked = decode_request.decode(request)
        content = (
            Content.of_descriptor(descriptor, asked.size_bytes)
            if asked.body is None
            else Content.of_bytes(asked.body)
        )
        teller = _Teller(ask, asked.order)
        found = take_apart(readers, asked.order, content, GuardRoom(ask), teller)
        teller.flush()
        yield encode(found)

    return job


def taking_several(readers: Readers) -> Job:
    """The job of a sandbox: several small units under one order, an answer each, in their order."""

    def job(_descriptor: int, request: bytes, ask: Ask) -> Iterator[bytes]:
        asked = decode_together.decode(request)
        teller = _Teller(ask, asked.order)
        for body in asked.bodies:
            content = Content.of_bytes(body)
            yield encode(take_apart(readers, asked.order, content, GuardRoom(ask), teller))

    return job


class GuardRoom:
    """Large leaves in files of the guard."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def spill(self, held: list[bytes], rest: Iterator[bytes]) -> Content:
        """In memory as long as it goes; as leaf.Room has it."""
        held_bytes = sum(map(len, held))
        for chunk in rest:
            held.append(chunk)
            held_bytes += len(chunk)
            if held_bytes > _MEMORY_BYTES:
                return self._kept(chain(iter(held), rest), held)
        return Content.of_bytes(b"".join(held))

    def _kept(self, chunks: Iterator[bytes], held: list[bytes]) -> Content:
        kept = KeptContent(self._ask)
        try:
            waiting = bytearray()
            for chunk in chunks:
                waiting += chunk
                while len(waiting) >= SCRATCH_BYTES:
                    kept.append(bytes(waiting[:SCRATCH_BYTES]))
                    del waiting[:SCRATCH_BYTES]
            if waiting:
                kept.append(bytes(waiting))
        except BaseException:
            kept.close()
            raise
        held.clear()
        return kept


class KeptContent(Content):
    """A leaf in a file of the guard."""

    __slots__ = ("_ask", "number")

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self.number = int.from_bytes(ask(encode(NewFile())), "big")
        super().__init__(None, None, 0, self._asked)

    def append(self, data: bytes) -> None:
        self._ask(encode(Append(self.number)), data)
        self.size_bytes += len(data)

    def close(self) -> None:
        self._ask(encode(CloseFile(self.number)))

    def _asked(self, size: int, offset: int) -> bytes:
        wanted = min(size, MAX_PIECE_BYTES)
        return self._ask(encode(ReadFile(self.number, wanted, offset)))


class _Teller:
    """The listener at the child's end: texts go together, contents one by one."""

    def __init__(self, ask: Ask, order: Order) -> None:
        self._ask, self._order = ask, order
        self._texts: list[Text] = []
        self._characters = 0
        self._is_unit = True

    def begin(self) -> None:
        """The guard's end begins."""

    def text(self, text: Text) -> None:
        """Longer ones in pieces that overlap, as everywhere."""
        where = text.where
        if len(where) > _WHERE_CHARACTERS:
            # The end is the place within its format, by which a line of a policy names it.
            half = _WHERE_CHARACTERS // 2
            where = where[:half] + where[-half:]
        step = TEXTS_CHARACTERS - TEXT_OVERLAP_CHARACTERS
        for at in range(0, max(1, len(text.text) - TEXT_OVERLAP_CHARACTERS), step):
            piece = text.text[at : at + TEXTS_CHARACTERS]
            if self._characters + len(piece) + len(where) > TEXTS_CHARACTERS:
                self.flush()
            self._texts.append(Text(where, piece))
            self._characters += len(piece) + len(where)

    def flush(self) -> None:
        if self._texts:
            self._ask(_encoded(self._texts))
            self._texts, self._characters = [], 0

    def visit(self, content: Content, path: str) -> None:
        """The unit itself the guard has; of the rest it gets the bytes or the number of its own file."""
        if self._is_unit:
            self._is_unit = False
        elif isinstance(content, KeptContent):
            self._ask(encode(Visit(path, content.number)))
        elif content.size_bytes <= SCRATCH_BYTES:
            self._ask(encode(Visit(path, None)), content.read_at(0, content.size_bytes))
        else:
            copy = KeptContent(self._ask)
            for piece in content.chunks(piece_bytes=SCRATCH_BYTES):
                copy.append(piece)
            self._ask(encode(Visit(path, copy.number)))
            copy.close()


def _encoded(texts: list[Text]) -> bytes:
    try:
        return encode(Texts(texts))
    except UnicodeEncodeError:
        # Half of a pair is no character; what stands around it is looked at all the same.
        whole = [Text(_without_halves(one.where), _without_halves(one.text)) for one in texts]
        return encode(Texts(whole))


def _without_halves(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
