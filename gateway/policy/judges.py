"""One line of a policy asked of a file: whether what it says is true, and what was found.

What follows from an outcome is `evaluate`'s. Pure: no I/O, no clock; an error here refuses there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from gateway.errors import Field
from gateway.policy.facts import FileFacts, Leaf
from gateway.policy.filetypes import FORMATS
from gateway.policy.model import (
    ArchiveRule,
    Channel,
    CodesRule,
    Condition,
    EncryptedRule,
    FormatRule,
    GradeRule,
    IdentifiersRule,
    InsideRule,
    MalwareRule,
    NameRule,
    PatternsRule,
    Section,
    SizeRule,
    TimeRule,
    TypeRule,
    WordsRule,
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


Finding = tuple[Outcome, int, Mapping[str, Field]]
_Judge = Callable[[Any, Condition, Channel, FileFacts], Finding]

_HOLDS, _FAILS, _UNKNOWN, _NOT_ASKED = Outcome
_NOTHING: Final[Mapping[str, Field]] = MappingProxyType({})


def judge_line(line: Condition, channel: Channel, facts: FileFacts) -> Finding:
    """Outcome, number of the finding and its fields. Raises whatever a broken rule raises."""
    return _JUDGES[type(line.rule)](line.rule, line, channel, facts)


def judge_malware(facts: FileFacts) -> Finding:
    """What the scanners said, or that they have not been asked."""
    return _malware(None, None, None, facts)


def _outcome(true: bool) -> Outcome:
    return _HOLDS if true else _FAILS


def _type(rule: TypeRule, line: Condition, _channel: Channel, facts: FileFacts) -> Finding:
    if not facts.leaves:
        return _outcome(line.section is Section.REFUSED_IF), 2215, {}
    found = facts.leaves[0].type
    return (
        _outcome(found in rule.words),
        2201,
        {"type": found, "takes": line.text, "name": facts.name},
    )


def _inside(rule: InsideRule, line: Condition, channel: Channel, facts: FileFacts) -> Finding:
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
    return tuple(leaf for leaf in inner if leaf.path not in closed or leaf.type != "unknown")


def _size(rule: SizeRule, line: Condition, _channel: Channel, facts: FileFacts) -> Finding:
    fields: dict[str, Field] = {"size": say_size(facts.size_bytes), "takes": line.text}
    return _outcome(facts.size_bytes in rule.bound), 2204, fields


def _time(rule: TimeRule, line: Condition, channel: Channel, facts: FileFacts) -> Finding:
    if facts.at.tzinfo is None:
        raise ValueError("a time without its zone")
    local = facts.at.astimezone(channel.zone)
    clock = f"{DAYS[local.weekday()]} {local.hour:02}:{local.minute:02}"
    fields: dict[str, Field] = {"time": clock, "zone": channel.time_zone, "takes": line.text}
    return _outcome(local in rule.windows), 2205, fields


def _name(rule: NameRule, line: Condition, _channel: Channel, facts: FileFacts) -> Finding:
    return _outcome(facts.name in rule.names), 2206, {"name": facts.name, "takes": line.text}


def _writers(rule: WritersRule, line: Condition, _channel: Channel, facts: FileFacts) -> Finding:
    return _outcome(facts.peer in rule.writers), 2207, {"writer": facts.peer, "takes": line.text}


def _malware(_rule: object, _line: object, _channel: object, facts: FileFacts) -> Finding:
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


def _archive(_rule: ArchiveRule, line: Condition, _channel: Channel, facts: FileFacts) -> Finding:
    # What goes beyond the limits is a problem of the facts; here nothing did.
    if len(facts.leaves) < 2:
        return _NOT_ASKED, 2216, _NOTHING
    return _HOLDS, 2212, {"count": len(facts.leaves) - 1, "takes": line.text}


def _encrypted(
    _rule: EncryptedRule, _line: Condition, _channel: Channel, _facts: FileFacts
) -> Finding:
    return _FAILS, 2211, _NOTHING


def _format(rule: FormatRule, line: Condition, _channel: Channel, facts: FileFacts) -> Finding:
    # What is wrong is a problem of the facts, with the word of this line; here nothing was.
    if rule.word in facts.checked:
        return _HOLDS, 2234, {"takes": line.text}
    if any(leaf.type in FORMATS[rule.word] for leaf in facts.leaves):
        return _FAILS, 2235, {"word": rule.word}
    return _NOT_ASKED, 2233, {"word": rule.word}


def _identifiers(
    rule: IdentifiersRule, line: Condition, _channel: Channel, facts: FileFacts
) -> Finding:
    asked = facts.searched is not None and rule.words <= facts.searched.identifiers
    return _sought("identifier", rule.words, line, facts, asked=asked)


def _words(rule: WordsRule, line: Condition, _channel: Channel, facts: FileFacts) -> Finding:
    asked = facts.searched is not None and rule.lists <= facts.searched.words
    return _sought("word", rule.lists, line, facts, asked=asked)


def _patterns(rule: PatternsRule, line: Condition, _channel: Channel, facts: FileFacts) -> Finding:
    asked = facts.searched is not None and rule.lists <= facts.searched.patterns
    return _sought("pattern", rule.lists, line, facts, asked=asked)


def _grade(rule: GradeRule, line: Condition, _channel: Channel, facts: FileFacts) -> Finding:
    asked = facts.searched is not None and rule.lists <= facts.searched.words
    return _sought("word", rule.lists, line, facts, asked=asked)


def _codes(rule: CodesRule, _line: Condition, _channel: Channel, facts: FileFacts) -> Finding:
    names = tuple(str(place) for place in rule.places)
    # Where nobody has looked the line is not true: doubt never passes.
    if facts.searched is None or not facts.searched.codes.issuperset(names):
        return _FAILS, 2230, {"names": ", ".join(names)}
    for hit in facts.hits:
        if hit.kind == "code" and hit.name in names:
            fields: dict[str, Field] = {
                "name": hit.name, "where": hit.where, "shown": hit.shown, "count": hit.count,
            }  # fmt: skip
            return _FAILS, 2243 if hit.shown else 2246, fields
    return _HOLDS, 2244, {"names": ", ".join(names)}


def _sought(
    kind: str, names: frozenset[str], line: Condition, facts: FileFacts, *, asked: bool
) -> Finding:
    """HOLDS where one of the names was found. Where nobody has looked doubt never passes: HOLDS too, and
    of a line that only counts UNKNOWN."""
    counts = line.section is Section.COUNTED_IF
    if not asked:
        return _UNKNOWN if counts else _HOLDS, 2230, {"names": ", ".join(sorted(names))}
    found = [hit for hit in facts.hits if hit.kind == kind and hit.name in names]
    if not found:
        return _FAILS, 2232, {"names": ", ".join(sorted(names))}
    if counts:
        return _HOLDS, 2245, {"count": sum(counted(line, facts).values())}
    first = found[0]
    fields: dict[str, Field] = {
        "name": first.name, "where": first.where, "shown": first.shown, "count": first.count,
    }  # fmt: skip
    return _HOLDS, 2231, fields


def counted(line: Condition, facts: FileFacts) -> Mapping[str, int]:
    """By kind (an identifier, a list), how often a line about texts found it."""
    match line.rule:
        case IdentifiersRule(names):
            kind = "identifier"
        case WordsRule(names) | GradeRule(_, names):
            kind = "word"
        case PatternsRule(names):
            kind = "pattern"
        case _:
            return {}
    return {hit.name: hit.count for hit in facts.hits if hit.kind == kind and hit.name in names}


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
    IdentifiersRule: _identifiers,
    WordsRule: _words,
    PatternsRule: _patterns,
    GradeRule: _grade,
    CodesRule: _codes,
    FormatRule: _format,
}
