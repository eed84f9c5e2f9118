"""Facts and a channel to a verdict: pure, without order between the lines, closed where in doubt.

    any line refuses          -> REFUSED       (a problem of the file, a line of passes_if that fails,
                                                a line of refused_if that holds, an error in a rule)
    else a line is not known  -> NEEDS_SCAN    (the scanners have not been asked yet)
    else a line holds back    -> HELD
    else                      -> PASSES

The one engine: check, explain and both guards call this and nothing else. No I/O, no clock.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from gateway.errors import Field
from gateway.policy.facts import FileFacts, Leaf, Problem
from gateway.policy.model import (
    ArchiveRule,
    Channel,
    Condition,
    EncryptedRule,
    InsideRule,
    MalwareRule,
    NameRule,
    Section,
    SizeRule,
    TimeRule,
    TypeRule,
    WritersRule,
)
from gateway.policy.phrases import say_size
from gateway.policy.values import DAYS


class Outcome(StrEnum):
    """Whether what a line says is true of the file."""

    HOLDS = "holds"
    FAILS = "fails"
    UNKNOWN = "unknown"
    NOT_ASKED = "not asked"


class Effect(StrEnum):
    """What the outcome of a line does to the unit."""

    NONE = "none"
    REFUSES = "refuses"
    HOLDS_BACK = "holds back"
    WAITS = "waits"


class Result(StrEnum):
    PASSES = "passes"
    HELD = "held"
    REFUSED = "refused"
    NEEDS_SCAN = "needs scan"


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the policy, asked. text: the line's value as written, "" for a problem of the file
    that no line speaks of (then `line` is where the channel begins). number, fields: what was found.
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


_Found = tuple[Outcome, int, Mapping[str, Field]]
_Judge = Callable[[Any, Condition, Channel, FileFacts], _Found]

_HOLDS, _FAILS, _UNKNOWN, _NOT_ASKED = Outcome
_NOTHING: Final[Mapping[str, Field]] = MappingProxyType({})


def evaluate(channel: Channel, facts: FileFacts, *, at_receiver: bool) -> Verdict:
    """Judge facts under a channel. Does no I/O and raises nothing for any facts."""
    checks = [_problem(channel, problem) for problem in facts.problems]
    judged = {problem.word for problem in facts.problems}
    asks_malware = False
    for condition in channel.conditions:
        rule = type(condition.rule)
        asks_malware = asks_malware or rule is MalwareRule
        # The problem itself already stands there as the check of this line.
        if condition.word in judged and (rule is ArchiveRule or rule is EncryptedRule):
            continue
        checks.append(_check(condition, channel, facts, at_receiver))
    if not asks_malware and facts.malware is not None and facts.malware.detections:
        checks.append(_unasked_malware(channel, facts))
    return _verdict(tuple(checks))


def _verdict(checks: tuple[Check, ...]) -> Verdict:
    first: dict[Effect, Check] = {}
    for check in checks:
        if check.effect is not Effect.NONE:
            first.setdefault(check.effect, check)
    if not first:
        return Verdict(Result.PASSES, None, checks)
    for effect, result in (
        (Effect.REFUSES, Result.REFUSED),
        (Effect.WAITS, Result.NEEDS_SCAN),
        (Effect.HOLDS_BACK, Result.HELD),
    ):
        if effect in first:
            return Verdict(result, first[effect], checks)
    raise RuntimeError("an effect without a result")


def _problem(channel: Channel, problem: Problem) -> Check:
    fields = {**problem.fields, "where": problem.where}
    if problem.word == "encrypted" and channel.holds_encrypted:
        for line in channel.conditions:
            if type(line.rule) is EncryptedRule:
                return _made(line, _HOLDS, Effect.HOLDS_BACK, problem.number, fields)
    for line in channel.conditions:
        if line.word == problem.word and line.section is Section.PASSES_IF:
            return _made(line, _FAILS, Effect.REFUSES, problem.number, fields)
    return Check(
        problem.word,
        Section.CHANNEL,
        "",
        channel.file,
        channel.line,
        _FAILS,
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
        return _made(condition, _NOT_ASKED, Effect.NONE, 2213, _NOTHING)
    try:
        outcome, number, fields = _JUDGES[type(rule)](rule, condition, channel, facts)
    except Exception as error:  # noqa: BLE001 - whatever goes wrong in a rule, the unit does not pass
        fields = {"error": type(error).__name__}
        return _made(condition, _UNKNOWN, Effect.REFUSES, 2214, fields)
    return _made(condition, outcome, _effect(section, outcome), number, fields)


def _effect(section: Section, outcome: Outcome) -> Effect:
    if outcome is _NOT_ASKED:
        return Effect.NONE
    if outcome is _UNKNOWN:
        return Effect.WAITS
    if section is Section.HELD_IF:
        return Effect.HOLDS_BACK if outcome is _HOLDS else Effect.NONE
    if section is Section.REFUSED_IF:
        return Effect.REFUSES if outcome is _HOLDS else Effect.NONE
    return Effect.REFUSES if outcome is _FAILS else Effect.NONE


def _made(
    condition: Condition, outcome: Outcome, effect: Effect, number: int, fields: Mapping[str, Field]
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
    )


def _unasked_malware(channel: Channel, facts: FileFacts) -> Check:
    _, number, fields = _malware(None, None, channel, facts)
    file, line = channel.file, channel.line
    return Check("malware", Section.CHANNEL, "", file, line, _FAILS, Effect.REFUSES, number, fields)


def _outcome(true: bool) -> Outcome:
    return _HOLDS if true else _FAILS


def _type(rule: TypeRule, line: Condition, _channel: Channel, facts: FileFacts) -> _Found:
    if not facts.leaves:
        return _outcome(line.section is Section.REFUSED_IF), 2215, {}
    found = facts.leaves[0].type
    return (
        _outcome(found in rule.words),
        2201,
        {"type": found, "takes": line.text, "name": facts.name},
    )


def _inside(rule: InsideRule, line: Condition, channel: Channel, facts: FileFacts) -> _Found:
    inner = facts.leaves[1:]
    if not inner:
        return _NOT_ASKED, 2216, _NOTHING
    if channel.holds_encrypted:
        inner = _readable(inner, facts)
    wanted_in = line.section is not Section.REFUSED_IF
    for leaf in inner:
        if (leaf.type in rule.words) is not wanted_in:
            fields: dict[str, Field] = {"where": leaf.path, "type": leaf.type, "takes": line.text}
            return _outcome(not wanted_in), 2202, fields
    return _outcome(wanted_in), 2203, {"count": len(inner), "takes": line.text}


def _readable(inner: tuple[Leaf, ...], facts: FileFacts) -> tuple[Leaf, ...]:
    """Leaves but for those whose type nobody can know: they are encrypted, and people look at them."""
    closed = {problem.where for problem in facts.problems if problem.word == "encrypted"}
    below = tuple(f"{where} > " for where in closed)
    return tuple(
        leaf for leaf in inner if leaf.path not in closed and not leaf.path.startswith(below)
    )


def _size(rule: SizeRule, line: Condition, _channel: Channel, facts: FileFacts) -> _Found:
    fields: dict[str, Field] = {"size": say_size(facts.size_bytes), "takes": line.text}
    return _outcome(facts.size_bytes in rule.bound), 2204, fields


def _time(rule: TimeRule, line: Condition, channel: Channel, facts: FileFacts) -> _Found:
    if facts.at.tzinfo is None:
        raise ValueError("a time without its zone")
    local = facts.at.astimezone(channel.zone)
    clock = f"{DAYS[local.weekday()]} {local.hour:02}:{local.minute:02}"
    fields: dict[str, Field] = {"time": clock, "zone": channel.time_zone, "takes": line.text}
    return _outcome(local in rule.windows), 2205, fields


def _name(rule: NameRule, line: Condition, _channel: Channel, facts: FileFacts) -> _Found:
    return _outcome(facts.name in rule.names), 2206, {"name": facts.name, "takes": line.text}


def _writers(rule: WritersRule, line: Condition, _channel: Channel, facts: FileFacts) -> _Found:
    return _outcome(facts.peer in rule.writers), 2207, {"writer": facts.peer, "takes": line.text}


def _malware(_rule: object, _line: object, _channel: Channel, facts: FileFacts) -> _Found:
    if facts.malware is None:
        return _UNKNOWN, 2210, _NOTHING
    if facts.malware.detections:
        hit = facts.malware.detections[0]
        fields: dict[str, Field] = {
            "scanner": hit.scanner,
            "signature": hit.signature,
            "where": hit.where,
        }
        return _FAILS, 2209, fields
    return _HOLDS, 2208, {"scanners": "; ".join(facts.malware.scanners)}


def _archive(_rule: ArchiveRule, line: Condition, _channel: Channel, facts: FileFacts) -> _Found:
    # What goes beyond the limits is a problem of the facts; here nothing did.
    if len(facts.leaves) < 2:
        return _NOT_ASKED, 2216, _NOTHING
    return _HOLDS, 2212, {"count": len(facts.leaves) - 1, "takes": line.text}


def _encrypted(
    _rule: EncryptedRule, _line: Condition, _channel: Channel, _facts: FileFacts
) -> _Found:
    return _FAILS, 2211, _NOTHING


_JUDGES: Final[Mapping[type, _Judge]] = {
    TypeRule: _type,
    InsideRule: _inside,
    SizeRule: _size,
    TimeRule: _time,
    NameRule: _name,
    WritersRule: _writers,
    MalwareRule: _malware,
    ArchiveRule: _archive,
    EncryptedRule: _encrypted,
}
