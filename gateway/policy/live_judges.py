"""One message of a session to a verdict: what each guard asks again, believing no edge. Pure.

    operation is a session --> this way takes messages --> text or binary, size, name and id of an event

What stands in the content is judged as that of a request is (content_channel).
"""

from __future__ import annotations

from gateway.errors import Field, Refused
from gateway.policy.evaluate import Check, Effect, Outcome, Verdict
from gateway.policy.fitting import fits
from gateway.policy.live import LiveRule, MessageRule
from gateway.policy.model import Channel, Section
from gateway.policy.operations import Operation
from gateway.policy.phrases import say_size
from gateway.policy.request_judges import verdict_of
from gateway.policy.routes import OPERATIONS, failed
from gateway.unit.session import MessageBody

SENDS = "sends"
RECEIVES = "receives"
EVENTS = "events"


def live_rule(channel: Channel, name: str) -> LiveRule:
    """The rule of the session that an operation is. Raises Refused 2402: it is none, or there is none."""
    requests = channel.requests
    operation = requests.operations.get(name) if requests is not None else None
    if operation is None or operation.live is None:
        raise Refused(2402, operation=name[:64])
    return operation.live


def judge_message(
    channel: Channel, operation: Operation, head: MessageBody, *, from_caller: bool
) -> Verdict:
    """Judge the typed part of a message. Raises nothing for any head. No I/O."""
    word = SENDS if from_caller else RECEIVES
    live = operation.live
    rule = live.rule(from_caller=from_caller) if live is not None else None
    if live is None or rule is None:
        line = live.lines.get(word, operation.line) if live is not None else operation.line
        return verdict_of([failed(channel, word, line, 2403, takes="none")])
    checks = [_form(channel, word, rule, head)]
    checks += _event(channel, live, head)
    return verdict_of(checks)


def _form(channel: Channel, word: str, rule: MessageRule, head: MessageBody) -> Check:
    holds = head.is_text is rule.is_text and 0 < head.size_bytes <= rule.content.most_bytes
    fields: dict[str, Field] = {
        "size": say_size(max(head.size_bytes, 0)),
        "form": "text" if head.is_text else "binary",
    }
    return _asked(channel, word, rule.content.line, 2404, holds, rule.content.text, **fields)


def _event(channel: Channel, live: LiveRule, head: MessageBody) -> list[Check]:
    line = live.lines.get(EVENTS, live.lines.get("call", channel.line))
    if not live.events:
        holds = not head.event and not head.event_id
        return [_asked(channel, OPERATIONS, line, 2405, holds, "none", name=head.event)]
    name = head.event or "message"
    takes = ", ".join(live.events)
    checks = [_asked(channel, EVENTS, line, 2405, name in live.events, takes, name=name)]
    if head.event_id:
        rule = live.event_id
        holds = rule is not None and fits(rule, head.event_id)
        line, takes = (rule.line, rule.text) if rule is not None else (line, "none")
        length = len(head.event_id)
        checks.append(_asked(channel, "headers", line, 2406, holds, takes, length=length))
    return checks


def _asked(
    channel: Channel, word: str, line: int, number: int, holds: bool, takes: str, **fields: Field
) -> Check:
    outcome, effect = (Outcome.HOLDS, Effect.NONE) if holds else (Outcome.FAILS, Effect.REFUSES)
    said: dict[str, Field] = {"takes": takes, **fields}
    return Check(word, Section.OPERATIONS, takes, channel.file, line, outcome, effect, number, said)
