"""The durable way at the edge of a source: requests into the queue `captured`; where a lane leads back,
answers and outcomes from the queue `admitted`."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Protocol

from gateway.audit.event import Status
from gateway.errors import StateUncertain
from gateway.management.host import Desk
from gateway.sending.submitting import Notes, QueueSubmitter
from gateway.spool.model import QueueWriter
from gateway.unit.model import CapturedUnit
from gateway.unit.number import speak
from gateway.unit.submitting import AnsweredBody

_NO_WAY_BACK: Final = 6370


class Answers(Protocol):
    """Who waits for answers (gateway.receiving.durable_answers)."""

    def expect(self, unit: CapturedUnit) -> None: ...

    def forget(self, number: int) -> None: ...

    async def answered(self, number: int, until_s: float) -> AnsweredBody: ...

    def served(self, answer: AnsweredBody) -> None: ...


class NearEnd:
    """A Submitter (gateway.unit.submitting). answers: None in a gate of one lane."""

    def __init__(
        self,
        desk: Desk,
        queue: QueueWriter,
        status: Status,
        answers: Answers | None = None,
        notes: Notes | None = None,
    ) -> None:
        self.queued = QueueSubmitter(queue, desk.journal, status, notes)
        self._desk, self._answers = desk, answers

    def staging(self) -> Path:
        return self.queued.staging()

    async def submit(self, unit: CapturedUnit, content: bytes | Path) -> None:
        answers = self._answers if self._is_answered(unit.channel) else None
        if answers is None:
            await self.queued.submit(unit, content)
            return
        try:
            answers.expect(unit)
        except BaseException:
            # Taken over, as by the queue: nobody else would remove it.
            if isinstance(content, Path):
                content.unlink(missing_ok=True)
            raise
        try:
            await self.queued.submit(unit, content)
        except BaseException:
            answers.forget(unit.number)
            raise

    async def answered(self, number: int, until_s: float) -> AnsweredBody:
        if self._answers is None:
            raise StateUncertain(_NO_WAY_BACK, unit=speak(number))
        return await self._answers.answered(number, until_s)

    def served(self, answer: AnsweredBody) -> None:
        if self._answers is not None:
            self._answers.served(answer)

    def _is_answered(self, name: str) -> bool:
        policy = self._desk.policy.current()
        channel = policy.channels.get(name) if policy is not None else None
        requests = channel.requests if channel is not None else None
        return requests is not None and not requests.submit
