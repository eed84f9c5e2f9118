"""The world is not ready: a scanner that does not answer, a disk that is full.

Units wait as deferred, none passes, an alarm is up within five seconds, and all pass when it is back.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.management.layout import Role
from gateway.management.trial import Trial
from gateway.policy.samples import generate_sample
from gateway.unit.model import Side
from tests.support.clamav import LocalClamd, find_clamd, start_clamd
from tests.support.gate import SMALL, Gate, big_table, gate, settings, table

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]

ALARM_WITHIN_S = 5.0
# The product's default is 30 s, for contents of any size; ours are small.
ANSWER_WITHIN = "3 s"
NONSENSE = b"\x00stream: PERHAPS\x00OK\x00\xff\xfe nonsense \x00"

needs_clamd = pytest.mark.skipif(find_clamd() is None, reason="needs clamd (clamav-daemon)")


class Scanner:
    """A real clamd that can be made to hang, to die, or to be somebody else."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._clamd: LocalClamd | None = start_clamd(folder)
        self.socket = self._clamd.socket
        self._fake: socket.socket | None = None

    def spoil(self, how: str) -> None:
        assert self._clamd is not None
        if how == "hung":
            os.kill(self._clamd.pid, signal.SIGSTOP)
            return
        os.kill(self._clamd.pid, signal.SIGKILL)
        self._clamd.process.wait()
        self._clamd = None
        if how == "nonsense":
            self.socket.unlink(missing_ok=True)
            self._fake = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self._fake.bind(str(self.socket))
            self._fake.listen(64)
            threading.Thread(target=self._talk, args=(self._fake,), daemon=True).start()

    def mend(self) -> None:
        if self._fake is not None:
            self._fake.shutdown(socket.SHUT_RDWR)
            self._fake.close()
            self._fake = None
        if self._clamd is None:
            self._clamd = start_clamd(self._folder)
        else:
            os.kill(self._clamd.pid, signal.SIGCONT)

    def end(self) -> None:
        if self._fake is not None:
            self._fake.close()
        if self._clamd is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._clamd.pid, signal.SIGCONT)
            self._clamd.stop()

    @staticmethod
    def _talk(fake: socket.socket) -> None:
        def answer(one: socket.socket) -> None:
            with one, contextlib.suppress(OSError):
                while one.recv(65_536):
                    one.sendall(NONSENSE)

        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=answer, args=(fake.accept()[0],), daemon=True).start()


@contextlib.contextmanager
def scanner(folder: Path) -> Iterator[Scanner]:
    made = Scanner(folder)
    try:
        yield made
    finally:
        made.end()


def scanner_alarm(running: Gate, side: Side) -> set[int]:
    return {number for number in running.alarms(side) if 3300 <= number < 3400}


@needs_clamd
@pytest.mark.parametrize("how", ["hung", "killed", "nonsense"])
@pytest.mark.parametrize("side", list(Side))
def test_while_the_scanner_does_not_answer_units_wait_and_all_pass_when_it_is_back(
    tmp_path: Path, side: Side, how: str
) -> None:
    with scanner(tmp_path / "bad") as bad, scanner(tmp_path / "good") as good:

        def each_its_own(trial: Trial) -> None:
            for one in Side:
                path = bad.socket if one is side else good.socket
                settings(trial, one, scanners_clamd=str(path), scanners_answer_within=ANSWER_WITHIN)

        with gate(tmp_path, prepare=each_its_own) as running:
            running.drop("before.csv", table(1000))
            running.until_inside({"before.csv"})
            bad.spoil(how)
            spoilt_s = time.monotonic()
            files = {f"f{n}.csv": table(2000, n) for n in range(12)}
            for name, content in files.items():
                running.drop(name, content)
            running.drop("eicar.csv", b"id\n" + generate_sample("eicar") + b"\n")
            running.until(lambda: scanner_alarm(running, side), "an alarm", ALARM_WITHIN_S)
            alarm_s = time.monotonic() - spoilt_s
            shown = running.cli(side, "alarms")
            assert shown.returncode == 1
            assert f"FG-{min(scanner_alarm(running, side))}" in shown.stdout
            stage = "captured" if side is Side.OUTER else "received"
            # EICAR is refused at once by YARA, which needs no daemon.
            running.until(
                lambda: len({e.unit for e in running.events(side, "deferred")}) == len(files)
                and running.gauge(side, Role.GUARD, f"queue_{stage}_deferred"),
                "all are deferred", 40,
            )  # fmt: skip
            assert running.inside() == {"before.csv"}
            bad.mend()
            running.until_inside(set(files), within_s=75)
            refused = running.names_of(Side.OUTER, "refused")
            running.until(
                lambda: "eicar.csv" in running.names_of(Side.OUTER, "refused"), "EICAR", 70
            )
            running.until(lambda: not scanner_alarm(running, side), "the alarm ends", 10)
            print(f"{side.value} {how}: alarm after {alarm_s:.1f} s, refused {refused}")
            assert running.inside() == {"before.csv", *files}
            assert running.differing(files) == []


def _umount(folder: Path) -> None:
    for _ in range(20):
        if subprocess.run(("umount", str(folder)), capture_output=True).returncode == 0:
            return
        time.sleep(0.1)
    subprocess.run(("umount", "-l", str(folder)), capture_output=True)


@contextlib.contextmanager
def gate_on_a_small_disk(
    folder: Path, side: Side, reserve: str = "16 MiB", *, run_apart: bool = True
) -> Iterator[tuple[Gate, Path]]:
    """A gate of which one host lies on a disk of 128 MiB of its own; gives its folder as well."""
    mounted: list[Path] = []

    def move(trial: Trial) -> None:
        settings(trial, side, queues_reserve=reserve)
        root = trial.host(side).root
        aside = root.with_name("aside")
        root.rename(aside)
        root.mkdir()
        subprocess.run(
            ("mount", "-t", "tmpfs", "-o", "size=128m", "fg-test", str(root)),
            check=True, capture_output=True,
        )  # fmt: skip
        mounted.append(root)
        shutil.copytree(aside, root, dirs_exist_ok=True, symlinks=True)
        shutil.rmtree(aside)
        if run_apart:
            # As installed: the run folder lies below /run, which is no disk.
            shutil.rmtree(root / "run", ignore_errors=True)
            (folder / "run").mkdir()
            (root / "run").symlink_to(folder / "run")

    try:
        with gate(folder, prepare=move) as running:
            yield running, mounted[0]
    finally:
        for root in mounted:
            _umount(root)


def fill(disk: Path, *, leave_bytes: int) -> Path:
    """Use the disk up to its last so many bytes."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while (free := shutil.disk_usage(disk).free) > leave_bytes:
            file.write(bytes(min(1 << 20, free - leave_bytes)))
    return filler


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to mount a small disk")
@pytest.mark.parametrize("leave_bytes", [8 << 20, 0], ids=["below the reserve", "to the last byte"])
@pytest.mark.parametrize("side", list(Side))
def test_while_a_disk_is_full_units_wait_and_nothing_is_lost_when_there_is_room_again(
    tmp_path: Path, side: Side, leave_bytes: int
) -> None:
    with gate_on_a_small_disk(tmp_path, side) as (running, disk):
        running.drop("before.csv", table(1000))
        running.until_inside({"before.csv"})
        filler = fill(disk, leave_bytes=leave_bytes)
        full_s = time.monotonic()
        files = {f"f{n}.csv": table(4000, n) for n in range(200)}
        files["large.csv"] = big_table(6_000_000, 1)
        for name, content in files.items():
            running.drop(name, content)
        running.until(lambda: running.alarms(side), "an alarm", ALARM_WITHIN_S)
        alarms = running.alarms(side)
        alarm_s = time.monotonic() - full_s
        time.sleep(3.0)
        assert running.inside() == {"before.csv"}
        assert running.cli(side, "alarms").returncode == 1
        filler.unlink()
        rounds = running.bring_all(set(files))
        print(f"{side.value} {leave_bytes}: {alarms} after {alarm_s:.1f} s, lists {rounds}")
        assert running.differing(files) == []
        assert running.inside() == {"before.csv", *files}
        assert not list(running.trial.drop(SMALL).glob("*.csv"))
        running.until(lambda: not running.alarms(side), "the alarm ends", 20)
        for one in Side:
            assert running.cli(one, "audit", "verify").returncode == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to mount a small disk")
def test_where_not_even_the_status_can_be_written_whoever_looks_is_told_why(tmp_path: Path) -> None:
    side = Side.INNER
    with gate_on_a_small_disk(tmp_path, side, run_apart=False) as (running, disk):
        running.drop("before.csv", table(1000))
        running.until_inside({"before.csv"})
        filler = fill(disk, leave_bytes=0)
        # Nobody can raise an alarm about it: the status of all three turns old.
        running.until(lambda: "FG-7171" in running.cli(side, "status").stdout, "the reason", 20)
        shown = running.cli(side, "status")
        assert shown.returncode == 1
        assert "silent" in shown.stdout
        assert "FG-7170" in shown.stdout
        assert "FG-7171" in running.cli(side, "top", "--once").stdout
        filler.unlink()
        running.until(lambda: "FG-717" not in running.cli(side, "status").stdout, "all speak", 20)
