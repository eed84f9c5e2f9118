"""`top`: the gate as it is now, redrawn every second on a screen of 80x24. Looks, and changes nothing.

journals --read on--> Watch --data--> frame (lines of text) --> screen
run/*.json -----------^                                          q ends
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import Final

from gateway.management.commands.command import Answer, Call, Command, Data, Exit, add_side
from gateway.management.commands.top_frame import frame
from gateway.management.commands.watching import Watch
from gateway.management.terminal.help import Parser
from gateway.management.terminal.screen import Terminal

EVERY_S: Final = 1.0
ROWS: Final = 24


def top(call: Call) -> Answer | int:
    """One frame (--once, or where nobody looks), one object (--json), or a live screen until q."""
    watch = Watch(call.hosts())
    if call.json or call.options.once or not call.out.isatty():
        return Answer(watch.look(time.time_ns(), call.language), render_top, Exit.YES)
    return _live(call, watch)


def render_top(data: Data, terminal: Terminal) -> Sequence[str]:
    return frame(data, terminal, ROWS)


def _live(call: Call, watch: Watch) -> int:
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    from gateway.management.terminal.keys import Keys

    console = Console(
        file=call.out, color_system="standard" if call.terminal.colour else None, highlight=False
    )
    with Keys(sys.stdin) as keys, Live(console=console, screen=True, auto_refresh=False) as live:
        while True:
            columns, rows = console.size
            terminal = _wide(call.terminal, columns)
            lines = frame(watch.look(time.time_ns(), call.language), terminal, rows)
            live.update(
                Text.from_ansi("\n".join(terminal.safe(line) for line in lines)), refresh=True
            )
            if keys.wait(EVERY_S) in ("q", "Q", "\x03", "\x1b"):
                return Exit.YES


def _wide(terminal: Terminal, columns: int) -> Terminal:
    return Terminal(columns, terminal.colour, terminal.ascii, terminal.language)


def _arguments(parser: Parser) -> None:
    parser.add_argument("--once", action="store_true", help="one frame, then leave")
    add_side(parser)


COMMANDS: Final = (
    Command(
        "top",
        "The gate as it is now: processes, lane, queues, channels, what was refused. q leaves.",
        ("ferrygate top", "ferrygate --gate .trial top --once --ascii"),
        top,
        _arguments,
    ),
)
