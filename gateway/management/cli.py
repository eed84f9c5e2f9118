"""`ferrygate`: reads the command line, runs the command, prints its answer, maps errors to statuses.

    argv --> parser --> Command.answer --> Answer --> text or JSON --> exit status
                            | GatewayError
                            +--> number, sentence, what to do on the error stream

No command lives here (gateway.management.commands). Heavy packages are imported by the commands that
need them, when they run.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO

from gateway.errors import GatewayError, Misconfigured, Refused, StateUncertain, Unavailable
from gateway.management.commands import COMMANDS, GROUPS, OVERVIEW
from gateway.management.commands.command import Answer, Call, Command, Exit, Mistyped, json_text
from gateway.management.environment import check_environment
from gateway.management.terminal.help import Parser
from gateway.management.terminal.screen import Colour, Terminal, detect, language_of
from gateway.management.terminal.width import wrap
from gateway.messages import LANGUAGES, describe, remedy

if TYPE_CHECKING:
    from gateway.policy.located import Located

_GLOBAL: Final = frozenset(
    {"--gate", "--json", "--lang", "--ascii", "--quiet", "--debug", "--help"}
)
# Numbers that say that something was typed wrong, whichever part noticed it.
_TYPING: Final = frozenset({8010, 8011})
# A daemon or the other end is away; every other Unavailable is worth a second try as it is.
_UNREACHABLE: Final = range(3300, 3400)


def main(
    arguments: Sequence[str] | None = None,
    environment: Mapping[str, str] | None = None,
    out: TextIO | None = None,
    err: TextIO | None = None,
) -> int:
    """Run one command line; gives the exit status. Reads the real streams where none are given."""
    argv = list(sys.argv[1:] if arguments is None else arguments)
    surroundings = os.environ if environment is None else environment
    stdout, stderr = out or sys.stdout, err or sys.stderr
    for stream in (stdout, stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    terminal = detect(
        stderr, surroundings, language=_said(argv, "--lang"), ascii_wanted="--ascii" in argv
    )
    try:
        return _run(argv, surroundings, stdout, stderr)
    except GatewayError as error:
        if "--debug" in argv:
            _trace(stderr)
        _complain(error, terminal, stderr)
        return status_of(error)
    except BrokenPipeError:
        _forget(stdout)
        return Exit.YES
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except PermissionError as error:
        if "--debug" in argv:
            _trace(stderr)
        _complain(Misconfigured(7002, path=str(error.filename or "?")), terminal, stderr)
        return Exit.NOT_ALLOWED
    except OSError as error:
        if "--debug" in argv:
            _trace(stderr)
        where, why = str(error.filename or "?"), error.strerror or str(error)
        _complain(Unavailable(7005, path=where, reason=why), terminal, stderr)
        return Exit.TRY_AGAIN
    except Exception as error:  # noqa: BLE001 - the last line: a bug of ours is said as one
        if "--debug" in argv:
            _trace(stderr)
        _complain(
            StateUncertain(7099, kind=type(error).__name__, text=str(error)), terminal, stderr
        )
        return Exit.UNCERTAIN


def status_of(error: GatewayError) -> int:
    """The exit status of an error that ended a command."""
    if isinstance(error, Mistyped) or error.number in _TYPING:
        return Exit.USAGE
    if isinstance(error, Misconfigured):
        return Exit.MISCONFIGURED
    if isinstance(error, StateUncertain):
        return Exit.UNCERTAIN
    if isinstance(error, Unavailable):
        return Exit.UNREACHABLE if error.number in _UNREACHABLE else Exit.TRY_AGAIN
    return Exit.NO if isinstance(error, Refused) else Exit.UNCERTAIN


def build_parser(language: str = "en") -> Parser:
    """The whole command line as a parser. Does no I/O."""
    top = Parser(
        prog="ferrygate",
        language=language,
        examples=("ferrygate demo", "ferrygate units --help"),
    )
    top.children = list(OVERVIEW)
    _add_global(top)
    choices = top.add_subparsers(dest="command", parser_class=Parser)
    groups: dict[str, tuple[Parser, argparse._SubParsersAction[Parser]]] = {}
    for command in COMMANDS:
        first, _, rest = command.name.partition(" ")
        if not rest:
            _fill(_child(choices, first, language, command.summary, command.examples), command)
            continue
        if first not in groups:
            inside = [c for c in COMMANDS if c.name.startswith(first + " ")]
            examples = tuple(c.examples[0] for c in inside[:2])
            group = _child(choices, first, language, GROUPS[first], examples)
            groups[first] = (group, group.add_subparsers(dest="what", parser_class=Parser))
            group.set_defaults(group=group)
        group, members = groups[first]
        group.children.append((rest, command.summary))
        _fill(_child(members, rest, language, command.summary, command.examples), command)
    return top


def _child(
    choices: argparse._SubParsersAction[Parser],
    name: str,
    language: str,
    summary: str,
    examples: tuple[str, ...],
) -> Parser:
    parser: Parser = choices.add_parser(name, language=language, summary=summary, examples=examples)
    _add_global(parser)
    parser.hidden_options = _GLOBAL
    return parser


def _fill(parser: Parser, command: Command) -> None:
    command.arguments(parser)
    parser.set_defaults(chosen=command, group=None)


def _add_global(parser: Parser) -> None:
    """The options that stand before or behind the command; the last one said counts."""
    no = argparse.SUPPRESS
    add = parser.add_argument
    add(
        "--gate",
        metavar="DIR",
        type=Path,
        default=no,
        help="the gate's or a host's folder (or FERRYGATE_HOME)",
    )
    add(
        "--json", action="store_true", default=no, help="one JSON object, or JSON Lines for streams"
    )
    add(
        "--lang",
        choices=LANGUAGES,
        default=no,
        help="language of what people read (or FERRYGATE_LANG)",
    )
    add("--ascii", action="store_true", default=no, help="plain ASCII, as on a serial console")
    add("--quiet", action="store_true", default=no, help="only the exit status and errors")
    add("--debug", action="store_true", default=no, help="adds the trace to an error")
    add("-h", "--help", action="store_true", default=no, help="this page")


_DEFAULTS: Final[Mapping[str, object]] = {
    "gate": None,
    "json": False,
    "lang": None,
    "ascii": False,
    "quiet": False,
    "debug": False,
    "help": False,
    "chosen": None,
    "group": None,
}


def _run(argv: list[str], environment: Mapping[str, str], out: TextIO, err: TextIO) -> int:
    language = "en" if "--ascii" in argv else language_of(_said(argv, "--lang"), environment)
    parser = build_parser(language)
    if {"-h", "--help"}.intersection(_before_dashes(argv)) or not argv:
        return _help(parser, argv, out)
    options = parser.parse_args(argv)
    for name, value in _DEFAULTS.items():
        if not hasattr(options, name):
            setattr(options, name, value)
    if options.chosen is None:
        shown = options.group or parser
        out.write(shown.format_help())
        return Exit.YES
    check_environment(environment)
    terminal = detect(out, environment, language=options.lang, ascii_wanted=options.ascii)
    return _answer(options.chosen, Call(options, terminal, environment, out, err))


def _answer(command: Command, call: Call) -> int:
    answer = command.answer(call)
    if isinstance(answer, int):
        return answer
    show(command.name, answer, call)
    return answer.status


def show(name: str, answer: Answer, call: Call) -> None:
    """Print an answer: as JSON, as text, or not at all."""
    if call.json:
        call.out.write(json_text(name, answer.data) + "\n")
    elif not call.quiet:
        lines = answer.render(answer.data, call.terminal)
        call.out.write("".join(f"{call.terminal.safe(line)}\n" for line in lines))
    call.out.flush()


def _help(parser: Parser, argv: Sequence[str], out: TextIO) -> int:
    """The help of the deepest command named, however wrong the rest of the line may be."""
    for word in argv:
        below = next(
            (a for a in parser._actions if isinstance(a, argparse._SubParsersAction)), None
        )
        if below is not None and word in below.choices:
            parser = below.choices[word]
    out.write(parser.format_help())
    return Exit.YES


def _before_dashes(argv: Sequence[str]) -> Sequence[str]:
    return argv[: argv.index("--")] if "--" in argv else argv


def _said(argv: Sequence[str], option: str) -> str | None:
    for index, word in enumerate(argv):
        if word == option and index + 1 < len(argv):
            return argv[index + 1]
        if word.startswith(option + "="):
            return word.partition("=")[2]
    return None


def _complain(error: GatewayError, terminal: Terminal, err: TextIO) -> None:
    problems: Sequence[Located] = getattr(error, "problems", ())
    if problems:
        from gateway.policy.located import show as show_located

        for problem in problems:
            err.write(terminal.safe(show_located(problem, terminal.language)) + "\n")
    number, _, sentence = describe(error, terminal.language).partition(" ")
    columns = min(terminal.columns, 100)
    lines = wrap(f"{number} {sentence}", columns)
    lines[0] = lines[0].replace(number, terminal.paint(number, Colour.BAD), 1)
    if what_to_do := remedy(error, terminal.language):
        lines += wrap(what_to_do, columns, "  ")
    with contextlib.suppress(BrokenPipeError):
        err.write("".join(f"{terminal.safe(line)}\n" for line in lines))


def _trace(err: TextIO) -> None:
    import traceback

    traceback.print_exc(file=err)


def _forget(out: TextIO) -> None:
    """Nobody reads any more: what the interpreter still flushes at its end goes nowhere."""
    if out is sys.stdout:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
