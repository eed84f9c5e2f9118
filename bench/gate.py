"""A gate on this machine for a figure: its channel, its processes and what they use. Measures nothing."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.audit.status import read_status
from gateway.inspection.localdb import running_clamd
from gateway.management.layout import Role
from gateway.management.trial import Trial, add_policy, make_trial, running
from gateway.unit.model import Side

CHANNEL: Final = "bench"
# What the trial's own channels are is not measured here: one channel, types and size.
_POLICY: Final = """\
channel: bench
purpose: Figures of docs/PERFORMANCE.md.
owner: whoever runs ferrygate bench
carries: files
lane: import
grade: 3

from:
  folder: OUTSIDE/bench
  whole_when: as soon as it appears
  afterwards: remove

to:
  folder: INSIDE/bench
  on_clash: keep both
  file_mode: "0640"

passes_if:
  type: pdf, csv or dicom
  size: at most 16 GiB
{malware}
tests:
  - name: a report passes
    try: {{file: samples/lab/report.pdf}}
    expect: delivered
  - name: a program is refused
    try: {{generated: elf program, name: report.pdf}}
    expect: refused by type
  - name: what is too large is refused
    try: {{file: samples/lab/image.dcm, size: 17 GiB}}
    expect: refused by size
{malware_test}"""
_MALWARE: Final = "  malware: clean\n"
_MALWARE_TEST: Final = """\
  - name: the scanners' test file is refused
    try: {generated: eicar, name: results.csv}
    expect: refused by malware
"""


@dataclass(frozen=True, slots=True)
class Used:
    """What one process has used so far."""

    cpu_s: float
    peak_bytes: int


@dataclass(frozen=True, slots=True)
class RunningGate:
    """A gate whose six processes run. work: a folder on the same disk for whoever measures."""

    trial: Trial
    work: Path

    @property
    def drop(self) -> Path:
        return self.trial.drop(CHANNEL)

    @property
    def arrivals(self) -> Path:
        return self.trial.arrivals(CHANNEL)

    def used(self) -> dict[str, Used]:
        """Of each of the six processes, by `outer-edge` and so on."""
        return used_of(self.trial)

    def refused(self) -> int:
        """Units that left by the way, as the processes count them; 0 in a sound run."""
        names = ("units_refused_total", "units_held_total", "units_corrupt_total")
        return sum(
            status.counters.get(name, 0)
            for side in Side
            for status in read_status(self.trial.host(side).run)
            for name in (*names, "units_lost_total")
        )


def used_of(trial: Trial) -> dict[str, Used]:
    """What each of the six processes of a gate has used, by `outer-edge` and so on."""
    return {
        f"{side.value}-{status.process}": _used(status.pid)
        for side in Side
        for status in read_status(trial.host(side).run)
        if status.process in set(Role)
    }


@contextlib.contextmanager
def running_gate(*, malware: bool = False, rate: str = "") -> Iterator[RunningGate]:
    """A gate with the channel `bench` in a temporary folder; all of it is gone at the end.

    malware: with a clamd of its own and the clean requirement. rate: of the lane, else the trial's.
    Raises what trial.start raises, and
    Misconfigured 3503 where there is no clamd.
    """
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ferrygate-bench-")))
        clamd = "none"
        if malware:
            clamd = str(stack.enter_context(running_clamd(folder / "clamd")).socket)
        trial = make_trial(folder / "gate", clamd=clamd, rate=rate)
        policy = _POLICY.format(
            malware=_MALWARE if malware else "", malware_test=_MALWARE_TEST if malware else ""
        )
        for side in Side:
            for other in trial.host(side).policies.glob("*.yaml"):
                other.unlink()
            add_policy(trial, side, f"10-{CHANNEL}.yaml", policy)
        stack.enter_context(running(trial))
        (folder / "work").mkdir()
        yield RunningGate(trial, folder / "work")


def quiet(gate: RunningGate, idle_s: float = 0.5, within_s: float = 10.0) -> None:
    """Wait until the six processes use next to no processor: what follows starts from idle."""
    until_s = time.monotonic() + within_s
    before = _cpu_s(gate)
    while time.monotonic() < until_s:
        time.sleep(idle_s)
        now = _cpu_s(gate)
        if now - before < idle_s * 0.2:
            return
        before = now


def _cpu_s(gate: RunningGate) -> float:
    return sum(used.cpu_s for used in gate.used().values())


def _used(pid: int) -> Used:
    """proc(5): utime and stime are fields 14 and 15 of stat; VmHWM in status is the peak RSS."""
    proc = Path("/proc") / str(pid)
    fields = (proc / "stat").read_text(encoding="ascii").rpartition(")")[2].split()
    ticks = int(fields[11]) + int(fields[12])
    peak = next(
        line for line in (proc / "status").read_text().splitlines() if line.startswith("VmHWM:")
    )
    return Used(ticks / os.sysconf("SC_CLK_TCK"), int(peak.split()[1]) * 1024)
