"""`pki pseudonym-key`: the key of pseudonyms for a host that was made before there were any."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gateway.management.commands.command import Answer, Call, Command, Data
from gateway.management.terminal.help import Parser
from gateway.management.terminal.screen import Terminal
from gateway.management.terminal.words import say
from gateway.unit.model import Side


def make_key(call: Call) -> Answer:
    """Makes the key on the inner host. Misconfigured 4006 where one stands."""
    from gateway.identity.pseudonym_key import make_pseudonym_key

    host = call.host(Side.INNER)
    path = make_pseudonym_key(host.keys / "guard")
    return Answer({"file": str(path)}, render_key)


def render_key(data: Data, terminal: Terminal) -> Sequence[str]:
    return [
        say(terminal, "The key of pseudonyms lies in {file}.", file=str(data["file"])),
        say(terminal, "Keep a copy with the root key: it is never made again."),
    ]


def _no_arguments(_parser: Parser) -> None:
    """Nothing to be said."""


COMMANDS: Final = (
    Command(
        "pki pseudonym-key",
        "Make the key that pseudonyms are made with; once, on the inner host.",
        ("ferrygate pki pseudonym-key", "ferrygate --gate /var/lib/ferrygate pki pseudonym-key"),
        make_key,
        _no_arguments,
    ),
)
