"""Requests across a two-way gate of real processes: answered, refused, or outcome unknown; never twice."""

from __future__ import annotations

import asyncio
import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from gateway.errors import Refused, StateUncertain, Unavailable
from gateway.management.layout import Role
from gateway.unit.asking import Performed
from gateway.unit.model import Side
from tests.support.gate import Gate, gate
from tests.support.requests import CHANNEL, Edges, add_channel, echo_content

pytestmark = [pytest.mark.system, pytest.mark.timeout(240)]

CALLERS = 16
# Started again by their supervisor after 0.2 s; the rest is ours.
WHOLE_AGAIN_S = 3.0


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    with gate(tmp_path_factory.mktemp("requests"), "two-way", prepare=add_channel) as made:
        yield made


def with_edges(running: Gate, play: Callable[[Edges], Awaitable[None]]) -> None:
    async def run() -> None:
        hosts = (running.trial.host(Side.OUTER), running.trial.host(Side.INNER))
        async with Edges(*hosts) as edges:
            await edges.until_answered()
            edges.echo.performed.clear()
            await play(edges)

    asyncio.run(run())


def test_requests_are_answered_and_stand_in_both_journals(running: Gate) -> None:
    async def play(edges: Edges) -> None:
        contents = [b'{"n":%d,"pad":"%s"}' % (n, b"x" * (n * 97 % 9000)) for n in range(200)]
        answers = await asyncio.gather(*(edges.ask(content=one) for one in contents))
        assert [one.content for one in answers] == [echo_content(one) for one in contents]
        assert edges.echo.performed.total() == len(contents)
        # On disk before it was performed or answered; those before them may have come too early.
        asked = {one.head.request for one in answers}
        assert len(asked) == len(contents)
        for side in Side:
            for what in ("request.passed", "answer.passed"):
                told = Counter(record.unit for record in running.events(side, what))
                assert {told[unit] for unit in asked} == {1}

    with_edges(running, play)


def test_an_answer_of_many_blocks_comes_whole(running: Gate) -> None:
    content = b'{"a":"' + b"y" * 1_500_000 + b'"}'

    def large(performed: Performed) -> Performed:
        head = performed.head
        return Performed(
            type(head)(head.request, head.operation, 200, (), head.content_type, len(content)),
            content,
        )

    async def play(edges: Edges) -> None:
        edges.echo.change = large
        answer = await edges.ask("read", b"")
        assert answer.content == content

    with_edges(running, play)


def test_refusals_of_each_guard_and_of_the_peer_come_at_once(running: Gate) -> None:
    async def play(edges: Edges) -> None:
        begun_s = time.monotonic()
        asked: dict[int, dict[str, Any]] = {
            2353: {"operation": "delete"},
            2201: {"content": b"<a/>"},
            2361: {"brought_by": "CN=stranger"},
            1051: {"channel": "other"},
        }
        for wanted, how in asked.items():
            with pytest.raises(Refused) as refused:
                await edges.ask(**how)
            assert refused.value.number == wanted
        assert edges.echo.performed.total() == 0
        for error, number in (
            (Refused(6382), 6382),
            (Unavailable(6380), 6380),
            (StateUncertain(6381), 6381),
        ):
            edges.echo.error = error
            with pytest.raises(type(error)) as found:
                await edges.ask()
            assert found.value.number == number
        # Told, each of them: had one run out of its time, it would have been more.
        assert time.monotonic() - begun_s < 5.0

    with_edges(running, play)


def test_an_answer_that_does_not_pass_is_told_with_its_number(running: Gate) -> None:
    def forbidden(performed: Performed) -> Performed:
        head = performed.head
        return Performed(
            type(head)(head.request, head.operation, 500, (), head.content_type, head.size_bytes),
            performed.content,
        )

    async def play(edges: Edges) -> None:
        edges.echo.change = forbidden
        with pytest.raises(Refused) as found:
            await edges.ask()
        assert (found.value.number, found.value.fields["performed"]) == (2359, 1)

    with_edges(running, play)


def test_a_peer_that_takes_too_long_is_an_unknown_outcome_and_its_answer_is_dropped(
    running: Gate,
) -> None:
    async def slow() -> None:
        await asyncio.sleep(5.0)

    async def play(edges: Edges) -> None:
        edges.echo.wait = slow
        begun_s = time.monotonic()
        with pytest.raises(StateUncertain):
            await edges.ask(within_ms=400)
        assert time.monotonic() - begun_s < 4.0
        edges.echo.wait = None
        await edges.ask()

    with_edges(running, play)


def test_an_edge_that_ends_while_it_performs_is_told_for(running: Gate) -> None:
    async def play(edges: Edges) -> None:
        started = asyncio.Event()

        async def never() -> None:
            started.set()
            await asyncio.sleep(60)

        edges.echo.wait = never
        asked = asyncio.create_task(edges.ask(within_ms=4000))
        await started.wait()
        await edges.end(Side.INNER)
        begun_s = time.monotonic()
        with pytest.raises(StateUncertain) as found:
            await asked
        assert found.value.number == 5771
        assert time.monotonic() - begun_s < 3.5
        # Nobody performs: nothing is performed.
        with pytest.raises(Unavailable) as refused:
            await edges.ask(within_ms=2000)
        assert refused.value.number == 5768
        edges.echo.wait = None
        edges.start(Side.INNER)
        await edges.until_answered()

    with_edges(running, play)


@dataclass
class Outcomes:
    """What callers were told, by name of the request."""

    answered: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)
    not_performed: set[str] = field(default_factory=set)
    longest_s: float = 0.0


async def callers(edges: Edges, stop: asyncio.Event, outcomes: Outcomes) -> None:
    async def one(place: int) -> None:
        count = 0
        while not stop.is_set():
            count += 1
            name = f"{place}-{count}"
            begun_s = time.monotonic()
            try:
                answer = await edges.ask(name=name, within_ms=2000)
                assert answer.head.status == 200
                outcomes.answered.add(name)
            except StateUncertain:
                outcomes.unknown.add(name)
            except (Unavailable, Refused):
                outcomes.not_performed.add(name)
                await asyncio.sleep(0.02)
            outcomes.longest_s = max(outcomes.longest_s, time.monotonic() - begun_s)

    await asyncio.gather(*(one(place) for place in range(CALLERS)))


@pytest.mark.parametrize("role", [Role.GUARD, Role.FERRY])
@pytest.mark.parametrize("side", list(Side))
def test_a_killed_process_costs_no_caller_more_than_his_time_and_nothing_is_performed_twice(
    running: Gate, side: Side, role: Role
) -> None:
    async def play(edges: Edges) -> None:
        stop, outcomes = asyncio.Event(), Outcomes()
        load = asyncio.create_task(callers(edges, stop, outcomes))
        async with asyncio.timeout(20.0):
            while not outcomes.answered:
                await asyncio.sleep(0.1)
        await asyncio.sleep(0.5)
        assert running.signal(side, role, signal.SIGKILL)
        killed_s = time.monotonic()
        before = len(outcomes.answered)
        while len(outcomes.answered) < before + 3 * CALLERS:
            await asyncio.sleep(0.02)
            assert time.monotonic() - killed_s < 20.0, running.shown()
        whole_s = time.monotonic() - killed_s
        stop.set()
        await load
        performed = edges.echo.performed
        assert [name for name, times in performed.items() if times > 1] == []
        assert outcomes.answered <= set(performed)
        assert not outcomes.not_performed & set(performed)
        assert outcomes.longest_s < 2.0 + 1.0
        assert outcomes.unknown | outcomes.not_performed
        print(f"{side.value} {role.value}: whole again after {whole_s:.1f} s")

    with_edges(running, play)


def test_what_was_performed_stands_in_the_journal_of_a_killed_guard(running: Gate) -> None:
    async def play(edges: Edges) -> None:
        asked = [asyncio.create_task(edges.ask(name=f"k{n}", within_ms=1500)) for n in range(60)]
        while edges.echo.performed.total() < 20:
            await asyncio.sleep(0.001)
        assert running.signal(Side.INNER, Role.GUARD, signal.SIGKILL)
        await asyncio.gather(*asked, return_exceptions=True)
        performed = edges.echo.performed.total()
        await edges.until_answered()
        running.until(
            lambda: running.cli(Side.INNER, "audit", "verify").returncode == 0, "a sound journal"
        )
        events = running.events(Side.INNER, "request.passed")
        assert all(record.channel == CHANNEL for record in events)
        assert performed >= 20

    before = len(running.events(Side.INNER, "request.passed"))
    with_edges(running, play)
    # Each of the sixty and of those that looked whether it works again, if it was performed.
    assert len(running.events(Side.INNER, "request.passed")) - before >= 20
