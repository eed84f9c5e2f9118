"""The judgement of one file: inspect, evaluate, ask the scanners only if nothing has refused yet.

`ferrygate policy check`, `ferrygate explain`, the sending guard and the receiving guard all call
this: one engine, so that the answer of a test is the answer of the gate.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.errors import Field
from gateway.inspection.chain import Inspector
from gateway.policy.evaluate import Result, Verdict, evaluate
from gateway.policy.facts import FileFacts
from gateway.policy.model import Channel
from gateway.unit.stages import Body


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
    return fields
