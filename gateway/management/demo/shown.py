"""How the demo looks: one line a file, then the sentence that counts."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.management.commands.command import Data
from gateway.management.terminal.screen import Colour, Terminal
from gateway.management.terminal.table import Cell, Column, table
from gateway.management.terminal.words import say
from gateway.messages import shown


def render_demo(data: Data, terminal: Terminal) -> Sequence[str]:
    """The table of every file, strays if there are any, and the result."""
    columns = [
        Column(say(terminal, "File"), least=12),
        Column(say(terminal, "What it is"), least=16),
        Column(say(terminal, "Result")),
        Column(say(terminal, "Why"), least=10),
        Column(say(terminal, "Unit")),
    ]
    lines = table(terminal, columns, [_row(file, terminal) for file in data["files"]])
    lines += [
        say(terminal, "{name} lies inside and should not.", name=name) for name in data["strays"]
    ]
    right = sum(file["right"] for file in data["files"])
    total = len(data["files"])
    lines.append("")
    phrase = "{right} of {total} files went as they should, in {seconds} s."
    lines.append(say(terminal, phrase, right=right, total=total, seconds=data["seconds"]))
    last = "Every delivered file is byte-identical." if data["right"] else "This is not right."
    lines.append(terminal.paint(say(terminal, last), Colour.GOOD if data["right"] else Colour.BAD))
    return lines


def _row(file: Data, terminal: Terminal) -> list[Cell | str]:
    stage = file["stage"]
    letter = {"delivered": "D", "refused": "R", "held": "H", "corrupt": "C"}.get(stage, "?")
    colour = {"delivered": Colour.GOOD, "refused": Colour.WARN}.get(stage, Colour.BAD)
    result = f"{letter} {say(terminal, stage) if stage else say(terminal, 'not known')}"
    why = (
        say(terminal, "byte-identical")
        if file["identical"]
        else f"{file['word']} {_line(file['rule'])}".strip()
    )
    if not file["right"]:
        why = say(terminal, "expected: {expected}", expected=file["expected"])
    return [
        shown(file["name"]),
        say(terminal, file["meaning"]),
        Cell(result, colour if file["right"] else Colour.BAD),
        why,
        file["unit"],
    ]


def _line(rule: str) -> str:
    """`:27` of `10-lab-reports.yaml:27`."""
    return f":{rule.rpartition(':')[2]}" if ":" in rule else ""
