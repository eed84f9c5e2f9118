"""docs/CLI.md, written from the parser: `python -m gateway.management.commands.reference > docs/CLI.md`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from typing import Final

from gateway.management.cli import build_parser
from gateway.management.commands import COMMANDS
from gateway.management.commands.command import schema_of
from gateway.management.environment import KNOWN_NAMES
from gateway.management.terminal.help import Parser

_STATUSES: Final = (
    (0, "yes, or done"),
    (1, "the answer is no: refused, differs, a test fails, something was found"),
    (64, "what was typed has no meaning; nothing was done"),
    (69, "the other side or a daemon cannot be reached"),
    (70, "the state is uncertain, or a mistake of ours"),
    (75, "not now; try again"),
    (77, "this user may not"),
    (78, "the installation or its settings are wrong"),
    (130, "interrupted by Ctrl-C"),
)
# Commands that print something of their own, which is no answer with a schema.
_OWN_OUTPUT: Final = frozenset({"run", "bench", "policy schema", "policy reference", "completion"})


def cli_reference() -> str:
    """The page: every command with its help, then what holds for all. Does no I/O."""
    parser = build_parser("en")
    parts = [
        "# The command line",
        "Written from the parser by `python -m gateway.management.commands.reference`; a test compares.",
        f"```\n{parser.format_help()}```",
    ]
    for name, one in _commands(parser):
        parts.append(f"## ferrygate {name}\n\n```\n{one.format_help()}```")
        if name not in _OWN_OUTPUT:
            parts.append(f"With `--json`: `{schema_of(name)}`.")
    rows = "\n".join(f"| {status} | {meaning} |" for status, meaning in _STATUSES)
    parts.append(f"## Exit status\n\n| status | means |\n| --- | --- |\n{rows}")
    names = "\n".join(f"| `{name}` | {meaning} |" for name, meaning in KNOWN_NAMES.items())
    unknown = (
        "Any other name that begins with `FERRYGATE_` stops every command with 78 and FG-1002."
    )
    parts.append(f"## Environment\n\n| name | does |\n| --- | --- |\n{names}\n\n{unknown}")
    return "\n\n".join(parts) + "\n"


def _commands(parser: Parser) -> Iterator[tuple[str, Parser]]:
    for command in COMMANDS:
        yield command.name, parser_of(parser, command.name)


def parser_of(parser: Parser, name: str) -> Parser:
    """The parser of one command. KeyError for an unknown name."""
    for word in name.split():
        below = next(a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
        parser = below.choices[word]
    return parser


if __name__ == "__main__":
    sys.stdout.write(cli_reference())
