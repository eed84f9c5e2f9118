"""What is done with one request: who asks, may he, what is asked, the answer. aiohttp calls it.

    identify --> enter (limits) --> match --> read content --> ask or submit --> answer
       401, 403      429           400, 404     413, 415          403, 502, 503, 504

Whatever happens, one answer is written, and only by here once a request has been read.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final, Protocol

from aiohttp import web

from gateway.connectors.request.answer import Answer, Said, failure
from gateway.connectors.request.asking import Call, Tries, ask
from gateway.connectors.request.content import read_content
from gateway.connectors.request.entry import Entry
from gateway.connectors.request.file_answer import FileAnswer, file_answer
from gateway.connectors.request.head import Head
from gateway.connectors.request.large import Asking, Large, ask_large
from gateway.connectors.request.limits import Turnstile
from gateway.connectors.request.live_service import LiveService
from gateway.connectors.request.media import from_boundary
from gateway.connectors.request.receipts import Receipts, is_for_receipt, told_of
from gateway.connectors.request.settings import Listening
from gateway.connectors.request.signature import Signatures, Signed, check_digest
from gateway.connectors.request.telling import Refusals, Teller, Told
from gateway.connectors.request.tus import ALWAYS, TusUploads
from gateway.connectors.request.typed import (
    Called,
    Match,
    answer_headers,
    content_limit,
    request_body,
)
from gateway.errors import Field, GatewayError, Refused, StateUncertain, Unavailable
from gateway.unit.asking import Answered, Asker
from gateway.unit.live import Opener
from gateway.unit.model import CapturedUnit, Kind
from gateway.unit.number import speak

_THIRD: Final = 1 / 3
_JSON: Final = (("Content-Type", "application/json"),)


class BytesSubmitter(Protocol):
    """Of gateway.unit.submitting.Submitter what a channel needs that answers with a receipt: bytes alone."""

    async def submit(self, unit: CapturedUnit, content: bytes) -> None:
        """The request is durable when this returns. Raises Refused, Unavailable and StateUncertain."""
        ...


@dataclass(frozen=True, slots=True)
class Gate:
    """What a source needs of its gate. asker or submitter: by what the channel is. opener: for sessions.

    next_number: a number that no unit has had; raises Unavailable; called from the loop's thread.
    large: where a channel has operations of large contents.
    receipts: None where no outcome ever comes back.
    """

    match: Match
    next_number: Callable[[], int]
    teller: Teller
    asker: Asker | None = None
    submitter: BytesSubmitter | None = None
    receipts: Receipts | None = None
    large: Large | None = None
    opener: Opener | None = None


@dataclass(slots=True)
class _Asked:
    """What is known of a request so far, for its last line in the journal."""

    caller: str
    address: str
    began_s: float
    tries: Tries
    operation: str = ""

    def fields(self, now_s: float, **more: Field) -> dict[str, Field]:
        took_ms = round((now_s - self.began_s) * 1000)
        return {
            "caller": self.caller,
            "address": self.address,
            "operation": self.operation,
            "tries": self.tries.count,
            "answer_ms": took_ms,
            **more,
        }


class Service:
    """The requests of one channel. One loop calls it."""

    def __init__(
        self,
        listening: Listening,
        gate: Gate,
        signatures: Signatures | None,
        refusals: Refusals,
    ) -> None:
        self._listening, self._gate = listening, gate
        self._signatures, self._refusals = signatures, refusals
        self._turnstile = Turnstile(listening.limits)
        uploads = gate.large.uploads if gate.large is not None else None
        is_signed = signatures is not None
        self._tus = TusUploads(uploads, is_signed=is_signed) if uploads is not None else None
        self._loop = asyncio.get_running_loop()
        self._live: LiveService | None = None
        if gate.opener is not None and (listening.websockets or listening.events):
            self._live = LiveService(listening, gate.match, gate.next_number, gate.opener)
        self.stopping = False

    @property
    def under_way(self) -> int:
        return self._turnstile.inside + (self._live.open if self._live is not None else 0)

    async def answer(self, request: web.BaseRequest, entry: Entry) -> web.StreamResponse:
        """The answer to one request. Raises ConnectionResetError (nobody is there any more)."""
        asked = self._asked(entry)
        try:
            response: web.StreamResponse = await self._serve(request, entry, asked)
        except ConnectionError:
            raise
        except Exception as error:  # noqa: BLE001 - a fault of ours must not leave a caller without an answer
            response = Answer.of(entry, self._failure(error, asked))
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
                self._tell("call.dropped", asked, 6373)
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
        asked = self._asked(entry)
        try:
            said = await self._serve_whole(content, entry, asked)
        except Exception as error:  # noqa: BLE001 - as above
            said = self._failure(error, asked)
        if not entry.is_open:
            self._tell("call.dropped", asked, 6373)
            return None
        return said

    def _asked(self, entry: Entry) -> _Asked:
        name = entry.caller.name if entry.caller is not None else ""
        return _Asked(name, str(entry.address), self._loop.time(), Tries())

    def _failure(self, error: Exception, asked: _Asked) -> Said:
        """What a caller is told instead of an answer; the journal has been told."""
        if isinstance(error, GatewayError):
            self._tell_failure(error, asked)
            return failure(error, asked.tries.unit)
        trouble = Unavailable(6372, fault=type(error).__name__)
        self._tell_failure(trouble, asked)
        return failure(trouble, asked.tries.unit, status=500)

    async def _serve_whole(self, content: bytes, entry: Entry, asked: _Asked) -> Said:
        head = entry.head
        if self.stopping:
            raise Unavailable(6366, wait_s=1)
        signed = self._identify(head, entry, asked)
        self._turnstile.enter(asked.caller, self._loop.time())
        try:
            if self._gate.receipts is not None and is_for_receipt(head.target):
                return self._receipt(self._gate.receipts, head, asked)
            called = self._gate.match(head.method, head.target, head.by_name)
            asked.operation = called.operation.name
            media_type, boundary, _ = content_limit(called.operation, head)
            room_bytes = len(content)
            self._turnstile.hold(room_bytes)
            try:
                content = _checked(called, media_type, boundary, signed, content)
                return await self._ask(called, head, entry, asked, media_type, content)
            finally:
                self._turnstile.release(room_bytes)
        finally:
            self._turnstile.leave(asked.caller)

    async def _serve(
        self, request: web.BaseRequest, entry: Entry, asked: _Asked
    ) -> web.StreamResponse:
        head = entry.head
        _compare(request, head)
        if self.stopping:
            raise Unavailable(6366, wait_s=1)
        signed = self._identify(head, entry, asked)
        if self._live is not None and self._live.wants(head):
            if signed is not None:
                check_digest(signed, b"")
            return await self._carry(self._live, request, entry, asked)
        self._turnstile.enter(asked.caller, self._loop.time())
        with ExitStack() as inside:
            inside.callback(self._turnstile.leave, asked.caller)
            if self._tus is not None and self._tus.is_for(head):
                return await self._upload(self._tus, request, entry, asked, signed)
            if self._gate.receipts is not None and is_for_receipt(head.target):
                return Answer.of(entry, self._receipt(self._gate.receipts, head, asked))
            called = self._gate.match(head.method, head.target, head.by_name)
            asked.operation = called.operation.name
            if called.operation.is_large:
                answer = await self._ask_large(called, request, entry, asked, signed)
                if isinstance(answer, FileAnswer):
                    # Its file stays on disk until its caller has taken it: until then it counts as his.
                    answer.then(inside.pop_all().close)
                return answer
            media_type, boundary, limit = content_limit(called.operation, head)
            room_bytes = limit if head.length is None else head.length
            self._turnstile.hold(room_bytes)
            try:
                entry.go_on()
                content = await read_content(request, head, limit)
                content = _checked(called, media_type, boundary, signed, content)
                said = await self._ask(called, head, entry, asked, media_type, content)
                return Answer.of(entry, said)
            finally:
                self._turnstile.release(room_bytes)

    async def _carry(
        self,
        live: LiveService,
        request: web.BaseRequest,
        entry: Entry,
        asked: _Asked,
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
            self._tell("call.answered", asked, 0, status=101 if entry.head.upgrades else 200)
            response, over = await live.carry(opening, request, entry)
        finally:
            live.close(called, asked.caller)
        number = over.error.number if over.error is not None else 0
        self._tell("call.closed", asked, number, ending=over.ending.value)
        if not entry.is_live:
            raise ConnectionResetError
        return response

    def _identify(self, head: Head, entry: Entry, asked: _Asked) -> Signed | None:
        """Whose request it is, by signature where the channel wants one. Raises Refused 6345 to 6359."""
        if self._signatures is None:
            return None
        signed = self._signatures.check(head, time.time())
        if entry.caller is None:
            asked.caller = self._listening.callers.of_name(signed.caller, entry.address).name
        elif entry.caller.name != signed.caller:
            raise Refused(6358)
        return signed

    async def _ask(
        self,
        called: Called,
        head: Head,
        entry: Entry,
        asked: _Asked,
        media_type: str,
        content: bytes,
    ) -> Said:
        def make(within_ms: int) -> CapturedUnit:
            body = request_body(called, head, media_type, len(content), within_ms)
            number = self._gate.next_number()
            channel, now_ns = self._listening.channel, time.time_ns()
            return CapturedUnit(number, channel, Kind.REQUESTS, now_ns, body, asked.caller)

        within_s = self._listening.answer_within_s
        if self._listening.submits:
            return await self._submit(make(round(within_s * 1000)), content, asked)
        if self._gate.asker is None:
            raise RuntimeError("a channel without a way to ask")
        again_after_s = self._listening.try_again_after_s or within_s * _THIRD
        deadline_s = asked.began_s + within_s
        call = Call(make, content, called.operation.repeatable, deadline_s, again_after_s)
        answered = await ask(self._gate.asker, call, asked.tries)
        return self._answered(called, answered, entry, asked)

    async def _ask_large(
        self,
        called: Called,
        request: web.BaseRequest,
        entry: Entry,
        asked: _Asked,
        signed: Signed | None,
    ) -> Answer | FileAnswer:
        large, within_s = self._gate.large, self._listening.answer_within_s
        if large is None:
            raise RuntimeError("a large operation without a queue")
        head = entry.head

        def make(media_type: str, size_bytes: int) -> CapturedUnit:
            # Its caller's time for an answer begins when all of the content is here.
            body = request_body(called, head, media_type, size_bytes, round(within_s * 1000))
            number, channel = self._gate.next_number(), self._listening.channel
            return CapturedUnit(number, channel, Kind.REQUESTS, time.time_ns(), body, asked.caller)

        submits, whose = self._listening.submits, _whose(asked)
        asking = Asking(
            called, head, whose, signed, make, within_s, asked.tries, submits, entry.go_on
        )
        answered = await ask_large(large, asking, request)
        if answered is None:
            return Answer.of(entry, self._taken(asked))
        submitter, status = large.submitter, answered.head.status

        def ended(whole: bool) -> None:
            submitter.served(answered)
            if whole:
                self._tell("call.answered", asked, 0, status=status)
            else:
                self._tell("call.dropped", asked, 6373)

        try:
            return await file_answer(entry, called.operation, answered, ended)
        except BaseException:
            submitter.served(answered)
            raise

    async def _upload(
        self,
        tus: TusUploads,
        request: web.BaseRequest,
        entry: Entry,
        asked: _Asked,
        signed: Signed | None,
    ) -> Answer:
        reply = await tus.serve(request, entry.head, _whose(asked), signed, entry.go_on)
        return Answer(entry, reply.status, b"", [*ALWAYS, *reply.headers], None)

    async def _submit(self, unit: CapturedUnit, content: bytes, asked: _Asked) -> Said:
        if self._gate.submitter is None:
            raise RuntimeError("a submit channel without a queue")
        asked.tries.count, asked.tries.unit = 1, unit.number
        await self._gate.submitter.submit(unit, content)
        # From here the caller may forget it.
        return self._taken(asked)

    def _taken(self, asked: _Asked) -> Said:
        unit = asked.tries.unit
        if unit is None:
            raise RuntimeError("a receipt for nothing")
        self._tell("call.submitted", asked, 0)
        receipt = b'{"receipt": "%s"}\n' % speak(unit).encode("ascii")
        return Said(202, receipt, _JSON, unit)

    def _receipt(self, receipts: Receipts, head: Head, asked: _Asked) -> Said:
        """What became of a request that this caller has submitted. Raises Refused 6432, 6326."""
        if head.length != 0:
            raise Refused(6326)
        told = told_of(receipts, head.method, head.target, self._listening.channel, asked.caller)
        return Said(200, told, _JSON, None)

    def _answered(self, called: Called, answered: Answered, entry: Entry, asked: _Asked) -> Said:
        headers = answer_headers(called.operation, answered)
        unit, status = answered.head.request, answered.head.status
        if entry.is_open:
            self._tell("call.answered", asked, 0, status=status)
        return Said(status, answered.content, headers, unit)

    def _tell(self, what: str, asked: _Asked, number: int, **more: Field) -> None:
        fields = asked.fields(self._loop.time(), **more)
        channel = self._listening.channel
        self._gate.teller.tell(Told(what, channel, number, asked.tries.unit, fields))

    def _tell_failure(self, error: GatewayError, asked: _Asked) -> None:
        if isinstance(error, StateUncertain):
            self._tell("call.unknown", asked, error.number)
        elif asked.tries.unit is not None:
            self._tell("call.refused", asked, error.number)
        else:
            # Nothing of it was asked: an outsider can have as many of these as he likes.
            self._refusals.tell("call.refused", error, caller=asked.caller, address=asked.address)


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


def _whose(asked: _Asked) -> str:
    """The caller whose uploads these are: by his address where nothing else is known of him."""
    return asked.caller or asked.address


def _compare(request: web.BaseRequest, head: Head) -> None:
    """Two readers have read the head; if they saw two requests, it is neither. Raises Refused 6322."""
    if (
        request.raw_headers != head.raw
        or request.raw_path != head.target
        or request.method != head.method
    ):
        raise Refused(6322)
