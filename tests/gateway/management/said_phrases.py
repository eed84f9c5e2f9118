"""Collects, from the source, every phrase that the command line can say."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from gateway.management.commands import COMMANDS, GROUPS, OVERVIEW, about, policy, state
from gateway.management.commands.starting import init_data
from gateway.management.demo.cases import good_cases, hostile_cases
from gateway.management.doctor.finding import State
from gateway.management.layout import Role
from gateway.unit.model import Side, Stage

FOLDER = Path(policy.__file__).parents[1]
# Names of variables that hold a phrase before it is said.
NAMES = {"phrase", "verdict", "head", "what", "mark", "said", "carry", "help_text", "last"}


def spoken_phrases() -> set[str]:
    """English phrases: arguments of say(), variables named for them, help texts, and tables."""
    said: set[str] = set()
    for part in ("commands", "terminal", "doctor", "demo"):
        for file in sorted((FOLDER / part).glob("*.py")):
            said |= set(_in_module(ast.parse(file.read_text(encoding="utf-8"))))
    for name in ("cli.py", "bench.py"):
        said |= set(_in_module(ast.parse((FOLDER / name).read_text(encoding="utf-8"))))
    said |= {command.summary for command in COMMANDS} | set(GROUPS.values())
    said |= {text for _, text in OVERVIEW} | {area for _, area in about._AREAS}
    said |= {text for _, text in state._LANE_FIGURES} | set(policy._SCANNER_PHRASES.values())
    said |= {part["carry"] for part in init_data(Path("x"), "x", "x")["parts"]}
    said |= {word.value for words in (Side, Stage, Role, State) for word in words}
    said |= {
        "RECORDS",
        "FIRST",
        "LAST",
        "NOT COVERED",
        "OUTER HOST",
        "INNER HOST",
        "import",
        "sends",
        "receives",
        "default",
        "passes",
    }
    said |= {stage.value.upper() for stage in Stage if stage.value in state_heads()}
    said |= {"running", "silent", "stopped", "unknown", "under way", "true", "false", "needs scan"}
    said |= doctor_checks()
    said -= {"FG-"}
    said |= {case.meaning for case in (*good_cases(), *hostile_cases())}
    return {phrase for phrase in said if any(c.isalpha() for c in phrase.replace("{value}", ""))}


def state_heads() -> set[str]:
    return {"captured", "cleared", "delivered", "refused", "held"}


def doctor_checks() -> set[str]:
    return {
        "libraries",
        "clock",
        "folders",
        "keys",
        "policy",
        "settings",
        "disk",
        "link",
        "requests",
        "scanners",
        "journal",
        "processes",
    }


def _in_module(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name in ("say", "_tell") and len(node.args) > 1:
                yield from _constants(node.args[1])
            for keyword in node.keywords:
                if keyword.arg in ("help", "summary"):
                    yield from _constants(keyword.value)
        elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in NAMES:
            yield from _constants(node.value)
        elif isinstance(node, ast.For) and getattr(node.iter, "elts", None):
            yield from _phrases_of_rows(node.iter)
        elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in (
            "rows",
            "words",
        ):
            yield from _phrases_of_rows(node.value)


def _phrases_of_rows(node: ast.expr) -> Iterator[str]:
    for one in ast.walk(node):
        if (
            isinstance(one, ast.Constant)
            and isinstance(one.value, str)
            and _looks_spoken(one.value)
        ):
            yield one.value


def _looks_spoken(text: str) -> bool:
    return "{" in text or text.isupper()


def _constants(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.strip():
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _constants(node.body)
        yield from _constants(node.orelse)
