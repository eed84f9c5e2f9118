"""What is done with a call whose content is held in memory: judged, asked or submitted, its outcome told.

    type, length --> room --> content --> digest, boundary --> ask --> answered
                                                            | `submit: yes`: a receipt, once it is durable

The same for a content that comes in pieces and for one that is here with its head.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from gateway.connectors.request.answer import Said, receipt
from gateway.connectors.request.asking import Call, ask
from gateway.connectors.request.call_journal import Asked, CallJournal
from gateway.connectors.request.entry import Entry
from gateway.connectors.request.gate import Gate
from gateway.connectors.request.limits import Turnstile
from gateway.connectors.request.media import from_boundary
from gateway.connectors.request.settings import Listening
from gateway.connectors.request.signature import Signed, check_digest
from gateway.connectors.request.typed import Called, answer_headers, content_limit, request_body
from gateway.errors import Refused
from gateway.unit.asking import Answered
from gateway.unit.model import CapturedUnit

_THIRD: Final = 1 / 3


class SmallService:
    """Such calls of one channel's source. One loop calls it."""

    def __init__(
        self, listening: Listening, gate: Gate, turnstile: Turnstile, journal: CallJournal
    ) -> None:
        self._listening, self._gate = listening, gate
        self._turnstile, self._journal = turnstile, journal

    async def serve(
        self,
        called: Called,
        entry: Entry,
        asked: Asked,
        signed: Signed | None,
        read: Callable[[int], Awaitable[bytes]],
    ) -> Said:
        """The answer to a call that has been let in. read: all of its content, so many bytes at most.

        Raises Refused 6325 to 6328, 6331, 6356, 6385, 6389, Unavailable 6364, and as read, Gate.next_number,
        asking.ask and BytesSubmitter.submit.
        """
        head = entry.head
        media_type, boundary, limit = content_limit(called.operation, head)
        room_bytes = limit if head.length is None else head.length
        self._turnstile.hold(room_bytes)
        try:
            content = _checked(called, media_type, boundary, signed, await read(limit))

            def make(within_ms: int) -> CapturedUnit:
                body = request_body(called, head, media_type, len(content), within_ms)
                return self._gate.unit(self._listening.channel, asked.caller, body)

            if self._listening.submits:
                return await self._submit(make, content, asked)
            return await self._ask(called, make, content, entry, asked)
        finally:
            self._turnstile.release(room_bytes)

    async def _ask(
        self,
        called: Called,
        make: Callable[[int], CapturedUnit],
        content: bytes,
        entry: Entry,
        asked: Asked,
    ) -> Said:
        if self._gate.asker is None:
            raise RuntimeError("a channel without a way to ask")
        within_s = self._listening.answer_within_s
        again_after_s = self._listening.try_again_after_s or within_s * _THIRD
        deadline_s = asked.began_s + within_s
        call = Call(make, content, called.operation.repeatable, deadline_s, again_after_s)
        answered = await ask(self._gate.asker, call, asked.tries)
        return self._answered(called, answered, entry, asked)

    def _answered(self, called: Called, answered: Answered, entry: Entry, asked: Asked) -> Said:
        headers = answer_headers(called.operation, answered)
        unit, status = answered.head.request, answered.head.status
        if entry.is_open:
            self._journal.tell("call.answered", asked, status=status)
        return Said(status, answered.content, headers, unit)

    async def _submit(
        self, make: Callable[[int], CapturedUnit], content: bytes, asked: Asked
    ) -> Said:
        unit = make(round(self._listening.answer_within_s * 1000))
        if self._gate.submitter is None:
            raise RuntimeError("a submit channel without a queue")
        asked.tries.count, asked.tries.unit = 1, unit.number
        await self._gate.submitter.submit(unit, content)
        # From here the caller may forget it.
        self._journal.tell("call.submitted", asked)
        return receipt(unit.number)


def _checked(
    called: Called, media_type: str, boundary: str, signed: Signed | None, content: bytes
) -> bytes:
    """The content that crosses. Raises Refused 6326 to 6328, 6356 and nothing else."""
    if signed is not None:
        check_digest(signed, content)
    if boundary:
        content = from_boundary(boundary, content)
    if media_type and not content:
        raise Refused(6326) if called.operation.content is None else Refused(6327, type="")
    return content
