"""What a command is: its arguments, the data it makes, and how the data looks. No command is here.

    options --> answer(call) --> Answer: data (what --json prints), render (what people read), status

Data and looks are two functions, so that the text never says what the JSON does not.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TextIO

from gateway.errors import Misconfigured
from gateway.management.layout import HOME_VARIABLE, HostFolder, find_host, hosts_of
from gateway.management.terminal.help import Mistyped, Parser
from gateway.management.terminal.screen import Terminal
from gateway.unit.model import Side

__all__ = ["Answer", "Call", "Command", "Data", "Exit", "Mistyped", "Render", "schema_of"]

Data = dict[str, Any]
Render = Callable[[Data, Terminal], Sequence[str]]


class Exit:
    """Exit statuses. NO is an answer, not an error, as with diff."""

    YES: Final = 0
    NO: Final = 1
    USAGE: Final = 64
    UNREACHABLE: Final = 69
    UNCERTAIN: Final = 70
    TRY_AGAIN: Final = 75
    NOT_ALLOWED: Final = 77
    MISCONFIGURED: Final = 78
    INTERRUPTED: Final = 130


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command found out. data: plain values for JSON. status: the exit status."""

    data: Data
    render: Render
    status: int = Exit.YES


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a command: what was typed, and where the answer goes."""

    options: argparse.Namespace
    terminal: Terminal
    environment: Mapping[str, str]
    out: TextIO
    err: TextIO

    @property
    def language(self) -> str:
        return self.terminal.language

    @property
    def json(self) -> bool:
        return bool(self.options.json)

    @property
    def quiet(self) -> bool:
        return bool(self.options.quiet)

    def gate(self) -> Path | None:
        """The folder that --gate or FERRYGATE_HOME names."""
        home = self.environment.get(HOME_VARIABLE)
        return self.options.gate or (Path(home) if home else None)

    def hosts(self) -> dict[Side, HostFolder]:
        """The hosts that this command is about: all that are here, or the one of --side.

        Raises Misconfigured 1010, 1012, 1013, 1014.
        """
        root, side = self.gate(), self._side()
        if root is None:
            raise Misconfigured(1012)
        hosts = hosts_of(root)
        if not hosts:
            raise Misconfigured(1010, folder=str(root))
        if side is not None and side not in hosts:
            raise Misconfigured(1013, folder=str(root), side=side.value)
        return hosts if side is None else {side: hosts[side]}

    def host(self, side: Side | None = None) -> HostFolder:
        """The one host that is meant. side: which, where the command itself knows."""
        return find_host(self.options.gate, side or self._side(), self.environment)

    def emit(self, command: str, data: Data) -> None:
        """One line of a stream as JSON."""
        self.out.write(json_text(command, data, None) + "\n")
        self.out.flush()

    def _side(self) -> Side | None:
        chosen = getattr(self.options, "side", None)
        return Side(chosen) if chosen else None


@dataclass(frozen=True, slots=True)
class Command:
    """One command. name: its words, `policy check`. examples: what its help ends with.

    arguments: adds its own options to the parser. answer: does it; None when all is printed already.
    summary: an English phrase that has a Chinese one.
    """

    name: str
    summary: str
    examples: tuple[str, str]
    answer: Callable[[Call], Answer | int]
    arguments: Callable[[Parser], None] = field(default=lambda _parser: None)


def schema_of(command: str) -> str:
    """`ferrygate.policy-check/1`."""
    return f"ferrygate.{command.replace(' ', '-')}/1"


def json_text(command: str, data: Data, indent: int | None = 2) -> str:
    """One JSON object with its schema first. What UTF-8 has no word for becomes an escape."""
    return json.dumps({"schema": schema_of(command), **data}, ensure_ascii=True, indent=indent)


def add_side(parser: Parser) -> None:
    """--side, for commands about one host where the folder may hold both."""
    parser.add_argument(
        "--side", choices=[side.value for side in Side], help="which host, where --gate holds both"
    )
