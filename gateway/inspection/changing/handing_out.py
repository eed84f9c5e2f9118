"""Handing out in the closed-off children of a sandbox: who asks for a file's parts, and how they come.

    guard --Request--> child (reading.handing_out) --messages of parts--> guard

Nothing here reads a content or writes one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from gateway.inspection.changing.reading_order import Request, Trouble
from gateway.inspection.sandbox.exchange import Leaf
from gateway.inspection.sandbox.sandbox import Sandbox
from gateway.inspection.sealed_memory import sealed
from gateway.inspection.unsound import Unsound, Word
from gateway.unit.stages import Body

PROGRAM: Final = "gateway.inspection.changing.program"
_BESIDE_BYTES: Final = 256 << 10
_JOB: Final = "hand out"

# Takes a file of a type apart into parts, for a channel: a child of a sandbox, or this process at check. The
# fourth takes every message in order; the last is called before the first, and again where it begins anew.
# Raises Unsound, Refused 398x, Unavailable 398x, and what the fourth raises.
HandOut = Callable[[str, str, Body, Callable[[bytes], None], Callable[[], None]], None]


class InSandbox:
    """Hands out in the closed-off children of a sandbox that runs PROGRAM."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def __call__(
        self,
        kind: str,
        channel: str,
        body: Body,
        take: Callable[[bytes], None],
        begin: Callable[[], None],
    ) -> None:
        def asked(question: bytes, _leaf: Leaf | None) -> bytes:
            take(question)
            return b""

        begin()
        if body.path is None and body.size_bytes <= _BESIDE_BYTES:
            request = msgspec.msgpack.encode(Request(kind, body.size_bytes, body.read()))
            answers = self._sandbox.run(_JOB, channel, None, request, asked, begin)
        else:
            request = msgspec.msgpack.encode(Request(kind, body.size_bytes, None))
            with sealed(body.read()) if body.path is None else body.open() as file:
                answers = self._sandbox.run(_JOB, channel, file.fileno(), request, asked, begin)
        for answer in answers:
            raise _trouble(answer)


def _trouble(untrusted: bytes) -> Unsound:
    try:
        said = msgspec.msgpack.decode(untrusted, type=Trouble)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Unsound(3828, Word.TYPE, type="?")
    if not 3000 <= said.number <= 3999:
        return Unsound(3828, said.word, type=said.word.value)
    return Unsound(said.number, said.word, **{"where": "", **said.fields})
