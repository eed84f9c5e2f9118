"""Both edges of a two-way gate, played: callers on the outer side, a peer on the inner one.

    async with Edges(outer, inner) as edges:
        answer = await edges.ask("order", b"...")

The guards, ferries, sockets and lanes between them are the gate's own processes; HTTP is not in it.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Final

from gateway.errors import Field, StateUncertain
from gateway.management.layout import HostFolder
from gateway.management.trial import Trial, add_policy
from gateway.management.wiring.transient_edge import EdgeExchange
from gateway.unit.asking import Answered, Performed
from gateway.unit.model import CapturedUnit, Kind, Manifest, Side
from gateway.unit.request import RequestBody, ResponseBody
from gateway.unit.stages import Admitted

CHANNEL: Final = "orders"
CALLER: Final = "CN=portal-01"
JSON: Final = "application/json"
# Above what a run of tests uses, and the parity of the outer host (gateway.management.wiring).
_NUMBERS: Final = itertools.count((time.time_ns() // 10**6) % (1 << 37) * 2, 2)
POLICY: Final = """\
channel: orders
purpose: Requests of tests and figures.
owner: whoever runs them
carries: requests
lanes: {request: import, response: export}
grade: 3

from:
  listens: https on 127.0.0.1:18443
  callers: [CN=portal-01]

to:
  https: peer.inner.example:443

operations:
  order:
    call: POST /orders/{id}
    id: text at most 40
    body: json, at most 256 KiB
    answers:
      200: json, at most 256 KiB
      404: empty
  read:
    call: GET /orders/{id}
    id: text at most 40
    body: none
    answers:
      200: json, at most 2 MiB
      404: empty

limits:
  answer_within: 5 s

tests:
  - name: an order passes
    try: {call: POST /orders/1, caller: CN=portal-01, json: {a: 1}}
    expect: delivered
"""


def add_channel(trial: Trial) -> None:
    """The channel of requests on both hosts."""
    for side in Side:
        add_policy(trial, side, f"40-{CHANNEL}.yaml", POLICY)


def echo_content(content: bytes) -> bytes:
    return content or b'{"a":1}'


@dataclass
class Echo:
    """A peer that answers what it was sent; counts what it performs, by path parameter.

    change: makes another answer of the right one. wait: is awaited before it answers.
    """

    performed: Counter[str]
    change: Callable[[Performed], Performed] | None = None
    wait: Callable[[], Awaitable[None]] | None = None
    error: Exception | None = None

    async def perform(self, admitted: Admitted, head: RequestBody) -> Performed:
        self.performed[dict(head.path)["id"]] += 1
        if self.wait is not None:
            await self.wait()
        if self.error is not None:
            raise self.error
        content = echo_content(admitted.body.read())
        answer = ResponseBody(admitted.manifest.number, head.operation, 200, (), JSON, len(content))
        made = Performed(answer, content)
        return self.change(made) if self.change is not None else made


def request(operation: str, name: str, content: bytes, within_ms: int) -> RequestBody:
    media = JSON if content else ""
    return RequestBody(operation, (("id", name),), (), (), media, len(content), within_ms)


def _bug(manifest: Manifest, operation: str, error: Exception) -> StateUncertain:  # noqa: ARG001 - as Unknown
    """Of these edges: it is nobody's but the run's."""
    raise error


class _Silent:
    """A Status that nobody reads."""

    def gauge(self, name: str, value: Field) -> None:
        """Not kept."""

    def count(self, name: str, by: int = 1) -> None:
        """Not kept."""

    def raise_alarm(self, number: int, **fields: Field) -> None:
        """Not kept."""

    def clear_alarm(self, number: int) -> None:
        """Not kept."""


class Edges:
    """Both edges in the running loop."""

    def __init__(self, outer: HostFolder, inner: HostFolder) -> None:
        self.echo = Echo(Counter())
        answers = itertools.count(next(_NUMBERS) + 1, 2)
        self.outer = EdgeExchange(outer, {}, lambda: next(_NUMBERS), _Silent(), _bug)
        self.inner = EdgeExchange(
            inner, {CHANNEL: self.echo}, lambda: next(answers), _Silent(), _bug
        )
        self._tasks: dict[Side, asyncio.Task[None]] = {}

    async def __aenter__(self) -> Edges:
        for side in Side:
            self.start(side)
        for one in (self.outer, self.inner):
            await asyncio.wait_for(one.line.connected.wait(), 10)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for side in Side:
            await self.end(side)

    def start(self, side: Side) -> None:
        one = self.outer if side is Side.OUTER else self.inner
        self._tasks[side] = asyncio.get_running_loop().create_task(one.run())

    async def end(self, side: Side) -> None:
        """As when the process of this edge ends."""
        task = self._tasks.pop(side, None)
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def ask(
        self,
        operation: str = "order",
        content: bytes = b'{"a":1}',
        *,
        name: str = "one",
        within_ms: int = 5000,
        **changed: Any,
    ) -> Answered:
        head = request(operation, name, content, within_ms)
        unit = CapturedUnit(next(_NUMBERS), CHANNEL, Kind.REQUESTS, time.time_ns(), head, CALLER)
        return await self.outer.asker.ask(replace(unit, **changed), content)

    async def until_answered(self, within_s: float = 20.0) -> float:
        """Ask until an answer comes; gives the seconds that it took."""
        begun_s = time.monotonic()
        while True:
            try:
                await self.ask(within_ms=1000)
            except Exception:
                if time.monotonic() - begun_s > within_s:
                    raise
                await asyncio.sleep(0.05)
            else:
                return time.monotonic() - begun_s
