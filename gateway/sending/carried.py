"""What the lane has carried: into the log and the journal, then out of the queue. Disk, no link.

    answer(), tell() --> begin() --> [thread: log, journal, queue; a sync each] --> look(): told, or raised
                                       | is_busy: the queue is the thread's

A lane that waits for a disk sends neither heartbeats nor requests, so the loop that sends does not: it goes
on with what it has taken. Without open() all is done by begin() itself, for whoever calls step() of a ferry.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from gateway.audit.event import Recorder
from gateway.errors import Unavailable
from gateway.ferry.sentlog import SentLog
from gateway.sending.again import Request, Requests
from gateway.spool.model import QueueReader


class Carried:
    """asking: who may forget what was sent for them once that is durable. Called from one thread."""

    def __init__(
        self, queue: QueueReader, log: SentLog, recorder: Recorder, asking: Sequence[Requests]
    ) -> None:
        self._queue, self._log, self._recorder, self._asking = queue, log, recorder, asking
        self._to_answer: list[int] = []
        self._to_tell: list[Request] = []
        self._pool: ThreadPoolExecutor | None = None
        self._under_way: Future[list[Request]] | None = None

    @property
    def is_busy(self) -> bool:
        """Whether something is being written: nobody else may use the queue until look() has seen its end."""
        return self._under_way is not None

    def open(self) -> None:
        """From here on it is written in a thread."""
        self._pool = ThreadPoolExecutor(1, "carried")

    def answer(self, number: int) -> None:
        """A unit of the queue, to be acknowledged with what is begun next."""
        self._to_answer.append(number)

    def tell(self, request: Request) -> None:
        """One that was asked for has gone: told once that is durable."""
        self._to_tell.append(request)

    def begin(self) -> None:
        """Write all there is. Only while it is not busy. Without a thread it raises as look() does."""
        numbers, self._to_answer = self._to_answer, []
        requests, self._to_tell = self._to_tell, []
        if self._pool is None:
            self._tell_all(self._write(numbers, requests))
        else:
            self._under_way = self._pool.submit(self._write, numbers, requests)

    def look(self) -> None:
        """Does not wait. Raises what the writing raised: Unavailable 5504, 6003, 6502 (it is tried again with
        the next), StateUncertain."""
        under_way = self._under_way
        if under_way is not None and under_way.done():
            self._under_way = None
            self._tell_all(under_way.result())

    def close(self) -> None:
        """End the thread. Raises as look()."""
        if self._pool is not None:
            self._pool.shutdown(wait=True)
            self._pool = None
        self.look()

    def _write(self, numbers: list[int], requests: list[Request]) -> list[Request]:
        try:
            self._log.sync()
            self._recorder.commit()
            if numbers:
                # From here the queue may forget them.
                self._queue.ack(numbers)
        except Unavailable:
            self._to_answer[:0], self._to_tell[:0] = numbers, requests
            raise
        return requests

    def _tell_all(self, requests: Sequence[Request]) -> None:
        for request in requests:
            request.by.announced(request)
        for asking in self._asking:
            asking.settle()
