"""The typed part of a request and of an answer to a verdict: what each guard asks again, believing no edge.

    RequestBody  --> operation known, its parameters by name, values, headers, content's type and size, time
    ResponseBody --> operation that was asked, status listed, its headers, content's type and size

Pure, without order that counts: every line is asked, the first that fails is the one that is named. What
stands in the content is judged as a file is: see content_channel.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_address

from gateway.errors import Field
from gateway.policy.evaluate import Check, Effect, Outcome, Result, Verdict
from gateway.policy.model import Channel, Section
from gateway.policy.operations import ContentRule, Operation, ValueRule
from gateway.policy.phrases import say_size
from gateway.policy.request_channel import RequestChannel
from gateway.policy.routes import OPERATIONS, failed, name_faults, value_faults
from gateway.unit.request import Fields, RequestBody, ResponseBody

ANSWERS = "answers"
BODY = "body"


def judge_caller(channel: Channel, caller: str, address: str) -> Verdict:
    """Whether this caller may come from this address. Asked where callers are known: at the source.

    caller: subject of the certificate or `key NAME`. address: as text, "" where nobody knows it (then
    only a channel that names no addresses takes it).
    """
    requests = _requests(channel)
    source = requests.source
    takes = ", ".join(source.callers)
    checks = [
        _asked(channel, "callers", requests.lines.get("callers", channel.line), 2361,
               caller in source.callers, takes=takes, caller=caller[:64])
    ]  # fmt: skip
    if source.addresses:
        line = requests.lines.get("addresses", channel.line)
        takes = ", ".join(str(network) for network in source.addresses)
        checks.append(
            _asked(channel, "addresses", line, 2362, _is_of(address, source.addresses),
                   takes=takes, address=address[:45])
        )  # fmt: skip
    return verdict_of(checks)


def judge_request(channel: Channel, head: RequestBody, *, caller: str | None = None) -> Verdict:
    """Judge a request under a channel. caller: who brought it, None where nobody knows (the far side).

    Raises nothing for any head; RuntimeError for a channel that carries no requests. No I/O.
    """
    requests = _requests(channel)
    checks: list[Check] = []
    if caller is not None:
        takes = ", ".join(requests.source.callers)
        line = requests.lines.get("callers", channel.line)
        holds = caller in requests.source.callers
        checks.append(
            _asked(channel, "callers", line, 2361, holds, takes=takes, caller=caller[:64])
        )
    operation = requests.operations.get(head.operation)
    if operation is None:
        line, call = requests.operations_line, head.operation[:64]
        return verdict_of([*checks, failed(channel, OPERATIONS, line, 2353, call=call)])
    checks.append(
        _asked(channel, OPERATIONS, operation.call_line or operation.line, 2356, True,
               takes=operation.call, operation=operation.name)
    )  # fmt: skip
    checks += _fields(channel, operation, OPERATIONS, operation.path, head.path, exact=True)
    checks += _fields(channel, operation, OPERATIONS, operation.query, head.query)
    checks += _fields(channel, operation, "headers", operation.headers, head.headers)
    line = operation.content.line if operation.content else operation.line
    checks.append(
        _content(channel, BODY, line, operation.content, head.content_type, head.size_bytes)
    )
    longest_ms = round(requests.answer_within_s * 1000)
    checks.append(
        _asked(channel, "answer_within", requests.lines.get("answer_within", channel.line), 2363,
               0 < head.answer_within_ms <= longest_ms, takes=f"{longest_ms} ms",
               milliseconds=head.answer_within_ms)
    )  # fmt: skip
    return verdict_of(checks)


def judge_response(channel: Channel, operation: Operation, head: ResponseBody) -> Verdict:
    """Judge an answer to a call of `operation`, which is the one that was let pass. As judge_request.

    Whether there is such a request outstanding is the guard's own knowledge.
    """
    _requests(channel)
    statuses = ", ".join(str(status) for status in operation.answers)
    answer = operation.answers.get(head.status)
    line = answer.line if answer else operation.line
    checks = [
        _asked(channel, ANSWERS, line, 2359, answer is not None, takes=statuses, status=head.status)
    ]
    if head.operation != operation.name:
        checks.append(
            failed(channel, ANSWERS, operation.line, 2360, operation=head.operation[:64],
                   takes=operation.name)
        )  # fmt: skip
    if answer is not None:
        checks += _fields(channel, operation, ANSWERS, answer.headers, head.headers, word=ANSWERS)
        content = answer.content
        line = content.line if content else answer.line
        checks.append(_content(channel, ANSWERS, line, content, head.content_type, head.size_bytes))
    return verdict_of(checks)


def verdict_of(checks: Iterable[Check]) -> Verdict:
    """The verdict on checks, each of which holds or refuses."""
    asked = tuple(checks)
    first = next((check for check in asked if check.effect is Effect.REFUSES), None)
    return Verdict(Result.PASSES if first is None else Result.REFUSED, first, asked)


def _requests(channel: Channel) -> RequestChannel:
    if channel.requests is None:
        raise RuntimeError(f"{channel.name} carries no requests")
    return channel.requests


def _fields(
    channel: Channel,
    operation: Operation,
    owner: str,
    rules: Mapping[str, ValueRule],
    fields: Fields,
    *,
    exact: bool = False,
    word: str = "",
) -> Iterator[Check]:
    """Names that are wrong under the word of their owner, then each value under its own (or `word`)."""
    line = operation.call_line or operation.line
    wrong = False
    for name, what in name_faults(rules, fields):
        wrong = True
        yield failed(channel, owner, line, 2355, name=name[:64], what=what)
    # Who writes the fields in another order did not read the policy that we read.
    order = list(rules)
    known = [order.index(name) for name, _ in fields if name in rules]
    if not wrong and (known != sorted(known) or (exact and [n for n, _ in fields] != order)):
        yield failed(channel, owner, line, 2355, name=owner, what="another order")
    faults = {check.fields["name"]: check for check in value_faults(channel, rules, fields)}
    for name, value in fields:
        rule = rules.get(name)
        if rule is None:
            continue
        own = word or rule.word or name
        holds = name not in faults
        yield _asked(
            channel, own, rule.line, 2354, holds, name=name, takes=rule.text, length=len(value)
        )


def _content(
    channel: Channel,
    word: str,
    line: int,
    rule: ContentRule | None,
    media_type: str,
    size_bytes: int,
) -> Check:
    """Type and size as the head says them; a rule of None takes none, and nothing else."""
    if rule is None:
        holds, takes = not media_type and size_bytes == 0, "none"
    else:
        holds = media_type in rule.media_types and 0 < size_bytes <= rule.most_bytes
        takes = rule.text
    fields: dict[str, Field] = {
        "type": media_type[:64] or "none",
        "size": say_size(max(size_bytes, 0)),
    }
    return _asked(channel, word, line, 2358, holds, takes=takes, **fields)


def _asked(
    channel: Channel, word: str, line: int, number: int, holds: bool, *, takes: str, **fields: Field
) -> Check:
    outcome, effect = (Outcome.HOLDS, Effect.NONE) if holds else (Outcome.FAILS, Effect.REFUSES)
    said: dict[str, Field] = {"takes": takes, **fields}
    return Check(word, Section.OPERATIONS, takes, channel.file, line, outcome, effect, number, said)


def _is_of(untrusted_address: str, networks: Iterable[object]) -> bool:
    try:
        address = ip_address(untrusted_address)
    except ValueError:
        return False
    return any(address in network for network in networks)  # type: ignore[operator]
