"""A verdict as an explanation: the deciding line first, then every other, then what would let it through.

Data only; the sentences come from the catalogue, the colours from management. The same verdict that
the guard acted on is explained here, nothing is judged again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gateway.errors import Field, Misconfigured
from gateway.messages import describe, remedy
from gateway.policy.evaluate import Check, Effect, Outcome, Result, Verdict
from gateway.policy.model import Channel, Section

# A person may still write these into a channel; no advice of ours leads there.
_NEVER_ADVISED: Final = frozenset(
    {"elf program", "windows program", "mach-o program", "script", "java class", "html", "unknown"}
)


@dataclass(frozen=True, slots=True)
class Advice:
    """One thing that would change the result: an entry of the catalogue with its fields."""

    number: int
    fields: Mapping[str, Field]


@dataclass(frozen=True, slots=True)
class Explanation:
    """result, deciding: of the verdict. others: every other check, those with an effect first.

    advice: what would let the unit through, in order of the checks; empty where it passes.
    time_zone: the zone in which times are meant.
    """

    channel: str
    result: Result
    time_zone: str
    deciding: Check | None
    others: tuple[Check, ...]
    advice: tuple[Advice, ...]


def explain(channel: Channel, verdict: Verdict) -> Explanation:
    """Explain a verdict of this channel. Does no I/O, raises nothing."""
    others = [check for check in verdict.checks if check is not verdict.deciding]
    others.sort(key=lambda check: check.effect is Effect.NONE)
    advice: list[Advice] = []
    for check in verdict.checks:
        if check.effect not in (Effect.NONE, Effect.COUNTS):
            advice += [one for one in _advice(check) if one not in advice]
    return Explanation(
        channel.name,
        verdict.result,
        channel.time_zone,
        verdict.deciding,
        tuple(others),
        tuple(advice),
    )


def sentence(check: Check | Advice, language: str = "en") -> str:
    """What was found, or what to do, as one sentence of the catalogue without its number."""
    return describe(Misconfigured(check.number, **check.fields), language).partition(" ")[2]


def as_data(explanation: Explanation, language: str = "en") -> dict[str, object]:
    """The explanation as plain values for JSON, with the sentences of one language beside."""
    deciding = explanation.deciding
    return {
        "channel": explanation.channel,
        "result": explanation.result.value,
        "time_zone": explanation.time_zone,
        "deciding": _check_data(deciding, language) if deciding else None,
        "checks": [_check_data(check, language) for check in explanation.others],
        "advice": [
            {"number": a.number, "fields": dict(a.fields), "text": sentence(a, language)}
            for a in explanation.advice
        ],
    }


def _check_data(check: Check, language: str) -> dict[str, object]:
    return {
        "word": check.word,
        "section": check.section.value,
        "line": f"{check.file}:{check.line}",
        "says": check.text,
        "outcome": check.outcome.value,
        "effect": check.effect.value,
        "number": check.number,
        "fields": dict(check.fields),
        "counts": dict(check.counts),
        "text": sentence(check, language),
    }


def _advice(check: Check) -> list[Advice]:
    place: dict[str, Field] = {"rule": f"{check.file}:{check.line}", "word": check.word}
    if check.effect is Effect.WAITS:
        return [Advice(2221, {})]
    if check.effect is Effect.HOLDS_BACK:
        return [Advice(2222, place)]
    if check.number == 2214:
        return [Advice(2223, place)]
    if check.section is Section.REFUSED_IF:
        return [Advice(2226, place)]
    if check.word == "malware":
        return [Advice(2227, {})]
    advice = [Advice(2224, {"takes": check.text})] if check.number in (2201, 2202) else []
    if wider := _wider(check):
        advice.append(Advice(2225, {**place, "write": wider}))
    elif own := remedy(Misconfigured(check.number, **check.fields)):
        advice.append(Advice(2220, {"do": own}))
    return advice or [Advice(2228, place)]


def _wider(check: Check) -> str:
    """The line that would take this unit, where one can be written down and advised."""
    fields, text = check.fields, check.text
    if check.outcome is not Outcome.FAILS:
        return ""
    match check.number, check.word:
        case 2201 | 2202, word if fields["type"] not in _NEVER_ADVISED:
            return f"{word}: {text.replace(' or ', ', ')} or {fields['type']}"
        case 2204, _ if text.startswith(("at most", "below")):
            return f"size: at most {fields['size']}"
        case 2207, _ if fields["writer"]:
            return f"writers: {text} or {fields['writer']}"
        case _, "encrypted" if not text:
            return "held_if: encrypted: any"
        case _:
            return ""
