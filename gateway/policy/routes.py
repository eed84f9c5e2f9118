"""Which operation of a channel a call is: asked by the source's edge and by the tests of a policy file.

    method, target --read_target--> parts, pairs --templates of the method--> one operation, its values
                                                         |
                                              none, or a value that does not fit: a Check with word and line

Pure: no I/O, no clock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from gateway.errors import Field, Refused
from gateway.policy.cookie_names import COOKIE
from gateway.policy.evaluate import Check, Effect, Outcome
from gateway.policy.fitting import fits
from gateway.policy.model import Channel, Section
from gateway.policy.operations import Operation, ValueRule
from gateway.policy.targets import BadTarget, Target, read_target
from gateway.unit.request import Fields

# RFC 9110, 9.3 and RFC 5789. CONNECT and TRACE have no place on a gate.
METHODS: Final = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
# Of one parameter that may be there more than once.
MOST_OF_ONE: Final = 16
OPERATIONS: Final = "operations"
# Values by small names of headers, as a head brings them.
Headers = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Call:
    """A call that is allowed so far. path, query: as RequestBody has them, in the order of the file."""

    operation: Operation
    path: Fields
    query: Fields


def match(
    channel: Channel, method: str, untrusted_target: bytes | str, headers: Headers | None = None
) -> Call:
    """The operation of a call, with its values. Raises Refused 2350 to 2355 and nothing else.

    Fields of the refusal: `word` (`operations`, or the parameter's name), `rule` (file:line) and those of
    the text. Does no I/O.
    """
    found = route(channel, method, untrusted_target, headers)
    if isinstance(found, Check):
        raise refusal(found)
    return found


def refusal(check: Check) -> Refused:
    """A check that fails as an error, for whoever answers a caller."""
    fields: dict[str, Field] = {"word": check.word, "rule": f"{check.file}:{check.line}"}
    return Refused(check.number, **{**check.fields, **fields})


def route(
    channel: Channel, method: str, untrusted_target: bytes | str, headers: Headers | None = None
) -> Call | Check:
    """As match; what is wrong comes as the check that fails. Raises nothing for any call.

    headers: values by small names. They decide between operations of one path, and are judged later;
    None where nobody knows them: then the first of several such operations is meant.
    """
    requests = channel.requests
    if requests is None:
        raise RuntimeError(f"{channel.name} carries no requests")
    operations = [one for one in requests.operations.values() if one.method == method]
    try:
        target = read_target(untrusted_target)
    except BadTarget as bad:
        return _bad_target(channel, operations, bad)
    candidates = [one for one in operations if _is_shaped(one, target.segments)]
    if not candidates:
        call = f"{method[:16]} {'/'.join(('', *target.segments)) or '/'}"
        return failed(channel, OPERATIONS, requests.operations_line, 2353, call=call)
    worst: tuple[int, Check] | None = None
    for operation in candidates:
        stage, found = _values(channel, operation, target)
        if isinstance(found, Call) and headers is not None and len(candidates) > 1:
            stage, found = _headed(channel, found, headers)
        if isinstance(found, Call):
            return found
        if worst is None or stage > worst[0]:
            worst = (stage, found)
    if worst is None:
        raise RuntimeError("candidates, and neither a call nor a reason")
    return worst[1]


def failed(channel: Channel, word: str, line: int, number: int, **fields: Field) -> Check:
    """A line that does not hold, and refuses. The field `takes`, where there is one, is its text."""
    return Check(
        word, Section.OPERATIONS, str(fields.get("takes", "")), channel.file, line, Outcome.FAILS,
        Effect.REFUSES, number, fields,
    )  # fmt: skip


def _bad_target(channel: Channel, operations: list[Operation], bad: BadTarget) -> Check:
    """What stands where a template has a parameter is that parameter's; anything else is no operation's."""
    requests = channel.requests
    line = requests.operations_line if requests is not None else channel.line
    word = OPERATIONS
    for operation in operations:
        if 0 <= bad.at < len(operation.segments) and _is_shaped(operation, bad.before, bad.at):
            segment = operation.segments[bad.at]
            if isinstance(segment, tuple):
                word, line = segment[0], operation.path[segment[0]].line
                break
    return failed(channel, word, line, bad.number, what=bad.what)


def _is_shaped(operation: Operation, segments: tuple[str, ...], length: int | None = None) -> bool:
    """Whether the literals of a template, or of its first parts, are those of a path."""
    template = operation.segments if length is None else operation.segments[:length]
    return len(template) == len(segments) and all(
        isinstance(wanted, tuple) or wanted == given
        for wanted, given in zip(template, segments, strict=True)
    )


def _values(channel: Channel, operation: Operation, target: Target) -> tuple[int, Call | Check]:
    """The call, or how far it came and why not further."""
    path: list[tuple[str, str]] = []
    for wanted, given in zip(operation.segments, target.segments, strict=True):
        if isinstance(wanted, tuple):
            path.append((wanted[0], given))
    for reason in value_faults(channel, operation.path, path):
        return 0, reason
    if not target.query and not operation.query:
        return 3, Call(operation, tuple(path), ())
    for name, what in name_faults(operation.query, target.query):
        line = operation.call_line or operation.line
        return 1, failed(channel, OPERATIONS, line, 2355, name=name[:64], what=what)
    for reason in value_faults(channel, operation.query, target.query):
        return 2, reason
    order = list(operation.query)
    query = sorted(target.query, key=lambda pair: order.index(pair[0]))
    return 3, Call(operation, tuple(path), tuple(query))


def _headed(channel: Channel, call: Call, headers: Headers) -> tuple[int, Call | Check]:
    """The call, unless a header that its operation needs has another value: then it is another's."""
    for name, rule in call.operation.headers.items():
        values = headers.get(name, ())
        # A cookie says who asks or in which state he is, never what is asked.
        if (
            not name.startswith(COOKIE)
            and rule.required
            and not (len(values) == 1 and fits(rule, values[0]))
        ):
            length = sum(map(len, values))
            word, line = rule.word or name, rule.line
            return 3, failed(channel, word, line, 2354, name=name, takes=rule.text, length=length)
    return 4, call


def name_faults(
    rules: Mapping[str, ValueRule], fields: tuple[tuple[str, str], ...] | list[tuple[str, str]]
) -> Iterator[tuple[str, str]]:
    """Names that no rule has, that stand twice, and that are missing: (name, what)."""
    counts = Counter(name for name, _ in fields)
    for name, count in counts.items():
        rule = rules.get(name)
        if rule is None:
            yield name, "unknown"
        elif count > (MOST_OF_ONE if rule.many else 1):
            yield name, "too often"
    for name, rule in rules.items():
        if rule.required and name not in counts:
            yield name, "missing"


def value_faults(
    channel: Channel,
    rules: Mapping[str, ValueRule],
    fields: tuple[tuple[str, str], ...] | list[tuple[str, str]],
) -> Iterator[Check]:
    """A failing check for each value that does not fit; names without a rule are name_faults'."""
    for name, value in fields:
        rule = rules.get(name)
        if rule is not None and not fits(rule, value):
            word, line = rule.word or name, rule.line
            yield failed(channel, word, line, 2354, name=name, takes=rule.text, length=len(value))
