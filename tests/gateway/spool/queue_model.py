"""A queue in memory that keeps every promise of gateway.spool.model: the model of the other tests.

Both ends in one object; `reopen_reader` is a restart of the reading process.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from gateway.spool.bodies import InlineBody
from gateway.spool.model import Entry, Put, QueueHealth, Taken


class ModelQueue:
    def __init__(self, staging: Path, *, keeps: bool = False) -> None:
        self._staging = staging
        self._keeps = keeps
        self.units: dict[int, tuple[bytes, bytes]] = {}
        self.order: list[int] = []
        self.due_s: dict[int, float] = {}
        self.out: set[int] = set()
        self.attempts: dict[int, int] = {}
        self.answered: set[int] = set()
        self.aside: dict[int, tuple[int, str]] = {}

    def put(self, entries: Sequence[Entry]) -> list[Put]:
        answers = []
        for entry in entries:
            if entry.number in self.units:
                answers.append(Put.DUPLICATE)
                continue
            body = entry.body.read_bytes() if isinstance(entry.body, Path) else entry.body
            if isinstance(entry.body, Path):
                entry.body.unlink()
            self.units[entry.number] = (entry.header, body)
            self.order.append(entry.number)
            answers.append(Put.CONFIRMED)
        return answers

    def staging(self) -> Path:
        return self._staging

    def has(self, number: int) -> bool:
        return number in self.units

    def _waiting(self) -> list[int]:
        return [n for n in self.order if n not in self.answered and n not in self.out]

    def take(self, limit: int, limit_bytes: int) -> list[Taken]:
        now_s = time.monotonic()
        taken: list[Taken] = []
        for number in self._waiting():
            if self.due_s.get(number, 0) > now_s:
                continue
            size_bytes = len(self.units[number][1])
            if len(taken) >= limit or (taken and size_bytes > limit_bytes):
                break
            limit_bytes -= size_bytes
            self.out.add(number)
            self.attempts[number] = self.attempts.get(number, 0) + 1
            taken.append(self._unit(number))
        return taken

    def _unit(self, number: int) -> Taken:
        header, body = self.units[number]
        return Taken(number, header, InlineBody(body), self.attempts.get(number, 1))

    def ack(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            if number in self.out or number in self.due_s:
                self.out.discard(number)
                self.due_s.pop(number, None)
                self.answered.add(number)

    def release(self, number: int, delay_s: float) -> None:
        if number not in self.out:
            raise RuntimeError(number)
        self.out.remove(number)
        self.due_s[number] = time.monotonic() + delay_s

    def reject(self, number: int, reason: int, stage: str) -> None:
        if number not in self.out or stage not in ("refused", "held", "corrupt"):
            raise RuntimeError(number)
        self.out.remove(number)
        self.answered.add(number)
        self.aside[number] = (reason, stage)

    def get(self, number: int) -> Taken | None:
        is_gone = number in self.answered and not self._keeps and number not in self.aside
        return None if number not in self.units or is_gone else self._unit(number)

    def again(self, numbers: Iterable[int]) -> list[int]:
        found = []
        for number in numbers:
            if number not in self.units or number in self.out or number in self.aside:
                continue
            if number in self.answered and not self._keeps:
                continue
            if number in self.answered:
                self.answered.remove(number)
                self.attempts[number] = 0
            self.due_s.pop(number, None)
            found.append(number)
        return found

    def health(self) -> QueueHealth:
        waiting = len(self._waiting())
        now_s = time.monotonic()
        return QueueHealth(
            depth=waiting + len(self.out),
            deferred=sum(due > now_s for n, due in self.due_s.items() if n not in self.out),
            oldest_age_s=0.0,
            kept=len(self.answered) - len(self.aside) if self._keeps else 0,
            bytes_on_disk=0,
            free_bytes=1 << 40,
        )

    def reopen_reader(self) -> None:
        self.out.clear()
        self.due_s.clear()

    def close(self) -> None:
        pass
