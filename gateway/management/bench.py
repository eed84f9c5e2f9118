"""`ferrygate bench`: runs the measurements of a checkout and shows each figure as it comes.

The measuring code lies in bench/ beside the packages and is not shipped; it runs as a process of its
own, so that what it measures has its processors.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Final

from gateway.errors import Misconfigured, Unavailable
from gateway.management.commands.command import Call, Data, Exit
from gateway.management.terminal.progress import Progress
from gateway.management.terminal.screen import Terminal
from gateway.management.terminal.table import Column, table
from gateway.management.terminal.words import say

_CHECKOUT: Final = Path(__file__).parents[2]
RESULTS: Final = _CHECKOUT / "bench" / "results.json"


def run_bench(call: Call) -> int:
    """Measure, print the table, and write bench/results.json; figures not measured keep their last.

    Raises Misconfigured 1070 (no checkout) and Unavailable 1071 (the measurement ended badly).
    """
    if not (RESULTS.parent / "__main__.py").is_file():
        raise Misconfigured(1070, folder=str(RESULTS.parent))
    records = _measure(call)
    write_results(RESULTS, records)
    if call.json:
        call.emit("bench", {"results": records})
    else:
        for line in render_bench({"results": records}, call.terminal):
            call.out.write(line + "\n")
    return Exit.YES


def _measure(call: Call) -> list[Data]:
    command = [sys.executable, "-m", "bench", "--only", call.options.only]
    with subprocess.Popen(  # noqa: S603 our own interpreter and module
        command, cwd=_CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        if process.stdout is None or process.stderr is None:
            raise RuntimeError("the pipes were asked for")
        label = say(call.terminal, "measuring")
        with Progress(call.err, call.terminal, label, wanted=not call.quiet) as bar:
            last: list[str] = []
            reading = threading.Thread(target=_follow, args=(process.stderr, bar, last))
            reading.start()
            records = [json.loads(line) for line in process.stdout]
            reading.join()
    if process.returncode != 0:
        raise Unavailable(1071, last=last[-1] if last else "")
    return records


def _follow(stream: IO[str], bar: Progress, last: list[str]) -> None:
    """`label done total` moves the bar; anything else is kept for the error."""
    for line in stream:
        words = line.split()
        if len(words) >= 3 and words[-1].isdigit() and words[-2].isdigit():
            bar.at(int(words[-2]), int(words[-1]))
        elif line.strip():
            last[:] = [line.strip()]


def write_results(path: Path, records: Sequence[Data]) -> None:
    """Put new records among those of earlier runs, by name."""
    kept: dict[str, Data] = {}
    if path.is_file():
        kept = {one["name"]: one for one in json.loads(path.read_text(encoding="utf-8"))}
    kept |= {one["name"]: one for one in records}
    text = json.dumps([kept[name] for name in sorted(kept)], indent=1, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


def render_bench(data: Data, terminal: Terminal) -> Sequence[str]:
    """A line a figure: value, unit, what it was compared with in the same run, the ratio; another where
    it was compared with the same without a sandbox."""
    columns = [
        Column(say(terminal, "Figure")),
        Column(say(terminal, "Value"), right=True),
        Column(say(terminal, "Unit")),
        Column(say(terminal, "Beside it"), right=True),
        Column(say(terminal, "Ratio"), right=True),
        Column(say(terminal, "What that is"), least=12),
    ]
    return table(terminal, columns, [row for one in data["results"] for row in _rows(one)])


def _rows(one: Data) -> list[list[str]]:
    rows = [_row(one)]
    if without := one.get("without_sandbox"):
        wanted = f", {without['wanted']} wanted" if "wanted" in without else ""
        ratio = f"{without['ratio']:.2f}"
        beside = f"{without['value']:,.4g}"
        rows.append(["", "", "", beside, ratio, "without a sandbox" + wanted])
    return rows


def _row(one: Data) -> list[str]:
    beside = one.get("ceiling") or one.get("peer") or {}
    value = one.get("value")
    return [
        one["name"],
        f"{value:,.4g}" if value is not None else "-",
        one["unit"],
        f"{beside['value']:,.4g}" if beside else "-",
        f"{one['ratio']:.2f}" if "ratio" in one else "-",
        beside.get("name", one.get("not_measured", "")),
    ]
