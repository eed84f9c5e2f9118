"""Answers through the queue: to whoever waits, once, in time; what nobody waits for is let go."""

from __future__ import annotations

import asyncio
import time
from hashlib import sha256

import pytest

from gateway.errors import GatewayError, Refused, StateUncertain, Unavailable
from gateway.receiving.admitted import read_admitted
from gateway.receiving.durable_answers import DurableAnswers
from gateway.receiving.edge_outcomes import EdgeOutcomes
from gateway.receiving.own_refusals import edge_entry
from gateway.spool.model import Entry
from gateway.unit.encode import encode_manifest
from gateway.unit.model import CapturedUnit, Kind, Lane, Manifest
from gateway.unit.outcomes import UnitOutcome, What
from gateway.unit.request import Consequence, FailureBody, RequestBody, ResponseBody
from gateway.unit.submitting import AnsweredBody
from tests.support.fakes import BoardOfOne, ListRecorder, MemoryQueue

CONTENT = b'{"b":2}'


def asked(number: int) -> CapturedUnit:
    body = RequestBody("order", (), (), (), "", 0, 2_000)
    return CapturedUnit(number, "orders", Kind.REQUESTS, time.time_ns(), body)


def came(number: int, body: ResponseBody | FailureBody) -> Entry:
    content = CONTENT if isinstance(body, ResponseBody) else b""
    manifest = Manifest(
        number, "orders", Kind.REQUESTS, Lane.EXPORT, 1, 2, "0" * 64, body,
        sha256(content).digest(),
    )  # fmt: skip
    return Entry(number, encode_manifest(manifest), content)


def answer(request: int) -> ResponseBody:
    return ResponseBody(request, "order", 200, (), "application/json", len(CONTENT))


class World:
    def __init__(self) -> None:
        self.queue, self.journal = MemoryQueue(), ListRecorder()
        self.answers = DurableAnswers(self.queue, self.journal, BoardOfOne())
        self.settled: list[UnitOutcome] = []
        self.outcomes = EdgeOutcomes(self.queue, self.settled.extend, self.answers.fail)

    def step(self) -> None:
        for taken in self.queue.take(64, 1 << 20):
            admitted = read_admitted(taken)
            to = self.outcomes if admitted.manifest.kind is Kind.OUTCOMES else self.answers
            to.take(taken, admitted)
        self.answers.step(0.0)

    async def answered(self, number: int, within_s: float = 1.0) -> AnsweredBody:
        until_s = asyncio.get_running_loop().time() + within_s
        waiting = asyncio.ensure_future(self.answers.answered(number, until_s))
        for _ in range(3):
            await asyncio.sleep(0)
            self.step()
        return await waiting


@pytest.fixture
def world() -> World:
    return World()


def test_an_answer_reaches_its_caller_and_is_let_go_when_he_has_it(world: World) -> None:
    async def caller() -> AnsweredBody:
        world.answers.expect(asked(2))
        # It may come before anybody waits.
        world.queue.put([came(3, answer(2))])
        world.step()
        return await world.answered(2)

    found = asyncio.run(caller())
    assert (found.number, found.head, found.body.read()) == (3, answer(2), CONTENT)
    assert world.queue.acknowledged == []
    world.answers.served(found)
    world.step()
    assert world.queue.acknowledged == [3]
    assert [(e.what, e.unit) for e in world.journal.events] == [("delivered", 3)]


@pytest.mark.parametrize(
    ("consequence", "kind", "performed"),
    [
        (Consequence.REFUSED, Refused, None),
        (Consequence.UNAVAILABLE, Unavailable, None),
        (Consequence.UNCERTAIN, StateUncertain, None),
        (Consequence.ANSWER_REFUSED, Refused, 1),
    ],
)
def test_a_failure_is_what_it_was_there(
    world: World, consequence: Consequence, kind: type[GatewayError], performed: int | None
) -> None:
    async def caller() -> None:
        world.answers.expect(asked(2))
        world.queue.put([came(3, FailureBody(2, "order", 6380, consequence))])
        await world.answered(2)

    with pytest.raises(kind) as caught:
        asyncio.run(caller())
    assert (caught.value.number, caught.value.fields.get("performed")) == (6380, performed)
    assert world.queue.acknowledged == [3]


@pytest.mark.parametrize(
    ("reason", "kind"), [(2358, Refused), (6423, StateUncertain)],
)  # fmt: skip
def test_what_a_guard_tells_of_a_request_ends_its_waiting(
    world: World, reason: int, kind: type[GatewayError]
) -> None:
    outcome = UnitOutcome(2, What.REFUSED, reason, 0)

    async def caller() -> None:
        world.answers.expect(asked(2))
        world.queue.put([edge_entry(2, Lane.EXPORT, [outcome], 1)])
        await world.answered(2)

    with pytest.raises(kind) as caught:
        asyncio.run(caller())
    assert caught.value.number == reason
    assert (world.settled, world.queue.acknowledged) == ([outcome], [2])


def test_late_and_unknown_answers_are_dropped_and_told(world: World) -> None:
    async def caller() -> None:
        world.answers.expect(asked(2))
        with pytest.raises(StateUncertain) as late:
            await world.answered(2, within_s=0.01)
        assert late.value.number == 5772
        world.queue.put([came(3, answer(2)), came(5, answer(8))])
        world.step()
        with pytest.raises(StateUncertain):
            await world.answers.answered(2, asyncio.get_running_loop().time() + 1)

    asyncio.run(caller())
    assert world.queue.acknowledged == [3, 5]
    assert [(e.what, e.number) for e in world.journal.events] == [("answer.dropped", 6429)] * 2


def test_an_answer_that_comes_as_its_caller_goes_is_not_kept(world: World) -> None:
    async def caller() -> None:
        world.answers.expect(asked(2))
        world.queue.put([came(3, answer(2))])
        world.step()
        world.answers.forget(2)
        for _ in range(3):
            await asyncio.sleep(0)
            world.step()

    asyncio.run(caller())
    assert world.queue.acknowledged == [3]
