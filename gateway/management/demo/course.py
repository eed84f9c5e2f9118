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
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from gateway.audit.search import Query, journals_of, search
from gateway.management.commands.command import Answer, Call, Data, Exit
from gateway.management.demo.cases import LARGE, Case, good_cases, hostile_cases, write_large
from gateway.management.demo.scanner import local_clamd
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
    """Run it in a temporary folder, which is removed; gives the exit status."""
    folder = Path(tempfile.mkdtemp(prefix="ferrygate-demo-"))
    try:
        data = _run(call, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
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
    with _scanner(folder) as socket, running(make_trial(folder / "gate", clamd=socket, rate="1 Gbit/s")) as trial:
        ready_s = time.monotonic() - started_s
        _tell(call, "Both hosts run in {folder}: six processes, joined by a one-way lane.", folder=str(trial.root))
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


@contextlib.contextmanager
def _scanner(folder: Path) -> Iterator[str]:
    with local_clamd(folder / "clamd") as socket:
        yield str(socket)


def drop(folder: Path, name: str, content: bytes) -> None:
    """Lay a file into a watched folder the right way: written aside, then renamed into place."""
    part = folder / f".{hashlib.sha256(name.encode()).hexdigest()[:16]}.part"
    part.write_bytes(content)
    part.rename(folder / name)


def _await_small(call: Call, trial: Trial, cases: list[Case]) -> list[Fate]:
    deadline_s = time.monotonic() + SMALL_WITHIN_S
    label = say(call.terminal, "waiting for every file's fate")
    with Progress(call.err, call.terminal, label, wanted=not call.quiet) as bar:
        while True:
            fates = [_fate(trial, case) for case in cases]
            known = sum(bool(fate.stage) for fate in fates)
            bar.at(known, len(fates))
            if known == len(fates) or time.monotonic() > deadline_s:
                return fates
            time.sleep(0.2)


def _fate(trial: Trial, case: Case) -> Fate:
    fate = Fate(case.name, case.meaning, case.rule or "delivered")
    for side in Side:
        journals = journals_of(trial.host(side).root / "journal")
        for found in search(journals, Query(what=_ENDS, channel=case.channel)):
            record = found.record
            if record.fields.get("name") != case.name:
                continue
            arrived = trial.arrivals(case.channel) / case.name
            return replace(
                fate,
                stage=record.what,
                side=side.value,
                unit=speak(record.unit) if record.unit is not None else "",
                rule=str(record.fields.get("rule", "")),
                word=str(record.fields.get("word", "")),
                identical=arrived.is_file() and arrived.read_bytes() == case.content,
            )
    return fate


def _send_large(call: Call, trial: Trial) -> Fate:
    part = trial.root / "large.part"
    with Progress(call.err, call.terminal, say(call.terminal, "writing a large file"), wanted=not call.quiet) as bar:
        for written in write_large(part, LARGE_BYTES):
            bar.at(written, LARGE_BYTES)
    sent_sha256 = _sha256(part)
    size_bytes = part.stat().st_size
    case = Case(LARGE_NAME, b"", "a DICOM series of 1 GiB", channel=LARGE)
    part.rename(trial.drop(LARGE) / LARGE_NAME)
    arrived = trial.arrivals(LARGE) / LARGE_NAME
    deadline_s = time.monotonic() + LARGE_WITHIN_S
    with Progress(call.err, call.terminal, say(call.terminal, "the large file on its way"), wanted=not call.quiet) as bar:
        while not (fate := _fate_of_large(trial, case)).stage and time.monotonic() < deadline_s:
            bar.at(_progress_bytes(trial), 5 * size_bytes)
            time.sleep(0.2)
    return replace(fate, identical=arrived.is_file() and _sha256(arrived) == sent_sha256)


def _fate_of_large(trial: Trial, case: Case) -> Fate:
    arrived = trial.arrivals(case.channel) / case.name
    if arrived.is_file() and arrived.stat().st_size > 1 << 24:
        # Read once, at the end, not while waiting.
        fate = _fate(trial, replace(case, name=""))
    fate = Fate(case.name, case.meaning, "delivered")
    for side in Side:
        journals = journals_of(trial.host(side).root / "journal")
        for found in search(journals, Query(what=_ENDS, channel=case.channel, text=case.name)):
            record = found.record
            return replace(
                fate,
                stage=record.what,
                side=side.value,
                unit=speak(record.unit) if record.unit is not None else "",
                rule=str(record.fields.get("rule", "")),
                word=str(record.fields.get("word", "")),
            )
    return fate


def _progress_bytes(trial: Trial) -> int:
    """How far the large file has come: bytes of it that lie in the queues of both hosts."""
    return 0


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
