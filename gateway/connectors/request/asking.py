"""One call, asked of the gate once or, where it may be repeated, up to three times. No sockets.

    try 1 ----------------------------------------> answer
              try 2 (no answer after a third) ----> the first answer counts
                        try 3 -------------------->            | deadline

A try that has failed without an answer is followed by the next one after a short wait; one that has no
answer yet is left running, because a slow peer is not helped by asking it anew from the start.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from gateway.errors import StateUncertain, Unavailable
from gateway.unit.asking import Answered, Asker
from gateway.unit.model import CapturedUnit

MOST_TRIES: Final = 3
# A process that has ended is back within three seconds: the second try soon, the third when it must be.
PAUSES_S: Final = (0.3, 2.0)
# The gate's own end of a try comes first where it can; then ours.
GRACE_S: Final = 0.05


@dataclass(frozen=True, slots=True)
class Call:
    """make: a unit with a number of its own and this many milliseconds left; raises Unavailable.

    deadline_s: of the loop's clock.
    """

    make: Callable[[int], CapturedUnit]
    content: bytes
    repeatable: bool
    deadline_s: float
    again_after_s: float


@dataclass(slots=True)
class Tries:
    """What is known of a call so far. unit: number of the newest try. uncertain: one may be performed."""

    count: int = 0
    unit: int | None = None
    uncertain: bool = False


async def ask(asker: Asker, call: Call, tries: Tries) -> Answered:
    """The answer to a call; `tries` says which unit asked, whatever comes.

    Raises Refused, Unavailable (not performed by any try) and StateUncertain (perhaps), nothing else.
    """
    if not call.repeatable:
        return await _once(asker, call, tries)
    return await _repeated(asker, call, tries)


async def _once(asker: Asker, call: Call, tries: Tries) -> Answered:
    loop = asyncio.get_running_loop()
    unit = _unit(call, tries, loop.time())
    try:
        async with asyncio.timeout_at(call.deadline_s + GRACE_S):
            return await asker.ask(unit, call.content)
    except TimeoutError as error:
        raise StateUncertain(6370) from error


async def _repeated(asker: Asker, call: Call, tries: Tries) -> Answered:
    loop = asyncio.get_running_loop()
    running: set[asyncio.Task[Answered]] = set()
    failed: Unavailable | StateUncertain | None = None
    again_s = loop.time()
    try:
        while True:
            now_s = loop.time()
            if now_s >= call.deadline_s + GRACE_S:
                break
            if now_s >= again_s and tries.count < MOST_TRIES and now_s < call.deadline_s:
                unit = _unit(call, tries, now_s)
                running.add(loop.create_task(asker.ask(unit, call.content)))
                again_s = now_s + call.again_after_s
            if not running and (tries.count >= MOST_TRIES or again_s >= call.deadline_s):
                break
            until_s = call.deadline_s + GRACE_S
            if tries.count < MOST_TRIES:
                until_s = min(until_s, again_s)
            done = await _wait(running, until_s - now_s)
            for task in done:
                try:
                    return task.result()
                except (Unavailable, StateUncertain) as error:
                    tries.uncertain |= isinstance(error, StateUncertain)
                    failed = error if failed is None or not tries.uncertain else failed
                    pause_s = PAUSES_S[min(tries.count, len(PAUSES_S)) - 1]
                    again_s = min(again_s, loop.time() + pause_s)
                running.discard(task)
    finally:
        for task in running:
            task.add_done_callback(_let_go)
            task.cancel()
    if running or tries.uncertain:
        raise StateUncertain(6370)
    raise failed if failed is not None else Unavailable(6371, wait_s=1)


async def _wait(running: set[asyncio.Task[Answered]], wait_s: float) -> set[asyncio.Task[Answered]]:
    if not running:
        await asyncio.sleep(max(wait_s, 0.0))
        return set()
    done, _ = await asyncio.wait(
        running, timeout=max(wait_s, 0.0), return_when=asyncio.FIRST_COMPLETED
    )
    return done


def _let_go(task: asyncio.Task[Answered]) -> None:
    if not task.cancelled():
        task.exception()


def _unit(call: Call, tries: Tries, now_s: float) -> CapturedUnit:
    unit = call.make(max(1, int((call.deadline_s - now_s) * 1000)))
    tries.count += 1
    tries.unit = unit.number
    return unit
