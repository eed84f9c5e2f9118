"""`doctor` and `config`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from gateway.errors import Misconfigured
from gateway.management.commands.command import Answer, Call, Command, Data, Exit, add_side
from gateway.management.terminal.screen import Colour, Terminal
from gateway.management.terminal.states import colour_of, letter
from gateway.management.terminal.table import Cell, Column, table
from gateway.management.terminal.width import pad
from gateway.management.terminal.words import say

if TYPE_CHECKING:
    from gateway.management.doctor.finding import Finding


def doctor(call: Call) -> Answer:
    """Is this installation what it should be? 1 where a finding says stop."""
    from gateway.management.doctor import examine

    hosts = [
        {
            "side": side.value,
            "folder": str(host.root),
            "findings": [finding_data(f, call.language) for f in examine(host, side)],
        }
        for side, host in call.hosts().items()
    ]
    data = doctor_data(hosts)
    return Answer(data, render_doctor, Exit.NO if data["stop"] else Exit.YES)


def finding_data(finding: Finding, language: str) -> Data:
    return {
        "check": finding.check,
        "state": finding.state.value,
        "number": finding.number,
        "fields": dict(finding.fields),
        "text": finding.text(language),
        "mend": finding.mend(language),
    }


def doctor_data(hosts: list[Data]) -> Data:
    """The findings of each host with how many there are of each state."""
    states = [finding["state"] for host in hosts for finding in host["findings"]]
    return {"hosts": hosts, **{state: states.count(state) for state in ("ok", "look", "stop")}}


def render_doctor(data: Data, terminal: Terminal) -> Sequence[str]:
    """A line a finding: word, what was looked at, what was found; below it what mends it."""
    lines: list[str] = []
    for host in data["hosts"]:
        lines.append(
            f"{terminal.paint(say(terminal, host['side']).upper(), Colour.HEAD)}  {host['folder']}"
        )
        for finding in host["findings"]:
            lines += _finding_lines(finding, terminal)
        lines.append("")
    phrase = "{ok} ok, {look} to look at, {stop} that stop the gate"
    return [*lines, say(terminal, phrase, ok=data["ok"], look=data["look"], stop=data["stop"])]


# Letter, word and check stand before each text.
_INDENT: Final = 20


def _finding_lines(finding: Data, terminal: Terminal) -> list[str]:
    word = finding["state"]
    head = f"  {letter(word)} {pad(say(terminal, word), 4)}  {pad(say(terminal, finding['check']), 10)}"
    number = "" if word == "ok" else f"FG-{finding['number']} "
    wrapped = terminal.wrap(number + finding["text"], " " * _INDENT)
    first = terminal.paint(pad(head, _INDENT), colour_of(word)) + wrapped[0][_INDENT:]
    mend = terminal.wrap(finding["mend"], " " * (_INDENT + 2)) if finding["mend"] else []
    return [first, *wrapped[1:], *mend]


def config(call: Call) -> Answer:
    """Every setting of a host with its value and where it comes from."""
    from gateway.management.settings import load_settings, settings_reference

    if call.gate() is None:
        rows = [
            {"key": key, "value": default, "origin": "default", "meaning": meaning}
            for key, default, meaning in settings_reference()
        ]
        return Answer({"file": None, "settings": rows}, render_config)
    file = call.host().settings
    load_settings(file)
    written = written_settings(str(file), file.read_bytes())
    rows = [
        {
            "key": key,
            "value": written[key][0] if key in written else default,
            "origin": f"line {written[key][1]}" if key in written else "default",
            "meaning": meaning,
        }
        for key, default, meaning in settings_reference()
    ]
    return Answer({"file": str(file), "settings": rows}, render_config)


def written_settings(file: str, content: bytes) -> dict[str, tuple[str, int]]:
    """Text and line of every setting that stands in the file. Raises Misconfigured 1019."""
    from gateway.policy.document import Entries, Scalar, read_document

    document = read_document(file, content).document
    if document is None:
        raise Misconfigured(1019, file=file, reason="YAML")
    found: dict[str, tuple[str, int]] = {}
    for key, node in document.top.entries:
        inside = node.entries if isinstance(node, Entries) else ((None, node),)
        for name, value in inside:
            if isinstance(value, Scalar):
                found[key.text if name is None else f"{key.text}.{name.text}"] = (
                    value.text,
                    value.line,
                )
    return found


def render_config(data: Data, terminal: Terminal) -> Sequence[str]:
    """A row a setting; what stands in the file is marked by its line."""
    heads = [
        Column(say(terminal, "SETTING")),
        Column(say(terminal, "VALUE"), least=12),
        Column(say(terminal, "FROM")),
        Column(say(terminal, "MEANING"), least=16),
    ]
    rows = [
        [
            setting["key"],
            Cell(setting["value"] or "-"),
            Cell(
                say(terminal, setting["origin"]),
                Colour.NAME if setting["origin"] != "default" else None,
            ),
            setting["meaning"],
        ]
        for setting in data["settings"]
    ]
    return [*([data["file"]] if data["file"] else []), *table(terminal, heads, rows)]


COMMANDS: Final = (
    Command(
        "doctor",
        "Is this installation what it should be? Each finding with the command that mends it.",
        ("ferrygate doctor", "ferrygate --gate gate doctor --side inner"),
        doctor,
        add_side,
    ),
    Command(
        "config",
        "Every setting with its value, where it comes from and what it is for.",
        ("ferrygate config", "ferrygate --gate gate/outer config"),
        config,
        add_side,
    ),
)
