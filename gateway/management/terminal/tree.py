"""What was found inside of a unit, as a journal keeps it, as data and as lines that are looked at.

wards.zip
  report.pdf                      pdf           12 KiB
  inner.zip                       zip            3 KiB
    values.csv                    csv            1 KiB
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from gateway.management.terminal.figures import size
from gateway.management.terminal.screen import Terminal
from gateway.management.terminal.width import cut, pad
from gateway.management.terminal.words import say
from gateway.messages import shown

# Of a screen of 80, without type and size.
_NAME_COLUMNS: Final = 44
_STEP: Final = "  "


def inside_data(tree: str) -> list[dict[str, Any]]:
    """The field `inside` of an event (guard.judgement.tree_of) as data; a last entry may say `more`."""
    found: list[dict[str, Any]] = []
    for line in tree.split("\n") if tree else ():
        parts = line.split("\t")
        if len(parts) == 3 and parts[2].isdecimal():
            found.append({"path": parts[0], "type": parts[1], "size_bytes": int(parts[2])})
        elif len(parts) == 2 and parts[1].isdecimal():
            found.append({"more": int(parts[1])})
    return found


def inside_lines(inside: Sequence[dict[str, Any]], terminal: Terminal, indent: str) -> list[str]:
    """A line each, deeper ones further in."""
    lines: list[str] = []
    for one in inside:
        if "more" in one:
            lines.append(indent + say(terminal, "and {count} more", count=one["more"]))
            continue
        names = str(one["path"]).split(" > ")
        deep = indent + _STEP * (len(names) - 1)
        room = max(8, _NAME_COLUMNS - len(deep))
        name = pad(cut(terminal.safe(shown(names[-1])), room, terminal.ellipsis), room)
        kind = say(terminal, str(one["type"]))
        lines.append(terminal.fit(f"{deep}{name}  {pad(kind, 16)}{size(one['size_bytes']):>9}"))
    return lines
