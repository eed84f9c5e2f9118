"""What is done with a call whose contents go through files and queues: asked for by large.py, answered from a
file, its outcome told when its caller has taken all of it, or nobody takes it any more.
"""

from __future__ import annotations

from aiohttp import web

from gateway.connectors.request.answer import Answer, receipt
from gateway.connectors.request.call_journal import Asked, CallJournal
from gateway.connectors.request.entry import Entry
from gateway.connectors.request.file_answer import FileAnswer, file_answer
from gateway.connectors.request.gate import Gate
from gateway.connectors.request.large import Asking, Large, ask_large
from gateway.connectors.request.settings import Listening
from gateway.connectors.request.signature import Signed
from gateway.connectors.request.typed import Called, request_body
from gateway.unit.model import CapturedUnit


class LargeService:
    """Such calls of one channel's source. One loop calls it."""

    def __init__(
        self, listening: Listening, gate: Gate, large: Large, journal: CallJournal
    ) -> None:
        self._listening, self._gate = listening, gate
        self._large, self._journal = large, journal

    async def serve(
        self,
        called: Called,
        request: web.BaseRequest,
        entry: Entry,
        asked: Asked,
        signed: Signed | None,
    ) -> Answer | FileAnswer:
        """The answer to a call that has been let in. Raises as ask_large and file_answer."""
        head, channel = entry.head, self._listening.channel
        within_s, submits = self._listening.answer_within_s, self._listening.submits

        def make(media_type: str, size_bytes: int) -> CapturedUnit:
            # Its caller's time for an answer begins when all of the content is here.
            body = request_body(called, head, media_type, size_bytes, round(within_s * 1000))
            return self._gate.unit(channel, asked.caller, body)

        asking = Asking(
            called, head, asked.whose, signed, make, within_s, asked.tries, submits, entry.go_on
        )
        answered = await ask_large(self._large, asking, request)
        if answered is None:
            return self._taken(entry, asked)
        submitter, status = self._large.submitter, answered.head.status

        def ended(whole: bool) -> None:
            submitter.served(answered)
            if whole:
                self._journal.tell("call.answered", asked, status=status)
            else:
                self._journal.dropped(asked)

        try:
            return await file_answer(entry, called.operation, answered, ended)
        except BaseException:
            submitter.served(answered)
            raise

    def _taken(self, entry: Entry, asked: Asked) -> Answer:
        unit = asked.tries.unit
        if unit is None:
            raise RuntimeError("a receipt for nothing")
        self._journal.tell("call.submitted", asked)
        return Answer.of(entry, receipt(unit))
