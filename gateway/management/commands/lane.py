"""`reconcile`, `resend`, `link test`: what did not arrive, and sending just that again."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gateway.errors import Misconfigured
from gateway.management.commands.boards import read_boards
from gateway.management.commands.command import (
    Answer,
    Call,
    Command,
    Data,
    Exit,
    Mistyped,
    add_side,
)
from gateway.management.commands.instants import read_span
from gateway.management.layout import HostFolder, Role
from gateway.management.terminal.figures import count, span, stamp
from gateway.management.terminal.help import Parser
from gateway.management.terminal.progress import Progress
from gateway.management.terminal.screen import Terminal
from gateway.management.terminal.words import say
from gateway.unit.model import Lane
from gateway.unit.number import hear, speak

if TYPE_CHECKING:
    from gateway.ferry.reconcile import ReconcileList, Wanted

# A list that a person types is a page; a longer one comes from a file that somebody carried.
_MAX_INPUT_BYTES: Final = 8 << 20
DEFAULT_TEST_S: Final = 10.0
# The receiver waits until somebody has walked to the other host; it ends when the patterns do.
STARTED_BY_HAND_S: Final = 60.0


def reconcile(call: Call) -> Answer:
    """What the receiving side misses, as a list to carry back. 1 where anything is missing."""
    host, lane = host_and_lane(call, sends=False)
    missing = missing_since(receiver_state(host), call.options.period, time.time())
    data = reconcile_data(missing) | {"lane": lane.value}
    return Answer(data, render_reconcile, Exit.NO if not missing.empty else Exit.YES)


def host_and_lane(call: Call, *, sends: bool) -> tuple[HostFolder, Lane]:
    """The host at hand that sends (receives) on a lane, and that lane; of two such the import lane's.

    Raises Misconfigured 101x as Call.host does.
    """
    hosts = call.hosts()
    for lane in Lane:
        side = lane.sender if sends else lane.receiver
        if side in hosts and lane in hosts[side].lanes():
            return hosts[side], lane
    lane = Lane.IMPORT
    return call.host(lane.sender if sends else lane.receiver), lane


def receiver_state(host: HostFolder) -> Path:
    """The state file of the receiving ferry, as its wiring names it."""
    from gateway.receiving.accept import state_path

    return state_path(host.state_of(Role.FERRY))


def missing_since(state_file: Path, period_s: float | None, now_s: float) -> ReconcileList:
    """What is missing, or only what was noticed in the last period_s. Raises StateUncertain 5502."""
    from gateway.ferry.reconcile import list_of
    from gateway.ferry.statefile import ReceiverState, read_state

    account = (read_state(state_file, ReceiverState) or ReceiverState()).account
    since_ns = 0 if period_s is None else int((now_s - period_s) * 1e9)
    units = [unit for unit in account.units if unit.since_ns >= since_ns]
    return list_of(units, [one for one in account.sequences if one.since_ns >= since_ns], now_s)


def reconcile_data(missing: ReconcileList) -> Data:
    """The list in its own form (text, with check line) and as values."""
    from gateway.ferry.reconcile import format_list

    return {
        "empty": missing.empty,
        "from": stamp(missing.from_s * 1_000_000_000),
        "until": stamp(missing.until_s * 1_000_000_000),
        "units": [
            {"unit": speak(unit.number), "ranges": [list(one) for one in unit.ranges]}
            for unit in missing.units
        ],
        "sequences": [
            {"session": one.session, "first": one.first, "last": one.last}
            for one in missing.sequences
        ],
        "list": format_list(missing),
    }


def render_reconcile(data: Data, terminal: Terminal) -> Sequence[str]:
    """The list itself, so that it can be written to a file or read aloud; comments say what to do."""
    if data["empty"]:
        return [
            "# " + say(terminal, "Nothing is missing as of {until}.", until=data["until"]),
            *data["list"].splitlines(),
        ]
    phrase = "Carry or type this list on the outer host: ferrygate resend FILE"
    if data.get("lane") == Lane.EXPORT:
        phrase = "Carry or type this list on the inner host: ferrygate resend FILE"
    return [
        "# " + say(terminal, phrase),
        *data["list"].splitlines(),
    ]


def resend(call: Call) -> Answer:
    """Ask the sending ferry for what a list or some numbers name."""
    from gateway.ferry.reconcile import request_resend

    wanted = _wanted(call)
    if wanted.empty:
        return Answer({"units": [], "sequences": 0, "request": None}, render_resend)
    host, lane = host_and_lane(call, sends=True)
    request = request_resend(host.control(Role.FERRY), wanted)
    return Answer(resend_data(wanted, request) | {"lane": lane.value}, render_resend)


def _wanted(call: Call) -> ReconcileList:
    """The list typed: unit numbers, a file, or - (or nothing) for the standard input."""
    from gateway.ferry.reconcile import ReconcileList, Wanted, parse_list

    words: list[str] = call.options.what
    if words and not (len(words) == 1 and (words[0] == "-" or Path(words[0]).is_file())):
        units: tuple[Wanted, ...] = tuple(Wanted(hear(word)) for word in words)
        now_s = int(time.time())
        return ReconcileList(now_s, now_s, units)
    if not words or words[0] == "-":
        text = sys.stdin.buffer.read(_MAX_INPUT_BYTES + 1)
    else:
        with Path(words[0]).open("rb") as file:
            text = file.read(_MAX_INPUT_BYTES + 1)
    if len(text) > _MAX_INPUT_BYTES:
        raise Mistyped(7019, limit_bytes=_MAX_INPUT_BYTES)
    return parse_list(text.decode("utf-8", "replace"))


def resend_data(wanted: ReconcileList, request: Path) -> Data:
    return {
        "units": [speak(unit.number) for unit in wanted.units],
        "sequences": sum(one.last - one.first + 1 for one in wanted.sequences),
        "request": str(request),
    }


def render_resend(data: Data, terminal: Terminal) -> Sequence[str]:
    """What was asked for; whether it arrives is known on the other side only."""
    if data["request"] is None:
        return [say(terminal, "The list names nothing: nothing is missing.")]
    phrase = (
        "Asked for again: units {units}, sendings {sequences}; the ferry takes it within a second."
    )
    lines = [say(terminal, phrase, units=len(data["units"]), sequences=data["sequences"])]
    phrase = "Whether they arrive is seen on the inner host: ferrygate reconcile"
    if data.get("lane") == Lane.EXPORT:
        phrase = "Whether they arrive is seen on the outer host: ferrygate reconcile"
    return [*lines, say(terminal, phrase)]


def link_test(call: Call) -> Answer:
    """Send or receive test patterns, by the side that this host is."""
    from gateway.management.link_trial import receive, send

    hosts = call.hosts()
    if len(hosts) > 1:
        raise Misconfigured(1011, folder=str(call.gate()))
    side, host = next(iter(hosts.items()))
    ferry = read_boards(host).get(Role.FERRY)
    if ferry is not None and ferry.alive:
        raise Misconfigured(7021, pid=ferry.pid)
    seconds: float = call.options.seconds
    lane = Lane(call.options.lane)
    if lane not in host.lanes():
        raise Mistyped(7022, lane=lane.value)
    if side is lane.sender:
        return Answer(send(host, lane, seconds), render_link_test, Exit.YES)
    label = say(call.terminal, "waiting for the other side")
    with Progress(call.err, call.terminal, label, wanted=not call.quiet) as bar:
        data = receive(host, lane, 2 * seconds + STARTED_BY_HAND_S, bar.at)
    return Answer(data, render_link_test, Exit.YES if data["good"] else Exit.NO)


def render_link_test(data: Data, terminal: Terminal) -> Sequence[str]:
    """The sender says that it cannot know; the receiver says rate, loss and repair."""
    if data["end"] == "sends":
        phrase = "Sent {blocks} blocks ({frames} frames) in {span}."
        lines = [
            say(
                terminal,
                phrase,
                blocks=count(data["blocks"]),
                frames=count(data["frames"]),
                span=span(data["seconds"]),
            )
        ]
        return [
            *lines,
            say(terminal, "I cannot know what arrived: look at the other host."),
        ]
    if not data["blocks"]:
        return [
            say(
                terminal,
                "Nothing arrived. On the other host, while this one waits: ferrygate link test",
            )
        ]
    rows = [
        (
            "{rate} Gbit/s over {span}",
            {"rate": f"{data['gbit_per_s']:.2f}", "span": span(data["seconds"])},
        ),
        (
            "{blocks} blocks arrived, {lost} lost",
            {"blocks": count(data["blocks"]), "lost": count(data["lost_blocks"])},
        ),
        (
            "{repaired} symbols repaired, {damaged} blocks damaged, {malformed} frames malformed",
            {
                "repaired": count(data["repaired_symbols"]),
                "damaged": count(data["damaged"]),
                "malformed": count(data["malformed"]),
            },
        ),
    ]
    lines = [say(terminal, phrase, **fields) for phrase, fields in rows]
    verdict = (
        "The link is what it should be." if data["good"] else "The link loses: ferrygate doctor"
    )
    return [*lines, say(terminal, verdict)]


def _reconcile_arguments(parser: Parser) -> None:
    parser.add_argument(
        "--period",
        type=read_span,
        metavar="T",
        help="only what was missed in the last 2 h, 3 d, ...",
    )


def _resend_arguments(parser: Parser) -> None:
    help_text = "unit numbers, or the file of a list, or - for the standard input"
    parser.add_argument("what", nargs="*", metavar="FILE|-|UNIT", help=help_text)


def _link_arguments(parser: Parser) -> None:
    help_text = "how long: 10 s if not said; start the inner host first"
    parser.add_argument(
        "--seconds", type=read_span, default=DEFAULT_TEST_S, metavar="T", help=help_text
    )
    parser.add_argument(
        "--lane",
        choices=[lane.value for lane in Lane],
        default=Lane.IMPORT.value,
        help="import if not said; export in a two-way gate only",
    )
    add_side(parser)


COMMANDS: Final = (
    Command(
        "reconcile",
        "On the receiving side: the short list of what did not arrive, to be carried back.",
        ("ferrygate reconcile", "ferrygate reconcile --period '2 h' > gaps.txt"),
        reconcile,
        _reconcile_arguments,
    ),
    Command(
        "resend",
        "On the sending side: send just these again.",
        ("ferrygate resend gaps.txt", "ferrygate resend 7QK4-KD01-2 7QK4-KD02-8"),
        resend,
        _resend_arguments,
    ),
    Command(
        "link test",
        "Test patterns over the link; stop the ferries first, start the inner host first.",
        (
            "ferrygate link test --gate /var/lib/ferrygate/inner",
            "ferrygate link test --seconds '30 s'",
        ),
        link_test,
        _link_arguments,
    ),
)

__all__ = ["COMMANDS", "reconcile_data", "render_reconcile", "render_resend"]
