"""In-memory stand-ins for the Protocols between the parts: queue, recorder, status.

They keep the promises of gateway/spool/model.py and gateway/audit/event.py without a disk; the
contract tests run on them as on the real ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from gateway.audit.event import Event
from gateway.errors import Field, Unavailable
from gateway.spool.model import Entry, Put, QueueHealth, Taken


@dataclass(frozen=True, slots=True)
class MemoryBody:
    content: bytes

    @property
    def size_bytes(self) -> int:
        return len(self.content)

    @property
    def path(self) -> Path | None:
        return None

    def open(self) -> BinaryIO:
        return BytesIO(self.content)

    def read(self) -> bytes:
        return self.content


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
    """Both ends of a queue. full: put answers Unavailable 6502 as long as it is set."""

    def __init__(self, staging: Path | None = None) -> None:
        self.entries: dict[int, Entry] = {}
        self.waiting: list[int] = []
        self.taken: set[int] = set()
        self.attempts: dict[int, int] = {}
        self.ledger: set[int] = set()
        self.released: list[tuple[int, float]] = []
        self.rejected: list[tuple[int, int, str]] = []
        self.acknowledged: list[int] = []
        self.full = False
        self._staging = staging

    def put(self, entries: Sequence[Entry]) -> list[Put]:
        if self.full:
            raise Unavailable(6502, folder="memory", free_bytes=0)
        answers = []
        for entry in entries:
            if entry.number in self.ledger:
                answers.append(Put.DUPLICATE)
                continue
            self.ledger.add(entry.number)
            self.entries[entry.number] = entry
            self.waiting.append(entry.number)
            answers.append(Put.CONFIRMED)
        return answers

    def staging(self) -> Path:
        if self._staging is None:
            return Path("/nonexistent")
        return self._staging

    def has(self, number: int) -> bool:
        return number in self.ledger

    def take(self, limit: int, limit_bytes: int) -> list[Taken]:
        numbers, self.waiting = self.waiting[:limit], self.waiting[limit:]
        for number in numbers:
            self.taken.add(number)
            self.attempts[number] = self.attempts.get(number, 0) + 1
        return [self._taken(number) for number in numbers]

    def _taken(self, number: int) -> Taken:
        entry = self.entries[number]
        body = FileBody(entry.body) if isinstance(entry.body, Path) else MemoryBody(entry.body)
        return Taken(number, entry.header, body, self.attempts[number])

    def ack(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            self.taken.remove(number)
            self.acknowledged.append(number)

    def release(self, number: int, delay_s: float) -> None:
        self.taken.remove(number)
        self.released.append((number, delay_s))
        self.waiting.append(number)

    def reject(self, number: int, reason: int, stage: str) -> None:
        self.taken.remove(number)
        self.rejected.append((number, reason, stage))

    def get(self, number: int) -> Taken | None:
        return self._taken(number) if number in self.entries else None

    def again(self, numbers: Iterable[int]) -> list[int]:
        found = [number for number in numbers if number in self.entries]
        self.waiting.extend(found)
        return found

    def restart(self) -> None:
        """What a reader opened anew sees: everything that was taken and not answered."""
        self.waiting = sorted(self.taken) + self.waiting
        self.taken.clear()

    def health(self) -> QueueHealth:
        depth = len(self.waiting) + len(self.taken)
        return QueueHealth(depth, 0, 0.0, len(self.acknowledged), 0, 1 << 40)

    def close(self) -> None:
        pass


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
