"""A whole gate under test: both hosts started as a user would start them, driven and watched from outside.

    with gate(tmp_path) as g:
        g.drop("a.csv", table(2048))
        g.until(lambda: g.inside() == {"a.csv"}, "the file is inside")

Everything that was started is ended by its own process group, whatever happens in between.
"""

from __future__ import annotations

import contextlib
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psutil

from gateway.audit.record import Record
from gateway.audit.search import Query, journals_of, search
from gateway.audit.status import Condition, ProcessStatus, read_status
from gateway.management.demo.course import drop
from gateway.management.lane_status import lane_name
from gateway.management.layout import Role
from gateway.management.trial import Trial, make_trial, start, stop
from gateway.policy.load import load_set
from gateway.unit.model import Lane, Side, Stage

SMALL: Final = "lab-reports"
LARGE: Final = "image-archive"
# Of the export lane of a two-way gate.
REPLIES: Final = "replies"
# The full length of the tests that have a short one: LONG=1.
LONG: Final = os.environ.get("LONG") == "1"
# Generous: two cores are shared; no test waits this long when all is well.
WITHIN_S: Final = 60.0
_PEAK: Final = re.compile(r"VmHWM:\s+(\d+) kB")


def table(size_bytes: int, seed: int = 0) -> bytes:
    """A CSV of about this size, different for each seed: it passes as what it is."""
    chance = random.Random(seed)
    lines = [b"sample,patient,analyte,value,unit\n"]
    grown = len(lines[0])
    while grown < size_bytes:
        line = b"S%d-%d,P%06d,glucose,%d.%02d,mmol/L\n" % (
            seed, len(lines), chance.randrange(10**6), chance.randrange(30), chance.randrange(100),
        )  # fmt: skip
        lines.append(line)
        grown += len(line)
    return b"".join(lines)


def big_table(size_bytes: int, seed: int) -> bytes:
    """A CSV of this size made fast: the same rows over and over behind a row of its own."""
    rows = table(16_384, seed)
    return b"".join([rows, *[rows[34:]] * (size_bytes // len(rows))])


def lane_of(channel: str) -> Lane:
    return Lane.EXPORT if channel == REPLIES else Lane.IMPORT


@dataclass
class Gate:
    """One gate on this machine. within: words before the command of a side (`ip netns exec NAME`)."""

    trial: Trial
    within: Mapping[Side, Sequence[str]] | None = None
    _groups: set[int] = field(default_factory=set)

    def start(self) -> None:
        try:
            start(self.trial, within=self.within)
        finally:
            self._note_groups()

    def stop(self) -> None:
        """In order where that works, by force where it does not."""
        self._note_groups()
        with contextlib.suppress(OSError):
            stop(self.trial)
        for group in self._groups:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(group, signal.SIGKILL)
        self._groups.clear()

    def crash(self) -> None:
        """Everything at once, as when the power goes."""
        self._note_groups()
        for group in self._groups:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)
        self.stop()

    def _note_groups(self) -> None:
        # A supervisor is started as the leader of a session; its three have its group.
        for side in Side:
            with contextlib.suppress(OSError, ValueError):
                pid = int((self.trial.root / f"{side.value}.pid").read_text())
                if os.getpgid(pid) == pid:
                    self._groups.add(pid)

    # Files.

    # A channel's name is enough: the one of the export lane is REPLIES.

    def drop(self, name: str, content: bytes, channel: str = SMALL) -> None:
        drop(self.trial.drop(channel, lane_of(channel)), name, content)

    def inside(self, channel: str = SMALL) -> set[str]:
        """The names that whoever looks into the destination sees."""
        names = os.listdir(self.trial.arrivals(channel, lane_of(channel)))
        return {name for name in names if not name.startswith(".")}

    def arrived(self, name: str, channel: str = SMALL) -> bytes:
        return (self.trial.arrivals(channel, lane_of(channel)) / name).read_bytes()

    def differing(self, files: Mapping[str, bytes], channel: str = SMALL) -> list[str]:
        """Names that are absent inside or not byte for byte what was sent."""
        there = self.inside(channel)
        return [n for n, c in files.items() if n not in there or self.arrived(n, channel) != c]

    # Waiting and reading.

    def until(self, true: Callable[[], object], what: str, within_s: float = WITHIN_S) -> None:
        """Wait until it is so. AssertionError with the state of the gate where it does not come."""
        deadline_s = time.monotonic() + within_s
        while not true():
            if time.monotonic() > deadline_s:
                raise AssertionError(f"not within {within_s:.0f} s: {what}\n{self.shown()}")
            time.sleep(0.05)

    def until_inside(
        self, names: set[str], channel: str = SMALL, within_s: float = WITHIN_S
    ) -> None:
        def lacking() -> set[str]:
            return names - self.inside(channel)

        deadline_s = time.monotonic() + within_s
        while missing := lacking():
            if time.monotonic() > deadline_s:
                few = sorted(missing)[:5]
                raise AssertionError(f"{len(missing)} files not inside: {few}\n{self.shown()}")
            time.sleep(0.05)

    def events(self, side: Side, *what: str) -> list[Record]:
        """Records of a host's journals, oldest first."""
        query = Query(what=frozenset(what))
        journals = journals_of(self.trial.host(side).root / "journal")
        return [found.record for found in search(journals, query, oldest_first=True)]

    def names_of(self, side: Side, what: str) -> set[str]:
        return {str(record.fields.get("name", "")) for record in self.events(side, what)}

    def status(self, side: Side, role: Role) -> ProcessStatus | None:
        shown = read_status(self.trial.host(side).run)
        return next((one for one in shown if one.process == role.value), None)

    def alarms(self, side: Side) -> set[int]:
        """The numbers of the alarms that stand on a host."""
        return {
            alarm.number
            for one in read_status(self.trial.host(side).run)
            if one.condition in (Condition.RUNNING, Condition.STALE)
            for alarm in one.alarms
        }

    def counter(self, side: Side, role: Role, name: str) -> int:
        status = self.status(side, role)
        return status.counters.get(name, 0) if status else 0

    def gauge(self, side: Side, role: Role, name: str) -> int:
        status = self.status(side, role)
        value = status.gauges.get(name, 0) if status else 0
        return int(value)

    def cli(self, side: Side | None, *words: str) -> subprocess.CompletedProcess[str]:
        """`ferrygate`, as it is typed on a host (None: over both of them)."""
        root = self.trial.root if side is None else self.trial.host(side).root
        command = [sys.executable, "-m", "gateway.management.cli", *words, "--gate", str(root)]
        kept = {k: v for k, v in os.environ.items() if not k.startswith("FERRYGATE_")}
        return subprocess.run(
            command, capture_output=True, text=True, timeout=60, env=kept, check=False
        )

    def shown(self) -> str:
        lines = []
        for side in Side:
            for one in read_status(self.trial.host(side).run):
                alarms = [(alarm.number, alarm.fields) for alarm in one.alarms]
                lines.append(
                    f"{side.value} {one.process} {one.condition.name} {one.counters} {one.gauges} {alarms}"
                )
            with contextlib.suppress(OSError):
                log = (self.trial.root / f"{side.value}.log").read_text(errors="replace")
                lines += log.splitlines()[-15:]
        return "\n".join(lines)

    # Processes.

    def pid(self, side: Side, role: Role) -> int:
        """The process of a role now, also one that is only starting; 0 where none runs."""
        with contextlib.suppress(psutil.Error, OSError, ValueError):
            for child in psutil.Process(self.supervisor(side)).children():
                with contextlib.suppress(psutil.Error):
                    if (
                        child.status() != psutil.STATUS_ZOMBIE
                        and role.value in child.cmdline()[2:5]
                    ):
                        return child.pid
        return 0

    def signal(self, side: Side, role: Role, number: signal.Signals) -> int:
        """Send a signal to a role; gives its pid, 0 where none runs."""
        pid = self.pid(side, role)
        # Only ever to one of our own: the group is that of the supervisor we started.
        with contextlib.suppress(ProcessLookupError):
            if pid and os.getpgid(pid) in self._groups:
                os.kill(pid, number)
                return pid
        return 0

    @contextlib.contextmanager
    def held(self, side: Side, role: Role) -> Iterator[int]:
        """The process of a role stands still meanwhile."""
        pid = self.signal(side, role, signal.SIGSTOP)
        assert pid, f"{side.value} {role.value} does not run"
        try:
            yield pid
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    def supervisor(self, side: Side) -> int:
        return int((self.trial.root / f"{side.value}.pid").read_text())

    @contextlib.contextmanager
    def dead(self, side: Side, role: Role) -> Iterator[None]:
        """The process of a role is gone meanwhile, and nobody starts it again."""
        over = self.supervisor(side)
        os.kill(over, signal.SIGSTOP)
        try:
            assert self.signal(side, role, signal.SIGKILL), (
                f"{side.value} {role.value} does not run"
            )
            self.until(lambda: not self.pid(side, role), f"{role.value} is gone", 5)
            yield
        finally:
            os.kill(over, signal.SIGCONT)
        self.until(lambda: self._works_again(side, role), f"{role.value} works again", 30)

    def _works_again(self, side: Side, role: Role) -> bool:
        status = self.status(side, role)
        if status is None or status.pid != self.pid(side, role):
            return False
        # What is sent before the receiving ferry hears its sender is lost and named.
        heard = [
            lane_name(lane, "lane_blocks_total")
            for lane in self.trial.lanes
            if lane.receiver is side
        ]
        return role is not Role.FERRY or all(status.counters.get(name, 0) > 0 for name in heard)

    def peak_mib(self) -> dict[str, float]:
        """The highest resident memory of each of the six, in MiB (VmHWM, proc(5))."""
        peaks = {}
        for side in Side:
            for role in Role:
                with contextlib.suppress(OSError, psutil.Error):
                    text = Path(f"/proc/{self.pid(side, role)}/status").read_text()
                    found = _PEAK.search(text)
                    peaks[f"{side.value} {role.value}"] = int(found[1]) / 1024 if found else 0.0
        return peaks

    def bring_all(self, names: set[str], channel: str = SMALL, within_s: float = 90.0) -> int:
        """Wait until all are inside, sending again what inner misses; gives how often it was asked."""
        deadline_s = time.monotonic() + within_s
        rounds = 0
        while names - self.inside(channel):
            still_s = time.monotonic() + 4.0
            before = len(self.inside(channel))
            while time.monotonic() < still_s and len(self.inside(channel)) == before:
                time.sleep(0.1)
            if len(self.inside(channel)) != before:
                continue
            if time.monotonic() > deadline_s:
                missing = names - self.inside(channel)
                raise AssertionError(
                    f"{len(missing)} files never came: {sorted(missing)[:5]}\n{self.shown()}"
                )
            rounds += self.carry_list(lane_of(channel))
        return rounds

    def carry_list(self, lane: Lane = Lane.IMPORT) -> bool:
        """What an operator does: `reconcile` on the receiving host, carry the list, `resend` on the other."""
        answer = self.cli(lane.receiver, "reconcile")
        assert answer.returncode in (0, 1), answer.stderr
        if answer.returncode == 0:
            return False
        carried = self.trial.root / "carried.gaps"
        carried.write_text(answer.stdout)
        asked = self.cli(lane.sender, "resend", str(carried))
        assert asked.returncode == 0, asked.stderr
        return True


def settings(trial: Trial, side: Side, **lines: str) -> None:
    """Change or add settings of a host: link_udp="127.0.0.1:1", queues_reserve="8 MiB"."""
    path = trial.host(side).settings
    text = path.read_text()
    for key, value in lines.items():
        group, _, name = key.partition("_")
        line = re.compile(rf"(?m)^  {name}: .*$")
        head = re.compile(rf"(?m)^{group}:$")
        if line.search(text):
            text = line.sub(f"  {name}: {value}", text, count=1)
        elif head.search(text):
            text = head.sub(f"{group}:\n  {name}: {value}", text, count=1)
        else:
            text += f"\n{group}:\n  {name}: {value}\n"
    path.write_text(text)


def policy_digest(trial: Trial, side: Side = Side.OUTER) -> str:
    return load_set(trial.host(side).policies).digest


def queue(trial: Trial, side: Side, stage: Stage) -> Path:
    return trial.host(side).queue(Lane.IMPORT, stage)


@contextlib.contextmanager
def gate(
    folder: Path,
    mode: str = "one-way",
    *,
    clamd: str = "none",
    rate: str = "",
    link: str = "",
    within: Mapping[Side, Sequence[str]] | None = None,
    prepare: Callable[[Trial], None] | None = None,
    started: bool = True,
) -> Iterator[Gate]:
    """A gate in `folder`/gate for the time of a with block. prepare: called before the first start."""
    made = Gate(make_trial(folder / "gate", mode, clamd=clamd, rate=rate, link=link), within)
    try:
        if prepare is not None:
            prepare(made.trial)
        if started:
            made.start()
        yield made
    finally:
        made.stop()
