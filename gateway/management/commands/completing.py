"""Completion files for bash, zsh and fish, written from the parser: words only, nothing is run."""

from __future__ import annotations

import argparse

from gateway.management.terminal.help import Parser


def completion_of(shell: str) -> str:
    """The completion file of a shell (`bash`, `zsh` or `fish`). Does no I/O."""
    from gateway.management.cli import build_parser

    words = words_by_command(build_parser())
    return {"bash": _bash, "zsh": _zsh, "fish": _fish}[shell](words)


def words_by_command(parser: Parser, path: str = "") -> dict[str, list[str]]:
    """What may follow each command: its commands, then values of its choices, then its options."""
    found: dict[str, list[str]] = {path: []}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            found[path] += action.choices
            for name, child in action.choices.items():
                found |= words_by_command(child, f"{path} {name}".strip())
        elif not action.option_strings and action.choices:
            found[path] += [str(choice) for choice in action.choices]
    found[path] += sorted(
        option for option in parser._option_string_actions if option.startswith("--")
    )
    return found


def _bash(words: dict[str, list[str]]) -> str:
    lists = "\n".join(
        f'        "{path}") words="{" ".join(w)}" ;;' for path, w in sorted(words.items())
    )
    return f"""\
# ferrygate completion for bash; made by: ferrygate completion bash
_ferrygate() {{
    local path="" word words="" current="${{COMP_WORDS[COMP_CWORD]}}" at
    for ((at = 1; at < COMP_CWORD; at++)); do
        word="${{COMP_WORDS[at]}}"
        case "${{path:+$path }}$word" in
{_path_cases(words)}
        esac
    done
    case "$path" in
{lists}
    esac
    mapfile -t COMPREPLY < <(
        compgen -W "$words" -- "$current"
        [[ $current == -* ]] || compgen -f -- "$current"
    )
}}
complete -o filenames -F _ferrygate ferrygate
"""


def _path_cases(words: dict[str, list[str]]) -> str:
    return "\n".join(f'            "{path}") path="{path}" ;;' for path in sorted(words) if path)


def _zsh(words: dict[str, list[str]]) -> str:
    lists = "\n".join(
        f'        "{path}") offered=({" ".join(w)}) ;;' for path, w in sorted(words.items())
    )
    return f"""\
#compdef ferrygate
# ferrygate completion for zsh; made by: ferrygate completion zsh
_ferrygate() {{
    local path_so_far="" word
    local -a offered
    for word in "${{(@)words[2,CURRENT-1]}}"; do
        case "${{path_so_far:+$path_so_far }}$word" in
{_path_cases(words).replace("path=", "path_so_far=")}
        esac
    done
    case "$path_so_far" in
{lists}
    esac
    compadd -- $offered
    _files
}}
compdef _ferrygate ferrygate
"""


def _fish(words: dict[str, list[str]]) -> str:
    lines = ["# ferrygate completion for fish; made by: ferrygate completion fish"]
    for path, offered in sorted(words.items()):
        seen = [f"__fish_seen_subcommand_from {word}" for word in path.split()]
        inside = [
            word
            for other in words
            for word in [other.removeprefix(path).strip()]
            if path == "" and word and " " not in word
        ]
        condition = "; and ".join(seen) or f"not __fish_seen_subcommand_from {' '.join(inside)}"
        for word in offered:
            what = f"-l {word[2:]}" if word.startswith("--") else f"-a {word}"
            lines.append(f"complete -c ferrygate -n '{condition}' {what}")
    return "\n".join(lines) + "\n"
