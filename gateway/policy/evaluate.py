"""Facts and a channel to a verdict: pure, without order between the lines, closed where in doubt.

    any line refuses          -> REFUSED       (a problem of the file, a line of passes_if that fails,
                                                a line of refused_if that holds, an error in a rule)
    else a line is not known  -> NEEDS_SCAN    (the scanners have not been asked yet)
    else a line holds back    -> HELD
    else                      -> PASSES        (a line of counted_if is counted and changes none of this)

The one engine: check, explain and both guards call this and nothing else. No I/O, no clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from gateway.errors import Field, Refused
from gateway.policy.facts import FileFacts, Problem
from gateway.policy.judges import Outcome, counted, judge_line, judge_malware
from gateway.policy.model import (
    ArchiveRule,
    Channel,
    Condition,
    EncryptedRule,
    MalwareRule,
    Section,
    TypeRule,
    WritersRule,
)

# What a line answers is part of what a check says: named here for whoever reads verdicts.
__all__ = ["Check", "Effect", "Outcome", "Result", "Verdict", "evaluate"]


class Effect(StrEnum):
    """What the outcome of a line does to the unit."""

    NONE = "none"
    REFUSES = "refuses"
    HOLDS_BACK = "holds back"
    WAITS = "waits"
    COUNTS = "counts"


class Result(StrEnum):
    PASSES = "passes"
    HELD = "held"
    REFUSED = "refused"
    NEEDS_SCAN = "needs scan"


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the policy, asked. text: the line's value as written, "" for a problem of the file
    that no line speaks of (then `line` is where the channel begins). number, fields: what was found.
    counts: by kind, how often a line that counts found it.
    """

    word: str
    section: Section
    text: str
    file: str
    line: int
    outcome: Outcome
    effect: Effect
    number: int
    fields: Mapping[str, Field]
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What follows, the check that decided (None where all is as it should be), and every check."""

    result: Result
    deciding: Check | None
    checks: tuple[Check, ...]

    @property
    def number(self) -> int:
        """The number of the reason, 0 where the unit passes."""
        return self.deciding.number if self.deciding else 0


_NOTHING: Final[Mapping[str, Field]] = MappingProxyType({})
_NO_COUNTS: Final[Mapping[str, int]] = MappingProxyType({})
# Nobody waits for the answer of a line that only counts: where there is none, the unit does not pass.
_OF_COUNTED: Final[Mapping[Outcome, Effect]] = {
    Outcome.HOLDS: Effect.COUNTS, Outcome.FAILS: Effect.NONE, Outcome.UNKNOWN: Effect.REFUSES,
}  # fmt: skip


def evaluate(channel: Channel, facts: FileFacts, *, at_receiver: bool) -> Verdict:
    """Judge facts under a channel. Does no I/O and raises nothing for any facts."""
    # A guard does not look into a unit whose type is not taken. So that what decides never hangs on
    # that, what the unit itself is comes first, and what lies in it behind the lines of its type.
    own = [_problem(channel, one) for one in facts.problems if _is_of_unit(one, facts)]
    inside = [_problem(channel, one) for one in facts.problems if not _is_of_unit(one, facts)]
    types: list[Check] = []
    checks: list[Check] = []
    judged = {problem.word for problem in facts.problems}
    asks_malware = False
    for condition in channel.conditions:
        rule = type(condition.rule)
        asks_malware = asks_malware or rule is MalwareRule
        # The problem itself already stands there as the check of this line.
        if condition.word in judged and (rule is ArchiveRule or rule is EncryptedRule):
            continue
        found = types if rule is TypeRule else checks
        found.append(_check(condition, channel, facts, at_receiver))
    if not asks_malware and facts.malware is not None and facts.malware.detections:
        checks.append(_unasked_malware(channel, facts))
    return _verdict((*own, *types, *inside, *checks))


def refused_anew(channel: Channel, verdict: Verdict, refused: Refused) -> Verdict:
    """The verdict on a unit that passed and that does not once it is written anew (`changed`)."""
    check = Check(
        Section.CHANGED.value, Section.CHANGED, "", channel.file, channel.changed_line, Outcome.FAILS,
        Effect.REFUSES, refused.number, dict(refused.fields),
    )  # fmt: skip
    return Verdict(Result.REFUSED, check, (check, *verdict.checks))


def _is_of_unit(problem: Problem, facts: FileFacts) -> bool:
    """Whether a problem is known without looking into the unit."""
    return problem.where == facts.name and problem.word in ("type", "name")


def _verdict(checks: tuple[Check, ...]) -> Verdict:
    first: dict[Effect, Check] = {}
    for check in checks:
        if check.effect is not Effect.NONE:
            first.setdefault(check.effect, check)
    for effect, result in (
        (Effect.REFUSES, Result.REFUSED),
        (Effect.WAITS, Result.NEEDS_SCAN),
        (Effect.HOLDS_BACK, Result.HELD),
    ):
        if effect in first:
            return Verdict(result, first[effect], checks)
    return Verdict(Result.PASSES, None, checks)


def _problem(channel: Channel, problem: Problem) -> Check:
    fields = {**problem.fields, "where": problem.where}
    if problem.word == "encrypted" and channel.holds_encrypted:
        for line in channel.conditions:
            if type(line.rule) is EncryptedRule:
                return _made(line, Outcome.HOLDS, Effect.HOLDS_BACK, problem.number, fields)
    for line in channel.conditions:
        if line.word == problem.word and line.section is Section.PASSES_IF:
            return _made(line, Outcome.FAILS, Effect.REFUSES, problem.number, fields)
    return Check(
        problem.word,
        Section.CHANNEL,
        "",
        channel.file,
        channel.line,
        Outcome.FAILS,
        Effect.REFUSES,
        problem.number,
        fields,
    )


def _check(condition: Condition, channel: Channel, facts: FileFacts, at_receiver: bool) -> Check:
    section, rule = condition.section, condition.rule
    # The receiver does not know who brought a file; the sender is not asked for the receiver's lines.
    if (at_receiver and type(rule) is WritersRule) or (
        not at_receiver and section is Section.ALSO_AT_RECEIVER
    ):
        return _made(condition, Outcome.NOT_ASKED, Effect.NONE, 2213, _NOTHING)
    try:
        outcome, number, fields = judge_line(condition, channel, facts)
        effect = _effect(section, outcome)
        counts = counted(condition, facts) if effect is Effect.COUNTS else _NO_COUNTS
    except Exception as error:  # noqa: BLE001 - whatever goes wrong in a rule, the unit does not pass
        fields = {"error": type(error).__name__}
        return _made(condition, Outcome.UNKNOWN, Effect.REFUSES, 2214, fields)
    return _made(condition, outcome, effect, number, fields, counts)


def _effect(section: Section, outcome: Outcome) -> Effect:
    if outcome is Outcome.NOT_ASKED:
        return Effect.NONE
    if section is Section.COUNTED_IF:
        return _OF_COUNTED[outcome]
    if outcome is Outcome.UNKNOWN:
        return Effect.WAITS
    if section is Section.HELD_IF:
        return Effect.HOLDS_BACK if outcome is Outcome.HOLDS else Effect.NONE
    if section is Section.REFUSED_IF:
        return Effect.REFUSES if outcome is Outcome.HOLDS else Effect.NONE
    return Effect.REFUSES if outcome is Outcome.FAILS else Effect.NONE


def _made(
    condition: Condition,
    outcome: Outcome,
    effect: Effect,
    number: int,
    fields: Mapping[str, Field],
    counts: Mapping[str, int] = _NO_COUNTS,
) -> Check:
    return Check(
        condition.word,
        condition.section,
        condition.text,
        condition.file,
        condition.line,
        outcome,
        effect,
        number,
        fields,
        counts,
    )


def _unasked_malware(channel: Channel, facts: FileFacts) -> Check:
    _, number, fields = judge_malware(facts)
    file, line = channel.file, channel.line
    return Check(
        "malware", Section.CHANNEL, "", file, line, Outcome.FAILS, Effect.REFUSES, number, fields
    )
