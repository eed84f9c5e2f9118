"""How held units look on a screen: the table, one unit, and what a decision will do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gateway.management.commands.command import Data
from gateway.management.terminal.counted import counted_text
from gateway.management.terminal.figures import digest, size, span
from gateway.management.terminal.screen import Colour, Terminal
from gateway.management.terminal.states import colour_of, state
from gateway.management.terminal.table import Cell, Column, table
from gateway.management.terminal.words import say
from gateway.messages import shown

_INDENT: Final = "  "


def render_list(data: Data, terminal: Terminal) -> Sequence[str]:
    """Unit, channel, name, size, age, releases of how many, rule; the number of a unit is never cut."""
    if not data["units"]:
        return [say(terminal, "No unit is held.")]
    heads = [
        Column(say(terminal, "UNIT")),
        Column(say(terminal, "CHANNEL"), least=8),
        Column(say(terminal, "NAME"), least=8),
        Column(say(terminal, "SIZE"), right=True),
        Column(say(terminal, "AGE"), right=True),
        Column(say(terminal, "RELEASED")),
        Column(say(terminal, "RULE"), least=6),
    ]
    rows = [
        [
            Cell(row["unit"], Colour.NAME),
            row["channel"],
            shown(str(row["name"])),
            _size(row),
            span(row["age_s"]),
            Cell(f"{len(row['approvals'])}/{row['needed']} {row['group']}", colour_of("held")),
            _rule(row),
        ]
        for row in data["units"]
    ]
    lines = table(terminal, heads, rows)
    return [*lines, say(terminal, "{shown} of {of}, oldest first", shown=len(rows), of=data["of"])]


def render_show(data: Data, terminal: Terminal) -> Sequence[str]:
    """The unit, the line that holds it, who has decided, and the commands that follow."""
    title = [
        terminal.paint(data["unit"], Colour.NAME),
        terminal.paint(state(terminal, "held"), colour_of("held")),
        shown(data["channel"]),
        _size(data),
    ]
    lines = [terminal.fit(_INDENT.join(part for part in title if part))]
    lines += terminal.wrap(shown(str(data["name"])))
    lines += terminal.wrap(data["text"], _INDENT)
    if data["rule"]:
        phrase = "by {word}, {rule}"
        lines.append(
            _INDENT + say(terminal, phrase, word=data["word"] or "?", rule=shown(str(data["rule"])))
        )
    phrase = "held since {since} ({age})"
    lines.append(_INDENT + say(terminal, phrase, since=data["since"], age=span(data["age_s"])))
    phrase = "judged as {type} by {checks} checks of policy {policy}"
    lines += terminal.wrap(
        say(
            terminal,
            phrase,
            type=data["type"] or "?",
            checks=data["checks"] if data["checks"] is not None else "?",
            policy=digest(data["policy"]) or "?",
        ),
        _INDENT,
    )
    if data["counted"]:
        counted = counted_text(str(data["counted"]))
        lines += terminal.wrap(f"{say(terminal, 'counted')} {counted}", _INDENT)
    if data["sha256"]:
        lines.append(f"{_INDENT}SHA-256 {data['sha256']}")
    return [*lines, "", *_people(data, terminal), "", *_commands(data, terminal)]


def _people(data: Data, terminal: Terminal) -> list[str]:
    phrase = "released by {have} of {needed} of {group}"
    lines = [
        _INDENT
        + say(
            terminal,
            phrase,
            have=len(data["approvals"]),
            needed=data["needed"],
            group=data["group"],
        )
    ]
    for one in data["approvals"]:
        lines += terminal.wrap(_person(one), _INDENT * 2)
    if data["refusal"] is not None:
        phrase = "refused by {user}; the guard is about to move it"
        lines.append(_INDENT + say(terminal, phrase, user=shown(data["refusal"]["user"])))
    return lines


def _person(one: Data) -> str:
    return (
        f"{one['at']}  {shown(one['user'])} ({one['uid']}; {one['group']}): {shown(one['reason'])}"
    )


def _commands(data: Data, terminal: Terminal) -> list[str]:
    unit = data["unit"]
    words = ("release", "refuse") if data["sha256"] else ("refuse",)
    return [
        terminal.paint(f"{_INDENT}ferrygate held {word} {unit} --reason TEXT", Colour.QUIET)
        for word in words
    ]


def render_asked(data: Data, terminal: Terminal) -> Sequence[str]:
    """What the decision does, and how many people are still needed. file: None before it is given."""
    unit, group = data["unit"], data["group"]
    if data["decision"] == "refuse":
        phrase = "{unit} is refused for good and moved to refused/."
        lines = terminal.wrap(say(terminal, phrase, unit=unit))
    elif data["missing"]:
        phrase = "{unit}: this is release {have} of {needed}; still needed of {group}: {missing}."
        lines = terminal.wrap(
            say(
                terminal,
                phrase,
                unit=unit,
                have=data["have"],
                needed=data["needed"],
                group=group,
                missing=data["missing"],
            )
        )
    else:
        phrase = (
            "{unit}: this is release {have} of {needed}. It is judged anew by the policy in force and"
            " goes on, unless something refuses it now."
        )
        lines = terminal.wrap(
            say(terminal, phrase, unit=unit, have=data["have"], needed=data["needed"])
        )
    if data["file"] is not None:
        lines.append(
            say(terminal, "The guard takes it within a second, as of {user}.", user=data["user"])
        )
        lines.append(say(terminal, "What became of it: ferrygate life {unit}", unit=unit))
    return lines


def _size(row: Data) -> str:
    return size(float(row["size_bytes"])) if isinstance(row["size_bytes"], int | float) else ""


def _rule(row: Data) -> str:
    said = " ".join(str(part) for part in (row["word"], row["rule"]) if part)
    return shown(said) or f"FG-{row['number']}"
