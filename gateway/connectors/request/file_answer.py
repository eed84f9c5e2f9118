"""An answer that may be a file, streamed to its caller with its length. Memory: one piece.

    prepare --> piece --drained--> piece ... --> whole: the next request may come
                  | the caller is gone, or takes it too slowly (entry)
                  v
               the connection ends, and the answer is lost

Whoever keeps the file is told once that it is not needed any more, and whether its caller has it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import aclosing

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

from gateway.connectors.request.answer import say
from gateway.connectors.request.body_file import front_of, read_pieces
from gateway.connectors.request.entry import Entry
from gateway.connectors.request.typed import answer_headers
from gateway.errors import Unavailable
from gateway.policy.operations import Operation
from gateway.unit.asking import Answered
from gateway.unit.stages import Body
from gateway.unit.submitting import AnsweredBody


class FileAnswer(web.StreamResponse):
    """ended: called once, when the body is not read any more; whether all of it was taken."""

    def __init__(
        self,
        entry: Entry,
        status: int,
        body: Body,
        headers: Sequence[tuple[str, str]],
        unit: int,
        ended: Callable[[bool], None],
    ) -> None:
        super().__init__(status=status)
        say(self, entry, headers, unit)
        self.content_length = body.size_bytes
        self._entry, self._sent = entry, body
        self._ended: Callable[[bool], None] | None = ended
        self._then: Callable[[], None] | None = None

    def then(self, call: Callable[[], None]) -> None:
        """To be called once as well, after `ended`."""
        self._then = call

    def abandon(self) -> None:
        """Nobody is there to read it."""
        self._end(whole=False)

    def _end(self, *, whole: bool) -> None:
        ended, self._ended = self._ended, None
        then, self._then = self._then, None
        try:
            if ended is not None:
                ended(whole)
        finally:
            if then is not None:
                then()

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        try:
            return await super().prepare(request)
        except BaseException:
            self.abandon()
            raise

    async def write_eof(self, data: bytes = b"") -> None:
        try:
            async with aclosing(read_pieces(self._sent)) as pieces:
                async for piece in pieces:
                    await self.write(piece)
                    self._entry.took(len(piece))
            await super().write_eof(data)
            self._end(whole=True)
        except Unavailable as error:
            # Less than its head has said: only the end of the connection can tell that.
            self._entry.abort()
            raise ConnectionResetError from error
        finally:
            self.abandon()
        self._entry.answered(ends=not self.keep_alive)


async def file_answer(
    entry: Entry, operation: Operation, answered: AnsweredBody, ended: Callable[[bool], None]
) -> FileAnswer:
    """The answer to a caller. Raises Refused 6327, 6328, 6385, 6389 and Unavailable 6452; then nothing has
    ended."""
    head, body = answered.head, answered.body
    front = await asyncio.to_thread(front_of, body)
    headers = answer_headers(operation, Answered(answered.number, head, front))
    return FileAnswer(entry, head.status, body, headers, head.request, ended)
