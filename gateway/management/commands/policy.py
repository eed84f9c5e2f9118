"""`policy check`, `policy reload`, `policy schema`, `policy reference`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gateway.errors import GatewayError, Unavailable
from gateway.management.commands.asking import ask_to_reload
from gateway.management.commands.command import (
    Answer,
    Call,
    Command,
    Data,
    Exit,
    Mistyped,
    add_side,
)
from gateway.management.layout import HostFolder, Role
from gateway.management.terminal.help import Parser
from gateway.management.terminal.screen import Colour, Terminal
from gateway.management.terminal.words import say
from gateway.unit.model import Lane, Side

if TYPE_CHECKING:
    from gateway.policy.located import Located
    from gateway.policy.model import PolicySet
    from gateway.policy.testing import TestReport


def check(call: Call) -> Answer:
    """Read a set, and run its tests where it reads well."""
    from gateway.inspection.chain import bytes_body
    from gateway.inspection.changing.here import hand_out_here
    from gateway.inspection.changing.removed_places import Remover
    from gateway.management.commands.inspecting import laptop_inspection
    from gateway.policy.ceiling import above_ceiling
    from gateway.policy.content_channel import prepared_channels
    from gateway.policy.load import load_set
    from gateway.policy.located import LocatedErrors
    from gateway.policy.testing import run_tests

    folder, remove = policy_folder(call), Remover(hand_out_here)
    try:
        policy_set = load_set(folder)
    except LocatedErrors as errors:
        return Answer(unread_data(folder, errors.problems, call.language), render_check, Exit.NO)
    if above := above_ceiling(policy_set, _ceilings(call)):
        return Answer(unread_data(folder, above, call.language), render_check, Exit.NO)
    with laptop_inspection(folder, call.gate()) as inspection:
        # Lists of words and patterns are made ready here as a guard does it: what is wrong is told now.
        inspection.inspector(Side.OUTER).prepare(prepared_channels(policy_set))
        report = run_tests(
            policy_set,
            folder,
            inspection.examine,
            rewrite=inspection.rewrite,
            remove=lambda content, requests: remove("", bytes_body(content), requests.removed),
        )
    data = check_data(folder, policy_set, report, inspection.scanned_by, call.language)
    return Answer(data, render_check, Exit.NO if data["errors"] else Exit.YES)


def policy_folder(call: Call) -> Path:
    """The folder meant: as typed, else the one of the gate at hand, else policies/ right here."""
    if call.options.folder is not None:
        folder: Path = call.options.folder
    elif call.gate() is not None:
        folder = next(iter(call.hosts().values())).policies
    else:
        folder = Path("policies")
    if not folder.is_dir():
        raise Mistyped(7010, path=str(folder))
    return folder


def _ceilings(call: Call) -> Mapping[Lane, int] | None:
    """Of each lane, the lower one of the hosts at hand; None where there is no gate, or it cannot say."""
    from gateway.management.settings import load_settings

    try:
        hosts = call.hosts().values() if call.gate() is not None else ()
        links = [load_settings(host.settings).links for host in hosts]
    except GatewayError:
        return None
    if not links:
        return None
    common = set(links[0]).intersection(*links)
    return {lane: min(one[lane].grade for one in links) for lane in common}


def unread_data(folder: Path, problems: Sequence[Located], language: str) -> Data:
    """The answer where the set cannot be taken: no test was run."""
    return {
        "folder": str(folder),
        "digest": None,
        "channels": None,
        "tests": None,
        "scanned_by": None,
        "errors": [problem_data(problem, language) for problem in problems],
        "notes": [],
    }


def check_data(
    folder: Path, policy_set: PolicySet, report: TestReport, scanned_by: str, language: str
) -> Data:
    """The answer where the set could be read: its tests, and what to look at."""
    from gateway.policy.testing import Status

    return {
        "folder": str(folder),
        "digest": policy_set.digest,
        "channels": sorted(policy_set.channels),
        "tests": {
            "passed": report.count(Status.PASSED),
            "failed": report.count(Status.FAILED),
            "not_run": report.count(Status.NOT_RUN),
        },
        "scanned_by": scanned_by,
        "errors": [problem_data(problem, language) for problem in report.problems],
        "notes": [problem_data(note, language) for note in (*policy_set.notes, *report.notes)],
    }


def problem_data(problem: Located, language: str) -> Data:
    """One problem with its place. text: as a person reads it, with the line pointed at."""
    from gateway.policy.located import show

    return {
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
        "number": problem.number,
        "fields": dict(problem.fields),
        "knows": list(problem.knows),
        "text": show(problem, language),
    }


def render_check(data: Data, terminal: Terminal) -> Sequence[str]:
    """Every problem, what to look at, then one line of sums; only that line where all is well."""
    lines: list[str] = []
    for problem in data["errors"]:
        lines += [*_painted(problem["text"], terminal), ""]
    for note in data["notes"]:
        lines += [*note["text"].splitlines(), ""]
    lines.append(_summary(data, terminal))
    if data["tests"] and data["scanned_by"] != "clamd" and data["errors"] + data["notes"]:
        lines += terminal.wrap(_scanner_line(data["scanned_by"], terminal))
    return lines


def _painted(text: str, terminal: Terminal) -> list[str]:
    first, *rest = text.splitlines()
    place, blank, after = first.partition("  ")
    return [terminal.paint(place, Colour.BAD) + blank + after, *rest]


def _summary(data: Data, terminal: Terminal) -> str:
    tests = data["tests"]
    if tests is None:
        files = len({problem["file"] for problem in data["errors"]})
        phrase = "errors: {errors}, files: {files}; no test was run. Nothing was changed."
        return say(terminal, phrase, errors=len(data["errors"]), files=files)
    channels, looks = len(data["channels"]), len(data["notes"])
    if not data["errors"] and not tests["not_run"]:
        phrase = "{channels} channels, {tests} tests pass, {looks} to look at"
        if channels == 1:
            phrase = "1 channel, {tests} tests pass, {looks} to look at"
        return say(terminal, phrase, channels=channels, tests=tests["passed"], looks=looks)
    return say(
        terminal,
        "{channels} channels: {tests} tests pass, {failed} fail, {not_run} not run, {looks} to look at.",
        channels=channels,
        tests=tests["passed"],
        failed=tests["failed"],
        not_run=tests["not_run"],
        looks=looks,
    )


_SCANNER_PHRASES: Final = {
    "yara": "Malware was looked for with the YARA rules of the set only: clamd is not on this machine.",
    "none": "Malware was not looked for: no scanner is on this machine. A guard will ask its own.",
}


def _scanner_line(scanned_by: str, terminal: Terminal) -> str:
    return say(terminal, _SCANNER_PHRASES.get(scanned_by, scanned_by))


def reload(call: Call) -> Answer:
    """Check the set on disk, then ask the running guard of each host to read it.

    A wrong set is told to the guard as well: it keeps the one before, and its journal and an alarm say
    that somebody tried. Raises PolicyErrors 2100 then.
    """
    hosts = call.hosts()
    digests = {side: _digest(host) for side, host in hosts.items()}
    asked: list[Data] = []
    for side, host in hosts.items():
        guarded = Role.GUARD in ask_to_reload(host)
        asked.append({"side": side.value, "asked": guarded, "digest": digests[side]})
    if not any(host["asked"] for host in asked):
        raise Unavailable(7011, folder=str(next(iter(hosts.values())).root))
    return Answer({"hosts": asked}, render_reload, Exit.YES)


def _digest(host: HostFolder) -> str:
    from gateway.policy.load import PolicyErrors, load_set

    try:
        return load_set(host.policies).digest
    except PolicyErrors:
        with suppress(PermissionError):  # what is wrong with the set comes first
            ask_to_reload(host)
        raise


def render_reload(data: Data, terminal: Terminal) -> Sequence[str]:
    from gateway.management.terminal.figures import digest

    lines = []
    for host in data["hosts"]:
        phrase = (
            "{side}: the guard was asked to take {digest}; `ferrygate status` shows when it has"
            if host["asked"]
            else "{side}: no guard is running; it will read {digest} when it starts"
        )
        lines.append(
            say(terminal, phrase, side=say(terminal, host["side"]), digest=digest(host["digest"]))
        )
    return lines


def schema(call: Call) -> int:
    """The JSON Schema of a policy file, for editors."""
    from gateway.policy.schema import json_schema

    call.out.write(json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n")
    return Exit.YES


def reference(call: Call) -> int:
    """Every word of a policy file, as Markdown."""
    from gateway.policy.reference import reference_page

    call.out.write(call.terminal.safe(reference_page()))
    return Exit.YES


def _check_arguments(parser: Parser) -> None:
    parser.add_argument(
        "folder",
        nargs="?",
        type=Path,
        metavar="DIR",
        help="folder of policy files (the gate's, or policies/ here)",
    )


COMMANDS: Final = (
    Command(
        "policy check",
        "Read a policy set, name every error with the line to write, run its tests.",
        ("ferrygate policy check policies/", "ferrygate policy check --json | jq .errors"),
        check,
        _check_arguments,
    ),
    Command(
        "policy reload",
        "Ask the running guards to take the set that lies on disk; a wrong one is not taken.",
        ("ferrygate policy reload", "ferrygate policy reload --side inner"),
        reload,
        add_side,
    ),
    Command(
        "policy schema",
        "Print the JSON Schema of a policy file, for editors.",
        ("ferrygate policy schema > policy.schema.json", "ferrygate policy schema | jq .required"),
        schema,
    ),
    Command(
        "policy reference",
        "Print every word that a policy file knows.",
        ("ferrygate policy reference | less", "ferrygate policy reference > POLICY.md"),
        reference,
    ),
)

__all__ = ["COMMANDS", "check_data", "policy_folder", "render_check", "render_reload"]
