"""Requests through a two-way gate: both guards, both ferries, sockets and lanes, without HTTP at its ends.

    request.path.c1.p50       ms of one caller
    request.path.c16.rate     requests/s of 16 callers, and their p50 and p99
    request.path.c64.rate     the same of 64

The edges are played by one process (bench.played_edges): a JSON of 700 bytes goes in and comes back, judged,
inspected, sealed and recorded by both guards each way. Processor time of each process stands beside it.
"""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench.gate import used_of
from bench.played_edges import Edges, add_channel
from bench.record import Record, Tell, record
from gateway.management.trial import Trial, make_trial, running
from gateway.unit.model import Side

ONE: Final = 300
MANY: Final = 6_000
_VALUES: Final = [{"code": f"A{n:03}", "value": n * 1.5, "unit": "mmol/L"} for n in range(13)]
CONTENT: Final = json.dumps({"id": "x" * 36, "items": _VALUES}).encode()
_WITHIN_MS: Final = 5_000


@dataclass(frozen=True, slots=True)
class _Load:
    """What callers saw: requests/s, and ms sorted."""

    rate: float
    took_ms: list[float]

    def share(self, of: float) -> float:
        return self.took_ms[min(len(self.took_ms) - 1, int(len(self.took_ms) * of))]


def path(tell: Tell, one: int = ONE, many: int = MANY) -> Iterator[Record]:
    """The three figures of one running gate."""
    with _gate() as trial:
        yield from asyncio.run(_measure(trial, tell, one, many))


@contextmanager
def _gate() -> Iterator[Trial]:
    with tempfile.TemporaryDirectory(prefix="ferrygate-bench-") as folder:
        trial = make_trial(Path(folder) / "gate", "two-way")
        add_channel(trial)
        with running(trial):
            yield trial


async def _measure(trial: Trial, tell: Tell, one: int, many: int) -> list[Record]:
    made: list[Record] = []
    async with Edges(trial.host(Side.OUTER), trial.host(Side.INNER)) as edges:
        await edges.until_answered()
        for callers, count in ((1, one), (16, many), (64, many)):
            await _load(edges, callers, count // 10)
            before, begun_s = used_of(trial), time.perf_counter()
            load = await _load(edges, callers, count)
            took_s = time.perf_counter() - begun_s
            after = used_of(trial)
            parameters: dict[str, Any] = {
                "callers": callers,
                "requests": count,
                "size_bytes": len(CONTENT),
                "p50_ms": round(load.share(0.5), 2),
                "p99_ms": round(load.share(0.99), 2),
                "processors_used": {
                    name: round((used.cpu_s - before[name].cpu_s) / took_s, 2)
                    for name, used in sorted(after.items())
                    if name in before
                },
                "cores": os.cpu_count(),
                "load": round(os.getloadavg()[0], 1),
            }
            tell("requests", callers, 64)
            if callers == 1:
                made.append(record("request.path.c1.p50", load.share(0.5), "ms", parameters))
            else:
                name = f"request.path.c{callers}.rate"
                made.append(record(name, load.rate, "requests/s", parameters))
    return made


async def _load(edges: Edges, callers: int, count: int) -> _Load:
    """Callers that ask again as soon as they are answered. Raises what an answer is not."""
    took_ms: list[float] = []
    left = count

    async def caller() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            begun_s = time.perf_counter()
            answer = await edges.ask(content=CONTENT, within_ms=_WITHIN_MS)
            took_ms.append(1000 * (time.perf_counter() - begun_s))
            if answer.content != CONTENT:
                raise RuntimeError("the answer is not what was sent")

    begun_s = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(callers)))
    return _Load(count / (time.perf_counter() - begun_s), sorted(took_ms))
