"""`scanners list` and `scanners import`: what looks for malware, and signatures carried in by hand."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gateway.errors import GatewayError, Misconfigured, Unavailable
from gateway.management.commands.command import Answer, Call, Command, Data, Exit, add_side
from gateway.management.terminal.figures import span, stamp
from gateway.management.terminal.help import Parser
from gateway.management.terminal.screen import Terminal
from gateway.management.terminal.table import Column, table
from gateway.management.terminal.words import say
from gateway.messages import describe

if TYPE_CHECKING:
    from gateway.inspection.malware.clamd import Clamd
    from gateway.inspection.malware.signatures import Signatures
    from gateway.management.layout import HostFolder
    from gateway.management.settings import ScannerSettings

# Loading all of ClamAV's signatures beside the old ones.
TAKEN_WITHIN_S: Final = 300.0
_LOOK_EVERY_S: Final = 0.5


def scanners_list(call: Call) -> Answer:
    """Every scanner of the hosts at hand, asked now. 1 where one cannot answer."""
    rows = [
        {"side": side.value, **row}
        for side, host in call.hosts().items()
        for row in _rows(host, call.language)
    ]
    well = bool(rows) and all(row["state"] == "ok" for row in rows)
    return Answer({"scanners": rows}, render_list, Exit.YES if well else Exit.NO)


def _rows(host: HostFolder, language: str) -> list[Data]:
    from gateway.inspection.malware.yara import open_yara
    from gateway.management.settings import load_settings

    said = load_settings(host.settings).scanners
    rows: list[Data] = []
    if said.yara:
        folder = host.root / said.yara
        try:
            rules = open_yara(folder)
            rows.append(_row("YARA", str(folder), rules.state().version, rules.count, None, ""))
            rules.close()
        except GatewayError as error:
            rows.append(_row("YARA", str(folder), "", None, None, describe(error, language)))
    if said.clamd:
        clamd = _clamd(said)
        try:
            state = clamd.state()
        finally:
            clamd.close()
        trouble = "" if state.trouble is None else describe(state.trouble, language)
        rows.append(_row("ClamAV", said.clamd, state.version, None, state.age_s, trouble))
    return rows


def _row(
    name: str, at: str, version: str, rules: int | None, age_s: float | None, trouble: str
) -> Data:
    return {
        "scanner": name, "at": at, "state": "stop" if trouble else "ok", "version": version or None,
        "rules": rules, "signatures_age_s": None if age_s is None else round(age_s),
        "trouble": trouble or None,
    }  # fmt: skip


def _clamd(said: ScannerSettings) -> Clamd:
    from gateway.inspection.malware.clamd import Clamd

    return Clamd(said.clamd, said.answer_within_s, said.signatures_max_age_s)


def render_list(data: Data, terminal: Terminal) -> Sequence[str]:
    """A row a scanner; below it why one cannot answer."""
    if not data["scanners"]:
        return [say(terminal, "No scanner is set: gate.yaml, scanners.")]
    heads = [
        Column(say(terminal, "HOST")),
        Column(say(terminal, "SCANNER")),
        Column(say(terminal, "STATE")),
        Column(say(terminal, "VERSION"), least=12),
        Column(say(terminal, "RULES"), right=True),
        Column(say(terminal, "SIGNATURES"), right=True),
    ]
    rows = [
        [
            say(terminal, row["side"]),
            row["scanner"],
            say(terminal, row["state"]),
            row["version"] or "-",
            str(row["rules"] or "-"),
            "-" if row["signatures_age_s"] is None else span(row["signatures_age_s"]),
        ]
        for row in data["scanners"]
    ]
    lines = table(terminal, heads, rows, "  ")
    for row in data["scanners"]:
        if row["trouble"]:
            lines += terminal.wrap(row["trouble"])
    return lines


def scanners_import(call: Call) -> Answer:
    """Verify, try out, put in place, reload. All of the files, or none.

    Raises Misconfigured 3320, 3329, Refused 3321 to 3327, Unavailable 3328, 3330, 33xx of clamd.
    """
    from gateway.inspection.malware.signatures import daily_version, staging
    from gateway.management.settings import load_settings

    said = load_settings(call.host().settings).scanners
    if not said.database:
        raise Misconfigured(3320)
    clamd = _clamd(said) if said.clamd else None
    with staging(Path(said.database)) as stage:
        taken = [
            stage.take(file, unsigned_local=call.options.unsigned_local)
            for file in call.options.files
        ]
        stage.try_out()
        # From here clamd may load them, at its next start or at its own watch of the folder.
        stage.put_in_place()
        try:
            version = _reloaded(clamd, daily_version(taken))
        except GatewayError:
            stage.put_back()
            if clamd is not None:
                _reload_quietly(clamd)
            raise
        finally:
            if clamd is not None:
                clamd.close()
    data: Data = {
        "at": stamp(time.time_ns()),
        "database": said.database,
        "clamd": version,
        "files": [_file_data(one) for one in taken],
    }
    return Answer(data, render_import)


def _reloaded(clamd: Clamd | None, wanted: int | None) -> str | None:
    """What clamd says once it has them. Raises Unavailable 3330 and those of clamd."""
    if clamd is None:
        return None
    clamd.reload()
    until = time.monotonic() + TAKEN_WITHIN_S
    while True:
        version = clamd.version()
        if wanted is None or (version.database or 0) >= wanted:
            number = "" if version.database is None else f"/{version.database}"
            return f"{version.program}{number}"
        if time.monotonic() > until:
            raise Unavailable(3330, version=wanted, wait_s=TAKEN_WITHIN_S)
        time.sleep(_LOOK_EVERY_S)


def _reload_quietly(clamd: Clamd) -> None:
    try:
        clamd.reload()
    except Unavailable:
        # What is wrong with it is on its way to the operator already.
        return


def _file_data(one: Signatures) -> Data:
    return {
        "name": one.name, "sha256": one.sha256, "size_bytes": one.size_bytes, "signed": one.signed,
        "version": one.version, "signatures": one.count, "made": one.at or None,
    }  # fmt: skip


def render_import(data: Data, terminal: Terminal) -> Sequence[str]:
    """What lies there now, a line a file, to be copied into the book of the gate."""
    lines = [
        say(terminal, "Signatures in {folder} since {at}:", folder=data["database"], at=data["at"])
    ]
    for one in data["files"]:
        kind = (
            say(terminal, "signed by ClamAV") if one["signed"] else say(terminal, "local, unsigned")
        )
        version = "" if one["version"] is None else f" {one['version']}"
        lines.append(f"  {one['name']}{version}  {kind}")
        lines.append(f"    sha256 {one['sha256']}")
    if data["clamd"]:
        lines.append(say(terminal, "clamd has read them anew: {version}", version=data["clamd"]))
    else:
        lines.append(say(terminal, "No clamd is set; it reads them when it starts."))
    lines.append(
        say(terminal, "No journal holds this: copy these lines into the book of the gate.")
    )
    return lines


def _import_arguments(parser: Parser) -> None:
    parser.add_argument(
        "files", nargs="+", type=Path, metavar="FILE", help="daily.cvd, main.cvd or local ones"
    )
    parser.add_argument(
        "--unsigned-local", action="store_true", help="take your own .ndb, .hdb, .hsb, .ldb, .yar"
    )
    add_side(parser)


COMMANDS: Final = (
    Command(
        "scanners list",
        "Every scanner: does it answer, what version, how old its signatures.",
        ("ferrygate scanners list", "ferrygate scanners list --json | jq .scanners"),
        scanners_list,
        add_side,
    ),
    Command(
        "scanners import",
        "Bring in signatures of ClamAV: verified, tried out, in place at once.",
        (
            "ferrygate scanners import /media/stick/daily.cvd",
            "ferrygate scanners import --unsigned-local own.ndb",
        ),
        scanners_import,
        _import_arguments,
    ),
)
