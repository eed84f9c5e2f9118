"""Completion files for bash, zsh and fish, written from the parser.

Commands and options stand in the file as words. Channel names and unit numbers are asked of the program
itself (`ferrygate completion channels`, `... units`), which reads them from the gate at hand in about a
tenth of a second and says nothing where there is none.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field

from gateway.management.terminal.help import Parser

# How the parser names what is one (metavar), here and nowhere else.
_CHANNEL, _UNIT = "C", "UNIT"


@dataclass(slots=True)
class Offered:
    """What may be typed. words: by command. channel_options, unit_options: options that a name follows.

    unit_commands: commands whose own word may be a unit number.
    """

    words: dict[str, list[str]] = field(default_factory=dict)
    channel_options: set[str] = field(default_factory=set)
    unit_options: set[str] = field(default_factory=set)
    unit_commands: list[str] = field(default_factory=list)


def completion_of(shell: str) -> str:
    """The completion file of a shell (`bash`, `zsh` or `fish`). Does no I/O."""
    from gateway.management.cli import build_parser

    offered = offered_by(build_parser())
    return {"bash": _bash, "zsh": _zsh, "fish": _fish}[shell](offered)


def words_by_command(parser: Parser) -> dict[str, list[str]]:
    """What may follow each command: its commands, then values of its choices, then its options."""
    return offered_by(parser).words


def offered_by(parser: Parser, path: str = "", offered: Offered | None = None) -> Offered:
    """Everything that a parser and its commands take."""
    offered = offered or Offered()
    words = offered.words.setdefault(path, [])
    for action in parser._actions:
        meant = str(action.metavar or "").split("|")
        if isinstance(action, argparse._SubParsersAction):
            words += action.choices
            for name, child in action.choices.items():
                offered_by(child, f"{path} {name}".strip(), offered)
        elif action.option_strings:
            offered.channel_options |= set(action.option_strings) if _CHANNEL in meant else set()
            offered.unit_options |= set(action.option_strings) if _UNIT in meant else set()
        else:
            words += [str(choice) for choice in action.choices or ()]
            offered.unit_commands += [path] if _UNIT in meant else []
    words += sorted(option for option in parser._option_string_actions if option.startswith("--"))
    return offered


def _bash(offered: Offered) -> str:
    lists = "\n".join(
        f'        "{path}") words="{" ".join(w)}" ;;' for path, w in sorted(offered.words.items())
    )
    return f"""\
# ferrygate completion for bash; made by: ferrygate completion bash
_ferrygate() {{
    local path="" word words="" current="${{COMP_WORDS[COMP_CWORD]}}" at asks=""
    local -a gate=()
    for ((at = 1; at < COMP_CWORD; at++)); do
        word="${{COMP_WORDS[at]}}"
        [[ $word == --gate ]] && gate=(--gate "${{COMP_WORDS[at + 1]}}")
        case "${{path:+$path }}$word" in
{_path_cases(offered)}
        esac
    done
    case "$path" in
{lists}
    esac
    case "$path" in
        {_pattern(offered.unit_commands)}) asks=units ;;
    esac
    case "${{COMP_WORDS[COMP_CWORD - 1]}}" in
        {_pattern(offered.channel_options)}) asks=channels words="" ;;
        {_pattern(offered.unit_options)}) asks=units words="" ;;
    esac
    if [[ -n $asks && $current != -* ]]; then
        words+=" $("${{COMP_WORDS[0]}}" "${{gate[@]}}" completion "$asks" 2>/dev/null)"
    fi
    mapfile -t COMPREPLY < <(
        compgen -W "$words" -- "$current"
        [[ $current == -* ]] || compgen -f -- "$current"
    )
}}
complete -o filenames -F _ferrygate ferrygate
"""


def _pattern(words: set[str] | list[str]) -> str:
    return " | ".join(f'"{word}"' for word in sorted(words))


def _path_cases(offered: Offered) -> str:
    return "\n".join(
        f'            "{path}") path="{path}" ;;' for path in sorted(offered.words) if path
    )


def _zsh(offered: Offered) -> str:
    lists = "\n".join(
        f'        "{path}") offered=({" ".join(w)}) ;;' for path, w in sorted(offered.words.items())
    )
    return f"""\
#compdef ferrygate
# ferrygate completion for zsh; made by: ferrygate completion zsh
_ferrygate() {{
    local path_so_far="" word at asks=""
    local -a offered gate
    for ((at = 2; at < CURRENT; at++)); do
        word="${{words[at]}}"
        [[ $word == --gate ]] && gate=(--gate "${{words[at + 1]}}")
        case "${{path_so_far:+$path_so_far }}$word" in
{_path_cases(offered).replace("path=", "path_so_far=")}
        esac
    done
    case "$path_so_far" in
{lists}
    esac
    case "$path_so_far" in
        {_pattern(offered.unit_commands)}) asks=units ;;
    esac
    case "${{words[CURRENT - 1]}}" in
        {_pattern(offered.channel_options)}) asks=channels offered=() ;;
        {_pattern(offered.unit_options)}) asks=units offered=() ;;
    esac
    if [[ -n $asks && $PREFIX != -* ]]; then
        offered+=(${{(f)"$("${{words[1]}}" $gate completion $asks 2>/dev/null)"}})
    fi
    compadd -- $offered
    _files
}}
compdef _ferrygate ferrygate
"""


_FISH_NAMES = """\
function __ferrygate_names
    set -l typed (commandline -opc)
    set -l gate
    for at in (seq (count $typed))
        if test "$typed[$at]" = --gate
            set gate --gate $typed[(math $at + 1)]
        end
    end
    $typed[1] $gate completion $argv[1] 2>/dev/null
end"""


def _fish(offered: Offered) -> str:
    lines = ["# ferrygate completion for fish; made by: ferrygate completion fish", _FISH_NAMES]
    named = dict.fromkeys(offered.channel_options, "channels")
    named |= dict.fromkeys(offered.unit_options, "units")
    for path, words in sorted(offered.words.items()):
        condition = _fish_condition(path, offered)
        for word in words:
            what = f"-l {word[2:]}" if word.startswith("--") else f"-a {word}"
            if word in named:
                what += f" -x -a '(__ferrygate_names {named[word]})'"
            lines.append(f"complete -c ferrygate -n '{condition}' {what}")
        if path in offered.unit_commands:
            lines.append(f"complete -c ferrygate -n '{condition}' -a '(__ferrygate_names units)'")
    return "\n".join(lines) + "\n"


def _fish_condition(path: str, offered: Offered) -> str:
    if path:
        return "; and ".join(f"__fish_seen_subcommand_from {word}" for word in path.split())
    inside = " ".join(other for other in offered.words if other and " " not in other)
    return f"not __fish_seen_subcommand_from {inside}"
