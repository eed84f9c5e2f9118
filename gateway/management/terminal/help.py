"""The argument parser whose help fits a screen, in both languages, with exit status 64 for a slip.

Answers about arguments are Mistyped (a number and fields), so that they look like every other error.
"""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Iterable, Sequence
from typing import Any, Final, NoReturn

from gateway.errors import GatewayError
from gateway.management.terminal.screen import STANDARD_COLUMNS
from gateway.management.terminal.width import pad, width, wrap
from gateway.management.terminal.words import say

# Option names are set in so many columns; a longer one stands on a line of its own.
_LEFT_COLUMNS: Final = 26


class Mistyped(GatewayError):
    """What a person typed has no meaning here. The command ends with 64 and nothing was done."""


class Parser(argparse.ArgumentParser):
    """A parser that prints help as one screen: usage, what it does, options, two examples."""

    def __init__(
        self,
        *,
        language: str = "en",
        summary: str = "",
        examples: Sequence[str] = (),
        **settings: Any,
    ) -> None:
        super().__init__(add_help=False, allow_abbrev=False, **settings)
        self.language = language
        self.summary = summary
        self.examples = tuple(examples)
        self.children: list[tuple[str, str]] = []
        self.hidden_options: frozenset[str] = frozenset()

    def error(self, message: str) -> NoReturn:
        raise Mistyped(7001, problem=message, command=self.prog)

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        known = [str(choice) for choice in action.choices or ()]
        if not known or value in (action.choices or ()):
            return
        near = difflib.get_close_matches(str(value), known, n=1)
        if near:
            raise Mistyped(7003, word=str(value), suggestion=near[0], command=self.prog)
        raise Mistyped(7004, word=str(value), known=", ".join(known), command=self.prog)

    def format_usage(self) -> str:
        return "\n".join(self._usage()) + "\n"

    def format_help(self) -> str:
        lines = [*self._usage(), ""]
        if self.summary:
            lines += [*wrap(say(self.language, self.summary), STANDARD_COLUMNS), ""]
        if self.children:
            lines += [*self._two_columns(self.children), ""]
        if options := self._described():
            lines += [*self._two_columns(options), ""]
        lines += [f"  {example}" for example in self.examples]
        return "\n".join(lines).rstrip() + "\n"

    def _usage(self) -> list[str]:
        words = [self.prog]
        if self.children:
            words.append("COMMAND")
            if " " not in self.prog:
                return [f"{say(self.language, 'usage:')} {self.prog} COMMAND ..."]
        words += [_shape(action) for action in self._own_actions() if action.option_strings]
        words += [_shape(action) for action in self._own_actions() if not action.option_strings]
        if any(option in self.hidden_options for option in self._option_string_actions):
            words.append(say(self.language, "[global options]"))
        head = say(self.language, "usage:") + " "
        body = _filled(words, STANDARD_COLUMNS - width(head))
        return [head + body[0], *(" " * width(head) + line for line in body[1:])]

    def _own_actions(self) -> list[argparse.Action]:
        return [
            action
            for action in self._actions
            if not isinstance(action, argparse._SubParsersAction)
            and not self.hidden_options.intersection(action.option_strings)
        ]

    def _described(self) -> list[tuple[str, str]]:
        positional = [a for a in self._own_actions() if not a.option_strings]
        options = [a for a in self._own_actions() if a.option_strings and a.dest != "help"]
        return [(_left(action), action.help or "") for action in [*positional, *options]]

    def _two_columns(self, rows: Iterable[tuple[str, str]]) -> list[str]:
        rows = list(rows)
        left_columns = min(_LEFT_COLUMNS, max(width(left) for left, _ in rows) + 2)
        lines: list[str] = []
        for left, text in rows:
            wrapped = wrap(say(self.language, text), STANDARD_COLUMNS - left_columns - 2)
            if width(left) + 1 >= left_columns:
                lines.append(f"  {left}")
                left = ""
            lines += [
                f"  {pad(left if index == 0 else '', left_columns)}{line}"
                for index, line in enumerate(wrapped)
            ]
        return lines


def _left(action: argparse.Action) -> str:
    if not action.option_strings:
        return _name(action)
    takes = "" if action.nargs == 0 else f" {_name(action)}"
    return ", ".join(action.option_strings) + takes


def _shape(action: argparse.Action) -> str:
    """One word of the usage line: `[--limit N]`, `UNIT`, `[FILE ...]`."""
    name = _name(action)
    if action.option_strings:
        shape = action.option_strings[0] + ("" if action.nargs == 0 else f" {name}")
        return shape if action.required else f"[{shape}]"
    return {"?": f"[{name}]", "*": f"[{name} ...]", "+": f"{name} ..."}.get(str(action.nargs), name)


def _name(action: argparse.Action) -> str:
    if isinstance(action.metavar, str):
        return action.metavar
    if action.choices:
        return "|".join(str(choice) for choice in action.choices)
    return action.dest.upper()


def _filled(words: Sequence[str], columns: int) -> list[str]:
    lines = [""]
    for word in words:
        if lines[-1] and width(lines[-1]) + 1 + width(word) > columns:
            lines.append("  ")
        lines[-1] += word if not lines[-1].strip() else f" {word}"
    return lines
