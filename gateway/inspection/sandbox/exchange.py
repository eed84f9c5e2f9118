"""One unit with one child: the work goes in, questions are answered, answers come out, within limits.

    Work ->  { Asked -> on_ask -> Reply | Answer piece }*  -> Done        answers
                                                           -> Failed, end, silence, garbage: ChildFault

All that comes from the child is untrusted. Time that the guard itself takes to answer does not count.
"""

from __future__ import annotations

import array
import os
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias, assert_never

from gateway.inspection.sandbox.endings import ChildFault, Ending
from gateway.inspection.sandbox.handle import ChildHandle
from gateway.inspection.sandbox.settings import SandboxSettings, allowance_s
from gateway.inspection.sandbox.wire import (
    MAX_PIECE_BYTES,
    Answer,
    Asked,
    Done,
    Failed,
    FromChild,
    Garbled,
    Hello,
    Reply,
    Why,
    Work,
    framed,
    read_from_child,
)


@dataclass(frozen=True, slots=True)
class Leaf:
    """Bytes that a child handed out with a question, in memory that it can still write to.

    Whoever judges them takes a copy first (`read`) and judges that. descriptor: of the whole scratch
    memory, of which the first size_bytes count; valid until the question is answered.
    """

    descriptor: int
    size_bytes: int

    def read(self) -> bytes:
        """A copy; as many bytes as scratch memory at most. Raises OSError."""
        return os.pread(self.descriptor, self.size_bytes, 0)


# A question and the leaf handed out with it; the answer has MAX_PIECE_BYTES at most.
OnAsk: TypeAlias = Callable[[bytes, Leaf | None], bytes]


@dataclass(frozen=True, slots=True)
class Unit:
    """What is to be looked at. descriptor: open for reading only, or None; size_bytes: of it and the
    request. within_s: less time than the settings give, None for theirs."""

    job: str
    request: bytes
    descriptor: int | None
    size_bytes: int
    on_ask: OnAsk
    within_s: float | None = None


def exchange(child: ChildHandle, unit: Unit, settings: SandboxSettings) -> list[bytes]:
    """The answers of a greeted child. Raises ChildFault, what on_ask raises, and nothing else."""
    return _Exchange(child, unit, settings).run()


# How late the end of a time is noticed: a timeout of Python's own costs a poll for every call.
_LONGEST_TICK_S: Final = 0.5
# A last word and an answer of no bytes cost the guard memory too.
_AROUND_ANSWER_BYTES: Final = 64


def _again_before(instant: float) -> None:
    """The kernel has ended a call on the socket after a tick: again, unless it is over (TimeoutError)."""
    if time.monotonic() >= instant:
        raise TimeoutError


class _Exchange:
    def __init__(self, child: ChildHandle, unit: Unit, settings: SandboxSettings) -> None:
        self._child = child
        self._unit = unit
        self._settings = settings
        extra_s = allowance_s(unit.size_bytes)
        self._wall_s = settings.wall_s + extra_s
        self._silence_s = settings.silence_s + extra_s
        if unit.within_s is not None:
            self._wall_s = self._silence_s = unit.within_s
        child.tick(min(_LONGEST_TICK_S, self._wall_s, self._silence_s))
        self._ends_at = self._heard_at = time.monotonic()
        self._ends_at += self._wall_s
        self._answers: list[bytes] = []
        self._pieces: list[bytes] = []
        self._taken_bytes = 0
        self._questions = 0

    def run(self) -> list[bytes]:
        self._send_work()
        while True:
            message = self._next()
            match message:
                case Answer():
                    self._take(message)
                case Asked():
                    self._reply(message)
                case Done():
                    return self._finished()
                case Failed():
                    raise self._failed(message)
                case Hello():
                    raise ChildFault(Ending.GARBAGE)
                case _:
                    assert_never(message)

    def _send_work(self) -> None:
        unit = self._unit
        data = framed(Work(unit.job, unit.request, unit.descriptor is not None))
        if unit.descriptor is None:
            self._send(data)
            return
        beside = array.array("i", [unit.descriptor])
        sent = 0
        try:
            while not sent:
                try:
                    sent = self._child.socket.sendmsg(
                        [data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, beside)]
                    )
                except BlockingIOError:
                    _again_before(self._ends_at)
        except OSError as error:
            raise self._lost(error) from error
        self._send(data[sent:])

    def _send(self, data: bytes) -> None:
        left = memoryview(data)
        try:
            while left:
                try:
                    left = left[self._child.socket.send(left) :]
                except BlockingIOError:
                    _again_before(self._ends_at)
        except OSError as error:
            raise self._lost(error) from error

    def _next(self) -> FromChild:
        inbox = self._child.inbox
        try:
            while (body := inbox.take()) is None:
                try:
                    data = self._child.socket.recv(inbox.wanted_bytes())
                except BlockingIOError:
                    _again_before(min(self._ends_at, self._heard_at + self._silence_s))
                    continue
                if not data:
                    raise ChildFault(Ending.CLOSED)
                inbox.add(data)
                self._heard_at = time.monotonic()
                if self._heard_at >= self._ends_at:
                    raise TimeoutError
            return read_from_child(body)
        except Garbled as error:
            raise ChildFault(Ending.GARBAGE) from error
        except OSError as error:
            raise self._lost(error) from error

    def _lost(self, error: OSError) -> ChildFault:
        if not isinstance(error, TimeoutError):
            return ChildFault(Ending.CLOSED)
        if time.monotonic() >= self._ends_at:
            return ChildFault(Ending.TIME, limit=self._wall_s)
        return ChildFault(Ending.SILENT, limit=self._silence_s)

    def _take(self, answer: Answer) -> None:
        limit = self._settings.answer_bytes
        self._taken_bytes += len(answer.piece) + _AROUND_ANSWER_BYTES
        if self._taken_bytes > limit:
            raise ChildFault(Ending.TOO_MUCH, limit=limit)
        if answer.more or self._pieces:
            self._pieces.append(answer.piece)
            if answer.more:
                return
            self._answers.append(b"".join(self._pieces))
            self._pieces.clear()
        else:
            self._answers.append(answer.piece)

    def _reply(self, asked: Asked) -> None:
        self._questions += 1
        if self._questions > self._settings.questions:
            raise ChildFault(Ending.TOO_MUCH, limit=self._settings.questions)
        if len(asked.question) > MAX_PIECE_BYTES:
            raise ChildFault(Ending.GARBAGE)
        leaf = self._leaf(asked.leaf_bytes)
        began = time.monotonic()
        answer = self._unit.on_ask(asked.question, leaf)
        if len(answer) > MAX_PIECE_BYTES:
            raise RuntimeError("an answer to a child is one piece at most")
        self._heard_at = time.monotonic()
        self._ends_at += self._heard_at - began
        self._send(framed(Reply(answer)))

    def _leaf(self, untrusted_size_bytes: int | None) -> Leaf | None:
        if untrusted_size_bytes is None:
            return None
        scratch = self._child.scratch
        if scratch is None or untrusted_size_bytes > self._settings.scratch_bytes:
            raise ChildFault(Ending.GARBAGE)
        return Leaf(scratch, untrusted_size_bytes)

    def _finished(self) -> list[bytes]:
        if self._pieces or not self._child.inbox.empty:
            raise ChildFault(Ending.GARBAGE)
        return self._answers

    def _failed(self, message: Failed) -> ChildFault:
        if message.why is Why.MEMORY:
            return ChildFault(Ending.MEMORY, limit=self._settings.memory_bytes)
        return ChildFault(Ending.RAISED, message.name)
