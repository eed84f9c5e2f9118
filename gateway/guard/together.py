"""Contents that a guard judges: asked about by whoever works on a request, answered several at once.

    work --yields--> ContentQuestion --+-- alone      each by itself, as a file is
      ^                                +-- together   small ones of one kind with one question to the sandbox
      +------------ Judgement ---------+

Work is a generator, so that what it does between two questions is the same either way. To wake a child of
the sandbox costs more than a small content does: together they cost half. What does not go together,
because a scanner is to be asked, a text is sought or it took too long, is left over for alone().
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias, TypeVar

from gateway.errors import Refused, Unavailable
from gateway.guard.judgement import Judgement, judge
from gateway.inspection.chain import Inspector
from gateway.policy.evaluate import Result, evaluate
from gateway.policy.model import Channel, MalwareRule
from gateway.unit.stages import Body

# A larger one takes a child so long that others need not wait with it.
SMALL_BYTES: Final = 16 << 10
# In one question; what is behind waits for the next.
_MOST: Final = 32
# After so long no further question is begun: several kinds of slow contents do not hold up for several times
# as long as one.
_BEGUN_WITHIN_S: Final = 0.25


@dataclass(frozen=True, slots=True, eq=False)
class ContentQuestion:
    """What judge() is asked about a content. at: when it was captured, with a zone. whose: channel and
    caller, "" where that is not known."""

    inspector: Inspector
    channel: Channel
    body: Body
    name: str
    at: datetime
    at_receiver: bool
    whose: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True, eq=False)
class Slowly:
    """Something that takes its time, and that nobody else is to wait for. do: what; its result is sent."""

    do: Callable[[], bytes]
    body: Body
    whose: tuple[str, str] = ("", "")


T = TypeVar("T")
Question: TypeAlias = ContentQuestion | Slowly
# Is sent a Judgement for each ContentQuestion, bytes for Slowly; what these raise is thrown into it.
Judging: TypeAlias = Generator[Question, Any, T]
LeftOver: TypeAlias = tuple[Judging[T], Question]


def finished(result: T) -> Judging[T]:
    """Work that asks about nothing."""
    return result
    yield


def alone(judging: Judging[T], question: Question | None = None) -> T:
    """The end of one piece of work, its contents judged by themselves. question: that it waits at, None at
    its start. Raises what the work raises."""
    try:
        if question is None:
            question = next(judging)
        while True:
            try:
                said = question.do() if isinstance(question, Slowly) else _judged(question)
            except (Refused, Unavailable) as error:
                question = judging.throw(error)
            else:
                question = judging.send(said)
    except StopIteration as end:
        result: T = end.value
        return result


def together(judgings: Sequence[Judging[T]]) -> tuple[list[T], list[LeftOver[T]]]:
    """The ends of those whose contents could be judged together, and the others with what they wait at.

    Takes three quarters of a second at most, beside what the work itself takes. Raises what the work raises.
    """
    until_s = time.monotonic() + _BEGUN_WITHIN_S
    done: list[T] = []
    left_over: list[LeftOver[T]] = []
    waiting: list[LeftOver[T]] = []

    def go_on(judging: Judging[T], judgement: Judgement | None) -> None:
        try:
            question = next(judging) if judgement is None else judging.send(judgement)
        except StopIteration as end:
            done.append(end.value)
        else:
            waiting.append((judging, question))

    for one in judgings:
        go_on(one, None)
    while waiting:
        asked, waiting = waiting, []
        for group in _groups(asked):
            questions = [question for _, question in group]
            is_late = time.monotonic() >= until_s
            judgements = None if is_late else _judged_together(questions)
            if judgements is None:
                left_over += group
                continue
            for (one, _), judgement in zip(group, judgements, strict=True):
                go_on(one, judgement)
    return done, left_over


def _groups(asked: Sequence[LeftOver[T]]) -> list[list[LeftOver[T]]]:
    """What goes in one question, in the order of the first of each."""
    groups: dict[tuple[int, ...], list[LeftOver[T]]] = {}
    for number, one in enumerate(asked):
        question = one[1]
        # What does not go together is a group of itself.
        key: tuple[int, ...] = (number,)
        if isinstance(question, ContentQuestion) and _may_go_together(question):
            key = (id(question.inspector), id(question.channel), question.at_receiver)
        groups.setdefault(key, []).append(one)
    return [
        group[start : start + _MOST]
        for group in groups.values()
        for start in range(0, len(group), _MOST)
    ]


def _may_go_together(question: ContentQuestion) -> bool:
    asks_scanners = any(isinstance(one.rule, MalwareRule) for one in question.channel.conditions)
    return not asks_scanners and question.body.size_bytes <= SMALL_BYTES


def _judged(question: ContentQuestion) -> Judgement:
    return judge(
        question.inspector,
        question.channel,
        question.body,
        question.name,
        question.at,
        at_receiver=question.at_receiver,
    )


def _judged_together(asked: Sequence[Question]) -> list[Judgement] | None:
    """As judge() has it, for questions of one inspector and channel. None: each by itself."""
    questions = [one for one in asked if isinstance(one, ContentQuestion)]
    if len(questions) != len(asked) or not _may_go_together(questions[0]):
        return None
    first = questions[0]
    channel, at_receiver = first.channel, first.at_receiver
    facts = first.inspector.examine_together(
        [one.body for one in questions],
        first.name,
        [one.at for one in questions],
        channel.unpack,
        wanted=channel.types_taken(at_receiver=at_receiver),
        channel=channel,
    )
    if facts is None:
        return None
    made = [Judgement(one, evaluate(channel, one, at_receiver=at_receiver)) for one in facts]
    # Nothing may wait for a scanner here, whatever a policy will ask for one day.
    return None if any(one.verdict.result is Result.NEEDS_SCAN for one in made) else made
