"""`help FG-nnnn`, `version`, `completion`."""

from __future__ import annotations

import platform
import re
import string
from collections.abc import Sequence
from typing import Final

from gateway import __version__
from gateway.errors import Misconfigured
from gateway.management.commands.command import Answer, Call, Command, Data, Exit, Mistyped
from gateway.management.terminal.help import Parser
from gateway.management.terminal.screen import Colour, Terminal
from gateway.management.terminal.width import wrap
from gateway.management.terminal.words import say
from gateway.messages.catalogue import TEXTS
from gateway.messages.text import Text

_NUMBER: Final = re.compile(r"(?:FG-?)?([0-9]{4})", re.IGNORECASE)
# By the first digits of a number: which part of the gate speaks (gateway.messages).
_AREAS: Final = (
    ("1", "settings and start"),
    ("25", "connectors"),
    ("2", "policy files"),
    ("3", "inspection"),
    ("4", "identity and sealing"),
    ("5", "lane and ferry"),
    ("65", "queues and disk"),
    ("6", "audit journal"),
    ("7", "operating"),
    ("8", "operating"),
)


def help_page(call: Call) -> Answer | int:
    """The page of one number, or the list of all."""
    asked: str | None = call.options.number
    if asked is None:
        return Answer(index_data(), render_index)
    match = _NUMBER.fullmatch(asked)
    number = int(match[1]) if match else -1
    if number not in TEXTS:
        raise Mistyped(7013, text=asked)
    return Answer(page_data(number, TEXTS[number]), render_page)


def page_data(number: int, text: Text) -> Data:
    """A number in both languages; fields stand in braces."""
    area = next(name for digits, name in _AREAS if str(number).startswith(digits))
    return {
        "number": number,
        "area": area,
        "fields": fields_of(text.en),
        "en": {"what": text.en, "do": text.en_do},
        "zh": {"what": text.zh, "do": text.zh_do},
    }


def fields_of(template: str) -> list[str]:
    """The names in braces, in order, each once."""
    return list(dict.fromkeys(name for _, name, _, _ in string.Formatter().parse(template) if name))


def render_page(data: Data, terminal: Terminal) -> Sequence[str]:
    """The reader's language; {fields} are shown as in a form, <name>."""
    text = data["zh" if terminal.language == "zh" else "en"]
    title = terminal.paint(f"FG-{data['number']}", Colour.HEAD)
    lines = [f"{title}  {say(terminal, data['area'])}", ""]
    lines += wrap(_as_form(text["what"]), min(terminal.columns, 80))
    if text["do"]:
        lines += ["", say(terminal, "What to do") + ":"]
        lines += wrap(_as_form(text["do"]), min(terminal.columns, 80), "  ")
    return lines


def index_data() -> Data:
    return {"numbers": [{"number": n, "en": TEXTS[n].en, "zh": TEXTS[n].zh} for n in sorted(TEXTS)]}


def render_index(data: Data, terminal: Terminal) -> Sequence[str]:
    from gateway.management.terminal.width import cut

    room = max(40, terminal.columns) - 9
    language = "zh" if terminal.language == "zh" else "en"
    return [
        f"FG-{entry['number']}  {cut(_as_form(entry[language]), room, terminal.ellipsis)}"
        for entry in data["numbers"]
    ]


def _as_form(template: str) -> str:
    return re.sub(r"\{(\w+)[^}]*\}", r"<\1>", template)


def version(_call: Call) -> Answer:
    return Answer(version_data(), render_version)


def version_data() -> Data:
    return {
        "version": __version__,
        "python": platform.python_version(),
        "system": platform.platform(),
    }


def render_version(data: Data, _terminal: Terminal) -> Sequence[str]:
    return [f"ferrygate {data['version']} (Python {data['python']}, {data['system']})"]


def completion(call: Call) -> Answer | int:
    """The completion file of a shell, from the same parser as the help; or the names that it asks for."""
    from gateway.management.commands.completing import completion_of

    if call.options.shell in ("channels", "units"):
        return Answer({"names": names_at_hand(call, call.options.shell)}, render_names)
    call.out.write(completion_of(call.options.shell))
    return Exit.YES


def names_at_hand(call: Call, kind: str) -> list[str]:
    """`channels` or `units` of the gate that is meant; none where there is none."""
    from gateway.management.commands.at_hand import channel_names, unit_numbers

    try:
        hosts = call.hosts()
    except Misconfigured:
        return []
    if kind == "units":
        return unit_numbers(hosts)
    return sorted({name for host in hosts.values() for name in channel_names(host.policies)})


def render_names(data: Data, _terminal: Terminal) -> Sequence[str]:
    """One a line."""
    return list(data["names"])


def _help_arguments(parser: Parser) -> None:
    parser.add_argument(
        "number", nargs="?", metavar="FG-nnnn", help="a number; without one, the list of all"
    )


def _completion_arguments(parser: Parser) -> None:
    parser.add_argument(
        "shell",
        choices=["bash", "zsh", "fish", "channels", "units"],
        help="the shell to complete in; or what such a file asks for: names at hand",
    )


COMMANDS: Final = (
    Command(
        "help",
        "The page of a number: what it means and what to do.",
        ("ferrygate help FG-1002", "ferrygate help FG-1002 --lang zh"),
        help_page,
        _help_arguments,
    ),
    Command(
        "version",
        "Print the version.",
        ("ferrygate version", "ferrygate version --json"),
        version,
    ),
    Command(
        "completion",
        "Print the completion file of a shell.",
        (
            "ferrygate completion bash > /etc/bash_completion.d/ferrygate",
            "ferrygate completion fish > ~/.config/fish/completions/ferrygate.fish",
        ),
        completion,
        _completion_arguments,
    ),
)
