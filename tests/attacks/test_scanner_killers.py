"""F21: a file that kills or hangs the scanner: tried some times, then refused; all others pass."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.errors import Unavailable
from gateway.guard.hop import Hop
from gateway.guard.judgement import judge
from gateway.guard.outcome import Exit, Outcome, Passed
from gateway.guard.patience import FAILURES_ALLOWED, Patience
from gateway.inspection.chain import Role, Scanner
from gateway.inspection.content import Content
from gateway.inspection.here import inspector_here
from gateway.inspection.malware.clamd import Clamd
from gateway.policy.evaluate import Result
from gateway.spool.model import Entry, Taken
from gateway.unit.model import Stage
from tests.attacks.conftest import PDF, channel_of
from tests.support.clamav import LocalClamd, running_clamd
from tests.support.fakes import BoardOfOne, ListRecorder, MemoryQueue

AT = datetime(2026, 1, 7, 12, 0, tzinfo=UTC)
CHANNEL = channel_of("passes_if:\n  type: pdf\n  malware: clean\n")
EVIL = PDF.replace(b"endobj", b"%evil\nendobj")


@pytest.fixture
def short_path() -> Iterator[Path]:
    """A folder whose path leaves room for a socket's name."""
    with tempfile.TemporaryDirectory(prefix="fg") as folder:
        yield Path(folder)


class Mortal:
    """Speaks clamd's protocol, and dies of one content: every connection ends, and so does the socket.

    As under systemd it comes back a moment later.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.deaths = 0
        self.comes_back = True
        self._lock = threading.Lock()
        self._connections: list[socket.socket] = []
        self._listen()

    def _listen(self) -> None:
        self.path.unlink(missing_ok=True)
        listener = self._listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(self.path))
        listener.listen()
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                self._connections.append(connection)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        asked = 0
        with contextlib.suppress(OSError):
            while True:
                got, descriptors, _, _ = socket.recv_fds(connection, 4096, 1)
                if b"zVERSION\0" in got:
                    connection.sendall(b"ClamAV 1.4.6\0")
                if not got or not descriptors:
                    if not got:
                        return
                    continue
                asked += 1
                data = os.pread(descriptors[0], 1 << 20, 0)
                os.close(descriptors[0])
                if b"%evil" in data:
                    self.die()
                    return
                connection.sendall(b"%d: fd[10]: OK\0" % asked)

    def die(self) -> None:
        with self._lock:
            self.deaths += 1
            for one in (self._listener, *self._connections):
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._connections.clear()
            if self.comes_back:
                time.sleep(0.005)
                self._listen()


@contextmanager
def mortal(path: Path) -> Iterator[Mortal]:
    clamd = Mortal(path)
    try:
        yield clamd
    finally:
        clamd.comes_back = False
        clamd.die()


class Gate:
    """A hop that judges with this scanner. witnesses: harmless units that come with each round."""

    def __init__(self, scanner: Scanner, folder: Path, witnesses: int = 3) -> None:
        self.late_s = 0.0
        self.before = MemoryQueue(clock=lambda: self.late_s)
        (folder / "staging").mkdir()
        self.after = MemoryQueue(folder / "staging")
        self.inspector = inspector_here(Role.SENDING, [scanner], folder)
        self.recorder = ListRecorder()
        self.witnesses, self.next = witnesses, 100
        self.hop = self._hop()

    def _hop(self) -> Hop:
        return Hop(
            self.before, self.after, self._work, self.recorder, BoardOfOne(),
            stage=Stage.CLEARED, threads=4, patience=Patience(lambda: self.inspector.answered),
        )  # fmt: skip

    def restart(self) -> None:
        self.hop.close()
        self.before.restart()
        self.hop = self._hop()

    def _work(self, taken: Taken) -> Outcome:
        found = judge(self.inspector, CHANNEL, taken.body, "a.pdf", AT, at_receiver=False).verdict
        if found.result is not Result.PASSES:
            return Exit(Stage.REFUSED, found.number)
        return Passed(Entry(taken.number, b"", b"x"), "c")

    def round(self, evil: int | None = None) -> None:
        entries = [Entry(self.next + number, b"", PDF) for number in range(self.witnesses)]
        self.next += self.witnesses
        if evil is not None:
            entries.append(Entry(evil, b"", EVIL))
        self.before.put(entries)
        self.late_s += 3600.0
        while self.hop.step(0.0) == 0.0:
            pass
        # Longer than the scanner needs to come back.
        time.sleep(0.02)

    def until(self, done: Callable[[], bool], rounds: int = 40) -> None:
        while not done():
            assert rounds, "it is tried for ever"
            self.round()
            rounds -= 1

    def close(self) -> None:
        self.hop.close()
        self.inspector.close()


def test_a_file_that_kills_clamd_is_refused_and_all_others_pass(
    short_path: Path, tmp_path: Path
) -> None:
    with mortal(short_path / "s") as clamd:
        gate = Gate(Clamd(clamd.path, 2, 0), tmp_path)
        gate.round(evil=1)
        gate.until(lambda: bool(gate.before.rejected))
        gate.until(lambda: len(gate.after.entries) == gate.next - 100)
        assert gate.before.rejected == [(1, 3315, "refused")]
        refused = next(event for event in gate.recorder.events if event.what == "refused")
        assert (refused.unit, refused.number) == (1, 3315)
        deaths = clamd.deaths
        assert deaths >= FAILURES_ALLOWED
        gate.round()
        assert clamd.deaths == deaths
        gate.close()


def test_a_daemon_that_ends_under_a_content_is_told_apart_from_one_that_is_gone(
    short_path: Path,
) -> None:
    """On a connection that was kept, too, where the second try finds nobody any more."""
    with mortal(short_path / "s") as clamd:
        clamd.comes_back = False
        scanner = Clamd(clamd.path, 2, 0)
        assert scanner.scan(Content.of_bytes(PDF)) is None
        for number in (3308, 3302):
            with pytest.raises(Unavailable) as raised:
                scanner.scan(Content.of_bytes(EVIL))
            assert raised.value.number == number
        scanner.close()


def test_after_a_restart_of_the_guard_the_count_begins_anew(
    short_path: Path, tmp_path: Path
) -> None:
    """What was counted before says nothing of a scanner that was perhaps down since."""
    with mortal(short_path / "s") as clamd:
        gate = Gate(Clamd(clamd.path, 2, 0), tmp_path)
        gate.round(evil=1)
        for _ in range(FAILURES_ALLOWED - 2):
            gate.round()
        gate.restart()
        gate.round()
        assert not gate.before.rejected
        assert gate.before.attempts[1] >= FAILURES_ALLOWED
        gate.close()


def test_while_clamd_is_down_for_all_the_file_waits_like_all_others(
    short_path: Path, tmp_path: Path
) -> None:
    with mortal(short_path / "s") as clamd:
        gate = Gate(Clamd(clamd.path, 2, 0), tmp_path)
        gate.round(evil=1)
        clamd.comes_back = False
        clamd.die()
        for _ in range(4 * FAILURES_ALLOWED):
            gate.round()
        assert not gate.before.rejected
        gate.close()


class Hanging:
    """A real clamd that stands still while it has one content."""

    name = "ClamAV"

    def __init__(self, clamd: LocalClamd) -> None:
        self._pid = clamd.pid
        self._inner = Clamd(clamd.socket, 0.5, 0)
        self._alone = threading.Lock()
        self.describe, self.state = self._inner.describe, self._inner.state
        self.close = self._inner.close

    def scan(self, content: Content) -> str | None:
        with self._alone:
            if b"%evil" not in content.head:
                return self._inner.scan(content)
            os.kill(self._pid, signal.SIGSTOP)
            try:
                return self._inner.scan(content)
            finally:
                os.kill(self._pid, signal.SIGCONT)


def test_a_file_on_which_a_real_clamd_stands_still_is_refused_in_the_end(
    short_path: Path, tmp_path: Path
) -> None:
    with running_clamd(short_path) as clamd:
        gate = Gate(Hanging(clamd), tmp_path)
        gate.round(evil=1)
        gate.until(lambda: bool(gate.before.rejected))
        gate.until(lambda: len(gate.after.entries) == gate.next - 100)
        assert gate.before.rejected == [(1, 3315, "refused")]
        gate.close()
