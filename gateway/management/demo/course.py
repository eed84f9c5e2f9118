"""The course of the demo: make a trial gate, send every case, wait for what becomes of each, judge.

Ends with status 0 only if every good file arrived byte for byte, every hostile one was refused by
the rule that it should be, and nothing else lies inside.
"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from gateway.audit.search import Query, journals_of, search
from gateway.inspection.localdb import running_clamd
from gateway.management.commands.command import Answer, Call, Data, Exit
from gateway.management.demo.cases import LARGE, Case, good_cases, hostile_cases, write_large
from gateway.management.demo.shown import render_demo
from gateway.management.terminal.progress import Progress
from gateway.management.terminal.words import say
from gateway.management.trial import Trial, make_trial, running
from gateway.unit.model import Side
from gateway.unit.number import speak

LARGE_BYTES: Final = 1 << 30
LARGE_NAME: Final = "series-1GiB.dcm"
# Everything small is through in seconds; a slow disk may need its time for the large file.
SMALL_WITHIN_S: Final = 60.0
LARGE_WITHIN_S: Final = 300.0
_ENDS: Final = frozenset({"delivered", "refused", "held", "corrupt"})


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of one file. stage: "" where nothing is known in time. identical: of a delivered
    file, whether it has the bytes that were sent."""

    name: str
    meaning: str
    expected: str
    stage: str = ""
    side: str = ""
    unit: str = ""
    rule: str = ""
    word: str = ""
    identical: bool = False

    @property
    def is_right(self) -> bool:
        if self.expected == "delivered":
            return self.stage == "delivered" and self.identical
        return self.stage == "refused" and self.word == self.expected


def run_demo(call: Call) -> int:
    """Run it in a temporary folder, which stays only where something went wrong; the exit status."""
    folder = Path(tempfile.mkdtemp(prefix="ferrygate-demo-"))
    data: Data = {"right": False}
    try:
        data = _run(call, folder)
    finally:
        if data["right"]:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            _tell(call, "The gate of this demo is kept in {folder}.", folder=str(folder))
    answer = Answer(data, render_demo, Exit.YES if data["right"] else Exit.NO)
    if call.json:
        call.emit("demo", data)
    else:
        for line in answer.render(data, call.terminal):
            call.out.write(line + "\n")
    return answer.status


def _run(call: Call, folder: Path) -> Data:
    cases = [*good_cases(), *hostile_cases()]
    started_s = time.monotonic()
    with contextlib.ExitStack() as stack:
        clamd = stack.enter_context(running_clamd(folder / "clamd"))
        trial = make_trial(folder / "gate", clamd=str(clamd.socket))
        stack.enter_context(running(trial))
        ready_s = time.monotonic() - started_s
        _tell(
            call,
            "Both hosts run in {folder}: six processes, joined by a one-way lane.",
            folder=str(trial.root),
        )
        for case in cases:
            drop(trial.drop(case.channel), case.name, case.content)
        fates = _await_small(call, trial, cases)
        large = _send_large(call, trial)
        strays = _strays(trial, fates)
    fates.append(large)
    right = all(fate.is_right for fate in fates) and not strays
    return {
        "right": right,
        "files": [_as_data(fate) for fate in fates],
        "strays": strays,
        "start_s": round(ready_s, 2),
        "seconds": round(time.monotonic() - started_s, 1),
    }


def drop(folder: Path, name: str, content: bytes) -> None:
    """Lay a file into a watched folder the right way: written aside, then renamed into place."""
    part = folder / f".{hashlib.sha256(name.encode()).hexdigest()[:16]}.part"
    part.write_bytes(content)
    part.rename(folder / name)


def _await_small(call: Call, trial: Trial, cases: list[Case]) -> list[Fate]:
    deadline_s = time.monotonic() + SMALL_WITHIN_S
    fates: dict[str, Fate] = {}
    label = say(call.terminal, "waiting for every file's fate")
    with Progress(call.err, call.terminal, label, wanted=not call.quiet) as bar:
        while len(fates) < len(cases) and time.monotonic() < deadline_s:
            for case in cases:
                if case.name not in fates and (fate := _fate(trial, case, case.sha256)):
                    fates[case.name] = fate
            bar.at(len(fates), len(cases))
            time.sleep(0.2)
    return [fates.get(case.name) or _unknown(case) for case in cases]


def _fate(trial: Trial, case: Case, sha256: str) -> Fate | None:
    """What the journals of both hosts say of a file by now."""
    for side in Side:
        journals = journals_of(trial.host(side).root / "journal")
        for found in search(journals, Query(what=_ENDS, channel=case.channel)):
            record = found.record
            if record.fields.get("name") != case.name:
                continue
            arrived = trial.arrivals(case.channel) / case.name
            return replace(
                _unknown(case),
                stage=record.what,
                side=side.value,
                unit=speak(record.unit) if record.unit is not None else "",
                rule=str(record.fields.get("rule", "")),
                word=str(record.fields.get("word", "")),
                identical=arrived.is_file() and _sha256(arrived) == sha256,
            )
    return None


def _unknown(case: Case) -> Fate:
    return Fate(case.name, case.meaning, case.rule or "delivered")


def _send_large(call: Call, trial: Trial) -> Fate:
    case = Case(LARGE_NAME, b"", "a DICOM series of 1 GiB", channel=LARGE)
    part = trial.drop(LARGE) / f".{LARGE_NAME}.part"
    label = say(call.terminal, "writing a large file")
    with Progress(call.err, call.terminal, label, wanted=not call.quiet) as bar:
        for written in write_large(part, LARGE_BYTES):
            bar.at(written, LARGE_BYTES)
    sha256, size_bytes = _sha256(part), part.stat().st_size
    part.rename(part.with_name(LARGE_NAME))
    deadline_s = time.monotonic() + LARGE_WITHIN_S
    label = say(call.terminal, "the large file on its way")
    with Progress(call.err, call.terminal, label, wanted=not call.quiet) as bar:
        while time.monotonic() < deadline_s:
            if fate := _fate(trial, case, sha256):
                return fate
            bar.at(_way_bytes(trial, size_bytes), 4 * size_bytes)
            time.sleep(0.2)
    return _unknown(case)


def _way_bytes(trial: Trial, size_bytes: int) -> int:
    """How far a large file has come: sealed, received, opened and delivered count alike."""
    outer, inner = trial.host(Side.OUTER).root, trial.host(Side.INNER).root
    places = (outer / "queues/import/cleared", inner / "state", inner / "queues/import/admitted")
    way = [min(size_bytes, _largest(place)) for place in places]
    # Later places imply the earlier ones, whose files are gone by then.
    return max((index * size_bytes + there for index, there in enumerate(way) if there), default=0)


def _largest(folder: Path) -> int:
    sizes = []
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):
            sizes.append(path.stat().st_size if path.is_file() else 0)
    return max((size for size in sizes if size > 1 << 24), default=0)


def _strays(trial: Trial, fates: list[Fate]) -> list[str]:
    """What lies inside and should not."""
    good = {fate.name for fate in fates if fate.expected == "delivered"}
    inside = trial.root / "inside"
    return sorted(
        path.name
        for path in inside.rglob("*")
        if path.is_file() and path.name not in good | {LARGE_NAME} and not path.name.startswith(".")
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _tell(call: Call, phrase: str, **fields: str) -> None:
    if not call.quiet and not call.json:
        call.out.write(say(call.terminal, phrase, **fields) + "\n")
        call.out.flush()


def _as_data(fate: Fate) -> Data:
    return {
        "name": fate.name,
        "meaning": fate.meaning,
        "expected": fate.expected,
        "stage": fate.stage,
        "side": fate.side,
        "unit": fate.unit,
        "rule": fate.rule,
        "word": fate.word,
        "identical": fate.identical,
        "right": fate.is_right,
    }
