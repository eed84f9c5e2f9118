"""In-memory stand-ins for the Protocols between the parts: queue, recorder, status.

They keep the promises of gateway/spool/model.py and gateway/audit/event.py without a disk; the
contract tests run on them as on the real ones.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from gateway.audit.event import Event
from gateway.errors import Field, Unavailable
from gateway.spool.bodies import InlineBody
from gateway.spool.model import Entry, Put, QueueHealth, Taken

# Bytes in memory: the queue's own.
MemoryBody = InlineBody


@dataclass(frozen=True, slots=True)
class FileBody:
    path: Path

    @property
    def size_bytes(self) -> int:
        return self.path.stat().st_size

    def open(self) -> BinaryIO:
        return self.path.open("rb")

    def read(self) -> bytes:
        raise RuntimeError("a body in a file is streamed")


class MemoryQueue:
    """Both ends of a queue, with every promise of gateway.spool.model but to survive the process.

    tests/contracts/test_queue.py holds it to them, and a state machine compares the real one with it.
    staging: for bodies under construction. keeps: whether acknowledged units stay for get and again.
    clock: monotonic seconds, for what is put off. full: put answers Unavailable 6502 while it is set.
    A body given as a file is taken over by rename into a folder beside the one it lay in.
    """

    def __init__(
        self,
        staging: Path | None = None,
        *,
        keeps: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.entries: dict[int, Entry] = {}
        self.ledger: set[int] = set()
        self.out: set[int] = set()
        self.due_s: dict[int, float] = {}
        self.attempts: dict[int, int] = {}
        self.answered: set[int] = set()
        self.aside: dict[int, tuple[int, str]] = {}
        # What was asked of it, in order, for tests to look at.
        self.released: list[tuple[int, float]] = []
        self.rejected: list[tuple[int, int, str]] = []
        self.acknowledged: list[int] = []
        self.full = False
        self._staging, self._keeps, self._clock = staging, keeps, clock
        self._place: dict[int, int] = {}
        # Never taken, in order; and taken once, to be taken again at once.
        self._fresh: deque[int] = deque()
        self._back: set[int] = set()

    def put(self, entries: Sequence[Entry]) -> list[Put]:
        if self.full:
            raise Unavailable(6502, folder="memory", free_bytes=0)
        answers = []
        for entry in entries:
            if entry.number in self.ledger:
                answers.append(Put.DUPLICATE)
                continue
            self.ledger.add(entry.number)
            self.entries[entry.number] = _taken_over(entry)
            self._place[entry.number] = len(self._place)
            self._fresh.append(entry.number)
            answers.append(Put.CONFIRMED)
        return answers

    def staging(self) -> Path:
        return self._staging or Path("/nonexistent")

    def forgot(self, _number: int) -> bool:
        return False

    def highest(self, below: int, residue: int | None = None) -> int:
        fit = (n for n in self.ledger if n < below and residue in (None, n % 2))
        return max(fit, default=-1)

    def has(self, number: int) -> bool:
        return number in self.ledger

    @property
    def waiting(self) -> list[int]:
        """What is to be taken, now or when its time has come, in order."""
        return [*sorted(self._back | self.due_s.keys(), key=self._place.__getitem__), *self._fresh]

    def take(self, limit: int, limit_bytes: int) -> list[Taken]:
        now_s = self._clock()
        due = self._back | {number for number, at_s in self.due_s.items() if at_s <= now_s}
        taken: list[Taken] = []
        again = deque(sorted(due, key=self._place.__getitem__))
        while len(taken) < limit and (again or self._fresh):
            line = again or self._fresh
            unit = self._unit(line[0], self.attempts.get(line[0], 0) + 1)
            if taken and unit.body.size_bytes > limit_bytes:
                break
            limit_bytes -= unit.body.size_bytes
            number = line.popleft()
            self._back.discard(number)
            self.due_s.pop(number, None)
            self.out.add(number)
            self.attempts[number] = unit.attempt
            taken.append(unit)
        return taken

    def _unit(self, number: int, attempt: int) -> Taken:
        entry = self.entries[number]
        body = FileBody(entry.body) if isinstance(entry.body, Path) else InlineBody(entry.body)
        return Taken(number, entry.header, body, attempt)

    def ack(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            if number in self.out or number in self.due_s:
                self.out.discard(number)
                self.due_s.pop(number, None)
                self.answered.add(number)
                self.acknowledged.append(number)

    def release(self, number: int, delay_s: float) -> None:
        self._require_out(number)
        self.out.remove(number)
        self.due_s[number] = self._clock() + delay_s
        self.released.append((number, delay_s))

    def reject(self, number: int, reason: int, stage: str) -> None:
        self._require_out(number)
        if stage not in ("refused", "held", "corrupt"):
            raise RuntimeError(f"not a stage to set aside under: {stage}")
        self.out.remove(number)
        self.answered.add(number)
        self.aside[number] = (reason, stage)
        self.rejected.append((number, reason, stage))

    def reject_all(self, exits: Sequence[tuple[int, int, str]]) -> int:
        for done, one in enumerate(exits):
            try:
                self.reject(*one)
            except Unavailable:
                if not done:
                    raise
                return done
        return len(exits)

    def _require_out(self, number: int) -> None:
        if number not in self.out:
            raise RuntimeError(f"unit {number} is not out")

    def get(self, number: int) -> Taken | None:
        is_gone = number in self.answered and not self._keeps and number not in self.aside
        if number not in self.entries or is_gone:
            return None
        return self._unit(number, self.attempts.get(number, 1))

    def get_all(self, numbers: Collection[int]) -> dict[int, Taken]:
        return {number: unit for number in numbers if (unit := self.get(number)) is not None}

    def again(self, numbers: Iterable[int]) -> list[int]:
        found = []
        for number in dict.fromkeys(numbers):
            if number not in self.entries or number in self.out or number in self.aside:
                continue
            if number in self.answered and not self._keeps:
                continue
            if number in self.answered:
                self.answered.remove(number)
                self.attempts[number] = 0
                self.due_s[number] = self._clock()
            if number in self.due_s:
                self.due_s[number] = min(self.due_s[number], self._clock())
            found.append(number)
        return found

    def restart(self) -> None:
        """What a reader opened anew sees: what was taken and not answered, or put off, comes at once."""
        self._back |= self.out | self.due_s.keys()
        self.out.clear()
        self.due_s.clear()

    def health(self) -> QueueHealth:
        now_s = self._clock()
        return QueueHealth(
            depth=len(self.entries) - len(self.answered),
            deferred=sum(at_s > now_s for at_s in self.due_s.values()),
            oldest_age_s=0.0,
            kept=len(self.answered) - len(self.aside) if self._keeps else 0,
            bytes_on_disk=0,
            free_bytes=1 << 40,
        )

    def close(self) -> None:
        pass


def _taken_over(entry: Entry) -> Entry:
    if not isinstance(entry.body, Path):
        return entry
    beside = entry.body.parent.with_name(f"{entry.body.parent.name}-taken")
    beside.mkdir(exist_ok=True)
    return Entry(entry.number, entry.header, entry.body.rename(beside / f"{entry.number}"))


@dataclass(slots=True)
class ListRecorder:
    """Events in order; committed says how many were durable. broken: commit is Unavailable 6003."""

    events: list[Event] = field(default_factory=list)
    committed: int = 0
    broken: bool = False

    def record(self, event: Event) -> None:
        self.events.append(event)

    def commit(self) -> None:
        if self.broken:
            raise Unavailable(6003, folder="memory")
        self.committed = len(self.events)

    def names(self) -> list[str]:
        return [event.what for event in self.events]


@dataclass(slots=True)
class BoardOfOne:
    """A Status that remembers."""

    gauges: dict[str, Field] = field(default_factory=dict)
    counters: dict[str, int] = field(default_factory=dict)
    alarms: dict[int, dict[str, Field]] = field(default_factory=dict)

    def gauge(self, name: str, value: Field) -> None:
        self.gauges[name] = value

    def count(self, name: str, by: int = 1) -> None:
        self.counters[name] = self.counters.get(name, 0) + by

    def raise_alarm(self, number: int, **fields: Field) -> None:
        self.alarms[number] = fields

    def clear_alarm(self, number: int) -> None:
        self.alarms.pop(number, None)

    def flush(self, now_s: float) -> None:
        pass
