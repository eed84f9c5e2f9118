"""`explain UNIT` and `explain FILE --channel C`: which line decided, what every other said, what would help.

FILE   judged now, as the sending guard and then the receiving guard would, under the set at hand
UNIT   what the journal says; where its body still lies set aside it is judged anew as well
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gateway.errors import GatewayError, Refused
from gateway.management.commands.command import (
    Answer,
    Call,
    Command,
    Data,
    Exit,
    Mistyped,
    add_side,
)
from gateway.management.commands.explain_page import render_explain
from gateway.management.commands.instants import read_instant
from gateway.management.commands.records import Entry, Wanted, entries
from gateway.management.layout import HostFolder
from gateway.management.terminal.figures import stamp
from gateway.management.terminal.help import Parser
from gateway.management.terminal.tree import inside_data
from gateway.messages import describe
from gateway.unit.model import Lane, Side, Stage
from gateway.unit.number import hear, speak

if TYPE_CHECKING:
    from gateway.policy.model import Channel, PolicySet
    from gateway.unit.model import CapturedUnit
    from gateway.unit.stages import Body

_DECISIONS: Final = (
    "refused",
    "corrupt",
    "delivered",
    "admitted",
    # Overtaken by what people decided.
    "held",
    "sent",
    "cleared",
    "deferred",
)
_RESULTS: Final = {"refused": "refused", "held": "held", "corrupt": "refused"}


def explain(call: Call) -> Answer:
    """A file where one of this name lies here or --channel is said, else a unit number."""
    what: str = call.options.what
    if call.options.channel is not None or Path(what).is_file():
        return _explain_file(call, Path(what))
    return _explain_unit(call, hear(what))


def _explain_file(call: Call, path: Path) -> Answer:
    from gateway.management.commands.inspecting import laptop_inspection
    from gateway.policy.load import load_set
    from gateway.policy.permitted import first_writer
    from gateway.spool.bodies import FileBody

    if not path.is_file():
        raise Mistyped(7010, path=str(path))
    folder = _policies(call)
    policy_set = load_set(folder)
    channel = _channel(policy_set, call.options.channel)
    body = FileBody(path, path.stat().st_size)
    said: str | None = call.options.writer
    writer = first_writer(channel) if said is None else said
    now_ns = time.time_ns()
    at_ns = read_instant(call.options.time, now_ns) if call.options.time else now_ns
    with laptop_inspection(folder, call.gate()) as inspection:
        at = datetime.fromtimestamp(at_ns / 1e9, UTC)
        judged = judged_data(inspection, channel, body, path.name, at, writer, call.language)
        data: Data = {
            "unit": None,
            "name": path.name,
            "size_bytes": body.size_bytes,
            "policy": policy_set.digest,
            "journal": None,
            "writer": writer or None,
            "writer_assumed": said is None and bool(writer),
            "scanned_by": inspection.scanned_by,
            **judged,
        }
    return Answer(data, render_explain, _status(data))


def judged_data(
    inspection: Any,
    channel: Channel,
    body: Body,
    name: str,
    at: datetime,
    writer: str,
    language: str,
) -> Data:
    """The judgement of a body by both guards; the receiving one is asked where the sending one does not
    refuse: what is held goes on to it, and is held there."""
    from gateway.guard.judgement import judge, tree_of
    from gateway.policy.evaluate import Result, refused_anew
    from gateway.policy.explain import as_data
    from gateway.policy.explain import explain as explain_verdict

    def one(side: Side) -> Data:
        judgement = judge(
            inspection.inspector(side),
            channel,
            body,
            name,
            at,
            at_receiver=side is channel.lane.receiver,
            peer=writer,
            every_check=inspection.scanned_by != "none",
        )
        verdict = judgement.verdict
        if side is Side.INNER and verdict.result is Result.PASSES and channel.changes:
            refused = inspection.rewrite_body(body, channel, judgement.facts)
            verdict = verdict if refused is None else refused_anew(channel, verdict, refused)
        explained = as_data(explain_verdict(channel, verdict), language)
        inside = inside_data(tree_of(judgement.facts))
        return {**explained, "side": side.value, "inside": inside}

    sender = one(channel.lane.sender)
    goes_on = sender["result"] != Result.REFUSED.value
    return {
        "at": stamp(int(at.timestamp()) * 1_000_000_000),
        "channel": channel.name,
        "judgement": sender,
        "receiver": one(channel.lane.receiver) if goes_on else None,
    }


def _policies(call: Call) -> Path:
    if call.options.policies is not None:
        folder: Path = call.options.policies
    elif call.gate() is not None:
        folder = next(iter(call.hosts().values())).policies
    else:
        folder = Path("policies")
    if not folder.is_dir():
        raise Mistyped(7010, path=str(folder))
    return folder


def _channel(policy_set: PolicySet, name: str | None) -> Channel:
    # A file is judged as one only where files are carried: a call is tried by a test in its channel.
    known = {name: c for name, c in policy_set.channels.items() if c.requests is None}
    if name is None and len(known) == 1:
        return next(iter(known.values()))
    if name is None or name not in known:
        raise Mistyped(7020, channel=name or "", known=", ".join(sorted(known)))
    return known[name]


def _explain_unit(call: Call, number: int) -> Answer:
    hosts = call.hosts()
    found = entries(hosts.items(), Wanted(unit=number))
    if not found:
        one_way = Side.INNER not in hosts
        raise Refused(8002 if one_way else 8003, unit=speak(number))
    data = unit_data(number, found, call.language)
    anew = _judged_anew(call, hosts, number) or {}
    return Answer(
        {**data, **{key: anew[key] for key in anew if data.get(key) is None}},
        render_explain,
        _status(data),
    )


def unit_data(number: int, found: Sequence[Entry], language: str) -> Data:
    """What the journals say of a unit: the last decision about it, on which side, by which line."""
    fields = {key: value for entry in found for key, value in entry.record.fields.items()}
    decided = next(
        (entry for what in _DECISIONS for entry in reversed(found) if entry.record.what == what),
        found[-1],
    )
    record = decided.record
    return {
        "unit": speak(number),
        "name": fields.get("name", ""),
        "size_bytes": fields.get("size_bytes"),
        "channel": next((e.record.channel for e in found if e.record.channel), ""),
        "policy": fields.get("policy", ""),
        "at": stamp(record.at_ns),
        "journal": {
            "side": decided.side.value,
            "stage": record.what,
            "result": _RESULTS.get(
                record.what, "deferred" if record.what == "deferred" else "passes"
            ),
            "word": record.fields.get("word"),
            "line": record.fields.get("rule"),
            "number": record.number or None,
            "text": describe(Refused(record.number, **record.fields), language)
            if record.number
            else None,
            "inside": inside_data(str(record.fields.get("inside", ""))),
            "counted": _counted_by_side(found),
        },
        "judgement": None,
        "receiver": None,
        "scanned_by": None,
    }


def _counted_by_side(found: Sequence[Entry]) -> Data:
    """What lines that count found, as each side recorded it last."""
    said = {entry.side.value: entry.record.fields.get("counted") for entry in _judged_by(found)}
    return {side: str(text) for side, text in said.items() if text}


def _judged_by(found: Sequence[Entry]) -> list[Entry]:
    """The events that a guard's judgement stands in, oldest first."""
    return sorted(
        (entry for entry in found if "checks" in entry.record.fields),
        key=lambda entry: entry.record.at_ns,
    )


def _judged_anew(call: Call, hosts: Mapping[Side, HostFolder], number: int) -> Data | None:
    """The judgement of a body that still lies set aside at the sending side, under the set of today.

    None where there is none, or where this user may not read it.
    """
    from gateway.management.commands.inspecting import laptop_inspection
    from gateway.policy.load import load_set
    from gateway.spool.set_aside import units_aside
    from gateway.unit.decode import decode_captured

    queues = [
        (hosts[lane.sender], hosts[lane.sender].queue(lane, Stage.CAPTURED))
        for lane in Lane
        if lane.sender in hosts and lane in hosts[lane.sender].lanes()
    ]
    try:
        host, lying = next(
            (
                (host, one)
                for host, queue in queues
                for one in units_aside(queue)
                if one.number == number
            ),
            (None, None),
        )
        if host is None or lying is None:
            return None
        unit = decode_captured(lying.header)
        policy_set = load_set(host.policies)
        view = _view(policy_set.channels.get(unit.channel), unit)
        if view is None:
            return None
        at = datetime.fromtimestamp(unit.captured_at_ns / 1e9, UTC)
        with laptop_inspection(host.policies, host.root) as inspection:
            judged = judged_data(
                inspection, view[0], lying.body, view[1], at, unit.brought_by, call.language
            )
            return {**judged, "scanned_by": inspection.scanned_by, "policy_now": policy_set.digest}
    except (OSError, GatewayError):
        return None


def _view(channel: Channel | None, unit: CapturedUnit) -> tuple[Channel, str] | None:
    """What judges the body of a unit as a file, and its name there; None where nothing does.

    Of a request that is its content alone: what its typed part was refused for, the journal says.
    """
    from gateway.policy.content_channel import CONTENT_NAME, content_channel
    from gateway.unit.model import FileBody
    from gateway.unit.request import RequestBody

    if channel is None:
        return None
    if isinstance(unit.body, FileBody):
        return channel, unit.body.name
    requests = channel.requests
    if requests is None or not isinstance(unit.body, RequestBody):
        return None
    operation = requests.operations.get(unit.body.operation)
    rule = operation.content if operation is not None else None
    return (content_channel(channel, rule), CONTENT_NAME) if rule is not None else None


def _status(data: Data) -> int:
    if data["journal"] is not None:
        return Exit.YES if data["journal"]["result"] == "passes" else Exit.NO
    both = [one for one in (data["judgement"], data["receiver"]) if one is not None]
    return Exit.YES if all(one["result"] == "passes" for one in both) else Exit.NO


def _arguments(parser: Parser) -> None:
    add = parser.add_argument
    add("what", metavar="UNIT|FILE", help="a unit number, or a file to judge without carrying it")
    add("--channel", metavar="C", help="the channel that would carry the file")
    add(
        "--writer",
        metavar="WHO",
        help="who brings the file; the first that the channel takes if not said",
    )
    add("--time", metavar="T", help="judge the file as if it came then; now if not said")
    add("--policies", type=Path, metavar="DIR", help="another policy set than the gate's")
    add_side(parser)


COMMANDS: Final = (
    Command(
        "explain",
        "Which line of which policy file decided, what every other check said, what would let it through.",
        ("ferrygate explain 7QK4-M2XD-9", "ferrygate explain report.pdf --channel lab-reports"),
        explain,
        _arguments,
    ),
)
