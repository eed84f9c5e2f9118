"""What is done with one request: who asks, may he, what is asked, the answer. aiohttp calls it.

    identify --> enter (limits) --> match --> read content --> ask or submit --> answer
       401, 403      429           400, 404     413, 415          403, 502, 503, 504

Whatever happens, one answer is written, and only by here once a request has been read.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import ExitStack

from aiohttp import web

from gateway.connectors.request.answer import JSON, Answer, Said
from gateway.connectors.request.call_journal import Asked, CallJournal
from gateway.connectors.request.content import read_content
from gateway.connectors.request.entry import Entry
from gateway.connectors.request.file_answer import FileAnswer
from gateway.connectors.request.gate import Gate
from gateway.connectors.request.head import Head
from gateway.connectors.request.large_service import LargeService
from gateway.connectors.request.limits import Turnstile
from gateway.connectors.request.live_service import LiveService
from gateway.connectors.request.receipts import Receipts, is_for_receipt, told_of
from gateway.connectors.request.settings import Listening
from gateway.connectors.request.signature import Signatures, Signed, check_digest
from gateway.connectors.request.small_service import SmallService
from gateway.connectors.request.telling import Refusals
from gateway.connectors.request.tus import ALWAYS, TusUploads
from gateway.connectors.request.typed import Called
from gateway.errors import Refused, Unavailable


class Service:
    """The requests of one channel. One loop calls it."""

    def __init__(
        self,
        listening: Listening,
        gate: Gate,
        signatures: Signatures | None,
        refusals: Refusals,
    ) -> None:
        self._listening, self._gate, self._signatures = listening, gate, signatures
        self._turnstile = Turnstile(listening.limits)
        self._loop = asyncio.get_running_loop()
        self._journal = CallJournal(listening.channel, gate.teller, refusals, self._loop.time)
        self._small = SmallService(listening, gate, self._turnstile, self._journal)
        self._large: LargeService | None = None
        self._tus: TusUploads | None = None
        if gate.large is not None:
            self._large = LargeService(listening, gate, gate.large, self._journal)
            if gate.large.uploads is not None:
                self._tus = TusUploads(gate.large.uploads, is_signed=signatures is not None)
        self._live: LiveService | None = None
        if gate.opener is not None and (listening.websockets or listening.events):
            self._live = LiveService(listening, gate.match, gate.next_number, gate.opener)
        self.stopping = False

    @property
    def under_way(self) -> int:
        return self._turnstile.inside + (self._live.open if self._live is not None else 0)

    async def answer(self, request: web.BaseRequest, entry: Entry) -> web.StreamResponse:
        """The answer to one request. Raises ConnectionResetError (nobody is there any more)."""
        asked = self._journal.begin(entry)
        try:
            response: web.StreamResponse = await self._serve(request, entry, asked)
        except ConnectionError:
            raise
        except Exception as error:  # noqa: BLE001 - a fault of ours must not leave a caller without an answer
            response = Answer.of(entry, self._journal.failed(error, asked))
            if entry.head.upgrades:
                response.force_close()
            if self._tus is not None and self._tus.is_for(entry.head):
                response.headers.update(ALWAYS)
        if entry.is_live:
            # It was told when it opened and when it ended, and nothing more can be written.
            return response
        if not entry.is_open:
            if isinstance(response, FileAnswer):
                response.abandon()
            else:
                self._journal.dropped(asked)
            raise ConnectionResetError
        entry.begin_answer()
        return response

    def is_plain(self, head: Head) -> bool:
        """Whether a request needs nothing but its own bytes: no session, upload or large content."""
        return (
            self._gate.large is None
            and head.method != "HEAD"
            and (self._live is None or not self._live.wants(head))
        )

    async def answer_whole(self, content: bytes, entry: Entry) -> Said | None:
        """The answer to a request that is plain and here whole; None: nobody is there any more."""
        asked = self._journal.begin(entry)
        try:
            said = await self._serve_whole(content, entry, asked)
        except Exception as error:  # noqa: BLE001 - as above
            said = self._journal.failed(error, asked)
        if not entry.is_open:
            self._journal.dropped(asked)
            return None
        return said

    async def _serve_whole(self, content: bytes, entry: Entry, asked: Asked) -> Said:
        signed = self._identify(entry, asked)

        async def read(_limit: int) -> bytes:
            return content

        self._turnstile.enter(asked.caller, self._loop.time())
        try:
            called = self._called(entry.head, asked)
            if isinstance(called, Said):
                return called
            return await self._small.serve(called, entry, asked, signed, read)
        finally:
            self._turnstile.leave(asked.caller)

    async def _serve(
        self, request: web.BaseRequest, entry: Entry, asked: Asked
    ) -> web.StreamResponse:
        head = entry.head
        _compare(request, head)
        signed = self._identify(entry, asked)
        if self._live is not None and self._live.wants(head):
            if signed is not None:
                check_digest(signed, b"")
            return await self._carry(self._live, request, entry, asked)

        async def read(limit: int) -> bytes:
            entry.go_on()
            return await read_content(request, head, limit)

        self._turnstile.enter(asked.caller, self._loop.time())
        with ExitStack() as inside:
            inside.callback(self._turnstile.leave, asked.caller)
            if self._tus is not None and self._tus.is_for(head):
                return await self._upload(self._tus, request, entry, asked, signed)
            called = self._called(head, asked)
            if isinstance(called, Said):
                return Answer.of(entry, called)
            if not called.operation.is_large:
                said = await self._small.serve(called, entry, asked, signed, read)
                return Answer.of(entry, said)
            if self._large is None:
                raise RuntimeError("a large operation without a queue")
            answer = await self._large.serve(called, request, entry, asked, signed)
            if isinstance(answer, FileAnswer):
                # Its file stays on disk until its caller has taken it: until then it counts as his.
                answer.then(inside.pop_all().close)
            return answer

    def _called(self, head: Head, asked: Asked) -> Called | Said:
        """The call of an operation, or the answer to one for a receipt.

        Raises Refused 2350 to 2355, 6326, 6432 and nothing else.
        """
        if self._gate.receipts is not None and is_for_receipt(head.target):
            return self._receipt(self._gate.receipts, head, asked)
        called = self._gate.match(head.method, head.target, head.by_name)
        asked.operation = called.operation.name
        return called

    async def _carry(
        self,
        live: LiveService,
        request: web.BaseRequest,
        entry: Entry,
        asked: Asked,
    ) -> web.StreamResponse:
        """A session from its opening to its end. Opening one counts as a request does."""

        def begun(unit: int) -> None:
            asked.tries.count, asked.tries.unit = 1, unit

        self._turnstile.enter(asked.caller, self._loop.time())
        try:
            called = live.called(entry.head)
            asked.operation = called.operation.name
            opening = await live.open_for(called, entry.head, asked.caller, begun)
        finally:
            self._turnstile.leave(asked.caller)
        try:
            self._journal.tell("call.answered", asked, status=101 if entry.head.upgrades else 200)
            response, over = await live.carry(opening, request, entry)
        finally:
            live.close(called, asked.caller)
        number = over.error.number if over.error is not None else 0
        self._journal.tell("call.closed", asked, number, ending=over.ending.value)
        if not entry.is_live:
            raise ConnectionResetError
        return response

    def _identify(self, entry: Entry, asked: Asked) -> Signed | None:
        """Whose request it is, by signature where the channel wants one.

        Raises Refused 6345 to 6359, and Unavailable 6366 while the source stops.
        """
        if self.stopping:
            raise Unavailable(6366, wait_s=1)
        if self._signatures is None:
            return None
        signed = self._signatures.check(entry.head, time.time())
        if entry.caller is None:
            asked.caller = self._listening.callers.of_name(signed.caller, entry.address).name
        elif entry.caller.name != signed.caller:
            raise Refused(6358)
        return signed

    async def _upload(
        self,
        tus: TusUploads,
        request: web.BaseRequest,
        entry: Entry,
        asked: Asked,
        signed: Signed | None,
    ) -> Answer:
        reply = await tus.serve(request, entry.head, asked.whose, signed, entry.go_on)
        return Answer(entry, reply.status, b"", [*ALWAYS, *reply.headers], None)

    def _receipt(self, receipts: Receipts, head: Head, asked: Asked) -> Said:
        """What became of a request that this caller has submitted. Raises Refused 6432, 6326."""
        if head.length != 0:
            raise Refused(6326)
        told = told_of(receipts, head.method, head.target, self._listening.channel, asked.caller)
        return Said(200, told, JSON, None)


def _compare(request: web.BaseRequest, head: Head) -> None:
    """Two readers have read the head; if they saw two requests, it is neither. Raises Refused 6322."""
    if (
        request.raw_headers != head.raw
        or request.raw_path != head.target
        or request.method != head.method
    ):
        raise Refused(6322)
