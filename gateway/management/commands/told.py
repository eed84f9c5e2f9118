"""What the other host of a two-way gate says became of a unit: its word, shown where our own journals end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from gateway.errors import Refused
from gateway.management.commands.command import Data
from gateway.management.commands.records import Entry
from gateway.management.terminal.figures import stamp
from gateway.management.terminal.screen import Terminal
from gateway.management.terminal.words import say
from gateway.messages.catalogue import describe
from gateway.unit.model import Side
from gateway.unit.outcomes import What, is_own_number

OUTCOME: Final = "outcome"
# As a result of a unit: a request that was performed has reached its peer.
_RESULTS: Final = {What.RELEASED.word: "sent", What.PERFORMED.word: What.DELIVERED.word}
# What ends a story goes before what people may still change.
_RANK: Final = {What.HELD.word: 0, What.RELEASED.word: 1}


def is_of_people(entry: Entry) -> bool:
    """Whether an event is about a unit that somebody sent, and not about one of the gate's own."""
    return entry.record.unit is not None and not is_own_number(entry.record.unit)


def told_data(story: Iterable[Entry], language: str = "en") -> Data | None:
    """What was told last of a unit, from all events about it; None where nothing was."""
    told = [entry for entry in story if entry.record.what == OUTCOME]
    if not told:
        return None
    last = max(told, key=lambda entry: (_RANK.get(_what(entry), 2), entry.record.at_ns))
    record = last.record
    by = Side.INNER if last.side is Side.OUTER else Side.OUTER
    return {
        "side": by.value,
        "what": _what(last),
        "at": stamp(_there_ns(last)),
        "number": record.number or None,
        "text": describe(Refused(record.number), language) if record.number else None,
    }


def with_told(row: Data, told: Data | None) -> Data:
    """The row of a unit of which this host knows no more than that it was sent."""
    if told is None or row["result"] != "sent":
        return row
    result = _RESULTS.get(told["what"], told["what"])
    return {
        **row,
        "result": result,
        "side": told["side"],
        "number": told["number"],
        "told": told,
    }


def told_lines(told: Data, terminal: Terminal, indent: str) -> Sequence[str]:
    """One sentence, and the text of the reason."""
    phrase = "As the {side} host has told: {what}, {at}."
    line = say(
        terminal,
        phrase,
        side=say(terminal, told["side"]),
        what=say(terminal, "released" if told["what"] == What.RELEASED.word else told["what"]),
        at=told["at"],
    )
    why = f" {told['text']}" if told["text"] else ""
    return terminal.wrap(f"{line}{why}", indent)


def _what(entry: Entry) -> str:
    word = str(entry.record.fields.get("became", ""))
    return word if word in {what.word for what in What} else "unknown"


def _there_ns(entry: Entry) -> int:
    at_ns = entry.record.fields.get("there_at_ns")
    return at_ns if isinstance(at_ns, int) else entry.record.at_ns
