"""`life UNIT`: the story of one unit, host by host; what is not known here is said to be so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gateway.errors import Refused
from gateway.management.commands.command import Answer, Call, Command, Data, Exit, add_side
from gateway.management.commands.records import Entry, Wanted, entries
from gateway.management.commands.told import told_data, told_lines, with_told
from gateway.management.commands.units import EXITS, ORDER, held_rank, lane_of, row_of
from gateway.management.terminal.counted import counted_text
from gateway.management.terminal.figures import size, span, stamp
from gateway.management.terminal.help import Parser
from gateway.management.terminal.screen import Colour, Terminal
from gateway.management.terminal.states import colour_of, letter, state
from gateway.management.terminal.tree import inside_data, inside_lines
from gateway.management.terminal.width import pad
from gateway.management.terminal.words import say
from gateway.messages import shown
from gateway.messages.catalogue import describe
from gateway.unit.model import Lane, Side
from gateway.unit.number import hear, speak


def life(call: Call) -> Answer:
    """The whole story of one unit. 1 where no host at hand knows it."""
    number = hear(call.options.unit)
    hosts = call.hosts()
    found = entries(hosts.items(), Wanted(unit=number))
    data = life_data(number, found, frozenset(hosts), call.language)
    data["two_way"] = any(len(host.lanes()) > 1 for host in hosts.values())
    return Answer(data, render_life, Exit.YES if found else Exit.NO)


def life_data(number: int, found: Sequence[Entry], here: frozenset[Side], language: str) -> Data:
    """What each host knows. known: whether the journal of that host is at hand."""
    hosts = []
    lane = lane_of(found)
    for side in (lane.sender, lane.receiver):
        events = sorted(
            (e for e in found if e.side is side),
            key=lambda e: (_place(e.record.what, lane), e.record.at_ns),
        )
        hosts.append(
            {
                "side": side.value,
                "known": side in here,
                "events": [_event_data(entry, language) for entry in events],
            }
        )
    row = (
        row_of(number, [e for e in found if e.record.what in ORDER])
        if any(e.record.what in ORDER for e in found)
        else None
    )
    told = told_data(found, language)
    row = with_told(row, told) if row is not None else None
    receipts = next((r for entry in found if (r := _receipts(entry))), None)
    times = [entry.record.at_ns for entry in found]
    return {
        "unit": speak(number),
        "summary": row,
        "took_s": round((max(times) - min(times)) / 1e9, 3) if times else None,
        "lane": lane.value,
        "told": told,
        "sender_says": receipts if lane.sender not in here else None,
        "hosts": hosts,
    }


def _place(what: str, lane: Lane) -> float:
    """Where an event stands in the story of a host: by stage, then exits and all else."""
    if what == "held" or what.startswith("held."):
        return held_rank(lane)
    return ORDER[what] if what in ORDER and what not in EXITS else 98


def _receipts(entry: Entry) -> Data | None:
    """What the manifest said of the sending host, as the receiving guard recorded it: its word only."""
    fields = entry.record.fields
    if entry.record.what != "admitted" or "cleared_at_ns" not in fields:
        return None
    return {
        "captured": stamp(int(fields.get("captured_at_ns", 0))),
        "cleared": stamp(int(fields["cleared_at_ns"])),
        "policy": str(fields.get("sender_policy", "")),
    }


def _event_data(entry: Entry, language: str) -> Data:
    record = entry.record
    return {
        "at": stamp(record.at_ns),
        "what": record.what,
        "process": entry.role.value,
        "seq": record.seq,
        "channel": record.channel,
        "number": record.number or None,
        "text": describe(Refused(record.number, **record.fields), language)
        if record.number
        else None,
        "fields": dict(record.fields),
    }


def render_life(data: Data, terminal: Terminal) -> Sequence[str]:
    """A line of the whole, then each host by itself; what is not known is said to be so."""
    unit, row = data["unit"], data["summary"]
    lines = [*_life_title(data, terminal), ""]
    for host in data["hosts"]:
        lines.append(terminal.paint(say(terminal, f"{host['side'].upper()} HOST"), Colour.HEAD))
        if host["events"]:
            for event in host["events"]:
                lines += _event_lines(event, terminal)
        else:
            if host["side"] == _sender(data) and data["sender_says"]:
                phrase = "As the unit itself says: captured {captured}, cleared {cleared}, policy {policy}."
                lines += terminal.wrap(say(terminal, phrase, **data["sender_says"]), "  ")
            is_sender = host["side"] == _sender(data)
            told = data.get("told")
            if told is not None and told["side"] == host["side"]:
                lines += told_lines(told, terminal, "  ")
                lines += terminal.wrap(_there(host["side"], unit, terminal), "  ")
                lines.append("")
                continue
            comes_back = is_sender or bool(data.get("two_way"))
            lines += terminal.wrap(
                _nothing_known(host, row, unit, terminal, is_sender, comes_back), "  "
            )
        lines.append("")
    return lines[:-1]


def _life_title(data: Data, terminal: Terminal) -> list[str]:
    """Number, state, channel, size and time on one line, the name below it."""
    row = data["summary"]
    unit = terminal.paint(data["unit"], Colour.NAME)
    if row is None:
        return [f"{unit}  {say(terminal, 'not known here')}"]
    result = row["result"] if row["result"] != "under way" else row["stage"]
    parts = [unit, terminal.paint(state(terminal, result), colour_of(result)), row["channel"]]
    if row["size_bytes"] is not None:
        parts.append(size(float(row["size_bytes"])))
    if data["took_s"] is not None:
        parts.append(say(terminal, "{span} in all", span=span(data["took_s"])))
    lines = [
        terminal.fit("  ".join(part for part in parts if part)),
        *terminal.wrap(shown(row["name"])),
    ]
    if result == "held":
        phrase = "People decide on the inner host: ferrygate held show {unit}"
        lines += terminal.wrap(say(terminal, phrase, unit=data["unit"]))
    return lines


def _there(side: str, unit: str, terminal: Terminal) -> str:
    if side == "inner":
        return say(terminal, "On the inner host: ferrygate life {unit}", unit=unit)
    return say(terminal, "On the outer host: ferrygate life {unit}", unit=unit)


def _sender(data: Data) -> str:
    return Lane(data.get("lane", Lane.IMPORT.value)).sender.value


def _nothing_known(
    host: Data, row: Data | None, unit: str, terminal: Terminal, is_sender: bool, comes_back: bool
) -> str:
    side = host["side"]
    if host["known"]:
        if not is_sender and row is not None and row["result"] in EXITS:
            return say(terminal, "The receiving side never saw it.")
        return say(terminal, "Nothing of it has come here.")
    if side == "inner" and comes_back:
        return say(terminal, "Not known here. On the inner host: ferrygate life {unit}", unit=unit)
    if side == "inner":
        why = say(terminal, "Not known here. Nothing comes back over a one-way gate.")
        return f"{why} {say(terminal, 'On the inner host: ferrygate life {unit}', unit=unit)}"
    return say(terminal, "Not known here. On the outer host: ferrygate life {unit}", unit=unit)


# Fields that stand in the title or in the text already.
_TITLE_FIELDS: Final = frozenset(
    {"name", "size_bytes", "rule", "word", "inside", "counted", "there_at_ns"}
)


def _event_lines(event: Data, terminal: Terminal) -> list[str]:
    what = event["what"]
    stage, process = say(terminal, what), say(terminal, event["process"])
    head = f"  {event['at'][11:23]}  {letter(what)} {pad(stage, 10)} {pad(process, 5)}"
    parts = []
    if event["fields"].get("rule"):
        parts.append(
            say(
                terminal,
                "by {word}, {rule}",
                word=event["fields"].get("word", "?"),
                rule=event["fields"]["rule"],
            )
        )
    if event["text"]:
        parts.append(event["text"])
    else:
        parts += [
            f"{key} {shown(value)[:16]}"
            for key, value in event["fields"].items()
            if key not in _TITLE_FIELDS
        ]
    if counted := str(event["fields"].get("counted", "")):
        parts.append(f"{say(terminal, 'counted')} {counted_text(counted)}")
    wrapped = terminal.wrap("; ".join(parts), " " * 36) if parts else [" " * 36]
    first = terminal.paint(head, colour_of(what)) + "  " + wrapped[0][36:]
    inside = inside_data(str(event["fields"].get("inside", "")))
    return [first.rstrip(), *wrapped[1:], *inside_lines(inside, terminal, " " * 36)]


def _life_arguments(parser: Parser) -> None:
    parser.add_argument(
        "unit", metavar="UNIT", help="unit number, as 7QK4-M2XD-9; case and dashes are free"
    )
    add_side(parser)


COMMANDS: Final = (
    Command(
        "life",
        "The whole story of one unit, on both hosts where known.",
        ("ferrygate life 7QK4-M2XD-9", "ferrygate --gate .trial life 7qk4m2xd9"),
        life,
        _life_arguments,
    ),
)
