"""The judgement of one file: inspect, evaluate, ask the scanners only if nothing has refused yet.

`ferrygate policy check`, `ferrygate explain`, the sending guard and the receiving guard all call
this: one engine, so that the answer of a test is the answer of the gate.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gateway.errors import Field
from gateway.inspection.chain import Inspector
from gateway.policy.counting import say_counted
from gateway.policy.evaluate import Result, Verdict, evaluate
from gateway.policy.facts import FileFacts
from gateway.policy.model import Channel
from gateway.unit.stages import Body

# Of the tree of what was found, as much as a record of the journal keeps.
_TREE_LEAVES: Final = 40
_TREE_CHARACTERS: Final = 3_000


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was found and what follows from it under one channel."""

    facts: FileFacts
    verdict: Verdict


def judge(
    inspector: Inspector,
    channel: Channel,
    body: Body,
    name: str,
    at: datetime,
    *,
    at_receiver: bool,
    peer: str = "",
    every_check: bool = False,
) -> Judgement:
    """Judge a body under a channel.

    at: when it was captured, with a zone. every_check: look on where the verdict stands already, and
    ask the scanners too, as `explain` does; what decides stays the same. Reads the body; raises
    Unavailable 33xx where a scanner cannot answer, and nothing else for any body.
    """
    limits = channel.unpack
    wanted = None if every_check else channel.types_taken(at_receiver=at_receiver)
    facts = inspector.examine(
        body, name, at, limits, peer=peer, wanted=wanted, thorough=every_check, channel=channel
    )
    verdict = evaluate(channel, facts, at_receiver=at_receiver)
    if verdict.result is Result.NEEDS_SCAN or every_check:
        facts = inspector.scan(body, facts, limits, channel=channel)
        verdict = evaluate(channel, facts, at_receiver=at_receiver)
    return Judgement(facts, verdict)


def decision_fields(name: str, judgement: Judgement, policy_digest: str) -> dict[str, Field]:
    """What the journal keeps of a judgement: what decided, where it stands, what was found."""
    facts, verdict = judgement.facts, judgement.verdict
    fields: dict[str, Field] = {
        "name": name,
        "size_bytes": facts.size_bytes,
        "type": facts.leaves[0].type if facts.leaves else "unknown",
        "policy": policy_digest[:12],
        "checks": len(verdict.checks),
    }
    if verdict.deciding is not None and verdict.result is not Result.PASSES:
        deciding = verdict.deciding
        fields |= {"rule": f"{deciding.file}:{deciding.line}", "word": deciding.word}
        fields |= {key: value for key, value in deciding.fields.items() if key not in fields}
    if counted := counted_of(verdict):
        fields["counted"] = counted
    if tree := tree_of(facts):
        fields["inside"] = tree
    return fields


def counted_of(verdict: Verdict) -> str:
    """What lines of `counted_if` found, by word and kind; "" where none found anything."""
    return say_counted((check.word, check.counts) for check in verdict.checks)


def tree_of(facts: FileFacts) -> str:
    """What was found inside of a unit, a line each: path, type, size; "" for a unit without anything.

    The path begins behind the unit's own name. A last line of three dots and a number says how much more
    there was; every one of them was looked at.
    """
    found = sorted((*facts.leaves[1:], *facts.parts), key=lambda leaf: leaf.path)
    lines: list[str] = []
    left = _TREE_CHARACTERS
    for leaf in found[:_TREE_LEAVES]:
        path = leaf.path.removeprefix(f"{facts.name} > ").replace("\n", " ").replace("\t", " ")
        line = f"{path}\t{leaf.type}\t{leaf.size_bytes}"
        left -= len(line) + 1
        if left < 0:
            break
        lines.append(line)
    if len(lines) < len(found):
        lines.append(f"...\t{len(found) - len(lines)}")
    return "\n".join(lines)
